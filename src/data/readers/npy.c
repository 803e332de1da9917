/* An NPY file as a data set: its features alone, or with the targets of a file beside it. */
#include "data/readers/npy.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const size_t TARGETS_MAX = (size_t)1 << 32; /* bytes of the file of targets */

static int is_npy(const sml__input *input, const sml_data_options *options)
{
    (void)options;
    return sml__npy_recognise(input->bytes, input->length);
}

/* The path of the file of targets: beside the features, or else as it stands. For sml__free. */
static char *path_of_targets(sml_ctx *ctx, const char *features, const char *target)
{
    const char *slash = strrchr(features, '/');
    const size_t folder = slash != NULL && target[0] != '/' ? (size_t)(slash - features) + 1 : 0;
    const size_t size = folder + strlen(target) + 1;
    char *path = sml__alloc(ctx, size, 1, "a path");
    if (path == NULL) {
        return NULL;
    }
    snprintf(path, size, "%.*s%s", (int)folder, features, target);
    if (access(path, F_OK) != 0) {
        memcpy(path, target, strlen(target) + 1);
    }
    return path;
}

static sml_status read_targets(sml_ctx *ctx, const char *path, sml__array *targets)
{
    size_t length = 0;
    if (!sml__path_ends_in(path, ".npy")) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "target '%s': the columns of an NPY array have no names; the target is a "
                         "file of its own, such as labels.npy",
                         path);
    }
    targets->path = path;
    sml_status status = sml__file_read(ctx, path, TARGETS_MAX, &targets->bytes, &length);
    return status == SML_OK ? sml__npy_parse(ctx, path, targets->bytes, length, &targets->npy)
                            : status;
}

/* Puts a data set together of features that are parsed, and of the targets that options name. */
static sml_status add_targets(sml_ctx *ctx, sml__array *features, const sml_data_options *options,
                              sml_dataset **out)
{
    sml__array targets = {0};
    char *path = NULL;
    sml_status status = SML_OK;
    if (options->target != NULL) {
        path = path_of_targets(ctx, features->path, options->target);
        status = path != NULL ? read_targets(ctx, path, &targets) : SML_NO_MEMORY;
    }
    if (status == SML_OK) {
        status = sml__arrays_open(ctx, features->path, options, features,
                                  targets.bytes != NULL ? &targets : NULL, NULL, out);
    }
    sml__free(targets.bytes);
    sml__free(path);
    return status;
}

static sml_status open_npy(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                           sml_dataset **out)
{
    sml__array features = {.path = input->path};
    sml_status status =
        sml__npy_parse(ctx, input->path, input->bytes, input->length, &features.npy);
    if (status == SML_OK) {
        features.bytes = input->bytes;
        input->bytes = NULL;
        status = add_targets(ctx, &features, options, out);
    }
    sml__free(features.bytes);
    return status;
}

/* The values stay in the file, in the form that they have there. */
static sml_status open_large_npy(sml_ctx *ctx, sml__large_input *input,
                                 const sml_data_options *options, sml_dataset **out)
{
    const char *path = input->head.path;
    sml__array features = {.path = path};
    sml__npy *npy = &features.npy;
    sml_status status = sml__npy_parse(ctx, path, input->head.bytes, (size_t)input->length, npy);
    if (status == SML_OK && npy->is_fortran && npy->rank > 1) {
        status = sml__fail(ctx, SML_BAD_FILE,
                           "%s: %llu bytes, more than the memory for features, in Fortran's order "
                           "(column by column), of which rows cannot be read one by one; save it "
                           "row by row: np.save(file, np.ascontiguousarray(array)), or allow more "
                           "--memory",
                           path, (unsigned long long)input->length);
    }
    if (status == SML_OK) {
        status = sml__store_create(ctx, input->fd, path, npy->begin, npy->element,
                                   npy->count / npy->shape[0], &features.store);
        input->fd = -1;
    }
    if (status == SML_OK) {
        status = add_targets(ctx, &features, options, out);
    }
    sml__store_free(features.store);
    return status;
}

const sml__reader sml__npy_reader = {"NPY", is_npy, open_npy, open_large_npy};
