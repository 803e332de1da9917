/* libFuzzer target: no network, sample, name of a parameter or edit makes a trace crash, its JSON
 * invalid, or its pages a number that the JSON has not; what is taken back is as it was; and where
 * products of the numbers stay within float32, every relation holds, however small they are.
 *
 * An input is ten bytes of choices, a line of text with what is set, silenced and asked for, then
 * float32 numbers: features and parameters. What is missing is 0. */
#include "../explain/paths.h"

#include "base/memory.h"
#include "explain/trace.h"
#include "explain_parse.h"
#include "model/json.h"
#include "nn/mlp.h"
#include "nn/network_tensors.h"
#include "nn/registry.h"

#include <math.h>
#include <scratchml/network.h>
#include <scratchml/page.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { WIDTH = 5, ROWS = 4, TEXT = 80, QUESTIONS = 64 };

typedef struct fuzz_input {
    const uint8_t *at, *end;
} fuzz_input;

/* The next byte, below n. */
static unsigned next(fuzz_input *b, unsigned n)
{
    return b->at < b->end ? *b->at++ % n : 0;
}

static float next_float(fuzz_input *b)
{
    float value = 0;
    if (b->end - b->at >= (ptrdiff_t)sizeof value) {
        memcpy(&value, b->at, sizeof value);
        b->at += sizeof value;
    } else {
        b->at = b->end;
    }
    return value;
}

static void next_line(fuzz_input *b, char text[TEXT])
{
    size_t n = 0;
    while (b->at < b->end && *b->at != '\n' && *b->at != '\0' && n + 1 < TEXT) {
        text[n++] = (char)*b->at++;
    }
    text[n] = '\0';
    b->at += b->at < b->end;
}

typedef struct subject {
    sml_ctx *ctx;
    sml_model *model;
    sml_dataset *data;
    float features[ROWS * WIDTH], targets[ROWS * WIDTH];
    size_t inputs, outputs;
    sml_task task;
    size_t rows; /* of the batch */
    int training;
    int is_tame; /* as a model file is, finite, and products of its numbers do not overflow */
    char text[TEXT];
} subject;

/* A refusal gives a reason. Returns whether it went well. */
static int well(const subject *x, sml_status status)
{
    if (status != SML_OK && sml_ctx_error(x->ctx)[0] == '\0') {
        __builtin_trap();
    }
    return status == SML_OK;
}

static void must(int is_true)
{
    if (!is_true) {
        __builtin_trap();
    }
}

/* ------------------------------------------------------------------------ The network */

#define NAME(name) #name,
static const char *const ACTIVATIONS[] = {SML__ACTIVATION_LIST(NAME)};
static const char *const LOSSES[] = {SML__LOSS_LIST(NAME)};
static const char *const OPTIMIZERS[] = {SML__OPTIMIZER_LIST(NAME)};
#undef NAME
enum { ACTIVATION_COUNT = sizeof ACTIVATIONS / sizeof ACTIVATIONS[0] };

static int make_data(subject *x, fuzz_input *b)
{
    for (size_t i = 0; i < ROWS * x->inputs; i++) {
        const float value = next_float(b);
        x->features[i] = isfinite(value) ? value : 0;
    }
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t k = 0; k < x->outputs; k++) {
            const float value = x->task == SML_TASK_REGRESSION   ? next_float(b)
                                : x->task == SML_TASK_MULTILABEL ? (float)((r + k) % 2)
                                                                 : (float)(r % x->outputs == k);
            x->targets[r * x->outputs + k] = isfinite(value) ? value : 0;
        }
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = x->inputs,
                                .features = x->features,
                                .task = x->task,
                                .outputs = x->outputs,
                                .targets = x->targets};
    return well(x, sml_dataset_from_memory(x->ctx, &view, &x->data));
}

/* A fit that diverged has a network, too. */
static int fitted(const subject *x, sml_status status)
{
    return well(x, status) || status == SML_DIVERGED;
}

/* Two dense layers, with what the choices say between them. */
static int make_model(subject *x, const uint8_t choices[8])
{
    char settings[256];
    sml_layer layers[6];
    size_t n = 0;
    layers[n++] = sml_dense(1 + choices[0] % WIDTH);
    if (choices[1] % 4 != 0) {
        layers[n++] = choices[1] % 2 ? sml_batch_norm() : sml_layer_norm();
    }
    const char *name = ACTIVATIONS[choices[2] % ACTIVATION_COUNT];
    const int has_value = strcmp(name, "leaky_relu") == 0 || strcmp(name, "elu") == 0;
    layers[n++] = sml_layer_of(name, 0, has_value ? 0.1 : 0);
    if (choices[3] % 2) {
        layers[n++] = sml_dropout(0.5);
    }
    layers[n++] = sml_dense(x->outputs);
    snprintf(settings, sizeof settings,
             "epochs=1 batch_size=4 learning_rate=0.01 target_scaling=none loss=%s optimizer=%s "
             "l1=%s l2=%s clip_norm=%s weight_decay=%s label_smoothing=%s",
             LOSSES[choices[4] % SML__LOSSES], OPTIMIZERS[choices[5] % SML__OPTIMIZERS],
             choices[6] & 1 ? "0.01" : "0", choices[6] & 2 ? "0.02" : "0",
             choices[6] & 4 ? "0.5" : "0", choices[6] & 8 ? "0.1" : "0",
             (choices[6] & 16) && choices[4] % SML__LOSSES == 0 ? "0.1" : "0");
    return well(x, sml_network_create(x->ctx, layers, n, settings, &x->model)) &&
           fitted(x, sml_model_fit(x->ctx, x->model, x->data));
}

/* Whatever the bytes say takes the place of what was trained. */
static void set_parameters(subject *x, fuzz_input *b)
{
    const sml__mlp *mlp = x->model->state;
    float values[WIDTH * WIDTH];
    for (size_t i = 0; i < mlp->n_tensors; i++) {
        const sml__tensor_place *place = &mlp->tensors[i];
        const size_t n = place->shape[0] * (place->rank == 2 ? place->shape[1] : 1);
        sml__tensor_copy_out(mlp->network, place, mlp->network->parameters, values);
        for (size_t k = 0; k < n; k++) {
            values[k] = b->at < b->end ? next_float(b) : values[k];
            values[k] =
                isnan(values[k]) ? NAN : values[k]; /* one that signals changes as it moves */
            values[k] = place->is_variance ? fabsf(values[k]) : values[k];
        }
        sml__tensor_copy_in(mlp->network, place, values, mlp->network->parameters);
    }
}

static sml_trace *new_trace(const subject *x)
{
    static const uint32_t samples[ROWS] = {2, 0, 3, 1};
    const sml_trace_options how = {.samples = samples, .n = x->rows, .training = x->training};
    sml_trace *trace = NULL;
    return well(x, sml_trace_create(x->ctx, x->model, x->data, &how, &trace)) ? trace : NULL;
}

/* Below 2^40: products of three of them, and sums, stay within float32. */
static int are_tame(const float *values, size_t n)
{
    int are = 1;
    for (size_t i = 0; i < n; i++) {
        are = are && fabsf(values[i]) < 0x1p40F; /* not NaN */
    }
    return are;
}

static int is_tame(const sml_trace *trace)
{
    const sml__network *network = &trace->network;
    int is = are_tame(network->parameters, network->n_values) &&
             are_tame(trace->workspace.input, trace->rows * sml__row_stride(network->n_in)) &&
             (trace->gradient == NULL || are_tame(trace->gradient, network->n_parameters)) &&
             isfinite(trace->loss);
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t n = trace->rows * sml__row_stride(network->layers[l].n_out);
        is = is && are_tame(trace->workspace.outputs[l], n) &&
             are_tame(trace->workspace.deltas[l], n);
    }
    return is;
}

/* ------------------------------------------------------------------------ What a trace tells */

/* must_hold: the numbers are tame, so bounds are, too. Otherwise a bound is infinite where nothing
 * is promised, and NaN where there is none. */
static void look_at_checks(const subject *x, const sml_trace *trace, int must_hold)
{
    sml_trace_check checks[QUESTIONS];
    size_t n = 0;
    if (!well(x, sml_trace_checks(x->ctx, trace, checks, QUESTIONS, &n))) {
        return;
    }
    must(n > 0 && n <= QUESTIONS);
    for (size_t i = 0; i < n; i++) {
        const sml_trace_check *c = &checks[i];
        must(c->name != NULL && (c->n > 0 || !must_hold));
        must(!must_hold || c->holds);
        must(!must_hold || isfinite(c->bound));
        must(isnan(c->bound) || c->bound >= 0);
        must(!c->holds || !(c->ratio > 1));
    }
}

/* Everything that a page asked, and all units and checks, as JSON, which must be some. */
static json_t *document_of(const subject *x, const sml_trace *trace, const sml_page *page,
                           const sml_page_options *asked)
{
    sml_sum sums[QUESTIONS];
    sml_trace_place units[QUESTIONS];
    sml_json_options how = {.sums = sums,
                            .units = units,
                            .top = 2,
                            .checks = 1,
                            .base = asked->base,
                            .parameters = &asked->parameter,
                            .n_parameters = asked->parameter != NULL};
    sml__json_error error;
    char *text = NULL;
    size_t length = 0;
    json_t *json = NULL;
    for (; how.n_sums < QUESTIONS && sml_page_sum(page, how.n_sums) != NULL; how.n_sums++) {
        sums[how.n_sums] = *sml_page_sum(page, how.n_sums);
    }
    for (; how.n_units < QUESTIONS && sml_page_unit_at(page, how.n_units) != NULL; how.n_units++) {
        units[how.n_units] = *sml_page_unit_at(page, how.n_units);
    }
    must(sml_trace_json(x->ctx, trace, &how, &text, &length) == SML_OK);
    must(strlen(text) == length);
    must(sml__json_read(x->ctx, text, length, &error, &json) == SML_OK);
    sml_text_free(text);
    return json;
}

/* json: the document, or NULL: only the page, which is cheaper by far. */
static void look_at_blocks(const subject *x, const sml_page *page, const json_t *json)
{
    const sml_block *block;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        for (size_t c = 0; c < block->rows * block->columns; c++) {
            const sml_cell *cell = &block->cells[c];
            must(cell->path == NULL || json == NULL || resolve(json, cell->path) != NULL);
            must(isnan(cell->bar) || fabs(cell->bar) <= 1);
        }
        must(block->kind != SML_BLOCK_CHECK || block->holds || !x->is_tame);
    }
}

static void look_at_page(const subject *x, const sml_trace *trace, const sml_page_options *asked,
                         int with_document)
{
    sml_page *page = NULL;
    if (!well(x, sml_page_create(x->ctx, trace, asked, &page))) {
        must(page == NULL);
        return;
    }
    json_t *json = with_document ? document_of(x, trace, page, asked) : NULL;
    look_at_blocks(x, page, json);
    json_decref(json);
    sml_page_free(page);
}

static void look_at_pages(const subject *x, const sml_trace *trace)
{
    const size_t chosen = (uint8_t)x->text[0]; /* any number that the input says */
    sml_page_options asked = {.with_backward = 1, .top = 2, .parameter = x->text};
    for (asked.row = 0; asked.row < x->rows; asked.row++) {
        asked.kind = SML_PAGE_SAMPLE;
        look_at_page(x, trace, &asked, 0);
        asked.kind = SML_PAGE_LOSS;
        look_at_page(x, trace, &asked, asked.row == 0);
    }
    asked.row = x->rows - 1;
    asked.kind = SML_PAGE_WEIGHT;
    look_at_page(x, trace, &asked, 1);
    for (asked.block = 0; asked.block < 3; asked.block++) {
        asked.kind = SML_PAGE_LAYER;
        look_at_page(x, trace, &asked, 0);
        asked.kind = SML_PAGE_UNIT;
        for (asked.unit = 0; asked.unit < WIDTH; asked.unit++) {
            look_at_page(x, trace, &asked, asked.unit == 0 && asked.block == chosen % 3);
        }
    }
}

/* ------------------------------------------------------------------------ Changes, and back */

/* Everything that a pass computes, and what it begins with, as one number. */
static uint64_t state_of(const sml_trace *trace)
{
    const sml__network *network = &trace->network;
    uint64_t sum = 1469598103934665603U; /* FNV-1a */
    const struct {
        const void *bytes;
        size_t size;
    } parts[] = {
        {network->parameters, network->n_parameters * sizeof(float)},
        {trace->running, (network->n_values - network->n_parameters) * sizeof(float)},
        {trace->predictions, trace->rows * network->n_out * sizeof(float)},
        {trace->gradient, trace->gradient != NULL ? network->n_parameters * sizeof(float) : 0},
        {&trace->loss, sizeof trace->loss},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (size_t k = 0; k < parts[i].size; k++) {
            sum = (sum ^ ((const uint8_t *)parts[i].bytes)[k]) * 1099511628211U;
        }
    }
    return sum;
}

/* The text as the command line takes it: --set NAME=X, --silence N:J. */
static void edit(const subject *x, sml_trace *trace)
{
    size_t length = 0;
    double value = 0;
    uint64_t layer = 0, unit = 0;
    char name[TEXT] = "";
    if (parse_setting(x->text, &length, &value)) {
        must(length < TEXT);
        memcpy(name, x->text, length);
        well(x, sml_trace_set(x->ctx, trace, name, value));
    }
    if (parse_unit(x->text, &layer, &unit)) {
        well(x, sml_trace_silence(x->ctx, trace, (size_t)layer, (size_t)unit));
    }
    /* Places that are there, of any network. */
    well(x, sml_trace_set(x->ctx, trace, "layers.0.bias[0]", -0.75));
    well(x, sml_trace_silence(x->ctx, trace, 0, (uint8_t)x->text[0] % WIDTH));
}

static void parse_the_rest(const subject *x)
{
    uint32_t rows[ROWS];
    size_t n = 0;
    unit_weight weight;
    must(!parse_rows(x->text, rows, ROWS, &n) || (n > 0 && n <= ROWS));
    (void)parse_weight(x->text, &weight);
}

/* A silent unit is a number that no relation knows, so they need not hold. */
static void try_edits(const subject *x, const sml_trace *base, sml_trace *trace)
{
    const uint64_t before = state_of(trace);
    sml_page_options asked = {.kind = SML_PAGE_WHAT_IF, .base = base, .top = 2};
    edit(x, trace);
    look_at_checks(x, trace, 0);
    for (; asked.row < x->rows; asked.row++) {
        look_at_page(x, trace, &asked, asked.row == 0);
    }
    well(x, sml_trace_temperature(x->ctx, trace, 0.5));
    asked.row = 0;
    look_at_page(x, trace, &asked, 0);
    must(sml_trace_reset(x->ctx, trace) == SML_OK);
    must(state_of(trace) == before);
}

static void try_steps(const subject *x, sml_trace *trace)
{
    const uint64_t before = state_of(trace);
    sml_step_facts step;
    int taken = 0;
    for (; taken < 2 && well(x, sml_trace_step(x->ctx, trace, &step)); taken++) {
        sml_page_options asked = {.kind = SML_PAGE_UPDATE, .step = &step};
        look_at_page(x, trace, &asked, 0);
        asked.parameter = x->text;
        look_at_page(x, trace, &asked, 0);
        asked.parameter = "layers.0.weight[0,0]";
        look_at_page(x, trace, &asked, taken == 0);
    }
    for (; taken > 0; taken--) {
        must(sml_trace_undo(x->ctx, trace) == SML_OK);
    }
    must(state_of(trace) == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const sml_ctx_options one_thread = {1, "/nowhere"};
    fuzz_input b = {input, input + size};
    subject x = {0};
    uint8_t choices[8];
    for (size_t i = 0; i < sizeof choices; i++) {
        choices[i] = (uint8_t)next(&b, 256);
    }
    x.inputs = 1 + next(&b, WIDTH);
    x.outputs = 2 + next(&b, WIDTH - 1);
    x.rows = 1 + choices[7] % ROWS;
    x.training = choices[7] & 64;
    x.task = choices[4] % SML__LOSSES == 0   ? SML_TASK_CLASSIFICATION
             : choices[4] % SML__LOSSES == 1 ? SML_TASK_MULTILABEL
                                             : SML_TASK_REGRESSION;
    next_line(&b, x.text);
    parse_the_rest(&x);
    if (sml_ctx_create(&one_thread, &x.ctx) != SML_OK) {
        return 0;
    }
    sml_trace *base = NULL, *trace = NULL;
    if (make_data(&x, &b) && make_model(&x, choices)) {
        set_parameters(&x, &b);
        base = new_trace(&x);
        trace = new_trace(&x);
    }
    if (base != NULL && trace != NULL) {
        x.is_tame = is_tame(trace);
        look_at_checks(&x, trace, x.is_tame);
        look_at_pages(&x, trace);
        try_edits(&x, base, trace);
        try_steps(&x, trace);
    }
    sml_trace_free(base);
    sml_trace_free(trace);
    sml_model_free(x.model);
    sml_dataset_free(x.data);
    sml_ctx_free(x.ctx);
    return 0;
}
