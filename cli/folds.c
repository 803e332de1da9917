#include "folds.h"

#include "document.h"
#include "held_out.h"
#include "study_progress.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const option_row option_seeds = {
    {"seeds", SML_PARAMETER_INTEGER, "0", 2, 10000, NULL,
     "train N times, with the seeds that follow --seed, and show how the test scores spread; "
     "saves no model unless --output is given"},
    0,
    "N"};
const option_row option_folds = {
    {"folds", SML_PARAMETER_INTEGER, "0", 2, 10000, NULL,
     "cross-validate: train N times on all but one of N parts, score on that one; saves no model "
     "unless --output is given"},
    0,
    "N"};
const option_row option_metric = {{"metric", SML_PARAMETER_CHOICE, "", 0, 0, NULL,
                                   "what trainings are compared by, such as macro_f1, roc_auc, "
                                   "r2; otherwise accuracy, for regression loss"},
                                  0,
                                  "NAME"};

int is_study(const session *s)
{
    return option_given(&s->options, "seeds") || option_given(&s->options, "folds");
}

/* A study that is run, and what came of it. */
typedef struct trainings {
    const sml_model *model;
    const sml_dataset *train, *test;
    const char *metric; /* NULL: none beside accuracy and loss */
    int by_fold, has_accuracy;
    size_t n;
    sml_study_row *rows; /* [n] */
} trainings;

enum { METRIC, ACCURACY, LOSS, SECONDS, FIGURES };

static const char *metric_of(const trainings *t)
{
    const char *usual = t->has_accuracy ? "accuracy" : "loss";
    return t->metric != NULL ? t->metric : usual;
}

static double figure_of(const sml_study_row *row, int which)
{
    const double figures[FIGURES] = {row->metric, row->accuracy, row->loss, row->seconds};
    return row->status == SML_OK ? figures[which] : NAN;
}

static sml_summary summary_of(const trainings *t, int which)
{
    double *values = allocate(t->n, sizeof *values);
    for (size_t i = 0; i < t->n; i++) {
        values[i] = figure_of(&t->rows[i], which);
    }
    sml_summary summary = sml_summarize(values, t->n);
    free(values);
    return summary;
}

/* Which figures have a column; SECONDS always has. */
static int has_column(const trainings *t, int which)
{
    return which == METRIC ? t->metric != NULL : which != ACCURACY || t->has_accuracy;
}

static void add_figure(table *t, double value, int which)
{
    if (isnan(value)) {
        table_cell(t, "%s", sign("–"));
    } else if (which == ACCURACY) {
        table_cell(t, "%s", format_percent(value).text);
    } else {
        table_cell(t, which == SECONDS ? "%.2f" : "%.4f", value);
    }
}

static void add_summary_row(table *t, const trainings *of, const char *name, int deviation)
{
    table_cell(t, "%s", name);
    for (int which = 0; which < FIGURES; which++) {
        if (has_column(of, which)) {
            sml_summary summary = summary_of(of, which);
            add_figure(t, deviation ? summary.deviation : summary.mean, which);
            table_style(t, STYLE_BOLD);
        }
    }
}

static void print_table(const session *s, const trainings *t)
{
    const char *const names[FIGURES] = {t->metric, "accuracy", "loss", "seconds"};
    size_t columns = 1, diverged = 0;
    for (int which = 0; which < FIGURES; which++) {
        columns += has_column(t, which) != 0;
    }
    table *out = table_create(columns, "lr");
    table_cell(out, t->by_fold ? "fold" : "seed");
    for (int which = 0; which < FIGURES; which++) {
        if (has_column(t, which)) {
            table_cell(out, "%s", names[which]);
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        if (t->by_fold) {
            table_cell(out, "%zu", i + 1);
        } else {
            table_cell(out, "%llu", (unsigned long long)t->rows[i].seed);
        }
        for (int which = 0; which < FIGURES; which++) {
            if (has_column(t, which)) {
                add_figure(out, figure_of(&t->rows[i], which), which);
            }
        }
        diverged += t->rows[i].status == SML_DIVERGED;
    }
    add_summary_row(out, t, "mean", 0);
    add_summary_row(out, t, "deviation", 1);
    table_print(out, &s->out);
    table_free(out);
    if (diverged > 0) {
        printf("%zu of %zu diverged and are not in the mean\n", diverged, t->n);
    }
}

static short_text format_figure(double value, int which)
{
    short_text out;
    snprintf(out.text, sizeof out.text, "%.4f", value);
    return which == ACCURACY ? format_percent(value) : out;
}

/* "test accuracy 97.91% ± 0.12% over 10 seeds"; "over 2 of 5 folds" where others have no value. */
static void print_headline(const trainings *t)
{
    int which = t->metric != NULL ? METRIC : t->has_accuracy ? ACCURACY : LOSS;
    const char *name = which == METRIC ? t->metric : which == ACCURACY ? "accuracy" : "loss";
    sml_summary summary = summary_of(t, which);
    const char *part = t->by_fold ? "validation" : "test", *noun = t->by_fold ? "folds" : "seeds";
    if (summary.n == 0) {
        return;
    }
    printf("%s %s %s", part, name, format_figure(summary.mean, which).text);
    if (summary.n > 1) {
        printf(" %s %s", sign("±"), format_figure(summary.deviation, which).text);
    }
    printf(" over ");
    if (summary.n < t->n) {
        printf("%zu of ", summary.n);
    }
    printf("%zu %s\n", t->n, noun);
}

/* A metric that some trainings have no value of: the exit code is that of failure where none has.
 */
static int tell_unscored(const session *s, const trainings *t)
{
    size_t missing = 0;
    for (size_t i = 0; i < t->n && t->metric != NULL; i++) {
        missing += t->rows[i].status == SML_OK && isnan(t->rows[i].metric);
    }
    if (missing == 0) {
        return 0;
    }
    if (summary_of(t, METRIC).n == 0) {
        return fail(s->program,
                    "no training has a value of %s: a class is missing among the rows of each; "
                    "choose another --metric",
                    t->metric);
    }
    note(s, "%zu of %zu have no value of %s, since a class is missing among their rows", missing,
         t->n, t->metric);
    return 0;
}

/* Of all folds together; other trainings are scored on the same rows. */
static sml_unknown_rows unknown_rows(const trainings *t)
{
    sml_unknown_rows all = {0};
    for (size_t i = 0; i < t->n; i++) {
        const uint64_t before = all.rows;
        all = before == 0 ? t->rows[i].unknown : all;
        all.rows += before > 0 && t->by_fold ? t->rows[i].unknown.rows : 0;
    }
    return all;
}

static json_t *summary_document(sml_summary summary)
{
    json_t *object = json_object();
    document_set(object, "mean", json_figure(summary.mean));
    document_set(object, "deviation", json_figure(summary.deviation));
    document_set(object, "n", json_count(summary.n));
    return object;
}

static void print_json(const session *s, const trainings *t)
{
    const char *const keys[FIGURES] = {"metric", "accuracy", "loss", "seconds"};
    json_t *document = json_object(), *rows = json_array();
    document_set(document, "data", json_text(s->options.operands[0]));
    document_set(document, "study", json_text(t->by_fold ? "folds" : "seeds"));
    document_set(document, "metric_name", json_text(metric_of(t)));
    for (size_t i = 0; i < t->n; i++) {
        json_t *row = json_object();
        document_set(row, "seed", json_count(t->rows[i].seed));
        if (t->by_fold) {
            document_set(row, "fold", json_count(i + 1));
        }
        for (int which = 0; which < FIGURES; which++) {
            document_set(row, keys[which], json_figure(figure_of(&t->rows[i], which)));
        }
        document_set(row, "unknown_rows", json_count(t->rows[i].unknown.rows));
        document_set(row, "status", json_text(sml_status_text(t->rows[i].status)));
        document_append(rows, row);
    }
    document_set(document, "trainings", rows);
    for (int which = 0; which < FIGURES; which++) {
        document_set(document, keys[which], summary_document(summary_of(t, which)));
    }
    print_document(document);
}

static int run_trainings(const session *s, const trainings *t)
{
    study_progress p;
    const char *metric = metric_of(t);
    study_progress_start(&p, s, metric, t->n);
    const sml_study study = {.metric = metric,
                             .row = study_progress_row,
                             .cancelled = study_progress_cancelled,
                             .user = &p};
    uint64_t seed = strtoull(sml_model_get(t->model, "seed"), NULL, 10);
    sml_status status =
        t->by_fold ? sml_cross_validate(s->ctx, t->model, t->train, t->n, seed, &study, t->rows)
                   : sml_repeat(s->ctx, t->model, t->train, t->test, t->n, &study, t->rows);
    study_progress_end(&p);
    if (status == SML_CANCELLED) {
        fail(s->program, "interrupted after %zu of %zu trainings; nothing was saved", p.done, t->n);
        return EXIT_INTERRUPTED;
    }
    return status == SML_OK ? 0 : fail_library(s);
}

static int check(const session *s, const sml_dataset *test)
{
    const options *o = &s->options;
    if (option_given(o, "seeds") && option_given(o, "folds")) {
        return fail_usage(s->program, "--seeds and --folds: choose one of them");
    }
    if (option_given(o, "from")) {
        return fail_usage(s->program, "--from does not go with --seeds and --folds");
    }
    if (option_given(o, "seeds") && test == NULL) {
        return fail(s->program,
                    "--seeds compares test scores, and %s has no test part; "
                    "--folds needs none",
                    o->operands[0]);
    }
    return 0;
}

int run_study(const session *s, const sml_model *model, const sml_dataset *train,
              const sml_dataset *test)
{
    const options *o = &s->options;
    int code = check(s, test);
    if (code != 0) {
        return code;
    }
    sml_dataset_facts facts;
    sml_dataset_describe(train, &facts);
    int by_fold = option_given(o, "folds");
    trainings t = {.model = model,
                   .train = train,
                   .test = test,
                   .metric = option_given(o, "metric") ? option_text(o, "metric") : NULL,
                   .by_fold = by_fold,
                   .has_accuracy = facts.task != SML_TASK_REGRESSION,
                   .n = (size_t)option_number(o, by_fold ? "folds" : "seeds")};
    t.rows = allocate(t.n, sizeof *t.rows);
    code = run_trainings(s, &t);
    if (code == 0) {
        const sml_unknown_rows unknown = unknown_rows(&t);
        held_out_tell_unknown(s, model, by_fold ? "held-out" : "test", &unknown);
    }
    if (code == 0 && summary_of(&t, LOSS).n == 0) {
        code = fail(s->program, "every training diverged: try a lower --learning-rate");
    } else if (code == 0 && s->json) {
        print_json(s, &t);
        code = tell_unscored(s, &t);
    } else if (code == 0) {
        print_table(s, &t);
        print_headline(&t);
        code = tell_unscored(s, &t);
    }
    free(t.rows);
    return code;
}
