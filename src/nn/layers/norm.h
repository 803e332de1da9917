/* What the norms share: columns of a batch in vectors, with their sums in double. A member owns
 * whole blocks of columns, so a column is summed in the same way whatever the size of the team. */
#ifndef SML_NN_LAYERS_NORM_H
#define SML_NN_LAYERS_NORM_H

#include "base/threads.h"
#include "math/isa.h"
#include "nn/layer.h"

#include <string.h>

enum {
    HALF = VECTOR_FLOATS / 2, /* floats that become one vector of doubles */
    HALVES = 4,               /* vectors of a whole block: their sums stay in registers */
    BLOCK = HALVES * HALF
};

typedef float sml__half __attribute__((vector_size(HALF * sizeof(float)), aligned(4), may_alias));
typedef double sml__wide __attribute__((vector_size(HALF * sizeof(double)), aligned(8), may_alias));

/* n ≤ HALF floats from any address, zeros after them. */
SML__INLINE sml__half load_half(const float *from, size_t n)
{
    sml__half v = {0};
    if (n == HALF) {
        return *(const sml__half *)from;
    }
    memcpy(&v, from, n * sizeof(float));
    return v;
}

SML__INLINE void store_half(float *to, sml__half v, size_t n)
{
    if (n == HALF) {
        *(sml__half *)to = v;
    } else {
        memcpy(to, &v, n * sizeof(float));
    }
}

SML__INLINE sml__wide widen(sml__half v)
{
    return __builtin_convertvector(v, sml__wide);
}

/* CALL(first, halves, n) for the blocks of the columns `own`: whole ones with constants, HALVES
 * vectors of HALF numbers; and what is left as single vectors of n numbers. */
#define EACH_BLOCK(own, CALL)                                                                      \
    do {                                                                                           \
        size_t column_ = (own).begin;                                                              \
        for (; (own).end - column_ >= BLOCK; column_ += BLOCK) {                                   \
            CALL(column_, HALVES, HALF);                                                           \
        }                                                                                          \
        for (; column_ < (own).end; column_ += HALF) {                                             \
            const size_t left_ = (own).end - column_;                                              \
            CALL(column_, 1, left_ < HALF ? left_ : HALF);                                         \
        }                                                                                          \
    } while (0)

SML__INLINE sml__range own_columns(const sml__pass *pass)
{
    return sml__share(pass->n_out, BLOCK, pass->rank, pass->size);
}

/* The gradient of n of γ and β: mean times Σ_s δ x̂ and Σ_s δ, or added to what is there. */
SML__INLINE void write_gradient(const sml__pass *pass, size_t first, size_t n,
                                const double *delta_sums, const double *product_sums)
{
    for (size_t j = 0; j < n; j++) {
        float *d_gamma = pass->d_weight + first + j, *d_beta = pass->d_bias + first + j;
        const float gamma = pass->accumulate ? *d_gamma : 0.0F;
        const float beta = pass->accumulate ? *d_beta : 0.0F;
        *d_gamma = gamma + (float)((double)pass->mean * product_sums[j]);
        *d_beta = beta + (float)((double)pass->mean * delta_sums[j]);
    }
}

#endif
