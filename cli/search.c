/* scratchml search: trains many settings, keeps the best ones training, ranks them. */
#include "again.h"
#include "data_options.h"
#include "document.h"
#include "files.h"
#include "folds.h"
#include "held_out.h"
#include "interrupt.h"
#include "length.h"
#include "settings.h"
#include "study_progress.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MOST = 10, SPACE_MOST = 64 };

static const option_row option_trials = {
    {"trials", SML_PARAMETER_INTEGER, "27", 1, 10000, NULL, "settings to try, drawn by chance"},
    0,
    "N"};
static const option_row option_grid =
    TEXT_OPTION("grid", NULL, "try every combination in place of drawing");
static const option_row option_eta = {
    {"eta", SML_PARAMETER_INTEGER, "3", 1, 1000, NULL,
     "each rung keeps one trial of N and gives it N times the epochs; 1: all trials train fully"},
    0,
    "N"};
static const option_row option_min_epochs = {
    {"min_epochs", SML_PARAMETER_INTEGER, "0", 0, 1e9, NULL,
     "epochs of the first rung at least; 0: so few that one trial is left for all --epochs"},
    0,
    "N"};
static const option_row option_holdout = {
    {"holdout", SML_PARAMETER_REAL, "0.2", 0.01, 0.9, NULL,
     "share of the training rows that trials are scored on, and not trained on"},
    0,
    "SHARE"};
static const option_row option_journal = TEXT_OPTION(
    "journal", "DIR", "folder that keeps plan and results; an interrupted search goes on from it");
static const option_row option_csv =
    TEXT_OPTION("csv", "FILE", "write the whole ranking to a CSV file");

static const option_row *const options_of_search[] = {
    &option_trials,   &option_grid,     &option_metric,
    &option_eta,      DATA_OPTIONS,     &option_min_epochs,
    &option_holdout,  &option_test,     &option_journal,
    &option_csv,      &option_json,     &option_threads,
    &option_data_dir, &option_progress, &option_color,
    &option_quiet,    &option_help,     NULL,
};

/* A run of the command. */
typedef struct hunt {
    sml_model *like;
    sml_search *search;
    sml_dataset *data, *parts[2]; /* all training rows; those to train on, those to score */
    sml_dataset *test;            /* rows that train will score; not touched */
    held_out cut;
    const char *metric;
} hunt;

/* The values of a hyper-parameter that is searched for; NULL: it is not. */
static const char *searched_values(const options *o, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 1; i < o->n_operands; i++) {
        if (strncmp(o->operands[i], name, n) == 0 && o->operands[i][n] == '=') {
            return o->operands[i] + n + 1;
        }
    }
    return NULL;
}

/* Some trials may stop early; then all of them, to be compared, train on as many rows. */
static int create_model(const session *s, hunt *h)
{
    const char *stopping = searched_values(&s->options, "early_stopping");
    const int may_stop = stopping != NULL && strcmp(stopping, "none") != 0 &&
                         searched_values(&s->options, "validation") == NULL;
    if (sml_model_create(s->ctx, "mlp", NULL, &h->like) != SML_OK) {
        return fail_library(s);
    }
    const int code = apply_settings(s, h->like);
    return code == 0 && may_stop ? keep_validation_rows(s, h->like) : code;
}

static int create_search(const session *s, hunt *h)
{
    const options *o = &s->options;
    const sml_search_plan plan = {
        .space = (const char *const *)(o->operands + 1),
        .n_space = o->n_operands - 1,
        .grid = option_given(o, "grid"),
        .trials = option_given(o, "grid") && !option_given(o, "trials")
                      ? 0
                      : (size_t)option_number(o, "trials"),
        .seed = strtoull(sml_model_get(h->like, "seed"), NULL, 10),
        .eta = option_number(o, "eta"),
        .min_epochs = option_number(o, "min_epochs"),
    };
    sml_search_free(h->search);
    if (sml_search_create(s->ctx, h->like, &plan, &h->search) != SML_OK) {
        return fail_usage(s->program, "%s", sml_ctx_error(s->ctx));
    }
    return 0;
}

static int open_parts(const session *s, hunt *h)
{
    sml_dataset_facts facts;
    int code = open_data(s, s->options.operands[0], "train", h->like, &h->data);
    if (code != 0) {
        return code;
    }
    code = held_out_cut(s, h->like, &h->data, &h->test, &h->cut);
    if (code != 0) {
        return code;
    }
    double share = strtod(option_text(&s->options, "holdout"), NULL);
    uint64_t seed = strtoull(sml_model_get(h->like, "seed"), NULL, 10);
    if (sml_dataset_split(s->ctx, h->data, seed, &share, 1, h->parts) != SML_OK) {
        return fail_library(s);
    }
    sml_dataset_describe(h->data, &facts);
    const char *usual = facts.task == SML_TASK_REGRESSION ? "loss" : "accuracy";
    h->metric = option_given(&s->options, "metric") ? option_text(&s->options, "metric") : usual;
    if (h->parts[1] == NULL) {
        return fail(s->program, "--holdout %g of %s is no row at all", share,
                    counted(facts.rows, "row").text);
    }
    return 0;
}

static void close_hunt(hunt *h)
{
    sml_dataset_free(h->parts[0]);
    sml_dataset_free(h->parts[1]);
    sml_dataset_free(h->test);
    sml_dataset_free(h->data);
    sml_dataset_free(h->cut.whole);
    sml_search_free(h->search);
    sml_model_free(h->like);
}

/* The next "name=value" of a row's settings; 0 at the end. */
static int next_setting(const char **settings, short_text *name, short_text *value)
{
    const char *word = *settings;
    size_t length = strcspn(word, " "), n = strcspn(word, "=");
    if (*word == '\0') {
        return 0;
    }
    snprintf(name->text, sizeof name->text, "%.*s", (int)n, word);
    snprintf(value->text, sizeof value->text, "%.*s", (int)(length - n - 1), word + n + 1);
    *settings = word + length + (word[length] == ' ');
    return 1;
}

static void add_score(table *t, double value)
{
    if (isnan(value)) {
        table_cell(t, "%s", sign("–"));
    } else {
        table_cell(t, "%.4f", value);
    }
}

static void add_trial(table *t, size_t rank, const sml_study_row *row)
{
    const char *settings = row->settings;
    short_text name, value;
    table_cell(t, "%zu", rank);
    table_cell(t, "%zu", row->trial);
    table_cell(t, "%s", format_count(row->epochs).text);
    if (row->status == SML_DIVERGED) {
        table_cell(t, "diverged");
        table_cell(t, "%s", sign("–"));
    } else {
        add_score(t, row->metric);
        add_score(t, row->loss);
    }
    while (next_setting(&settings, &name, &value)) {
        table_cell(t, "%s", value.text);
    }
}

static void print_ranking(const session *s, const hunt *h)
{
    const char *const headings[] = {"rank", "trial", "epochs", h->metric, "loss"};
    const sml_study_row *row = sml_search_rank(h->search, 0);
    const char *settings = row->settings;
    short_text name, value;
    size_t trials, rungs, jobs, columns = sizeof headings / sizeof headings[0];
    table *t = table_create(columns + s->options.n_operands - 1, "rrrrrl");
    for (size_t i = 0; i < columns; i++) {
        table_cell(t, "%s", headings[i]);
    }
    while (next_setting(&settings, &name, &value)) {
        table_cell(t, "%s", name.text);
    }
    for (size_t i = 0; i < SHOWN_MOST && (row = sml_search_rank(h->search, i)) != NULL; i++) {
        add_trial(t, i + 1, row);
    }
    table_print(t, &s->out);
    table_free(t);
    sml_search_size(h->search, &trials, &rungs, &jobs);
    if (trials > SHOWN_MOST) {
        printf("(the best %d of %zu trials; --csv and --json have all)\n", SHOWN_MOST, trials);
    }
}

/* Epochs and batch size where the number of rows settled them, and rows kept for early stopping. */
static void print_length(const session *s, const hunt *h, const sml_study_row *row)
{
    static const char *const names[] = {"epochs", "batch_size", "validation"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *settings = row->settings, *value = sml_model_get(h->like, names[i]);
        short_text name = {""}, searched;
        int found = option_given(&s->options, names[i]);
        while (!found && next_setting(&settings, &name, &searched)) {
            found = strcmp(name.text, names[i]) == 0;
        }
        if (!found && strcmp(value, option_text(&s->options, names[i])) != 0) {
            printf(" %s %s", format_option(names[i]).text, value);
        }
    }
}

/* The settings that all trials share, then those of the winner, as options. */
static void print_winner(const session *s, const hunt *h, const sml_study_row *row)
{
    const options *o = &s->options;
    const char *settings = row->settings;
    short_text name, value;
    char *data = quoted_for_shell(o->operands[0]);
    buffer line = {0};
    buffer_print(&line, "\nscratchml train %s", data);
    free(data);
    again_training(&line, o);
    fputs(line.text, stdout);
    buffer_free(&line);
    print_length(s, h, row);
    while (next_setting(&settings, &name, &value)) {
        printf(" %s %s", format_option(name.text).text, value.text);
    }
    putchar('\n');
}

static json_t *row_document(size_t rank, const sml_study_row *row)
{
    json_t *object = json_object();
    document_set(object, "rank", json_count(rank));
    document_set(object, "trial", json_count(row->trial));
    document_set(object, "rung", json_count(row->rung));
    document_set(object, "epochs", json_count(row->epochs));
    document_set(object, "metric", json_figure(row->metric));
    document_set(object, "accuracy", json_figure(row->accuracy));
    document_set(object, "loss", json_figure(row->loss));
    document_set(object, "seconds", json_figure(row->seconds));
    document_set(object, "status", json_text(sml_status_text(row->status)));
    document_set(object, "settings", json_text(row->settings));
    return object;
}

static void print_json(const session *s, const hunt *h)
{
    json_t *document = json_object(), *trials = json_array();
    const sml_study_row *row;
    size_t n, rungs, jobs;
    sml_search_size(h->search, &n, &rungs, &jobs);
    document_set(document, "data", json_text(s->options.operands[0]));
    document_set(document, "metric_name", json_text(h->metric));
    document_set(document, "rungs", json_count(rungs));
    document_set(document, "trainings", json_count(jobs));
    for (size_t i = 0; (row = sml_search_rank(h->search, i)) != NULL; i++) {
        document_append(trials, row_document(i + 1, row));
    }
    document_set(document, "ranking", trials);
    print_document(document);
}

static void write_number(FILE *file, double value)
{
    if (isfinite(value)) {
        fprintf(file, ",%.9g", value);
    } else {
        fputc(',', file);
    }
}

/* Settings hold neither quotes nor newlines, but lists of numbers hold commas. */
static void write_rows(FILE *file, const hunt *h)
{
    const sml_study_row *row;
    fprintf(file, "rank,trial,rung,epochs,metric,accuracy,loss,seconds,settings\n");
    for (size_t i = 0; (row = sml_search_rank(h->search, i)) != NULL; i++) {
        fprintf(file, "%zu,%zu,%zu,%llu", i + 1, row->trial, row->rung,
                (unsigned long long)row->epochs);
        write_number(file, row->metric);
        write_number(file, row->accuracy);
        write_number(file, row->loss);
        write_number(file, row->seconds);
        fprintf(file, ",\"%s\"\n", row->settings);
    }
}

static int write_csv(const session *s, const hunt *h, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL) {
        return fail(s->program, "%s: out of memory", path);
    }
    write_rows(file, h);
    int code = 0;
    if (fclose(file) != 0) {
        code = fail(s->program, "%s: out of memory", path);
    } else if (sml_write_file(s->ctx, path, text, length) != SML_OK) {
        code = fail_library(s);
    }
    free(text);
    return code;
}

static int fail_interrupted(const session *s, size_t done, size_t jobs)
{
    const char *journal = option_text(&s->options, "journal");
    if (journal[0] != '\0') {
        fail(s->program, "interrupted after %zu of %zu trainings; the same command goes on from %s",
             done, jobs, journal);
    } else {
        fail(s->program,
             "interrupted after %zu of %zu trainings; with --journal DIR a search can "
             "go on",
             done, jobs);
    }
    return EXIT_INTERRUPTED;
}

static int run_search(const session *s, hunt *h)
{
    size_t trials, rungs, jobs;
    study_progress p;
    const char *journal = option_text(&s->options, "journal");
    sml_search_size(h->search, &trials, &rungs, &jobs);
    if (!option_given(&s->options, "grid") && trials < option_number(&s->options, "trials")) {
        note(s, "the space has %zu combination%s: each is tried once", trials,
             trials == 1 ? "" : "s");
    }
    study_progress_start(&p, s, h->metric, jobs);
    const sml_study study = {.metric = h->metric,
                             .row = study_progress_row,
                             .cancelled = study_progress_cancelled,
                             .user = &p,
                             .note = study_progress_note};
    sml_status status = sml_search_run(s->ctx, h->search, h->parts[0], h->parts[1], &study,
                                       journal[0] != '\0' ? journal : NULL);
    study_progress_end(&p);
    if (status == SML_CANCELLED) {
        return fail_interrupted(s, p.done, jobs);
    }
    return status == SML_OK ? 0 : fail_library(s);
}

static int report_search(const session *s, const hunt *h)
{
    const char *csv = option_text(&s->options, "csv");
    const sml_study_row *best = sml_search_rank(h->search, 0);
    if (best != NULL) {
        held_out_tell_unknown(s, h->like, "held-out", &best->unknown);
    }
    int code = csv[0] != '\0' ? write_csv(s, h, csv) : 0;
    if (code == 0 && (best == NULL || best->status == SML_DIVERGED)) {
        code = fail(s->program, "every trial diverged: try lower learning rates");
    } else if (code == 0 && isnan(best->metric)) {
        code = fail(s->program,
                    "no trial has a value of %s: a class is missing among the rows that they are "
                    "scored on; raise --holdout, or choose another --metric",
                    h->metric);
    } else if (code == 0 && s->json) {
        print_json(s, h);
    } else if (code == 0) {
        print_ranking(s, h);
        print_winner(s, h, best);
    }
    return code;
}

/* The ranking is neither a file of DATA nor one of the journal. */
static int check_files(const session *s)
{
    const options *o = &s->options;
    const char *journal = option_text(o, "journal");
    short_text plan, results;
    const int has_journal = journal[0] != '\0' && strlen(journal) + 16 < sizeof plan.text;
    named_path written[3];
    size_t n = 0;
    if (has_journal) {
        snprintf(plan.text, sizeof plan.text, "%s/plan.json", journal);
        snprintf(results.text, sizeof results.text, "%s/results.jsonl", journal);
        written[n++] = (named_path){"--journal", plan.text};
        written[n++] = (named_path){"--journal", results.text};
    }
    if (option_given(o, "csv")) {
        written[n++] = (named_path){"--csv", option_text(o, "csv")};
    }
    return check_written(s, o->operands[0], written, n);
}

static int run(session *s)
{
    hunt h = {0};
    const char *csv = option_text(&s->options, "csv");
    int code = check_files(s);
    code = code == 0 ? create_model(s, &h) : code;
    code = code == 0 ? create_search(s, &h) : code;
    if (code == 0 && csv[0] != '\0' && sml_model_check_path(s->ctx, csv) != SML_OK) {
        code = fail_library(s); /* before the work, not after it */
    }
    code = code == 0 ? open_parts(s, &h) : code;
    code = code == 0 ? settle_length(s, h.like, s->options.operands[0], h.parts[0]) : code;
    code =
        code == 0 ? create_search(s, &h) : code; /* once more, with the epochs that data asks for */
    code = code == 0 ? run_search(s, &h) : code;
    code = code == 0 ? report_search(s, &h) : code;
    close_hunt(&h);
    return code;
}

const command command_search = {
    .name = "search",
    .operands = "DATA NAME=VALUES...",
    .least = 2,
    .most = 1 + SPACE_MOST,
    .help = "Search for good hyper-parameters: many short trainings, the best go on",
    .options = options_of_search,
    .algorithm = "mlp",
    .run = run,
    .notes = "NAME is any hyper-parameter below; what is not searched is set by its option.\n"
             "VALUES, in quotes where the shell would read them:\n"
             "  64|128|256,128   these                0..0.5           between\n"
             "  log:1e-4..1e-1   between, by powers   log2:16..512     powers of two\n"
             "  int:1..9         whole numbers        log:1e-4..1e-1/4 four points of a range\n"
             "\n"
             "Trials are scored on rows held out of the training part; the test part is not\n"
             "touched. Each trial has one thread, so all cores are busy; their number does not\n"
             "change the result. Ctrl-C ends the search; with --journal it can go on.\n"
             "\n"
             "Examples:\n"
             "  scratchml search mnist learning_rate=log:1e-4..1e-2 'hidden=64|128|256'\n"
             "  scratchml search mnist 'optimizer=adam|sgd' dropout=0..0.5/3 --grid --epochs 9\n",
};
