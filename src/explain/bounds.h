/* How far a float32 number of the engine may lie from the same number in double, computed from the
 * same float32 numbers before it. u = 2^-24 is the unit roundoff of float32; Higham, "Accuracy and
 * Stability of Numerical Algorithms", 2002, chapters 2 and 3. */
#ifndef SML_EXPLAIN_BOUNDS_H
#define SML_EXPLAIN_BOUNDS_H

#include <stddef.h>

#define SML__ROUNDOFF 0x1p-24
#define SML__TINY     0x1p-149 /* the least positive float32: what underflows is wrong by less */

/* γ_n = n u / (1 - n u): what n roundings one after the other make of a number at most. Infinite
 * where n u ≥ 1. */
double sml__gamma(size_t n);

/* A sum in float32, Σ |terms| = absolute, no term of which passes more than n roundings, and so
 * many products that may underflow. Infinite where it may overflow. */
double sml__sum_bound(size_t n, double absolute, double underflows);

/* A sum of floats in double, times a float, rounded once. */
double sml__double_sum_bound(double total, double absolute);

/* Whether |engine - exact| ≤ bound, or both are NaN, or both the same infinity. */
int sml__agrees(double engine, double exact, double bound);

/* Relative errors of the functions in math/elementary.h as the layers and losses use them, in units
 * of u; the tests measure them. */
typedef struct sml__accuracy {
    const char *name; /* of an activation */
    double f;         /* |a - f(z)| ≤ f u max(|f|, |z f'|) + 2^-126 */
    double slope;     /* |δ - ∂C/∂a f'| ≤ slope u |∂C/∂a| max(|f'|, 1/2) */
} sml__accuracy;

/* NULL for what is not an activation. */
const sml__accuracy *sml__activation_accuracy(const char *name);

#endif
