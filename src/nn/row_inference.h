/* Forward passes of one row after another, in memory that stays. */
#ifndef SML_NN_ROW_INFERENCE_H
#define SML_NN_ROW_INFERENCE_H

#include "nn/network.h"

typedef struct sml__row_inference sml__row_inference;

/* network must outlive it. Free with sml__row_inference_free. Errors: SML_NO_MEMORY. */
sml_status sml__row_inference_create(sml_ctx *ctx, const sml__network *network,
                                     sml__row_inference **out);

/* features[n_in] to outputs[n_out], probabilities or values. */
void sml__row_inference_run(sml__row_inference *run, const float *features, float *outputs);

void sml__row_inference_free(sml__row_inference *run);

#endif
