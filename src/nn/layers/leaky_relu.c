/* Leaky ReLU with slope s = value: a = z for z > 0, s z otherwise; f'(z) = 1 for z > 0, s
 * otherwise. f'(0) = s is a convention, and PyTorch's. */
#include "nn/layers/elementwise.h"

SML__INLINE float f(float z, float value)
{
    return z > 0 ? z : value * z;
}

SML__INLINE float slope(float z, float value)
{
    return z > 0 ? 1.0F : value;
}

static double f_f64(double z, double value)
{
    return z > 0 ? z : value * z;
}

static double slope_f64(double z, double value)
{
    return z > 0 ? 1.0 : value;
}

extern const sml__layer_type ISA(leaky_relu_layer);
const sml__layer_type ISA(leaky_relu_layer) = {
    .name = "leaky_relu",
    .has_kink = 1,
    .minimum = 0,
    .maximum = 1,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
