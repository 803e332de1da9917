/* The plain twin of the dense product, in double. */
#ifndef SML_MATH_REF_GEMM_H
#define SML_MATH_REF_GEMM_H

#include "math/gemm.h"

/* c[m * n] = alpha · A B + S in double, row by row; `terms`, where it is not NULL, receives
 * |alpha| Σ_p |a_ip b_pj| + |s_ij|, to which rounding errors are proportional. */
void sml__gemm_ref(const sml__gemm *gemm, double *c, double *terms);

#endif
