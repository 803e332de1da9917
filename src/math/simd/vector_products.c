/* The products of a batch of one sample in the backward pass, where no tile pays:
 *   dot     c_j = alpha a · b_j + S  backward: the columns b_j of a transposed B are contiguous
 *   outer   C = C + alpha a bᵀ       gradient: a zero of a leaves its row of C alone
 * and both at once where a plain descent step is folded in, so that the weights are visited once:
 *   step    d_i = w_i · δ, then w_i ← w_i + alpha a_i δ, for each row w_i of Wᵀ
 *
 *        lanes of δ                A group of VECTOR_FLOATS dots runs together, each in a vector of
 *      ┌───────────┐               sums; transposed, these add up to one vector of results, halves
 *  w_0 │ s s s … s │──┐            to halves: log steps for all dots at once.
 *  w_1 │ s s s … s │──┤ transpose
 *   …  │           │  ├──────────▶ d_0 d_1 …
 * Skipping an exact zero adds nothing to a sum. */
#include "math/vector_products.h"

#include "base/threads.h"
#include "math/isa.h"
#include "math/simd/transpose.h"

#include <string.h>

enum { LISTED = 1024 }; /* rows whose inputs are looked at before their weights are */

extern sml__gemm_kernel ISA(dot_product), ISA(outer_product);
extern sml__step_kernel ISA(step_of_one);

static float start_of(const sml__gemm *gemm, size_t j)
{
    return gemm->accumulate ? gemm->c[j] : gemm->start != NULL ? gemm->start[j] : 0.0F;
}

/* The part of a · b beyond the whole vectors, added to sum. */
SML__INLINE float rest_of_dot(const float *a, const float *b, size_t k, float sum)
{
    for (size_t p = k / VECTOR_FLOATS * VECTOR_FLOATS; p < k; p++) {
        sum += a[p] * b[p];
    }
    return sum;
}

/* dots[x] = a · b[x] for VECTOR_FLOATS rows, whatever the others are. */
SML__INLINE void dots_of_group(const float *a, const float *const *b, size_t k, float *dots)
{
    sml__vector lanes[VECTOR_FLOATS];
#pragma GCC unroll 16
    for (int x = 0; x < VECTOR_FLOATS; x++) {
        lanes[x] = (sml__vector){0};
    }
    for (size_t p = 0; p + VECTOR_FLOATS <= k; p += VECTOR_FLOATS) {
        const sml__vector part = *(const sml__vector *)(a + p);
#pragma GCC unroll 16
        for (int x = 0; x < VECTOR_FLOATS; x++) {
            lanes[x] += part * *(const sml__vector *)(b[x] + p);
        }
    }
    sml__transpose_floats(lanes);
#pragma GCC unroll 4
    for (int width = VECTOR_FLOATS / 2; width > 0; width /= 2) {
#pragma GCC unroll 8
        for (int x = 0; x < width; x++) {
            lanes[x] += lanes[x + width];
        }
    }
    memcpy(dots, &lanes[0], sizeof lanes[0]);
    for (size_t x = 0; k % VECTOR_FLOATS != 0 && x < VECTOR_FLOATS; x++) {
        dots[x] = rest_of_dot(a, b[x], k, dots[x]);
    }
}

/* w += alpha (a_i δ), as the product of the two is rounded first in every kernel. */
SML__INLINE void add_row(float *w, const float *delta, size_t n, float value, float alpha)
{
    size_t j = 0;
    for (; j + VECTOR_FLOATS <= n; j += VECTOR_FLOATS) {
        const sml__vector product = value * *(const sml__vector *)(delta + j);
        *(sml__vector *)(w + j) += alpha * product;
    }
    for (; j < n; j++) {
        w[j] += alpha * (value * delta[j]);
    }
}

void ISA(dot_product)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const sml__range own = sml__share(gemm->n, VECTOR_FLOATS, rank, size);
    (void)scratch;
    for (size_t j = own.begin; j < own.end; j += VECTOR_FLOATS) {
        const float *b = gemm->b + j * gemm->b_column;
        const size_t count = own.end - j < VECTOR_FLOATS ? own.end - j : VECTOR_FLOATS;
        float dots[VECTOR_FLOATS];
        const float *rows[VECTOR_FLOATS];
        for (size_t x = 0; x < VECTOR_FLOATS; x++) { /* the last stands in for those that miss */
            rows[x] = b + (x < count ? x : count - 1) * gemm->b_column;
        }
        dots_of_group(gemm->a, rows, gemm->k, dots);
        for (size_t x = 0; x < count; x++) {
            gemm->c[j + x] = gemm->alpha * dots[x] + start_of(gemm, j + x);
        }
    }
}

void ISA(outer_product)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const sml__range rows = sml__share(gemm->m, 1, rank, size);
    const size_t width = gemm->b_width < gemm->c_width ? gemm->b_width : gemm->c_width;
    (void)scratch;
    for (size_t i = rows.begin; i < rows.end; i++) {
        const float value = gemm->a[i * gemm->a_row];
        if (value != 0) {
            add_row(gemm->c + i * gemm->c_row, gemm->b, width, value, gemm->alpha);
        }
    }
}

/* The rows that the step visits: all, or those whose input is not zero. Returns their number. */
static size_t list_rows(const sml__step *step, size_t begin, size_t end, uint32_t *rows)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++) {
        rows[count] = (uint32_t)i;
        count += !step->zero_stops || step->input[i] != 0;
    }
    return count;
}

/* d_i and the new w_i for up to VECTOR_FLOATS rows of a list. */
static void step_of_group(const sml__step *step, const uint32_t *rows, size_t count)
{
    const float *w[VECTOR_FLOATS];
    float dots[VECTOR_FLOATS];
    for (size_t x = 0; x < VECTOR_FLOATS; x++) { /* the last stands in for those that miss */
        w[x] = step->w + rows[x < count ? x : count - 1] * step->stride;
    }
    dots_of_group(step->delta, w, step->stride, dots);
    for (size_t x = 0; x < count; x++) {
        const float value = step->input[rows[x]];
        step->d_input[rows[x]] = dots[x];
        if (value != 0) {
            add_row(step->w + rows[x] * step->stride, step->delta, step->stride, value,
                    step->alpha);
        }
    }
}

void ISA(step_of_one)(const sml__step *step)
{
    memset(step->d_input, 0, step->n_in * sizeof(float));
    for (size_t begin = 0; begin < step->n_in; begin += LISTED) {
        uint32_t rows[LISTED + 1];
        const size_t end = step->n_in - begin < LISTED ? step->n_in : begin + LISTED;
        const size_t count = list_rows(step, begin, end, rows);
        for (size_t r = 0; r < count; r += VECTOR_FLOATS) {
            const size_t left = count - r;
            step_of_group(step, rows + r, left < VECTOR_FLOATS ? left : VECTOR_FLOATS);
        }
    }
}
