/* The page of a block: its layers, and the units that count most in this row. */
#include "explain/page_parts.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

#include <math.h>

/* The vectors of a block: what its head puts out, and what leaves it. */
typedef struct block {
    const float *z, *a, *delta_a, *delta_z; /* [n]; the last two NULL without a way back */
    size_t n, row, first, last;             /* network layers */
} block;

static void add_line_of_layer(sml_page *page, const sml_trace *trace, const block *b, size_t l)
{
    const sml_trace_layer layer = sml_trace_layer_at(trace, l);
    size_t n = 0;
    const float *output = sml_trace_vector(trace, SML_OUTPUT, l, b->row, &n);
    const sml__vector_facts facts = sml__vector_facts_of(output, n);
    sml__end_formula(page, layer.type);
    sml__name(page, layer.type, SML_SOURCE_SETTING, "layers[%zu].type", l);
    sml__before(page, ": ");
    sml__number(page, (double)layer.inputs, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "layers[%zu].inputs", l);
    sml__before(page, " → ");
    sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "layers[%zu].units", l);
    sml__before(page, " · norm ");
    sml__number(page, facts.norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                "samples[%zu].layers[%zu].output_norm", b->row, l);
    sml__before(page, " · ");
    sml__number(page, (double)facts.zeros, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "samples[%zu].layers[%zu].zeros", b->row, l);
    sml__after(page, " are zero");
    sml__end_text(page);
}

static void add_value(sml_page *page, const block *b, const float *values, size_t l, size_t unit,
                      const char *member, int has_bar)
{
    sml_cell *cell = sml__number(page, (double)values[unit], SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                                 "samples[%zu].layers[%zu].%s[%zu]", b->row, l, member, unit);
    cell->bar = has_bar ? (double)values[unit] : (double)NAN;
}

static void add_unit(sml_page *page, const block *b, size_t unit)
{
    sml__number(page, (double)unit, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                "samples[%zu].layers[%zu].output[%zu]", b->row, b->last, unit);
    if (b->first != b->last) {
        add_value(page, b, b->z, b->first, unit, "output", 0);
    }
    add_value(page, b, b->a, b->last, unit, "output", b->delta_z == NULL);
    if (b->delta_z == NULL) {
        return;
    }
    if (b->first != b->last) {
        add_value(page, b, b->delta_a, b->last, unit, "delta", 0);
    }
    add_value(page, b, b->delta_z, b->first, unit, "delta", 1);
}

static void add_units(sml_page *page, const block *b, const float *keys, size_t top)
{
    static const char *const heads[2][2] = {{"unit\tz_j", "unit\tz_j\tδ_j"},
                                            {"unit\tz_j\ta_j", "unit\tz_j\ta_j\t∂C/∂a_j\tδ_j"}};
    static const char *const alignments[2][2] = {{"rr", "rrr"}, {"rrr", "rrrrr"}};
    const int is_long = b->first != b->last, is_back = b->delta_z != NULL;
    sml__begin_table(page, alignments[is_long][is_back], heads[is_long][is_back]);
    for (size_t t = 0, unit = b->n; t < top; t++) {
        unit = sml__next_largest(keys, b->n, unit);
        if (unit == b->n) {
            break;
        }
        add_unit(page, b, unit);
    }
    sml__end_table(page);
}

static block find_block(const sml_trace *trace, const sml_page_options *options)
{
    block b = {.row = options->row};
    size_t end = 0, n = 0;
    sml__trace_block(trace, options->block, &b.first, &end);
    b.last = end - 1;
    b.z = sml_trace_vector(trace, SML_OUTPUT, b.first, b.row, &b.n);
    b.a = sml_trace_vector(trace, SML_OUTPUT, b.last, b.row, &n);
    if (options->with_backward) {
        b.delta_a = sml_trace_vector(trace, SML_DELTA, b.last, b.row, &n);
        b.delta_z = sml_trace_vector(trace, SML_DELTA, b.first, b.row, &n);
    }
    return b;
}

void sml__page_layer(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    const block b = find_block(trace, options);
    float *keys = sml__alloc(page->ctx, b.n, sizeof *keys, "an order");
    sml__page_fail(page, keys != NULL ? SML_OK : SML_NO_MEMORY);
    sml__add_block_name(page, b.first, (int)options->block);
    sml__add_sample(page, trace, options->row);
    sml__end_heading(page, 1);
    for (size_t l = b.first; l <= b.last; l++) {
        add_line_of_layer(page, trace, &b, l);
    }
    for (size_t i = 0; keys != NULL && i < b.n; i++) {
        keys[i] = fabsf(b.a[i]);
    }
    if (b.delta_z != NULL) {
        sml__add_weight_of_row(page, trace, options->row);
    }
    sml__words(page, options->top < b.n ? "the units with the largest |a_j| of "
                                        : "units by |a_j|, all ");
    sml__number(page, (double)b.n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "layers[%zu].units",
                b.first);
    if (b.delta_z != NULL) {
        sml__after(page, ", bars: δ_j");
    }
    sml__end_heading(page, 2);
    if (keys != NULL) {
        add_units(page, &b, keys, options->top);
    }
    sml__free(keys);
}
