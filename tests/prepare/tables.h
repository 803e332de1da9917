/* What the tests of this folder share: a context, and tables made of a few arrays. */
#ifndef TESTS_PREPARE_SUPPORT_H
#define TESTS_PREPARE_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/prepare/pipeline.h"
#include "data/rows.h"
#include "data/rows.h"

static inline int set_up(void **state)
{
    sml_ctx *ctx = NULL;
    const int failed = sml_ctx_create(NULL, &ctx) != SML_OK;
    *state = ctx;
    return failed;
}

static inline int tear_down(void **state)
{
    sml_ctx_free(*state);
    return 0;
}

#define assert_ok(ctx, call)                                                                       \
    do {                                                                                           \
        if ((call) != SML_OK) {                                                                    \
            fail_msg("%s: %s", #call, sml_ctx_error(ctx));                                         \
        }                                                                                          \
    } while (0)

static inline void assert_error_parts(const sml_ctx *ctx, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(sml_ctx_error(ctx), texts[i]) == NULL) {
            fail_msg("'%s' is not in: %s", texts[i], sml_ctx_error(ctx));
        }
    }
}

/* The last error must contain each of the texts. */
#define assert_error_has(ctx, ...)                                                                 \
    assert_error_parts(ctx, (const char *const[]){__VA_ARGS__},                                    \
                       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* A table of cells[rows, schema->n], copied. */
static inline sml_dataset *new_table(sml_ctx *ctx, const char *name, const sml_schema *schema,
                                     const float *cells, size_t rows)
{
    sml_schema *copy = NULL;
    sml_dataset *data = NULL;
    float *own = sml__alloc(ctx, rows * schema->n, sizeof *own, "cells");
    memcpy(own, cells, rows * schema->n * sizeof *own);
    assert_ok(ctx, sml__schema_copy(ctx, schema, &copy));
    const sml_data_view view = {.name = name, .rows = rows, .columns = schema->n, .features = own};
    assert_ok(ctx, sml__dataset_adopt_table(ctx, &view, copy, (void *const[]){own}, 1, &data));
    return data;
}

/* Rows of data through a pipeline, as the engine gets them: a malloc'd [rows, n_out]. */
static inline float *prepared_rows(sml_ctx *ctx, const sml_dataset *data,
                                   const sml__pipeline *pipeline)
{
    sml_dataset *ready = NULL;
    float *out = malloc(data->view.rows * pipeline->n_out * sizeof *out);
    assert_ok(ctx, sml__dataset_prepared(ctx, data, pipeline, &ready));
    sml__dataset_gather(ready, NULL, 0, data->view.rows, out, pipeline->n_out);
    sml_dataset_free(ready);
    return out;
}

#endif
