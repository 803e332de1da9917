#include "explain/trace_json.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/prepare/targets.h"
#include "explain/trace_loss.h"
#include "explain/trace_unit.h"

#include <math.h>

enum { SCHEMA_VERSION = 1, LIMIT = 4096, TOP = 8 };

static void put_settings(sml__json *json, const sml_model *model)
{
    size_t n = 0;
    const sml_parameter *parameters = sml_model_parameters(sml_model_algorithm(model), &n);
    sml__json_open(json, "settings", '{');
    for (size_t i = 0; i < n; i++) {
        sml__json_text(json, parameters[i].name, sml_model_get(model, parameters[i].name));
    }
    sml__json_close(json, '{');
}

/* Of a regression whose targets are scaled. */
static void put_targets(sml__json *json, const sml__target_scaling *scaling)
{
    sml__json_open(json, "targets", '[');
    for (size_t k = 0; k < scaling->n; k++) {
        sml__json_open(json, NULL, '{');
        sml__json_double(json, "shift", scaling->out[k].shift);
        sml__json_double(json, "factor", scaling->out[k].factor);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
}

/* Of a table, whose columns have names. */
static void put_input_names(sml__json *json, const sml_trace *trace)
{
    char name[SML__INPUT_NAME];
    if (!sml__input_name(trace, 0, name)) {
        return;
    }
    sml__json_open(json, "input_names", '[');
    for (size_t i = 0; i < trace->network.n_in; i++) {
        sml__json_text(json, NULL, sml__input_name(trace, i, name) ? name : NULL);
    }
    sml__json_close(json, '[');
}

static void put_model(sml__json *json, const sml_trace *trace)
{
    const sml_model *model = trace->model;
    sml__json_open(json, "model", '{');
    sml__json_text(json, "algorithm", sml_model_algorithm(model));
    sml__json_text(json, "loss", trace->network.loss->name);
    sml__json_text(json, "output", sml__trace_output_name(trace->network.loss->name));
    sml__json_text(json, "optimizer", trace->settings.optimizer->name);
    sml__json_count(json, "columns", sml_model_columns(trace->model));
    sml__json_count(json, "inputs", trace->network.n_in);
    sml__json_count(json, "outputs", trace->network.n_out);
    sml__json_count(json, "parameters", sml__network_parameter_count(&trace->network));
    put_input_names(json, trace);
    sml__json_open(json, "classes", '[');
    for (size_t k = 0; k < trace->network.n_out; k++) {
        sml__json_text(json, NULL, sml_model_class_name(model, k));
    }
    sml__json_close(json, '[');
    if (model->target_scaling != NULL) {
        put_targets(json, model->target_scaling);
    }
    put_settings(json, model);
    sml__json_close(json, '{');
}

static void put_data(sml__json *json, const sml_trace *trace)
{
    sml__json_open(json, "data", '{');
    sml__json_text(json, "name", trace->selected->name);
    sml__json_text(json, "split",
                   trace->selected->split[0] != '\0' ? trace->selected->split : NULL);
    sml__json_count(json, "rows", trace->data_rows);
    sml__json_count(json, "columns", trace->selected->view.columns);
    sml__json_close(json, '{');
}

static void put_batch(sml__json *json, const sml_trace *trace)
{
    sml__json_open(json, "batch", '{');
    sml__json_count(json, "rows", trace->rows);
    sml__json_open(json, "samples", '[');
    for (size_t r = 0; r < trace->rows; r++) {
        sml__json_count(json, NULL, trace->samples[r]);
    }
    sml__json_close(json, '[');
    sml__json_open(json, "weights", '[');
    for (size_t r = 0; r < trace->rows; r++) {
        sml__json_float(json, NULL, trace->weights != NULL ? (double)trace->weights[r] : 1.0);
    }
    sml__json_close(json, '[');
    sml__json_double(json, "total_weight", trace->batch_weight);
    if (sml__trace_has_backward(trace)) {
        sml__json_double(json, "loss", trace->loss);
    }
    sml__json_close(json, '{');
}

static double norm_of(const float *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sqrt(sum);
}

/* Of parameters or of their gradient; the gaps between rows are zero. */
static void put_norms(sml__json *json, const sml__layer *layer, const float *flat,
                      const char *weight, const char *bias)
{
    sml__json_double(json, weight, norm_of(flat + layer->weight, sml__weight_count(layer)));
    sml__json_double(json, bias, norm_of(flat + layer->bias, layer->n_out));
}

/* What all rows are normalised with, unit by unit. */
static void put_statistics(sml__json *json, const sml_trace *trace, size_t l)
{
    sml__json_open(json, "mean", '[');
    for (size_t j = 0; j < trace->network.layers[l].n_out; j++) {
        sml__json_double(json, NULL, sml__trace_norm(trace, l, j, 0).mean);
    }
    sml__json_close(json, '[');
    sml__json_open(json, "factor", '[');
    for (size_t j = 0; j < trace->network.layers[l].n_out; j++) {
        sml__json_double(json, NULL, sml__trace_norm(trace, l, j, 0).factor);
    }
    sml__json_close(json, '[');
}

static void put_layer(sml__json *json, const sml_trace *trace, size_t l)
{
    const sml_trace_layer facts = sml_trace_layer_at(trace, l);
    const sml__layer *layer = &trace->network.layers[l];
    char name[32] = "";
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "index", l);
    sml__json_text(json, "type", facts.type);
    if (facts.block >= 0) {
        snprintf(name, sizeof name, "layers.%d", facts.block);
        sml__json_count(json, "block", (uint64_t)facts.block);
        sml__json_text(json, "name", name);
    }
    sml__json_flag(json, "is_head", facts.is_head);
    sml__json_count(json, "inputs", facts.inputs);
    sml__json_count(json, "units", facts.units);
    sml__json_double(json, "value", facts.value);
    if (facts.is_head) {
        put_norms(json, layer, trace->network.parameters, "weight_norm", "bias_norm");
    }
    if (facts.is_head && sml__trace_has_backward(trace)) {
        put_norms(json, layer, trace->gradient, "weight_gradient_norm", "bias_gradient_norm");
    }
    if (layer->type->normalise != NULL && sml__trace_norm_group(trace, l) != SML__OVER_UNITS) {
        put_statistics(json, trace, l);
    }
    sml__json_close(json, '{');
}

void sml__trace_json_layers(sml__json *json, const sml_trace *trace)
{
    sml__json_open(json, "layers", '[');
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        put_layer(json, trace, l);
    }
    sml__json_close(json, '[');
}

static void put_trace(sml__json *json, const sml_trace *trace, const sml_json_options *options)
{
    sml__json_open(json, NULL, '{');
    sml__json_text(json, "schema", "scratchml-trace");
    sml__json_count(json, "version", SCHEMA_VERSION);
    sml__json_text(json, "library", scratchml_version());
    sml__json_text(json, "kernels", scratchml_instruction_set());
    sml__json_text(json, "mode", trace->training ? "training" : "evaluation");
    sml__json_count(json, "epoch", trace->epoch);
    put_model(json, trace);
    put_data(json, trace);
    put_batch(json, trace);
    sml__trace_json_layers(json, trace);
    sml__trace_json_samples(json, trace, options);
    sml__trace_json_asked(json, trace, options);
    sml__trace_json_changes(json, trace, options);
    sml__trace_json_sources(json);
    sml__json_close(json, '{');
}

sml_status sml_trace_json(sml_ctx *ctx, const sml_trace *trace, const sml_json_options *options,
                          char **text, size_t *length)
{
    sml_json_options used = options != NULL ? *options : (sml_json_options){0};
    sml__json json = {.ctx = ctx, .is_first = 1};
    *text = NULL;
    *length = 0;
    used.limit = used.limit > 0 ? used.limit : LIMIT;
    used.top = used.top > 0 ? used.top : TOP;
    const locale_t before = uselocale(ctx->numbers);
    put_trace(&json, trace, &used);
    sml__json_end(&json);
    uselocale(before);
    if (json.status != SML_OK) {
        sml__free(json.text);
        return json.status;
    }
    *text = json.text;
    *length = json.length;
    return SML_OK;
}
