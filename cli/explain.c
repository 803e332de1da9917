/* scratchml explain: what a network computes for a sample, with the formulas and the numbers. */
#include "again.h"
#include "data_options.h"
#include "explain_options.h"
#include "files.h"
#include "page_terminal.h"
#include "text.h"

#include <math.h>
#include <scratchml/network.h>
#include <stdlib.h>
#include <string.h>

/* A page asks for fewer sums and units than this. */
enum { MOST_QUESTIONS = 64 };

/* One call: the model, the data, and what is asked of them. */
typedef struct subject {
    const session *s;
    const sml_model *model;
    const sml_dataset *data;
    explain_request *request;
    float *targets; /* of --should-be, for every row of a batch; or NULL */
    size_t n_pages; /* that were printed */
    int has_marks;  /* in them, which the last line explains */
} subject;

/* With --json: what the page asks the trace, which the document then answers as well. */
static int print_trace(subject *x, const sml_trace *trace, const sml_page *page,
                       const sml_page_options *asked)
{
    sml_sum sums[MOST_QUESTIONS];
    sml_trace_place units[MOST_QUESTIONS];
    sml_json_options how = {.sums = sums,
                            .units = units,
                            .top = x->request->top,
                            .checks = 1,
                            .base = asked->base,
                            .parameters = &asked->parameter,
                            .n_parameters = asked->parameter != NULL};
    char *text = NULL;
    size_t length = 0;
    for (const sml_sum *sum;
         how.n_sums < MOST_QUESTIONS && (sum = sml_page_sum(page, how.n_sums)) != NULL;) {
        sums[how.n_sums++] = *sum;
    }
    for (const sml_trace_place *unit;
         how.n_units < MOST_QUESTIONS && (unit = sml_page_unit_at(page, how.n_units)) != NULL;) {
        units[how.n_units++] = *unit;
    }
    if (sml_trace_json(x->s->ctx, trace, &how, &text, &length) != SML_OK) {
        return fail_library(x->s);
    }
    fputs(x->n_pages++ > 0 ? ",\n" : "{\"traces\": [\n", stdout);
    fwrite(text, 1, length, stdout);
    sml_text_free(text);
    return 0;
}

static int show(subject *x, const sml_trace *trace, const sml_page_options *wanted)
{
    sml_page *page = NULL;
    sml_page_options filled = *wanted;
    int code = 0;
    filled.top = x->request->top;
    if (sml_page_create(x->s->ctx, trace, &filled, &page) != SML_OK) {
        return fail_library(x->s);
    }
    if (x->s->json) {
        code = print_trace(x, trace, page, &filled);
    } else {
        fputs(x->n_pages++ > 0 ? "\n" : "", stdout);
        x->has_marks |= page_print(&x->s->out, page);
    }
    sml_page_free(page);
    return code;
}

/* The batch of a sample: itself, or rows from it on, or the last ones where fewer follow. */
typedef struct batch {
    uint32_t rows[SML_TRACE_ROWS_MAX];
    size_t n, row; /* row: of the sample */
} batch;

static size_t batch_size(const subject *x, size_t rows)
{
    size_t size = x->request->batch;
    if (size == 0 && x->request->place.has_weight) {
        size = strtoull(sml_model_get(x->model, "batch_size"), NULL, 10);
    }
    size = size > 0 ? size : 1;
    size = size < SML_TRACE_ROWS_MAX ? size : SML_TRACE_ROWS_MAX;
    return size < rows ? size : rows;
}

static int find_batch(const subject *x, uint32_t sample, batch *out)
{
    sml_dataset_facts facts;
    sml_dataset_describe(x->data, &facts);
    if (sample >= facts.rows) {
        return fail_usage(x->s->program, "--sample: found %u, %s has rows 0…%zu", sample,
                          facts.name, facts.rows - 1);
    }
    out->n = batch_size(x, facts.rows);
    const size_t first = sample < facts.rows - out->n ? sample : facts.rows - out->n;
    for (size_t i = 0; i < out->n; i++) {
        out->rows[i] = (uint32_t)(first + i);
    }
    out->row = sample - first;
    return 0;
}

static int open_trace(const subject *x, const batch *b, sml_trace **out)
{
    const explain_request *r = x->request;
    const sml_trace_options how = {.samples = b->rows,
                                   .n = b->n,
                                   .training = r->training,
                                   .epoch = r->epoch,
                                   .checkpoint = r->checkpoint,
                                   .learning_rate = r->learning_rate,
                                   .targets = x->targets};
    return sml_trace_create(x->s->ctx, x->model, x->data, &how, out) == SML_OK ? 0
                                                                               : fail_library(x->s);
}

static int has_targets(const sml_trace *trace)
{
    size_t n = 0;
    return sml_trace_vector(trace, SML_TARGET, 0, 0, &n) != NULL;
}

/* Why there is no way back, and what gives one. */
static int check_targets(const subject *x, const sml_trace *trace)
{
    static const char cure[] = "the rows have no targets, or no weight, so there is no gradient; "
                               "--should-be says what the answer should be";
    const explain_request *r = x->request;
    if (has_targets(trace)) {
        return 0;
    }
    if (r->place.has_weight) {
        return fail_usage(x->s->program, "--weight: %s", cure);
    }
    if (r->backward) {
        note(x->s, "--backward: %s", cure);
    }
    return 0;
}

/* The pages of what was asked for, without the step. */
static int show_pages(subject *x, const sml_trace *trace, size_t row)
{
    const explain_place *place = &x->request->place;
    sml_page_options wanted = {.kind = SML_PAGE_SAMPLE,
                               .row = row,
                               .block = (size_t)place->layer,
                               .unit = (size_t)place->unit,
                               .with_backward = x->request->backward,
                               .parameter = place->has_weight ? place->parameter : NULL};
    if (place->has_layer) {
        wanted.kind = place->has_weight ? SML_PAGE_WEIGHT
                      : place->has_unit ? SML_PAGE_UNIT
                                        : SML_PAGE_LAYER;
        return show(x, trace, &wanted);
    }
    const int code = show(x, trace, &wanted);
    wanted.kind = SML_PAGE_LOSS;
    /* The document of the sample has the loss as well. */
    return code == 0 && x->request->backward && !x->s->json ? show(x, trace, &wanted) : code;
}

/* The command that takes the unit apart which is largest behind the first layer, or answers. */
static void suggest(const subject *x, const sml_trace *trace, const batch *b)
{
    static const char *const kept[] = {"batch", "training", "epoch", "set", "silence", "should_be"};
    size_t n = 0, best = 0, last = 0;
    while (sml_trace_layer_at(trace, last + 1).block == 0 &&
           sml_trace_layer_at(trace, last + 1).type != NULL) {
        last++;
    }
    const float *a = sml_trace_vector(trace, SML_OUTPUT, last, b->row, &n);
    for (size_t j = 1; j < n; j++) {
        best = fabsf(a[j]) > fabsf(a[best]) ? j : best;
    }
    buffer line = {0};
    again_start(&line, x->s, "explain");
    buffer_print(&line, " --sample %u --layer 0 --unit %zu --backward", b->rows[b->row], best);
    again_named(&line, &x->s->options, kept, sizeof kept / sizeof kept[0]);
    note(x->s, "to take its largest unit of layers.0 apart: %s", line.text);
    buffer_free(&line);
}

/* What would be: beside a trace without the edits. */
static int show_what_if(subject *x, const batch *b, sml_trace *trace)
{
    sml_trace *base = NULL;
    int code = open_trace(x, b, &base);
    code = code == 0 ? explain_edit(x->s, x->request, trace) : code;
    if (code == 0) {
        const sml_page_options wanted = {.kind = SML_PAGE_WHAT_IF, .row = b->row, .base = base};
        code = show(x, trace, &wanted);
    }
    sml_trace_free(base);
    return code;
}

/* A step on the trace's copy, and back. */
static int show_update(subject *x, sml_trace *trace)
{
    sml_step_facts step;
    const char *parameter = x->request->place.parameter;
    if (sml_trace_step(x->s->ctx, trace, &step) != SML_OK) {
        return fail_library(x->s);
    }
    const sml_page_options wanted = {.kind = SML_PAGE_UPDATE,
                                     .step = &step,
                                     .parameter = parameter[0] != '\0' ? parameter : NULL};
    const int code = show(x, trace, &wanted);
    if (code == 0 && sml_trace_undo(x->s->ctx, trace) != SML_OK) {
        return fail_library(x->s);
    }
    return code;
}

static int explain_sample(subject *x, uint32_t sample)
{
    batch b = {.n = 0};
    sml_trace *trace = NULL;
    int code = find_batch(x, sample, &b);
    if (code == 0 && b.row > 0) {
        note(x->s, "fewer than %zu rows follow row %u: the batch is the last %zu", b.n - 1, sample,
             b.n);
    }
    code = code == 0 ? open_trace(x, &b, &trace) : code;
    code = code == 0 ? explain_place_check(x->s, trace, &x->request->place) : code;
    code = code == 0 ? check_targets(x, trace) : code;
    if (code == 0 && x->request->n_edits > 0) {
        code = show_what_if(x, &b, trace);
    }
    if (code == 0 &&
        (x->request->n_edits == 0 || x->request->place.has_layer || x->request->backward)) {
        code = show_pages(x, trace, b.row);
        if (code == 0 && !x->request->place.has_layer && !x->s->json) {
            suggest(x, trace, &b);
        }
    }
    if (code == 0 && x->request->update) {
        code = show_update(x, trace);
    }
    sml_trace_free(trace);
    return code;
}

/* A step is one of training: where dropout or batch norm act, it has to be traced so. */
static int check_update(const session *s, const explain_request *request, const sml_model *model)
{
    sml_layer layer;
    for (size_t l = 0; request->update && !request->training &&
                       (layer = sml_network_layer(model, l)).type != NULL;
         l++) {
        if (strcmp(layer.type, "dropout") == 0 || strcmp(layer.type, "batch_norm") == 0) {
            return fail_usage(s->program,
                              "--update: the model has %s, which acts in training; add "
                              "--training",
                              layer.type);
        }
    }
    return 0;
}

static int explain(const session *s, const sml_model *model, const sml_dataset *data,
                   explain_request *request)
{
    subject x = {.s = s, .model = model, .data = data, .request = request};
    int code = check_update(s, request, model);
    code = code == 0 && request->should_be != NULL
               ? explain_targets(s, request->should_be, model, &x.targets)
               : code;
    for (size_t i = 0; i < request->n_samples && code == 0; i++) { /* before anything is printed */
        batch ignored;
        code = find_batch(&x, request->samples[i], &ignored);
    }
    if (code == 0 && option_given(&s->options, "html")) {
        code = explain_html(s, request, model, data, x.targets);
        free(x.targets);
        return code;
    }
    for (size_t i = 0; i < request->n_samples && code == 0; i++) {
        code = explain_sample(&x, request->samples[i]);
    }
    if (code == 0 && x.has_marks) {
        page_legend_print(&s->out);
    }
    fputs(s->json && x.n_pages > 0 ? "\n]}\n" : "", stdout);
    free(x.targets);
    return code;
}

/* A model file, or a checkpoint, whose optimiser --update then goes on with. */
static int load_model(const session *s, explain_request *request, sml_model **out)
{
    const char *path = s->options.operands[0];
    if (sml_model_load(s->ctx, path, out) == SML_OK) {
        return 0;
    }
    char *first = strdup(sml_ctx_error(s->ctx));
    const sml_status status = sml_model_load_checkpoint(s->ctx, path, out);
    if (status == SML_OK && request->checkpoint == NULL) {
        request->checkpoint = path;
    }
    const int code =
        status == SML_OK ? 0 : fail(s->program, "%s", first != NULL ? first : "no memory");
    free(first);
    return code;
}

static int run(session *s)
{
    explain_request request;
    sml_model *model = NULL;
    sml_dataset *data = NULL;
    int code = explain_request_read(s, &request);
    code = code == 0 ? check_report(s) : code;
    code = code == 0 ? load_model(s, &request, &model) : code;
    if (code == 0) {
        code =
            open_data(s, s->options.operands[1], option_text(&s->options, "split"), model, &data);
    }
    code = code == 0 ? data_options_let_unknown(s, model, data) : code;
    if (code == 0) {
        code = explain(s, model, data, &request);
    }
    sml_dataset_free(data);
    sml_model_free(model);
    explain_request_free(&request);
    return code;
}

const command command_explain = {
    .name = "explain",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .help = "Show what a network computes for a sample: formulas and numbers, forward and backward",
    .options = options_of_explain,
    .run = run,
};
