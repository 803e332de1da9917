/* Metrics of one target among several. */
#ifndef SML_METRICS_REGRESSION_H
#define SML_METRICS_REGRESSION_H

#include <stddef.h>

/* sml_r2 of n values that lie `stride` apart. */
double sml__r2_of_column(const float *truth, const float *predicted, size_t n, size_t stride);

#endif
