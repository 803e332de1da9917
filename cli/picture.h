/* Pictures in the terminal, side by side, with captions. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "terminal.h"
#include "text.h"

enum { CAPTIONS = 2 };

typedef struct picture {
    float *values;                 /* [height, width] */
    short_text captions[CAPTIONS]; /* below the picture; "" where there is none */
    style look;                    /* of the last caption */
} picture;

/* Draws as many in a row as fit the terminal's width. A margin that is empty in all of them is
 * cropped, and what is too wide is shrunk. */
void pictures_draw(const terminal *out, const picture *pictures, size_t n, size_t height,
                   size_t width);

/* Points with characters: a digit or letter for each class, or '*' where classes is NULL. */
void points_draw(const terminal *out, const float *x, const float *y, const int32_t *classes,
                 size_t n);

#endif
