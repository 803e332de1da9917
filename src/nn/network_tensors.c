#include "nn/network_tensors.h"

#include <stdio.h>
#include <string.h>

static const char *const BUFFER_NAMES[] = {"running_mean", "running_var"};

size_t sml__network_tensor_count(const sml__network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer_type *type = network->layers[l].type;
        count += type->gradient == NULL ? 0 : type->has_buffers ? 2 + SML__BUFFERS : 2;
    }
    return count;
}

size_t sml__layer_number(const sml__network *network, size_t l)
{
    size_t number = 0;
    for (size_t below = 0; below < l; below++) {
        number += network->layers[below].type->gradient != NULL;
    }
    return number;
}

/* A vector of layer l; number counts the layers with parameters. */
static sml__tensor_place vector_of(const sml__network *network, size_t l, size_t number,
                                   const char *name, size_t at)
{
    sml__tensor_place place = {
        .rank = 1, .shape = {network->layers[l].n_out, 0}, .layer = l, .at = at};
    snprintf(place.name, sizeof place.name, "layers.%zu.%s", number, name);
    return place;
}

void sml__network_tensors(const sml__network *network, sml__tensor_place *places)
{
    size_t number = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (layer->type->gradient == NULL) {
            continue;
        }
        sml__tensor_place weight = vector_of(network, l, number, "weight", layer->weight);
        if (layer->type->has_units) {
            weight.rank = 2;
            weight.shape[1] = layer->n_in;
        }
        *places++ = weight;
        *places++ = vector_of(network, l, number, "bias", layer->bias);
        for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++, places++) {
            *places = vector_of(network, l, number, BUFFER_NAMES[i], layer->buffers[i]);
            places->is_buffer = 1;
            places->is_variance = i == 1;
        }
        number++;
    }
}

void sml__tensor_copy_out(const sml__network *network, const sml__tensor_place *place,
                          const float *flat, float *values)
{
    const sml__layer *layer = &network->layers[place->layer];
    const float *from = flat + place->at;
    if (place->rank == 1) {
        memcpy(values, from, place->shape[0] * sizeof(float));
        return;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        for (size_t i = 0; i < layer->n_in; i++) {
            values[j * layer->n_in + i] = from[i * layer->stride + j];
        }
    }
}

void sml__tensor_copy_in(const sml__network *network, const sml__tensor_place *place,
                         const float *values, float *flat)
{
    const sml__layer *layer = &network->layers[place->layer];
    float *to = flat + place->at;
    if (place->rank == 1) {
        memcpy(to, values, place->shape[0] * sizeof(float));
        return;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        for (size_t i = 0; i < layer->n_in; i++) {
            to[i * layer->stride + j] = values[j * layer->n_in + i];
        }
    }
}
