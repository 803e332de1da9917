/* The tensors of a network by name, over any array laid out as its parameters: the model file, and
 * whatever else keeps a network, reads and writes them here. */
#ifndef SML_NN_NETWORK_TENSORS_H
#define SML_NN_NETWORK_TENSORS_H

#include "nn/network.h"

enum { SML__TENSOR_NAME = 40 };

/* "layers.N.weight" [n_out, n_in] and "layers.N.bias" of dense layers, the same names [n_out] for γ
 * and β of norms, and "layers.N.running_mean", "layers.N.running_var" of batch norm. N counts the
 * layers that have parameters. */
typedef struct sml__tensor_place {
    char name[SML__TENSOR_NAME];
    size_t rank, shape[2];
    size_t layer;
    size_t at;       /* where it begins in the array */
    int is_buffer;   /* it lies behind the parameters: arrays of n_parameters have it not */
    int is_variance; /* its numbers must not be negative */
} sml__tensor_place;

size_t sml__network_tensor_count(const sml__network *network);

/* Layers with parameters below network layer l: the N of layers.N, where it has some itself. */
size_t sml__layer_number(const sml__network *network, size_t l);

/* places[sml__network_tensor_count], in the order of the layers. */
void sml__network_tensors(const sml__network *network, sml__tensor_place *places);

/* values, row-major in the tensor's shape, from flat, or to it. */
void sml__tensor_copy_out(const sml__network *network, const sml__tensor_place *place,
                          const float *flat, float *values);
void sml__tensor_copy_in(const sml__network *network, const sml__tensor_place *place,
                         const float *values, float *flat);

#endif
