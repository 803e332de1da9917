#include "math/ref/gemm.h"

#include <math.h>

static double start_of(const sml__gemm *gemm, size_t i, size_t j)
{
    if (gemm->accumulate) {
        return (double)gemm->c[i * gemm->c_row + j];
    }
    return gemm->start != NULL ? (double)gemm->start[j] : 0;
}

void sml__gemm_ref(const sml__gemm *gemm, double *c, double *terms)
{
    for (size_t i = 0; i < gemm->m; i++) {
        for (size_t j = 0; j < gemm->n; j++) {
            double sum = 0, size = 0;
            for (size_t p = 0; p < gemm->k; p++) {
                const double product = (double)gemm->a[i * gemm->a_row + p * gemm->a_column] *
                                       (double)gemm->b[p * gemm->b_row + j * gemm->b_column];
                sum += product;
                size += fabs(product);
            }
            const double alpha = (double)gemm->alpha, start = start_of(gemm, i, j);
            c[i * gemm->n + j] = alpha * sum + start;
            if (terms != NULL) {
                terms[i * gemm->n + j] = fabs(alpha) * size + fabs(start);
            }
        }
    }
}
