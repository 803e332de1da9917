/* What a JSON of a trace has on demand: sums, units, relations. Members have the names of the
 * structs. */
#include "base/context.h"
#include "base/memory.h"
#include "explain/trace_json.h"
#include "explain/trace_unit.h"
#include "nn/parameter_name.h"

#include <math.h>

static const char *const KINDS[] = {
    [SML_SUM_Z] = "z",           [SML_SUM_BACK] = "back", [SML_SUM_INPUT] = "input",
    [SML_SUM_WEIGHT] = "weight", [SML_SUM_BIAS] = "bias", [SML_SUM_IDENTITY] = "identity",
    [SML_SUM_GAMMA] = "gamma",   [SML_SUM_BETA] = "beta",
};

static void put_term(sml__json *json, const sml_term *term, double absolute)
{
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "index", term->index);
    sml__json_double(json, "left", term->left);
    sml__json_double(json, "right", term->right);
    sml__json_double(json, "value", term->value);
    sml__json_double(json, "share", sml__share_of(term, absolute));
    sml__json_close(json, '{');
}

static void put_sum(sml__json *json, const sml_sum *sum)
{
    sml__json_open(json, NULL, '{');
    sml__json_text(json, "kind", KINDS[sum->kind]);
    sml__json_count(json, "layer", sum->layer);
    sml__json_count(json, "unit", sum->unit);
    sml__json_count(json, "input", sum->input);
    sml__json_count(json, "row", sum->row);
    sml__json_count(json, "n", sum->n);
    sml__json_count(json, "n_terms", sum->n_terms);
    sml__json_count(json, "others", sum->n - sum->n_terms);
    sml__json_count(json, "positive", sum->n_positive);
    sml__json_count(json, "negative", sum->n_negative);
    sml__json_count(json, "zero", sum->n - sum->n_positive - sum->n_negative);
    sml__json_open(json, "terms", '[');
    for (size_t i = 0; i < sum->n_terms; i++) {
        put_term(json, &sum->terms[i], sum->absolute);
    }
    sml__json_close(json, '[');
    sml__json_double(json, "scale", sum->scale);
    sml__json_double(json, "rest", sum->rest);
    sml__json_double(json, "bias", sum->bias);
    sml__json_double(json, "total", sum->total);
    sml__json_double(json, "absolute", sum->absolute);
    /* The engine's z δ is a product in double. */
    sml__json_double(json, "engine", sum->engine);
    sml__json_double(json, "difference", sum->difference);
    sml__json_double(json, "bound", sum->bound);
    sml__json_count(json, "gamma_n", sum->gamma_n);
    sml__json_flag(json, "holds", sum->holds);
    sml__json_close(json, '{');
}

static void put_sums(sml__json *json, const sml_trace *trace, const sml_json_options *options)
{
    sml__json_open(json, "sums", '[');
    for (size_t i = 0; i < options->n_sums && json->status == SML_OK; i++) {
        sml_sum sum;
        sml__json_fail(json,
                       sml_trace_sum(json->ctx, trace, &options->sums[i], options->top, &sum));
        if (json->status == SML_OK) {
            put_sum(json, &sum);
        }
        sml_sum_clear(&sum);
    }
    sml__json_close(json, '[');
}

/* has_deltas: the engine has δ there, which may be NaN all the same; has_means: a norm took means
 * of them. */
static void put_facts(sml__json *json, const sml__layer_type *type, const sml_unit_facts *facts,
                      int has_deltas, int has_means)
{
    const int is_norm = type->normalise != NULL;
    sml__json_float(json, "z", facts->z);
    sml__json_float(json, "a", facts->a);
    sml__json_double(json, "f", facts->f);
    sml__json_double(json, "bound_f", facts->bound_f);
    sml__json_optional(json, "slope", facts->slope, !is_norm || !isnan(facts->slope));
    if (has_deltas) {
        sml__json_float(json, "delta_out", facts->delta_out);
        sml__json_float(json, "delta_in", facts->delta_in);
        sml__json_double(json, "product", facts->product);
        sml__json_double(json, "bound_delta", facts->bound_delta);
    }
    sml__json_optional(json, "mean", facts->mean, is_norm);
    sml__json_optional(json, "factor", facts->factor, is_norm);
    sml__json_optional(json, "normalised", facts->normalised, is_norm);
    sml__json_optional(json, "gamma", facts->gamma, is_norm);
    sml__json_optional(json, "beta", facts->beta, is_norm);
    sml__json_optional(json, "delta_mean", facts->delta_mean, has_means);
    sml__json_optional(json, "delta_product_mean", facts->delta_product_mean, has_means);
    sml__json_optional(json, "mask", facts->mask, type->is_random);
    if (!is_norm) {
        sml__json_flag(json, "gate_closed", facts->gate_closed);
    }
}

/* Its weights and then its bias, or γ and β; and their gradient. */
static void put_weights(sml__json *json, const sml_trace *trace, const sml_trace_place *place,
                        size_t limit)
{
    const size_t n = sml__weights_of_unit(&trace->network.layers[place->layer]) + 1;
    float *values = sml__alloc(json->ctx, n, sizeof *values, "the weights of a unit");
    if (values == NULL) {
        sml__json_fail(json, SML_NO_MEMORY);
        return;
    }
    sml__json_fail(json,
                   sml_trace_weights(json->ctx, trace, place->layer, place->unit, 0, values, n));
    sml__json_floats(json, "weights", values, n, limit);
    if (sml__trace_has_backward(trace)) {
        sml__json_fail(
            json, sml_trace_weights(json->ctx, trace, place->layer, place->unit, 1, values, n));
        sml__json_floats(json, "gradient", values, n, limit);
    }
    sml__free(values);
}

static void put_unit(sml__json *json, const sml_trace *trace, const sml_trace_place *place,
                     size_t limit)
{
    const sml__layer_type *type = trace->network.layers[place->layer].type;
    const int has_deltas = sml__trace_deltas(trace, place->layer).values != NULL;
    sml_unit_facts facts;
    sml_trace_unit(trace, place->layer, place->unit, place->row, &facts);
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "layer", place->layer);
    sml__json_count(json, "unit", place->unit);
    sml__json_count(json, "row", place->row);
    if (type->has_units) {
        sml__json_float(json, "a", facts.a);
        if (has_deltas) {
            sml__json_float(json, "delta_out", facts.delta_out);
        }
    } else {
        put_facts(json, type, &facts, has_deltas,
                  has_deltas && type->normalise != NULL &&
                      sml__trace_norm_group(trace, place->layer) != SML__OVER_NOTHING);
    }
    if (type->gradient != NULL) {
        put_weights(json, trace, place, limit);
    }
    sml__json_close(json, '{');
}

static sml_status check_place(sml_ctx *ctx, const sml_trace *trace, const sml_trace_place *place)
{
    const sml__network *network = &trace->network;
    if (place->layer >= network->n_layers) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "trace: layer %zu; the network has layers 0…%zu",
                         place->layer, network->n_layers - 1);
    }
    if (place->unit >= network->layers[place->layer].n_out || place->row >= trace->rows) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "trace: unit %zu of row %zu; layer %zu has units 0…%zu, the batch rows "
                         "0…%zu",
                         place->unit, place->row, place->layer,
                         network->layers[place->layer].n_out - 1, trace->rows - 1);
    }
    return SML_OK;
}

static void put_units(sml__json *json, const sml_trace *trace, const sml_json_options *options)
{
    sml__json_open(json, "units", '[');
    for (size_t i = 0; i < options->n_units && json->status == SML_OK; i++) {
        sml__json_fail(json, check_place(json->ctx, trace, &options->units[i]));
        if (json->status == SML_OK) {
            put_unit(json, trace, &options->units[i], options->limit);
        }
    }
    sml__json_close(json, '[');
}

static void put_check(sml__json *json, const sml_trace_check *check)
{
    sml__json_open(json, NULL, '{');
    sml__json_text(json, "name", check->name);
    sml__json_text(json, "equation", check->equation);
    sml__json_count(json, "layer", check->layer);
    sml__json_count(json, "unit", check->unit);
    sml__json_count(json, "input", check->input);
    sml__json_count(json, "row", check->row);
    sml__json_double(json, "left", check->left);
    sml__json_double(json, "right", check->right);
    sml__json_double(json, "bound", check->bound);
    sml__json_double(json, "ratio", check->ratio);
    sml__json_flag(json, "holds", check->holds);
    sml__json_count(json, "n", check->n);
    sml__json_close(json, '{');
}

/* How many relations, and how many numbers they were examined on. */
static void put_relations(sml__json *json, const sml_trace_check *checks, size_t n)
{
    uint64_t numbers = 0;
    for (size_t i = 0; i < n; i++) {
        numbers += checks[i].n;
    }
    sml__json_open(json, "relations", '{');
    sml__json_count(json, "n", n);
    sml__json_count(json, "numbers", numbers);
    sml__json_close(json, '{');
}

static void put_list_of_checks(sml__json *json, const sml_trace_check *checks, size_t n)
{
    sml__json_open(json, "checks", '[');
    for (size_t i = 0; i < n && json->status == SML_OK; i++) {
        put_check(json, &checks[i]);
    }
    sml__json_close(json, '[');
    put_relations(json, checks, n);
}

static void put_checks(sml__json *json, const sml_trace *trace)
{
    size_t n = 0;
    sml__json_fail(json, sml_trace_checks(json->ctx, trace, NULL, 0, &n));
    if (json->status != SML_OK) {
        return;
    }
    sml_trace_check *checks = sml__alloc(json->ctx, n, sizeof *checks, "checks of a trace");
    if (checks == NULL) {
        sml__json_fail(json, SML_NO_MEMORY);
        return;
    }
    sml__json_fail(json, sml_trace_checks(json->ctx, trace, checks, n, &n));
    if (json->status == SML_OK) {
        put_list_of_checks(json, checks, n);
    }
    sml__free(checks);
}

void sml__trace_json_asked(sml__json *json, const sml_trace *trace, const sml_json_options *options)
{
    if (options->n_sums > 0) {
        put_sums(json, trace, options);
    }
    if (options->n_units > 0) {
        put_units(json, trace, options);
    }
    if (options->checks) {
        put_checks(json, trace);
    }
}
