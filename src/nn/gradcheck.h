/* The gradient check: the chain rule against central differences, in double. */
#ifndef SML_NN_GRADCHECK_H
#define SML_NN_GRADCHECK_H

#include "nn/network.h"

typedef struct sml__penalties {
    double label_smoothing, l1, l2;
} sml__penalties;

/* Who is called, with user; either may be NULL. */
typedef struct sml__check_calls {
    sml_progress_fn progress;
    sml_parameter_check_fn each;
    void *user;
} sml__check_calls;

/* As sml_network_check_each, on a network. */
sml_status sml__gradient_check(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, const sml__check_calls *calls,
                               sml_gradient_check *result);

/* As sml_network_check_parameter. */
sml_status sml__gradient_check_one(sml_ctx *ctx, const sml__network *network,
                                   const sml_dataset *data, const sml__penalties *penalties,
                                   const char *name, sml_parameter_check *out);

#endif
