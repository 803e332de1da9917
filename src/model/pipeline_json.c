#include "model/prepare_model.h"

#include "base/context.h"
#include "model/json.h"

#include <math.h>

/* Puts a new reference under key; 0 where one of them could not be made. */
static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *text(sml_ctx *ctx, const char *value)
{
    return value != NULL ? sml__json_string(ctx, value) : json_null();
}

static json_t *list_categories(sml_ctx *ctx, const sml__column *column)
{
    json_t *list = json_array();
    int complete = list != NULL;
    for (size_t k = 0; complete && k < column->n_categories; k++) {
        complete = json_array_append_new(list, sml__json_string(ctx, column->categories[k])) == 0;
    }
    if (!complete) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *column_json(sml_ctx *ctx, const sml__column *raw, const sml__prepared_column *column)
{
    const int is_categorical = raw->kind == SML__CATEGORICAL;
    json_t *json = json_object();
    int complete = put(json, "name", text(ctx, raw->name)) &&
                   put(json, "kind", json_string(is_categorical ? "categorical" : "numeric")) &&
                   put(json, "fill", number(column->fill)) &&
                   put(json, "shift", json_real(column->shift)) &&
                   put(json, "factor", json_real(column->factor));
    if (complete && is_categorical) {
        complete = put(json, "categories", list_categories(ctx, raw));
    }
    if (!complete) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static int put_table(sml_ctx *ctx, json_t *json, const sml__pipeline *pipeline)
{
    const sml_schema *schema = pipeline->schema;
    json_t *columns = json_array();
    int complete = put(json, "columns", columns);
    for (size_t c = 0; complete && c < pipeline->n_raw; c++) {
        json_t *column = column_json(ctx, &schema->columns[c], &pipeline->columns[c]);
        complete = json_array_append_new(columns, column) == 0;
    }
    return complete && put(json, "named", json_boolean(schema->has_names)) &&
           put(json, "target", text(ctx, schema->target)) &&
           put(json, "weight", text(ctx, schema->weight));
}

/* Columns without names, such as pixels: a list for each of the three numbers. */
static int put_numbers(json_t *json, const sml__pipeline *pipeline)
{
    json_t *fill = json_array(), *shift = json_array(), *factor = json_array();
    int complete = put(json, "numeric", json_integer((json_int_t)pipeline->n_raw));
    complete &= put(json, "fill", fill);
    complete &= put(json, "shift", shift);
    complete &= put(json, "factor", factor);
    for (size_t c = 0; complete && c < pipeline->n_raw; c++) {
        const sml__prepared_column *column = &pipeline->columns[c];
        complete = json_array_append_new(fill, number(column->fill)) == 0 &&
                   json_array_append_new(shift, json_real(column->shift)) == 0 &&
                   json_array_append_new(factor, json_real(column->factor)) == 0;
    }
    return complete;
}

json_t *sml__target_scaling_json(sml_ctx *ctx, const sml__target_scaling *scaling)
{
    json_t *json = json_object(), *shift = json_array(), *factor = json_array();
    int complete = json != NULL;
    complete &= put(json, "shift", shift);
    complete &= put(json, "factor", factor);
    for (size_t k = 0; complete && k < scaling->n; k++) {
        complete = json_array_append_new(shift, json_real(scaling->out[k].shift)) == 0 &&
                   json_array_append_new(factor, json_real(scaling->out[k].factor)) == 0;
    }
    if (!complete) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: scales of targets as JSON");
        json_decref(json);
        return NULL;
    }
    return json;
}

json_t *sml__pipeline_json(sml_ctx *ctx, const sml__pipeline *pipeline)
{
    json_t *json = json_object();
    int complete = json != NULL && (pipeline->schema != NULL ? put_table(ctx, json, pipeline)
                                                             : put_numbers(json, pipeline));
    complete = complete &&
               put(json, "encoding", json_string(pipeline->is_ordinal ? "ordinal" : "one_hot")) &&
               put(json, "unknown", json_string(pipeline->unknown_is_zeros ? "zeros" : "refuse")) &&
               put(json, "rows", json_string(pipeline->per_image ? "per_image" : "none"));
    if (!complete) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: a pipeline as JSON");
        json_decref(json);
        return NULL;
    }
    return json;
}
