/* The gradient check: the chain rule against central differences, in double. */
#ifndef SML_NN_GRADCHECK_H
#define SML_NN_GRADCHECK_H

#include "nn/network.h"

typedef struct sml__penalties {
    double label_smoothing, l1, l2;
} sml__penalties;

/* As sml_network_check, on a network. */
sml_status sml__gradient_check(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, sml_progress_fn progress,
                               void *user, sml_gradient_check *result);

#endif
