/* Losses of the residual r = z - y, averaged over the n targets of a sample; the output function
 * is the identity:  C_s = (1/n) Σ_k c(r_k),  δ_k = c'(r_k) / n. */
#ifndef SML_NN_LOSSES_RESIDUAL_H
#define SML_NN_LOSSES_RESIDUAL_H

#include "math/isa.h"
#include "nn/loss.h"

#include <string.h>

/* The file that includes this defines them. */
static double c(double r);
static double slope(double r);

static double row(const float *z, const float *y, size_t n, double smoothing, float *delta)
{
    double loss = 0;
    (void)smoothing;
    for (size_t k = 0; k < n; k++) {
        const double r = (double)z[k] - (double)y[k];
        loss += c(r);
        if (delta != NULL) {
            delta[k] = (float)(slope(r) / (double)n);
        }
    }
    return loss / (double)n;
}

static double row_f64(const double *z, const double *y, size_t n, double smoothing, double *delta)
{
    double loss = 0;
    (void)smoothing;
    for (size_t k = 0; k < n; k++) {
        const double r = z[k] - y[k];
        loss += c(r);
        if (delta != NULL) {
            delta[k] = slope(r) / (double)n;
        }
    }
    return loss / (double)n;
}

static void output(const float *z, size_t n, float *out)
{
    memmove(out, z, n * sizeof(float));
}

#endif
