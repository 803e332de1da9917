/* What a trace holds, for its readers. */
#include "base/context.h"
#include "explain/trace.h"
#include "nn/network_tensors.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>
#include <string.h>

/* The N of layers.N that network layer l belongs to; -1 before the first. */
static int block_of(const sml__network *network, size_t l)
{
    return (int)sml__layer_number(network, l + 1) - 1;
}

sml_trace_layer sml_trace_layer_at(const sml_trace *trace, size_t layer)
{
    sml_trace_layer facts = {0};
    if (layer < trace->network.n_layers) {
        const sml__layer *found = &trace->network.layers[layer];
        facts.type = found->type->name;
        facts.inputs = found->n_in;
        facts.units = found->n_out;
        facts.value = found->value;
        facts.block = block_of(&trace->network, layer);
        facts.is_head = found->type->gradient != NULL;
    }
    return facts;
}

int sml__trace_block(const sml_trace *trace, size_t block, size_t *first, size_t *end)
{
    const sml__network *network = &trace->network;
    size_t l = 0;
    while (l < network->n_layers && block_of(network, l) != (int)block) {
        l++;
    }
    *first = l;
    while (l < network->n_layers && block_of(network, l) == (int)block) {
        l++;
    }
    *end = l;
    return *first < l;
}

double sml__trace_scale(const sml_trace *trace)
{
    return 1.0 / trace->batch_weight;
}

sml__rows sml__trace_inputs(const sml_trace *trace, size_t l)
{
    const size_t n = trace->network.layers[l].n_in;
    const sml__rows found = {
        .values = l > 0 ? trace->workspace.outputs[l - 1] : trace->workspace.input,
        .n = n,
        .stride = sml__row_stride(n),
    };
    return found;
}

sml__rows sml__trace_deltas(const sml_trace *trace, size_t l)
{
    const size_t n = trace->network.layers[l].n_out;
    sml__rows found = {.n = n, .stride = sml__row_stride(n)};
    if (sml__trace_has_backward(trace) && block_of(&trace->network, l) >= 0) {
        found.values = trace->workspace.deltas[l];
    }
    return found;
}

static sml__rows rows_of_layer(const sml_trace *trace, sml_vector vector, size_t layer)
{
    const sml__workspace *workspace = &trace->workspace;
    const size_t n = layer < trace->network.n_layers ? trace->network.layers[layer].n_out : 0;
    sml__rows found = {.n = n, .stride = sml__row_stride(n)};
    if (n == 0) {
        return found;
    }
    if (vector == SML_OUTPUT) {
        found.values = workspace->outputs[layer];
    } else if (vector == SML_MASK) {
        found.values = trace->masks[layer];
    } else {
        found = sml__trace_deltas(trace, layer);
    }
    return found;
}

static sml__rows find_rows(const sml_trace *trace, sml_vector vector, size_t layer)
{
    const size_t n_in = trace->network.n_in, n_out = trace->network.n_out;
    const size_t columns = trace->selected->view.columns;
    const sml__rows input = {trace->workspace.input, n_in, sml__row_stride(n_in)};
    const sml__rows raw = {trace->raw, columns, columns};
    const sml__rows target = {trace->workspace.target, n_out, n_out};
    const sml__rows prediction = {trace->predictions, n_out, n_out};
    const sml__rows none = {0};
    switch (vector) {
    case SML_RAW:
        return trace->raw != NULL ? raw : input;
    case SML_INPUT:
        return input;
    case SML_TARGET:
        return trace->ready->view.task != SML_TASK_NONE ? target : none;
    case SML_PREDICTION:
        return prediction;
    case SML_OUTPUT:
    case SML_DELTA:
    case SML_MASK:
        return rows_of_layer(trace, vector, layer);
    }
    return none;
}

const float *sml_trace_vector(const sml_trace *trace, sml_vector vector, size_t layer, size_t row,
                              size_t *n)
{
    const sml__rows found = find_rows(trace, vector, layer);
    if (found.values == NULL || row >= trace->rows) {
        *n = 0;
        return NULL;
    }
    *n = found.n;
    return found.values + row * found.stride;
}

static sml_status check_unit(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t unit)
{
    const sml__network *network = &trace->network;
    if (layer >= network->n_layers || network->layers[layer].type->gradient == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "trace: layer %zu has no parameters", layer);
    }
    if (unit >= network->layers[layer].n_out) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "trace: unit %zu; layers.%d has units 0…%zu", unit,
                         block_of(network, layer), network->layers[layer].n_out - 1);
    }
    return SML_OK;
}

sml_status sml_trace_weights(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t unit,
                             int gradient, float *out, size_t length)
{
    const sml_status status = check_unit(ctx, trace, layer, unit);
    if (status != SML_OK) {
        return status;
    }
    const sml__layer *of = &trace->network.layers[layer];
    const size_t inputs = of->type->has_units ? of->n_in : 1;
    if (length != inputs + 1) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "trace: room for %zu numbers; a unit of layer %zu has %zu", length, layer,
                         inputs + 1);
    }
    if (gradient && !sml__trace_has_backward(trace)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "trace: there is no gradient: the rows have no targets, or no weight");
    }
    const float *flat = gradient ? trace->gradient : trace->network.parameters;
    for (size_t i = 0; i < inputs; i++) {
        out[i] = flat[of->weight + i * of->stride + unit];
    }
    out[inputs] = flat[of->bias + unit];
    return SML_OK;
}

int sml__input_name(const sml_trace *trace, size_t input, char name[SML__INPUT_NAME])
{
    sml_model_column_facts facts;
    size_t at = 0;
    for (size_t c = 0; sml_model_column(NULL, trace->model, c, &facts) == SML_OK; c++) {
        if (input >= at + facts.width) {
            at += facts.width;
            continue;
        }
        const int is_one_of = facts.is_categorical && facts.n_categories > input - at &&
                              facts.width == facts.n_categories;
        snprintf(name, SML__INPUT_NAME, "%s%s%s", facts.name, is_one_of ? "=" : "",
                 is_one_of ? facts.categories[input - at] : "");
        return facts.name[0] != '\0';
    }
    return 0;
}

double sml__share_of(const sml_term *term, double absolute)
{
    return absolute > 0 ? fabs(term->value) / absolute : 0;
}
