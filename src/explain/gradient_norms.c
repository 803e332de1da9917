#include "explain/gradient_norms.h"

#include <math.h>

/* Of a norm: z, x̂ and the running statistics. */
enum { ROWS_OF_SCRATCH = 2 + SML__BUFFERS };

size_t sml__gradient_norm_scratch(const sml__network *network)
{
    size_t widest = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t n = network->layers[l].n_out;
        widest = network->layers[l].type->normalise != NULL && n > widest ? n : widest;
    }
    return ROWS_OF_SCRATCH * widest;
}

static double square_of(const float *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum;
}

static void widen(const float *from, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (double)from[i];
    }
}

/* Σ_j (δ_j x̂_j)² + Σ_j δ_j² */
static double square_of_norm(const sml__network *network, const sml__layer *layer, const float *z,
                             const float *delta, double *scratch)
{
    const size_t n = layer->n_out;
    double *normalised = scratch + n, sum = 0;
    sml__norm_row row = {.n = n, .value = layer->value, .input = scratch};
    widen(z, n, scratch);
    for (size_t i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
        double *running = scratch + (2 + i) * n;
        widen(network->parameters + layer->buffers[i], n, running);
        row.running[i] = running;
    }
    layer->type->normalise(&row, normalised);
    for (size_t j = 0; j < n; j++) {
        const double product = (double)delta[j] * normalised[j];
        sum += product * product + (double)delta[j] * (double)delta[j];
    }
    return sum;
}

double sml__gradient_norm(const sml__network *network, const sml__workspace *workspace, size_t row,
                          double input_square, double *scratch)
{
    double sum = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        const size_t n_in = layer->n_in, n_out = layer->n_out;
        if (layer->type->gradient == NULL) {
            continue;
        }
        const float *delta = workspace->deltas[l] + row * sml__row_stride(n_out);
        const float *input = l > 0 ? workspace->outputs[l - 1] : workspace->input;
        const size_t place = row * sml__row_stride(n_in);
        if (layer->type->normalise == NULL) {
            const double square = l > 0 ? square_of(input + place, n_in) : input_square;
            sum += square_of(delta, n_out) * (square + 1);
        } else if (input != NULL) { /* a norm reads no compressed rows */
            sum += square_of_norm(network, layer, input + place, delta, scratch);
        }
    }
    return sqrt(sum);
}
