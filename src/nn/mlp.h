/* The state of the algorithm "mlp": its layers as the user said them, and the network. */
#ifndef SML_NN_MLP_H
#define SML_NN_MLP_H

#include "model/algorithm.h"
#include "nn/network_tensors.h"

typedef struct sml__mlp {
    sml_layer *specs; /* [n_specs]; type points into the registry */
    size_t n_specs;
    int explicit_layers;        /* given layer by layer, not by hidden, activation and the like */
    sml__network *network;      /* NULL before the first fit */
    sml__tensor_place *tensors; /* [n_tensors] of network */
    size_t n_tensors;
} sml__mlp;

extern const sml__algorithm sml__mlp_algorithm;

void sml__mlp_free(sml__mlp *mlp);

/* A state for layers given one by one; specs[n] are checked already and copied.
 * Errors: SML_NO_MEMORY. */
sml_status sml__mlp_of_layers(sml_ctx *ctx, const sml_layer *specs, size_t n, int explicit_layers,
                              sml__mlp **out);

/* Layers from hidden, normalization, activation and dropout, and a last one for the outputs.
 * Errors: SML_BAD_ARGUMENT (too many hidden layers), SML_NO_MEMORY. */
sml_status sml__mlp_of_settings(sml_ctx *ctx, const sml_model *model, sml__mlp **out);

/* Refuses a model given layer by layer whose hidden, normalization, activation or dropout were set
 * too. */
sml_status sml__mlp_check_explicit(sml_ctx *ctx, const sml_model *model);

/* Gives mlp the network of its layers, with all parameters zero, for the model's shapes.
 * Errors: SML_BAD_SHAPE, SML_NO_MEMORY, as sml__network_create. */
sml_status sml__mlp_build(sml_ctx *ctx, sml__mlp *mlp, const sml_model *model,
                          const sml__loss *loss, size_t max_parameters);

/* Tensor `index` of the model's network, as the file has it, out of or into an array that is laid
 * out as the parameters. */
void sml__mlp_copy_out(const sml_model *model, size_t index, const float *flat, float *values);
void sml__mlp_copy_in(const sml_model *model, size_t index, const float *values, float *flat);

/* Whether a tensor is a running statistic: arrays of gradients and optimisers have it not. */
int sml__mlp_is_buffer(const sml_model *model, size_t index);

/* The loss of the settings; NULL with an error in ctx where it does not suit the task. */
const sml__loss *sml__mlp_loss(sml_ctx *ctx, const sml_model *model);

#endif
