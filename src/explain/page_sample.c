/* The page of a sample: what goes in, one line for every layer, what comes out, and the loss. */
#include "explain/page_parts.h"
#include "explain/page_stages.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

enum { CLASSES_SHOWN = 10 };

static int has_classes(const sml_trace *trace)
{
    return sml_model_task(trace->model) == SML_TASK_CLASSIFICATION;
}

/* "says 9 98.31%": the class with the largest probability. */
static void add_answer(sml_page *page, const sml_trace *trace, size_t r)
{
    size_t n = 0;
    const float *a = sml_trace_vector(trace, SML_PREDICTION, 0, r, &n);
    const size_t best = sml__trace_answer(trace, r);
    sml__before(page, " · says ");
    sml__name(page, sml_model_class_name(trace->model, best), SML_SOURCE_ENGINE,
              "samples[%zu].prediction_name", r);
    sml__before(page, ", ");
    sml__number(page, (double)a[best], SML_SOURCE_ENGINE, SML_DIGITS_SHARE,
                "samples[%zu].probability", r);
}

static void add_title(sml_page *page, const sml_trace *trace, size_t r)
{
    const int32_t label = sml__trace_label(trace, r);
    sml__before(page, "sample ");
    sml__number(page, trace->samples[r], SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                "samples[%zu].sample", r);
    sml__before(page, " of ");
    sml__name(page, trace->selected->name, SML_SOURCE_DATA, "data.name");
    if (trace->selected->split[0] != '\0') {
        sml__before(page, ", part ");
        sml__name(page, trace->selected->split, SML_SOURCE_DATA, "data.split");
    }
    if (has_classes(trace) && label >= 0) {
        sml__before(page, " · label ");
        sml__name(page, sml_model_class_name(trace->model, (size_t)label), SML_SOURCE_DATA,
                  "samples[%zu].label_name", r);
    }
    if (has_classes(trace)) {
        add_answer(page, trace, r);
    }
    if (sml__trace_has_backward(trace)) {
        const int is_weighted = trace->weights != NULL && trace->weights[r] != 1.0F;
        sml__before(page, is_weighted ? " · weighted loss " : " · loss ");
        sml__number(page, trace->workspace.losses[r], SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                    "samples[%zu].loss.value", r);
    }
    sml__end_heading(page, 1);
}

/* How the trace was made. */
static void add_mode(sml_page *page, const sml_trace *trace, size_t r)
{
    sml__name(page, trace->training ? "training" : "evaluation", SML_SOURCE_SETTING, "mode");
    if (trace->training) {
        sml__before(page, ", epoch ");
        sml__number(page, trace->epoch, SML_SOURCE_SETTING, SML_DIGITS_INDEX, "epoch");
    }
    sml__before(page, " · kernels ");
    sml__name(page, scratchml_instruction_set(), SML_SOURCE_SETTING, "kernels");
    sml__before(page, trace->rows == 1 ? " · batch of this one sample, m = " : " · batch of m = ");
    sml__number(page, (double)trace->rows, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "batch.rows");
    if (trace->rows > 1) {
        sml__add_rows(page, trace);
    }
    if (sml__is_weighted(trace)) {
        sml__before(page, " · weight w_s = ");
        sml__number(page, (double)trace->weights[r], SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                    "batch.weights[%zu]", r);
        sml__words(page, " of ");
        sml__add_weights(page, trace);
    }
    sml__end_text(page);
}

static void add_input(sml_page *page, const sml_trace *trace, size_t r)
{
    const sml_data_view *view = &trace->ready->view;
    size_t n = 0;
    const float *x = sml_trace_vector(trace, SML_INPUT, 0, r, &n);
    const sml__vector_facts facts = sml__vector_facts_of(x, n);
    sml__before(page, "input: ");
    sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "model.inputs");
    sml__before(page, " numbers, ");
    sml__number(page, (double)facts.zeros, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "samples[%zu].input_zeros", r);
    sml__before(page, " of them zero · norm ‖x‖ ");
    sml__number(page, facts.norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE, "samples[%zu].input_norm",
                r);
    sml__before(page, " · largest |x| ");
    sml__number(page, facts.largest, SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                "samples[%zu].input_largest", r);
    if (view->height > 0 && view->height * view->width == n) {
        sml__end_picture(page, x, view->height, view->width, 0, "samples[%zu].input", r);
    } else {
        sml__end_text(page);
    }
}

/* A number of a layer of the row. */
static void add_layer_number(sml_page *page, double value, sml_source source, sml_digits digits,
                             const char *member, size_t r, size_t l)
{
    sml__number(page, value, source, digits, "samples[%zu].layers[%zu].%s", r, l, member);
}

static void add_layer(sml_page *page, const sml_trace *trace, size_t r, size_t l)
{
    const sml_trace_layer layer = sml_trace_layer_at(trace, l);
    size_t n = 0, n_deltas = 0;
    const float *a = sml_trace_vector(trace, SML_OUTPUT, l, r, &n);
    const float *delta = sml_trace_vector(trace, SML_DELTA, l, r, &n_deltas);
    const sml__vector_facts facts = sml__vector_facts_of(a, n);
    if (layer.is_head) {
        sml__before(page, "layers.");
        sml__number(page, layer.block, SML_SOURCE_COUNT, SML_DIGITS_INDEX, "layers[%zu].block", l);
    } else {
        sml__words(page, "");
    }
    sml__name(page, layer.type, SML_SOURCE_SETTING, "layers[%zu].type", l);
    sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "layers[%zu].units", l);
    add_layer_number(page, (double)facts.zeros, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "zeros", r, l);
    add_layer_number(page, facts.norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE, "output_norm", r, l);
    if (delta != NULL) {
        add_layer_number(page, sml__vector_facts_of(delta, n_deltas).norm, SML_SOURCE_DOUBLE,
                         SML_DIGITS_VALUE, "delta_norm", r, l);
    } else {
        sml__words(page, "");
    }
    add_layer_number(page, facts.largest, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "largest", r, l);
    add_layer_number(page, (double)facts.largest_at, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                     "largest_unit", r, l);
}

static void add_layers(sml_page *page, const sml_trace *trace, size_t r)
{
    sml__begin_table(page, "llrrrrrr",
                     "block\tlayer\tunits\tzero\t‖out‖\t‖∂C/∂out‖\tlargest\tat unit");
    for (size_t l = 0; sml_trace_layer_at(trace, l).type != NULL; l++) {
        add_layer(page, trace, r, l);
    }
    sml__end_table(page);
}

static void add_number_of_outputs(sml_page *page, const sml_trace *trace, size_t n, size_t shown)
{
    if (n == 1) {
        sml__words(page, "the output");
    } else {
        sml__words(page, shown == n           ? "all "
                         : has_classes(trace) ? "the most probable of "
                                              : "the largest of ");
        sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "model.outputs");
        sml__after(page, has_classes(trace) ? " classes" : " outputs");
    }
    if (trace->model->target_scaling != NULL) {
        sml__words(page, ", in the units of the data");
    }
}

static void add_classes(sml_page *page, const sml_trace *trace, size_t r)
{
    size_t n = 0, n_targets = 0;
    const float *a = sml_trace_vector(trace, SML_PREDICTION, 0, r, &n);
    const float *y = sml_trace_vector(trace, SML_TARGET, 0, r, &n_targets);
    const int is_scaled = y != NULL && trace->data_targets != NULL;
    y = is_scaled ? trace->data_targets + r * n_targets : y;
    const size_t shown = n < CLASSES_SHOWN ? n : CLASSES_SHOWN;
    add_number_of_outputs(page, trace, n, shown);
    sml__end_heading(page, 2);
    sml__begin_table(page, y != NULL ? "lrr" : "lr", y != NULL ? "output\ty\ta" : "output\ta");
    for (size_t i = 0, k = n; i < shown; i++) {
        k = sml__next_largest(a, n, k);
        sml__name(page, sml_model_class_name(trace->model, k), SML_SOURCE_DATA,
                  "model.classes[%zu]", k);
        if (y != NULL) {
            sml__number(page, (double)y[k], SML_SOURCE_DATA, SML_DIGITS_VALUE,
                        is_scaled ? "samples[%zu].data_target[%zu]" : "samples[%zu].target[%zu]", r,
                        k);
        }
        sml__number(page, (double)a[k], SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                    "samples[%zu].predictions[%zu]", r, k)
            ->bar = (double)a[k];
    }
    sml__end_table(page);
}

/* All relations of docs/network.md on this trace, and the one that is nearest to its bound. */
static void add_checks(sml_page *page, const sml_trace *trace)
{
    size_t n = 0, worst = 0;
    double numbers = 0;
    int holds = 1;
    sml__page_fail(page, sml_trace_checks(page->ctx, trace, NULL, 0, &n));
    sml_trace_check *checks = sml__alloc(page->ctx, n, sizeof *checks, "checks");
    sml__page_fail(page, checks != NULL ? SML_OK : SML_NO_MEMORY);
    if (page->status == SML_OK) {
        sml__page_fail(page, sml_trace_checks(page->ctx, trace, checks, n, &n));
    }
    const int is_there = checks != NULL && page->status == SML_OK && n > 0;
    for (size_t i = 0; is_there && i < n; i++) {
        numbers += (double)checks[i].n;
        holds = holds && checks[i].holds;
        worst = checks[i].ratio > checks[worst].ratio ? i : worst;
    }
    if (is_there) {
        sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "relations.n");
        sml__after(page, " relations on ");
        sml__number(page, numbers, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "relations.numbers");
        sml__after(page, " numbers: rounding reaches ");
        sml__number(page, checks[worst].ratio, SML_SOURCE_DOUBLE, SML_DIGITS_SHARE,
                    "checks[%zu].ratio", worst);
        sml__after(page, " of its bound");
        sml__end_check(page, holds);
    }
    sml__free(checks);
}

void sml__page_sample(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    const size_t r = options->row;
    add_title(page, trace, r);
    add_mode(page, trace, r);
    add_input(page, trace, r);
    sml__add_stages(page, trace, r, options->top);
    add_layers(page, trace, r);
    add_classes(page, trace, r);
    add_checks(page, trace);
}
