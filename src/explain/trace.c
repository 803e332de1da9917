#include "explain/trace.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"
#include "model/prepare_model.h"
#include "nn/class_weights.h"
#include "nn/mlp.h"
#include "nn/mlp_settings.h"

#include <math.h>
#include <string.h>

sml__pass_settings sml__trace_pass(const sml_trace *trace)
{
    const sml__pass_settings pass = {
        .rows = trace->rows,
        .batch = trace->rows,
        .weights = trace->weights,
        .batch_weight = trace->batch_weight,
        .training = trace->training,
        .seed = trace->settings.seed,
        .epoch = trace->epoch,
        .label_smoothing = trace->settings.label_smoothing,
    };
    return pass;
}

static int has_targets(const sml_trace *trace)
{
    return trace->ready->view.task != SML_TASK_NONE;
}

int sml__trace_has_backward(const sml_trace *trace)
{
    return has_targets(trace) && trace->batch_weight > 0 && trace->temperature == 1;
}

static void put_running_back(sml_trace *trace)
{
    const size_t n = trace->network.n_parameters;
    memcpy(trace->network.parameters + n, trace->running,
           (trace->network.n_values - n) * sizeof(float));
}

/* What dropout makes of ones is its mask, drawn by the same numbers as in the pass. */
static void find_masks(sml_trace *trace, const sml__pass_settings *pass)
{
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        const size_t n = trace->network.layers[l].n_out, stride = sml__row_stride(n);
        const size_t count = trace->rows * stride;
        float *below = l > 0 ? trace->workspace.outputs[l - 1] : trace->workspace.input;
        if (trace->masks[l] == NULL) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            below[i] = i % stride < n ? 1.0F : 0.0F;
        }
        sml__network_forward_layers(&trace->network, &trace->workspace, pass, l, l + 1, SML__ALONE);
        memcpy(trace->masks[l], trace->workspace.outputs[l], count * sizeof(float));
    }
}

static void gather(sml_trace *trace)
{
    const size_t n_out = trace->network.n_out;
    sml__dataset_gather(trace->ready, NULL, 0, trace->rows, trace->workspace.input,
                        sml__row_stride(trace->network.n_in));
    for (size_t r = 0; has_targets(trace) && r < trace->rows; r++) {
        sml_dataset_targets(trace->ready, r, trace->workspace.target + r * n_out);
    }
    sml_dataset unscaled = *trace->ready;
    unscaled.target_scaling = NULL;
    for (size_t r = 0; trace->data_targets != NULL && r < trace->rows; r++) {
        sml_dataset_targets(&unscaled, r, trace->data_targets + r * n_out);
    }
}

/* Of z / T. */
static void predict(sml_trace *trace)
{
    const size_t n = trace->network.n_out, stride = sml__row_stride(n);
    const float *logits = trace->workspace.outputs[trace->network.n_layers - 1];
    for (size_t r = 0; r < trace->rows; r++) {
        float *row = trace->predictions + r * n;
        for (size_t k = 0; k < n; k++) {
            row[k] = logits[r * stride + k] / (float)trace->temperature;
        }
        trace->network.loss->output(row, n, row);
    }
    sml__targets_restore(trace->model->target_scaling, trace->rows, trace->predictions);
}

/* 0 for the silent units of layer l, in its outputs or its deltas. */
static void silence(const sml_trace *trace, size_t l, float *values)
{
    const size_t stride = sml__row_stride(trace->network.layers[l].n_out);
    for (size_t i = 0; i < trace->n_edits; i++) {
        const sml__trace_edit *edit = &trace->edits[i];
        const int is_here = edit->facts.kind == SML_EDIT_SILENCE && edit->layer == l;
        for (size_t r = 0; is_here && r < trace->rows; r++) {
            values[r * stride + edit->facts.unit] = 0;
        }
    }
}

/* Layer by layer: the next one reads what silence leaves. */
static void forward(sml_trace *trace, const sml__pass_settings *pass)
{
    sml__workspace *workspace = &trace->workspace;
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        sml__network_forward_layers(&trace->network, workspace, pass, l, l + 1, SML__ALONE);
        silence(trace, l, workspace->outputs[l]);
    }
}

static void backward(sml_trace *trace, const sml__pass_settings *pass)
{
    sml__workspace *workspace = &trace->workspace;
    for (size_t l = trace->network.n_layers; l-- > 0;) {
        silence(trace, l, workspace->deltas[l]);
        sml__network_backward_layers(&trace->network, workspace, pass, NULL, l, l + 1, SML__ALONE);
    }
    sml__network_gradients(&trace->network, workspace, pass, trace->gradient, SML__ALONE);
}

static void differentiate(sml_trace *trace, const sml__pass_settings *pass)
{
    double sum = 0;
    sml__network_loss(&trace->network, &trace->workspace, pass, SML__ALONE);
    backward(trace, pass);
    for (size_t r = 0; r < trace->rows; r++) {
        sum += trace->workspace.losses[r];
    }
    trace->loss = sum / trace->batch_weight;
}

sml_status sml__trace_run(sml_ctx *ctx, sml_trace *trace)
{
    const sml__pass_settings pass = sml__trace_pass(trace);
    put_running_back(trace);
    find_masks(trace, &pass);
    gather(trace);
    forward(trace, &pass);
    predict(trace);
    trace->loss = (double)NAN;
    if (sml__trace_has_backward(trace)) {
        differentiate(trace, &pass);
    }
    return sml__dataset_status(ctx, trace->ready);
}

/* The network that is traced; NULL with an error in ctx. */
static const sml__network *network_of(sml_ctx *ctx, const sml_model *model)
{
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    if (mlp == NULL || mlp->network == NULL) {
        sml__fail(ctx, SML_BAD_ARGUMENT,
                  "trace: the model is not a fitted network; fit or load one");
        return NULL;
    }
    return mlp->network;
}

/* The rows behind the pipeline, of which only they are bound. */
static sml_status open_rows(sml_ctx *ctx, const sml_dataset *data, const sml_trace_options *options,
                            sml_trace *trace)
{
    if (options->n == 0 || options->n > SML_TRACE_ROWS_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "trace: %zu rows in a batch; 1…%d can be",
                         options->n, SML_TRACE_ROWS_MAX);
    }
    trace->samples = sml__alloc(ctx, options->n, sizeof *trace->samples, "a list of rows");
    if (trace->samples == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(trace->samples, options->samples, options->n * sizeof *trace->samples);
    sml_status status = sml_dataset_select(ctx, data, trace->samples, options->n, &trace->selected);
    if (status == SML_OK && options->targets != NULL) {
        status = sml__trace_set_targets(ctx, trace, options->targets);
    }
    if (status == SML_OK) {
        status =
            sml__model_data(ctx, trace->model, trace->selected, &trace->prepared, &trace->ready);
    }
    if (status == SML_OK && data->view.task != SML_TASK_NONE) {
        status = sml__model_check_targets(ctx, trace->model, data);
    }
    return status;
}

/* Settings as a fit on data has them, but for another learning rate. */
static sml_status find_settings(sml_ctx *ctx, const sml_dataset *data, double learning_rate,
                                sml_trace *trace)
{
    if (!(learning_rate >= 0) || !isfinite(learning_rate)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "trace: learning rate %g; it must be positive and finite, or 0 for that "
                         "of the settings",
                         learning_rate);
    }
    sml_status status =
        sml__mlp_training(ctx, trace->model, trace->original->loss, &trace->settings);
    if (learning_rate > 0) {
        trace->settings.update.learning_rate = learning_rate;
    }
    if (status == SML_OK && data->view.task != SML_TASK_NONE) {
        status = sml__class_weights(ctx, trace->model, data, &trace->class_weights);
        trace->settings.class_weights = trace->class_weights;
    }
    return status;
}

/* How much the rows count, as the trainer weighs them. */
static sml_status weigh(sml_ctx *ctx, sml_trace *trace)
{
    trace->batch_weight = (double)trace->rows;
    if (trace->ready->view.weights == NULL && trace->class_weights == NULL) {
        return SML_OK;
    }
    trace->weights = sml__alloc(ctx, trace->rows, sizeof(float), "weights");
    if (trace->weights == NULL) {
        return SML_NO_MEMORY;
    }
    trace->batch_weight = 0;
    for (size_t r = 0; r < trace->rows; r++) {
        float weight = sml_dataset_weight(trace->ready, r);
        if (trace->class_weights != NULL) {
            weight *= trace->class_weights[sml_dataset_label(trace->ready, r)];
        }
        trace->weights[r] = weight;
        trace->batch_weight += (double)weight;
    }
    return SML_OK;
}

/* Layers and parameters twice over: outputs and deltas, copy and gradient. */
static sml_status check_memory(sml_ctx *ctx, const sml_trace *trace)
{
    const sml__network *network = trace->original;
    double widths = (double)trace->selected->view.columns + (double)network->n_in;
    for (size_t l = 0; l < network->n_layers; l++) {
        widths += 2.0 * (double)sml__row_stride(network->layers[l].n_out);
    }
    return sml__memory_check(ctx,
                             sizeof(float) *
                                 ((double)trace->rows * widths + (double)network->n_values +
                                  (double)network->n_parameters),
                             "a trace with a second copy of the network's parameters");
}

static sml_status take_masks(sml_ctx *ctx, sml_trace *trace)
{
    const sml__network *network = trace->original;
    trace->masks = sml__alloc(ctx, network->n_layers, sizeof *trace->masks, "a list of layers");
    for (size_t l = 0; trace->masks != NULL && l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (!trace->training || !layer->type->is_random) {
            continue;
        }
        trace->masks[l] = sml__alloc(ctx, trace->rows * sml__row_stride(layer->n_out),
                                     sizeof(float), "a mask of dropout");
        if (trace->masks[l] == NULL) {
            return SML_NO_MEMORY;
        }
    }
    return trace->masks != NULL ? SML_OK : SML_NO_MEMORY;
}

/* The raw rows, where preprocessing makes other ones of them. */
static sml_status take_raw(sml_ctx *ctx, sml_trace *trace)
{
    const size_t columns = trace->selected->view.columns;
    if (trace->prepared == NULL) {
        return SML_OK;
    }
    trace->raw = sml__alloc(ctx, trace->rows * columns, sizeof(float), "raw rows");
    if (trace->raw == NULL) {
        return SML_NO_MEMORY;
    }
    sml__dataset_gather(trace->selected, NULL, 0, trace->rows, trace->raw, columns);
    return SML_OK;
}

static sml_status take_arrays(sml_ctx *ctx, sml_trace *trace)
{
    const sml__network *network = trace->original;
    float *parameters =
        sml__alloc(ctx, network->n_values, sizeof(float), "a copy of the parameters");
    trace->network = *network;
    trace->network.parameters = parameters;
    const size_t n = network->n_parameters, running = network->n_values - n;
    trace->running = sml__alloc(ctx, running, sizeof(float), "running statistics");
    trace->predictions =
        sml__alloc(ctx, trace->rows * network->n_out, sizeof(float), "predictions");
    if (parameters == NULL || trace->running == NULL || trace->predictions == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(parameters, network->parameters, network->n_values * sizeof(float));
    memcpy(trace->running, network->parameters + n, running * sizeof(float));
    if (has_targets(trace)) {
        trace->gradient = sml__alloc(ctx, network->n_parameters, sizeof(float), "gradients");
    }
    return !has_targets(trace) || trace->gradient != NULL ? SML_OK : SML_NO_MEMORY;
}

static sml_status take_data_targets(sml_ctx *ctx, sml_trace *trace)
{
    if (!has_targets(trace) || trace->model->target_scaling == NULL) {
        return SML_OK;
    }
    trace->data_targets =
        sml__alloc(ctx, trace->rows * trace->original->n_out, sizeof(float), "targets");
    return trace->data_targets != NULL ? SML_OK : SML_NO_MEMORY;
}

static sml_status allocate(sml_ctx *ctx, sml_trace *trace)
{
    sml_status status = check_memory(ctx, trace);
    if (status == SML_OK) {
        status = take_arrays(ctx, trace);
    }
    if (status == SML_OK) {
        status = take_raw(ctx, trace);
    }
    if (status == SML_OK) {
        status = take_data_targets(ctx, trace);
    }
    if (status == SML_OK) {
        status = take_masks(ctx, trace);
    }
    const sml__workspace_plan plan = {
        .rows = trace->rows, .members = 1, .with_deltas = SML__ALL_DELTAS};
    return status == SML_OK ? sml__workspace_create(ctx, trace->original, &plan, &trace->workspace)
                            : status;
}

sml_status sml_trace_create(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                            const sml_trace_options *options, sml_trace **out)
{
    *out = NULL;
    const sml__network *network = network_of(ctx, model);
    if (network == NULL) {
        return SML_BAD_ARGUMENT;
    }
    sml_trace *trace = sml__alloc(ctx, 1, sizeof *trace, "a trace");
    if (trace == NULL) {
        return SML_NO_MEMORY;
    }
    trace->model = model;
    trace->original = network;
    trace->rows = options->n;
    trace->data_rows = data->view.rows;
    trace->training = options->training != 0;
    trace->epoch = options->epoch;
    trace->temperature = 1;
    sml_status status = open_rows(ctx, data, options, trace);
    if (status == SML_OK) {
        status = find_settings(ctx, data, options->learning_rate, trace);
    }
    if (status == SML_OK) {
        status = weigh(ctx, trace);
    }
    if (status == SML_OK) {
        status = allocate(ctx, trace);
    }
    if (status == SML_OK) {
        status = sml__trace_take_state(ctx, trace, options->checkpoint);
    }
    if (status == SML_OK) {
        status = sml__trace_run(ctx, trace);
    }
    if (status != SML_OK) {
        sml_trace_free(trace);
        return status;
    }
    *out = trace;
    return SML_OK;
}

void sml_trace_free(sml_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    sml__workspace_free(&trace->workspace, trace->original);
    for (size_t l = 0; trace->masks != NULL && l < trace->original->n_layers; l++) {
        sml__free(trace->masks[l]);
    }
    sml__free(trace->masks);
    sml__free(trace->network.parameters);
    sml__trace_forget_steps(trace);
    sml__free(trace->state[0]);
    sml__free(trace->state[1]);
    sml__free(trace->running);
    sml__free(trace->edits);
    sml__free(trace->gradient);
    sml__free(trace->predictions);
    sml__free(trace->data_targets);
    sml__free(trace->samples);
    sml__free(trace->raw);
    sml__free(trace->weights);
    sml__free(trace->class_weights);
    sml_dataset_free(trace->prepared);
    sml_dataset_free(trace->selected);
    sml__free(trace);
}
