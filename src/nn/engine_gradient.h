/* The float32 engine's own gradient, held against the twin's. */
#ifndef SML_NN_ENGINE_GRADIENT_H
#define SML_NN_ENGINE_GRADIENT_H

#include "nn/twin.h"

/* Loss and gradient of all rows of data as one batch, by the engine, dropout off, batch norm
 * with its running statistics, penalties left out: gradient[n_parameters]. */
sml_status sml__engine_gradient(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                double label_smoothing, float *gradient, double *loss);

/* The largest over all tensors of max |engine - twin| / max |twin|, the engine's gradient against
 * that of sml__twin_backward. A tensor whose gradient is zero everywhere counts with max |engine|.
 */
double sml__engine_error(const sml__network *network, const float *gradient, const sml__twin *twin);

#endif
