/* The dense matrix product that every dense layer uses, forward and backward. */
#ifndef SML_MATH_GEMM_H
#define SML_MATH_GEMM_H

#include <stddef.h>

/* C[m,n] = alpha · A[m,k] B[k,n] + S, where S is C itself (accumulate), the row `start` under each
 * row of C, or zero. A and B may be transposed views: strides are in floats. With alpha = 1 a sum
 * begins with its number of S and runs over p upwards; otherwise alpha times the sum is added to S.
 */
typedef struct sml__gemm {
    size_t m, n, k;
    const float *a; /* element (i,p) at a[i * a_row + p * a_column]; one stride is 1 */
    size_t a_row, a_column;
    const float *b; /* element (p,j) at b[p * b_row + j * b_column]; one stride is 1 */
    size_t b_row, b_column;
    size_t b_width; /* floats of a row of B that may be read: from n on they are zero; ≥ n */
    float *c;       /* element (i,j) at c[i * c_row + j] */
    size_t c_row;
    size_t c_width; /* floats of a row of C that may be written: from n on with zero; ≥ n */
    float alpha;
    const float *start; /* [n], or NULL; readable in whole vectors where C is writable so */
    int accumulate;
} sml__gemm;

enum {
    /* Terms of a sum that are added in registers before C is touched again: a packed panel of B,
     * 512 × 32 floats = 64 KiB, stays in a 1 MiB L2 beside A. Half of it, which would fit L1, was
     * slower: C then moves twice as often. */
    SML__GEMM_DEPTH = 512,
    SML__GEMM_COLUMNS_MAX = 32,
    /* Floats that each member of the team needs: for a panel of B, or for a group of Δ in the
     * sparse gradient, 256 rows × 128 columns. */
    SML__GEMM_SCRATCH = 2 * SML__GEMM_DEPTH * SML__GEMM_COLUMNS_MAX
};

/* Computes the part of C that belongs to rank of size. The bits of an element depend on A, B,
 * alpha, S and the shapes, never on the size of the team. */
typedef void sml__gemm_kernel(const sml__gemm *gemm, int rank, int size, float *scratch);

#endif
