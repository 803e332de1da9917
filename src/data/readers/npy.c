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

static sml_status open_npy(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                           sml_dataset **out)
{
    sml__array features = {.path = input->path}, targets = {0};
    char *path = NULL;
    sml_status status =
        sml__npy_parse(ctx, input->path, input->bytes, input->length, &features.npy);
    if (status == SML_OK && options->target != NULL) {
        path = path_of_targets(ctx, input->path, options->target);
        status = path != NULL ? read_targets(ctx, path, &targets) : SML_NO_MEMORY;
    }
    if (status == SML_OK) {
        features.bytes = input->bytes;
        input->bytes = NULL;
        status = sml__arrays_open(ctx, input->path, options, &features,
                                  targets.bytes != NULL ? &targets : NULL, NULL, out);
    }
    sml__free(targets.bytes);
    sml__free(path);
    return status;
}

const sml__reader sml__npy_reader = {"NPY", is_npy, open_npy};
