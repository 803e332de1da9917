/* Sigmoid: a = σ(z) = 1 / (1 + e^-z), f'(z) = σ(z) σ(-z): the same as σ (1 - σ), without the
 * cancellation for large z. */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

SML__INLINE float f(float z, float value)
{
    (void)value;
    return sml__sigmoid(z);
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    return sml__sigmoid(z) * sml__sigmoid(-z);
}

static double f_f64(double z, double value)
{
    (void)value;
    return 1.0 / (1.0 + exp(-z));
}

static double slope_f64(double z, double value)
{
    (void)value;
    return 1.0 / (1.0 + exp(-z)) / (1.0 + exp(z));
}

extern const sml__layer_type ISA(sigmoid_layer);
const sml__layer_type ISA(sigmoid_layer) = {
    .name = "sigmoid",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "glorot",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
