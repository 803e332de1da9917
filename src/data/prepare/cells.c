/* The cells of a data set before a pipeline: what it cannot take is refused, or counted. Rows in
 * messages are those of the file. */
#include "data/prepare/moments.h"
#include "data/prepare/pipeline.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct looking {
    sml_ctx *ctx;
    const sml__pipeline *pipeline;
    const sml_dataset *data;
    const sml__binding *binding;
    sml__unknown *unknown; /* NULL: not counted */
} looking;

/* ------------------------------------------------------------------------ Names in messages */

sml__text_list sml__list_texts(const char *const *texts, size_t n)
{
    sml__text_list list = {""};
    const size_t room = sizeof list.text;
    size_t used = 0, i = 0;
    for (; i < n && used + strlen(texts[i]) + 24 < room; i++) {
        used +=
            (size_t)snprintf(list.text + used, room - used, "%s%s", i > 0 ? ", " : "", texts[i]);
    }
    if (i < n) {
        snprintf(list.text + used, room - used, "%s and %zu more", i > 0 ? "" : "…", n - i);
    }
    return list;
}

/* The beginning of text, cut at a whole UTF-8 character. */
static void copy_start(const char *text, char *out, size_t room)
{
    size_t length = strlen(text);
    if (length >= room) {
        length = room - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(out, text, length);
    out[length] = '\0';
}

sml__column_label sml__pipeline_label(const sml__pipeline *pipeline, size_t c)
{
    sml__column_label label;
    if (pipeline->schema != NULL) {
        copy_start(pipeline->schema->columns[c].name, label.text, sizeof label.text);
    } else {
        snprintf(label.text, sizeof label.text, "%zu", c);
    }
    return label;
}

/* ------------------------------------------------------------------------ One cell */

static size_t position_of(const looking *l, size_t c)
{
    return l->binding->positions != NULL ? l->binding->positions[c] : c;
}

static int is_categorical(const looking *l, size_t c)
{
    const sml_schema *schema = l->pipeline->schema;
    return schema != NULL && schema->columns[c].kind == SML__CATEGORICAL;
}

/* Whether unknown categories become zeros. */
static int takes_unknown(const looking *l)
{
    return l->pipeline->unknown_is_zeros || l->data->takes_unknown;
}

static int is_known(const looking *l, size_t c, float cell)
{
    const size_t *starts = l->binding->starts;
    const size_t n =
        starts != NULL ? starts[c + 1] - starts[c] : l->pipeline->schema->columns[c].n_categories;
    return cell >= 0 && cell < (float)n && cell == floorf(cell) &&
           (starts == NULL || l->binding->codes[starts[c] + (size_t)cell] >= 0);
}

/* The name of a cell's category; NULL where its number stands for none. */
static const char *category_of(const looking *l, size_t c, float cell)
{
    const sml__column *there =
        l->data->schema != NULL ? &l->data->schema->columns[position_of(l, c)] : NULL;
    return there != NULL && cell >= 0 && cell < (float)there->n_categories
               ? there->categories[(size_t)cell]
               : NULL;
}

static sml_status fail_unknown(const looking *l, size_t row, size_t c, float cell)
{
    const sml__column *column = &l->pipeline->schema->columns[c];
    const char *name = category_of(l, c, cell);
    const char *nearest =
        name != NULL ? sml_nearest_name(name, column->categories, column->n_categories) : NULL;
    const sml__text_list list = sml__list_texts(column->categories, column->n_categories);
    char number[32];
    snprintf(number, sizeof number, "%.9g", (double)cell);
    return sml__fail(l->ctx, SML_BAD_DATA,
                     "%s, column '%s': unknown category '%.64s'%s%s%s; "
                     "the model knows: %s. unknown=zeros lets others through",
                     sml__dataset_row_text(l->data, row).text, column->name,
                     name != NULL ? name : number, nearest != NULL ? "; did you mean '" : "",
                     nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "", list.text);
}

static sml_status fail_missing(const looking *l, size_t row, size_t c)
{
    return sml__fail(l->ctx, SML_BAD_DATA,
                     "%s, column '%s' has no value, and the model was trained with missing=refuse; "
                     "fill it",
                     sml__dataset_row_text(l->data, row).text,
                     sml__pipeline_label(l->pipeline, c).text);
}

static void note_unknown(const looking *l, size_t c, float cell)
{
    sml__unknown *first = l->unknown;
    const char *name = category_of(l, c, cell);
    copy_start(l->pipeline->schema->columns[c].name, first->column, sizeof first->column);
    if (name != NULL) {
        copy_start(name, first->category, sizeof first->category);
    } else {
        snprintf(first->category, sizeof first->category, "%.9g", (double)cell);
    }
}

/* ------------------------------------------------------------------------ All cells */

/* cells: those of the row, as the data has them. */
static sml_status check_row(const looking *l, size_t row, const float *cells)
{
    int has_unknown = 0;
    for (size_t c = 0; c < l->pipeline->n_raw; c++) {
        const float cell = cells[position_of(l, c)];
        if (isnan(cell)) {
            if (isnan(l->pipeline->columns[c].fill)) {
                return fail_missing(l, row, c);
            }
        } else if (is_categorical(l, c) && !is_known(l, c, cell)) {
            if (!takes_unknown(l)) {
                return fail_unknown(l, row, c, cell);
            }
            if (l->unknown != NULL && l->unknown->rows == 0 && !has_unknown) {
                note_unknown(l, c, cell);
            }
            has_unknown = 1;
        }
    }
    if (l->unknown != NULL) {
        l->unknown->rows += (uint64_t)has_unknown;
    }
    return SML_OK;
}

/* Whether a cell of some row can be refused, or counted. */
static int needs_a_look(const looking *l)
{
    int needed = 0;
    for (size_t c = 0; c < l->pipeline->n_raw; c++) {
        const int refuses_missing = isnan(l->pipeline->columns[c].fill) && l->data->schema != NULL;
        needed |=
            refuses_missing || (is_categorical(l, c) && (l->unknown != NULL || !takes_unknown(l)));
    }
    return needed;
}

sml_status sml__pipeline_check(sml_ctx *ctx, const sml__pipeline *pipeline, const sml_dataset *data,
                               const sml__binding *binding, sml__unknown *unknown)
{
    const looking l = {ctx, pipeline, data, binding, unknown};
    const size_t rows = data->view.rows, columns = data->view.columns;
    sml_status status = SML_OK;
    if (!needs_a_look(&l)) {
        return SML_OK;
    }
    float *piece = sml__alloc(ctx, columns, SML__ROWS_READ * sizeof(float), "rows of a table");
    if (piece == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t r = 0; r < rows && status == SML_OK; r++) {
        const size_t within = r % SML__ROWS_READ, left = rows - r;
        if (within == 0) {
            sml__dataset_gather(data, NULL, r, left < SML__ROWS_READ ? left : SML__ROWS_READ, piece,
                                columns);
        }
        status = check_row(&l, r, piece + within * columns);
    }
    sml__free(piece);
    return status;
}
