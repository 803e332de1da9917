/* Products of compressed rows (CSR) with dense matrices: a row lists its numbers by their columns,
 * and what it does not list costs nothing. */
#ifndef SML_MATH_CSR_H
#define SML_MATH_CSR_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed rows. */
typedef struct sml__csr {
    const size_t *starts;    /* row r has the entries starts[r] … starts[r + 1] - 1 */
    const uint32_t *columns; /* ascending within a row */
    const float *values;
} sml__csr;

/* An entry of the batch, chained to the next one of its column. */
typedef struct sml__csr_link {
    uint32_t column, row; /* row: within the batch */
    float value;
    uint32_t next; /* number of the link of a later row; 0: none */
} sml__csr_link;

/* Scratch of gradients, for a whole team. */
typedef struct sml__csr_chains {
    uint32_t *heads;      /* [columns] number of the first link; 0 between two products */
    sml__csr_link *links; /* [members, room] */
    size_t room;          /* sml__csr_room of the entries that a batch has at most */
} sml__csr_chains;

/* Their numbers have 32 bits. */
static const size_t SML__CSR_ENTRIES_MAX = UINT32_MAX - 2;

/* Links are counted from 1, and one is written behind the last. */
static inline size_t sml__csr_room(size_t entries)
{
    return entries + 2;
}

/* A batch of rows X[m, columns] beside dense matrices. */
typedef struct sml__csr_product {
    const sml__csr *x;
    const uint32_t *order; /* [m]: row s of the batch is row order[s] of x; NULL: row s */
    size_t m, n, columns;
    /* Rows of W, Z and Δ are whole vectors, zeros from n on; or less than a vector, without gaps.
     */
    float *w; /* [columns, n], rows `stride` apart */
    size_t stride;
    const float *start; /* [n], readable in whole vectors where W is */
    float *z;           /* [m, n], rows z_row apart */
    size_t z_row;
    const float *delta; /* [m, n], rows delta_row apart */
    size_t delta_row;
    float alpha;
    int accumulate;
    const sml__csr_chains *chains; /* gradient only */
} sml__csr_product;

/* Z = X W + 1 startᵀ, for this member's rows of Z. The sums run over the columns upwards from
 * `start`, as those of the dense product do, so they have the same bits. */
typedef void sml__csr_forward_kernel(const sml__csr_product *product, int rank, int size);

/* W = alpha Xᵀ Δ, or W + alpha Xᵀ Δ (accumulate), for this member's rows of W: the same bits as the
 * dense product. With accumulate a row of W that meets no entry is not touched. */
typedef void sml__csr_gradient_kernel(const sml__csr_product *product, int rank, int size);

#endif
