/* Softmax with cross-entropy, on logits z and a distribution y over n classes (docs/network.md):
 *   a_k = e^(z_k - M) / Σ_j e^(z_j - M),  M = max z
 *   C_s = -Σ_k y_k ln a_k = Σ_k y_k (M - z_k + ln Σ_j e^(z_j - M))
 *   δ_k = a_k Σ_j y_j - y_k,  which is a_k - y_k since Σ y = 1
 * The logarithm is never clipped, so C and δ are one function and its derivative.
 * Label smoothing ε: y becomes (1 - ε) y + ε / n. Szegedy et al., 2016; as in PyTorch. */
#include "math/elementary.h"
#include "math/isa.h"
#include "nn/loss.h"

#include <math.h>

static float largest(const float *z, size_t n)
{
    float m = z[0];
    for (size_t k = 1; k < n; k++) {
        m = z[k] > m ? z[k] : m;
    }
    return m;
}

/* Σ_j e^(z_j - M). */
static double sum_of_exponentials(const float *z, size_t n, float m)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        sum += (double)sml__exp(z[k] - m);
    }
    return sum;
}

/* The same, with the terms kept in out[n], where a vector of them is computed at once. */
static double keep_exponentials(const float *z, size_t n, float m, float *out)
{
    double sum = 0;
#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        out[k] = sml__exp(z[k] - m);
    }
    for (size_t k = 0; k < n; k++) {
        sum += (double)out[k];
    }
    return sum;
}

static double row(const float *z, const float *y, size_t n, double smoothing, float *delta)
{
    const float m = largest(z, n);
    const double sum =
        delta != NULL ? keep_exponentials(z, n, m, delta) : sum_of_exponentials(z, n, m);
    const double log_sum = log(sum);
    double loss = 0, total = 0;
    for (size_t k = 0; k < n; k++) {
        const double target = (1.0 - smoothing) * (double)y[k] + smoothing / (double)n;
        total += target;
        /* A class of no weight adds nothing, however unlikely it is. */
        loss += target != 0 ? target * ((double)m - (double)z[k] + log_sum) : 0;
    }
    const double scale = total / sum;
    for (size_t k = 0; k < n && delta != NULL; k++) {
        const double target = (1.0 - smoothing) * (double)y[k] + smoothing / (double)n;
        delta[k] = (float)((double)delta[k] * scale - target);
    }
    return loss;
}

static double row_f64(const double *z, const double *y, size_t n, double smoothing, double *delta)
{
    double m = z[0], sum = 0, loss = 0, total = 0;
    for (size_t k = 1; k < n; k++) {
        m = fmax(m, z[k]);
    }
    for (size_t k = 0; k < n; k++) {
        sum += exp(z[k] - m);
    }
    for (size_t k = 0; k < n; k++) {
        const double target = (1.0 - smoothing) * y[k] + smoothing / (double)n;
        total += target;
        loss += target * (m - z[k] + log(sum));
    }
    for (size_t k = 0; k < n && delta != NULL; k++) {
        const double target = (1.0 - smoothing) * y[k] + smoothing / (double)n;
        delta[k] = exp(z[k] - m) / sum * total - target;
    }
    return loss;
}

static void output(const float *z, size_t n, float *out)
{
    const float m = largest(z, n);
    const double sum = keep_exponentials(z, n, m, out);
    for (size_t k = 0; k < n; k++) {
        out[k] = (float)((double)out[k] / sum);
    }
}

extern const sml__loss ISA(cross_entropy_loss);
const sml__loss ISA(cross_entropy_loss) = {
    .name = "cross_entropy",
    .task = SML_TASK_CLASSIFICATION,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
