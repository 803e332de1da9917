/* Making data sets, and reading them row by row. */
#include "data/dataset.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "math/kernels.h"

#include <stdio.h>
#include <string.h>

enum {
    CACHE_LINE = 64,
    FETCHED = 4096, /* bytes of a row: eight of them fit L1, and the hardware sees the rest come */
    ROWS_AHEAD = 8  /* in a batch: the time of some copies covers that of a fetch from memory */
};

const char *sml_task_name(sml_task task)
{
    static const char *const names[] = {"none", "classification", "multilabel", "regression"};
    size_t n = sizeof names / sizeof names[0];
    return (size_t)task < n ? names[task] : "unknown";
}

/* Names in one block: first the n pointers, then the texts they point to. */
static char **copy_names(sml_ctx *ctx, const char *const *names, size_t n)
{
    size_t bytes = n * sizeof(char *);
    for (size_t i = 0; i < n; i++) {
        bytes += strlen(names[i]) + 1;
    }
    char **copies = sml__alloc(ctx, bytes, 1, "class names");
    if (copies == NULL) {
        return NULL;
    }
    char *text = (char *)(copies + n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]) + 1;
        copies[i] = memcpy(text, names[i], length);
        text += length;
    }
    return copies;
}

static sml_status name_outputs(sml_ctx *ctx, sml_dataset *data)
{
    sml_data_view *view = &data->view;
    if (view->class_names != NULL && view->outputs > 0) {
        data->class_names = copy_names(ctx, view->class_names, view->outputs);
        view->class_names = (const char *const *)data->class_names;
        return data->class_names != NULL ? SML_OK : SML_NO_MEMORY;
    }
    data->number_names = sml__alloc(ctx, view->outputs, sizeof *data->number_names, "class names");
    if (data->number_names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < view->outputs; i++) {
        snprintf(data->number_names[i], sizeof data->number_names[i], "%u", (unsigned)i);
    }
    return SML_OK;
}

/* Copies the name, cut at a whole UTF-8 character where it is too long. */
static void set_name(sml_dataset *data, const char *name)
{
    size_t length = strlen(name);
    if (length >= sizeof data->name) {
        length = sizeof data->name - 1;
        while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(data->name, name, length);
    data->name[length] = '\0';
    data->view.name = data->name;
}

sml_status sml_dataset_from_memory(sml_ctx *ctx, const sml_data_view *view, sml_dataset **out)
{
    *out = NULL;
    sml_data_view checked = *view;
    sml_status status = sml__view_check(ctx, &checked);
    if (status != SML_OK) {
        return status;
    }
    sml_dataset *data = sml__alloc(ctx, 1, sizeof *data, "a data set");
    if (data == NULL) {
        return SML_NO_MEMORY;
    }
    data->view = checked;
    set_name(data, checked.name);
    status = name_outputs(ctx, data);
    if (status != SML_OK) {
        sml_dataset_free(data);
        return status;
    }
    *out = data;
    return SML_OK;
}

sml_status sml__dataset_adopt(sml_ctx *ctx, const sml_data_view *view, void *features,
                              void *targets, sml_dataset **out)
{
    sml_status status = sml_dataset_from_memory(ctx, view, out);
    if (status != SML_OK) {
        sml__free(features);
        sml__free(targets);
        return status;
    }
    (*out)->owned_features = features;
    (*out)->owned_targets = targets;
    return SML_OK;
}

void sml__dataset_set_schema(sml_dataset *data, sml_schema *schema)
{
    data->owned_schema = schema;
    data->schema = schema;
}

void sml__dataset_set_split(sml_dataset *data, const char *split)
{
    snprintf(data->split, sizeof data->split, "%s", split);
}

/* Moves the start of a view down by some rows. */
static void advance(sml_data_view *view, size_t rows)
{
    if (view->features != NULL) {
        view->features += rows * view->row_stride;
    }
    if (view->bytes != NULL) {
        view->bytes += rows * view->row_stride;
    }
    if (view->labels != NULL) {
        view->labels += rows;
    }
    if (view->targets != NULL) {
        view->targets += rows * view->outputs;
    }
}

sml_status sml_dataset_rows(sml_ctx *ctx, const sml_dataset *data, size_t first, size_t count,
                            sml_dataset **out)
{
    *out = NULL;
    const sml_data_view *all = &data->view;
    if (count == 0 || first >= all->rows || count > all->rows - first) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: %zu rows from row %zu were asked for; it has rows 0…%zu", data->name,
                         count, first, all->rows - 1);
    }
    sml_dataset *window = sml__alloc(ctx, 1, sizeof *window, "a window on a data set");
    if (window == NULL) {
        return SML_NO_MEMORY;
    }
    *window = *data;
    window->owned_features = NULL;
    window->owned_targets = NULL;
    window->owned_schema = NULL;
    window->borrows_names = 1;
    window->view.name = window->name;
    window->view.rows = count;
    advance(&window->view, first);
    *out = window;
    return SML_OK;
}

void sml_dataset_free(sml_dataset *data)
{
    if (data == NULL) {
        return;
    }
    if (!data->borrows_names) {
        sml__free(data->class_names);
        sml__free(data->number_names);
    }
    sml__free(data->owned_features);
    sml__free(data->owned_targets);
    sml__schema_free(data->owned_schema);
    sml__free(data);
}

void sml_dataset_describe(const sml_dataset *data, sml_dataset_facts *facts)
{
    *facts = (sml_dataset_facts){
        .name = data->name,
        .split = data->split,
        .task = data->view.task,
        .rows = data->view.rows,
        .columns = data->view.columns,
        .outputs = data->view.outputs,
        .height = data->view.height,
        .width = data->view.width,
        .stored_as_bytes = data->view.bytes != NULL,
        .scale = data->view.scale,
    };
}

const char *sml_dataset_class_name(const sml_dataset *data, size_t class_index)
{
    if (class_index >= data->view.outputs) {
        return "";
    }
    return data->class_names != NULL ? data->class_names[class_index]
                                     : data->number_names[class_index];
}

static void copy_features(const sml_data_view *view, sml__widen_kernel *widen, size_t row,
                          float *out)
{
    const size_t start = row * view->row_stride;
    if (view->bytes != NULL) {
        widen(view->bytes + start, view->columns, view->scale, out);
    } else {
        memcpy(out, view->features + start, view->columns * sizeof *out);
    }
}

void sml_dataset_features(const sml_dataset *data, size_t row, float *out)
{
    copy_features(&data->view, sml__kernels_for(sml__isa_best())->widen, row, out);
}

/* Fetches a row that comes soon: the order is shuffled, so no hardware foresees it. */
static void prefetch_row(const sml_data_view *view, size_t row)
{
    const size_t size = view->bytes != NULL ? 1 : sizeof(float);
    const char *begin =
        view->bytes != NULL ? (const char *)view->bytes : (const char *)view->features;
    const char *at = begin + row * view->row_stride * size;
    const size_t length = view->columns * size < FETCHED ? view->columns * size : FETCHED;
    for (size_t i = 0; i < length; i += CACHE_LINE) {
        __builtin_prefetch(at + i);
    }
}

void sml__dataset_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                         float *out, size_t stride)
{
    sml__widen_kernel *widen = sml__kernels_for(sml__isa_best())->widen;
    for (size_t i = 0; i < n; i++) {
        if (order != NULL && i + ROWS_AHEAD < n) {
            prefetch_row(&data->view, order[i + ROWS_AHEAD]);
        }
        copy_features(&data->view, widen, order != NULL ? order[i] : first + i, out + i * stride);
    }
}

void sml_dataset_targets(const sml_dataset *data, size_t row, float *out)
{
    const sml_data_view *view = &data->view;
    if (view->labels != NULL) {
        memset(out, 0, view->outputs * sizeof *out);
        out[view->labels[row]] = 1.0f;
    } else if (view->targets != NULL) {
        memcpy(out, view->targets + row * view->outputs, view->outputs * sizeof *out);
    }
}

int32_t sml_dataset_label(const sml_dataset *data, size_t row)
{
    const sml_data_view *view = &data->view;
    if (view->task != SML_TASK_CLASSIFICATION) {
        return -1;
    }
    if (view->labels != NULL) {
        return view->labels[row];
    }
    const float *soft = view->targets + row * view->outputs;
    size_t best = 0;
    for (size_t j = 1; j < view->outputs; j++) {
        best = soft[j] > soft[best] ? j : best;
    }
    return (int32_t)best;
}

/* The digest is of: the text "scratchml data 1\n", then as little-endian u64 rows, columns,
 * outputs, height, width, task, 1 for bytes or 0 for float32, 1 for labels, 2 for targets or 0 for
 * neither; the scale as float32; the features row by row without the gaps of a stride; the labels
 * as int32 or the targets as float32. Numbers go in as they lie in memory: a little-endian host is
 * assumed. */
static void hash_shape(sml__sha256 *state, const sml_data_view *view)
{
    static const char magic[] = "scratchml data 1\n";
    const uint64_t shape[] = {
        view->rows,          view->columns,
        view->outputs,       view->height,
        view->width,         (uint64_t)view->task,
        view->bytes != NULL, view->labels != NULL ? 1 : (view->targets != NULL ? 2 : 0),
    };
    sha256_update(state, sizeof magic - 1, (const uint8_t *)magic);
    sha256_update(state, sizeof shape, (const uint8_t *)shape);
    sha256_update(state, sizeof view->scale, (const uint8_t *)&view->scale);
}

sml_status sml_dataset_sha256(sml_ctx *ctx, const sml_dataset *data, char out[65])
{
    (void)ctx; /* nothing here fails today; digests of streamed data will */
    const sml_data_view *view = &data->view;
    size_t size = view->bytes != NULL ? 1 : sizeof(float);
    const uint8_t *features = view->bytes != NULL ? view->bytes : (const uint8_t *)view->features;
    sml__sha256 state;
    sha256_init(&state);
    hash_shape(&state, view);
    for (size_t r = 0; r < view->rows; r++) {
        sha256_update(&state, view->columns * size, features + r * view->row_stride * size);
    }
    if (view->labels != NULL) {
        sha256_update(&state, view->rows * sizeof(int32_t), (const uint8_t *)view->labels);
    } else if (view->targets != NULL) {
        sha256_update(&state, view->rows * view->outputs * sizeof(float),
                      (const uint8_t *)view->targets);
    }
    sml__sha256_hex(&state, out);
    return SML_OK;
}
