#include "data/rows.h"

#include "data/prepare/pipeline.h"
#include "data/prepare/targets.h"
#include "math/kernels.h"

#include <stdio.h>
#include <string.h>

enum {
    CACHE_LINE = 64,
    FETCHED = 4096, /* bytes of a row: eight of them fit L1, and the hardware sees the rest come */
    ROWS_AHEAD = 8  /* in a batch: the time of some copies covers that of a fetch from memory */
};

sml__row_text sml__dataset_row_text(const sml_dataset *data, size_t row)
{
    sml__row_text out;
    const size_t in_file = sml__dataset_row_of_file(data, row);
    const size_t line = sml__line_of(data->schema, in_file);
    if (line > 0) {
        snprintf(out.text, sizeof out.text, "%s:%zu: row %zu (counted from 0)", data->name, line,
                 in_file);
    } else {
        snprintf(out.text, sizeof out.text, "%s: row %zu (counted from 0)", data->name, in_file);
    }
    return out;
}

void sml__dataset_map_order(const sml_dataset *data, uint32_t *order, size_t n)
{
    for (size_t i = 0; data->selection != NULL && i < n; i++) {
        order[i] = data->selection[order[i]];
    }
}

static void copy_features(const sml_data_view *view, sml__widen_kernel *widen, size_t place,
                          float *out)
{
    const size_t start = place * view->row_stride;
    if (view->features != NULL) {
        memcpy(out, view->features + start, view->columns * sizeof *out);
    } else {
        widen(view->bytes + start, view->columns, view->scale, out);
    }
}

/* A compressed row, with its zeros. */
static void scatter_features(const sml_data_view *view, size_t place, float *out)
{
    memset(out, 0, view->columns * sizeof *out);
    for (size_t i = view->row_starts[place]; i < view->row_starts[place + 1]; i++) {
        out[view->column_indices[i]] = view->values[i];
    }
}

void sml_dataset_features(const sml_dataset *data, size_t row, float *out)
{
    sml__dataset_gather(data, NULL, row, 1, out, data->view.columns);
}

/* Fetches a row that comes soon: the order is shuffled, so no hardware foresees it. */
static void prefetch_row(const sml_data_view *view, size_t place)
{
    const size_t size = view->bytes != NULL ? 1 : sizeof(float);
    const char *begin =
        view->bytes != NULL ? (const char *)view->bytes : (const char *)view->features;
    const char *at = begin + place * view->row_stride * size;
    const size_t length = view->columns * size < FETCHED ? view->columns * size : FETCHED;
    for (size_t i = 0; i < length; i += CACHE_LINE) {
        __builtin_prefetch(at + i);
    }
}

static void gather_compressed(const sml_data_view *view, const uint32_t *order, size_t first,
                              size_t n, float *out, size_t stride)
{
    for (size_t i = 0; i < n; i++) {
        scatter_features(view, order != NULL ? order[i] : first + i, out + i * stride);
    }
}

/* Rows that lie close to one another are read together. */
static void gather_stored(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                          float *out, size_t stride)
{
    sml__store *store = data->store;
    const size_t columns = data->view.columns, row_bytes = store->row_bytes;
    const float scale = data->view.scale;
    unsigned char span[SML__SPAN];
    for (size_t i = 0, run = 1; i < n; i += run) {
        const uint32_t *places = order != NULL ? order + i : NULL;
        const uint64_t begin = order != NULL ? order[i] : first + i;
        const uint64_t at = data->store_at + begin * row_bytes;
        run = n - i > 1 ? sml__store_run(store, places, n - i) : 1;
        if (run == 1) {
            sml__store_floats(store, at, columns, scale, out + i * stride);
            continue;
        }
        const size_t skipped = places != NULL ? places[run - 1] - places[0] : run - 1;
        sml__store_read(store, at, span, (skipped + 1) * row_bytes);
        for (size_t r = 0; r < run; r++) {
            const size_t within = places != NULL ? places[r] - places[0] : r;
            sml__store_convert(store, span + within * row_bytes, columns, scale,
                               out + (i + r) * stride);
        }
    }
}

void sml__dataset_gather_bytes(const sml_dataset *data, const uint32_t *order, size_t first,
                               size_t n, uint8_t *out, size_t stride)
{
    if (order == NULL && data->selection != NULL) {
        order = data->selection + first;
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t place = order != NULL ? order[i] : first + i;
        sml__store_read(data->store, data->store_at + place * data->store->row_bytes,
                        out + i * stride, data->view.columns);
    }
}

void sml__dataset_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                         float *out, size_t stride)
{
    if (data->pipeline != NULL) {
        sml__prepared_gather(data, order, first, n, out, stride);
        return;
    }
    sml__widen_kernel *widen = sml__kernels_for(sml__isa_best())->widen;
    if (order == NULL && data->selection != NULL) {
        order = data->selection + first;
    }
    if (data->store != NULL) {
        gather_stored(data, order, first, n, out, stride);
        return;
    }
    if (data->view.row_starts != NULL) {
        gather_compressed(&data->view, order, first, n, out, stride);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (order != NULL && i + ROWS_AHEAD < n) {
            prefetch_row(&data->view, order[i + ROWS_AHEAD]);
        }
        copy_features(&data->view, widen, order != NULL ? order[i] : first + i, out + i * stride);
    }
}

void sml__dataset_targets_at(const sml_dataset *data, size_t place, float *out)
{
    const sml_data_view *view = &data->view;
    if (view->labels != NULL) {
        memset(out, 0, view->outputs * sizeof *out);
        out[view->labels[place]] = 1.0f;
    } else if (view->targets != NULL) {
        memcpy(out, view->targets + place * view->outputs, view->outputs * sizeof *out);
        if (data->target_scaling != NULL) {
            sml__targets_scale(data->target_scaling, out);
        }
    }
}

void sml_dataset_targets(const sml_dataset *data, size_t row, float *out)
{
    sml__dataset_targets_at(data, sml__dataset_place(data, row), out);
}

int32_t sml__dataset_label_at(const sml_dataset *data, size_t place)
{
    const sml_data_view *view = &data->view;
    if (view->task != SML_TASK_CLASSIFICATION) {
        return -1;
    }
    if (view->labels != NULL) {
        return view->labels[place];
    }
    const float *soft = view->targets + place * view->outputs;
    size_t best = 0;
    for (size_t j = 1; j < view->outputs; j++) {
        best = soft[j] > soft[best] ? j : best;
    }
    return (int32_t)best;
}

int32_t sml_dataset_label(const sml_dataset *data, size_t row)
{
    return sml__dataset_label_at(data, sml__dataset_place(data, row));
}

float sml__dataset_weight_at(const sml_dataset *data, size_t place)
{
    return data->view.weights != NULL ? data->view.weights[place] : 1.0f;
}

float sml_dataset_weight(const sml_dataset *data, size_t row)
{
    return sml__dataset_weight_at(data, sml__dataset_place(data, row));
}

sml__cells sml__dataset_cells(const sml_dataset *data, size_t place, float *scratch)
{
    const sml_data_view *view = &data->view;
    if (view->row_starts != NULL) {
        const size_t begin = view->row_starts[place];
        return (sml__cells){view->values + begin, view->column_indices + begin,
                            view->row_starts[place + 1] - begin};
    }
    if (view->features != NULL) {
        return (sml__cells){view->features + place * view->row_stride, NULL, view->columns};
    }
    const uint32_t order[] = {(uint32_t)place};
    sml__dataset_gather(data, order, 0, 1, scratch, view->columns);
    return (sml__cells){scratch, NULL, view->columns};
}

/* By halving, since the columns of a compressed row ascend. */
static float find_value(const sml_data_view *view, size_t place, size_t column)
{
    size_t begin = view->row_starts[place], end = view->row_starts[place + 1];
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        if (view->column_indices[middle] == column) {
            return view->values[middle];
        }
        if (view->column_indices[middle] < column) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return 0.0f;
}

float sml__dataset_value(const sml_dataset *data, size_t place, size_t column)
{
    const sml_data_view *view = &data->view;
    const size_t at = place * view->row_stride + column;
    if (data->store != NULL) {
        float value;
        sml__store_floats(data->store,
                          data->store_at + place * data->store->row_bytes +
                              column * data->store->element.size,
                          1, view->scale, &value);
        return value;
    }
    return view->row_starts != NULL ? find_value(view, place, column)
           : view->bytes != NULL    ? (float)view->bytes[at] * view->scale
                                    : view->features[at];
}
