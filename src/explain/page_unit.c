/* The page of a unit, forward: the sum that makes z, and what each layer of its block makes of
 * it. */
#include "explain/page_unit.h"

#include <stdio.h>

static const sml__layer *layer_of(const sml__place *at)
{
    return &at->trace->network.layers[at->layer];
}

/* A number of the unit's facts. */
static void add_fact(sml_page *page, const char *words, double value, sml_source source,
                     size_t number, const char *member)
{
    sml__before(page, words);
    sml__number(page, value, source, SML_DIGITS_VALUE, "units[%zu].%s", number, member);
}

void sml__add_unit_verdict(sml_page *page, const sml_unit_facts *facts, size_t number, int is_delta)
{
    char path[32];
    snprintf(path, sizeof path, "units[%zu].", number);
    const sml__verdict verdict = {.path = path,
                                  .engine_name = is_delta ? "delta_in" : "a",
                                  .double_name = is_delta ? "product" : "f",
                                  .bound_name = is_delta ? "bound_delta" : "bound_f",
                                  .engine = is_delta ? facts->delta_in : facts->a,
                                  .exact = is_delta ? facts->product : facts->f,
                                  .bound = is_delta ? facts->bound_delta : facts->bound_f};
    sml__add_verdict(page, &verdict);
}

int sml__uses_batch(const sml__place *at)
{
    return layer_of(at)->type->has_buffers && at->trace->training && at->trace->rows > 1;
}

static void add_norm_facts(sml_page *page, const sml__place *at, const sml_unit_facts *facts,
                           size_t number)
{
    const int has_running = layer_of(at)->type->has_buffers;
    const char *whose = !has_running          ? "of this sample, over all its units: μ = "
                        : sml__uses_batch(at) ? "of the batch: μ_j = "
                                              : "running statistics: μ_j = ";
    add_fact(page, whose, facts->mean, SML_SOURCE_ENGINE64, number, "mean");
    add_fact(page, ", r = ", facts->factor, SML_SOURCE_ENGINE64, number, "factor");
    add_fact(page, " · γ_j = ", facts->gamma, SML_SOURCE_ENGINE, number, "gamma");
    add_fact(page, ", β_j = ", facts->beta, SML_SOURCE_ENGINE, number, "beta");
    sml__end_text(page);
    add_fact(page, "z_j = ", facts->z, SML_SOURCE_ENGINE, number, "z");
    add_fact(page, ", x\u0302_j = (z_j - μ) r = ", facts->normalised, SML_SOURCE_DOUBLE, number,
             "normalised");
    add_fact(page, ", a_j = ", facts->a, SML_SOURCE_ENGINE, number, "a");
    sml__end_text(page);
}

static void add_activation_facts(sml_page *page, const sml__place *at, const sml_unit_facts *facts,
                                 size_t number)
{
    add_fact(page, "z_j = ", facts->z, SML_SOURCE_ENGINE, number, "z");
    add_fact(page, " · a_j = ", facts->a, SML_SOURCE_ENGINE, number, "a");
    add_fact(page, " · f'(z_j) = ", facts->slope, SML_SOURCE_DOUBLE, number, "slope");
    if (layer_of(at)->type->maximum > 0) { /* it has a setting */
        sml__before(page, " · setting ");
        sml__number(page, layer_of(at)->value, SML_SOURCE_SETTING, SML_DIGITS_VALUE,
                    "layers[%zu].value", at->layer);
    }
    sml__words(page, facts->gate_closed ? " · the gate is closed: no δ passes" : "");
    sml__end_text(page);
}

static void add_dropout_facts(sml_page *page, const sml__place *at, const sml_unit_facts *facts,
                              size_t number)
{
    sml__before(page, "rate p = ");
    sml__number(page, layer_of(at)->value, SML_SOURCE_SETTING, SML_DIGITS_VALUE,
                "layers[%zu].value", at->layer);
    if (at->trace->training) {
        add_fact(page, ", the mask multiplies by ", facts->mask, SML_SOURCE_ENGINE, number, "mask");
    } else {
        sml__words(page, ", off outside training: a_j = z_j");
    }
    add_fact(page, " · a_j = ", facts->a, SML_SOURCE_ENGINE, number, "a");
    sml__end_text(page);
}

static void add_dense(sml_page *page, const sml__place *at)
{
    static const sml__sum_words words = {.formula = "dense",
                                         .heads = "input\tw_ji\tx_i\tw_ji x_i",
                                         .bias = "bias b_j",
                                         .total = "z_j",
                                         .bound = " (Σ|w x| + |b|)",
                                         .has_inputs = 1};
    const sml_sum question = {
        .kind = SML_SUM_Z, .layer = at->layer, .unit = at->unit, .row = at->row};
    sml__add_sum(page, at->trace, &words, &question, at->top);
}

static void add_layer(sml_page *page, const sml__place *at)
{
    const sml__layer_type *type = layer_of(at)->type;
    const sml_trace_place question = {.layer = at->layer, .unit = at->unit, .row = at->row};
    sml_unit_facts facts;
    if (type->has_units) {
        add_dense(page, at);
        return;
    }
    const size_t number = sml__page_unit(page, at->trace, &question, &facts);
    sml__end_formula(page, type->name);
    if (type->normalise != NULL) {
        add_norm_facts(page, at, &facts, number);
    } else if (type->is_random) {
        add_dropout_facts(page, at, &facts, number);
    } else {
        add_activation_facts(page, at, &facts, number);
    }
    sml__add_unit_verdict(page, &facts, number, 0);
}

void sml__page_of_unit(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    sml__place at = {
        .trace = trace, .unit = options->unit, .row = options->row, .top = options->top};
    size_t first = 0, end = 0;
    sml__trace_block(trace, options->block, &first, &end);
    sml__add_block_name(page, first, (int)options->block);
    sml__before(page, " unit ");
    sml__number(page, (double)options->unit, SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                "samples[%zu].layers[%zu].output[%zu]", options->row, first, options->unit);
    sml__add_sample(page, trace, options->row);
    sml__end_heading(page, 1);
    for (at.layer = first; at.layer < end; at.layer++) {
        add_layer(page, &at);
    }
    if (options->with_backward) {
        sml__add_backward(page, &at, first, end);
    }
}
