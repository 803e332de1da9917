/* Identity: a = z, f'(z) = 1. The logits of a regression, or a linear layer on purpose. */
#include "nn/layers/elementwise.h"

SML__INLINE float f(float z, float value)
{
    (void)value;
    return z;
}

SML__INLINE float slope(float z, float value)
{
    (void)z;
    (void)value;
    return 1.0F;
}

static double f_f64(double z, double value)
{
    (void)value;
    return z;
}

static double slope_f64(double z, double value)
{
    (void)z;
    (void)value;
    return 1.0;
}

extern const sml__layer_type ISA(identity_layer);
const sml__layer_type ISA(identity_layer) = {
    .name = "identity",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "glorot",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
