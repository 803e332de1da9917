/* The rows of a trace in its JSON. */
#include "base/memory.h"
#include "explain/trace_cells.h"
#include "explain/trace_json.h"
#include "explain/trace_loss.h"
#include "explain/trace_unit.h"
#include "explain/vector_facts.h"

#include <math.h>
#include <string.h>

/* A vector of the row, where it is there. */
static void put_vector(sml__json *json, const sml_trace *trace, const char *key, sml_vector vector,
                       size_t l, size_t r, size_t limit)
{
    size_t n = 0;
    const float *values = sml_trace_vector(trace, vector, l, r, &n);
    if (values != NULL) {
        sml__json_floats(json, key, values, n, limit);
    }
}

/* A column on its way into the network: as it was, filled, and the places that it has in the input.
 */
static void put_stage(sml__json *json, const sml_trace *trace, size_t r, size_t column)
{
    const sml__trace_cell cell = sml__trace_cell_at(trace, r, column);
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "column", column);
    sml__json_text(json, "name", cell.facts.name);
    sml__json_float(json, "raw", (double)cell.raw);
    if (cell.facts.is_categorical) {
        sml__json_text(json, "category", cell.category);
    }
    sml__json_double(json, "filled", cell.filled);
    if (cell.facts.is_categorical) {
        sml__json_text(json, "filled_category", cell.filled_category);
    }
    if (cell.is_scaled) {
        sml__json_double(json, "shift", cell.facts.shift);
        sml__json_double(json, "factor", cell.facts.factor);
    }
    sml__json_count(json, "at", cell.at);
    sml__json_count(json, "width", cell.facts.width);
    sml__json_close(json, '{');
}

/* Of tables, whose columns have names. */
static void put_stages(sml__json *json, const sml_trace *trace, size_t r, size_t limit)
{
    const size_t n = sml_model_columns(trace->model);
    if (n > limit || !sml__trace_has_cells(trace)) {
        return;
    }
    sml__json_open(json, "stages", '[');
    for (size_t c = 0; c < n; c++) {
        put_stage(json, trace, r, c);
    }
    sml__json_close(json, '[');
}

static size_t largest(const float *a, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
        best = a[k] > a[best] ? k : best;
    }
    return best;
}

/* What the row is and what the model says of it. */
static void put_answer(sml__json *json, const sml_trace *trace, size_t r)
{
    const int has_classes = sml_model_task(trace->model) == SML_TASK_CLASSIFICATION;
    const int has_label = trace->ready->view.task == SML_TASK_CLASSIFICATION;
    const int32_t label = has_label ? sml_dataset_label(trace->ready, r) : -1;
    size_t n = 0;
    const float *a = sml_trace_vector(trace, SML_PREDICTION, 0, r, &n);
    const size_t best = largest(a, n);
    sml__json_count(json, "sample", trace->samples[r]);
    sml__json_float(json, "weight", trace->weights != NULL ? (double)trace->weights[r] : 1.0);
    if (has_classes && label >= 0) {
        sml__json_count(json, "label", (uint64_t)label);
        sml__json_text(json, "label_name", sml_model_class_name(trace->model, (size_t)label));
    }
    if (has_classes) {
        sml__json_count(json, "prediction", best);
        sml__json_text(json, "prediction_name", sml_model_class_name(trace->model, best));
        sml__json_float(json, "probability", (double)a[best]);
    }
    if (has_classes && label >= 0) {
        sml__json_flag(json, "hit", best == (size_t)label);
    }
}

static void put_input(sml__json *json, const sml_trace *trace, size_t r, size_t limit)
{
    size_t n = 0;
    const float *x = sml_trace_vector(trace, SML_INPUT, 0, r, &n);
    const sml__vector_facts facts = sml__vector_facts_of(x, n);
    put_vector(json, trace, "raw", SML_RAW, 0, r, limit);
    put_stages(json, trace, r, limit);
    sml__json_floats(json, "input", x, n, limit);
    sml__json_count(json, "input_zeros", facts.zeros);
    sml__json_double(json, "input_norm", facts.norm);
    sml__json_float(json, "input_largest", facts.largest);
    put_vector(json, trace, "target", SML_TARGET, 0, r, limit);
    if (trace->data_targets != NULL) {
        const size_t k = trace->network.n_out;
        sml__json_floats(json, "data_target", trace->data_targets + r * k, k, limit);
    }
    put_vector(json, trace, "predictions", SML_PREDICTION, 0, r, limit);
}

/* Units that let nothing pass back. */
static uint64_t count_closed(const sml_trace *trace, size_t l, size_t r)
{
    uint64_t closed = 0;
    for (size_t j = 0; j < trace->network.layers[l].n_out; j++) {
        sml_unit_facts facts;
        sml_trace_unit(trace, l, j, r, &facts);
        closed += facts.gate_closed ? 1 : 0;
    }
    return closed;
}

static void put_layer(sml__json *json, const sml_trace *trace, size_t l, size_t r, size_t limit)
{
    const sml__layer_type *type = trace->network.layers[l].type;
    size_t n = 0, n_deltas = 0;
    const float *a = sml_trace_vector(trace, SML_OUTPUT, l, r, &n);
    const float *delta = sml_trace_vector(trace, SML_DELTA, l, r, &n_deltas);
    const sml__vector_facts facts = sml__vector_facts_of(a, n);
    sml__json_open(json, NULL, '{');
    sml__json_floats(json, "output", a, n, limit);
    sml__json_count(json, "zeros", facts.zeros);
    sml__json_double(json, "output_norm", facts.norm);
    sml__json_count(json, "largest_unit", facts.largest_at);
    sml__json_float(json, "largest", facts.largest);
    if (delta != NULL) {
        sml__json_floats(json, "delta", delta, n, limit);
        sml__json_double(json, "delta_norm", sml__vector_facts_of(delta, n).norm);
    }
    put_vector(json, trace, "mask", SML_MASK, l, r, limit);
    if (type->f != NULL || type->is_random) {
        sml__json_count(json, "closed", count_closed(trace, l, r));
    }
    if (type->normalise != NULL && sml__trace_norm_group(trace, l) == SML__OVER_UNITS) {
        const sml__norm norm = sml__trace_norm(trace, l, 0, r);
        sml__json_double(json, "mean", norm.mean);
        sml__json_double(json, "factor", norm.factor);
    }
    sml__json_close(json, '{');
}

/* What the facts of a row hold. */
typedef struct present {
    int targets, deltas, softmax, residuals;
} present;

static void put_class(sml__json *json, const sml_loss_class *one, double weight, present has)
{
    sml__json_open(json, NULL, '{');
    sml__json_float(json, "z", one->z);
    if (has.softmax) {
        sml__json_double(json, "shifted", one->shifted);
        sml__json_double(json, "exponential", one->exponential);
    }
    sml__json_float(json, "a", one->a);
    sml__json_double(json, "a_double", one->a_double);
    sml__json_double(json, "bound_a", one->bound_a);
    if (has.targets) {
        sml__json_double(json, "y", one->y);
        sml__json_double(json, "term", one->term);
        sml__json_double(json, "part", weight * one->term);
    }
    if (has.residuals) {
        sml__json_double(json, "residual", one->residual);
    }
    if (has.deltas) {
        sml__json_float(json, "delta_engine", one->delta_engine);
        sml__json_double(json, "delta_jacobian", one->delta_jacobian);
        sml__json_double(json, "delta_direct", one->delta_direct);
        sml__json_double(json, "bound_delta", one->bound_delta);
    }
    sml__json_close(json, '{');
}

static void put_softmax(sml__json *json, const sml_loss_facts *facts, present has)
{
    sml__json_float(json, "shift", facts->shift);
    sml__json_double(json, "sum", facts->sum);
    sml__json_double(json, "log_sum", facts->log_sum);
    sml__json_double(json, "sum_of_a", facts->sum_of_a);
    sml__json_double(json, "bound_sum_of_a", facts->bound_sum_of_a);
    if (has.deltas) {
        sml__json_double(json, "sum_of_delta", facts->sum_of_delta);
        sml__json_double(json, "bound_sum_of_delta", facts->bound_sum_of_delta);
    }
}

static void put_loss(sml__json *json, const sml_trace *trace, size_t r)
{
    sml_loss_facts facts;
    const sml_status status = sml_trace_loss(json->ctx, trace, r, &facts);
    if (status != SML_OK) {
        sml__json_fail(json, status);
        return;
    }
    const int has_targets = trace->ready->view.task != SML_TASK_NONE;
    const present has = {
        .targets = has_targets,
        .deltas = sml__trace_has_backward(trace),
        .softmax = strcmp(facts.output, "softmax") == 0,
        .residuals = has_targets && strcmp(facts.output, "identity") == 0,
    };
    sml__json_open(json, "loss", '{');
    if (has.deltas) {
        sml__json_double(json, "value", facts.loss_engine);
    }
    if (has.targets) {
        sml__json_double(json, "recomputed", facts.loss_double);
        sml__json_double(json, "bound", facts.bound_loss);
        sml__json_double(json, "smoothing", facts.smoothing);
    }
    if (has.softmax) {
        put_softmax(json, &facts, has);
    }
    sml__json_open(json, "classes", '[');
    for (size_t k = 0; k < facts.n; k++) {
        put_class(json, &facts.classes[k], facts.weight, has);
    }
    sml__json_close(json, '[');
    sml__json_close(json, '{');
    sml_loss_facts_clear(&facts);
}

static void put_sample(sml__json *json, const sml_trace *trace, size_t r, size_t limit)
{
    double *gradient = NULL;
    sml__json_open(json, NULL, '{');
    put_answer(json, trace, r);
    put_input(json, trace, r, limit);
    sml__json_open(json, "layers", '[');
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        put_layer(json, trace, l, r, limit);
    }
    sml__json_close(json, '[');
    put_loss(json, trace, r);
    if (sml__trace_has_backward(trace) && trace->network.n_in <= limit) {
        gradient = sml__trace_input_gradient(json->ctx, trace, r);
        if (gradient == NULL) {
            sml__json_fail(json, SML_NO_MEMORY);
        } else {
            sml__json_doubles(json, "input_gradient", gradient, trace->network.n_in);
        }
        sml__free(gradient);
    }
    sml__json_close(json, '{');
}

void sml__trace_json_samples(sml__json *json, const sml_trace *trace,
                             const sml_json_options *options)
{
    sml__json_open(json, "samples", '[');
    for (size_t r = 0; r < trace->rows && json->status == SML_OK; r++) {
        put_sample(json, trace, r, options->limit);
    }
    sml__json_close(json, '[');
}
