/* The names of all layers, losses and optimisers. One line here and one file beside the others
 * adds one: layers/NAME.c exports ISA(NAME_layer), losses/NAME.c ISA(NAME_loss), optimizers/NAME.c
 * ISA(NAME_optimizer). */
#ifndef SML_NN_REGISTRY_H
#define SML_NN_REGISTRY_H

#include "math/kernels.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

/* Activations: layers that act on each number alone. */
#define SML__ACTIVATION_LIST(X)                                                                    \
    X(identity)                                                                                    \
    X(relu)                                                                                        \
    X(leaky_relu)                                                                                  \
    X(elu)                                                                                         \
    X(gelu)                                                                                        \
    X(silu)                                                                                        \
    X(sigmoid)                                                                                     \
    X(tanh)                                                                                        \
    X(softplus)

#define SML__LAYER_LIST(X)                                                                         \
    X(dense)                                                                                       \
    X(dropout)                                                                                     \
    X(batch_norm)                                                                                  \
    X(layer_norm)                                                                                  \
    SML__ACTIVATION_LIST(X)

#define SML__LOSS_LIST(X)                                                                          \
    X(cross_entropy)                                                                               \
    X(binary_cross_entropy)                                                                        \
    X(mean_squared_error)                                                                          \
    X(mean_absolute_error)                                                                         \
    X(huber)

#define SML__OPTIMIZER_LIST(X)                                                                     \
    X(sgd)                                                                                         \
    X(momentum)                                                                                    \
    X(nesterov)                                                                                    \
    X(rmsprop)                                                                                     \
    X(adagrad)                                                                                     \
    X(adam)                                                                                        \
    X(adamw)

#define SML__COUNT_ONE(name) +1
enum {
    SML__LAYERS = 0 SML__LAYER_LIST(SML__COUNT_ONE),
    SML__LOSSES = 0 SML__LOSS_LIST(SML__COUNT_ONE),
    SML__OPTIMIZERS = 0 SML__OPTIMIZER_LIST(SML__COUNT_ONE)
};

/* Everything of the registry for one instruction set. */
typedef struct sml__kit {
    const sml__layer_type *const *layers;    /* [SML__LAYERS] */
    const sml__loss *const *losses;          /* [SML__LOSSES] */
    const sml__optimizer *const *optimizers; /* [SML__OPTIMIZERS] */
} sml__kit;

/* The kit for an available instruction set. */
const sml__kit *sml__kit_for(sml__isa isa);

/* By name, from the best set of this processor; NULL for an unknown name. */
const sml__layer_type *sml__layer_named(const char *name);
const sml__loss *sml__loss_named(const char *name);
const sml__optimizer *sml__optimizer_named(const char *name);

/* The loss that "auto" means for a task; NULL for SML_TASK_NONE. */
const sml__loss *sml__loss_for(sml_task task);

#endif
