/* What a view must fulfil before it becomes a data set. Rows and columns in messages count from 0,
 * as they do in the API. */
#include "data/dataset.h"

#include "base/context.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>

/* Class and target counts beyond this are a mistake in the data, not a task. */
enum { OUTPUTS_MAX = 1 << 24 };

enum { CHECKED_AT_ONCE = 1 << 18 }; /* values of a store, about */

static const float SOFT_LABEL_TOLERANCE = 1e-4f;

static void fill_defaults(sml_data_view *view, const sml__store *store)
{
    const int is_stored = store != NULL && !sml__element_is_byte(store->element);
    if (view->name == NULL) {
        view->name = "memory";
    }
    if (view->row_stride == 0 || view->row_starts != NULL) {
        view->row_stride = view->columns;
    }
    if (view->features != NULL || view->row_starts != NULL || is_stored) {
        view->scale = 1.0f;
    } else if (view->scale == 0.0f) {
        view->scale = 1.0f / 255.0f;
    }
    if (view->task == SML_TASK_NONE && view->labels != NULL) {
        view->task = SML_TASK_CLASSIFICATION;
    }
}

static sml_status check_pointers(sml_ctx *ctx, const sml_data_view *view, int is_stored)
{
    const int forms = (view->features != NULL) + (view->bytes != NULL) + (view->row_starts != NULL);
    if (forms != (is_stored ? 0 : 1)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: set exactly one of features and bytes, or row_starts for compressed "
                         "rows; %d are set",
                         view->name, forms);
    }
    if ((view->row_starts != NULL) != (view->column_indices != NULL) ||
        (view->row_starts != NULL) != (view->values != NULL)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: compressed rows need row_starts, column_indices and values together",
                         view->name);
    }
    if (view->labels != NULL && view->targets != NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: set at most one of labels and targets",
                         view->name);
    }
    if (!(view->scale > 0.0f) || !isfinite(view->scale)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: scale is %g; it must be finite and above 0",
                         view->name, (double)view->scale);
    }
    return SML_OK;
}

/* Every index that the readers of the data set compute must fit: (rows · stride) floats for the
 * features, (rows · outputs) floats for the targets, 32 bits for a row's number. */
static sml_status check_sizes(sml_ctx *ctx, const sml_data_view *view)
{
    size_t elements = 0, bytes = 0;
    if (view->rows == 0 || view->columns == 0) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu rows of %zu columns; at least 1 of each",
                         view->name, view->rows, view->columns);
    }
    if (view->rows > UINT32_MAX) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu rows; at most %u are supported", view->name,
                         view->rows, UINT32_MAX);
    }
    if (view->row_starts != NULL && view->columns > UINT32_MAX) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu columns; compressed rows have at most %u",
                         view->name, view->columns, UINT32_MAX);
    }
    if (view->row_stride < view->columns) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: row_stride %zu is below the %zu columns",
                         view->name, view->row_stride, view->columns);
    }
    const size_t rows = view->row_starts != NULL ? 1 : view->rows; /* the zeros lie nowhere */
    if (!sml__multiply(rows, view->row_stride, &elements) ||
        !sml__multiply(elements, sizeof(float), &bytes) ||
        !sml__multiply(view->rows, view->outputs, &elements) ||
        !sml__multiply(elements, sizeof(float), &bytes)) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu rows of %zu elements overflow the memory",
                         view->name, view->rows, view->row_stride);
    }
    return SML_OK;
}

static sml_status check_picture(sml_ctx *ctx, const sml_data_view *view)
{
    size_t pixels = 0;
    if (view->height == 0 && view->width == 0) {
        return SML_OK;
    }
    if (!sml__multiply(view->height, view->width, &pixels) || pixels != view->columns) {
        return sml__fail(ctx, SML_BAD_SHAPE,
                         "%s: pictures of %zu × %zu do not fit %zu columns; set height and width "
                         "to 0 where rows are not pictures",
                         view->name, view->height, view->width, view->columns);
    }
    return SML_OK;
}

static sml_status check_task(sml_ctx *ctx, const sml_data_view *view)
{
    const char *name = view->name, *task = sml_task_name(view->task);
    int has_targets = view->labels != NULL || view->targets != NULL;
    if (view->task == SML_TASK_NONE && (has_targets || view->outputs != 0)) {
        return sml__fail(ctx, SML_BAD_SHAPE,
                         "%s: targets or outputs, but no task; set task, or leave them 0", name);
    }
    if (view->task == SML_TASK_NONE) {
        return SML_OK;
    }
    if (!has_targets) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %s needs labels or targets", name, task);
    }
    if (view->labels != NULL && view->task != SML_TASK_CLASSIFICATION) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %s takes targets, not labels", name, task);
    }
    if (view->outputs == 0 || view->outputs > OUTPUTS_MAX) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu outputs; %s needs 1…%d", name, view->outputs,
                         task, OUTPUTS_MAX);
    }
    return SML_OK;
}

/* What a number is that is not finite. Readers of larger numbers leave float32 infinite. */
static const char *kind_of(float x)
{
    return isnan(x) ? "nan" : "infinite or beyond float32 (±3.4e38)";
}

/* The position of the first of x[n] that is NaN or infinite; n when there is none. */
static size_t first_not_finite(const float *x, size_t n)
{
    int bad = 0;
    for (size_t i = 0; i < n; i++) { /* without an exit, so that it vectorises */
        bad |= !isfinite(x[i]);
    }
    size_t at = 0;
    while (bad && isfinite(x[at])) {
        at++;
    }
    return bad ? at : n;
}

static sml_status fail_number(sml_ctx *ctx, const sml_data_view *view, size_t row, size_t column,
                              float x)
{
    return sml__fail(ctx, SML_BAD_DATA,
                     "%s: row %zu, column %zu (counted from 0) is %s; replace it by a number or "
                     "leave the row out",
                     view->name, row, column, kind_of(x));
}

/* Missing cells are NaN; they are legal in a table. */
static sml_status check_features(sml_ctx *ctx, const sml_data_view *view, int is_table)
{
    for (size_t r = 0; view->features != NULL && r < view->rows; r++) {
        const float *row = view->features + r * view->row_stride;
        size_t c = first_not_finite(row, view->columns);
        while (is_table && c < view->columns && !isinf(row[c])) {
            c++;
        }
        if (c < view->columns) {
            return fail_number(ctx, view, r, c, row[c]);
        }
    }
    return SML_OK;
}

/* The same for rows in a file, in pieces of about a MiB. The readers of tables check their own. */
static sml_status check_stored(sml_ctx *ctx, const sml_data_view *view, sml__store *store)
{
    const size_t columns = view->columns, fit = CHECKED_AT_ONCE / columns + 1;
    float *piece = sml__alloc(ctx, fit * columns, sizeof *piece, "rows to check");
    sml_status status = piece != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t r = 0; r < view->rows && status == SML_OK; r += fit) {
        const size_t n = (view->rows - r < fit ? view->rows - r : fit) * columns;
        sml__store_floats(store, store->begin + r * store->row_bytes, n, 1.0f, piece);
        const size_t at = first_not_finite(piece, n);
        status = at < n ? fail_number(ctx, view, r + at / columns, at % columns, piece[at])
                        : sml__store_status(ctx, store);
    }
    sml__free(piece);
    return status;
}

/* One row of a store as it is now; its place in the file is told, since parts have other numbers.
 */
static sml_status recheck_row(sml_ctx *ctx, const sml_dataset *data, uint64_t at)
{
    enum { PIECE = 1024 };
    float piece[PIECE];
    const size_t columns = data->view.columns, size = data->store->element.size;
    for (size_t c = 0; c < columns; c += PIECE) {
        const size_t n = columns - c < PIECE ? columns - c : PIECE;
        sml__store_floats(data->store, at + c * size, n, 1.0f, piece);
        const size_t bad = first_not_finite(piece, n);
        if (bad < n) {
            return sml__fail(
                ctx, SML_IO,
                "%s: row %llu, column %zu (counted from 0) has become %s since the "
                "file was opened; do not change a file while it is read",
                data->store->path,
                (unsigned long long)((at - data->store->begin) / data->store->row_bytes), c + bad,
                kind_of(piece[bad]));
        }
    }
    return SML_OK;
}

sml_status sml__dataset_recheck(sml_ctx *ctx, const sml_dataset *data)
{
    const sml_dataset *root = data->raw != NULL ? data->raw : data;
    const sml__store *store = root->store;
    sml_status status = SML_OK;
    if (store == NULL || root->schema != NULL || sml__element_is_byte(store->element)) {
        return SML_OK;
    }
    for (size_t r = 0; r < root->view.rows && status == SML_OK; r++) {
        const uint64_t place = root->selection != NULL ? root->selection[r] : r;
        status = recheck_row(ctx, root, root->store_at + place * store->row_bytes);
    }
    return status;
}

/* The entries of one compressed row, columns upwards. */
static sml_status check_entries(sml_ctx *ctx, const sml_data_view *view, size_t r)
{
    const size_t begin = view->row_starts[r];
    for (size_t i = begin; i < view->row_starts[r + 1]; i++) {
        const uint32_t column = view->column_indices[i];
        if (column >= view->columns) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: row %zu (counted from 0) has column %u; with %zu columns they "
                             "are 0…%zu",
                             view->name, r, column, view->columns, view->columns - 1);
        }
        if (i > begin && column <= view->column_indices[i - 1]) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: row %zu (counted from 0) has column %u after column %u; sort the "
                             "columns of a row upwards, each once",
                             view->name, r, column, view->column_indices[i - 1]);
        }
        if (!isfinite(view->values[i])) {
            return fail_number(ctx, view, r, column, view->values[i]);
        }
    }
    return SML_OK;
}

static sml_status check_compressed(sml_ctx *ctx, const sml_data_view *view)
{
    sml_status status = SML_OK;
    if (view->row_starts != NULL && view->row_starts[0] != 0) {
        return sml__fail(ctx, SML_BAD_DATA, "%s: row_starts[0] is %zu; the first row begins at 0",
                         view->name, view->row_starts[0]);
    }
    for (size_t r = 0; view->row_starts != NULL && r < view->rows && status == SML_OK; r++) {
        if (view->row_starts[r + 1] < view->row_starts[r]) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: row %zu (counted from 0) begins at entry %zu and ends at %zu; "
                             "row_starts must not fall",
                             view->name, r, view->row_starts[r], view->row_starts[r + 1]);
        }
        status = check_entries(ctx, view, r);
    }
    return status;
}

static sml_status check_weights(sml_ctx *ctx, const sml_data_view *view)
{
    double sum = 0;
    for (size_t r = 0; view->weights != NULL && r < view->rows; r++) {
        if (!(view->weights[r] >= 0) || isinf(view->weights[r])) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: the weight of row %zu (counted from 0) is %g; a weight is finite "
                             "and at least 0",
                             view->name, r, (double)view->weights[r]);
        }
        sum += (double)view->weights[r];
    }
    if (view->weights != NULL && sum == 0) {
        return sml__fail(ctx, SML_BAD_DATA, "%s: all weights are 0: no row would count",
                         view->name);
    }
    return SML_OK;
}

static sml_status check_labels(sml_ctx *ctx, const sml_data_view *view)
{
    for (size_t r = 0; view->labels != NULL && r < view->rows; r++) {
        int32_t label = view->labels[r];
        if (label < 0 || (size_t)label >= view->outputs) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: row %zu (counted from 0) has label %d; with %zu classes labels "
                             "are 0…%zu",
                             view->name, r, label, view->outputs, view->outputs - 1);
        }
    }
    return SML_OK;
}

/* A row of soft labels is a distribution: every p ≥ 0, Σ p = 1. */
static sml_status check_distribution(sml_ctx *ctx, const sml_data_view *view, size_t r)
{
    const float *row = view->targets + r * view->outputs;
    double sum = 0.0;
    for (size_t j = 0; j < view->outputs; j++) {
        if (row[j] < 0.0f) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: soft label of row %zu, class %zu is %g; a probability is at "
                             "least 0",
                             view->name, r, j, (double)row[j]);
        }
        sum += (double)row[j];
    }
    if (fabs(sum - 1.0) > (double)SOFT_LABEL_TOLERANCE) {
        return sml__fail(ctx, SML_BAD_DATA,
                         "%s: soft labels of row %zu sum to %.6g; they must sum to 1 (divide each "
                         "by the sum)",
                         view->name, r, sum);
    }
    return SML_OK;
}

static sml_status check_yes_no(sml_ctx *ctx, const sml_data_view *view, size_t r)
{
    const float *row = view->targets + r * view->outputs;
    for (size_t j = 0; j < view->outputs; j++) {
        if (row[j] < 0.0f || row[j] > 1.0f) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: target of row %zu, label %zu is %g; multilabel targets lie in "
                             "0…1",
                             view->name, r, j, (double)row[j]);
        }
    }
    return SML_OK;
}

static sml_status check_targets(sml_ctx *ctx, const sml_data_view *view)
{
    sml_status status = SML_OK;
    for (size_t r = 0; view->targets != NULL && r < view->rows && status == SML_OK; r++) {
        const float *row = view->targets + r * view->outputs;
        size_t j = first_not_finite(row, view->outputs);
        if (j < view->outputs) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: target %zu of row %zu (counted from 0) is %s; replace it by a "
                             "number or leave the row out",
                             view->name, j, r, kind_of(row[j]));
        }
        if (view->task == SML_TASK_CLASSIFICATION) {
            status = check_distribution(ctx, view, r);
        } else if (view->task == SML_TASK_MULTILABEL) {
            status = check_yes_no(ctx, view, r);
        }
    }
    return status;
}

sml_status sml__view_check(sml_ctx *ctx, sml_data_view *view, const sml_schema *schema,
                           sml__store *store)
{
    typedef sml_status check(sml_ctx *, const sml_data_view *);
    static check *const shapes[] = {check_sizes, check_picture, check_task};
    static check *const values[] = {check_compressed, check_labels, check_targets, check_weights};
    fill_defaults(view, store);
    sml_status status = check_pointers(ctx, view, store != NULL);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && status == SML_OK; i++) {
        status = shapes[i](ctx, view);
    }
    assert(status != SML_OK || schema == NULL || schema->n == view->columns);
    if (status == SML_OK) {
        status = check_features(ctx, view, schema != NULL);
    }
    if (status == SML_OK && store != NULL && store->element.kind == 'f' && schema == NULL) {
        status = check_stored(ctx, view, store);
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0] && status == SML_OK; i++) {
        status = values[i](ctx, view);
    }
    return status;
}
