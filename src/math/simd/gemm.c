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

/* Σ_p A[i,p] B[p,j] for `rows` rows of A and `vectors` vectors of columns. rows, vectors, and a_row
 * or a_column are constants where this is inlined. */
SML__INLINE void multiply(int rows, int vectors, const float *a, size_t a_row, size_t a_column,
                          const b_panel *panel, sml__vector sums[ROWS][PANEL_VECTORS])
{
    const float *b = panel->b;
    const size_t b_row = panel->row;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            sums[i][v] = (sml__vector){0};
        }
    }
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

/* C = alpha · sums + (what C starts from), for whole vectors. */
SML__INLINE void store(const sml__gemm *gemm, int rows, int vectors, size_t i, size_t j, int first,
                       sml__vector sums[ROWS][PANEL_VECTORS])
{
    static const float zeros[COLUMNS] = {0};
    for (int r = 0; r < rows; r++) {
        float *c = gemm->c + (i + (size_t)r) * gemm->c_row + j;
        const float *from = !first || gemm->accumulate ? c
                            : gemm->start != NULL      ? gemm->start + j
                                                       : zeros;
        for (int v = 0; v < vectors; v++) {
            const sml__vector base = *((const sml__vector *)from + v);
            *((sml__vector *)c + v) = gemm->alpha * sums[r][v] + base;
        }
    }
}

/* The same for a panel that the right edge of C cuts off: through a whole tile of its own. */
static __attribute__((noinline)) void store_edge(const sml__gemm *gemm, int rows, size_t i,
                                                 size_t j, int first, size_t columns,
                                                 sml__vector sums[ROWS][PANEL_VECTORS])
{
    float tile[ROWS * COLUMNS] = {0};
    float start[COLUMNS] = {0};
    for (int r = 0; r < rows; r++) {
        memcpy(tile + r * COLUMNS, gemm->c + (i + (size_t)r) * gemm->c_row + j,
               columns * sizeof(float));
    }
    if (gemm->start != NULL) {
        memcpy(start, gemm->start + j, columns * sizeof(float));
    }
    sml__gemm whole = *gemm;
    whole.c = tile;
    whole.c_row = COLUMNS;
    whole.start = gemm->start != NULL ? start : NULL;
    store(&whole, rows, PANEL_VECTORS, 0, 0, first, sums);
    for (int r = 0; r < rows; r++) {
        memcpy(gemm->c + (i + (size_t)r) * gemm->c_row + j, tile + r * COLUMNS,
               columns * sizeof(float));
    }
}

/* One tile of `rows` rows, at row i, column j and depth p of the product. */
SML__INLINE void tile(const sml__gemm *gemm, int rows, int vectors, size_t i, size_t j, size_t p,
                      const b_panel *panel)
{
    sml__vector sums[ROWS][PANEL_VECTORS];
    const float *a = gemm->a + i * gemm->a_row + p * gemm->a_column;
    if (gemm->a_row == 1) {
        multiply(rows, vectors, a, 1, gemm->a_column, panel, sums);
    } else {
        multiply(rows, vectors, a, gemm->a_row, 1, panel, sums);
    }
    if (j + (size_t)vectors * VECTOR_FLOATS <= gemm->c_width) {
        store(gemm, rows, vectors, i, j, p == 0, sums);
    } else {
        for (int r = 0; r < rows; r++) {
            for (int v = vectors; v < PANEL_VECTORS; v++) {
                sums[r][v] = (sml__vector){0};
            }
        }
        store_edge(gemm, rows, i, j, p == 0, panel->columns, sums);
    }
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

/* Copies B[p…p+depth, j…j+columns] to rows of COLUMNS floats, zeros at the right. */
static void pack(const sml__gemm *gemm, size_t p, size_t j, const b_panel *panel, float *packed)
{
    const float *b = gemm->b + p * gemm->b_row + j * gemm->b_column;
    if (panel->columns < COLUMNS) {
        memset(packed, 0, panel->depth * COLUMNS * sizeof(float));
    }
    if (gemm->b_column == 1) {
        for (size_t q = 0; q < panel->depth; q++) {
            memcpy(packed + q * COLUMNS, b + q * gemm->b_row, panel->columns * sizeof(float));
        }
        return;
    }
    for (size_t column = 0; column < panel->columns; column++) {
        for (size_t q = 0; q < panel->depth; q++) {
            packed[q * COLUMNS + column] = b[q * gemm->b_row + column * gemm->b_column];
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

extern sml__gemm_kernel ISA(row_product), ISA(dot_product), ISA(outer_product);

void ISA(gemm)(const sml__gemm *gemm, int rank, int size, float *scratch);
void ISA(gemm)(const sml__gemm *gemm, int rank, int size, float *scratch)
{
    const size_t vectors = (gemm->n + VECTOR_FLOATS - 1) / VECTOR_FLOATS;
    if (gemm->m == 1 && gemm->a_column == 1 && gemm->b_column == 1 &&
        vectors * VECTOR_FLOATS <= gemm->b_width) {
        ISA(row_product)(gemm, rank, size, scratch);
        return;
    }
    if (gemm->m == 1 && gemm->a_column == 1 && gemm->b_column != 1) {
        ISA(dot_product)(gemm, rank, size, scratch);
        return;
    }
    if (gemm->k == 1 && gemm->accumulate && gemm->b_column == 1) {
        ISA(outer_product)(gemm, rank, size, scratch);
        return;
    }
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
