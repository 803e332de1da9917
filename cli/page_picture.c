#include "page_picture.h"

#include <math.h>
#include <stdio.h>

enum { SHADES = 10, NEUTRAL = 16, GLYPHS = 4 };

/* Of the 256 colours, from faint to strong; both begin as dark as the neutral black. */
static const int BLUES[SHADES] = {17, 18, 19, 20, 21, 27, 33, 39, 75, 117};
static const int ORANGES[SHADES] = {52, 94, 130, 136, 166, 172, 202, 208, 214, 222};

/* A character holds one point across and two down, a point `step` numbers each way. */
typedef struct frame {
    const float *values;
    size_t height, width, step;
    float largest;
} frame;

static frame frame_of(const terminal *out, const float *values, size_t height, size_t width)
{
    frame f = {.values = values, .height = height, .width = width};
    const size_t room = terminal_width(out);
    f.step = (width + room - 1) / room;
    for (size_t i = 0; i < height * width; i++) {
        f.largest = fmaxf(f.largest, fabsf(values[i]));
    }
    return f;
}

/* Mean of a point, -1 to 1; 0 outside. */
static float strength(const frame *f, size_t line, size_t column)
{
    float sum = 0;
    size_t n = 0;
    for (size_t i = line * f->step; i < (line + 1) * f->step && i < f->height; i++) {
        for (size_t j = column * f->step; j < (column + 1) * f->step && j < f->width; j++, n++) {
            sum += f->values[i * f->width + j];
        }
    }
    const float mean = n > 0 && f->largest > 0 ? sum / (float)n / f->largest : 0;
    return mean >= -1 && mean <= 1 ? mean : 0; /* a NaN has no colour */
}

static int colour_of(float value)
{
    const int shade = (int)(fabsf(value) * SHADES + 0.5F);
    if (shade == 0) {
        return NEUTRAL;
    }
    return (value > 0 ? BLUES : ORANGES)[shade > SHADES ? SHADES - 1 : shade - 1];
}

static const char *glyph_of(const terminal *out, float value)
{
    static const char *const glyphs[2][2][GLYPHS] = {
        {{"+", "*", "#", "@"}, {"-", "=", "%", "&"}},
        {{"+", "*", "#", "█"}, {"-", "=", "%", "▓"}},
    };
    const int level = (int)(fabsf(value) * GLYPHS + 0.5F);
    if (level == 0) {
        return " ";
    }
    return glyphs[out->unicode][value < 0][level > GLYPHS ? GLYPHS - 1 : level - 1];
}

static void draw_point(const terminal *out, float upper, float lower)
{
    if (out->colour && out->unicode) {
        fprintf(out->stream, "\033[38;5;%d;48;5;%dm▀", colour_of(upper), colour_of(lower));
    } else if (out->colour) {
        fprintf(out->stream, "\033[48;5;%dm ", colour_of((upper + lower) / 2));
    } else {
        fputs(glyph_of(out, fabsf(upper) >= fabsf(lower) ? upper : lower), out->stream);
    }
}

void signed_picture_draw(const terminal *out, const float *values, size_t height, size_t width)
{
    const frame f = frame_of(out, values, height, width);
    const size_t columns = (width + f.step - 1) / f.step;
    const size_t lines = (height + 2 * f.step - 1) / (2 * f.step);
    for (size_t line = 0; line < lines && f.largest > 0; line++) {
        for (size_t column = 0; column < columns; column++) {
            draw_point(out, strength(&f, 2 * line, column), strength(&f, 2 * line + 1, column));
        }
        fprintf(out->stream, "%s\n", out->colour ? "\033[0m" : "");
    }
    fprintf(out->stream, "%s%s%s\n", style_on(out, STYLE_DIM),
            !(f.largest > 0) ? "all are zero"
            : out->colour    ? "blue positive, orange negative, black zero"
            : out->unicode   ? "+*#█ positive, -=%▓ negative, blank near zero"
                             : "+*#@ positive, -=%& negative, blank near zero",
            style_off(out, STYLE_DIM));
}
