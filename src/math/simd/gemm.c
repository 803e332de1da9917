/* C = alpha · A B + S, blocked for registers and cache.
 *
 *            n                     A tile of C, ROWS × COLUMNS, lives in registers while the sum
 *      ┌───┬───┬───┐               over p runs: for each p, one row of the B panel is loaded once
 *    k │   │ B │   │ panel         and each of the ROWS values of A is broadcast against it, so
 *      └───┴───┴───┘               2 · ROWS · COLUMNS flops cost ROWS + COLUMNS/VECTOR loads.
 *  ┌─┐ ┌───┬───┬───┐
 *  │A│ │   │▒▒▒│   │ ROWS          c_ij = Σ_p a_ip b_pj runs over p upwards in every tile, whole
 *  │ │ ├───┼───┼───┤               or cut off at an edge: its bits do not depend on the tiling.
 *  └─┘ └───┴───┴───┘
 *   k    COLUMNS
 *
 * The B panel is packed to contiguous rows where it is transposed, cut off by the edge of the
 * matrix, or used often enough to pay for the copy. Blocking after Goto and van de Geijn, "Anatomy
 * of high-performance matrix multiplication", 2008; A is read in place. */
#include "math/gemm.h"

#include "base/threads.h"
#include "math/isa.h"
#include "math/simd/transpose.h"

#include <string.h>

enum {
    PANEL_VECTORS = 2,
    COLUMNS = PANEL_VECTORS * VECTOR_FLOATS,
/* Accumulators, a row of B and (without embedded broadcast) one value of A must fit in the
 * registers: 32 with AVX-512, 16 otherwise. Two FMA pipes of latency 4 need 8 independent sums. */
#if defined(__AVX512F__)
    ROWS = 8,
#elif defined(__AVX2__)
    ROWS = 6,
#else
    ROWS = 4,
#endif
    /* Rows of C from which packing a panel costs less than reading B with a large stride. */
    PACK_ROWS = 32
};

_Static_assert((int)COLUMNS <= (int)SML__GEMM_COLUMNS_MAX, "scratch holds a panel");

/* A panel of B: depth rows of one or two vectors, row apart. */
typedef struct b_panel {
    const float *b;
    size_t row;
    size_t depth;
    size_t columns; /* of C that lie in this panel */
} b_panel;

/* sums += Σ_p A[i,p] B[p,j] for `rows` rows of A and `vectors` vectors of columns. rows, vectors,
 * and a_row or a_column are constants where this is inlined. */
SML__INLINE void multiply(int rows, int vectors, const float *a, size_t a_row, size_t a_column,
                          const b_panel *panel, sml__vector sums[ROWS][PANEL_VECTORS])
{
    const float *b = panel->b;
    const size_t b_row = panel->row;
    for (size_t p = 0; p < panel->depth; p++) {
        const sml__vector *row = (const sml__vector *)(b + p * b_row);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const float value = a[(size_t)i * a_row + p * a_column];
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                sums[i][v] += value * row[v];
            }
        }
    }
}

/* What the sums of row i are added to: C itself where it holds something already, `start`, or zero.
 * With alpha = 1 the sums run on from there, in however many stretches. */
typedef struct c_base {
    const float *at;
    size_t row;
} c_base;

static c_base base_at(const sml__gemm *gemm, size_t i, size_t j, size_t p)
{
    static const float zeros[COLUMNS] = {0};
    c_base base = {zeros, 0};
    if (p > 0 || gemm->accumulate) {
        base.at = gemm->c + i * gemm->c_row + j;
        base.row = gemm->c_row;
    } else if (gemm->start != NULL) {
        base.at = gemm->start + j;
    }
    return base;
}

/* c = alpha Σ_p A[i,p] B[p,j] + base for a tile of whole vectors. */
SML__INLINE void whole_tile(const sml__gemm *gemm, int rows, int vectors, const float *a,
                            const b_panel *panel, c_base base, float *c, size_t c_row)
{
    const int runs_on = gemm->alpha == 1.0F;
    const sml__vector alpha = (sml__vector){0} + gemm->alpha;
    sml__vector sums[ROWS][PANEL_VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            sums[i][v] = (sml__vector){0};
            if (runs_on) {
                sums[i][v] = *((const sml__vector *)(base.at + (size_t)i * base.row) + v);
            }
        }
    }
    if (gemm->a_row == 1) {
        multiply(rows, vectors, a, 1, gemm->a_column, panel, sums);
    } else {
        multiply(rows, vectors, a, gemm->a_row, 1, panel, sums);
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            if (!runs_on) {
                sums[i][v] = alpha * sums[i][v] +
                             *((const sml__vector *)(base.at + (size_t)i * base.row) + v);
            }
            *((sml__vector *)(c + (size_t)i * c_row) + v) = sums[i][v];
        }
    }
}

static void copy_rows(size_t rows, size_t columns, const float *from, size_t from_row, float *to,
                      size_t to_row)
{
    for (size_t i = 0; i < rows; i++) {
        memcpy(to + i * to_row, from + i * from_row, columns * sizeof(float));
    }
}

/* One tile of `rows` rows, at row i, column j and depth p of the product. Where the right edge of C
 * cuts it off, it is computed aside. */
SML__INLINE void tile(const sml__gemm *gemm, int rows, int vectors, size_t i, size_t j, size_t p,
                      const b_panel *panel)
{
    const float *a = gemm->a + i * gemm->a_row + p * gemm->a_column;
    float *c = gemm->c + i * gemm->c_row + j;
    const c_base base = base_at(gemm, i, j, p);
    if (j + (size_t)vectors * VECTOR_FLOATS <= gemm->c_width) {
        whole_tile(gemm, rows, vectors, a, panel, base, c, gemm->c_row);
        return;
    }
    float aside[ROWS * COLUMNS] = {0};
    const c_base base_aside = {aside, COLUMNS};
    copy_rows((size_t)rows, panel->columns, base.at, base.row, aside, COLUMNS);
    whole_tile(gemm, rows, vectors, a, panel, base_aside, aside, COLUMNS);
    copy_rows((size_t)rows, panel->columns, aside, COLUMNS, c, gemm->c_row);
}

/* All rows of a panel: whole tiles, then the last rows, a copy of the code for each number. */
SML__INLINE void rows_of_panel(const sml__gemm *gemm, sml__range rows, int vectors, size_t j,
                               size_t p, const b_panel *panel)
{
    size_t i = rows.begin;
    for (; i + ROWS <= rows.end; i += ROWS) {
        tile(gemm, ROWS, vectors, i, j, p, panel);
    }
    switch (rows.end - i) {
    case 1:
        tile(gemm, 1, vectors, i, j, p, panel);
        break;
    case 2:
        tile(gemm, 2, vectors, i, j, p, panel);
        break;
    case 3:
        tile(gemm, 3, vectors, i, j, p, panel);
        break;
#if defined(__AVX2__)
    case 4:
        tile(gemm, 4, vectors, i, j, p, panel);
        break;
    case 5:
        tile(gemm, 5, vectors, i, j, p, panel);
        break;
#endif
#if defined(__AVX512F__)
    case 6:
        tile(gemm, 6, vectors, i, j, p, panel);
        break;
    case 7:
        tile(gemm, 7, vectors, i, j, p, panel);
        break;
#endif
    default:
        break;
    }
}

/* packed[q, column] = B[p + q, j + column] for a transposed B, one by one. */
static void pack_slowly(const sml__gemm *gemm, const float *b, sml__range depth, sml__range columns,
                        float *packed)
{
    for (size_t column = columns.begin; column < columns.end; column++) {
        for (size_t q = depth.begin; q < depth.end; q++) {
            packed[q * COLUMNS + column] = b[q + column * gemm->b_column];
        }
    }
}

/* The same in square blocks, and slowly at the edges. */
static void pack_transposed(const sml__gemm *gemm, const float *b, const b_panel *panel,
                            float *packed)
{
    const size_t whole = panel->depth / VECTOR_FLOATS * VECTOR_FLOATS;
    size_t column = 0;
    for (; column + VECTOR_FLOATS <= panel->columns; column += VECTOR_FLOATS) {
        for (size_t q = 0; q < whole; q += VECTOR_FLOATS) {
            sml__vector rows[VECTOR_FLOATS];
#pragma GCC unroll 16
            for (size_t r = 0; r < VECTOR_FLOATS; r++) {
                rows[r] = *(const sml__vector *)(b + q + (column + r) * gemm->b_column);
            }
            sml__transpose_floats(rows);
#pragma GCC unroll 16
            for (size_t r = 0; r < VECTOR_FLOATS; r++) {
                *(sml__vector *)(packed + (q + r) * COLUMNS + column) = rows[r];
            }
        }
    }
    const sml__range all = {0, panel->depth}, below = {whole, panel->depth};
    const sml__range done = {0, column}, beside = {column, panel->columns};
    pack_slowly(gemm, b, below, done, packed);
    pack_slowly(gemm, b, all, beside, packed);
}

/* Copies B[p…p+depth, j…j+columns] to rows of COLUMNS floats, zeros at the right. */
static void pack(const sml__gemm *gemm, size_t p, size_t j, const b_panel *panel, float *packed)
{
    const float *b = gemm->b + p * gemm->b_row + j * gemm->b_column;
    if (panel->columns < COLUMNS) {
        memset(packed, 0, panel->depth * COLUMNS * sizeof(float));
    }
    if (gemm->b_column != 1) {
        pack_transposed(gemm, b, panel, packed);
        return;
    }
    if (panel->columns < COLUMNS) {
        copy_rows(panel->depth, panel->columns, b, gemm->b_row, packed, COLUMNS);
        return;
    }
    for (size_t q = 0; q < panel->depth; q++) {
#pragma GCC unroll 2
        for (size_t v = 0; v < PANEL_VECTORS; v++) {
            *((sml__vector *)(packed + q * COLUMNS) + v) =
                *((const sml__vector *)(b + q * gemm->b_row) + v);
        }
    }
}

static b_panel panel_at(const sml__gemm *gemm, size_t p, size_t j, size_t rows, float *scratch)
{
    b_panel panel;
    panel.depth = gemm->k - p < SML__GEMM_DEPTH ? gemm->k - p : SML__GEMM_DEPTH;
    panel.columns = gemm->n - j < COLUMNS ? gemm->n - j : COLUMNS;
    const size_t vectors = (panel.columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS;
    if (gemm->b_column == 1 && j + vectors * VECTOR_FLOATS <= gemm->b_width && rows < PACK_ROWS) {
        panel.b = gemm->b + p * gemm->b_row + j;
        panel.row = gemm->b_row;
    } else {
        pack(gemm, p, j, &panel, scratch);
        panel.b = scratch;
        panel.row = COLUMNS;
    }
    return panel;
}

/* Rows rows.begin…rows.end of C in the panel of columns that starts at j. */
static void panel_of_product(const sml__gemm *gemm, sml__range rows, size_t j, float *scratch)
{
    for (size_t p = 0; p < gemm->k; p += SML__GEMM_DEPTH) {
        const b_panel panel = panel_at(gemm, p, j, rows.end - rows.begin, scratch);
        if (panel.columns > VECTOR_FLOATS) {
            rows_of_panel(gemm, rows, 2, j, p, &panel);
        } else {
            rows_of_panel(gemm, rows, 1, j, p, &panel);
        }
    }
}

void ISA(gemm)(const sml__gemm *gemm, int rank, int size, float *scratch);
void ISA(gemm)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const size_t panels = (gemm->n + COLUMNS - 1) / COLUMNS;
    /* Columns are shared out where the panels divide evenly, since then nobody packs twice. */
    const int row_blocks = panels % (size_t)size == 0 ? 1 : size;
    const sml__range tasks = sml__share(panels * (size_t)row_blocks, 1, rank, size);
    for (size_t task = tasks.begin; task < tasks.end; task++) {
        const int block = (int)(task % (size_t)row_blocks);
        const sml__range rows = sml__share(gemm->m, ROWS, block, row_blocks);
        panel_of_product(gemm, rows, task / (size_t)row_blocks * COLUMNS, scratch);
    }
}
