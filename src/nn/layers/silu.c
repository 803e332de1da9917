/* SiLU: a = z σ(z), f'(z) = σ(z) (1 + z (1 - σ(z))).
 * Elfwing et al., "Sigmoid-weighted linear units", 2018. */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

SML__INLINE float f(float z, float value)
{
    (void)value;
    return z * sml__sigmoid(z);
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    const float sigma = sml__sigmoid(z);
    return sigma * (1.0F + z * (1.0F - sigma));
}

static double f_f64(double z, double value)
{
    (void)value;
    return z / (1.0 + exp(-z));
}

static double slope_f64(double z, double value)
{
    (void)value;
    const double sigma = 1.0 / (1.0 + exp(-z));
    return sigma * (1.0 + z * (1.0 - sigma));
}

extern const sml__layer_type ISA(silu_layer);
const sml__layer_type ISA(silu_layer) = {
    .name = "silu",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
