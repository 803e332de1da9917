/* Memory ends, or a file cannot be read, at the k-th call, for k = 1, 2, 3, … until a run has no
 * k-th call any more: a trace is made from a checkpoint, edited, compared, stepped and taken back,
 * and its network checked. Whatever fails, the caller gets a status and a text, the trace is what
 * it was before the call, the same call works afterwards, and nothing leaks (LeakSanitizer says so
 * in the address build). The linker's --wrap (tests/CMakeLists.txt) leads the calls of our own
 * objects here; jansson offers a hook. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "explain/trace.h"

enum { ROWS = 12, COLUMNS = 5, OUTPUTS = 3, N = 4, CALLS_MAX = 100000 };

typedef enum fault { OF_MEMORY, OF_OPEN, OF_READ } fault;

static fault kind;
static long countdown; /* the call of that kind that brings it to 0 fails; 0: all work */
static int struck;

static int strikes(fault which)
{
    if (which != kind || countdown == 0 || --countdown != 0) {
        return 0;
    }
    struck = 1;
    return 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_open(const char *path, int flags, mode_t mode);
ssize_t __real_read(int file, void *bytes, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_read(int file, void *bytes, size_t n);

void *__wrap_malloc(size_t size)
{
    return strikes(OF_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return strikes(OF_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return strikes(OF_MEMORY) ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return strikes(OF_MEMORY) ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    if (strikes(OF_OPEN)) {
        errno = EMFILE;
        return -1;
    }
    return __real_open(path, flags, mode);
}

ssize_t __wrap_read(int file, void *bytes, size_t n)
{
    if (strikes(OF_READ)) {
        errno = EIO;
        return -1;
    }
    return __real_read(file, bytes, n);
}

static char path[160];
static sml_data_view view;
static float features[ROWS * COLUMNS], weights[ROWS];
static int32_t labels[ROWS];
static const uint32_t SAMPLES[N] = {7, 2, 11, 0};

/* What a run has opened; freed at its end, wherever that is. */
typedef struct run {
    sml_ctx *ctx;
    sml_dataset *data;
    sml_model *model;
    sml_trace *base, *trace;
} run;

static sml_status create_context(run *r)
{
    const sml_ctx_options options = {1, NULL};
    return r->ctx != NULL ? SML_OK : sml_ctx_create(&options, &r->ctx);
}

static sml_status open_rows(run *r)
{
    return sml_dataset_from_memory(r->ctx, &view, &r->data);
}

static sml_status load(run *r)
{
    return sml_model_load_checkpoint(r->ctx, path, &r->model);
}

static const sml_trace_options *options(const char *checkpoint)
{
    static sml_trace_options chosen;
    chosen = (sml_trace_options){
        .samples = SAMPLES, .n = N, .training = 1, .epoch = 1, .checkpoint = checkpoint};
    return &chosen;
}

static sml_status trace_base(run *r)
{
    return sml_trace_create(r->ctx, r->model, r->data, options(NULL), &r->base);
}

static sml_status trace_with_state(run *r)
{
    return sml_trace_create(r->ctx, r->model, r->data, options(path), &r->trace);
}

static sml_status take_apart(run *r)
{
    const sml_sum question = {.kind = SML_SUM_IDENTITY, .layer = 3, .unit = 2, .row = 1};
    sml_sum sum;
    const sml_status status = sml_trace_sum(r->ctx, r->base, &question, 3, &sum);
    sml_sum_clear(&sum);
    return status;
}

static sml_status look_at_loss(run *r)
{
    sml_loss_facts facts;
    const sml_status status = sml_trace_loss(r->ctx, r->base, 2, &facts);
    sml_loss_facts_clear(&facts);
    return status;
}

static sml_status set(run *r)
{
    return sml_trace_set(r->ctx, r->trace, "layers.0.weight[3,1]", 0.5);
}

static sml_status silence(run *r)
{
    return sml_trace_silence(r->ctx, r->trace, 1, 2);
}

static sml_status soften(run *r)
{
    return sml_trace_temperature(r->ctx, r->trace, 2);
}

static sml_status compare(run *r)
{
    sml_difference found;
    const sml_status status = sml_trace_compare(r->ctx, r->base, r->trace, 1, 3, &found);
    sml_difference_clear(&found);
    return status;
}

static sml_status write_json(run *r)
{
    static const char *const parameters[] = {"layers.0.weight[3,1]"};
    const sml_sum sum = {.kind = SML_SUM_WEIGHT, .layer = 0, .unit = 3, .input = 1};
    const sml_trace_place unit = {.layer = 0, .unit = 3};
    const sml_json_options wanted = {.base = r->base,
                                     .parameters = parameters,
                                     .n_parameters = 1,
                                     .sums = &sum,
                                     .n_sums = sml_trace_edit_at(r->trace, 0) == NULL,
                                     .units = &unit,
                                     .n_units = 1,
                                     .checks = 1};
    char *text = NULL;
    size_t length = 0;
    const sml_status status = sml_trace_json(r->ctx, r->trace, &wanted, &text, &length);
    assert_true((status == SML_OK) == (text != NULL));
    sml_text_free(text);
    return status;
}

static sml_status reset(run *r)
{
    return sml_trace_reset(r->ctx, r->trace);
}

static sml_status step(run *r)
{
    sml_step_facts facts;
    return sml_trace_step(r->ctx, r->trace, &facts);
}

static sml_status look_at_step(run *r)
{
    sml_step_parameter found;
    return sml_trace_parameter(r->ctx, r->trace, "layers.0.weight[3,1]", &found);
}

static sml_status undo(run *r)
{
    return sml_trace_undo(r->ctx, r->trace);
}

static sml_status check_one(run *r)
{
    sml_parameter_check found;
    return sml_network_check_parameter(r->ctx, r->model, r->data, "layers.1.weight[2]", &found);
}

static int see(void *user, const sml_parameter_check *one)
{
    (void)user;
    (void)one;
    return 0;
}

static sml_status check_each(run *r)
{
    sml_gradient_check found;
    return sml_network_check_each(r->ctx, r->model, r->data, see, NULL, NULL, &found);
}

static sml_status (*const CALLS[])(run *) = {
    create_context, open_rows,    load,       trace_base, trace_with_state,
    take_apart,     look_at_loss, set,        silence,    soften,
    compare,        write_json,   reset,      step,       look_at_step,
    write_json,     step,         undo,       step,       undo,
    undo,           check_one,    check_each,
};
enum { CALLS_N = sizeof CALLS / sizeof CALLS[0] };

/* What a trace holds, as one list of numbers; free it. */
static float *numbers_of(const sml_trace *trace, size_t *n)
{
    const sml__network *network = &trace->network;
    float *numbers = NULL;
    *n = 0;
    for (size_t l = 0; l <= network->n_layers; l++) {
        const int is_layer = l < network->n_layers;
        const float *from = is_layer ? trace->workspace.outputs[l] : network->parameters;
        const size_t count =
            is_layer ? N * sml__row_stride(network->layers[l].n_out) : network->n_values;
        numbers = __real_realloc(numbers, (*n + count) * sizeof(float));
        memcpy(numbers + *n, from, count * sizeof(float));
        *n += count;
    }
    return numbers;
}

/* All calls, one of which meets the fault; after that it is made again. Returns its status. */
static sml_status play(void)
{
    run r = {0};
    sml_status met = SML_OK;
    for (size_t i = 0; i < CALLS_N; i++) {
        size_t n = 0, now = 0;
        float *before = r.trace != NULL ? numbers_of(r.trace, &n) : NULL;
        sml_status status = CALLS[i](&r);
        if (status != SML_OK) {
            assert_true(struck && met == SML_OK);
            met = status;
            assert_true(r.ctx == NULL || sml_ctx_error(r.ctx)[0] != '\0');
            if (before != NULL) {
                float *after = numbers_of(r.trace, &now);
                assert_memory_equal(after, before, n * sizeof(float));
                free(after);
            }
            status = CALLS[i](&r);
            assert_int_equal(status, SML_OK);
        }
        free(before);
    }
    countdown = 0;
    size_t n = 0;
    float *base = numbers_of(r.base, &n), *trace = numbers_of(r.trace, &n);
    assert_memory_equal(trace, base, n * sizeof(float));
    free(base);
    free(trace);
    sml_trace_free(r.base);
    sml_trace_free(r.trace);
    sml_model_free(r.model);
    sml_dataset_free(r.data);
    sml_ctx_free(r.ctx);
    return met;
}

static long play_with(fault which, sml_status wanted)
{
    long k = 0;
    do {
        struck = 0;
        kind = which;
        countdown = ++k;
        const sml_status met = play();
        assert_true(met == SML_OK || met == wanted);
    } while (struck && k < CALLS_MAX);
    assert_true(k < CALLS_MAX);
    return k;
}

static void memory_ends(void **state)
{
    (void)state;
    assert_true(play_with(OF_MEMORY, SML_NO_MEMORY) > 300);
}

static void files_do_not_open(void **state)
{
    (void)state;
    assert_true(play_with(OF_OPEN, SML_IO) > 2);
}

static void files_are_not_read(void **state)
{
    (void)state;
    assert_true(play_with(OF_READ, SML_IO) > 2);
}

/* A checkpoint after an epoch: two norms, Adam, penalties and clipping. */
static int prepare(void **state)
{
    const sml_layer layers[] = {sml_dense(6),     sml_batch_norm(), sml_relu(),        sml_dense(4),
                                sml_layer_norm(), sml_tanh(),       sml_dense(OUTPUTS)};
    const char *parent = getenv("TMPDIR");
    const sml_fit_options keep = {.checkpoint = path};
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_dataset *data = NULL;
    sml__random random;
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    snprintf(path, sizeof path, "%.80s/scratchml-explain-failure-%d",
             parent != NULL ? parent : "/tmp", (int)getpid());
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        features[i] = (float)sml__random_normal(&random);
    }
    for (int r = 0; r < ROWS; r++) {
        labels[r] = r % OUTPUTS;
        weights[r] = (float)(1 + r % 2);
    }
    view = (sml_data_view){.rows = ROWS,
                           .columns = COLUMNS,
                           .features = features,
                           .outputs = OUTPUTS,
                           .labels = labels,
                           .weights = weights};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_network_create(ctx, layers, 7,
                                      "epochs=1 scaling=standard optimizer=adam l2=0.1 "
                                      "clip_norm=0.1 class_weight=balanced",
                                      &model));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &keep, NULL));
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(files_do_not_open),
        cmocka_unit_test(files_are_not_read),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
