/* Sums of rows of a matrix, kept in registers: what the products of sparse rows are made of. */
#ifndef SML_MATH_SIMD_ROW_SUMS_H
#define SML_MATH_SIMD_ROW_SUMS_H

#include "math/isa.h"
#include "math/simd/non_zeros.h"

#include <stddef.h>

enum { SML__GROUP = 8 }; /* vectors of sums: two FMA pipes of latency 4 */

/* Eight vectors of sums, or fewer at the right edge. */
typedef struct sml__column_group {
    size_t j;       /* its first column */
    size_t columns; /* that exist */
    size_t vectors;
} sml__column_group;

static inline sml__column_group sml__group_at(size_t j, size_t n)
{
    const size_t most = SML__GROUP * VECTOR_FLOATS;
    const size_t columns = n - j < most ? n - j : most;
    const sml__column_group group = {j, columns, (columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS};
    return group;
}

/* sums_r += value_r w for one or two rows r, with the row w loaded once. */
SML__INLINE void sml__add_row(int together, int vectors, sml__vector sums[SML__PAIR][SML__GROUP],
                              const float *value, const sml__vector *w)
{
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sml__vector part = w[v];
        SML__IN_A_VECTOR(part);
#pragma GCC unroll 2
        for (int r = 0; r < together; r++) {
            sums[r][v] += value[r] * part;
        }
    }
}

#endif
