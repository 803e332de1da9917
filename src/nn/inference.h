/* Forward passes over a whole data set: predictions and scores. */
#ifndef SML_NN_INFERENCE_H
#define SML_NN_INFERENCE_H

#include "nn/network.h"

/* Writes the outputs (probabilities or values) of every row to outputs[rows, n_out]. */
sml_status sml__network_predict(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                float *outputs);

/* Mean loss, without smoothing and penalties, and accuracy (NaN for regression); in the same pass
 * the outputs, as above, where outputs is not NULL. */
sml_status sml__network_evaluate(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                 float *outputs, sml_scores *scores);

/* 1 when the logits of a row predict its target: the same largest class, or for independent labels
 * every one on its side of 1/2 (σ(z) > 1/2 where z > 0). */
int sml__is_hit(sml_task task, const float *logits, const float *target, size_t n);

#endif
