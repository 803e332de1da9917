/* scratchml explain: what a network computes for a sample, with the formulas and the numbers. */
#include "data_options.h"
#include "page_terminal.h"
#include "text.h"

static const option_row option_sample = {
    {"sample", SML_PARAMETER_INTEGER, "0", 0, (double)UINT32_MAX, NULL, "row of the part, from 0"},
    0,
    "N"};

static const option_row *const options_of_explain[] = {
    &option_sample,   &option_split, MODEL_DATA_OPTIONS, &option_seed, &option_threads,
    &option_data_dir, &option_color, &option_quiet,      &option_help, NULL,
};

static int explain(const session *s, const sml_model *model, const sml_dataset *data)
{
    const uint32_t sample = (uint32_t)option_number(&s->options, "sample");
    const sml_trace_options how = {.samples = &sample, .n = 1};
    const sml_page_options wanted = {.kind = SML_PAGE_SAMPLE};
    sml_trace *trace = NULL;
    sml_page *page = NULL;
    int code = EXIT_DONE;
    sml_status status = sml_trace_create(s->ctx, model, data, &how, &trace);
    if (status == SML_OK) {
        status = sml_page_create(s->ctx, trace, &wanted, &page);
    }
    if (status == SML_OK) {
        page_print(&s->out, page);
    } else {
        code = fail_library(s);
    }
    sml_page_free(page);
    sml_trace_free(trace);
    return code;
}

static int run(session *s)
{
    sml_model *model = NULL;
    sml_dataset *data = NULL;
    int code = open_model_and_data(s, &model, &data);
    if (code == 0) {
        code = explain(s, model, data);
    }
    sml_dataset_free(data);
    sml_model_free(model);
    return code;
}

const command command_explain = {
    .name = "explain",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .help = "Show what a network computes for a sample: formulas and numbers",
    .options = options_of_explain,
    .run = run,
};
