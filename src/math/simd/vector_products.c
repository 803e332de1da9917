/* The products of a batch of one sample, where a matrix meets a vector and no tile pays:
 *   row     c = alpha aᵀ B + S       forward:  B is read row by row; a zero of a skips its row;
 *                                    its rows are whole vectors (b_width)
 *   dot     c_j = alpha a · b_j + S  backward: the columns b_j of a transposed B are contiguous
 *   outer   C = C + alpha a bᵀ       gradient: a zero of a leaves its row of C alone
 * Skipping an exact zero adds nothing to a sum. Each reads or writes the matrix once, and keeps
 * enough sums in registers to hide the latency of the multiply-adds. */
#include "base/threads.h"
#include "math/gemm.h"
#include "math/isa.h"

#include <string.h>

enum {
    ROW_VECTORS = 8, /* vectors of columns whose sums run together: 4 cycles × 2 pipes */
    DOT_COLUMNS = 4  /* columns whose sums run together, over one load of a */
};

extern sml__gemm_kernel ISA(row_product), ISA(dot_product), ISA(outer_product);

static float start_of(const sml__gemm *gemm, size_t j)
{
    return gemm->accumulate ? gemm->c[j] : gemm->start != NULL ? gemm->start[j] : 0.0F;
}

/* c for `vectors` vectors of columns from j on, of which `columns` exist. With alpha = 1 the sums run
 * on from what they start from, as those of the tiles do, and so have the same bits. */
SML__INLINE void row_group(const sml__gemm *gemm, int vectors, size_t j, size_t columns)
{
    float edge[ROW_VECTORS * VECTOR_FLOATS] = {0};
    const int runs_on = gemm->alpha == 1.0F;
    sml__vector sums[ROW_VECTORS];
    for (size_t x = 0; runs_on && x < columns; x++) {
        edge[x] = start_of(gemm, j + x);
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = *((const sml__vector *)edge + v);
    }
    for (size_t p = 0; p < gemm->k; p++) {
        const float value = gemm->a[p];
        if (value == 0) {
            continue;
        }
        const sml__vector *row = (const sml__vector *)(gemm->b + p * gemm->b_row + j);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[v] += value * row[v];
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        memcpy(edge + v * VECTOR_FLOATS, &sums[v], sizeof sums[v]);
    }
    for (size_t x = 0; x < columns; x++) {
        gemm->c[j + x] = runs_on ? edge[x] : gemm->alpha * edge[x] + start_of(gemm, j + x);
    }
}

void ISA(row_product)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const sml__range own = sml__share(gemm->n, VECTOR_FLOATS, rank, size);
    const size_t most = ROW_VECTORS * VECTOR_FLOATS;
    (void)scratch;
    for (size_t j = own.begin; j < own.end; j += most) {
        const size_t columns = own.end - j < most ? own.end - j : most;
        const size_t vectors = (columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS;
#define ROW_GROUP(constant) row_group(gemm, constant, j, columns)
        SML__WITH_CONSTANT(vectors, ROW_GROUP)
    }
}

/* The sum of a vector's floats, halves added to halves. */
SML__INLINE float horizontal_sum(sml__vector sums)
{
    float parts[VECTOR_FLOATS];
    memcpy(parts, &sums, sizeof sums);
#pragma GCC unroll 4
    for (int width = VECTOR_FLOATS / 2; width > 0; width /= 2) {
        for (int x = 0; x < width; x++) {
            parts[x] += parts[x + width];
        }
    }
    return parts[0];
}

/* c_j for `columns` columns from j on. */
SML__INLINE void dot_group(const sml__gemm *gemm, int columns, size_t j)
{
    const float *b = gemm->b + j * gemm->b_column;
    const size_t whole = gemm->k / VECTOR_FLOATS * VECTOR_FLOATS;
    sml__vector sums[DOT_COLUMNS];
#pragma GCC unroll 4
    for (int x = 0; x < columns; x++) {
        sums[x] = (sml__vector){0};
    }
    for (size_t p = 0; p < whole; p += VECTOR_FLOATS) {
        const sml__vector a = *(const sml__vector *)(gemm->a + p);
#pragma GCC unroll 4
        for (int x = 0; x < columns; x++) {
            sums[x] += a * *(const sml__vector *)(b + (size_t)x * gemm->b_column + p);
        }
    }
#pragma GCC unroll 4
    for (int x = 0; x < columns; x++) {
        float sum = horizontal_sum(sums[x]);
        for (size_t p = whole; p < gemm->k; p++) {
            sum += gemm->a[p] * b[(size_t)x * gemm->b_column + p];
        }
        gemm->c[j + (size_t)x] = gemm->alpha * sum + start_of(gemm, j + (size_t)x);
    }
}

void ISA(dot_product)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const sml__range own = sml__share(gemm->n, DOT_COLUMNS, rank, size);
    size_t j = own.begin;
    (void)scratch;
    for (; j + DOT_COLUMNS <= own.end; j += DOT_COLUMNS) {
        dot_group(gemm, DOT_COLUMNS, j);
    }
    for (; j < own.end; j++) {
        dot_group(gemm, 1, j);
    }
}

/* The rows of C in columns j…j+columns; b, in whole vectors with zeros at the end, is b[j…]. */
static void outer_block(const sml__gemm *gemm, sml__range rows, size_t j, size_t columns,
                        const float *b)
{
    const size_t vectors = (columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS;
    const size_t writable = (gemm->c_width - j) / VECTOR_FLOATS;
    const size_t whole = vectors < writable ? vectors : writable;
    for (size_t i = rows.begin; i < rows.end; i++) {
        const float value = gemm->a[i * gemm->a_row];
        float *c = gemm->c + i * gemm->c_row + j;
        if (value == 0) {
            continue;
        }
        for (size_t v = 0; v < whole; v++) {
            const sml__vector product = value * *((const sml__vector *)b + v);
            *((sml__vector *)c + v) += gemm->alpha * product;
        }
        for (size_t x = whole * VECTOR_FLOATS; x < columns; x++) {
            c[x] += gemm->alpha * (value * b[x]);
        }
    }
}

void ISA(outer_product)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const sml__range rows = sml__share(gemm->m, 1, rank, size);
    for (size_t j = 0; j < gemm->n; j += SML__GEMM_SCRATCH) {
        const size_t left = gemm->n - j;
        const size_t columns = left < SML__GEMM_SCRATCH ? left : SML__GEMM_SCRATCH;
        const size_t padded = (columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS * VECTOR_FLOATS;
        memcpy(scratch, gemm->b + j, columns * sizeof(float));
        memset(scratch + columns, 0, (padded - columns) * sizeof(float));
        outer_block(gemm, rows, j, columns, scratch);
    }
}
