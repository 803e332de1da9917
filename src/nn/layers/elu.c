/* ELU with α = value: a = z for z > 0, α (e^z - 1) otherwise; f'(z) = 1 for z > 0, α e^z otherwise.
 * Clevert et al., "Fast and accurate deep network learning by exponential linear units", 2016. For
 * α = 1 the slope has no jump at 0, but its derivative has: the gradient check counts that too. */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

SML__INLINE float f(float z, float value)
{
    return z > 0 ? z : value * sml__expm1(z);
}

SML__INLINE float slope(float z, float value)
{
    return z > 0 ? 1.0F : value * sml__exp(z);
}

static double f_f64(double z, double value)
{
    return z > 0 ? z : value * expm1(z);
}

static double slope_f64(double z, double value)
{
    return z > 0 ? 1.0 : value * exp(z);
}

extern const sml__layer_type ISA(elu_layer);
const sml__layer_type ISA(elu_layer) = {
    .name = "elu",
    .has_kink = 1,
    .minimum = 0,
    .maximum = 10,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
