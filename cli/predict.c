/* scratchml predict: labels and probabilities, a line a sample. */
#include "data_options.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row option_sample = {{"sample", SML_PARAMETER_INTEGER, "", 0, (double)INT32_MAX,
                                          NULL, "only this row; the first is 0"},
                                         0,
                                         "N"};
static const option_row option_limit = {{"limit", SML_PARAMETER_INTEGER, "", 0, (double)INT32_MAX,
                                         NULL, "at most so many rows of each input"},
                                        0,
                                        "K"};
static const option_row option_top = {{"top", SML_PARAMETER_INTEGER, "3", 1, 1000, NULL,
                                       "how many classes to name, the most likely ones"},
                                      0,
                                      "K"};

static const option_row *const options_of_predict[] = {
    &option_part,    MODEL_DATA_OPTIONS,
    &option_unknown, &option_sample,
    &option_limit,   &option_top,
    &option_json,    &option_seed,
    &option_threads, &option_data_dir,
    &option_color,   &option_quiet,
    &option_help,    NULL,
};

typedef struct prediction_list {
    const session *s;
    const sml_model *model;
    sml_task task;
    size_t outputs, top;
    size_t label_width, index_width;
    size_t *order;       /* [outputs], scratch */
    const char *input;   /* NULL where there is only one */
    size_t rows_printed; /* as JSON */
} prediction_list;

/* The first top classes of order are the most likely ones, the likeliest first. */
static void rank(const prediction_list *l, const float *outputs)
{
    size_t kept = 0;
    for (size_t k = 0; k < l->outputs; k++) {
        size_t place = kept;
        while (place > 0 && outputs[l->order[place - 1]] < outputs[k]) {
            place--;
        }
        if (place >= l->top) {
            continue;
        }
        kept += kept < l->top;
        memmove(l->order + place + 1, l->order + place, (kept - 1 - place) * sizeof *l->order);
        l->order[place] = k;
    }
}

static void print_classes(const prediction_list *l, const float *outputs)
{
    rank(l, outputs);
    for (size_t i = 0; i < l->top; i++) {
        short_text name = printable(sml_model_class_name(l->model, l->order[i]));
        int padding = (int)(l->label_width - text_width(name.text));
        printf("  %s%s%s%*s %.4f", style_on(&l->s->out, i == 0 ? STYLE_BOLD : STYLE_DIM), name.text,
               style_off(&l->s->out, STYLE_BOLD), padding, "", (double)outputs[l->order[i]]);
    }
}

static void print_labels(const prediction_list *l, const float *outputs)
{
    int any = 0;
    for (size_t k = 0; k < l->outputs; k++) {
        if (outputs[k] >= 0.5f) {
            printf("  %s %.4f", printable(sml_model_class_name(l->model, k)).text,
                   (double)outputs[k]);
            any = 1;
        }
    }
    fputs(any ? "" : "  (no label)", stdout);
}

static int print_line(void *user, size_t row, const float *outputs)
{
    const prediction_list *l = user;
    if (l->input != NULL) {
        print_safe(stdout, l->input);
        fputs(": ", stdout);
    }
    printf("%*zu", (int)l->index_width, row);
    if (l->task == SML_TASK_CLASSIFICATION) {
        print_classes(l, outputs);
    } else if (l->task == SML_TASK_MULTILABEL) {
        print_labels(l, outputs);
    } else {
        for (size_t k = 0; k < l->outputs; k++) {
            printf("  %.9g", (double)outputs[k]);
        }
    }
    putchar('\n');
    /* Nobody may be reading any more, or the disk is full: no use in going on. */
    return ferror(stdout);
}

static json_t *values_document(const prediction_list *l, const float *outputs)
{
    json_t *values = json_array();
    for (size_t k = 0; k < l->outputs; k++) {
        document_append(values, json_figure((double)outputs[k]));
    }
    return values;
}

static json_t *labels_document(const prediction_list *l, const float *outputs)
{
    json_t *labels = json_array();
    for (size_t k = 0; k < l->outputs; k++) {
        if (outputs[k] >= 0.5f) {
            document_append(labels, json_text(sml_model_class_name(l->model, k)));
        }
    }
    return labels;
}

static void begin_json(const prediction_list *l)
{
    json_t *names = json_array();
    for (size_t k = 0; k < l->outputs && l->task != SML_TASK_REGRESSION; k++) {
        document_append(names, json_text(sml_model_class_name(l->model, k)));
    }
    printf("{\"classes\": ");
    print_piece(names);
    printf(", \"predictions\": [\n");
}

static int print_json_row(void *user, size_t row, const float *outputs)
{
    prediction_list *l = user;
    json_t *document = json_object();
    if (l->input != NULL) {
        document_set(document, "input", json_text(l->input));
    }
    document_set(document, "sample", json_count(row));
    if (l->task == SML_TASK_CLASSIFICATION) {
        size_t best = sml_argmax(outputs, l->outputs);
        document_set(document, "label", json_text(sml_model_class_name(l->model, best)));
        document_set(document, "probability", json_figure((double)outputs[best]));
    } else if (l->task == SML_TASK_MULTILABEL) {
        document_set(document, "labels", labels_document(l, outputs));
    }
    document_set(document, l->task == SML_TASK_REGRESSION ? "values" : "probabilities",
                 values_document(l, outputs));
    if (l->rows_printed++ == 0) {
        begin_json(l);
    } else {
        puts(",");
    }
    print_piece(document);
    return ferror(stdout);
}

static int stop(void *user, size_t row, const float *outputs)
{
    (void)user;
    (void)row;
    (void)outputs;
    return 1;
}

/* Opens an input and tries a row of it, so that nothing is printed before a later input fails. */
static int open_input(const prediction_list *l, const char *name, sml_dataset **data)
{
    const options *o = &l->s->options;
    int code = option_given(o, "split")
                   ? open_data(l->s, name, option_text(o, "split"), l->model, data)
                   : open_features(l->s, name, l->model, data);
    code = code == 0 ? data_options_let_unknown(l->s, l->model, *data) : code;
    if (code != 0) {
        return code;
    }
    sml_dataset_facts facts;
    sml_dataset_describe(*data, &facts);
    uint64_t first = option_given(o, "sample") ? option_number(o, "sample") : 0;
    if (first >= facts.rows) {
        return fail_usage(l->s->program, "--sample %" PRIu64 ": %s has %s; expected 0…%zu", first,
                          facts.name, counted(facts.rows, "row").text, facts.rows - 1);
    }
    sml_status status = visit_outputs(l->s, l->model, *data, (size_t)first, 1, stop, NULL);
    return status == SML_OK ? 0 : fail_library(l->s);
}

static int predict_rows(prediction_list *l, const sml_dataset *data)
{
    const options *o = &l->s->options;
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    size_t first = 0, count = facts.rows;
    if (option_given(o, "sample")) {
        first = (size_t)option_number(o, "sample");
        count = 1;
    }
    if (option_given(o, "limit") && option_number(o, "limit") < count) {
        count = (size_t)option_number(o, "limit");
    }
    char last[24];
    l->index_width = (size_t)snprintf(last, sizeof last, "%zu", first + count);
    outputs_fn visit = l->s->json ? print_json_row : print_line;
    sml_status status = visit_outputs(l->s, l->model, data, first, count, visit, l);
    return status == SML_OK ? 0 : fail_library(l->s);
}

static int predict_inputs(prediction_list *l)
{
    const options *o = &l->s->options;
    char **names = o->operands + 1;
    size_t n = o->n_operands - 1;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
    sml_dataset **inputs = allocate(n, sizeof *inputs);
    int code = 0;
    for (size_t i = 0; i < n && code == 0; i++) {
        code = open_input(l, names[i], &inputs[i]);
    }
    for (size_t i = 0; i < n && code == 0; i++) {
        l->input = n > 1 ? names[i] : NULL;
        code = predict_rows(l, inputs[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sml_dataset_free(inputs[i]);
    }
    free(inputs);
    return code;
}

static int predict(prediction_list *l)
{
    int code = predict_inputs(l);
    if (l->s->json && code == 0) {
        if (l->rows_printed == 0) {
            begin_json(l);
        }
        puts("\n]}");
    }
    return code;
}

static int run(session *s)
{
    prediction_list l = {.s = s};
    sml_model *model = NULL;
    if (sml_model_load(s->ctx, s->options.operands[0], &model) != SML_OK) {
        return fail_library(s);
    }
    l.model = model;
    l.task = sml_model_task(model);
    l.outputs = sml_model_outputs(model);
    uint64_t top = option_number(&s->options, "top");
    l.top = top < l.outputs ? (size_t)top : l.outputs;
    l.order = allocate(l.outputs + 1, sizeof *l.order);
    for (size_t k = 0; k < l.outputs; k++) {
        size_t width = text_width(printable(sml_model_class_name(model, k)).text);
        l.label_width = width > l.label_width ? width : l.label_width;
    }
    int code = predict(&l);
    free(l.order);
    sml_model_free(model);
    return code;
}

const command command_predict = {
    .name = "predict",
    .operands = "MODEL INPUT...",
    .least = 2,
    .most = SIZE_MAX,
    .help = "Print a line a sample: its index, the likeliest classes, their probabilities",
    .options = options_of_predict,
    .run = run,
    .notes = "INPUT is a data set, a table with the columns of the model (the target may be\n"
             "missing), a picture, any other file that train reads, or - for standard input.\n"
             "Without --split all rows of a file are predicted. A regression prints values.\n",
};
