/* Softplus: a = ln(1 + e^z) = max(0, z) + ln(1 + e^-|z|), f'(z) = σ(z). The second form has no
 * overflow and no cancellation. */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

SML__INLINE float f(float z, float value)
{
    (void)value;
    const float magnitude = z < 0 ? -z : z;
    return (z < 0 ? 0 : z) + sml__log1p(sml__exp(-magnitude));
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    return sml__sigmoid(z);
}

static double f_f64(double z, double value)
{
    (void)value;
    return (z < 0 ? 0 : z) + log1p(exp(-fabs(z)));
}

static double slope_f64(double z, double value)
{
    (void)value;
    return 1.0 / (1.0 + exp(-z));
}

extern const sml__layer_type ISA(softplus_layer);
const sml__layer_type ISA(softplus_layer) = {
    .name = "softplus",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
