/* What becomes of the cells of a table's row before the network reads them. */
#include "explain/page_stages.h"
#include "explain/page_parts.h"
#include "explain/trace_cells.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

#include <math.h>

/* A column of the row, and the numbers of the input. */
typedef struct stage {
    size_t row, column;
    const float *x;
    sml__trace_cell cell;
} stage;

static void add_raw(sml_page *page, const stage *s)
{
    if (isnan(s->cell.raw)) {
        sml__words(page, "missing");
    } else if (s->cell.category != NULL) {
        sml__name(page, s->cell.category, SML_SOURCE_DATA, "samples[%zu].stages[%zu].category",
                  s->row, s->column);
    } else {
        sml__number(page, (double)s->cell.raw, SML_SOURCE_DATA, SML_DIGITS_VALUE,
                    "samples[%zu].stages[%zu].raw", s->row, s->column);
    }
}

/* What the model reads, where raw does not say it. */
static void add_filled(sml_page *page, const stage *s)
{
    const int is_missing = isnan(s->cell.raw), is_category = s->cell.facts.is_categorical;
    if (is_category && isnan(s->cell.filled)) {
        sml__words(page, is_missing ? "" : "unknown");
    } else if (is_category && s->cell.is_scaled) {
        sml__number(page, s->cell.filled, SML_SOURCE_ENGINE64, SML_DIGITS_INDEX,
                    "samples[%zu].stages[%zu].filled", s->row, s->column);
    } else if (is_missing && is_category) {
        sml__name(page, s->cell.filled_category, SML_SOURCE_DATA,
                  "samples[%zu].stages[%zu].filled_category", s->row, s->column);
    } else if (is_missing) {
        sml__number(page, s->cell.filled, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                    "samples[%zu].stages[%zu].filled", s->row, s->column);
    } else {
        sml__words(page, "");
    }
}

static void add_scales(sml_page *page, const stage *s)
{
    if (!s->cell.is_scaled) {
        sml__words(page, "");
        sml__words(page, "");
        return;
    }
    sml__number(page, s->cell.facts.shift, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                "samples[%zu].stages[%zu].shift", s->row, s->column);
    sml__number(page, s->cell.facts.factor, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                "samples[%zu].stages[%zu].factor", s->row, s->column);
}

/* The number of the input that says most of the column: of one-hot numbers the one that is hot. */
static size_t place_of(const stage *s)
{
    return s->cell.at + sml__vector_facts_of(s->x + s->cell.at, s->cell.facts.width).largest_at;
}

static void add_stage(sml_page *page, const stage *s)
{
    const size_t place = place_of(s);
    sml__name(page, s->cell.facts.name, SML_SOURCE_DATA, "samples[%zu].stages[%zu].name", s->row,
              s->column);
    add_raw(page, s);
    add_filled(page, s);
    add_scales(page, s);
    sml__number(page, (double)place, SML_SOURCE_COUNT, SML_DIGITS_INDEX, "samples[%zu].input[%zu]",
                s->row, place);
    sml__number(page, (double)s->x[place], SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                "samples[%zu].input[%zu]", s->row, place)
        ->bar = (double)s->x[place];
}

/* Columns from `from` on whose turn it is: those with the largest input first. */
static void add_columns(sml_page *page, const stage *stages, float *keys, size_t n, size_t top)
{
    int has_ordinals = 0;
    for (size_t c = 0; c < n; c++) {
        keys[c] = fabsf(stages[c].x[place_of(&stages[c])]);
        has_ordinals =
            has_ordinals || (stages[c].cell.facts.is_categorical && stages[c].cell.is_scaled);
    }
    sml__words(page, top < n ? "the columns with the largest |x|, of " : "columns, all ");
    sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "model.columns");
    sml__end_heading(page, 2);
    sml__begin_table(page, "llrrrrr", "column\traw\tfilled\tshift\tfactor\tx_i, i\tx_i");
    for (size_t t = 0, c = n; t < top; t++) {
        c = sml__next_largest(keys, n, c);
        if (c == n) {
            break;
        }
        add_stage(page, &stages[c]);
    }
    sml__end_table(page);
    sml__words(page, "x = (raw - shift) ⋅ factor, of a missing cell (filled - shift) ⋅ factor; ");
    sml__words(page, has_ordinals ? "so of a category, whose number is filled in"
                                  : "a category has a place of its own");
    sml__end_text(page);
}

void sml__add_stages(sml_page *page, const sml_trace *trace, size_t row, size_t top)
{
    const size_t columns = sml_model_columns(trace->model);
    if (!sml__trace_has_cells(trace)) {
        return;
    }
    size_t n_inputs = 0;
    const float *x = sml_trace_vector(trace, SML_INPUT, 0, row, &n_inputs);
    stage *stages = sml__alloc(page->ctx, columns, sizeof *stages, "columns");
    float *keys = sml__alloc(page->ctx, columns, sizeof *keys, "an order");
    const int has_memory = stages != NULL && keys != NULL;
    sml__page_fail(page, has_memory ? SML_OK : SML_NO_MEMORY);
    for (size_t c = 0; has_memory && c < columns; c++) {
        stages[c] = (stage){row, c, x, sml__trace_cell_at(trace, row, c)};
    }
    if (has_memory) {
        add_columns(page, stages, keys, columns, top);
    }
    sml__free(stages);
    sml__free(keys);
}
