/* A Gaussian in one direction after the other: (2r + 1) · 2 multiply-adds a pixel in place of
 * (2r + 1)². */
#include "data/prepare/augment.h"

#include <math.h>
#include <string.h>

/* Beyond 3σ lies 0.3% of the mass; the weights are brought to sum 1 all the same. */
size_t sml__blur_radius(double sigma)
{
    return (size_t)ceil(3.0 * sigma);
}

void sml__blur_weights(double sigma, size_t radius, float *weights)
{
    double sum = 0;
    for (size_t k = 0; k <= radius; k++) {
        const double z = (double)k / sigma;
        sum += (k > 0 ? 2.0 : 1.0) * exp(-0.5 * z * z);
    }
    for (size_t k = 0; k <= radius; k++) {
        const double z = (double)k / sigma;
        weights[k] = (float)(exp(-0.5 * z * z) / sum);
    }
}

static size_t round_up(size_t n)
{
    return (n + SML__BLUR_LANES - 1) / SML__BLUR_LANES * SML__BLUR_LANES;
}

/* A row with a frame, and the rows that are smooth already, with a frame above and below. */
size_t sml__blur_scratch(size_t height, size_t width, size_t radius)
{
    return round_up(width) + 2 * radius + (height + 2 * radius) * round_up(width);
}

/* out[j] = Σ_k w_|k| middle[j + k step], k = -radius … radius, j < SML__BLUR_LANES. */
static inline void sum_lanes(const float *middle, size_t step, const float *weights, size_t radius,
                             float *out)
{
    float sum[SML__BLUR_LANES];
    for (int j = 0; j < SML__BLUR_LANES; j++) {
        sum[j] = weights[0] * middle[j];
    }
    for (size_t k = 1; k <= radius; k++) {
        const float *before = middle - k * step, *after = middle + k * step;
        for (int j = 0; j < SML__BLUR_LANES; j++) {
            sum[j] += weights[k] * (before[j] + after[j]);
        }
    }
    memcpy(out, sum, sizeof sum);
}

void sml__blur(const float *in, size_t height, size_t width, const float *weights, size_t radius,
               float factor, float *out, float *scratch)
{
    const size_t stride = round_up(width);
    float *framed = scratch + (height + 2 * radius) * stride, *rows = scratch + radius * stride;
    memset(scratch, 0, sml__blur_scratch(height, width, radius) * sizeof *scratch);
    for (size_t y = 0; y < height; y++) {
        memcpy(framed + radius, in + y * width, width * sizeof *in);
        for (size_t x = 0; x < width; x += SML__BLUR_LANES) {
            sum_lanes(framed + radius + x, 1, weights, radius, rows + y * stride + x);
        }
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x += SML__BLUR_LANES) {
            float sum[SML__BLUR_LANES];
            const size_t left = width - x < SML__BLUR_LANES ? width - x : SML__BLUR_LANES;
            sum_lanes(rows + y * stride + x, stride, weights, radius, sum);
            for (size_t j = 0; j < left; j++) {
                out[y * width + x + j] = factor * sum[j];
            }
        }
    }
}
