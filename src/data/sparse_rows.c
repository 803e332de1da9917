#include "data/sparse_rows.h"

#include "data/rows.h"

/* Below this share of non-zeros the sparse products are faster than the dense one: they do 80 to 90
 * GFLOP/s on non-zeros where that does 220 to 230, docs/performance.md. */
static const double SPARSE_DENSITY = 0.35;

/* One row in so many is asked: at least the first of each block of an inference. */
enum { ROWS_ASKED = 64 };

enum { PIECE = 4096 }; /* bytes of a stored row that are read at once */

sml__sparse sml__sparse_view(const sml_dataset *data, size_t place, float *values)
{
    const sml_data_view *view = &data->view;
    const size_t at = place * view->row_stride;
    const sml__sparse rows = {
        .columns = view->columns,
        .stride = view->row_stride,
        .bytes = view->bytes != NULL ? view->bytes + at : NULL,
        .values = values,
        .floats = view->bytes == NULL ? view->features + at : NULL,
    };
    for (int b = 0; view->bytes != NULL && b < 256; b++) {
        values[b] = (float)b * view->scale;
    }
    return rows;
}

int sml__is_staged(const sml_dataset *data)
{
    return data->store != NULL && data->pipeline == NULL &&
           sml__element_is_byte(data->store->element);
}

sml__sparse sml__sparse_staged(const sml_dataset *data, const void *rows, size_t stride,
                               float *values)
{
    for (int b = 0; b < 256; b++) {
        values[b] = (float)b * data->view.scale;
    }
    return (sml__sparse){
        .columns = data->view.columns, .stride = stride, .bytes = rows, .values = values};
}

static size_t non_zero_bytes(const uint8_t *row, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += row[i] != 0;
    }
    return count;
}

static size_t non_zero_floats(const float *row, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += row[i] != 0;
    }
    return count;
}

static size_t non_zeros_stored(const sml_dataset *data, size_t place)
{
    const uint64_t at = data->store_at + place * data->store->row_bytes;
    uint8_t piece[PIECE];
    size_t count = 0;
    for (size_t c = 0; c < data->view.columns; c += PIECE) {
        const size_t left = data->view.columns - c, n = left < PIECE ? left : PIECE;
        sml__store_read(data->store, at + c, piece, n);
        count += non_zero_bytes(piece, n);
    }
    return count;
}

static size_t non_zeros(const sml_dataset *data, size_t place)
{
    const sml_data_view *view = &data->view;
    if (data->store != NULL) {
        return non_zeros_stored(data, place);
    }
    const size_t at = place * view->row_stride;
    return view->bytes != NULL ? non_zero_bytes(view->bytes + at, view->columns)
                               : non_zero_floats(view->features + at, view->columns);
}

int sml__is_sparse(const sml_dataset *data, size_t first, size_t count)
{
    size_t found = 0, asked = 0;
    const int lie_there = data->view.bytes != NULL || data->view.features != NULL;
    if ((!lie_there && !sml__is_staged(data)) || data->view.columns > SML__SPARSE_COLUMNS_MAX) {
        return 0;
    }
    for (size_t r = 0; r < count; r += ROWS_ASKED) {
        found += non_zeros(data, sml__dataset_place(data, first + r));
        asked += data->view.columns;
    }
    return (double)found <= SPARSE_DENSITY * (double)asked;
}

sml__csr_extent sml__csr_extent_of(const sml_dataset *data)
{
    const sml_data_view *view = &data->view;
    sml__csr_extent extent = {.density = 1.0};
    if (view->row_starts == NULL) {
        return extent;
    }
    for (size_t r = 0; r < view->rows; r++) {
        const size_t *start = view->row_starts + sml__dataset_place(data, r);
        const size_t entries = start[1] - start[0];
        extent.entries += entries;
        extent.longest = entries > extent.longest ? entries : extent.longest;
    }
    extent.density = (double)extent.entries / ((double)view->rows * (double)view->columns);
    extent.is_sparse = extent.density <= SPARSE_DENSITY;
    return extent;
}

sml__csr sml__csr_view(const sml_dataset *data, size_t place)
{
    const sml_data_view *view = &data->view;
    const sml__csr rows = {view->row_starts + place, view->column_indices, view->values};
    return rows;
}
