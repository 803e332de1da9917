/* What becomes of the cells of a table's row before the network reads them. */
#include "explain/page_stages.h"
#include "explain/page_parts.h"
#include "explain/vector_facts.h"

#include "base/memory.h"

#include <math.h>
#include <scratchml/columns.h>

/* A column of the row: its cell, and its numbers in the input. */
typedef struct stage {
    size_t row, column, at;
    float raw;
    const float *x;
    const char *category; /* of the cell, as the data numbers them; NULL: it is a number */
    sml_model_column_facts facts;
} stage;

static void add_raw(sml_page *page, const stage *s)
{
    if (isnan(s->raw)) {
        sml__words(page, "missing");
    } else if (s->category != NULL) {
        sml__name(page, s->category, SML_SOURCE_DATA, "samples[%zu].stages[%zu].category", s->row,
                  s->column);
    } else {
        sml__number(page, (double)s->raw, SML_SOURCE_DATA, SML_DIGITS_VALUE,
                    "samples[%zu].stages[%zu].raw", s->row, s->column);
    }
}

static void add_scales(sml_page *page, const stage *s)
{
    if (s->facts.is_categorical) {
        sml__words(page, "");
        sml__words(page, "");
        return;
    }
    sml__number(page, s->facts.shift, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                "samples[%zu].stages[%zu].shift", s->row, s->column);
    sml__number(page, s->facts.factor, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                "samples[%zu].stages[%zu].factor", s->row, s->column);
}

/* The number of the input that says most of the column: of one-hot numbers the one that is hot. */
static size_t place_of(const stage *s)
{
    return s->at + sml__vector_facts_of(s->x + s->at, s->facts.width).largest_at;
}

static void add_stage(sml_page *page, const stage *s)
{
    const size_t place = place_of(s);
    sml__name(page, s->facts.name, SML_SOURCE_DATA, "samples[%zu].stages[%zu].name", s->row,
              s->column);
    add_raw(page, s);
    if (isnan(s->raw)) {
        sml__number(page, s->facts.fill, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                    "samples[%zu].stages[%zu].filled", s->row, s->column);
    } else {
        sml__words(page, "");
    }
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
    for (size_t c = 0; c < n; c++) {
        keys[c] = fabsf(stages[c].x[place_of(&stages[c])]);
    }
    sml__words(page, top < n ? "the columns with the largest |x|, of " : "columns, all ");
    sml__number(page, (double)n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "data.columns");
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
    sml__words(page, "x = (raw - shift) ⋅ factor, of a missing cell (filled - shift) ⋅ factor; a "
                     "category has a place of its own");
    sml__end_text(page);
}

void sml__add_stages(sml_page *page, const sml_trace *trace, size_t row, size_t top)
{
    const size_t columns = sml_model_columns(trace->model);
    size_t n = 0, n_inputs = 0, at = 0;
    const float *raw = sml_trace_vector(trace, SML_RAW, 0, row, &n);
    const float *x = sml_trace_vector(trace, SML_INPUT, 0, row, &n_inputs);
    stage *stages = sml__alloc(page->ctx, columns, sizeof *stages, "columns");
    float *keys = sml__alloc(page->ctx, columns, sizeof *keys, "an order");
    sml__page_fail(page, stages != NULL && keys != NULL ? SML_OK : SML_NO_MEMORY);
    int is_whole = stages != NULL && keys != NULL && page->status == SML_OK && n == columns;
    for (size_t c = 0; is_whole && c < columns; c++) {
        stages[c] = (stage){.row = row, .column = c, .at = at, .raw = raw[c], .x = x};
        is_whole = sml_model_column(NULL, trace->model, c, &stages[c].facts) == SML_OK &&
                   stages[c].facts.name[0] != '\0' && at + stages[c].facts.width <= n_inputs;
        at += stages[c].facts.width;
        if (stages[c].facts.is_categorical && raw[c] >= 0) {
            stages[c].category = sml_dataset_category(trace->selected, c, (size_t)raw[c]);
        }
    }
    if (is_whole) {
        add_columns(page, stages, keys, columns, top);
    }
    sml__free(stages);
    sml__free(keys);
}
