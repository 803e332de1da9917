/* GELU: a = z Φ(z), f'(z) = Φ(z) + z φ(z), with the normal distribution's Φ and density φ: the
 * exact form, not the one through tanh. Hendrycks and Gimpel, "Gaussian error linear units", 2016.
 */
#include "math/elementary.h"
#include "nn/layers/elementwise.h"

#include <math.h>

/* Φ(-x) for x ≥ 0: e^(-x²/2) t P(t) with t = 1 / (1 + x/4). P was fitted by least squares of the
 * relative error at 400 Chebyshev nodes of t for 0 ≤ x ≤ 14; it is within 7e-8. */
SML__INLINE float normal_tail(float x, float density_shape)
{
    const float t = 1.0F / (1.0F + 0.25F * x);
    float p = 0.02616936F;
    p = p * t - 0.15490592F;
    p = p * t + 0.30030189F;
    p = p * t - 0.21038728F;
    p = p * t + 0.20481521F;
    p = p * t + 0.03167765F;
    p = p * t + 0.10405377F;
    p = p * t + 0.09847547F;
    p = p * t + 0.09979982F;
    return density_shape * t * p;
}

/* Φ(z), and e^(-z²/2) for the density. */
SML__INLINE float normal_cdf(float z, float *density_shape)
{
    const float magnitude = z < 0 ? -z : z;
    *density_shape = sml__exp(-0.5F * z * z);
    const float tail = normal_tail(magnitude, *density_shape);
    return z < 0 ? tail : 1.0F - tail;
}

SML__INLINE float f(float z, float value)
{
    (void)value;
    float shape;
    return z * normal_cdf(z, &shape);
}

SML__INLINE float slope(float z, float value)
{
    (void)value;
    float shape;
    const float cdf = normal_cdf(z, &shape);
    return cdf + z * shape * 0.398942280F; /* 1/√(2π) */
}

static double f_f64(double z, double value)
{
    (void)value;
    return 0.5 * z * erfc(-z * M_SQRT1_2);
}

static double slope_f64(double z, double value)
{
    (void)value;
    return 0.5 * erfc(-z * M_SQRT1_2) + z * exp(-0.5 * z * z) * 0.3989422804014327;
}

extern const sml__layer_type ISA(gelu_layer);
const sml__layer_type ISA(gelu_layer) = {
    .name = "gelu",
    .has_kink = 0,
    .minimum = 0,
    .maximum = 0,
    .initial = "he",
    .forward = forward,
    .backward = backward,
    .f = f_f64,
    .slope = slope_f64,
};
