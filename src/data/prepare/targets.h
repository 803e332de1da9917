/* Targets of a regression as a network is trained on them, and its outputs in their own units. A
 * target y of output k becomes (y - shift) · factor; an output z becomes z / factor + shift. */
#ifndef SML_DATA_PREPARE_TARGETS_H
#define SML_DATA_PREPARE_TARGETS_H

#include "data/dataset.h"

typedef struct sml__target_scale {
    double shift, factor; /* factor > 0 */
} sml__target_scale;

/* Fitted on training rows, and then constants only. */
typedef struct sml__target_scaling {
    size_t n;                /* outputs */
    sml__target_scale out[]; /* [n] */
} sml__target_scaling;

/* n outputs, all zero: NULL with an error in ctx. Free it with sml__free. */
sml__target_scaling *sml__target_scaling_new(sml_ctx *ctx, size_t n);

/* Mean and standard deviation of each target over all rows of train, as of columns: a row counts
 * once, whatever it weighs, and a constant keeps its unit. train is a regression.
 * Errors: SML_NO_MEMORY. */
sml_status sml__target_scaling_fit(sml_ctx *ctx, const sml_dataset *train,
                                   sml__target_scaling **out);

/* Targets of one row, in place: rounded once. */
void sml__targets_scale(const sml__target_scaling *scaling, float *targets);

/* The reverse, of outputs[rows, n]; nothing to do where scaling is NULL. */
void sml__targets_restore(const sml__target_scaling *scaling, size_t rows, float *outputs);

#endif
