/* Initial weights keep the variance of the signal from layer to layer (docs/network.md):
 *   He      normal, σ = √(2 / n_in):       half of a ReLU's outputs are zero. He et al., 2015.
 *   Glorot  uniform in ±√(6 / (n_in + n_out)): forward and backward alike. Glorot, Bengio, 2010.
 *   LeCun   normal, σ = √(1 / n_in).       LeCun et al., "Efficient backprop", 1998.
 * and one that shows what goes wrong without chance:
 *   equal   1 / n_in, so that all units of a layer compute the same, and learn the same. */
#include "nn/initialise.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

/* The initialisation that suits what follows dense layer l: dropout is passed over. */
static const char *suited(const sml__network *network, size_t l)
{
    for (size_t next = l + 1; next < network->n_layers; next++) {
        if (network->layers[next].type->initial != NULL) {
            return network->layers[next].type->initial;
        }
    }
    return "glorot"; /* the logits */
}

static void fill(float *values, size_t n, float value)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = value;
    }
}

static void make_equal(float *weight, const sml__layer *layer)
{
    for (size_t i = 0; i < layer->n_in; i++) {
        fill(weight + i * layer->stride, layer->n_out, (float)(1.0 / (double)layer->n_in));
    }
}

/* Standard deviation of a normal weight; half the width of a uniform one. */
static double scale_of(const sml__layer *layer, const char *scheme)
{
    const double n_in = (double)layer->n_in, n_out = (double)layer->n_out;
    return strcmp(scheme, "glorot") == 0 ? sqrt(6.0 / (n_in + n_out))
           : strcmp(scheme, "he") == 0   ? sqrt(2.0 / n_in)
                                         : sqrt(1.0 / n_in);
}

/* A uniform weight in ±s has variance s² / 3. */
double sml__initial_square(const sml__network *network, size_t l)
{
    const sml__layer *layer = &network->layers[l];
    const char *scheme = suited(network, l);
    const double scale = scale_of(layer, scheme);
    const double variance = scale * scale / (strcmp(scheme, "glorot") == 0 ? 3 : 1);
    return (double)layer->n_in * (double)layer->n_out * variance;
}

/* Weights are drawn unit by unit, as the rows of W[n_out, n_in], and kept transposed. */
static void draw(float *weight, const sml__layer *layer, const char *scheme, sml__random *random)
{
    const int uniform = strcmp(scheme, "glorot") == 0;
    const double scale = scale_of(layer, scheme);
    for (size_t j = 0; j < layer->n_out; j++) {
        for (size_t i = 0; i < layer->n_in; i++) {
            const double unit =
                uniform ? 2.0 * sml__random_uniform(random) - 1.0 : sml__random_normal(random);
            weight[i * layer->stride + j] = (float)(scale * unit);
        }
    }
}

/* γ = 1, β = 0, as a batch of mean 0 and variance 1 had been seen. Other layers have none. */
static void start_norm(sml__network *network, const sml__layer *layer)
{
    if (layer->type->gradient != NULL) {
        fill(network->parameters + layer->weight, layer->n_out, 1);
        fill(network->parameters + layer->bias, layer->n_out, 0);
    }
    for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
        fill(network->parameters + layer->buffers[i], layer->n_out, (float)i);
    }
}

void sml__initialise(sml__network *network, const char *scheme, uint64_t seed)
{
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (!layer->type->has_units) {
            start_norm(network, layer);
            continue;
        }
        sml__random random;
        sml__random_init(&random, seed, SML__INITIALISE, 0, (uint32_t)l);
        const char *chosen = strcmp(scheme, "auto") == 0 ? suited(network, l) : scheme;
        if (strcmp(chosen, "equal") == 0) {
            make_equal(network->parameters + layer->weight, layer);
        } else {
            draw(network->parameters + layer->weight, layer, chosen, &random);
        }
        memset(network->parameters + layer->bias, 0, layer->n_out * sizeof(float));
    }
}
