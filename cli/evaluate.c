/* scratchml evaluate: how well a model does on data. */
#include "data_options.h"
#include "report.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

static const option_row option_top_k = {
    {"top_k", SML_PARAMETER_INTEGER, "5", 1, 9999, NULL,
     "count a row as right when its class is among the K likeliest"},
    0,
    "K"};
static const option_row option_bins = {
    {"bins", SML_PARAMETER_INTEGER, "15", 1, SML_BINS_MAX, NULL, "bins of the calibration error"},
    0,
    "N"};

static const option_row *const options_of_evaluate[] = {
    &option_part, MODEL_DATA_OPTIONS, &option_unknown,  &option_top_k, &option_bins,  &option_json,
    &option_seed, &option_threads,    &option_data_dir, &option_color, &option_quiet, &option_help,
    NULL,
};

static void print_report(const session *s, const sml_dataset *data, const report *r)
{
    if (!s->json) {
        report_print(r, &s->out);
        return;
    }
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    json_t *document = json_object();
    document_set(document, "model", json_text(s->options.operands[0]));
    document_set(document, "data", json_text(s->options.operands[1]));
    document_set(document, "split", facts.split[0] != '\0' ? json_text(facts.split) : json_null());
    report_document(r, document);
    print_document(document);
}

/* Which rows were scored, where the file does not say it itself. */
static void tell_part(const session *s, const sml_model *model, const sml_dataset *data)
{
    sml_dataset_facts facts;
    json_t *receipt = json_loads(sml_model_receipt(model), 0, NULL);
    sml_dataset_describe(data, &facts);
    if (json_object_get(receipt, "held_out") != NULL && strcmp(facts.split, "test") == 0) {
        note(s, "%s: the %s kept apart from training; for all rows use --split all", facts.name,
             counted(facts.rows, "row").text);
    }
    json_decref(receipt);
}

static int run(session *s)
{
    sml_model *model = NULL;
    sml_dataset *data = NULL;
    report r = {.top_k = (size_t)option_number(&s->options, "top_k"),
                .bins = (size_t)option_number(&s->options, "bins")};
    int code = open_model_and_data(s, &model, &data);
    if (code == 0) {
        code = report_create(s, model, data, &r);
    }
    if (code == 0) {
        tell_part(s, model, data);
        print_report(s, data, &r);
    }
    report_free(&r);
    sml_dataset_free(data);
    sml_model_free(model);
    return code;
}

const command command_evaluate = {
    .name = "evaluate",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .help = "Score a model: accuracy, loss, areas under curves, calibration, classes",
    .options = options_of_evaluate,
    .run = run,
};
