/* Memory ends at the k-th call, for k = 1, 2, 3, … until a run has no k-th call any more: a table
 * is fitted, saved, loaded and used. Whatever fails, the caller gets SML_NO_MEMORY and a text, and
 * nothing leaks (LeakSanitizer says so in the address build). The linker's --wrap
 * (tests/CMakeLists.txt) leads the calls of our own objects here; jansson offers a hook. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "memory_ends.h"

#include "base/memory.h"
#include "data/dataset.h"
#include <scratchml.h>

enum { ROWS = 9, COLUMNS = 3, SIDE = 4, OUT = 2, CALLS_MAX = 100000 };

static const char *const COLOURS[] = {"red", "blue"};
static sml__column columns[COLUMNS] = {
    {.name = "age"},
    {.name = "colour", .kind = SML__CATEGORICAL, .n_categories = 2, .categories = COLOURS},
    {.name = "height"},
};
static const int32_t LABELS[ROWS] = {0, 1, 1, 0, 1, 0, 0, 1, 1};
static char path[160];

/* What a run holds; freed at the end, wherever it stopped. */
typedef struct run {
    sml_ctx *ctx;
    sml_dataset *train, *other;
    sml_model *model, *loaded;
    sml_predictor *predictor;
    sml_trace *trace;
    float outputs[ROWS * OUT], again[ROWS * OUT];
} run;

/* A table; turned: its columns in the reverse order, so that a binding has positions. */
static sml_status open_table(sml_ctx *ctx, int turned, sml_dataset **out)
{
    sml__column list[COLUMNS];
    sml_schema *copy = NULL;
    for (int c = 0; c < COLUMNS; c++) {
        list[c] = columns[turned ? COLUMNS - 1 - c : c];
    }
    const sml_schema schema = {.n = COLUMNS, .columns = list, .has_names = 1};
    float *cells = sml__alloc(ctx, ROWS * COLUMNS, sizeof *cells, "cells");
    if (cells == NULL) {
        return SML_NO_MEMORY;
    }
    for (int r = 0; r < ROWS; r++) {
        cells[r * COLUMNS + (turned ? 2 : 0)] = r == 4 ? NAN : (float)(r * 7 % 5);
        cells[r * COLUMNS + 1] = (float)(r % 2);
        cells[r * COLUMNS + (turned ? 0 : 2)] = (float)r;
    }
    if (sml__schema_copy(ctx, &schema, &copy) != SML_OK) {
        sml__free(cells);
        return SML_NO_MEMORY;
    }
    const sml_data_view view = {.name = "table",
                                .rows = ROWS,
                                .columns = COLUMNS,
                                .features = cells,
                                .outputs = OUT,
                                .labels = LABELS};
    return sml__dataset_adopt_table(ctx, &view, copy, (void *const[]){cells}, 1, out);
}

static sml_status fit_and_save(run *r)
{
    const sml_ctx_options options = {1, "."};
    const char *settings = "hidden=3 epochs=1 seed=7 missing=median dropout=0.5 class_weight=1,2";
    sml_status status = sml_ctx_create(&options, &r->ctx);
    if (status == SML_OK) {
        status = open_table(r->ctx, 0, &r->train);
    }
    if (status == SML_OK) {
        status = open_table(r->ctx, 1, &r->other);
    }
    if (status == SML_OK) {
        status = sml_model_create(r->ctx, "mlp", settings, &r->model);
    }
    if (status == SML_OK) {
        status = sml_model_fit(r->ctx, r->model, r->train);
    }
    return status == SML_OK ? sml_model_save(r->ctx, r->model, path) : status;
}

static sml_status load_and_use(run *r)
{
    const size_t n = (size_t)ROWS * OUT;
    sml_gradient_check check;
    sml_status status = sml_model_load(r->ctx, path, &r->loaded);
    if (status == SML_OK) {
        status = sml_model_predict(r->ctx, r->loaded, r->train, r->outputs, n);
    }
    if (status == SML_OK) {
        status = sml_model_predict(r->ctx, r->loaded, r->other, r->again, n);
    }
    if (status == SML_OK) {
        status = sml_network_check(r->ctx, r->loaded, r->train, NULL, NULL, &check);
    }
    if (status == SML_OK) {
        status = sml_predictor_create(r->ctx, r->loaded, &r->predictor);
    }
    const uint32_t samples[] = {2, 7};
    const sml_trace_options trace = {.samples = samples, .n = 2, .training = 1};
    return status == SML_OK ? sml_trace_create(r->ctx, r->loaded, r->other, &trace, &r->trace)
                            : status;
}

/* A fit on augmented pictures, and a refit of the table's model on them. */
static sml_status augment(run *r)
{
    uint8_t pixels[ROWS * SIDE * SIDE];
    sml_dataset *pictures = NULL;
    memset(pixels, 77, sizeof pixels);
    const sml_data_view view = {.rows = ROWS,
                                .columns = SIDE * SIDE,
                                .bytes = pixels,
                                .height = SIDE,
                                .width = SIDE,
                                .outputs = OUT,
                                .labels = LABELS};
    sml_status status = sml_dataset_from_memory(r->ctx, &view, &pictures);
    if (status == SML_OK) {
        status = sml_model_set(r->ctx, r->model, "augment_elastic", "3");
    }
    if (status == SML_OK) {
        status = sml_model_set(r->ctx, r->model, "scaling", "standard");
    }
    if (status == SML_OK) {
        status = sml_model_fit(r->ctx, r->model, pictures);
    }
    sml_dataset_free(pictures);
    return status;
}

/* A fit on scaled targets without other preprocessing, saved, loaded and used. */
static sml_status regress(run *r)
{
    static const float cells[ROWS] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float outputs[ROWS];
    sml_dataset *data = NULL;
    sml_model *again = NULL;
    const sml_data_view view = {.rows = ROWS,
                                .columns = 1,
                                .features = cells,
                                .task = SML_TASK_REGRESSION,
                                .outputs = 1,
                                .targets = cells};
    sml_model_free(r->loaded);
    r->loaded = NULL;
    sml_status status = sml_dataset_from_memory(r->ctx, &view, &data);
    if (status == SML_OK) {
        status = sml_model_create(r->ctx, "mlp", "hidden=2 epochs=1 target_scaling=standard",
                                  &r->loaded);
    }
    if (status == SML_OK) {
        status = sml_model_fit(r->ctx, r->loaded, data);
    }
    if (status == SML_OK) {
        status = sml_model_save(r->ctx, r->loaded, path);
    }
    if (status == SML_OK) {
        status = sml_model_load(r->ctx, path, &again);
    }
    if (status == SML_OK) {
        status = sml_model_predict(r->ctx, again, data, outputs, ROWS);
    }
    sml_model_free(again);
    sml_dataset_free(data);
    return status;
}

static sml_status play(char error[1024], run *r)
{
    memset(r, 0, sizeof *r);
    sml_status status = fit_and_save(r);
    if (status == SML_OK) {
        status = load_and_use(r);
    }
    if (status == SML_OK) {
        status = augment(r);
    }
    if (status == SML_OK) {
        sml_predictor_free(r->predictor);
        sml_trace_free(r->trace);
        r->predictor = NULL;
        r->trace = NULL;
        status = regress(r);
    }
    countdown = 0;
    snprintf(error, 1024, "%s", sml_ctx_error(r->ctx));
    sml_predictor_free(r->predictor);
    sml_trace_free(r->trace);
    sml_model_free(r->model);
    sml_model_free(r->loaded);
    sml_dataset_free(r->train);
    sml_dataset_free(r->other);
    sml_ctx_free(r->ctx);
    return status;
}

static void memory_ends_at_each_call_in_turn(void **state)
{
    char error[1024];
    run undisturbed, r;
    (void)state;
    assert_int_equal(play(error, &undisturbed), SML_OK);
    assert_memory_equal(undisturbed.outputs, undisturbed.again, sizeof undisturbed.outputs);
    long k = 0;
    do {
        struck = 0;
        countdown = ++k;
        const sml_status status = play(error, &r);
        if (status == SML_OK) { /* a call that is tried again, or no k-th call any more */
            assert_memory_equal(r.outputs, undisturbed.outputs, sizeof r.outputs);
        } else {
            assert_int_equal(status, SML_NO_MEMORY);
            assert_true(error[0] != '\0');
        }
    } while (struck && k < CALLS_MAX);
    assert_true(k > 300 && k < CALLS_MAX);
}

static int prepare(void **state)
{
    const char *parent = getenv("TMPDIR");
    (void)state;
    snprintf(path, sizeof path, "%.80s/scratchml-prepared-failure-%d",
             parent != NULL ? parent : "/tmp", (int)getpid());
    json_set_alloc_funcs(__wrap_malloc, free);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_ends_at_each_call_in_turn)};
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
