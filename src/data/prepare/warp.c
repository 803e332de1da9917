/* Pixels of a picture read from elsewhere. */
#include "data/prepare/augment.h"

#include <string.h>

/* Zeros around the picture, so that the four neighbours of every place are there: one row and
 * column before it, two after. */
enum { BEFORE = 1, FRAME = 3 };

size_t sml__warp_scratch(size_t height, size_t width)
{
    return (height + FRAME) * (width + FRAME);
}

/* q is cut to -1 … n, where the picture is 0. */
static inline float cut(float q, float n)
{
    const float low = q > -1.0F ? q : -1.0F;
    return low < n ? low : n;
}

static void warp_row(const sml__warp *warp, size_t y, const float *framed, float *out)
{
    const size_t stride = warp->width + FRAME;
    const float centre_x = ((float)warp->width - 1) / 2, centre_y = ((float)warp->height - 1) / 2;
    const float from_y = (float)y - centre_y;
    const float *dx = warp->dx != NULL ? warp->dx + y * warp->width : NULL;
    const float *dy = warp->dy != NULL ? warp->dy + y * warp->width : NULL;
    const float start_x = centre_x - warp->t[0] + warp->a[0][1] * from_y;
    const float start_y = centre_y - warp->t[1] + warp->a[1][1] * from_y;
    const float end_x = (float)warp->width, end_y = (float)warp->height;
    const int has_field = dx != NULL && dy != NULL;
    for (size_t x = 0; x < warp->width; x++) {
        const float from_x = (float)(int)x - centre_x;
        const float bend_x = has_field ? dx[x] : 0, bend_y = has_field ? dy[x] : 0;
        const float qx = cut(start_x + warp->a[0][0] * from_x + bend_x, end_x) + BEFORE;
        const float qy = cut(start_y + warp->a[1][0] * from_x + bend_y, end_y) + BEFORE;
        const int left = (int)qx, top = (int)qy; /* q ≥ 0: cutting is rounding down */
        const float fx = qx - (float)left, fy = qy - (float)top;
        const float *at = framed + (size_t)top * stride + (size_t)left;
        const float upper = at[0] + fx * (at[1] - at[0]);
        const float lower = at[stride] + fx * (at[stride + 1] - at[stride]);
        out[x] = upper + fy * (lower - upper);
    }
}

void sml__warp_picture(const sml__warp *warp, float *picture, float *scratch)
{
    const size_t width = warp->width, stride = width + FRAME;
    memset(scratch, 0, sml__warp_scratch(warp->height, width) * sizeof *scratch);
    for (size_t y = 0; y < warp->height; y++) {
        memcpy(scratch + (y + BEFORE) * stride + BEFORE, picture + y * width,
               width * sizeof *picture);
    }
    for (size_t y = 0; y < warp->height; y++) {
        warp_row(warp, y, scratch, picture + y * width);
    }
}
