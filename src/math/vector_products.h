/* One step of plain gradient descent through the weights of a layer, for a batch of one sample. */
#ifndef SML_MATH_VECTOR_PRODUCTS_H
#define SML_MATH_VECTOR_PRODUCTS_H

#include "math/gemm.h"

typedef struct sml__step {
    size_t n_in, stride;
    float *w;           /* [n_in, stride]; what is beyond the units is zero */
    const float *input; /* [n_in] */
    const float *delta; /* [stride], too */
    float *d_input;     /* [n_in]: W δ, with the weights as they were before the step */
    float alpha;        /* -η */
    int zero_stops;     /* d_input is of no use where input is 0: it is left 0 there */
} sml__step;

/* d_input and then W ← W + alpha · input deltaᵀ, with the bits that the products have one after the
 * other. */
typedef void sml__step_kernel(const sml__step *step);

#endif
