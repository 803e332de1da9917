/* Products of rows that are mostly zero, such as the pixels of a digit, with dense matrices. */
#ifndef SML_MATH_SPARSE_H
#define SML_MATH_SPARSE_H

#include <stddef.h>
#include <stdint.h>

enum {
    SML__SPARSE_ROWS = 256,                  /* of one product: a pass of the network has no more */
    SML__SPARSE_COLUMNS_MAX = (1 << 24) - 1, /* an entry of a list has 24 bits for the place, */
    SML__PAIR_COLUMNS_MAX = (1 << 16) - 1    /* or 16, where two rows share the list */
};

/* Rows as they lie in memory, borrowed: row r begins `stride` numbers after row r - 1. */
typedef struct sml__sparse {
    size_t columns; /* ≤ SML__SPARSE_COLUMNS_MAX */
    size_t stride;
    const uint8_t *bytes; /* a byte b stands for the number values[b]; values[0] is 0 */
    const float *values;  /* [256], with bytes */
    const float *floats;  /* in place of bytes: the numbers themselves; forward only */
} sml__sparse;

/* Room for a list of the non-zeros among n numbers, in entries: with the entry that closes it, and
 * the vector that is written across its end. */
static inline size_t sml__sparse_row_room(size_t n)
{
    return n + 32;
}

/* Room for the lists of m rows, or of their columns; a row alone needs
 * sml__sparse_row_room(columns) for each member of the team. */
static inline size_t sml__sparse_room(size_t m, size_t columns)
{
    const size_t by_rows = m * sml__sparse_row_room(columns);
    const size_t by_columns = columns * sml__sparse_row_room(m);
    return by_rows > by_columns ? by_rows : by_columns;
}

/* A batch of rows X[m, columns] beside dense matrices. */
typedef struct sml__sparse_product {
    const sml__sparse *x;
    const uint32_t *order; /* [upcoming]: row s of the batch is row order[s] of x; NULL: row s */
    size_t upcoming;       /* rows that come in this order, the m of this batch first */
    size_t ahead;          /* from a row to the one in its place in the next batch */
    size_t m, n;           /* m ≤ SML__SPARSE_ROWS */
    /* Rows of W and Z are whole vectors, zeros from n on; or less than a vector, without gaps. */
    float *w; /* [columns, n], rows `stride` apart */
    size_t stride;
    const float *start; /* [n], readable in whole vectors where W is */
    float *z;           /* [m, n], rows z_row apart */
    size_t z_row;
    uint32_t *entries;  /* [sml__sparse_room(m, columns)]: scratch of the whole team */
    const float *delta; /* [m, n], rows delta_row apart */
    size_t delta_row;
    float alpha;
    int accumulate;
} sml__sparse_product;

/* Z = X W + 1 startᵀ, for this member's part of Z. The sums run over the columns upwards from
 * `start`, as those of the dense product do, so they have the same bits. */
typedef void sml__sparse_forward_kernel(const sml__sparse_product *product, int rank, int size);

/* W = alpha Xᵀ Δ, or W + alpha Xᵀ Δ (accumulate), for this member's rows of W: the same bits as the
 * dense product. scratch: [SML__GEMM_SCRATCH] of this member. */
typedef void sml__sparse_gradient_kernel(const sml__sparse_product *product, int rank, int size,
                                         float *scratch);

#endif
