/* What a pipeline needs to know about the columns of training rows. */
#ifndef SML_DATA_PREPARE_MOMENTS_H
#define SML_DATA_PREPARE_MOMENTS_H

#include "data/dataset.h"

/* Rows that are read at once. */
enum { SML__ROWS_READ = 64 };

/* Of the values of a column; missing cells are left out. */
typedef struct sml__moments {
    uint64_t n;           /* values */
    size_t first_missing; /* row of the first missing cell; `rows` where there is none */
    double mean, m2;      /* m2 = Σ (x - mean)² */
    double minimum, maximum;
} sml__moments;

/* out[columns]. Reads the rows in blocks of 4096 in their order, each twice (mean, then squares),
 * and joins blocks by Chan, Golub and LeVeque, so the result does not depend on where rows lie. */
sml_status sml__moments_of(sml_ctx *ctx, const sml_dataset *data, sml__moments *out);

/* 1 / √variance; 1 where the variance is 0 or rounding alone. */
double sml__moments_standard_factor(const sml__moments *moments);

/* The moments once n more cells have the value x. */
void sml__moments_fill(sml__moments *moments, uint64_t n, double x);

/* counts[starts[c] + k]: how often category k occurs in column c; starts[c] == starts[c + 1] for a
 * numeric column. */
sml_status sml__category_counts(sml_ctx *ctx, const sml_dataset *data, const size_t *starts,
                                uint64_t *counts);

/* out[columns]: the median of each column (of an even number, the mean of the two in the middle),
 * or its most frequent value (the lowest on ties); 0 for a column without values. */
sml_status sml__column_medians(sml_ctx *ctx, const sml_dataset *data, double *out);
sml_status sml__column_modes(sml_ctx *ctx, const sml_dataset *data, double *out);

#endif
