/* Sigmoid with binary cross-entropy on logits z, for n independent labels y (docs/network.md):
 *   a_k = σ(z_k)
 *   C_s = (1/n) Σ_k max(z_k, 0) - z_k y_k + ln(1 + e^-|z_k|)
 *   δ_k = (σ(z_k) - y_k) / n
 * PyTorch's BCEWithLogitsLoss; the form of C has no overflow and needs no clipping. */
#include "math/elementary.h"
#include "math/isa.h"
#include "nn/loss.h"

#include <math.h>

static double row_f64(const double *z, const double *y, size_t n, double smoothing, double *delta)
{
    (void)smoothing;
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        loss += (z[k] < 0 ? 0 : z[k]) - z[k] * y[k] + log1p(exp(-fabs(z[k])));
    }
    for (size_t k = 0; k < n && delta != NULL; k++) {
        delta[k] = (1.0 / (1.0 + exp(-z[k])) - y[k]) / (double)n;
    }
    return loss / (double)n;
}

static double row(const float *z, const float *y, size_t n, double smoothing, float *delta)
{
    (void)smoothing;
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        const float magnitude = z[k] < 0 ? -z[k] : z[k];
        const double positive = z[k] < 0 ? 0 : (double)z[k];
        loss += positive - (double)z[k] * (double)y[k] + (double)sml__log1p(sml__exp(-magnitude));
    }
    for (size_t k = 0; k < n && delta != NULL; k++) {
        delta[k] = (sml__sigmoid(z[k]) - y[k]) / (float)n;
    }
    return loss / (double)n;
}

static void output(const float *z, size_t n, float *out)
{
    for (size_t k = 0; k < n; k++) {
        out[k] = sml__sigmoid(z[k]);
    }
}

extern const sml__loss ISA(binary_cross_entropy_loss);
const sml__loss ISA(binary_cross_entropy_loss) = {
    .name = "binary_cross_entropy",
    .task = SML_TASK_MULTILABEL,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
