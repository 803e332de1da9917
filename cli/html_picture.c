#include "html_picture.h"

#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Strengths of an ink; 0 is nothing. */
enum { SHADES = 24 };

/* The strengths of one ink in a picture, and the name that it is used by. */
typedef struct html_drawing {
    size_t height, width;
    uint8_t *shades; /* [height, width] */
} html_drawing;

void html_pictures_free(html_pictures *seen)
{
    for (size_t i = 0; i < seen->n; i++) {
        free(seen->drawings[i].shades);
    }
    free(seen->drawings);
    memset(seen, 0, sizeof *seen);
}

/* Runs of equal shade, a path for each shade: "M3 5h4" is four pixels of row 5 from column 3 on. */
static void draw(buffer *b, const html_drawing *d)
{
    for (unsigned shade = 1; shade <= SHADES; shade++) {
        int is_open = 0;
        for (size_t i = 0; i < d->height * d->width; i++) {
            const size_t row = i / d->width, first = i % d->width;
            size_t n = 0;
            while (first + n < d->width && d->shades[i + n] == shade) {
                n++;
            }
            if (n > 0) {
                buffer_print(b, is_open ? "" : "<path class=k%u d=\"", shade);
                buffer_print(b, "M%zu %zuh%zu", first, row, n);
                is_open = 1;
                i += n - 1;
            }
        }
        buffer_print(b, is_open ? "\"/>" : "");
    }
}

/* The number of the drawing with these shades, which it takes over; a new one is written as a
 * symbol. */
static size_t number_of(buffer *b, html_pictures *seen, html_drawing drawing)
{
    const size_t n = drawing.height * drawing.width;
    for (size_t i = 0; i < seen->n; i++) {
        const html_drawing *d = &seen->drawings[i];
        if (d->height == drawing.height && d->width == drawing.width &&
            memcmp(d->shades, drawing.shades, n) == 0) {
            free(drawing.shades);
            return i;
        }
    }
    if (seen->n == seen->room) {
        html_drawing *larger = allocate(2 * seen->room + 16, sizeof *larger);
        if (seen->n > 0) {
            memcpy(larger, seen->drawings, seen->n * sizeof *larger);
        }
        free(seen->drawings);
        seen->drawings = larger;
        seen->room = 2 * seen->room + 16;
    }
    seen->drawings[seen->n] = drawing;
    buffer_print(b, "<symbol id=d%zu viewBox=\"0 -.5 %zu %zu\">", seen->n, drawing.width,
                 drawing.height);
    draw(b, &drawing);
    buffer_print(b, "</symbol>");
    return seen->n++;
}

/* How strong an ink is at each value: of values of one sign, or all of them from the least on. */
static html_drawing shades_of(const float *values, size_t height, size_t width, double low,
                              double high, int sign)
{
    html_drawing d = {.height = height, .width = width};
    d.shades = allocate(height * width, 1);
    for (size_t i = 0; i < height * width && high > low; i++) {
        const double value = sign * (double)values[i];
        const double strength = (value - low) / (high - low);
        d.shades[i] = strength > 0 ? (uint8_t)lround(SHADES * fmin(strength, 1)) : 0;
    }
    return d;
}

static int is_empty(const html_drawing *d)
{
    size_t drawn = 0;
    for (size_t i = 0; i < d->height * d->width; i++) {
        drawn += d->shades[i] > 0;
    }
    return drawn == 0;
}

static void use(buffer *b, html_pictures *seen, html_drawing drawing, const char *ink)
{
    if (is_empty(&drawing)) {
        free(drawing.shades);
        return;
    }
    const size_t number = number_of(b, seen, drawing);
    buffer_print(b, "<use href=\"#d%zu\" class=%s width=%zu height=%zu />", number, ink,
                 drawing.width, drawing.height);
}

void html_picture(buffer *b, html_pictures *seen, const float *values, size_t height, size_t width,
                  int is_signed, const char *label)
{
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (size_t i = 0; i < height * width; i++) {
        low = fmin(low, (double)values[i]);
        high = fmax(high, (double)values[i]);
    }
    const double most = fmax(fabs(low), fabs(high));
    buffer_print(b, "<svg class=picture role=img viewBox=\"0 0 %zu %zu\" aria-label=\"", width,
                 height);
    buffer_escape(b, label);
    buffer_print(b, "\">");
    if (is_signed) {
        use(b, seen, shades_of(values, height, width, 0, most, 1), "plus");
        use(b, seen, shades_of(values, height, width, 0, most, -1), "minus");
    } else {
        use(b, seen, shades_of(values, height, width, fmin(low, 0), high, 1), "ink");
    }
    buffer_print(b, "</svg>");
}
