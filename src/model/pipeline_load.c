/* Reads a pipeline from JSON. What stands there may be made with ill intent: every member is
 * checked before it is used, and nothing is allocated that the text does not hold. */
#include "model/prepare_model.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/model_names.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { TABLE_MEMBERS = 7, NUMBERS_MEMBERS = 7, NUMERIC_MEMBERS = 5, CATEGORICAL_MEMBERS = 6 };

static const size_t CATEGORIES_MAX = (size_t)1 << 24;

/* One of two words under key: *second tells which. */
static sml_status read_choice(sml_ctx *ctx, const json_t *json, const char *key,
                              const char *const words[2], int *second)
{
    const char *text = json_string_value(json_object_get(json, key));
    *second = text != NULL && strcmp(text, words[1]) == 0;
    if (text != NULL && (*second || strcmp(text, words[0]) == 0)) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_FILE, "'%s' is neither '%s' nor '%s'", key, words[0], words[1]);
}

/* Values are float32. Deviations may be smaller: one of two neighbours among 2^32 rows, whose
 * factor is 1 / (1.4e-45 / 2^16). */
static const double FACTOR_MAX = 1e51;

static int is_in_range(const json_t *json, double low, double high, double *value)
{
    *value = json_number_value(json);
    return json_is_number(json) && *value >= low && *value <= high;
}

static int float_number(const json_t *json, double *value)
{
    return is_in_range(json, -(double)FLT_MAX, (double)FLT_MAX, value);
}

/* shift: in float32's range. factor: not 0, or a column would be lost. */
static int read_scale(const json_t *shift, const json_t *factor, double *s, double *f)
{
    return float_number(shift, s) && is_in_range(factor, 1 / FACTOR_MAX, FACTOR_MAX, f);
}

/* fill: a number or null. */
static sml_status read_numbers(sml_ctx *ctx, size_t index, const json_t *fill, const json_t *shift,
                               const json_t *factor, sml__prepared_column *column)
{
    const int has_fill = float_number(fill, &column->fill);
    if (json_is_null(fill)) {
        column->fill = NAN;
    }
    if ((has_fill || json_is_null(fill)) &&
        read_scale(shift, factor, &column->shift, &column->factor)) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_FILE,
                     "column %zu: fill and shift are not numbers in float32's range, or factor is "
                     "none in %g…%g",
                     index, 1 / FACTOR_MAX, FACTOR_MAX);
}

sml_status sml__target_scaling_read(sml_ctx *ctx, const json_t *json, size_t n,
                                    sml__target_scaling **out)
{
    const json_t *shift = json_object_get(json, "shift"), *factor = json_object_get(json, "factor");
    *out = NULL;
    if (json_object_size(json) != 2 || json_array_size(shift) != n ||
        json_array_size(factor) != n) {
        return sml__fail(ctx, SML_BAD_FILE, "shift and factor are not lists of %zu targets", n);
    }
    sml__target_scaling *made = sml__target_scaling_new(ctx, n);
    for (size_t k = 0; made != NULL && k < n; k++) {
        if (!read_scale(json_array_get(shift, k), json_array_get(factor, k), &made->out[k].shift,
                        &made->out[k].factor)) {
            sml__free(made);
            return sml__fail(ctx, SML_BAD_FILE,
                             "target %zu: shift is not a number in float32's range, or factor is "
                             "none in %g…%g",
                             k, 1 / FACTOR_MAX, FACTOR_MAX);
        }
    }
    *out = made;
    return made != NULL ? SML_OK : SML_NO_MEMORY;
}

static sml_status refuse_twins(sml_ctx *ctx, const char *const *list, size_t n, const char *what)
{
    const int found = sml__has_twins(ctx, list, n);
    if (found < 0) {
        return SML_NO_MEMORY;
    }
    return found ? sml__fail(ctx, SML_BAD_FILE, "%s has a name twice", what) : SML_OK;
}

/* names borrows from json; the caller frees it. */
static sml_status read_categories(sml_ctx *ctx, const json_t *json, size_t index,
                                  sml__column *column)
{
    const size_t n = json_array_size(json);
    if (n == 0 || n >= CATEGORIES_MAX) {
        return sml__fail(ctx, SML_BAD_FILE, "column %zu: %zu categories", index, n);
    }
    const char **names = sml__alloc(ctx, n, sizeof *names, "names of categories");
    column->categories = names;
    column->n_categories = n;
    for (size_t k = 0; names != NULL && k < n; k++) {
        names[k] = json_string_value(json_array_get(json, k));
        if (names[k] == NULL) {
            return sml__fail(ctx, SML_BAD_FILE, "column %zu: category %zu is not a text", index, k);
        }
    }
    return names != NULL ? refuse_twins(ctx, names, n, "a list of categories") : SML_NO_MEMORY;
}

static sml_status read_column(sml_ctx *ctx, const json_t *json, size_t index, sml__column *raw,
                              sml__prepared_column *column)
{
    static const char *const kinds[] = {"numeric", "categorical"};
    int is_categorical = 0;
    raw->name = json_string_value(json_object_get(json, "name"));
    sml_status status = read_choice(ctx, json, "kind", kinds, &is_categorical);
    const size_t members = is_categorical ? CATEGORICAL_MEMBERS : NUMERIC_MEMBERS;
    if (status != SML_OK || raw->name == NULL || json_object_size(json) != members) {
        return sml__fail(ctx, SML_BAD_FILE, "column %zu is not a known column", index);
    }
    raw->kind = is_categorical ? SML__CATEGORICAL : SML__NUMERIC;
    status = read_numbers(ctx, index, json_object_get(json, "fill"), json_object_get(json, "shift"),
                          json_object_get(json, "factor"), column);
    if (status != SML_OK || !is_categorical) {
        return status;
    }
    status = read_categories(ctx, json_object_get(json, "categories"), index, raw);
    const int is_category =
        isnan(column->fill) || (column->fill >= 0 && column->fill < (double)raw->n_categories &&
                                column->fill == floor(column->fill));
    if (status == SML_OK && !is_category) {
        status = sml__fail(ctx, SML_BAD_FILE, "column %zu: fill is no category", index);
    }
    return status;
}

/* A text or null under key. */
static sml_status read_name(sml_ctx *ctx, const json_t *json, const char *key, const char **out)
{
    const json_t *value = json_object_get(json, key);
    *out = json_string_value(value);
    return *out != NULL || json_is_null(value)
               ? SML_OK
               : sml__fail(ctx, SML_BAD_FILE, "'%s' is neither a text nor null", key);
}

static sml_status refuse_same_columns(sml_ctx *ctx, const sml_schema *schema)
{
    const char **names = sml__alloc(ctx, schema->n, sizeof *names, "names of columns");
    for (size_t c = 0; names != NULL && c < schema->n; c++) {
        names[c] = schema->columns[c].name;
    }
    const sml_status status =
        names != NULL ? refuse_twins(ctx, names, schema->n, "the list of columns") : SML_NO_MEMORY;
    sml__free(names);
    return status;
}

/* like borrows its texts from json. */
static sml_status read_schema(sml_ctx *ctx, const json_t *json, sml_schema *like,
                              sml__pipeline *made)
{
    const json_t *columns = json_object_get(json, "columns");
    const json_t *named = json_object_get(json, "named");
    sml_status status = read_name(ctx, json, "target", &like->target);
    if (status == SML_OK) {
        status = read_name(ctx, json, "weight", &like->weight);
    }
    if (status == SML_OK && !json_is_boolean(named)) {
        status = sml__fail(ctx, SML_BAD_FILE, "'named' is neither true nor false");
    }
    like->has_names = json_is_true(named);
    for (size_t c = 0; status == SML_OK && c < like->n; c++) {
        status =
            read_column(ctx, json_array_get(columns, c), c, &like->columns[c], &made->columns[c]);
    }
    if (status == SML_OK && like->has_names) {
        status = refuse_same_columns(ctx, like);
    }
    return status == SML_OK ? sml__schema_copy(ctx, like, &made->schema) : status;
}

static sml_status read_table(sml_ctx *ctx, const json_t *json, sml__pipeline *made)
{
    sml_schema like = {.n = json_array_size(json_object_get(json, "columns"))};
    if (like.n == 0 || json_object_size(json) != TABLE_MEMBERS) {
        return sml__fail(ctx, SML_BAD_FILE, "not a list of columns");
    }
    made->n_raw = like.n;
    made->columns = sml__alloc(ctx, like.n, sizeof *made->columns, "the columns of a pipeline");
    like.columns = sml__alloc(ctx, like.n, sizeof *like.columns, "columns");
    sml_status status = SML_NO_MEMORY;
    if (made->columns != NULL && like.columns != NULL) {
        status = read_schema(ctx, json, &like, made);
    }
    for (size_t c = 0; like.columns != NULL && c < like.n; c++) {
        sml__free((void *)like.columns[c].categories);
    }
    sml__free(like.columns);
    return status;
}

static sml_status read_plain(sml_ctx *ctx, const json_t *json, sml__pipeline *made)
{
    const json_t *numeric = json_object_get(json, "numeric");
    const json_t *fill = json_object_get(json, "fill"), *shift = json_object_get(json, "shift");
    const json_t *factor = json_object_get(json, "factor");
    const size_t n = json_array_size(fill);
    if (n == 0 || json_object_size(json) != NUMBERS_MEMBERS || !json_is_integer(numeric) ||
        json_integer_value(numeric) != (json_int_t)n || json_array_size(shift) != n ||
        json_array_size(factor) != n) {
        return sml__fail(ctx, SML_BAD_FILE, "fill, shift and factor are not lists of 'numeric'");
    }
    made->n_raw = n;
    made->columns = sml__alloc(ctx, n, sizeof *made->columns, "the columns of a pipeline");
    sml_status status = made->columns != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t c = 0; status == SML_OK && c < n; c++) {
        status = read_numbers(ctx, c, json_array_get(fill, c), json_array_get(shift, c),
                              json_array_get(factor, c), &made->columns[c]);
    }
    return status;
}

static sml_status read_pipeline(sml_ctx *ctx, const json_t *json, size_t inputs,
                                sml__pipeline *made)
{
    static const char *const encodings[] = {"one_hot", "ordinal"};
    static const char *const unknowns[] = {"refuse", "zeros"};
    static const char *const rows[] = {"none", "per_image"};
    sml_status status = read_choice(ctx, json, "encoding", encodings, &made->is_ordinal);
    if (status == SML_OK) {
        status = read_choice(ctx, json, "unknown", unknowns, &made->unknown_is_zeros);
    }
    if (status == SML_OK) {
        status = read_choice(ctx, json, "rows", rows, &made->per_image);
    }
    if (status == SML_OK) {
        status = json_object_get(json, "columns") != NULL ? read_table(ctx, json, made)
                                                          : read_plain(ctx, json, made);
    }
    if (status == SML_OK && (!sml__pipeline_lay_out(made) || made->n_out != inputs)) {
        status = sml__fail(ctx, SML_BAD_FILE,
                           "its rows are not %zu wide, as the model's inputs are", inputs);
    }
    return status;
}

sml_status sml__pipeline_read(sml_ctx *ctx, const json_t *json, size_t inputs, sml__pipeline **out)
{
    sml__pipeline *made = sml__alloc(ctx, 1, sizeof *made, "a pipeline");
    *out = NULL;
    if (made == NULL) {
        return SML_NO_MEMORY;
    }
    const sml_status status = read_pipeline(ctx, json, inputs, made);
    if (status != SML_OK) {
        sml__pipeline_free(made);
        return status;
    }
    *out = made;
    return SML_OK;
}
