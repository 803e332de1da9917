#include "explain/page_parts.h"

#include "explain/bounds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void sml__add_sample(sml_page *page, const sml_trace *trace, size_t row)
{
    sml__before(page, " · sample ");
    sml__number(page, trace->samples[row], SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                "samples[%zu].sample", row);
}

void sml__add_block_name(sml_page *page, size_t layer, int block)
{
    sml__before(page, "layers.");
    sml__number(page, block, SML_SOURCE_COUNT, SML_DIGITS_INDEX, "layers[%zu].block", layer);
}

int sml__is_weighted(const sml_trace *trace)
{
    int is_weighted = 0;
    for (size_t r = 0; trace->weights != NULL && r < trace->rows; r++) {
        is_weighted = is_weighted || trace->weights[r] != 1.0F;
    }
    return is_weighted;
}

void sml__end_weighed_formula(sml_page *page, const char *name, int is_weighted)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", is_weighted ? "weighted_" : "", name);
    sml__end_formula(page, full);
}

void sml__add_weights(sml_page *page, const sml_trace *trace)
{
    sml__before(page, "Σ w_s = ");
    sml__number(page, trace->batch_weight, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                "batch.total_weight");
}

void sml__add_weight_of_row(sml_page *page, const sml_trace *trace, size_t row)
{
    if (trace->weights != NULL && trace->weights[row] != 1.0F) {
        sml__before(page, "C is the loss of the row times its weight, w_s = ");
        sml__number(page, (double)trace->weights[row], SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                    "samples[%zu].weight", row);
        sml__end_text(page);
    }
}

void sml__add_rows(sml_page *page, const sml_trace *trace)
{
    const size_t last = trace->rows - 1;
    size_t next = 0; /* rows that follow on each other */
    while (next < last && trace->samples[next + 1] == trace->samples[next] + 1) {
        next++;
    }
    sml__before(page, last == 0 ? ", row " : next == last ? ", rows " : ", the first of them row ");
    sml__number(page, trace->samples[0], SML_SOURCE_SETTING, SML_DIGITS_INDEX, "samples[0].sample");
    if (last > 0 && next == last) {
        sml__before(page, " to ");
        sml__number(page, trace->samples[last], SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                    "samples[%zu].sample", last);
    }
}

int32_t sml__trace_label(const sml_trace *trace, size_t row)
{
    return trace->ready->view.task == SML_TASK_CLASSIFICATION ? sml_dataset_label(trace->ready, row)
                                                              : -1;
}

size_t sml__trace_answer(const sml_trace *trace, size_t row)
{
    size_t n = 0, best = 0;
    const float *a = sml_trace_vector(trace, SML_PREDICTION, 0, row, &n);
    for (size_t k = 1; k < n; k++) {
        best = a[k] > a[best] ? k : best;
    }
    return best;
}

/* The first cell of a term: an input by its name, or a number. */
static void add_index(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                      const sml_sum *sum, size_t number, size_t t)
{
    char name[SML__INPUT_NAME];
    size_t first = 0, end = 0;
    const size_t index = sum->terms[t].index;
    const int is_input = words->has_inputs && sml__trace_block(trace, 0, &first, &end) &&
                         sum->layer == first && first == 0;
    if (is_input && sml__input_name(trace, index, name)) {
        sml__name(page, name, SML_SOURCE_DATA, "model.input_names[%zu]", index);
    } else {
        sml__number(page, (double)index, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                    "sums[%zu].terms[%zu].index", number, t);
    }
}

static void add_term(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                     const sml_sum *sum, size_t number, size_t t)
{
    const sml_term *term = &sum->terms[t];
    add_index(page, trace, words, sum, number, t);
    sml__number(page, term->left, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "sums[%zu].terms[%zu].left",
                number, t);
    sml__number(page, term->right, SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                "sums[%zu].terms[%zu].right", number, t);
    sml__number(page, term->value, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED,
                "sums[%zu].terms[%zu].value", number, t)
        ->bar = term->value;
}

/* A line below the terms: words in the first column, a number in that of the products. */
static void add_line(sml_page *page, double value, size_t number, const char *member)
{
    sml__words(page, "");
    sml__words(page, "");
    sml__number(page, value, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED, "sums[%zu].%s", number, member);
}

static void add_terms(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                      const sml_sum *sum, size_t number)
{
    sml__begin_table(page, "lrrr", words->heads);
    for (size_t t = 0; t < sum->n_terms; t++) {
        add_term(page, trace, words, sum, number, t);
    }
    if (sum->n > sum->n_terms) {
        sml__before(page, "the other ");
        sml__number(page, (double)(sum->n - sum->n_terms), SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                    "sums[%zu].others", number);
        add_line(page, sum->rest, number, "rest");
    }
    if (words->bias != NULL) {
        sml__words(page, words->bias);
        add_line(page, sum->bias, number, "bias");
    }
    sml__words(page, words->total);
    add_line(page, sum->total, number, "total");
    sml__end_table(page);
}

void sml__add_verdict(sml_page *page, const sml__verdict *verdict)
{
    sml__before(page, "engine ");
    sml__number(page, verdict->engine,
                verdict->is_engine64 ? SML_SOURCE_ENGINE64 : SML_SOURCE_ENGINE, SML_DIGITS_EXACT,
                "%s%s", verdict->path, verdict->engine_name);
    sml__before(page, ", in double ");
    sml__number(page, verdict->exact, SML_SOURCE_DOUBLE, SML_DIGITS_EXACT, "%s%s", verdict->path,
                verdict->double_name);
    sml__before(page, ", at most ");
    sml__number(page, verdict->bound, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL, "%s%s", verdict->path,
                verdict->bound_name);
    sml__after(page, " apart");
    sml__end_check(page, sml__agrees(verdict->engine, verdict->exact, verdict->bound));
}

void sml__add_sum_check(sml_page *page, const sml_sum *sum, size_t number, const char *bound)
{
    if (isnan(sum->engine) && !isnan(sum->total)) {
        sml__words(page, "recomputed in double: training does not need it, so the engine does not "
                         "compute it");
        sml__end_text(page);
        return;
    }
    sml__begin_table(page, "lr", NULL);
    sml__words(page, "engine, float32");
    sml__number(page, sum->engine, SML_SOURCE_ENGINE, SML_DIGITS_EXACT, "sums[%zu].engine", number);
    sml__words(page, "recomputed in double");
    sml__number(page, sum->total, SML_SOURCE_DOUBLE, SML_DIGITS_EXACT, "sums[%zu].total", number);
    sml__end_table(page);
    sml__before(page, "difference ");
    sml__number(page, sum->difference, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL, "sums[%zu].difference",
                number);
    sml__before(page, ", at most ");
    sml__number(page, sum->bound, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL, "sums[%zu].bound", number);
    if (sum->gamma_n > 0 && bound != NULL) {
        sml__before(page, " = γ_");
        sml__number(page, (double)sum->gamma_n, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                    "sums[%zu].gamma_n", number);
        sml__after(page, bound);
    }
    sml__end_check(page, sum->holds);
}

void sml__add_sum(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                  const sml_sum *question, size_t top)
{
    sml_sum sum;
    const size_t number = sml__page_sum(page, trace, question, top, &sum);
    if (page->status == SML_OK) {
        sml__end_formula(page, words->formula);
        add_terms(page, trace, words, &sum, number);
        sml__add_sum_check(page, &sum, number, words->bound);
    }
    sml_sum_clear(&sum);
}
