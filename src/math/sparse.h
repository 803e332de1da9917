/* Products of rows that are mostly zero, such as the pixels of a digit, with dense matrices. */
#ifndef SML_MATH_SPARSE_H
#define SML_MATH_SPARSE_H

#include <stddef.h>
#include <stdint.h>

/* Rows of bytes in compressed sparse row form: the non-zeros of row r are the entries
 * start[r] … start[r + 1] - 1, by ascending column. A byte b stands for the number values[b]. */
typedef struct sml__sparse {
    size_t rows, columns; /* columns ≤ 65536 */
    size_t *start;        /* [rows + 1] */
    uint16_t *column;     /* [start[rows]] */
    uint8_t *byte;        /* [start[rows]] */
    size_t longest;       /* entries of the row that has most */
    float values[256];
} sml__sparse;

/* A batch of rows X[m, columns] of a sparse matrix, beside dense ones. */
typedef struct sml__sparse_product {
    const sml__sparse *x;
    const uint32_t *order; /* [upcoming]: row s of the batch is row order[s] of x, all different */
    size_t upcoming;       /* rows that come in this order, the m of this batch first */
    size_t m, n;
    float *w; /* [columns, n], rows `stride` apart, zeros from n on */
    size_t stride;
    const float *start; /* [n] */
    float *z;           /* [m, n] */
    const float *delta; /* [m, n], and 15 readable floats behind */
    float alpha;
    int accumulate;
} sml__sparse_product;

/* The most entries that m different rows can have. */
static inline size_t sml__sparse_entries(const sml__sparse *x, size_t m)
{
    const size_t all = x->start[x->rows];
    return x->longest == 0 || m < all / x->longest ? m * x->longest : all;
}

/* Bytes of scratch that each member of a team needs for the gradient of up to m rows. */
size_t sml__sparse_scratch(const sml__sparse *x, size_t m);

/* Z = X W + 1 startᵀ, for this member's rows. The sums run over the columns as those of the dense
 * product do, in stretches of SML__GEMM_DEPTH, so they have the same bits. */
typedef void sml__sparse_forward_kernel(const sml__sparse_product *product, int rank, int size);

/* W = alpha Xᵀ Δ, or W + alpha Xᵀ Δ (accumulate), for this member's rows of W: the same bits as the
 * dense product. */
typedef void sml__sparse_gradient_kernel(const sml__sparse_product *product, int rank, int size,
                                         void *scratch);

#endif
