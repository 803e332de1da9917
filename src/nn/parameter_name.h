/* A single number of a network by its name, such as "layers.0.weight[13,407]": the tensors of the
 * model file with a place in them. */
#ifndef SML_NN_PARAMETER_NAME_H
#define SML_NN_PARAMETER_NAME_H

#include "nn/network.h"

enum { SML__PARAMETER_NAME = 64 };

typedef enum sml__parameter_kind {
    SML__WEIGHT, /* of a dense layer, or γ */
    SML__BIAS,   /* or β */
    SML__RUNNING_MEAN,
    SML__RUNNING_VARIANCE
} sml__parameter_kind;

typedef struct sml__parameter {
    sml__parameter_kind kind;
    size_t layer;       /* of the network */
    size_t unit, input; /* input: of a weight of a dense layer; else 0 */
} sml__parameter;

/* Where it lies in an array that is laid out as the parameters. Running statistics lie behind
 * them. */
size_t sml__parameter_position(const sml__network *network, const sml__parameter *place);

/* Weights of a unit of a layer that has parameters: those of its inputs, or γ alone. */
size_t sml__weights_of_unit(const sml__layer *layer);

/* "layers.0.weight[13,407]", unit then input; "layers.1.weight[13]" for γ; "layers.0.bias[13]",
 * "layers.1.running_mean[13]", "layers.1.running_var[13]". */
void sml__parameter_text(const sml__network *network, const sml__parameter *place,
                         char text[SML__PARAMETER_NAME]);

/* The reverse, without spaces or signs in the numbers.
 * Errors: SML_BAD_ARGUMENT with what the network has in its place. */
sml_status sml__parameter_parse(sml_ctx *ctx, const sml__network *network, const char *text,
                                sml__parameter *out);

#endif
