/* scratchml check: every gradient of a network against central differences. */
#include "data_options.h"
#include "document.h"
#include "progress.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Central differences in double precision come nearer than this to a right gradient. */
static const double LIMIT = 1e-6;

static const option_row option_samples = {{"samples", SML_PARAMETER_INTEGER, "4", 1, 4096, NULL,
                                           "rows to take, the first ones; more rows take longer"},
                                          0,
                                          "N"};

static const option_row option_parameter = TEXT_OPTION(
    "parameter", "NAME",
    "check one alone, as layers.0.weight[13,407] (unit, input); may be given several times");
static const option_row option_each =
    TEXT_OPTION("each", NULL, "show every parameter, line by line");

static const option_row *const options_of_check[] = {
    &option_samples,  &option_parameter, &option_each,  &option_part,    MODEL_DATA_OPTIONS,
    &option_unknown,  &option_json,      &option_seed,  &option_threads, &option_data_dir,
    &option_progress, &option_color,     &option_quiet, &option_help,    NULL,
};

/* printf shows the sign of a NaN, which says nothing: no "-nan". */
static double without_sign(double value)
{
    return isnan(value) ? fabs(value) : value;
}

/* A kink is no failure: nothing was compared there. A NaN is one. */
static int has_passed(const sml_parameter_check *one)
{
    return one->crossed || one->relative_error <= LIMIT;
}

static void print_verdict(const session *s, const sml_parameter_check *one)
{
    const int passed = has_passed(one);
    const style look = one->crossed ? STYLE_DIM : passed ? STYLE_GOOD : STYLE_BAD;
    printf("%s%s%s", style_on(&s->out, look),
           one->crossed ? "KINK"
           : passed     ? "pass"
                        : "FAIL",
           style_off(&s->out, look));
}

static void print_text(const session *s, const sml_gradient_check *c, size_t rows, int passed)
{
    style look = passed ? STYLE_GOOD : STYLE_BAD;
    printf("%s%s%s  %s parameters against central differences, on %s\n", style_on(&s->out, look),
           passed ? "pass" : "FAIL", style_off(&s->out, look),
           format_count(c->parameters_checked).text, counted(rows, "row").text);
    printf("  largest relative error  %.3g (limit %g)\n", without_sign(c->max_relative_error),
           LIMIT);
    printf("    at %s: analytic %.9g, numeric %.9g\n", c->worst_parameter,
           without_sign(c->worst_analytic), without_sign(c->worst_numeric));
    printf("  skipped at kinks        %s\n", format_count(c->kinks_skipped).text);
    printf("  engine in float32       %.3g away from the analytic gradient, at most\n",
           without_sign(c->max_engine_error));
}

static void add_summary(json_t *document, const sml_gradient_check *c, size_t rows, int passed)
{
    json_t *worst = json_object();
    document_set(worst, "name", json_text(c->worst_parameter));
    document_set(worst, "analytic", json_figure(c->worst_analytic));
    document_set(worst, "numeric", json_figure(c->worst_numeric));
    document_set(document, "passed", json_boolean(passed));
    document_set(document, "max_relative_error", json_figure(c->max_relative_error));
    document_set(document, "limit", json_figure(LIMIT));
    document_set(document, "parameters_checked", json_count(c->parameters_checked));
    document_set(document, "kinks_skipped", json_count(c->kinks_skipped));
    document_set(document, "max_engine_error", json_figure(c->max_engine_error));
    document_set(document, "worst_parameter", worst);
    document_set(document, "samples", json_count(rows));
}

static json_t *parameter_document(const sml_parameter_check *one)
{
    json_t *document = json_object();
    document_set(document, "name", json_text(one->name));
    document_set(document, "passed", json_boolean(has_passed(one)));
    document_set(document, "value", json_figure(one->value));
    document_set(document, "analytic", json_figure(one->analytic));
    document_set(document, "numeric", json_figure(one->numeric));
    document_set(document, "engine", json_figure(one->engine));
    document_set(document, "relative_error", json_figure(one->relative_error));
    document_set(document, "step", json_figure(one->step));
    document_set(document, "kink", one->crossed ? json_text(one->kink) : json_null());
    return document;
}

/* A check whose parameters are shown as they come. */
typedef struct listing {
    const session *s;
    progress progress;
    uint64_t printed;
} listing;

static int print_row(void *user, const sml_parameter_check *one)
{
    listing *l = user;
    if (l->s->json) {
        printf("%s", l->printed == 0 ? "{\"parameters\": [\n" : ",\n");
        print_piece(parameter_document(one));
    } else {
        if (l->printed == 0) {
            printf("%-4s  %-24s %15s %15s %8s\n", "", "parameter", "chain rule", "differences",
                   "error");
        }
        print_verdict(l->s, one);
        printf("  %-24s %15.9g", one->name, without_sign(one->analytic));
        if (one->crossed) {
            printf(" %s\n", one->kink);
        } else {
            printf(" %15.9g %8.2g\n", without_sign(one->numeric),
                   without_sign(one->relative_error));
        }
    }
    l->printed++;
    /* Nobody may be reading any more, or the disk is full: no use in going on. */
    return ferror(stdout);
}

static int update_progress(void *user, const sml_progress *now)
{
    listing *l = user;
    return progress_update(&l->progress, now);
}

/* What is behind the rows of a listing, or alone. */
static void print_result(const listing *l, const sml_gradient_check *c, size_t rows, int passed)
{
    if (!l->s->json) {
        print_text(l->s, c, rows, passed);
        return;
    }
    json_t *document = json_object(), *value;
    const char *key;
    add_summary(document, c, rows, passed);
    if (l->printed == 0) {
        print_document(document);
        return;
    }
    printf("\n]");
    json_object_foreach(document, key, value)
    {
        printf(", \"%s\": ", key);
        print_piece(json_incref(value));
    }
    puts("}");
    json_decref(document);
}

static int check(const session *s, const sml_model *model, const sml_dataset *data, size_t rows)
{
    const int each = option_given(&s->options, "each");
    sml_gradient_check result = {0};
    listing l = {.s = s};
    progress_start(&l.progress, s, PROGRESS_CHECK);
    if (each && s->out.is_terminal) { /* the rows are progress enough */
        l.progress.mode = PROGRESS_SILENT;
    }
    sml_status status = sml_network_check_each(s->ctx, model, data, each ? print_row : NULL,
                                               update_progress, &l, &result);
    progress_end(&l.progress, 0);
    if (ferror(stdout)) {
        return EXIT_FAILED; /* which is told at the end */
    }
    if (status == SML_CANCELLED) {
        fail(s->program, "interrupted before the end: no result");
        return EXIT_INTERRUPTED;
    }
    if (status != SML_OK) {
        return fail_library(s);
    }
    /* Not the other way round: a NaN fails. */
    int passed = result.max_relative_error <= LIMIT;
    print_result(&l, &result, rows, passed);
    return passed ? EXIT_DONE : EXIT_FAILED;
}

static void print_one(const session *s, const sml_parameter_check *one, size_t rows)
{
    print_verdict(s, one);
    printf("  %s = %.9g, on %zu row%s\n", one->name, one->value, rows, rows == 1 ? "" : "s");
    printf("  chain rule   %-16.9g in double\n", without_sign(one->analytic));
    if (one->crossed) {
        printf("  differences  say nothing: a kink lies between them,\n               %s\n",
               one->kink);
    } else {
        printf("  differences  %-16.9g relative error %.2g (limit %g), h %.2g\n",
               without_sign(one->numeric), without_sign(one->relative_error), LIMIT, one->step);
    }
    printf("  engine       %-16.9g in float32\n", without_sign(one->engine));
}

/* Those that --parameter names; all of them are looked for before the first is shown. */
static int check_named(const session *s, const sml_model *model, const sml_dataset *data,
                       size_t rows)
{
    size_t n = 0;
    const char *const *names = option_texts(&s->options, "parameter", &n);
    sml_parameter_check *found = allocate(n, sizeof *found);
    int passed = 1;
    for (size_t i = 0; i < n; i++) {
        const sml_status status =
            sml_network_check_parameter(s->ctx, model, data, names[i], &found[i]);
        if (status != SML_OK) {
            free(found);
            return status == SML_BAD_ARGUMENT
                       ? fail_usage(s->program, "--parameter: %s", sml_ctx_error(s->ctx))
                       : fail_library(s);
        }
        passed = passed && has_passed(&found[i]);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        if (s->json) {
            document_append(list, parameter_document(&found[i]));
        } else {
            print_one(s, &found[i], rows);
        }
    }
    if (s->json) {
        json_t *document = json_object();
        document_set(document, "passed", json_boolean(passed));
        document_set(document, "limit", json_figure(LIMIT));
        document_set(document, "samples", json_count(rows));
        document_set(document, "parameters", json_incref(list));
        print_document(document);
    }
    json_decref(list);
    free(found);
    return passed ? EXIT_DONE : EXIT_FAILED;
}

/* The first --samples rows of the data. */
static int open_rows(const session *s, const sml_dataset *data, sml_dataset **rows, size_t *n)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    *n = (size_t)option_number(&s->options, "samples");
    *n = *n < facts.rows ? *n : facts.rows;
    return sml_dataset_rows(s->ctx, data, 0, *n, rows) == SML_OK ? 0 : fail_library(s);
}

static int run(session *s)
{
    sml_model *model = NULL;
    sml_dataset *data = NULL, *rows = NULL;
    size_t n = 0;
    const int named = option_given(&s->options, "parameter");
    if (named && option_given(&s->options, "each")) {
        return fail_usage(s->program, "--each shows all parameters, --parameter some of them: "
                                      "leave one of the two out");
    }
    int code = open_model_and_data(s, &model, &data);
    if (code == 0) {
        code = open_rows(s, data, &rows, &n);
    }
    if (code == 0) {
        code = named ? check_named(s, model, rows, n) : check(s, model, rows, n);
    }
    sml_dataset_free(rows);
    sml_dataset_free(data);
    sml_model_free(model);
    return code;
}

const command command_check = {
    .name = "check",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .help = "Hold every gradient of a network against central differences; exit 1 when one differs",
    .options = options_of_check,
    .run = run,
};
