/* Units that begin alike, and so stay alike. */
#include "explain/doctor.h"
#include "nn/network_tensors.h"

/* Whether all units of a layer start with the same numbers: rows of W, which lie as columns of its
 * transpose, or γ, and the bias or β. */
static int are_inputs_equal(const sml__network *network, const sml__layer *layer)
{
    const float *w = network->parameters + layer->weight;
    const float *b = network->parameters + layer->bias;
    const size_t rows = layer->type->has_units ? layer->n_in : 1;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 1; j < layer->n_out; j++) {
            if (w[i * layer->stride + j] != w[i * layer->stride] || b[j] != b[0]) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether a dense layer listens to all units below alike. */
static int are_outputs_equal(const sml__network *network, const sml__layer *layer)
{
    const float *w = network->parameters + layer->weight;
    for (size_t i = 1; i < layer->n_in; i++) {
        for (size_t k = 0; k < layer->n_out; k++) {
            if (w[i * layer->stride + k] != w[k]) {
                return 0;
            }
        }
    }
    return 1;
}

/* Whether the units of a hidden dense layer l are the same unit many times over: equal weights in,
 * equal weights out and nothing random between. Such units get equal gradients, so they stay equal.
 */
static int has_equal_units(const sml__network *network, size_t l)
{
    const sml__layer *layers = network->layers;
    if (!layers[l].type->has_units || layers[l].n_out < 2 ||
        !are_inputs_equal(network, &layers[l])) {
        return 0;
    }
    for (size_t next = l + 1; next < network->n_layers; next++) {
        const sml__layer *layer = &layers[next];
        if (layer->type->has_units) {
            return are_outputs_equal(network, layer);
        }
        if (layer->type->is_random ||
            (layer->type->gradient != NULL && !are_inputs_equal(network, layer))) {
            return 0;
        }
    }
    return 0;
}

void sml__look_for_equal_weights(sml_doctor *doctor, const sml__training *t)
{
    const sml__network *network = t->network;
    const int is_new = !t->options->warm_start && t->state->steps == 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        if (!has_equal_units(network, l)) {
            continue;
        }
        const size_t block = sml__layer_number(network, l), units = network->layers[l].n_out;
        sml__finding *f = sml__doctor_add(doctor, "equal_weights", SML_FINDING_ERROR);
        f->shown.block = (int64_t)block;
        sml__finding_say(doctor, f, SML__TITLE, "layers.%zu: all %zu units are the same unit",
                         block, units);
        sml__finding_say(doctor, f, SML__TEXT,
                         "Their weights are equal when training begins, and so are the weights by "
                         "which they are read. Equal units get equal gradients in every step: they "
                         "stay equal for ever, and the layer is as one unit.");
        sml__finding_show(doctor, f, (double)units, "", "equal units");
        sml__finding_say(doctor, f, SML__REMEDY, "%s",
                         is_new ? "init=auto" : "a new training, from random weights");
        sml__finding_say(doctor, f, SML__REASON,
                         "weights drawn by chance differ, so each unit learns something else");
        return;
    }
}
