/* Matches the columns of a data set with those of a pipeline. Rows and columns in messages count
 * from 0, as they do in the API; columns are named where they have names. */
#include "data/prepare/moments.h"
#include "data/prepare/pipeline.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"
#include "data/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 240 };

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

/* "a, b, c" of the names that fit; the rest is told by its number. */
static void list_names(const char *const *names, size_t n, char out[LIST_MAX])
{
    size_t used = 0, i = 0;
    out[0] = '\0';
    for (; i < n && used + strlen(names[i]) + 24 < LIST_MAX; i++) {
        used += (size_t)snprintf(out + used, LIST_MAX - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (i < n) {
        snprintf(out + used, LIST_MAX - used, "%s and %zu more", i > 0 ? "" : "…", n - i);
    }
}

static sml_status fail_missing_column(const matching *m, const char *name)
{
    const sml_schema *there = m->data->schema;
    char list[LIST_MAX];
    const char **names = sml__alloc(m->ctx, there->n, sizeof *names, "names of columns");
    if (names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t c = 0; c < there->n; c++) {
        names[c] = there->columns[c].name;
    }
    const char *nearest = sml_nearest_name(name, names, there->n);
    list_names(names, there->n, list);
    const sml_status status =
        nearest != NULL
            ? sml__fail(m->ctx, SML_BAD_SHAPE,
                        "%s: the model needs the column '%s', the data has none; is it '%s'?",
                        m->data->name, name, nearest)
            : sml__fail(m->ctx, SML_BAD_SHAPE,
                        "%s: the model needs the column '%s', the data has none; it has: %s",
                        m->data->name, name, list);
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

/* The column's name in a message, or its number. */
static const char *label_of(const matching *m, size_t c, char number[32])
{
    if (m->pipeline->schema != NULL) {
        return m->pipeline->schema->columns[c].name;
    }
    snprintf(number, 32, "%zu", c);
    return number;
}

static int is_categorical(const sml_schema *schema, size_t c)
{
    return schema != NULL && schema->columns[c].kind == SML__CATEGORICAL;
}

static sml_status check_kinds(const matching *m)
{
    char number[32];
    for (size_t c = 0; c < m->pipeline->n_raw && m->data->schema != NULL; c++) {
        const int wanted = is_categorical(m->pipeline->schema, c);
        const sml__column *there = &m->data->schema->columns[position_of(m, c)];
        const char *name = label_of(m, c, number);
        if (wanted && there->kind == SML__NUMERIC) {
            return sml__fail(m->ctx, SML_BAD_SHAPE,
                             "%s: column '%s' holds numbers, the model has categories there; open "
                             "the data with the columns of the model",
                             m->data->name, name);
        }
        if (!wanted && there->kind == SML__CATEGORICAL) {
            return sml__fail(m->ctx, SML_BAD_SHAPE,
                             "%s: column '%s' holds text such as '%s', the model expects numbers "
                             "there",
                             m->data->name, name,
                             there->n_categories > 0 ? there->categories[0] : "");
        }
    }
    return SML_OK;
}

static int32_t find_category(const sml__column *column, const char *name)
{
    for (size_t k = 0; k < column->n_categories; k++) {
        if (strcmp(column->categories[k], name) == 0) {
            return (int32_t)k;
        }
    }
    return -1;
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
    for (size_t c = 0; c < n; c++) {
        for (size_t k = starts[c]; k < starts[c + 1]; k++) {
            m->made->codes[k] = find_category(
                &wanted->columns[c], there->columns[position_of(m, c)].categories[k - starts[c]]);
        }
    }
    return SML_OK;
}

static sml_status fail_unknown(const matching *m, size_t row, size_t c, float cell)
{
    const sml__column *column = &m->pipeline->schema->columns[c];
    const sml__column *there =
        m->data->schema != NULL ? &m->data->schema->columns[position_of(m, c)] : NULL;
    char list[LIST_MAX], number[32];
    snprintf(number, sizeof number, "%.9g", (double)cell);
    const int is_named = there != NULL && cell >= 0 && cell < (float)there->n_categories;
    const char *word = is_named ? there->categories[(size_t)cell] : number;
    const char *nearest =
        is_named ? sml_nearest_name(word, column->categories, column->n_categories) : NULL;
    list_names(column->categories, column->n_categories, list);
    return sml__fail(m->ctx, SML_BAD_DATA,
                     "%s: row %zu (counted from 0), column '%s': unknown category '%.64s'%s%s%s; "
                     "the model knows: %s. unknown=zeros in training lets others through",
                     m->data->name, row, column->name, word,
                     nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?" : "", list);
}

static sml_status check_cell(const matching *m, size_t row, size_t c, float cell)
{
    if (isnan(cell)) {
        char number[32];
        return !isnan(m->pipeline->columns[c].fill)
                   ? SML_OK
                   : sml__fail(m->ctx, SML_BAD_DATA,
                               "%s: row %zu (counted from 0), column '%s' has no value, and the "
                               "model was trained with missing=refuse; fill it",
                               m->data->name, row, label_of(m, c, number));
    }
    if (!is_categorical(m->pipeline->schema, c) || m->pipeline->unknown_is_zeros) {
        return SML_OK;
    }
    const size_t *starts = m->made->starts;
    const size_t n =
        starts != NULL ? starts[c + 1] - starts[c] : m->pipeline->schema->columns[c].n_categories;
    const int is_known = cell >= 0 && cell < (float)n && cell == floorf(cell) &&
                         (starts == NULL || m->made->codes[starts[c] + (size_t)cell] >= 0);
    return is_known ? SML_OK : fail_unknown(m, row, c, cell);
}

/* Whether a cell of some row can be refused. */
static int needs_a_look(const matching *m)
{
    int needed = 0;
    for (size_t c = 0; c < m->pipeline->n_raw; c++) {
        const int refuses_missing = isnan(m->pipeline->columns[c].fill) && m->data->schema != NULL;
        needed |= refuses_missing ||
                  (is_categorical(m->pipeline->schema, c) && !m->pipeline->unknown_is_zeros);
    }
    return needed;
}

static sml_status check_cells(const matching *m)
{
    const size_t rows = m->data->view.rows, columns = m->data->view.columns;
    sml_status status = SML_OK;
    if (!needs_a_look(m)) {
        return SML_OK;
    }
    float *piece = sml__alloc(m->ctx, columns, SML__ROWS_READ * sizeof(float), "rows of a table");
    if (piece == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t r = 0; r < rows && status == SML_OK; r++) {
        const size_t within = r % SML__ROWS_READ, left = rows - r;
        if (within == 0) {
            sml__dataset_gather(m->data, NULL, r, left < SML__ROWS_READ ? left : SML__ROWS_READ,
                                piece, columns);
        }
        for (size_t c = 0; c < m->pipeline->n_raw && status == SML_OK; c++) {
            status = check_cell(m, r, c, piece[within * columns + position_of(m, c)]);
        }
    }
    sml__free(piece);
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
        status = check_cells(&m);
    }
    if (status != SML_OK) {
        sml__binding_free(m.made);
        return status;
    }
    *out = m.made;
    return SML_OK;
}
