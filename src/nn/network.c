#include "nn/network.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"

#include <string.h>

enum {
    TENSOR_ALIGNMENT = 16, /* floats in a cache line */
    CROWDED = 256,         /* floats in 1 KiB */
    PADDED_FROM = 8,       /* units: fewer would more than double their weights */
    UNITS_MAX = 1 << 24,
    LAYERS_MAX = 4096,
    ROW_GRAIN = 8 /* rows of a tile of the dense product */
};

/* More than any machine holds, and far from where sizes overflow. */
static const size_t PARAMETERS_MAX = (size_t)1 << 48;

/* A batch has three or four waits, and two more for each layer that goes by columns. Below this
 * many operations, some 20 µs of work, a team gains little on idle cores (1.3 times at batch 16 of
 * 784-100-100-10, 8.6 million) and loses much on busy ones. */
static const double FLOPS_FOR_TEAM = 4e6;

/* A product of fewer operations, some 10 µs, is shared by rows. */
static const double FLOPS_BY_ROWS = 2e6;

_Static_assert((int)SML__PASS_ROWS <= (int)SML__SPARSE_ROWS, "a pass is one sparse product");

static sml_status layer_check(sml_ctx *ctx, const sml_layer *spec, size_t index)
{
    const sml__layer_type *type = spec->type != NULL ? sml__layer_named(spec->type) : NULL;
    if (type == NULL) {
        const char *names[SML__LAYERS];
        for (size_t i = 0; i < SML__LAYERS; i++) {
            names[i] = sml__kit_for(sml__isa_best())->layers[i]->name;
        }
        return sml__fail_unknown(ctx, "layer type", spec->type != NULL ? spec->type : "", names,
                                 SML__LAYERS);
    }
    if (type->has_units && (spec->units == 0 || spec->units > UNITS_MAX)) {
        return sml__fail(ctx, SML_BAD_SHAPE, "layer %zu: %zu units; a dense layer has 1 to %d",
                         index, spec->units, (int)UNITS_MAX);
    }
    if (!(spec->value >= type->minimum && spec->value <= type->maximum)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "layer %zu: %s takes a value from %g to %g, not %g",
                         index, type->name, type->minimum, type->maximum, spec->value);
    }
    return SML_OK;
}

sml_status sml__layers_check(sml_ctx *ctx, const sml_layer *specs, size_t n)
{
    if (n == 0 || n > LAYERS_MAX) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%zu layers; a network has 1 to %d", n,
                         (int)LAYERS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        sml_status status = layer_check(ctx, &specs[i], i);
        if (status != SML_OK) {
            return status;
        }
    }
    if (!sml__layer_named(specs[n - 1].type)->has_units) {
        return sml__fail(ctx, SML_BAD_SHAPE,
                         "the last layer is '%s'; it must be dense: it gives "
                         "the logits",
                         specs[n - 1].type);
    }
    return SML_OK;
}

static size_t aligned(size_t n)
{
    return (n + TENSOR_ALIGNMENT - 1) / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
}

/* Not a multiple of 1 KiB, or the parts of all rows that a kernel visits together would lie in a
 * few sets of the caches. */
size_t sml__row_stride(size_t width)
{
    const size_t stride = width < PADDED_FROM ? width : aligned(width);
    return stride % CROWDED == 0 ? stride + TENSOR_ALIGNMENT : stride;
}

size_t sml__weight_count(const sml__layer *layer)
{
    return layer->type->has_units ? layer->n_in * layer->stride : layer->n_out;
}

/* Takes the numbers of a layer's tensors from *left. */
static sml_status count_numbers(sml_ctx *ctx, const sml__layer *layer, size_t l, size_t *left)
{
    const size_t vectors = layer->type->has_buffers ? 1 + SML__BUFFERS : 1; /* beside the weights */
    size_t weights = layer->n_out, others = 0;
    if ((layer->type->has_units && !sml__multiply(layer->n_in, layer->n_out, &weights)) ||
        !sml__multiply(vectors, layer->n_out, &others) || others > *left ||
        weights > *left - others) {
        return sml__fail(ctx, SML_BAD_SHAPE, "layer %zu: %zu × %zu weights are more than fit (%zu)",
                         l, layer->n_out, layer->type->has_units ? layer->n_in : 1, *left);
    }
    *left -= weights + others;
    return SML_OK;
}

/* Shapes and offsets of all layers; the sizes are checked against max_parameters as they grow. */
static sml_status lay_out(sml_ctx *ctx, sml__network *network, const sml_layer *specs,
                          size_t max_parameters)
{
    size_t width = network->n_in;
    max_parameters = max_parameters < PARAMETERS_MAX ? max_parameters : PARAMETERS_MAX;
    for (size_t l = 0; l < network->n_layers; l++) {
        sml__layer *layer = &network->layers[l];
        layer->type = sml__layer_named(specs[l].type);
        layer->value = specs[l].value;
        layer->n_in = width;
        layer->n_out = layer->type->has_units ? specs[l].units : width;
        width = layer->n_out;
        if (layer->type->gradient == NULL) {
            continue;
        }
        sml_status status = count_numbers(ctx, layer, l, &max_parameters);
        if (status != SML_OK) {
            return status;
        }
        layer->stride = sml__row_stride(layer->n_out);
        layer->weight = network->n_parameters;
        layer->bias = layer->weight + aligned(sml__weight_count(layer));
        network->n_parameters = layer->bias + aligned(layer->n_out);
    }
    network->n_out = width;
    return SML_OK;
}

/* The buffers lie behind all parameters. */
static void lay_out_buffers(sml__network *network)
{
    network->n_values = network->n_parameters;
    for (size_t l = 0; l < network->n_layers; l++) {
        sml__layer *layer = &network->layers[l];
        for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
            layer->buffers[i] = network->n_values;
            network->n_values += aligned(layer->n_out);
        }
    }
}

sml_status sml__network_create(sml_ctx *ctx, const sml_layer *specs, size_t n, size_t n_in,
                               const sml__loss *loss, size_t max_parameters, sml__network **out)
{
    *out = NULL;
    sml__network *network = sml__alloc(ctx, 1, sizeof *network, "a network");
    if (network == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = SML_NO_MEMORY;
    network->n_in = n_in;
    network->n_layers = n;
    network->loss = loss;
    network->layers = sml__alloc(ctx, n, sizeof *network->layers, "layers");
    if (network->layers == NULL) {
        goto done;
    }
    status = lay_out(ctx, network, specs, max_parameters);
    if (status == SML_OK) {
        lay_out_buffers(network);
        status = sml__memory_check(ctx, (double)network->n_values * sizeof(float),
                                   "the network's parameters");
    }
    if (status != SML_OK) {
        goto done;
    }
    network->parameters =
        sml__alloc(ctx, network->n_values, sizeof(float), "the network's parameters");
    status = network->parameters != NULL ? SML_OK : SML_NO_MEMORY;
done:
    if (status != SML_OK) {
        sml__network_free(network);
        return status;
    }
    *out = network;
    return SML_OK;
}

void sml__network_free(sml__network *network)
{
    if (network == NULL) {
        return;
    }
    sml__free(network->layers);
    sml__free(network->parameters);
    sml__free(network);
}

size_t sml__network_parameter_count(const sml__network *network)
{
    size_t count = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        count += layer->type->has_units          ? (layer->n_in + 1) * layer->n_out
                 : layer->type->gradient != NULL ? 2 * layer->n_out
                                                 : 0;
    }
    return count;
}

static int needs_whole_batches(const sml__network *network)
{
    int needs = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        needs = needs || network->layers[l].type->by_columns;
    }
    return needs;
}

size_t sml__pass_rows(const sml__network *network, size_t batch)
{
    return batch < SML__PASS_ROWS || needs_whole_batches(network) ? batch : SML__PASS_ROWS;
}

sml_status sml__batch_check(sml_ctx *ctx, const sml__network *network, size_t batch)
{
    if (batch <= SML__WHOLE_BATCH_MAX || !needs_whole_batches(network)) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "batch_size: batches of %zu rows; batch norm takes a batch as a whole, and at "
                     "most %d rows: choose a smaller batch_size",
                     batch, (int)SML__WHOLE_BATCH_MAX);
}

double sml__network_flops(const sml__network *network, double density)
{
    double flops = 0;
    int first = 1;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (layer->type->has_units) {
            flops += (first ? 4.0 * density : 6.0) * (double)layer->n_in * (double)layer->n_out;
            first = 0;
        }
    }
    return flops;
}

sml__range sml__own_rows(size_t rows, sml__member member)
{
    return sml__share(rows, ROW_GRAIN, member.rank, member.size);
}

int sml__team_size(const sml_ctx *ctx, double flops)
{
    return flops >= FLOPS_FOR_TEAM ? ctx->threads : 1;
}

/* What the layer sees in this pass; outputs and deltas are filled in by the caller. */
static void set_pass(sml__pass *pass, const sml__network *network, const sml__workspace *workspace,
                     const sml__pass_settings *settings, size_t l, sml__member member)
{
    const sml__layer *layer = &network->layers[l];
    const double total =
        settings->weights != NULL ? settings->batch_weight : (double)settings->batch;
    *pass = (sml__pass){
        .rank = member.rank,
        .size = member.size,
        .rows = settings->rows,
        .is_single = settings->rows == 1,
        .zero_stops = l > 0 && network->layers[l - 1].type->zero_stops,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .in_row =
            l == 0 && settings->input != NULL ? settings->input_row : sml__row_stride(layer->n_in),
        .out_row = sml__row_stride(layer->n_out),
        .input = l > 0                     ? workspace->outputs[l - 1]
                 : settings->input != NULL ? settings->input
                                           : workspace->input,
        .output = workspace->outputs[l],
        .weight = network->parameters + layer->weight,
        .bias = network->parameters + layer->bias,
        .stride = layer->stride,
        .mean = (float)((settings->is_folded ? -settings->learning_rate : 1.0) / total),
        .accumulate = settings->accumulate || settings->is_folded,
        .value = layer->value,
        .training = settings->training,
        .key = {(uint32_t)settings->seed, (uint32_t)(settings->seed >> 32)},
        .epoch = settings->epoch,
        .lane = (uint32_t)l,
        .first = settings->first,
        .sparse = l == 0 ? settings->sparse : NULL,
        .csr = l == 0 ? settings->csr : NULL,
        .order =
            l == 0 && (settings->sparse != NULL || settings->csr != NULL) ? settings->order : NULL,
        .upcoming = settings->upcoming,
        .ahead = settings->rows,
        .entries = workspace->entries,
        .chains = &workspace->chains,
        .scratch = workspace->scratch + (size_t)member.rank * SML__GEMM_SCRATCH,
        .stats = workspace->stats != NULL ? workspace->stats[l] : NULL,
        .row_stats = (size_t)layer->type->row_stats,
    };
    for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
        pass->running[i] = network->parameters + layer->buffers[i];
    }
}

/* Narrows the pass to this member's rows, which it then does without the others. */
static void keep_own_rows(sml__pass *pass, sml__member member)
{
    const sml__range own = sml__own_rows(pass->rows, member);
    pass->rank = 0;
    pass->size = 1;
    pass->rows = own.end - own.begin;
    pass->first += own.begin;
    pass->input += own.begin * pass->in_row;
    pass->output += own.begin * pass->out_row;
    if (pass->d_output != NULL) {
        pass->d_output += own.begin * pass->out_row;
        pass->d_input += own.begin * pass->in_row;
    }
    if (pass->sparse != NULL) {
        pass->entries += own.begin * sml__sparse_row_room(pass->n_in);
    }
    if (pass->order != NULL) {
        pass->order += own.begin;
        pass->upcoming -= own.begin;
    }
    if (pass->stats != NULL) {
        pass->stats += own.begin * pass->row_stats;
    }
}

/* Whether each member takes its own rows through a layer. Then nobody waits, but each packs all
 * weights for itself, which costs more than waiting where the product is large. */
static int goes_by_rows(const sml__pass *pass, const sml__layer *layer)
{
    const double flops = 2.0 * (double)pass->rows * (double)pass->n_in * (double)pass->n_out;
    if (layer->type->by_columns && pass->training) {
        return 0;
    }
    return !layer->type->has_units || pass->sparse != NULL || pass->csr != NULL ||
           flops < FLOPS_BY_ROWS;
}

/* One layer in one direction. *by_rows: whether what it reads was written row by row; and then,
 * whether what it has written was. */
static void run_layer(const sml__layer *layer, sml__pass *pass, void (*run)(const sml__pass *pass),
                      sml__member member, int *by_rows)
{
    const int now_by_rows = goes_by_rows(pass, layer);
    if (!now_by_rows || !*by_rows) {
        sml__team_wait(member);
    }
    if (now_by_rows && member.size > 1) {
        keep_own_rows(pass, member);
    }
    if (pass->rows > 0) {
        run(pass);
    }
    *by_rows = now_by_rows;
}

void sml__network_forward_layers(const sml__network *network, sml__workspace *workspace,
                                 const sml__pass_settings *settings, size_t first, size_t end,
                                 sml__member member)
{
    int by_rows = 1;
    for (size_t l = first; l < end; l++) {
        const sml__layer *layer = &network->layers[l];
        sml__pass pass;
        set_pass(&pass, network, workspace, settings, l, member);
        run_layer(layer, &pass, layer->type->forward, member, &by_rows);
    }
    if (!by_rows) {
        sml__team_wait(member);
    }
}

void sml__network_forward(const sml__network *network, sml__workspace *workspace,
                          const sml__pass_settings *settings, sml__member member)
{
    sml__network_forward_layers(network, workspace, settings, 0, network->n_layers, member);
}

/* C_s and ∂C_s/∂z times w_s. */
static void weigh(float weight, double *loss, float *delta, size_t n)
{
    *loss *= (double)weight;
    for (size_t k = 0; k < n && delta != NULL; k++) {
        delta[k] *= weight;
    }
}

void sml__network_loss(const sml__network *network, sml__workspace *workspace,
                       const sml__pass_settings *settings, sml__member member)
{
    const sml__range own = sml__own_rows(settings->rows, member);
    const size_t n = network->n_out, stride = sml__row_stride(n);
    const float *logits = workspace->outputs[network->n_layers - 1];
    float *deltas = workspace->deltas != NULL ? workspace->deltas[network->n_layers - 1] : NULL;
    for (size_t r = own.begin; r < own.end; r++) {
        float *delta = deltas != NULL ? deltas + r * stride : NULL;
        workspace->losses[r] = network->loss->row(logits + r * stride, workspace->target + r * n, n,
                                                  settings->label_smoothing, delta);
        if (delta != NULL) {
            memset(delta + n, 0, (stride - n) * sizeof(float));
        }
        if (settings->weights != NULL) {
            weigh(settings->weights[r], &workspace->losses[r], delta, n);
        }
    }
}

/* The first layer that has parameters: δ goes no further. */
static size_t lowest_layer(const sml__network *network)
{
    size_t l = 0;
    while (network->layers[l].type->gradient == NULL) {
        l++;
    }
    return l;
}

static void set_backward_pass(sml__pass *pass, const sml__network *network,
                              const sml__workspace *workspace, const sml__pass_settings *settings,
                              float *gradient, size_t l, sml__member member)
{
    const sml__layer *layer = &network->layers[l];
    set_pass(pass, network, workspace, settings, l, member);
    pass->d_output = workspace->deltas[l];
    pass->d_input = l > lowest_layer(network) ? workspace->deltas[l - 1] : NULL;
    if (layer->type->gradient != NULL && gradient != NULL) {
        pass->d_weight = gradient + layer->weight;
        pass->d_bias = gradient + layer->bias;
    }
}

/* Whether a layer takes its step as soon as δ has gone back through it: for one sample and one
 * thread. */
static int steps_at_once(const sml__pass_settings *settings, sml__member member)
{
    return settings->is_folded && settings->rows == 1 && member.size == 1;
}

void sml__network_backward_layers(const sml__network *network, sml__workspace *workspace,
                                  const sml__pass_settings *settings, float *gradient, size_t first,
                                  size_t end, sml__member member)
{
    const size_t lowest = lowest_layer(network);
    const int at_once = steps_at_once(settings, member);
    int by_rows = 1;
    for (size_t l = end; l-- > first && l > lowest;) {
        const sml__layer_type *type = network->layers[l].type;
        const int is_step = at_once && type->step_of_one != NULL;
        sml__pass pass;
        set_backward_pass(&pass, network, workspace, settings, gradient, l, member);
        run_layer(&network->layers[l], &pass, is_step ? type->step_of_one : type->backward, member,
                  &by_rows);
    }
}

void sml__network_gradients(const sml__network *network, sml__workspace *workspace,
                            const sml__pass_settings *settings, float *gradient, sml__member member)
{
    const size_t lowest = lowest_layer(network);
    for (size_t l = steps_at_once(settings, member) ? lowest + 1 : network->n_layers;
         l-- > lowest;) {
        if (network->layers[l].type->gradient != NULL) {
            sml__pass pass;
            set_backward_pass(&pass, network, workspace, settings, gradient, l, member);
            network->layers[l].type->gradient(&pass);
        }
    }
}

void sml__network_backward(const sml__network *network, sml__workspace *workspace,
                           const sml__pass_settings *settings, float *gradient, sml__member member)
{
    sml__network_backward_layers(network, workspace, settings, gradient, 0, network->n_layers,
                                 member);
    sml__team_wait(member);
    sml__network_gradients(network, workspace, settings, gradient, member);
}
