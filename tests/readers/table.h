/* What the tests of the readers of tables share: texts to data sets, and looks into them. */
#ifndef TESTS_READERS_TABLE_H
#define TESTS_READERS_TABLE_H

#include "data/support.h"

#include "data/dataset.h"

#include <math.h>

/* Opens bytes as the file `name` of the test's folder. */
static inline sml_status open_bytes_as(sml_ctx *ctx, const char *name, const void *bytes,
                                       size_t length, const sml_data_options *options,
                                       sml_dataset **data)
{
    char path[1024];
    write_file(ctx, name, bytes, length);
    return sml_dataset_open_with(ctx, path_in(ctx, name, path), options, data);
}

static inline sml_dataset *table(sml_ctx *ctx, const char *text, sml_data_options options)
{
    sml_dataset *data = NULL;
    if (open_bytes_as(ctx, "t.csv", text, strlen(text), &options, &data) != SML_OK) {
        fail_msg("%s\nin: %s", sml_ctx_error(ctx), text);
    }
    assert_non_null(data->schema);
    return data;
}

#define TABLE(ctx, text, ...) table(ctx, text, (sml_data_options){__VA_ARGS__})

static inline void refuse(sml_ctx *ctx, const char *text, sml_data_options options,
                          sml_status status, const char *const *parts, size_t n)
{
    sml_dataset *data = NULL;
    const sml_status found = open_bytes_as(ctx, "t.csv", text, strlen(text), &options, &data);
    if (found != status) {
        fail_msg("status %d, expected %d: %s\nin: %s", (int)found, (int)status, sml_ctx_error(ctx),
                 text);
    }
    assert_null(data);
    assert_error_parts(ctx, parts, n);
}

#define OPTIONS(...) ((sml_data_options){__VA_ARGS__})

/* The texts at the end are those that the error must contain. */
#define REFUSES(ctx, text, options, status, ...)                                                   \
    refuse(ctx, text, options, status, (const char *const[]){__VA_ARGS__},                         \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline float cell(const sml_dataset *data, size_t row, size_t column)
{
    return data->view.features[row * data->view.row_stride + column];
}

/* The text of a categorical cell; NULL where it is missing. */
static inline const char *category(const sml_dataset *data, size_t row, size_t column)
{
    const float code = cell(data, row, column);
    assert_int_equal(data->schema->columns[column].kind, SML__CATEGORICAL);
    return isnan(code) ? NULL : data->schema->columns[column].categories[(size_t)code];
}

static inline const char *class_of(const sml_dataset *data, size_t row)
{
    return sml_dataset_class_name(data, (size_t)sml_dataset_label(data, row));
}

static inline void assert_column(const sml_dataset *data, size_t column, const char *name,
                                 sml__column_kind kind, uint64_t missing, int is_integer)
{
    const sml__column *c = &data->schema->columns[column];
    assert_string_equal(c->name, name);
    assert_int_equal(c->kind, kind);
    assert_int_equal(c->missing, missing);
    assert_int_equal(c->is_integer, is_integer);
}

#endif
