/* The page of a unit, backward: where its ∂C/∂a comes from, the gates, and the gradient of its
 * weights. */
#include "explain/page_unit.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const sml__layer *layer_of(const sml__place *at)
{
    return &at->trace->network.layers[at->layer];
}

/* Through a dense layer, from all units that the unit feeds. */
static void add_back(sml_page *page, const sml__place *above)
{
    static const sml__sum_words words = {.formula = "back",
                                         .heads = "unit\tw_kj\tδ_k\tw_kj δ_k",
                                         .total = "∂C/∂a_j",
                                         .bound = " Σ|w δ|"};
    const sml_sum question = {
        .kind = SML_SUM_BACK, .layer = above->layer, .input = above->unit, .row = above->row};
    sml__add_sum(page, above->trace, &words, &question, above->top);
}

static const char *formula_of_delta(const sml__place *above)
{
    const sml__layer_type *type = layer_of(above)->type;
    if (type->is_random) {
        return "delta_dropout";
    }
    if (type->normalise == NULL) {
        return "gate";
    }
    if (!type->has_buffers) {
        return "delta_layer_norm";
    }
    return sml__uses_batch(above) ? "delta_batch_norm" : "delta_norm_fixed";
}

/* A number of the unit's facts. */
static void add_fact(sml_page *page, const char *words, double value, sml_source source,
                     size_t number, const char *member)
{
    sml__before(page, words);
    sml__number(page, value, source, SML_DIGITS_VALUE, "units[%zu].%s", number, member);
}

/* What stands in (45), (48) or (50) beside ∂C/∂a_j, which (48) calls δ_t. */
static void add_norm_numbers(sml_page *page, const sml__place *above, const sml_unit_facts *facts,
                             size_t number)
{
    add_fact(page, " · γ_j = ", facts->gamma, SML_SOURCE_ENGINE, number, "gamma");
    add_fact(page, " · r = ", facts->factor, SML_SOURCE_ENGINE64, number, "factor");
    if (layer_of(above)->type->has_buffers && !sml__uses_batch(above)) {
        return;
    }
    add_fact(page, " · x\u0302 = ", facts->normalised, SML_SOURCE_DOUBLE, number, "normalised");
    const int is_batch = layer_of(above)->type->has_buffers;
    add_fact(page,
             is_batch ? " · over the batch, the mean of δ is "
                      : " · over the units, the mean of g is ",
             facts->delta_mean, SML_SOURCE_DOUBLE, number, "delta_mean");
    add_fact(page, is_batch ? ", of δ x\u0302 " : ", of g x\u0302 ", facts->delta_product_mean,
             SML_SOURCE_DOUBLE, number, "delta_product_mean");
}

/* Through a layer that keeps its width. */
static void add_gate(sml_page *page, const sml__place *above)
{
    const sml_trace_place question = {
        .layer = above->layer, .unit = above->unit, .row = above->row};
    sml_unit_facts facts;
    const size_t number = sml__page_unit(page, above->trace, &question, &facts);
    sml__end_formula(page, formula_of_delta(above));
    add_fact(page, "∂C/∂a_j = ", facts.delta_out, SML_SOURCE_ENGINE, number, "delta_out");
    if (layer_of(above)->type->normalise != NULL) {
        add_norm_numbers(page, above, &facts, number);
    } else if (layer_of(above)->type->is_random) {
        add_fact(page, " · the mask, k_j / (one - p), is ", facts.mask, SML_SOURCE_ENGINE, number,
                 "mask");
    } else {
        add_fact(page, " · f'(z_j) = ", facts.slope, SML_SOURCE_DOUBLE, number, "slope");
    }
    add_fact(page, " · ∂C/∂z_j = ", facts.delta_in, SML_SOURCE_ENGINE, number, "delta_in");
    sml__words(page, facts.gate_closed ? ": the gate is closed" : "");
    sml__end_text(page);
    sml__add_unit_verdict(page, &facts, number, 1);
}

/* What stands in the formula of an output's δ. */
static void add_numbers_of_loss(sml_page *page, const sml__place *at, const sml_loss_facts *facts,
                                const char *path)
{
    const sml_loss_class *one = &facts->classes[at->unit];
    if (isnan(one->residual)) {
        sml__before(page, "a_k = ");
        sml__number(page, one->a, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "%sa", path);
        sml__before(page, " · y_k = ");
        sml__number(page, one->y, SML_SOURCE_DATA, SML_DIGITS_VALUE, "%sy", path);
    } else {
        sml__before(page, "r_k = ");
        sml__number(page, one->residual, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE, "%sresidual", path);
    }
    if (strcmp(facts->output, "softmax") != 0) {
        sml__before(page, " · K = ");
        sml__number(page, (double)facts->n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "model.outputs");
    }
    if (facts->weight != 1) {
        sml__before(page, " · w_s = ");
        sml__number(page, facts->weight, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "samples[%zu].weight",
                    at->row);
    }
    sml__end_text(page);
}

/* An output: from the loss itself. */
static void add_from_loss(sml_page *page, const sml__place *at)
{
    char formula[64], path[64];
    sml_loss_facts facts;
    const sml_status status = sml_trace_loss(page->ctx, at->trace, at->row, &facts);
    if (status != SML_OK) {
        sml__page_fail(page, status);
        return;
    }
    const sml_loss_class *one = &facts.classes[at->unit];
    snprintf(path, sizeof path, "samples[%zu].loss.classes[%zu].", at->row, at->unit);
    snprintf(formula, sizeof formula, "delta_%s", facts.loss);
    sml__end_weighed_formula(page, formula, facts.weight != 1);
    add_numbers_of_loss(page, at, &facts, path);
    const sml__verdict verdict = {.path = path,
                                  .engine_name = "delta_engine",
                                  .double_name = "delta_direct",
                                  .bound_name = "bound_delta",
                                  .engine = one->delta_engine,
                                  .exact = one->delta_direct,
                                  .bound = one->bound_delta};
    sml__add_verdict(page, &verdict);
    sml_loss_facts_clear(&facts);
}

/* ∂C/∂ what layer `at` puts out, by what comes behind it. */
static void add_delta(sml_page *page, const sml__place *at)
{
    sml__place above = *at;
    above.layer++;
    if (above.layer == at->trace->network.n_layers) {
        add_from_loss(page, at);
    } else if (layer_of(&above)->type->has_units) {
        add_back(page, &above);
    } else {
        add_gate(page, &above);
    }
}

/* The gradient of a row of W as a picture, and the row itself. */
static void add_pictures(sml_page *page, const sml__place *at, const float *weights,
                         const float *gradient, size_t n, size_t number)
{
    const sml_data_view *view = &at->trace->ready->view;
    const float *rows[] = {weights, gradient};
    static const char *const names[] = {"w_ji as a picture; largest at input ",
                                        "dW_ji as a picture; largest at input "};
    static const char *const members[] = {"weights", "gradient"};
    for (size_t i = 0; i < 2; i++) {
        const sml__vector_facts facts = sml__vector_facts_of(rows[i], n);
        sml__before(page, names[i]);
        sml__number(page, (double)facts.largest_at, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                    "units[%zu].%s[%zu]", number, members[i], facts.largest_at);
        sml__before(page, ": ");
        sml__number(page, facts.largest, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "units[%zu].%s[%zu]",
                    number, members[i], facts.largest_at);
        sml__end_picture(page, rows[i], view->height, view->width, 1, "units[%zu].%s", number,
                         members[i]);
    }
}

/* The inputs whose weights have the largest gradient. */
static void add_gradients(sml_page *page, const sml__place *at, const float *weights,
                          const float *gradient, size_t n, size_t number)
{
    const int is_lowest = at->layer == 0;
    float *keys = sml__alloc(page->ctx, n, sizeof *keys, "an order");
    for (size_t i = 0; keys != NULL && i < n; i++) {
        keys[i] = fabsf(gradient[i]);
    }
    sml__page_fail(page, keys != NULL ? SML_OK : SML_NO_MEMORY);
    sml__begin_table(page, "lrr", "input\tw_ji\tdW_ji");
    for (size_t t = 0, i = n; t < at->top && page->status == SML_OK; t++) {
        i = sml__next_largest(keys, n, i);
        if (i == n) {
            break;
        }
        char name[SML__INPUT_NAME];
        if (is_lowest && sml__input_name(at->trace, i, name)) {
            sml__name(page, name, SML_SOURCE_DATA, "model.input_names[%zu]", i);
        } else {
            sml__number(page, (double)i, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                        "units[%zu].weights[%zu]", number, i);
        }
        sml__number(page, (double)weights[i], SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                    "units[%zu].weights[%zu]", number, i);
        sml__number(page, (double)gradient[i], SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                    "units[%zu].gradient[%zu]", number, i)
            ->bar = (double)gradient[i];
    }
    sml__end_table(page);
    sml__free(keys);
}

/* The identity of each unit and sample: what the row of W gives times δ is δ z. */
static void add_identity(sml_page *page, const sml__place *at)
{
    const sml_sum question = {
        .kind = SML_SUM_IDENTITY, .layer = at->layer, .unit = at->unit, .row = at->row};
    sml_sum sum;
    const size_t number = sml__page_sum(page, at->trace, &question, 0, &sum);
    sml__end_formula(page, "row_identity");
    sml__before(page, "left ");
    sml__number(page, sum.total, SML_SOURCE_DOUBLE, SML_DIGITS_EXACT, "sums[%zu].total", number);
    sml__before(page, ", right ");
    sml__number(page, sum.engine, SML_SOURCE_ENGINE, SML_DIGITS_EXACT, "sums[%zu].engine", number);
    sml__before(page, ", at most ");
    sml__number(page, sum.bound, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL, "sums[%zu].bound", number);
    sml__after(page, " apart");
    sml__end_check(page, sum.holds);
    sml_sum_clear(&sum);
}

static void add_dense_gradient(sml_page *page, const sml__place *at, const float *weights,
                               const float *gradient)
{
    const size_t n = layer_of(at)->n_in;
    const sml_data_view *view = &at->trace->ready->view;
    const sml_trace_place question = {.layer = at->layer, .unit = at->unit, .row = at->row};
    sml_unit_facts facts;
    const size_t number = sml__page_unit(page, at->trace, &question, &facts);
    const int is_weighted = sml__is_weighted(at->trace);
    if (at->trace->rows == 1 && !is_weighted) {
        sml__end_formula(page, "gradient");
    } else {
        sml__end_weighed_formula(page, "gradient_of_batch", is_weighted);
    }
    sml__before(page, "db_j = ");
    sml__number(page, (double)gradient[n], SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                "units[%zu].gradient[%zu]", number, n);
    if (is_weighted) {
        sml__words(page, " · ");
        sml__add_weights(page, at->trace);
    }
    sml__end_text(page);
    if (at->layer == 0 && view->height > 0 && view->height * view->width == n) {
        add_pictures(page, at, weights, gradient, n, number);
    } else {
        add_gradients(page, at, weights, gradient, n, number);
    }
    add_identity(page, at);
}

static void add_norm_gradient(sml_page *page, const sml__place *at)
{
    sml_sum question = {
        .kind = SML_SUM_GAMMA, .layer = at->layer, .unit = at->unit, .row = at->row};
    sml__add_batch_sum(page, at->trace, &question, at->top);
    question.kind = SML_SUM_BETA;
    sml__add_batch_sum(page, at->trace, &question, at->top);
}

static void add_gradient(sml_page *page, const sml__place *at)
{
    const size_t length = layer_of(at)->n_in + 1;
    if (!layer_of(at)->type->has_units) {
        add_norm_gradient(page, at);
        return;
    }
    float *weights = sml__alloc(page->ctx, length, sizeof *weights, "weights");
    float *gradient = sml__alloc(page->ctx, length, sizeof *gradient, "gradients");
    sml_status status = weights != NULL && gradient != NULL ? SML_OK : SML_NO_MEMORY;
    for (int i = 0; i < 2 && status == SML_OK; i++) {
        status = sml_trace_weights(page->ctx, at->trace, at->layer, at->unit, i,
                                   i == 0 ? weights : gradient, length);
    }
    sml__page_fail(page, status);
    if (status == SML_OK) {
        add_dense_gradient(page, at, weights, gradient);
    }
    sml__free(weights);
    sml__free(gradient);
}

void sml__add_backward(sml_page *page, const sml__place *at, size_t first, size_t end)
{
    sml__place here = *at;
    if (!sml__trace_has_backward(at->trace)) {
        sml__words(page, "No way back: the row has no target, or no weight.");
        sml__end_text(page);
        return;
    }
    sml__add_weight_of_row(page, at->trace, at->row);
    for (here.layer = end; here.layer-- > first;) {
        add_delta(page, &here);
    }
    here.layer = first;
    add_gradient(page, &here);
}
