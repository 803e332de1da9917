#include "math/blur.h"

#include "math/isa.h"

#include <string.h>

extern sml__blur_kernel ISA(blur);

enum { PANEL = 4 }; /* vectors that are summed together: a weight is loaded once for them */

SML__INLINE sml__vector load(const float *at)
{
    return *(const sml__vector *)at;
}

/* sums[v] = Σ_k w_|k| middle[v + k step], k = -radius … radius: both sides share a product. */
SML__INLINE void sum_vectors(const sml__blur *blur, const float *middle, size_t step, int vectors,
                             sml__vector sums[PANEL])
{
    const sml__vector none = {0};
    for (int v = 0; v < vectors; v++) {
        sums[v] = (none + blur->weights[0]) * load(middle + v * VECTOR_FLOATS);
    }
    for (size_t k = 1; k <= blur->radius; k++) {
        const sml__vector weight = none + blur->weights[k];
        const float *before = middle - k * step, *after = middle + k * step;
        for (int v = 0; v < vectors; v++) {
            const sml__vector pair =
                load(before + v * VECTOR_FLOATS) + load(after + v * VECTOR_FLOATS);
            sums[v] = sml__multiply_add(weight, pair, sums[v]);
        }
    }
}

/* out[n], whole vectors, by panels. */
static void sum_row(const sml__blur *blur, const float *middle, size_t step, size_t n, float *out)
{
    sml__vector sums[PANEL];
    size_t x = 0;
    for (; x + (size_t)PANEL * VECTOR_FLOATS <= n; x += (size_t)PANEL * VECTOR_FLOATS) {
        sum_vectors(blur, middle + x, step, PANEL, sums);
        memcpy(out + x, sums, sizeof sums);
    }
    for (; x < n; x += VECTOR_FLOATS) {
        sum_vectors(blur, middle + x, step, 1, sums);
        memcpy(out + x, sums, sizeof sums[0]);
    }
}

void ISA(blur)(const sml__blur *blur, float *field, float *scratch)
{
    const size_t stride = sml__blur_stride(blur), width = blur->width, radius = blur->radius;
    float *rows = scratch + radius * stride;
    float *line = scratch + (blur->height + 2 * radius) * stride;
    memset(scratch, 0, sml__blur_scratch(blur) * sizeof *scratch);
    for (size_t y = 0; y < blur->height; y++) {
        memcpy(line + radius, field + y * width, width * sizeof *field);
        sum_row(blur, line + radius, 1, stride, rows + y * stride);
    }
    for (size_t y = 0; y < blur->height; y++) {
        sum_row(blur, rows + y * stride, stride, stride, line);
        for (size_t x = 0; x < width; x++) {
            field[y * width + x] = blur->factor * line[x];
        }
    }
}
