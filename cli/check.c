/* scratchml check: every gradient of a network against central differences. */
#include "data_options.h"
#include "document.h"
#include "progress.h"
#include "text.h"

#include <stdio.h>

/* Central differences in double precision come nearer than this to a right gradient. */
static const double LIMIT = 1e-6;

static const option_row option_samples = {{"samples", SML_PARAMETER_INTEGER, "4", 1, 4096, NULL,
                                           "rows to take, the first ones; more rows take longer"},
                                          0,
                                          "N"};

static const option_row *const options_of_check[] = {
    &option_samples, &option_part,    MODEL_DATA_OPTIONS, &option_json,
    &option_seed,    &option_threads, &option_data_dir,   &option_progress,
    &option_color,   &option_quiet,   &option_help,       NULL,
};

static void print_text(const session *s, const sml_gradient_check *c, size_t rows, int passed)
{
    style look = passed ? STYLE_GOOD : STYLE_BAD;
    printf("%s%s%s  %s parameters against central differences, on %s\n", style_on(&s->out, look),
           passed ? "pass" : "FAIL", style_off(&s->out, look),
           format_count(c->parameters_checked).text, counted(rows, "row").text);
    printf("  largest relative error  %.3g (limit %g)\n", c->max_relative_error, LIMIT);
    printf("    at %s: analytic %.9g, numeric %.9g\n", c->worst_parameter, c->worst_analytic,
           c->worst_numeric);
    printf("  skipped at kinks        %s\n", format_count(c->kinks_skipped).text);
    printf("  engine in float32       %.3g away from the analytic gradient, at most\n",
           c->max_engine_error);
}

static void print_json(const sml_gradient_check *c, size_t rows, int passed)
{
    json_t *worst = json_object(), *document = json_object();
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
    print_document(document);
}

static int check(const session *s, const sml_model *model, const sml_dataset *rows)
{
    sml_dataset_facts facts;
    sml_dataset_describe(rows, &facts);
    sml_gradient_check result = {0};
    progress p;
    progress_start(&p, s, PROGRESS_CHECK);
    sml_status status = sml_network_check(s->ctx, model, rows, progress_update, &p, &result);
    progress_end(&p, 0);
    if (status == SML_CANCELLED) {
        fail(s->program, "interrupted before the end: no result");
        return EXIT_INTERRUPTED;
    }
    if (status != SML_OK) {
        return fail_library(s);
    }
    /* Not the other way round: a NaN fails. */
    int passed = result.max_relative_error <= LIMIT;
    if (s->json) {
        print_json(&result, facts.rows, passed);
    } else {
        print_text(s, &result, facts.rows, passed);
    }
    return passed ? EXIT_DONE : EXIT_FAILED;
}

static int run(session *s)
{
    sml_model *model = NULL;
    sml_dataset *data = NULL, *rows = NULL;
    int code = open_model_and_data(s, &model, &data);
    if (code == 0) {
        sml_dataset_facts facts;
        sml_dataset_describe(data, &facts);
        size_t wanted = (size_t)option_number(&s->options, "samples");
        size_t n = wanted < facts.rows ? wanted : facts.rows;
        code = sml_dataset_rows(s->ctx, data, 0, n, &rows) == SML_OK ? 0 : fail_library(s);
    }
    if (code == 0) {
        code = check(s, model, rows);
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
