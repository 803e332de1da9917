#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Columns between two pictures. */
enum { GAP = 2 };

/* The part of each picture that is shown, and how. A character holds one point of the shrunk
 * picture across and two down, which makes them about square. */
typedef struct frame {
    size_t height, width;                  /* of a whole picture */
    size_t top, left, end_row, end_column; /* of what is shown */
    size_t step;                           /* pixels across a point */
    size_t columns, lines;                 /* characters of a picture */
    float low, high;                       /* least and largest value */
} frame;

static void find_range(frame *f, const picture *pictures, size_t n)
{
    f->low = INFINITY;
    f->high = -INFINITY;
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < f->height * f->width; i++) {
            f->low = fminf(f->low, pictures[p].values[i]);
            f->high = fmaxf(f->high, pictures[p].values[i]);
        }
    }
}

/* The smallest box that holds every pixel which is not as dark as the darkest one. */
static void crop(frame *f, const picture *pictures, size_t n)
{
    f->top = f->height;
    f->left = f->width;
    float empty = f->low + (f->high - f->low) / 16;
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < f->height * f->width; i++) {
            size_t row = i / f->width, column = i % f->width;
            if (pictures[p].values[i] > empty) {
                f->top = row < f->top ? row : f->top;
                f->left = column < f->left ? column : f->left;
                f->end_row = row >= f->end_row ? row + 1 : f->end_row;
                f->end_column = column >= f->end_column ? column + 1 : f->end_column;
            }
        }
    }
    if (f->end_row == 0) {
        f->top = f->left = 0;
        f->end_row = f->height;
        f->end_column = f->width;
    }
}

static frame frame_of(const terminal *out, const picture *pictures, size_t n, size_t height,
                      size_t width)
{
    frame f = {.height = height, .width = width};
    find_range(&f, pictures, n);
    crop(&f, pictures, n);
    size_t across = f.end_column - f.left, down = f.end_row - f.top, room = terminal_width(out);
    f.step = (across + room - 1) / room;
    f.columns = (across + f.step - 1) / f.step;
    f.lines = (down + 2 * f.step - 1) / (2 * f.step);
    return f;
}

/* Mean brightness of a point, 0 to 1; 0 outside the frame. */
static float brightness(const frame *f, const float *values, size_t point_row, size_t point_column)
{
    size_t row = f->top + point_row * f->step, column = f->left + point_column * f->step;
    float sum = 0;
    size_t pixels = 0;
    for (size_t i = row; i < row + f->step && i < f->end_row; i++) {
        for (size_t j = column; j < column + f->step && j < f->end_column; j++) {
            sum += values[i * f->width + j];
            pixels++;
        }
    }
    if (pixels == 0 || f->high <= f->low) {
        return 0;
    }
    return (sum / (float)pixels - f->low) / (f->high - f->low);
}

/* The 256-colour palette: 16 is black, 232…255 grows brighter, 231 is white. */
static int grey(float value)
{
    int level = (int)(value * 25 + 0.5f);
    return level <= 0 ? 16 : (level >= 25 ? 231 : 231 + level);
}

static void draw_shade(const terminal *out, float upper, float lower)
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    float mean = (upper + lower) / 2;
    if (!out->unicode) {
        fputc(" .:-=+*#%@"[(int)(mean * 9 + 0.5f)], out -> stream);
    } else if (fabsf(upper - lower) > 0.5f) {
        fputs(upper > lower ? "▀" : "▄", out->stream);
    } else {
        fputs(shades[(int)(mean * 4 + 0.5f)], out->stream);
    }
}

/* Both colours are set, so the terminal's own background does not matter. */
static void draw_colour(const terminal *out, float upper, float lower)
{
    if (out->unicode) {
        fprintf(out->stream, "\033[38;5;%d;48;5;%dm▀", grey(upper), grey(lower));
    } else {
        fprintf(out->stream, "\033[48;5;%dm ", grey((upper + lower) / 2));
    }
}

static void draw_line(const terminal *out, const frame *f, const picture *p, size_t line)
{
    for (size_t column = 0; column < f->columns; column++) {
        float upper = brightness(f, p->values, 2 * line, column);
        float lower = brightness(f, p->values, 2 * line + 1, column);
        if (out->colour) {
            draw_colour(out, upper, lower);
        } else {
            draw_shade(out, upper, lower);
        }
    }
    fputs(out->colour ? "\033[0m" : "", out->stream);
}

/* n pictures side by side, each with its captions in a cell of so many columns. */
static void draw_row(const terminal *out, const frame *f, const picture *pictures, size_t n,
                     size_t cell)
{
    for (size_t line = 0; line < f->lines; line++) {
        for (size_t i = 0; i < n; i++) {
            draw_line(out, f, &pictures[i], line);
            fprintf(out->stream, "%*s", i + 1 < n ? (int)(cell + GAP - f->columns) : 0, "");
        }
        fputc('\n', out->stream);
    }
    for (size_t k = 0; k < CAPTIONS && pictures[0].captions[k].text[0] != '\0'; k++) {
        for (size_t i = 0; i < n; i++) {
            const char *caption = pictures[i].captions[k].text;
            style look = k + 1 == CAPTIONS ? pictures[i].look : STYLE_PLAIN;
            int padding = i + 1 < n ? (int)(cell + GAP - text_width(caption)) : 0;
            fprintf(out->stream, "%s%s%s%*s", style_on(out, look), caption, style_off(out, look),
                    padding, "");
        }
        fputc('\n', out->stream);
    }
}

void pictures_draw(const terminal *out, const picture *pictures, size_t n, size_t height,
                   size_t width)
{
    frame f = frame_of(out, pictures, n, height, width);
    size_t cell = f.columns;
    for (size_t i = 0; i < n * CAPTIONS; i++) {
        size_t caption = text_width(pictures[i / CAPTIONS].captions[i % CAPTIONS].text);
        cell = caption > cell ? caption : cell;
    }
    size_t fitting = (terminal_width(out) + GAP) / (cell + GAP);
    fitting = fitting > 0 ? fitting : 1;
    for (size_t first = 0; first < n; first += fitting) {
        fputs(first > 0 ? "\n" : "", out->stream);
        draw_row(out, &f, pictures + first, n - first < fitting ? n - first : fitting, cell);
    }
}

/* The field of points_draw, in characters. */
enum { FIELD_COLUMNS = 64, FIELD_LINES = 24, FIELD_MARGIN = 11, NUMBER = 9 };

static size_t place(float value, float low, float high, size_t cells)
{
    float share = high > low ? (value - low) / (high - low) : 0.5f;
    return (size_t)(share * (float)(cells - 1) + 0.5f);
}

static void range_of(const float *values, size_t n, float *low, float *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *low = fminf(*low, values[i]);
        *high = fmaxf(*high, values[i]);
    }
}

static void draw_mark(const terminal *out, char mark)
{
    static const char marks[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    const char *class_mark = mark == ' ' ? NULL : strchr(marks, mark);
    if (out->colour && class_mark != NULL) {
        fprintf(out->stream, "\033[%dm%c\033[0m", 31 + (int)((class_mark - marks) % 6), mark);
    } else {
        fputc(mark, out->stream);
    }
}

void points_draw(const terminal *out, const float *x, const float *y, const int32_t *classes,
                 size_t n)
{
    static const char marks[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char field[FIELD_LINES][FIELD_COLUMNS];
    const size_t room = terminal_width(out) - FIELD_MARGIN;
    const size_t columns = room < FIELD_COLUMNS ? room : FIELD_COLUMNS;
    float left, right, bottom, top;
    memset(field, ' ', sizeof field);
    range_of(x, n, &left, &right);
    range_of(y, n, &bottom, &top);
    for (size_t i = 0; i < n; i++) {
        size_t line = FIELD_LINES - 1 - place(y[i], bottom, top, FIELD_LINES);
        char mark = classes == NULL ? '*' : marks[(size_t)classes[i] % (sizeof marks - 1)];
        field[line][place(x[i], left, right, columns)] = mark;
    }
    for (size_t line = 0; line < FIELD_LINES; line++) {
        if (line == 0 || line + 1 == FIELD_LINES) {
            fprintf(out->stream, "%*.4g  ", NUMBER, (double)(line == 0 ? top : bottom));
        } else {
            fprintf(out->stream, "%*s", FIELD_MARGIN, "");
        }
        for (size_t column = 0; column < columns; column++) {
            draw_mark(out, field[line][column]);
        }
        fputc('\n', out->stream);
    }
    fprintf(out->stream, "%*s%-*.4g %*.4g\n", FIELD_MARGIN, "", (int)columns - NUMBER - 1,
            (double)left, NUMBER, (double)right);
}
