/* The page of what would be, if: the edits, and what they change in the outputs and the units. */
#include "explain/page_parts.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>

/* What a norm makes of the 0 is not 0. */
static void add_norm_above(sml_page *page, const sml_trace *trace, const sml_edit *edit)
{
    size_t first = 0, end = 0;
    sml__trace_block(trace, edit->block, &first, &end);
    if (end < trace->network.n_layers && trace->network.layers[end].type->normalise != NULL) {
        sml__words(page, ": it gives zero to ");
        sml__add_block_name(page, end, (int)edit->block + 1);
        sml__after(page, ", a norm, which shifts and scales it, so that the unit goes on there");
    }
}

static void add_edit(sml_page *page, const sml_trace *trace, const sml_edit *edit, size_t i)
{
    sml__words(page, i == 0 ? "what if " : "and ");
    sml__name(page, edit->name, SML_SOURCE_SETTING, "what_if.edits[%zu].name", i);
    if (edit->kind == SML_EDIT_SILENCE) {
        sml__words(page, " were silent");
        add_norm_above(page, trace, edit);
    } else {
        sml__before(page, " were ");
        sml__number(page, edit->value, SML_SOURCE_SETTING, SML_DIGITS_VALUE,
                    "what_if.edits[%zu].value", i);
        sml__before(page, ", not ");
        sml__number(page, edit->before, SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                    "what_if.edits[%zu].before", i);
    }
    sml__end_heading(page, 1);
}

/* Before, after, and the difference, at the same digits. path: of the object that has them. */
static void add_three(sml_page *page, double before, double after, const char *path)
{
    sml__number(page, before, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "%s.before", path);
    sml__number(page, after, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "%s.after", path);
    sml__number(page, after - before, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED, "%s.difference", path)
        ->bar = after - before;
}

static void add_loss(sml_page *page, const sml_trace *trace, const sml_difference *d, size_t row)
{
    const int is_weighted = trace->weights != NULL && trace->weights[row] != 1.0F;
    if (isnan(d->loss_before)) {
        return;
    }
    sml__before(page,
                is_weighted ? "C in double, without the weight of the row: " : "C in double: ");
    sml__number(page, d->loss_before, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                "what_if.samples[%zu].loss_before", row);
    sml__before(page, " → ");
    sml__number(page, d->loss_after, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                "what_if.samples[%zu].loss_after", row);
    sml__before(page, ", ΔC = ");
    sml__number(page, d->loss_after - d->loss_before, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                "what_if.samples[%zu].loss_difference", row);
    sml__end_text(page);
}

/* The outputs whose predictions are the largest, before or after. */
static void add_outputs(sml_page *page, const sml_trace *trace, const sml_difference *d,
                        const float *keys, const sml_page_options *options)
{
    const size_t row = options->row, top = options->top > 10 ? options->top : 10;
    char path[96];
    sml__words(page, "outputs");
    sml__end_heading(page, 2);
    sml__begin_table(page, "lrrr", "output\ta_k before\tafter\tdifference");
    for (size_t t = 0, k = d->n_outputs; t < top; t++) {
        k = sml__next_largest(keys, d->n_outputs, k);
        if (k == d->n_outputs) {
            break;
        }
        sml__name(page, sml_model_class_name(trace->model, k), SML_SOURCE_DATA,
                  "model.classes[%zu]", k);
        snprintf(path, sizeof path, "what_if.samples[%zu].outputs[%zu]", row, k);
        add_three(page, d->outputs[k].before, d->outputs[k].after, path);
    }
    sml__end_table(page);
}

static void add_block(sml_page *page, const sml_block_change *change, size_t row, size_t i)
{
    char path[96];
    sml__add_block_name(page, change->layer, (int)change->block);
    sml__before(page, ": ");
    sml__number(page, (double)change->changed, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "what_if.samples[%zu].blocks[%zu].changed", row, i);
    sml__before(page, " of ");
    sml__number(page, (double)change->n_units, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "what_if.samples[%zu].blocks[%zu].n_units", row, i);
    sml__before(page, " units change, Σ |Δa| = ");
    sml__number(page, change->total, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                "what_if.samples[%zu].blocks[%zu].total", row, i);
    sml__end_text(page);
    if (change->n_top == 0) {
        return;
    }
    sml__begin_table(page, "lrrr", "unit\ta_j before\tafter\tdifference");
    for (size_t t = 0; t < change->n_top; t++) {
        snprintf(path, sizeof path, "what_if.samples[%zu].blocks[%zu].top[%zu]", row, i, t);
        sml__number(page, (double)change->top[t].unit, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                    "%s.unit", path);
        add_three(page, change->top[t].before, change->top[t].after, path);
    }
    if (change->changed > change->n_top) {
        sml__words(page, "the others, Σ |Δa|");
        sml__words(page, "");
        sml__words(page, "");
        sml__number(page, change->rest, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED,
                    "what_if.samples[%zu].blocks[%zu].rest", row, i);
    }
    sml__end_table(page);
}

void sml__page_what_if(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    sml_difference d = {0};
    float *keys = NULL;
    if (options->base == NULL) {
        sml__page_fail(page, sml__fail(page->ctx, SML_BAD_ARGUMENT,
                                       "page: what-if needs a trace without edits as base"));
        return;
    }
    sml__page_fail(
        page, sml_trace_compare(page->ctx, options->base, trace, options->row, options->top, &d));
    keys = sml__alloc(page->ctx, d.n_outputs, sizeof *keys, "an order");
    sml__page_fail(page, keys != NULL ? SML_OK : SML_NO_MEMORY);
    for (size_t k = 0; keys != NULL && k < d.n_outputs; k++) {
        keys[k] = (float)fmax(d.outputs[k].before, d.outputs[k].after);
    }
    for (size_t i = 0; sml_trace_edit_at(trace, i) != NULL; i++) {
        add_edit(page, trace, sml_trace_edit_at(trace, i), i);
    }
    if (page->status == SML_OK) {
        add_loss(page, trace, &d, options->row);
        add_outputs(page, trace, &d, keys, options);
        sml__words(page, "hidden units");
        sml__end_heading(page, 2);
        for (size_t i = 0; i < d.n_blocks; i++) {
            add_block(page, &d.blocks[i], options->row, i);
        }
    }
    sml__free(keys);
    sml_difference_clear(&d);
}
