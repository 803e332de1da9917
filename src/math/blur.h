/* A Gaussian over a field, in one direction after the other: (2r + 1) · 2 multiply-adds a number in
 * place of (2r + 1)². */
#ifndef SML_MATH_BLUR_H
#define SML_MATH_BLUR_H

#include <stddef.h>

enum { SML__BLUR_GRAIN = 16 }; /* rows of scratch are whole vectors of every instruction set */

typedef struct sml__blur {
    size_t height, width, radius;
    const float *weights; /* [radius + 1], the first is the middle; Σ over both sides is 1 */
    float factor;
} sml__blur;

static inline size_t sml__blur_stride(const sml__blur *blur)
{
    return (blur->width + SML__BLUR_GRAIN - 1) / SML__BLUR_GRAIN * SML__BLUR_GRAIN;
}

/* Floats of scratch: the rows that are smooth already, with zeros above and below, and one row with
 * zeros at both ends. */
static inline size_t sml__blur_scratch(const sml__blur *blur)
{
    return (blur->height + 2 * blur->radius + 1) * sml__blur_stride(blur) + 2 * blur->radius;
}

/* field[height, width] ← factor · Σ_uv w_|u| w_|v| field[y + v, x + u], zero outside; u and v from
 * -radius to radius. */
typedef void sml__blur_kernel(const sml__blur *blur, float *field, float *scratch);

#endif
