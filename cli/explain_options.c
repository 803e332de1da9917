#include "explain_options.h"

#include "data_options.h"
#include "explain_parse.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const option_row option_sample =
    TEXT_OPTION("sample", "N[,N...]", "rows of the part, from 0, or a range N..M; [0]");
static const option_row option_layer = {
    {"layer", SML_PARAMETER_INTEGER, "", 0, 1e9, NULL, "a layer by the N of layers.N in the model"},
    0,
    "N"};
static const option_row option_unit = {
    {"unit", SML_PARAMETER_INTEGER, "", 0, 1e9, NULL, "a unit of that layer, taken apart"}, 0, "J"};
static const option_row option_weight_of_unit = TEXT_OPTION(
    "weight", "J,I",
    "a weight of that layer, from input I to unit J, or J,bias: its gradient over a batch");
static const option_row option_backward =
    TEXT_OPTION("backward", NULL, "the way back, too: loss, deltas, gradients");
static const option_row option_update =
    TEXT_OPTION("update", NULL, "and what a step of the optimiser does; the file stays as it is");
static const option_row option_batch = {
    {"batch", SML_PARAMETER_INTEGER, "", 1, SML_TRACE_ROWS_MAX, NULL,
     "rows that make one batch, from the sample on; otherwise 1, of a weight the batch size"},
    0,
    "M"};
static const option_row option_training = TEXT_OPTION(
    "training", NULL, "as a training step sees it: dropout acts, batch norm takes the batch");
static const option_row option_epoch = {{"epoch", SML_PARAMETER_INTEGER, "0", 0, (double)UINT32_MAX,
                                         NULL, "with --training: the epoch by which dropout draws"},
                                        0,
                                        "N"};
static const option_row option_checkpoint =
    TEXT_OPTION("checkpoint", "FILE", "with --update: where the optimiser's state is taken from");
static const option_row option_learning_rate = {
    {"learning_rate", SML_PARAMETER_REAL, "", 1e-30, 1e30, NULL, "with --update: another one"},
    0,
    "X"};
static const option_row option_set = TEXT_OPTION(
    "set", "NAME=X", "what if layers.0.weight[J,I] or layers.0.bias[J] were X; may be repeated");
static const option_row option_silence =
    TEXT_OPTION("silence", "N:J", "what if unit J of layer N put out 0; may be repeated");
static const option_row option_temperature = {
    {"temperature", SML_PARAMETER_REAL, "", 1e-6, 1e6, NULL, "what if outputs were those of z / T"},
    0,
    "T"};
static const option_row option_should_be =
    TEXT_OPTION("should_be", "CLASS", "the answer in place of the data's: a class, or numbers X,X");
static const option_row option_top = {
    {"top", SML_PARAMETER_INTEGER, "8", 1, 4096, NULL, "terms, units and classes that are listed"},
    0,
    "K"};

static const option_row option_html =
    TEXT_OPTION("html", "FILE", "write all of it to this file as a report for a browser");

const option_row *const options_of_explain[] = {
    &option_sample,        &option_layer,    &option_unit,       &option_weight_of_unit,
    &option_backward,      &option_update,   &option_top,        &option_html,
    &option_batch,         &option_training, &option_epoch,      &option_checkpoint,
    &option_learning_rate, &option_set,      &option_silence,    &option_temperature,
    &option_should_be,     &option_part,     MODEL_DATA_OPTIONS, &option_unknown,
    &option_seed,          &option_threads,  &option_json,       &option_data_dir,
    &option_color,         &option_quiet,    &option_help,       NULL,
};

static int fail_sample(const session *s, const char *text)
{
    return fail_usage(s->program,
                      "--sample: found '%s', expected a row such as 7, a list 7,12, or a range "
                      "7..12, of at most %d rows",
                      printable(text).text, SML_TRACE_ROWS_MAX);
}

static int read_samples(const session *s, explain_request *out)
{
    const char *text =
        option_given(&s->options, "sample") ? option_text(&s->options, "sample") : "0";
    out->samples = allocate(SML_TRACE_ROWS_MAX, sizeof *out->samples);
    return parse_rows(text, out->samples, SML_TRACE_ROWS_MAX, &out->n_samples)
               ? 0
               : fail_sample(s, text);
}

static int read_weight(const session *s, explain_place *out)
{
    const char *text = option_text(&s->options, "weight");
    unit_weight found;
    out->has_weight = 1;
    if (!parse_weight(text, &found)) {
        return fail_usage(
            s->program, "--weight: found '%s', expected J,I (unit, input), or J,bias; of a norm J",
            printable(text).text);
    }
    out->unit = found.unit;
    out->input = found.input;
    out->is_bias = found.is_bias;
    out->has_input = found.has_input;
    return 0;
}

static int read_place(const session *s, explain_place *out)
{
    const options *o = &s->options;
    out->has_layer = option_given(o, "layer");
    out->has_unit = option_given(o, "unit");
    out->layer = out->has_layer ? option_number(o, "layer") : 0;
    out->unit = out->has_unit ? option_number(o, "unit") : 0;
    if (!out->has_layer && (out->has_unit || option_given(o, "weight"))) {
        return fail_usage(s->program, "--%s needs --layer: units are counted in each layer",
                          out->has_unit ? "unit" : "weight");
    }
    if (out->has_unit && option_given(o, "weight")) {
        return fail_usage(s->program, "--unit and --weight contradict each other");
    }
    return option_given(o, "weight") ? read_weight(s, out) : 0;
}

/* An option that says nothing without another one is a mistake. */
static int check_needs(const session *s)
{
    static const char *const pairs[][2] = {
        {"epoch", "training"}, {"checkpoint", "update"}, {"learning_rate", "update"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (option_given(&s->options, pairs[i][0]) && !option_given(&s->options, pairs[i][1])) {
            return fail_usage(s->program, "%s is for %s", format_option(pairs[i][0]).text,
                              format_option(pairs[i][1]).text);
        }
    }
    return 0;
}

static size_t count_given(const options *o, const char *name)
{
    size_t n = 0;
    option_texts(o, name, &n);
    return n;
}

/* What cannot go together. */
static int check_together(const session *s, const explain_request *r)
{
    if (r->n_samples > 1 && (r->batch > 0 || r->place.has_weight)) {
        return fail_usage(s->program, "a batch begins at one sample; found %zu with --sample",
                          r->n_samples);
    }
    if (s->json && option_given(&s->options, "html")) {
        return fail_usage(s->program, "--html and --json contradict each other");
    }
    if (r->temperature > 0 && (r->backward || r->update || r->place.has_weight)) {
        return fail_usage(s->program,
                          "--temperature is about the outputs alone: it has no way back");
    }
    if (r->n_edits > 0 && r->update) {
        return fail_usage(s->program, "--update is a step of the model as it is: without --set, "
                                      "--silence or --temperature");
    }
    return 0;
}

static double real_of(const options *o, const char *name)
{
    return option_given(o, name) ? strtod(option_text(o, name), NULL) : 0;
}

int explain_request_read(const session *s, explain_request *out)
{
    const options *o = &s->options;
    *out = (explain_request){
        .top = (size_t)option_number(o, "top"),
        .backward = option_given(o, "backward"),
        .update = option_given(o, "update"),
        .training = option_given(o, "training"),
        .epoch = (uint32_t)option_number(o, "epoch"),
        .batch = option_given(o, "batch") ? (size_t)option_number(o, "batch") : 0,
        .checkpoint = option_given(o, "checkpoint") ? option_text(o, "checkpoint") : NULL,
        .should_be = option_given(o, "should_be") ? option_text(o, "should_be") : NULL,
        .learning_rate = real_of(o, "learning_rate"),
        .temperature = real_of(o, "temperature"),
    };
    out->n_edits =
        count_given(o, "set") + count_given(o, "silence") + (out->temperature > 0 ? 1 : 0);
    int code = read_samples(s, out);
    code = code == 0 ? read_place(s, &out->place) : code;
    code = code == 0 ? check_needs(s) : code;
    return code == 0 ? check_together(s, out) : code;
}

void explain_request_free(explain_request *request)
{
    free(request->samples);
}

/* The head of block N; type NULL past the last one. */
static sml_trace_layer head_of(const sml_trace *trace, uint64_t block)
{
    sml_trace_layer layer = {0};
    for (size_t l = 0; (layer = sml_trace_layer_at(trace, l)).type != NULL; l++) {
        if (layer.is_head && (uint64_t)layer.block == block) {
            break;
        }
    }
    return layer;
}

static int check_number(const session *s, const char *option, uint64_t found, uint64_t block,
                        const char *what, size_t n)
{
    if (found < n) {
        return 0;
    }
    return fail_usage(s->program, "--%s: found %llu, layers.%llu has %s 0…%zu", option,
                      (unsigned long long)found, (unsigned long long)block, what, n - 1);
}

/* "layers.0.weight[13,407]" */
static int name_parameter(const session *s, const sml_trace_layer *head, explain_place *p)
{
    const int is_dense = strcmp(head->type, "dense") == 0;
    if (p->has_input != (is_dense && !p->is_bias)) {
        return fail_usage(s->program,
                          is_dense ? "--weight: layers.%llu is dense: expected J,I or J,bias"
                                   : "--weight: layers.%llu is a norm: expected J or J,bias",
                          (unsigned long long)p->layer);
    }
    if (p->has_input) {
        const int code = check_number(s, "weight", p->input, p->layer, "inputs", head->inputs);
        if (code != 0) {
            return code;
        }
        snprintf(p->parameter, sizeof p->parameter, "layers.%u.weight[%u,%u]", (unsigned)p->layer,
                 (unsigned)p->unit, (unsigned)p->input);
    } else {
        snprintf(p->parameter, sizeof p->parameter, "layers.%u.%s[%u]", (unsigned)p->layer,
                 p->is_bias ? "bias" : "weight", (unsigned)p->unit);
    }
    return 0;
}

int explain_place_check(const session *s, const sml_trace *trace, explain_place *place)
{
    uint64_t blocks = 0;
    while (head_of(trace, blocks).type != NULL) {
        blocks++;
    }
    if (!place->has_layer) {
        return 0;
    }
    if (place->layer >= blocks) {
        return fail_usage(s->program, "--layer: found %llu, the model has layers 0…%llu",
                          (unsigned long long)place->layer, (unsigned long long)(blocks - 1));
    }
    const sml_trace_layer head = head_of(trace, place->layer);
    int code = 0;
    if (place->has_unit || place->has_weight) {
        code = check_number(s, place->has_unit ? "unit" : "weight", place->unit, place->layer,
                            "units", head.units);
    }
    return code == 0 && place->has_weight ? name_parameter(s, &head, place) : code;
}

static int do_set(const session *s, const char *text, sml_trace *trace)
{
    size_t length = 0;
    double value = 0;
    if (!parse_setting(text, &length, &value)) {
        return fail_usage(s->program,
                          "--set: found '%s', expected NAME=X, such as layers.0.weight[0,0]=0.5",
                          printable(text).text);
    }
    char *name = strndup(text, length);
    if (name == NULL) {
        return fail(s->program, "out of memory");
    }
    const sml_status status = sml_trace_set(s->ctx, trace, name, value);
    free(name);
    return status == SML_OK             ? 0
           : status == SML_BAD_ARGUMENT ? fail_usage(s->program, "--set: %s", sml_ctx_error(s->ctx))
                                        : fail_library(s);
}

static int do_silence(const session *s, const char *text, sml_trace *trace)
{
    uint64_t block = 0, unit = 0;
    if (!parse_unit(text, &block, &unit)) {
        return fail_usage(s->program, "--silence: found '%s', expected N:J, layer and unit",
                          printable(text).text);
    }
    const sml_status status = sml_trace_silence(s->ctx, trace, (size_t)block, (size_t)unit);
    return status == SML_OK ? 0
           : status == SML_BAD_ARGUMENT
               ? fail_usage(s->program, "--silence: %s", sml_ctx_error(s->ctx))
               : fail_library(s);
}

int explain_edit(const session *s, const explain_request *request, sml_trace *trace)
{
    size_t n_sets = 0, n_silences = 0;
    const char *const *sets = option_texts(&s->options, "set", &n_sets);
    const char *const *silences = option_texts(&s->options, "silence", &n_silences);
    int code = 0;
    for (size_t i = 0; i < n_sets && code == 0; i++) {
        code = do_set(s, sets[i], trace);
    }
    for (size_t i = 0; i < n_silences && code == 0; i++) {
        code = do_silence(s, silences[i], trace);
    }
    if (code == 0 && request->temperature > 0 &&
        sml_trace_temperature(s->ctx, trace, request->temperature) != SML_OK) {
        code = fail_usage(s->program, "--%s", sml_ctx_error(s->ctx)); /* "temperature: …" */
    }
    return code;
}
