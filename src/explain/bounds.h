/* How far a float32 number of the engine may lie from the same number in double, computed from the
 * same float32 numbers before it. u = 2^-24 is the unit roundoff of float32; Higham, "Accuracy and
 * Stability of Numerical Algorithms", 2002, chapters 2 and 3. */
#ifndef SML_EXPLAIN_BOUNDS_H
#define SML_EXPLAIN_BOUNDS_H

#include <stddef.h>

#define SML__ROUNDOFF 0x1p-24
#define SML__TINY     0x1p-149 /* the least positive float32: what underflows is wrong by less */

#define SML__LARGEST                                                                               \
    0x1p127 /* half of float32's range: what is beyond it may overflow on its way */

/* γ_n = n u / (1 - n u): what n roundings one after the other make of a number at most. Infinite
 * where n u ≥ 1. */
double sml__gamma(size_t n);

/* A sum in float32, Σ |terms| = absolute, no term of which passes more than n roundings, and so
 * many products that may underflow. Infinite where it may overflow. */
double sml__sum_bound(size_t n, double absolute, double underflows);

/* A weight's gradient scale Σ_s δ_s x_s over n rows, Σ |δ_s x_s| = absolute, Σ |x_s| = inputs: 1/Σw
 * is a rounded float, and it, or its product with the sum or with each δ, is rounded again. */
double sml__gradient_bound(size_t n, double absolute, double scale, double inputs);

/* A sum of floats in double, times a float, rounded once. */
double sml__double_sum_bound(double total, double absolute);

/* What x̂ = (z - μ) r in float is off by, in units of u: μ and r are rounded, and two operations; μ,
 * and so the difference, and the product may underflow. */
double sml__normalised_error(double normalised, double mean, double factor);

/* That of γ's gradient beyond sml__double_sum_bound: slack is Σ_s |δ_s| times the error of x̂. */
double sml__normalised_bound(size_t n, double slack, double scale);

/* Whether |engine - exact| ≤ bound; equal numbers need no bound, which may be NaN. What is not
 * finite has no distance, so it agrees with nothing, itself included. */
int sml__agrees(double engine, double exact, double bound);

/* Relative errors of the functions in math/elementary.h as losses and layers use them, in units of
 * u; tests/explain/test_accuracy.c measures them. */
#define SML__EXPONENTIAL 3.0
#define SML__SIGMOID     4.0
#define SML__SOFTPLUS    6.0 /* ln(1 + e^-|z|) */
typedef struct sml__accuracy {
    const char *name; /* of an activation */
    double f;         /* |a - f(z)| ≤ f (u max(|f|, |z f'|) + 2^-126 (1 + |z|)): e^z underflows */
    double slope;     /* |δ - ∂C/∂a f'| ≤ slope (u |∂C/∂a| max(|f'|, 1/2) + 2^-149) */
} sml__accuracy;

/* NULL for what is not an activation. */
const sml__accuracy *sml__activation_accuracy(const char *name);

#endif
