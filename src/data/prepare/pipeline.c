#include "data/prepare/pipeline.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* As many numbers as the model file can say: a row beyond that is a mistake in the data. */
static const size_t WIDTH_MAX = INT32_MAX;

void sml__pipeline_free(sml__pipeline *pipeline)
{
    if (pipeline != NULL) {
        sml__schema_free(pipeline->schema);
        sml__free(pipeline->columns);
        sml__free(pipeline);
    }
}

int sml__pipeline_lay_out(sml__pipeline *pipeline)
{
    size_t at = 0;
    for (size_t c = 0; c < pipeline->n_raw; c++) {
        sml__prepared_column *column = &pipeline->columns[c];
        const sml__column *raw = pipeline->schema != NULL ? &pipeline->schema->columns[c] : NULL;
        const int is_one_hot =
            raw != NULL && raw->kind == SML__CATEGORICAL && !pipeline->is_ordinal;
        column->width = is_one_hot ? raw->n_categories : 1;
        column->at = at;
        if (column->width == 0 || column->width > WIDTH_MAX - at) {
            return 0;
        }
        at += column->width;
    }
    pipeline->n_out = at;
    return 1;
}

int64_t sml__pipeline_category(const sml__pipeline *pipeline, const sml__binding *binding, size_t c,
                               double number)
{
    const int is_bound = binding != NULL && binding->starts != NULL;
    const size_t n = is_bound ? binding->starts[c + 1] - binding->starts[c]
                              : pipeline->schema->columns[c].n_categories;
    if (!(number >= 0 && number < (double)n) || number != floor(number)) {
        return -1;
    }
    return is_bound ? binding->codes[binding->starts[c] + (size_t)number] : (int64_t)number;
}

static float scaled(const sml__prepared_column *column, double x)
{
    return (float)((x - column->shift) * column->factor);
}

static void apply_category(const sml__pipeline *pipeline, const sml__binding *binding, size_t c,
                           double cell, float *out)
{
    const sml__prepared_column *column = &pipeline->columns[c];
    const int is_missing = isnan(cell);
    const int is_refused = is_missing && isnan(column->fill);
    const int64_t code = is_refused   ? -1
                         : is_missing ? (int64_t)column->fill
                                      : sml__pipeline_category(pipeline, binding, c, cell);
    for (size_t k = 0; k < column->width; k++) {
        out[column->at + k] = is_refused ? NAN : 0.0F;
    }
    if (code >= 0 && pipeline->is_ordinal) {
        out[column->at] = scaled(column, (double)code);
    } else if (code >= 0) {
        out[column->at + (size_t)code] = 1.0F;
    }
}

/* (x - mean) / max(sd, 1/√n) over the row: TensorFlow's per_image_standardization. */
static void standardise_row(float *row, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)row[i];
    }
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += ((double)row[i] - mean) * ((double)row[i] - mean);
    }
    const double factor = 1.0 / fmax(sqrt(squares / (double)n), 1.0 / sqrt((double)n));
    for (size_t i = 0; i < n; i++) {
        row[i] = (float)(((double)row[i] - mean) * factor);
    }
}

/* Column c is read before it or a later one is written over: the last n_raw - c - 1 numbers of out,
 * where the raw cells behind c may lie, belong to the columns behind c, each 1 wide at least. */
void sml__pipeline_apply(const sml__pipeline *pipeline, const sml__binding *binding,
                         const float *raw, float *out)
{
    const size_t *positions = binding != NULL ? binding->positions : NULL;
    for (size_t c = 0; c < pipeline->n_raw; c++) {
        const sml__prepared_column *column = &pipeline->columns[c];
        const double cell = (double)raw[positions != NULL ? positions[c] : c];
        if (pipeline->schema != NULL && pipeline->schema->columns[c].kind == SML__CATEGORICAL) {
            apply_category(pipeline, binding, c, cell, out);
        } else {
            out[column->at] = scaled(column, isnan(cell) ? column->fill : cell);
        }
    }
    if (pipeline->per_image) {
        standardise_row(out, pipeline->n_out);
    }
}
