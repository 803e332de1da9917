/* Losses of the residual r = z - y, averaged over the n targets of a sample; the output function
 * is the identity:  C_s = (1/n) Σ_k c(r_k),  δ_k = c'(r_k) / n. */
#ifndef SML_NN_LOSSES_RESIDUAL_H
#define SML_NN_LOSSES_RESIDUAL_H

#include "math/isa.h"
#include "nn/loss.h"

#include <string.h>

SML__INLINE double sml__residual_row(const float *z, const float *y, size_t n, float *delta,
                                     double (*c)(double r), double (*slope)(double r))
{
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        const double r = (double)z[k] - (double)y[k];
        loss += c(r);
        if (delta != NULL) {
            delta[k] = (float)(slope(r) / (double)n);
        }
    }
    return loss / (double)n;
}

SML__INLINE double sml__residual_row_f64(const double *z, const double *y, size_t n, double *delta,
                                         double (*c)(double r), double (*slope)(double r))
{
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        const double r = z[k] - y[k];
        loss += c(r);
        if (delta != NULL) {
            delta[k] = slope(r) / (double)n;
        }
    }
    return loss / (double)n;
}

SML__INLINE void sml__residual_output(const float *z, size_t n, float *out)
{
    memmove(out, z, n * sizeof(float));
}

#endif
