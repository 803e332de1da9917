/* The gradient of a parameter, row by row of the batch. */
#include "explain/page_parts.h"

#include <stdio.h>
#include <string.h>

/* How the sum of a kind is told; right NULL: its factor is 1 and has no column. */
typedef struct batch_words {
    const char *formula, *right, *product, *total;
} batch_words;

static const batch_words *words_of(sml_sum_kind kind)
{
    static const batch_words weight = {"gradient_of_batch", "x_si", "δ x", "dW_ji"};
    static const batch_words bias = {"bias_of_batch", NULL, "δ", "db_j"};
    static const batch_words gamma = {"gamma_of_batch", "x\u0302_sj", "δ x\u0302", "dγ_j"};
    static const batch_words beta = {"beta_of_batch", NULL, "δ", "dβ_j"};
    return kind == SML_SUM_WEIGHT  ? &weight
           : kind == SML_SUM_BIAS  ? &bias
           : kind == SML_SUM_GAMMA ? &gamma
                                   : &beta;
}

/* A table of the rows. */
typedef struct table {
    const sml_trace *trace;
    const batch_words *words;
    const sml_sum *sum;
    size_t number; /* of the sum on the page */
    int is_weighted;
} table;

/* By how many of the columns of weights and right factors there are. */
static const char *const ALIGNMENTS[] = {"lllrrr", "lllrrrr", "lllrrrrr"};

static void begin(sml_page *page, const table *t)
{
    char heads[128];
    const int has_right = t->words->right != NULL;
    snprintf(heads, sizeof heads, "sample\tlabel\tsays\t%sδ_sj\t%s%s%s / %s\tshare",
             t->is_weighted ? "w_s\t" : "", has_right ? t->words->right : "", has_right ? "\t" : "",
             t->words->product, t->is_weighted ? "Σ w_s" : "m");
    sml__begin_table(page, ALIGNMENTS[t->is_weighted + has_right], heads);
}

/* A row of the batch: its number in the data, its label and what the model says. */
static void add_row(sml_page *page, const sml_trace *trace, size_t row)
{
    const int32_t label = sml__trace_label(trace, row);
    sml__number(page, trace->samples[row], SML_SOURCE_SETTING, SML_DIGITS_INDEX,
                "samples[%zu].sample", row);
    if (label >= 0) {
        sml__name(page, sml_model_class_name(trace->model, (size_t)label), SML_SOURCE_DATA,
                  "samples[%zu].label_name", row);
    } else {
        sml__words(page, "");
    }
    if (sml_model_task(trace->model) == SML_TASK_CLASSIFICATION) {
        sml__name(page, sml_model_class_name(trace->model, sml__trace_answer(trace, row)),
                  SML_SOURCE_ENGINE, "samples[%zu].prediction_name", row);
    } else {
        sml__words(page, "");
    }
}

static void add_term(sml_page *page, const table *t, size_t i)
{
    const sml_term *term = &t->sum->terms[i];
    add_row(page, t->trace, term->index);
    if (t->is_weighted) {
        sml__number(page, (double)t->trace->weights[term->index], SML_SOURCE_ENGINE,
                    SML_DIGITS_VALUE, "batch.weights[%zu]", term->index);
    }
    sml__number(page, term->left, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "sums[%zu].terms[%zu].left",
                t->number, i);
    if (t->words->right != NULL) {
        sml__number(page, term->right, SML_SOURCE_ENGINE, SML_DIGITS_FIXED,
                    "sums[%zu].terms[%zu].right", t->number, i);
    }
    sml__number(page, term->value, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED,
                "sums[%zu].terms[%zu].value", t->number, i);
    sml__number(page, sml__share_of(term, t->sum->absolute), SML_SOURCE_DOUBLE, SML_DIGITS_SHARE,
                "sums[%zu].terms[%zu].share", t->number, i);
}

/* A line below the terms: words in the first column, a number in that of the products. */
static void add_line(sml_page *page, const table *t, double value, const char *member)
{
    const int empty = 3 + t->is_weighted + (t->words->right != NULL);
    for (int column = 0; column < empty; column++) {
        sml__words(page, "");
    }
    sml__number(page, value, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED, "sums[%zu].%s", t->number,
                member);
    sml__words(page, "");
}

static void add_table(sml_page *page, const table *t)
{
    begin(page, t);
    for (size_t i = 0; i < t->sum->n_terms; i++) {
        add_term(page, t, i);
    }
    if (t->sum->n > t->sum->n_terms) {
        sml__before(page, "the other ");
        sml__number(page, (double)(t->sum->n - t->sum->n_terms), SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                    "sums[%zu].others", t->number);
        add_line(page, t, t->sum->rest, "rest");
    }
    sml__words(page, t->words->total);
    add_line(page, t, t->sum->total, "total");
    sml__end_table(page);
}

/* What stands in the formula beside the table. */
static void add_scale(sml_page *page, const table *t)
{
    if (t->is_weighted) {
        sml__add_weights(page, t->trace);
        sml__after(page, "; δ_sj is that of w_s C_s");
    } else {
        sml__before(page, "m = ");
        sml__number(page, (double)t->trace->rows, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "batch.rows");
    }
    sml__end_text(page);
}

/* How many rows have a part in it, and which way a step against the gradient goes. */
static void add_directions(sml_page *page, const table *t)
{
    const sml_sum *sum = t->sum;
    const size_t neither = sum->n - sum->n_positive - sum->n_negative;
    sml__before(page, "samples that push the parameter up: ");
    sml__number(page, (double)sum->n_negative, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "sums[%zu].negative", t->number);
    sml__before(page, ", down: ");
    sml__number(page, (double)sum->n_positive, SML_SOURCE_COUNT, SML_DIGITS_COUNT,
                "sums[%zu].positive", t->number);
    sml__before(page, ", neither: ");
    sml__number(page, (double)neither, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "sums[%zu].zero",
                t->number);
    if (neither > 0) {
        sml__words(page, t->words->right != NULL ? ", whose δ_sj or " : ", whose δ_sj");
        sml__words(page, t->words->right != NULL ? t->words->right : "");
        sml__words(page, " is zero");
    }
    sml__end_text(page);
}

void sml__add_batch_sum(sml_page *page, const sml_trace *trace, const sml_sum *question, size_t top)
{
    sml_sum sum;
    table t = {.trace = trace,
               .words = words_of(question->kind),
               .sum = &sum,
               .is_weighted = sml__is_weighted(trace)};
    t.number = sml__page_sum(page, trace, question, top, &sum);
    if (page->status == SML_OK) {
        sml__end_weighed_formula(page, t.words->formula, t.is_weighted);
        add_scale(page, &t);
        add_table(page, &t);
        sml__add_sum_check(page, &sum, t.number, NULL);
        add_directions(page, &t);
    }
    sml_sum_clear(&sum);
}
