/* Data sets of arrays: one of features, and one of targets beside it. */
#include "data/readers/npy.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/readers/classes.h"

#include <string.h>

/* What a data set is put together from; the three arrays are freed at the end. */
typedef struct assembly {
    sml_ctx *ctx;
    const sml_data_options *options;
    sml__array *features, *targets, *class_source;
    sml__classes classes;
    sml_data_view view;
    sml__store *store; /* NULL: the features are in memory */
    void *owned_features, *owned_targets;
} assembly;

/* Rows, columns and picture size by the shape. */
static sml_status set_shape(assembly *a)
{
    const sml__npy *npy = &a->features->npy;
    const size_t *shape = npy->shape;
    a->view.rows = shape[0];
    a->view.columns = npy->count / shape[0];
    if (npy->rank == 1) {
        return sml__fail(a->ctx, SML_BAD_FILE,
                         "%s: an array of one dimension (%zu values) is neither one row nor one "
                         "column; say which: array.reshape(1, -1) or array.reshape(-1, 1)",
                         a->features->path, shape[0]);
    }
    if (npy->rank == 4 && shape[1] != 1 && shape[3] != 1) {
        return sml__fail(
            a->ctx, SML_BAD_FILE,
            "%s: pictures of shape (%zu, %zu, %zu); of four dimensions one must be a "
            "channel of 1. Make them gray, or give rows: array.reshape(len(array), -1)",
            a->features->path, shape[1], shape[2], shape[3]);
    }
    if (npy->rank >= 3) {
        const int channel_first = npy->rank == 4 && shape[3] != 1;
        a->view.height = shape[channel_first ? 2 : 1];
        a->view.width = shape[channel_first ? 3 : 2];
    }
    return SML_OK;
}

/* A size that was asked for must be that of the pictures: arrays are not resized. */
static sml_status check_size(const assembly *a)
{
    const sml_data_options *options = a->options;
    const int is_asked = a->view.height > 0 && options->height > 0 && options->width > 0;
    if (is_asked && (a->view.height != options->height || a->view.width != options->width)) {
        return sml__fail(a->ctx, SML_BAD_DATA,
                         "%s: pictures of %zu × %zu, expected %zu × %zu; arrays are not resized "
                         "here, resize them where they were made",
                         a->features->path, a->view.height, a->view.width, options->height,
                         options->width);
    }
    return SML_OK;
}

/* Rows in a file, bytes and float32 stay where they are; the rest is converted. */
static sml_status set_features(assembly *a)
{
    sml__array *array = a->features;
    const int is_picture = array->npy.element.kind == 'u' && array->npy.rank >= 3;
    if (sml__element_is_byte(array->npy.element)) {
        a->view.scale = is_picture ? 1.0f / 255.0f : 1.0f;
    }
    if (array->store != NULL) {
        a->store = array->store;
        array->store = NULL;
        return SML_OK;
    }
    sml_status status = sml__array_settle(a->ctx, array);
    if (status != SML_OK) {
        return status;
    }
    const unsigned char *values = array->bytes + array->npy.begin;
    if (sml__element_is_byte(array->npy.element)) {
        a->view.bytes = values;
    } else if (array->npy.element.size == 4 && array->npy.element.kind == 'f') {
        a->view.features = (const float *)(const void *)values;
    } else {
        float *floats = sml__alloc_to_fill(a->ctx, array->npy.count * sizeof(float), array->path);
        if (floats == NULL) {
            return SML_NO_MEMORY;
        }
        sml__array_to_floats(array, floats);
        a->view.features = floats;
        a->owned_features = floats;
        return SML_OK;
    }
    a->owned_features = array->bytes;
    array->bytes = NULL;
    return SML_OK;
}

/* All values of an array, for sml__free. */
static double *values_of(sml_ctx *ctx, const sml__array *array)
{
    double *values = sml__alloc(ctx, array->npy.count, sizeof *values, array->path);
    for (size_t i = 0; values != NULL && i < array->npy.count; i++) {
        values[i] = sml__array_value(array, i);
    }
    return values;
}

/* Labels of one column: numbered by the classes of class_source, or by their own. */
static sml_status set_labels(assembly *a)
{
    sml__array *source = a->class_source != NULL ? a->class_source : a->targets;
    int32_t *labels = NULL;
    sml_status status = sml__array_settle(a->ctx, source);
    double *known = status == SML_OK ? values_of(a->ctx, source) : NULL;
    double *values = known != NULL && source != a->targets ? values_of(a->ctx, a->targets) : known;
    status = status == SML_OK && values == NULL ? SML_NO_MEMORY : status;
    if (status == SML_OK) {
        status = sml__classes_find(a->ctx, source->path, known, source->npy.count, a->options,
                                   &a->classes);
    }
    if (status == SML_OK) {
        status = sml__classes_number(a->ctx, a->targets->path, &a->classes, values, a->view.rows,
                                     &labels);
    }
    sml__free(known != values ? known : NULL);
    sml__free(values);
    a->owned_targets = labels;
    a->view.labels = labels;
    a->view.outputs = a->classes.outputs;
    a->view.class_names = a->classes.names;
    return status;
}

static sml_status set_numbers(assembly *a, sml_task task)
{
    float *floats = sml__alloc(a->ctx, a->targets->npy.count, sizeof *floats, a->targets->path);
    if (floats == NULL) {
        return SML_NO_MEMORY;
    }
    sml__array_to_floats(a->targets, floats);
    a->owned_targets = floats;
    a->view.targets = floats;
    a->view.outputs = a->targets->npy.count / a->view.rows;
    a->view.task = task;
    return SML_OK;
}

/* What several columns of targets mean where nobody said it: whole numbers of 0 and 1 are yes and
 * no, and with one 1 in each row a class; all else are numbers to predict. */
static sml_task task_of_columns(const sml__array *targets)
{
    const size_t rows = targets->npy.shape[0], columns = targets->npy.count / rows;
    int is_one_hot = 1;
    if (targets->npy.element.kind == 'f') {
        return SML_TASK_REGRESSION;
    }
    for (size_t r = 0; r < rows; r++) {
        double ones = 0.0;
        for (size_t c = 0; c < columns; c++) {
            const double value = sml__array_value(targets, r * columns + c);
            if (value != 0.0 && value != 1.0) {
                return SML_TASK_REGRESSION;
            }
            ones += value;
        }
        is_one_hot &= ones == 1.0;
    }
    return is_one_hot ? SML_TASK_CLASSIFICATION : SML_TASK_MULTILABEL;
}

/* What the targets mean: as asked, else as the training part says, else as they say themselves. */
static sml_task find_task(const assembly *a)
{
    const sml__array *source = a->class_source != NULL ? a->class_source : a->targets;
    if (a->options->task != SML_TASK_NONE) {
        return a->options->task;
    }
    if (source->npy.count > source->npy.shape[0]) {
        return task_of_columns(source);
    }
    return source->npy.element.kind == 'f' ? SML_TASK_REGRESSION : SML_TASK_CLASSIFICATION;
}

/* Rows of as many targets as in the training part. */
static sml_status check_width(const assembly *a)
{
    const sml__npy *npy = &a->targets->npy, *other = &a->class_source->npy;
    if (npy->count / npy->shape[0] == other->count / other->shape[0]) {
        return SML_OK;
    }
    return sml__fail(a->ctx, SML_BAD_FILE, "%s: %zu targets a row, but %s has %zu",
                     a->targets->path, npy->count / npy->shape[0], a->class_source->path,
                     other->count / other->shape[0]);
}

static sml_status set_targets(assembly *a)
{
    const sml__npy *npy = &a->targets->npy;
    if (npy->rank > 2) {
        return sml__fail(a->ctx, SML_BAD_FILE,
                         "%s: targets of %zu dimensions; they have one, or a column for each "
                         "output",
                         a->targets->path, npy->rank);
    }
    if (npy->shape[0] != a->view.rows) {
        return sml__fail(a->ctx, SML_BAD_FILE, "%s: %zu targets for the %zu rows of %s",
                         a->targets->path, npy->shape[0], a->view.rows, a->features->path);
    }
    sml_status status = sml__array_settle(a->ctx, a->targets);
    if (status == SML_OK && a->class_source != NULL) {
        status = check_width(a);
    }
    if (status == SML_OK && a->class_source != NULL) {
        status = sml__array_settle(a->ctx, a->class_source);
    }
    if (status != SML_OK) {
        return status;
    }
    const sml_task task = find_task(a);
    const int is_one = npy->count == npy->shape[0];
    return is_one && task == SML_TASK_CLASSIFICATION ? set_labels(a) : set_numbers(a, task);
}

static void free_bytes(sml__array *array)
{
    if (array != NULL) {
        sml__free(array->bytes);
        sml__store_free(array->store);
        array->bytes = NULL;
        array->store = NULL;
    }
}

static sml_status make_dataset(assembly *a, sml_dataset **out)
{
    return a->store != NULL
               ? sml__dataset_adopt_store(a->ctx, &a->view, a->store, NULL, a->owned_targets, out)
               : sml__dataset_adopt(a->ctx, &a->view, a->owned_features, a->owned_targets, out);
}

sml_status sml__arrays_open(sml_ctx *ctx, const char *name, const sml_data_options *options,
                            sml__array *features, sml__array *targets, sml__array *classes,
                            sml_dataset **out)
{
    assembly a = {.ctx = ctx,
                  .options = options,
                  .features = features,
                  .targets = targets,
                  .class_source = classes};
    *out = NULL;
    a.view.name = name;
    sml_status status = set_shape(&a);
    if (status == SML_OK) {
        status = check_size(&a);
    }
    if (status == SML_OK) {
        status = set_features(&a);
    }
    if (status == SML_OK && targets != NULL) {
        status = set_targets(&a);
    }
    if (status == SML_OK) {
        status = make_dataset(&a, out);
    } else {
        sml__store_free(a.store);
        sml__free(a.owned_features);
        sml__free(a.owned_targets);
    }
    sml__classes_free(&a.classes);
    free_bytes(features);
    free_bytes(targets);
    free_bytes(classes);
    return status;
}
