/* Elementary functions in float32, without branches, so that a loop over them vectorises.
 * Relative error ≤ 3e-7 where the result is a normal number; NaN in, NaN out. */
#ifndef SML_MATH_ELEMENTARY_H
#define SML_MATH_ELEMENTARY_H

#include "math/isa.h"

#include <stdint.h>
#include <string.h>

/* e^x = s + s p, with s = 2^n, n = round(x / ln 2), p = e^r - 1, r = x - n ln 2, |r| ≤ ln 2 / 2.
 * s is handed out in two halves of the exponent, so that it reaches denormals and infinity. */
typedef struct sml__exp_parts {
    float p, half_scale, rest_scale;
} sml__exp_parts;

SML__INLINE float sml__power_of_two(int32_t exponent)
{
    const uint32_t bits = ((uint32_t)exponent + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

SML__INLINE sml__exp_parts sml__exp_split(float x)
{
    const float rounder = 12582912.0F; /* 1.5 · 2^23: adding it rounds to an integer */
    x = x > 89.0F ? 89.0F : x;         /* e^89 is infinite in float32 */
    x = x < -104.0F ? -104.0F : x;     /* e^-104 is 0 in float32 */
    const float shifted = x * 1.44269504F + rounder;
    const float n = shifted - rounder;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const int32_t exponent = bits - 0x4B400000;                  /* the bits of rounder */
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F; /* ln 2 in two parts */
    /* Taylor series of e^r - 1 to r^7: the rest is below 1e-8 of r. */
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    p = p * r * r + r;
    const int32_t half = exponent >> 1;
    const sml__exp_parts parts = {p, sml__power_of_two(half), sml__power_of_two(exponent - half)};
    return parts;
}

/* e^x; 0 below -104, infinity above 88.72. */
SML__INLINE float sml__exp(float x)
{
    const sml__exp_parts e = sml__exp_split(x);
    return (1.0F + e.p) * e.half_scale * e.rest_scale;
}

/* e^x - 1, exact to float32 near 0 also: s p + (s - 1). */
SML__INLINE float sml__expm1(float x)
{
    const sml__exp_parts e = sml__exp_split(x);
    const float scale = e.half_scale * e.rest_scale;
    return scale * e.p + (scale - 1.0F);
}

/* tanh x = -t / (t + 2) with t = e^(-2|x|) - 1, the sign put back. */
SML__INLINE float sml__tanh(float x)
{
    const float t = sml__expm1(-2.0F * (x < 0 ? -x : x));
    const float y = -t / (t + 2.0F);
    return x < 0 ? -y : y;
}

/* σ(x) = 1 / (1 + e^-x). */
SML__INLINE float sml__sigmoid(float x)
{
    return 1.0F / (1.0F + sml__exp(-x));
}

/* ln(1 + u) = 2 artanh(u / (2 + u)) for 0 ≤ u ≤ 1: odd series in s ≤ 1/3, to s^15. */
SML__INLINE float sml__log1p(float u)
{
    const float s = u / (2.0F + u);
    const float q = s * s;
    float sum = 2.0F / 15;
    sum = sum * q + 2.0F / 13;
    sum = sum * q + 2.0F / 11;
    sum = sum * q + 2.0F / 9;
    sum = sum * q + 2.0F / 7;
    sum = sum * q + 2.0F / 5;
    sum = sum * q + 2.0F / 3;
    return (sum * q + 2.0F) * s;
}

#endif
