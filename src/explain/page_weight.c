/* The page of a parameter: its gradient, the samples that push it up and down. */
#include "explain/page_parts.h"

#include "nn/parameter_name.h"

#include <math.h>

static sml_sum question_of(const sml_trace *trace, const sml__parameter *place)
{
    const int is_dense = trace->network.layers[place->layer].type->has_units;
    const int is_bias = place->kind == SML__BIAS;
    return (sml_sum){.kind = is_dense ? (is_bias ? SML_SUM_BIAS : SML_SUM_WEIGHT)
                                      : (is_bias ? SML_SUM_BETA : SML_SUM_GAMMA),
                     .layer = place->layer,
                     .unit = place->unit,
                     .input = place->input};
}

/* What the penalties add, where there are some. */
static void add_penalties(sml_page *page, const sml_trace *trace, const sml__parameter *place)
{
    const double l1 = trace->settings.l1, l2 = trace->settings.l2;
    if (!trace->network.layers[place->layer].type->has_units || place->kind != SML__WEIGHT ||
        (l1 == 0 && l2 == 0)) {
        return;
    }
    sml__end_formula(page, "penalties");
    sml__before(page, "λ₁ = ");
    sml__number(page, l1, SML_SOURCE_SETTING, SML_DIGITS_VALUE, "model.settings.l1");
    sml__before(page, ", λ₂ = ");
    sml__number(page, l2, SML_SOURCE_SETTING, SML_DIGITS_VALUE, "model.settings.l2");
    sml__end_text(page);
}

/* "layers.0.weight[13,407]", whose numbers are those of the sum that the page asks for first. */
static void add_name(sml_page *page, const sml__parameter *place, const sml_trace *trace)
{
    const sml__layer *layer = &trace->network.layers[place->layer];
    sml__add_block_name(page, place->layer, sml_trace_layer_at(trace, place->layer).block);
    sml__before(page, place->kind == SML__BIAS ? ".bias[" : ".weight[");
    sml__number(page, (double)place->unit, SML_SOURCE_SETTING, SML_DIGITS_INDEX, "sums[0].unit");
    if (layer->type->has_units && place->kind == SML__WEIGHT) {
        sml__before(page, ",");
        sml__number(page, (double)place->input, SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                    "sums[0].input");
    }
    sml__words(page, "]");
}

static void add_value(sml_page *page, const sml_trace *trace, const sml__parameter *place)
{
    const sml_trace_place unit = {.layer = place->layer, .unit = place->unit};
    const size_t at = sml__parameter_position(&trace->network, place);
    sml_unit_facts facts;
    const size_t number = sml__page_unit(page, trace, &unit, &facts);
    const size_t weights = sml__weights_of_unit(&trace->network.layers[place->layer]);
    sml__before(page, "its value ");
    sml__number(page, (double)trace->network.parameters[at], SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                "units[%zu].weights[%zu]", number,
                place->kind == SML__BIAS ? weights : place->input);
    sml__end_text(page);
}

void sml__page_weight(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    sml__parameter place;
    const sml_status status =
        sml__parameter_parse(page->ctx, &trace->network, options->parameter, &place);
    if (status == SML_OK && place.kind != SML__WEIGHT && place.kind != SML__BIAS) {
        sml__page_fail(page, sml__fail(page->ctx, SML_BAD_ARGUMENT,
                                       "page: %s is a running statistic and has no gradient",
                                       options->parameter));
        return;
    }
    sml__page_fail(page, status);
    if (status != SML_OK) {
        return;
    }
    const sml_sum question = question_of(trace, &place);
    add_name(page, &place, trace);
    sml__before(page, " · batch of ");
    sml__number(page, (double)trace->rows, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "batch.rows");
    sml__after(page, trace->rows == 1 ? " sample" : " samples");
    sml__add_rows(page, trace);
    sml__end_heading(page, 1);
    add_value(page, trace, &place);
    sml__add_batch_sum(page, trace, &question, options->top);
    add_penalties(page, trace, &place);
}
