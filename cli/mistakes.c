/* scratchml mistakes: what a model gets wrong, the worst first, and labels that look wrong. */
#include "mistakes.h"

#include "data_options.h"
#include "files.h"
#include "report_html.h"
#include "study_progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a report: its samples, and the terms of a sum. */
enum { REPORT_SAMPLES = 10, REPORT_TERMS = 8 };

static const option_row option_count = {
    {"count", SML_PARAMETER_INTEGER, "10", 1, 10000, NULL, "how many rows to list"}, 0, "K"};
static const option_row option_true =
    TEXT_OPTION("true", "CLASS", "only rows of this class, by name or number");
static const option_row option_says =
    TEXT_OPTION("says", "CLASS", "only rows that the model takes for this class");
static const option_row option_suspects =
    TEXT_OPTION("suspects", NULL, "list the labels that look wrong instead, the surest first");
static const option_row option_folds = {
    {"folds", SML_PARAMETER_INTEGER, "5", 2, 100, NULL,
     "judge labels by models that have not seen them: train K times with the model's settings, "
     "each time without a K-th of the rows"},
    0,
    "K"};

static const option_row option_html = TEXT_OPTION(
    "html", "FILE",
    "also write a report for a browser to this file: what is computed for the rows that "
    "are listed, ten at most");

static const option_row *const options_of_mistakes[] = {
    &option_count,    &option_true,       &option_says,
    &option_suspects, &option_folds,      &option_html,
    &option_part,     MODEL_DATA_OPTIONS, &option_unknown,
    &option_json,     &option_seed,       &option_threads,
    &option_data_dir, &option_progress,   &option_color,
    &option_quiet,    &option_help,       NULL,
};

double mistakes_share(const mistakes *m, size_t most)
{
    double largest[16] = {0}, sum = 0;
    most = most < 16 ? most : 16;
    for (size_t r = 0; r < m->facts.rows; r++) {
        double square = m->scores[r].gradient_norm * m->scores[r].gradient_norm;
        for (size_t i = 0; i < most; i++) { /* keeps them sorted */
            if (square > largest[i]) {
                const double smaller = largest[i];
                largest[i] = square;
                square = smaller;
            }
        }
    }
    for (size_t i = 0; i < most; i++) {
        sum += largest[i];
    }
    return sum / m->squares;
}

/* The class that --true or --says names; -1: not given. Returns 0, or the exit code after a
 * message. */
static int find_class(const mistakes *m, const char *option, int32_t *out)
{
    const options *o = &m->s->options;
    *out = -1;
    if (!option_given(o, option)) {
        return 0;
    }
    const char *wanted = option_text(o, option);
    if (m->facts.task != SML_TASK_CLASSIFICATION) {
        return fail_usage(m->s->program, "--%s is for classes; %s has %s", option, m->facts.name,
                          sml_task_name(m->facts.task));
    }
    for (size_t k = 0; k < m->outputs; k++) {
        if (strcmp(sml_model_class_name(m->model, k), wanted) == 0) {
            *out = (int32_t)k;
            return 0;
        }
    }
    char *end = NULL;
    const unsigned long number = strtoul(wanted, &end, 10);
    if (wanted[0] >= '0' && wanted[0] <= '9' && *end == '\0' && number < m->outputs) {
        *out = (int32_t)number;
        return 0;
    }
    return fail_usage(m->s->program, "--%s: no class '%s'; expected a class's name, or 0%s%zu",
                      option, printable(wanted).text, sign("…"), m->outputs - 1);
}

/* The receipt's text of a key; NULL without one. */
static const char *text_of(const json_t *receipt, const char *key)
{
    return json_string_value(json_object_get(receipt, key));
}

/* Whether the model was trained on these rows, or on a part of them, by what its receipt says. */
static int has_seen(const mistakes *m)
{
    char sha256[65];
    const char *part = option_text(&m->s->options, "split");
    json_t *receipt = json_loads(sml_model_receipt(m->model), 0, NULL);
    const char *trained = text_of(receipt, "data_sha256"), *name = text_of(receipt, "data");
    const int is_whole = strcmp(part, "train") == 0 || strcmp(part, "all") == 0;
    int seen = is_whole && name != NULL && strcmp(name, m->facts.name) == 0;
    if (!seen && trained != NULL && sml_dataset_sha256(m->s->ctx, m->data, sha256) == SML_OK) {
        seen = strcmp(sha256, trained) == 0;
    }
    json_decref(receipt);
    return seen;
}

static int predict_by_folds(const mistakes *m, float *p, size_t length)
{
    const size_t folds = (size_t)option_number(&m->s->options, "folds");
    study_progress progress;
    study_progress_start(&progress, m->s, "accuracy", folds);
    const sml_study study = {
        .row = study_progress_row, .cancelled = study_progress_cancelled, .user = &progress};
    const uint64_t seed = strtoull(sml_model_get(m->model, "seed"), NULL, 10);
    const sml_status status =
        sml_held_out_predictions(m->s->ctx, m->model, m->data, folds, seed, &study, p, length);
    study_progress_end(&progress);
    if (status == SML_CANCELLED) {
        fail(m->s->program, "interrupted before the end: no result");
        return EXIT_INTERRUPTED;
    }
    return status == SML_OK ? 0 : fail_library(m->s);
}

/* Marks the suspect labels, where somebody may judge them. */
static int judge_labels(mistakes *m)
{
    const size_t rows = m->facts.rows, length = rows * m->outputs;
    const int by_folds = option_given(&m->s->options, "folds");
    if (m->facts.task != SML_TASK_CLASSIFICATION || m->outputs < 2) {
        return by_folds || m->lists_suspects
                   ? fail_usage(m->s->program, "%s has no classes; only labels can be suspect",
                                m->facts.name)
                   : 0;
    }
    if (!by_folds && has_seen(m)) {
        return m->lists_suspects
                   ? fail_usage(m->s->program,
                                "--suspects: the model has seen these rows; --folds 5 judges them "
                                "by models that have not")
                   : 0;
    }
    m->judged_by = by_folds ? JUDGE_FOLDS : JUDGE_MODEL;
    float *p = allocate(length, sizeof *p);
    int32_t *labels = allocate(rows, sizeof *labels);
    for (size_t r = 0; r < rows; r++) {
        labels[r] = m->scores[r].label;
    }
    int code = 0;
    if (by_folds) {
        code = predict_by_folds(m, p, length);
    } else if (sml_model_predict(m->s->ctx, m->model, m->data, p, length) != SML_OK) {
        code = fail_library(m->s);
    }
    if (code == 0 && sml_suspect_labels(m->s->ctx, p, labels, rows, m->outputs, m->scores,
                                        &m->labels) != SML_OK) {
        code = fail_library(m->s);
    }
    free(labels);
    free(p);
    return code;
}

/* Sums over all rows. */
static void add_up(mistakes *m)
{
    const size_t n = m->outputs;
    if (m->facts.task == SML_TASK_CLASSIFICATION) {
        m->confusion = allocate(n * n, sizeof *m->confusion);
    }
    for (size_t r = 0; r < m->facts.rows; r++) {
        const sml_sample_score *one = &m->scores[r];
        m->wrong += one->is_mistake != 0;
        m->squares += one->gradient_norm * one->gradient_norm;
        if (m->confusion != NULL && one->label >= 0) {
            m->confusion[(size_t)one->label * n + (size_t)one->predicted]++;
        }
    }
}

/* Whether a row belongs into the list. A regression has no mistakes: all its rows do. */
static int is_asked_for(const mistakes *m, const sml_sample_score *one)
{
    const int both = m->is >= 0 && m->says >= 0;
    const int is_class =
        (m->is < 0 || one->label == m->is) && (m->says < 0 || one->predicted == m->says);
    if (m->lists_suspects) {
        return is_class && one->suspect_of >= 0;
    }
    return is_class && (both || one->is_mistake || m->facts.task == SML_TASK_REGRESSION);
}

/* Before: larger losses, of suspects smaller margins; ties by the row. */
static int compare_rows(const sml_sample_score *a, const sml_sample_score *b, int by_margin)
{
    const double x = by_margin ? a->margin : -a->loss, y = by_margin ? b->margin : -b->loss;
    const int order = (x > y) - (x < y);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

/* The worst rows, by insertion: few are kept of many. */
static uint32_t *choose(mistakes *m)
{
    const size_t most = (size_t)option_number(&m->s->options, "count");
    uint32_t *list = allocate(most + 1, sizeof *list);
    for (size_t r = 0; r < m->facts.rows; r++) {
        size_t place = m->listed;
        if (!is_asked_for(m, &m->scores[r])) {
            continue;
        }
        m->found++;
        while (place > 0 &&
               compare_rows(&m->scores[r], &m->scores[list[place - 1]], m->lists_suspects) < 0) {
            list[place] = list[place - 1];
            place--;
        }
        list[place] = (uint32_t)r;
        m->listed += m->listed < most;
    }
    m->list = list;
    return list;
}

/* Opens, scores, judges. Returns 0, or the exit code after a message. */
static int find(mistakes *m)
{
    int code = open_model_and_data(m->s, &m->model, &m->data);
    if (code != 0) {
        return code;
    }
    sml_dataset_describe(m->data, &m->facts);
    m->outputs = sml_model_outputs(m->model);
    m->lists_suspects = option_given(&m->s->options, "suspects");
    code = find_class(m, "true", &m->is);
    code = code == 0 ? find_class(m, "says", &m->says) : code;
    if (code == 0) {
        m->scores = allocate(m->facts.rows, sizeof *m->scores);
        code = sml_model_scores_each(m->s->ctx, m->model, m->data, 1, m->scores, m->facts.rows) ==
                       SML_OK
                   ? judge_labels(m)
                   : fail_library(m->s);
    }
    return code;
}

/* The listed rows as samples of explain. */
static int save_report(const mistakes *m)
{
    const char *path = option_text(&m->s->options, "html");
    if (m->listed == 0) {
        note(m->s, "%s: not written, since no row is listed", path);
        return 0;
    }
    const html_report report = {.title = "Mistakes",
                                .model = m->model,
                                .data = m->data,
                                .samples = m->list,
                                .n = m->listed < REPORT_SAMPLES ? m->listed : REPORT_SAMPLES,
                                .top = REPORT_TERMS};
    const int code = html_report_save(m->s, &report, path);
    if (code == 0) {
        note(m->s, "written to %s", path);
    }
    return code;
}

static int run(session *s)
{
    mistakes m = {.s = s, .is = -1, .says = -1};
    int code = check_report(s);
    code = code == 0 ? find(&m) : code;
    if (code == 0) {
        add_up(&m);
        uint32_t *list = choose(&m);
        if (s->json) {
            print_document(mistakes_document(&m));
        } else {
            mistakes_print(&m);
        }
        code = option_given(&s->options, "html") ? save_report(&m) : 0;
        free(list);
    }
    free(m.confusion);
    free(m.scores);
    sml_dataset_free(m.data);
    sml_model_free(m.model);
    return code;
}

const command command_mistakes = {
    .name = "mistakes",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .help = "Show what a model gets wrong, the worst first, and labels that look wrong",
    .options = options_of_mistakes,
    .run = run,
    .notes = "Examples:\n"
             "  scratchml mistakes model.safetensors mnist --true 4 --says 9\n"
             "  scratchml mistakes model.safetensors mnist --split train --folds 5 --suspects\n",
};
