/* How much a row counts by its class. */
#ifndef SML_NN_CLASS_WEIGHTS_H
#define SML_NN_CLASS_WEIGHTS_H

#include "model/algorithm.h"

/* The setting class_weight as numbers, *out[outputs]; NULL for "none". sml__free it. balanced gives
 * w_k = N / (K N_k) over the N rows, K the number of classes that have some, and 0 to the others,
 * as scikit-learn's compute_class_weight.
 * Errors: SML_BAD_ARGUMENT (no labels, or another number of weights than of classes, or all rows
 * would weigh nothing), SML_NO_MEMORY. */
sml_status sml__class_weights(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                              float **out);

#endif
