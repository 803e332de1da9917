/* Tanh: a = tanh z, f'(z) = 1 - tanh² z, computed as 4 σ(2z) σ(-2z): without the cancellation for
 * large |z|. */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

SML__INLINE float f(float z, float value)
{
    (void)value;
    return sml__tanh(z);
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    return 4.0F * sml__sigmoid(2.0F * z) * sml__sigmoid(-2.0F * z);
}

static double f_f64(double z, double value)
{
    (void)value;
    return tanh(z);
}

static double slope_f64(double z, double value)
{
    (void)value;
    const double c = cosh(z);
    return 1.0 / (c * c);
}

extern const sml__layer_type ISA(tanh_layer);
const sml__layer_type ISA(tanh_layer) = {
    .name = "tanh",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "glorot",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
