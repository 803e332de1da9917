/* ReLU: a = max(0, z), f'(z) = 1[z > 0].
 * f has no derivative at 0; f'(0) = 0 is a convention, and PyTorch's. NaN passes through. */
#include "nn/layers/elementwise.h"

SML__INLINE float f(float z, float value)
{
    (void)value;
    return z < 0 ? 0 : z;
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    return z > 0 ? 1.0F : 0.0F;
}

static double f_f64(double z, double value)
{
    (void)value;
    return z < 0 ? 0 : z;
}

static double slope_f64(double z, double value)
{
    (void)value;
    return z > 0 ? 1.0 : 0.0;
}

extern const sml__layer_type ISA(relu_layer);
const sml__layer_type ISA(relu_layer) = {
    .name = "relu",
    .has_kink = 1,
    .zero_stops = 1,
    .minimum = 0,
    .maximum = 0,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
