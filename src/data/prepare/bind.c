/* Matches the columns of a data set with those of a pipeline. Columns in messages count
 * from 0, as they do in the API, and are named where they have names. */
#include "data/prepare/pipeline.h"

#include "base/context.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct matching {
    sml_ctx *ctx;
    const sml__pipeline *pipeline;
    const sml_dataset *data;
    sml__binding *made;
} matching;

void sml__binding_free(sml__binding *binding)
{
    if (binding != NULL) {
        sml__free(binding->positions);
        sml__free(binding->codes);
        sml__free(binding->starts);
        sml__free(binding);
    }
}

static sml_status fail_missing_column(const matching *m, const char *name)
{
    const sml_schema *there = m->data->schema;
    const char **names = sml__alloc(m->ctx, there->n, sizeof *names, "names of columns");
    if (names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t c = 0; c < there->n; c++) {
        names[c] = there->columns[c].name;
    }
    const char *nearest = sml_nearest_name(name, names, there->n);
    const sml__text_list list = sml__list_texts(names, there->n);
    const sml_status status =
        nearest != NULL
            ? sml__fail(m->ctx, SML_BAD_SHAPE,
                        "%s: the model needs the column '%s', the data has none; is it '%s'?",
                        m->data->name, name, nearest)
            : sml__fail(m->ctx, SML_BAD_SHAPE,
                        "%s: the model needs the column '%s', the data has none; it has: %s",
                        m->data->name, name, list.text);
    sml__free(names);
    return status;
}

/* Each column of the pipeline by name. Columns mostly come in the same order, so the search goes
 * on where the last one ended. */
static sml_status match_names(matching *m)
{
    const sml_schema *wanted = m->pipeline->schema, *there = m->data->schema;
    size_t *positions = sml__alloc(m->ctx, wanted->n, sizeof *positions, "positions of columns");
    m->made->positions = positions;
    if (positions == NULL) {
        return SML_NO_MEMORY;
    }
    size_t next = 0;
    int same = 1;
    for (size_t c = 0; c < wanted->n; c++) {
        size_t tried = 0;
        while (tried < there->n && strcmp(there->columns[(next + tried) % there->n].name,
                                          wanted->columns[c].name) != 0) {
            tried++;
        }
        if (tried == there->n) {
            return fail_missing_column(m, wanted->columns[c].name);
        }
        positions[c] = (next + tried) % there->n;
        next = positions[c] + 1;
        same = same && positions[c] == c;
    }
    if (same) { /* the raw row may then be given as it lies */
        sml__free(positions);
        m->made->positions = NULL;
    }
    return SML_OK;
}

static sml_status match_columns(matching *m)
{
    const sml_schema *wanted = m->pipeline->schema, *there = m->data->schema;
    if (wanted != NULL && there != NULL && wanted->has_names && there->has_names) {
        return match_names(m);
    }
    if (m->data->view.columns != m->pipeline->n_raw) {
        return sml__fail(m->ctx, SML_BAD_SHAPE,
                         "%s: the model expects %zu columns, the data has %zu", m->data->name,
                         m->pipeline->n_raw, m->data->view.columns);
    }
    return SML_OK;
}

static size_t position_of(const matching *m, size_t c)
{
    return m->made->positions != NULL ? m->made->positions[c] : c;
}

static int is_categorical(const sml_schema *schema, size_t c)
{
    return schema != NULL && schema->columns[c].kind == SML__CATEGORICAL;
}

static sml_status check_kinds(const matching *m)
{
    for (size_t c = 0; c < m->pipeline->n_raw && m->data->schema != NULL; c++) {
        const int wanted = is_categorical(m->pipeline->schema, c);
        const sml__column *there = &m->data->schema->columns[position_of(m, c)];
        const sml__column_label name = sml__pipeline_label(m->pipeline, c);
        if (wanted && there->kind == SML__NUMERIC) {
            return sml__fail(m->ctx, SML_BAD_SHAPE,
                             "%s: column '%s' holds numbers, the model has categories there; open "
                             "the data with the columns of the model",
                             m->data->name, name.text);
        }
        if (!wanted && there->kind == SML__CATEGORICAL) {
            return sml__fail(m->ctx, SML_BAD_SHAPE,
                             "%s: column '%s' holds text such as '%s', the model expects numbers "
                             "there",
                             m->data->name, name.text,
                             there->n_categories > 0 ? there->categories[0] : "");
        }
    }
    return SML_OK;
}

/* The categories of a column of the pipeline, by name. */
typedef struct known_category {
    const char *name;
    int32_t number;
} known_category;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const known_category *)a)->name, ((const known_category *)b)->name);
}

static known_category *sort_categories(sml_ctx *ctx, const sml__column *column)
{
    const size_t n = column->n_categories;
    known_category *sorted = sml__alloc(ctx, n, sizeof *sorted, "the categories of a column");
    for (size_t k = 0; sorted != NULL && k < n; k++) {
        sorted[k] = (known_category){column->categories[k], (int32_t)k};
    }
    if (sorted != NULL) {
        qsort(sorted, n, sizeof *sorted, compare_names);
    }
    return sorted;
}

/* codes: of the categories of `there`. */
static sml_status map_column(sml_ctx *ctx, const sml__column *wanted, const sml__column *there,
                             int32_t *codes)
{
    known_category *sorted = sort_categories(ctx, wanted);
    if (sorted == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t k = 0; k < there->n_categories; k++) {
        const known_category asked = {there->categories[k], -1};
        const known_category *found =
            bsearch(&asked, sorted, wanted->n_categories, sizeof *sorted, compare_names);
        codes[k] = found != NULL ? found->number : -1;
    }
    sml__free(sorted);
    return SML_OK;
}

/* The pipeline's number for each category of the data. */
static sml_status map_categories(matching *m)
{
    const sml_schema *wanted = m->pipeline->schema, *there = m->data->schema;
    const size_t n = m->pipeline->n_raw;
    size_t total = 0;
    if (wanted == NULL || there == NULL) {
        return SML_OK;
    }
    size_t *starts = sml__alloc(m->ctx, n + 1, sizeof *starts, "maps of categories");
    m->made->starts = starts;
    for (size_t c = 0; starts != NULL && c < n; c++) {
        starts[c] = total;
        total += is_categorical(wanted, c) ? there->columns[position_of(m, c)].n_categories : 0;
        starts[c + 1] = total;
    }
    m->made->codes = sml__alloc(m->ctx, total, sizeof *m->made->codes, "maps of categories");
    if (starts == NULL || m->made->codes == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = SML_OK;
    for (size_t c = 0; c < n && status == SML_OK; c++) {
        if (starts[c + 1] > starts[c]) {
            status = map_column(m->ctx, &wanted->columns[c], &there->columns[position_of(m, c)],
                                m->made->codes + starts[c]);
        }
    }
    return status;
}

sml_status sml__pipeline_bind(sml_ctx *ctx, const sml__pipeline *pipeline, const sml_dataset *data,
                              sml__binding **out)
{
    *out = NULL;
    matching m = {ctx, pipeline, data, sml__alloc(ctx, 1, sizeof(sml__binding), "a binding")};
    if (m.made == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = match_columns(&m);
    if (status == SML_OK) {
        status = check_kinds(&m);
    }
    if (status == SML_OK && m.made->positions != NULL && data->view.features == NULL) {
        status = sml__fail(ctx, SML_BAD_SHAPE,
                           "%s: its columns are not in the model's order, and its rows are not "
                           "float32 in memory; open it with the columns of the model",
                           data->name);
    }
    if (status == SML_OK) {
        status = map_categories(&m);
    }
    if (status == SML_OK) {
        status = sml__pipeline_check(ctx, pipeline, data, m.made, NULL);
    }
    if (status != SML_OK) {
        sml__binding_free(m.made);
        return status;
    }
    *out = m.made;
    return SML_OK;
}
