#include "nn/twin.h"

#include "base/memory.h"

#include <string.h>

static double *allocate(sml_ctx *ctx, size_t rows, size_t width)
{
    size_t count = 0;
    if (!sml__multiply(rows, width, &count)) {
        count = SIZE_MAX;
    }
    return sml__alloc(ctx, count, sizeof(double), "the network in double precision");
}

static int allocate_all(sml_ctx *ctx, sml__twin *twin)
{
    const sml__network *network = twin->network;
    size_t widest = network->n_in;
    twin->outputs = sml__alloc(ctx, network->n_layers, sizeof *twin->outputs, "a list of layers");
    twin->normalised =
        sml__alloc(ctx, network->n_layers, sizeof *twin->normalised, "a list of layers");
    if (twin->outputs == NULL || twin->normalised == NULL) {
        return 0;
    }
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t width = network->layers[l].n_out;
        const int is_norm = network->layers[l].type->normalise != NULL;
        widest = width > widest ? width : widest;
        twin->outputs[l] = allocate(ctx, twin->rows, width);
        twin->normalised[l] = is_norm ? allocate(ctx, twin->rows, width) : NULL;
        if (twin->outputs[l] == NULL || (is_norm && twin->normalised[l] == NULL)) {
            return 0;
        }
    }
    twin->parameters = allocate(ctx, 1, network->n_values);
    twin->gradient = allocate(ctx, 1, network->n_parameters);
    twin->input = allocate(ctx, twin->rows, network->n_in);
    twin->target = allocate(ctx, twin->rows, network->n_out);
    twin->losses = allocate(ctx, twin->rows, 1);
    twin->delta[0] = allocate(ctx, 1, widest);
    twin->delta[1] = allocate(ctx, 1, widest);
    return twin->parameters != NULL && twin->gradient != NULL && twin->input != NULL &&
           twin->target != NULL && twin->losses != NULL && twin->delta[0] != NULL &&
           twin->delta[1] != NULL;
}

static sml_status copy_rows(sml_ctx *ctx, sml__twin *twin, const sml_dataset *data)
{
    const size_t n_in = twin->network->n_in, n_out = twin->network->n_out;
    float *row = sml__alloc(ctx, n_in + n_out, sizeof(float), "a row");
    if (row == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t s = 0; s < twin->rows; s++) {
        sml_dataset_features(data, s, row);
        sml_dataset_targets(data, s, row + n_in);
        for (size_t i = 0; i < n_in; i++) {
            twin->input[s * n_in + i] = (double)row[i];
        }
        for (size_t k = 0; k < n_out; k++) {
            twin->target[s * n_out + k] = (double)row[n_in + k];
        }
    }
    sml__free(row);
    return SML_OK;
}

sml_status sml__twin_create(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                            double label_smoothing, sml__twin *out)
{
    memset(out, 0, sizeof *out);
    out->network = network;
    out->rows = data->view.rows;
    out->label_smoothing = label_smoothing;
    sml_status status = allocate_all(ctx, out) ? copy_rows(ctx, out, data) : SML_NO_MEMORY;
    if (status != SML_OK) {
        sml__twin_free(out);
        return status;
    }
    for (size_t i = 0; i < network->n_values; i++) {
        out->parameters[i] = (double)network->parameters[i];
    }
    return SML_OK;
}

void sml__twin_free(sml__twin *twin)
{
    for (size_t l = 0; twin->outputs != NULL && l < twin->network->n_layers; l++) {
        sml__free(twin->outputs[l]);
    }
    for (size_t l = 0; twin->normalised != NULL && l < twin->network->n_layers; l++) {
        sml__free(twin->normalised[l]);
    }
    sml__free(twin->outputs);
    sml__free(twin->normalised);
    sml__free(twin->parameters);
    sml__free(twin->gradient);
    sml__free(twin->input);
    sml__free(twin->target);
    sml__free(twin->losses);
    sml__free(twin->delta[0]);
    sml__free(twin->delta[1]);
    memset(twin, 0, sizeof *twin);
}

void sml__twin_dense(const sml__twin *twin, const sml__layer *layer, const double *a, double *z)
{
    const double *weight = twin->parameters + layer->weight; /* [n_in, stride] */
    memcpy(z, twin->parameters + layer->bias, layer->n_out * sizeof(double));
    for (size_t i = 0; i < layer->n_in; i++) {
        for (size_t j = 0; j < layer->n_out; j++) {
            z[j] += weight[i * layer->stride + j] * a[i];
        }
    }
}

static sml__norm_row norm_row(const sml__twin *twin, const sml__layer *layer, const double *z)
{
    sml__norm_row row = {.n = layer->n_out, .value = layer->value, .input = z};
    for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
        row.running[i] = twin->parameters + layer->buffers[i];
    }
    return row;
}

void sml__twin_norm(const sml__twin *twin, const sml__layer *layer, const double *z,
                    double *normalised, double *out)
{
    const double *gamma = twin->parameters + layer->weight;
    const double *beta = twin->parameters + layer->bias;
    const sml__norm_row row = norm_row(twin, layer, z);
    layer->type->normalise(&row, normalised);
    for (size_t j = 0; j < layer->n_out; j++) {
        out[j] = gamma[j] * normalised[j] + beta[j];
    }
}

/* Layer l for sample s: dense, a norm, an activation, or the identity (dropout outside training).
 */
static void forward(const sml__twin *twin, size_t l, size_t s, const double *in)
{
    const sml__layer *layer = &twin->network->layers[l];
    double *out = twin->outputs[l] + s * layer->n_out;
    if (layer->type->has_units) {
        sml__twin_dense(twin, layer, in, out);
        return;
    }
    if (layer->type->normalise != NULL) {
        sml__twin_norm(twin, layer, in, twin->normalised[l] + s * layer->n_out, out);
        return;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        out[j] = layer->type->f != NULL ? layer->type->f(in[j], layer->value) : in[j];
    }
}

static const double *input_of(const sml__twin *twin, size_t l, size_t s)
{
    const size_t width = twin->network->layers[l].n_in;
    return (l == 0 ? twin->input : twin->outputs[l - 1]) + s * width;
}

double sml__twin_forward(sml__twin *twin)
{
    const sml__network *network = twin->network;
    const size_t n = network->n_out;
    double sum = 0;
    for (size_t s = 0; s < twin->rows; s++) {
        for (size_t l = 0; l < network->n_layers; l++) {
            forward(twin, l, s, input_of(twin, l, s));
        }
        const double *logits = twin->outputs[network->n_layers - 1] + s * n;
        twin->losses[s] =
            network->loss->row_f64(logits, twin->target + s * n, n, twin->label_smoothing, NULL);
        sum += twin->losses[s];
    }
    return sum / (double)twin->rows;
}

/* dW += (1/m) δ aᵀ, db += (1/m) δ, and δ of the layer before: Wᵀ δ. */
static void backward_dense(sml__twin *twin, const sml__layer *layer, const double *a,
                           const double *delta, double *d_input)
{
    const double mean = 1.0 / (double)twin->rows;
    const double *weight = twin->parameters + layer->weight;
    for (size_t i = 0; i < layer->n_in; i++) {
        double sum = 0;
        for (size_t j = 0; j < layer->n_out; j++) {
            twin->gradient[layer->weight + i * layer->stride + j] += mean * delta[j] * a[i];
            sum += weight[i * layer->stride + j] * delta[j];
        }
        d_input[i] = sum;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        twin->gradient[layer->bias + j] += mean * delta[j];
    }
}

/* dγ += (1/m) δ ⊙ x̂, dβ += (1/m) δ, and δ of the layer before, from g = γ ⊙ δ. */
static void backward_norm(sml__twin *twin, size_t l, size_t s, double *delta, double *d_input)
{
    const sml__layer *layer = &twin->network->layers[l];
    const double mean = 1.0 / (double)twin->rows;
    const double *normalised = twin->normalised[l] + s * layer->n_out;
    const sml__norm_row row = norm_row(twin, layer, input_of(twin, l, s));
    for (size_t j = 0; j < layer->n_out; j++) {
        twin->gradient[layer->weight + j] += mean * delta[j] * normalised[j];
        twin->gradient[layer->bias + j] += mean * delta[j];
        delta[j] *= twin->parameters[layer->weight + j];
    }
    layer->type->norm_backward(&row, delta, d_input);
}

static void backward_sample(sml__twin *twin, size_t s)
{
    const sml__network *network = twin->network;
    const size_t n = network->n_out;
    double *delta = twin->delta[0], *other = twin->delta[1];
    network->loss->row_f64(twin->outputs[network->n_layers - 1] + s * n, twin->target + s * n, n,
                           twin->label_smoothing, delta);
    for (size_t l = network->n_layers; l-- > 0;) {
        const sml__layer *layer = &network->layers[l];
        const double *in = input_of(twin, l, s);
        if (layer->type->gradient != NULL) {
            if (layer->type->has_units) {
                backward_dense(twin, layer, in, delta, other);
            } else {
                backward_norm(twin, l, s, delta, other);
            }
            double *held = delta;
            delta = other;
            other = held;
        } else if (layer->type->slope != NULL) {
            for (size_t j = 0; j < layer->n_in; j++) {
                delta[j] *= layer->type->slope(in[j], layer->value);
            }
        }
    }
}

void sml__twin_backward(sml__twin *twin)
{
    memset(twin->gradient, 0, twin->network->n_parameters * sizeof(double));
    for (size_t s = 0; s < twin->rows; s++) {
        backward_sample(twin, s);
    }
}
