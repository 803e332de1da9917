/* A table of houses with prices in the hundred thousands, for the tests of scaled targets. */
#ifndef SML_TESTS_MODEL_HOUSES_H
#define SML_TESTS_MODEL_HOUSES_H

#include "files.h"

#include "data/dataset.h"

enum { HOUSES = 40, RAW = 3, TARGETS = 2 };

static sml__column columns[RAW] = {{.name = "area"}, {.name = "age"}, {.name = "floor"}};
static const sml_schema SCHEMA = {
    .n = RAW, .columns = columns, .has_names = 1, .target = "price", .weight = NULL};

static const char SETTINGS[] = "hidden=6 epochs=4 batch_size=7 seed=3";

typedef struct houses {
    sml_ctx *ctx;
    float cells[HOUSES * RAW];
    float prices[HOUSES * TARGETS]; /* the second row of numbers for models of two targets */
    sml_dataset *table;             /* one target, with names: scaled by default */
    char path[128], checkpoint[160];
} houses;

/* targets: NULL for none. */
static inline sml_dataset *table_of(sml_ctx *ctx, const float *cells, const float *targets,
                                    size_t rows)
{
    sml_schema *copy = NULL;
    sml_dataset *data = NULL;
    float *own = sml__alloc(ctx, rows * RAW, sizeof *own, "cells");
    memcpy(own, cells, rows * RAW * sizeof *own);
    assert_ok(ctx, sml__schema_copy(ctx, &SCHEMA, &copy));
    const sml_data_view view = {.name = "houses",
                                .rows = rows,
                                .columns = RAW,
                                .features = own,
                                .task = targets != NULL ? SML_TASK_REGRESSION : SML_TASK_NONE,
                                .outputs = targets != NULL ? 1 : 0,
                                .targets = targets};
    assert_ok(ctx, sml__dataset_adopt_table(ctx, &view, copy, (void *const[]){own}, 1, &data));
    return data;
}

static inline sml_dataset *numbers_of(houses *h, const float *targets, size_t outputs)
{
    sml_dataset *data = NULL;
    const sml_data_view view = {.name = "numbers",
                                .rows = HOUSES,
                                .columns = RAW,
                                .features = h->cells,
                                .task = SML_TASK_REGRESSION,
                                .outputs = outputs,
                                .targets = targets};
    assert_ok(h->ctx, sml_dataset_from_memory(h->ctx, &view, &data));
    return data;
}

static inline int new_state(void **state)
{
    houses *h = calloc(1, sizeof *h);
    const char *parent = getenv("TMPDIR");
    sml__random random;
    *state = h;
    h->ctx = new_context(2);
    snprintf(h->path, sizeof h->path, "%.80s/scratchml-targets-%d",
             parent != NULL ? parent : "/tmp", (int)getpid());
    snprintf(h->checkpoint, sizeof h->checkpoint, "%s.ckpt", h->path);
    sml__random_init(&random, 8, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < HOUSES; r++) {
        for (size_t c = 0; c < RAW; c++) {
            h->cells[r * RAW + c] = (float)sml__random_normal(&random);
        }
        h->prices[r] = 240000.0F + 31000.0F * h->cells[r * RAW] -
                       9000.0F * h->cells[r * RAW + 1] * h->cells[r * RAW + 1];
    }
    h->table = table_of(h->ctx, h->cells, h->prices, HOUSES);
    return 0;
}

static inline int free_state_of(void **state)
{
    houses *h = *state;
    unlink(h->path);
    unlink(h->checkpoint);
    sml_dataset_free(h->table);
    sml_ctx_free(h->ctx);
    free(h);
    return 0;
}

static inline sml_model *fit_with(houses *h, const char *settings, const sml_dataset *data,
                                  const sml_fit_options *options)
{
    sml_model *model = NULL;
    assert_ok(h->ctx, sml_model_create(h->ctx, "mlp", settings, &model));
    assert_ok(h->ctx, sml_model_fit_with(h->ctx, model, data, options, NULL));
    return model;
}

static inline sml_model *fit(houses *h, const char *settings, const sml_dataset *data)
{
    return fit_with(h, settings, data, NULL);
}

static inline void assert_same_parameters(houses *h, const sml_model *a, const sml_model *b)
{
    size_t n = 0, m = 0;
    float *x = parameters_of(h->ctx, a, &n), *y = parameters_of(h->ctx, b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x);
    free(y);
}

#endif
