/* A folder of the four IDX files as a classification data set. */
#include "data/idx.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct part {
    const char *start; /* before "idx", after which ends follow */
    const char *end;
    const char *name;
} parts[SML__IDX_PARTS] = {
    [SML__TRAIN_IMAGES] = {"train-images", "idx3-ubyte", "train-images-idx3-ubyte"},
    [SML__TRAIN_LABELS] = {"train-labels", "idx1-ubyte", "train-labels-idx1-ubyte"},
    [SML__TEST_IMAGES] = {"t10k-images", "idx3-ubyte", "t10k-images-idx3-ubyte"},
    [SML__TEST_LABELS] = {"t10k-labels", "idx1-ubyte", "t10k-labels-idx1-ubyte"},
};

const char *sml__idx_part_name(sml__idx_part part)
{
    return parts[part].name;
}

sml_status sml__idx_find(sml_ctx *ctx, const char *folder, sml__idx_part part, char **path)
{
    static const char *const spellings[][2] = {{"-", ""}, {"-", ".gz"}, {".", ""}, {".", ".gz"}};
    size_t size = strlen(folder) + 48;
    *path = sml__alloc(ctx, size, 1, "a path");
    if (*path == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        struct stat facts;
        snprintf(*path, size, "%s/%s%s%s%s", folder, parts[part].start, spellings[i][0],
                 parts[part].end, spellings[i][1]);
        if (stat(*path, &facts) == 0) {
            return SML_OK;
        }
    }
    sml__free(*path);
    *path = NULL;
    return sml__fail(ctx, SML_NOT_FOUND,
                     "%s: no file %s (or %s.gz) in this folder; it must hold MNIST's four files",
                     folder, parts[part].name, parts[part].name);
}

/* Finds and reads one of the four; *path and *bytes are for sml__free, also on failure. */
static sml_status read_part(sml_ctx *ctx, const char *folder, sml__idx_part part, char **path,
                            unsigned char **bytes, sml__idx *idx)
{
    size_t rank = part == SML__TRAIN_IMAGES || part == SML__TEST_IMAGES ? 3 : 1;
    sml_status status = sml__idx_find(ctx, folder, part, path);
    if (status == SML_OK) {
        status = sml__idx_read(ctx, *path, bytes, idx);
    }
    if (status == SML_OK && idx->rank != rank) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: holds %s, expected %s; are two files swapped?",
                         *path, rank == 3 ? "labels" : "images", rank == 3 ? "images" : "labels");
    }
    return status;
}

static size_t largest(const uint8_t *values, size_t n)
{
    uint8_t most = 0;
    for (size_t i = 0; i < n; i++) {
        most = values[i] > most ? values[i] : most;
    }
    return most;
}

/* The number of classes is a fact of the training split, whichever split is opened. */
static sml_status count_classes(sml_ctx *ctx, const char *folder, size_t *classes)
{
    char *path = NULL;
    unsigned char *bytes = NULL;
    sml__idx idx;
    sml_status status = read_part(ctx, folder, SML__TRAIN_LABELS, &path, &bytes, &idx);
    if (status == SML_OK) {
        *classes = largest(idx.values, idx.count) + 1;
    }
    sml__free(bytes);
    sml__free(path);
    return status;
}

/* Labels as int32, each below classes. */
static sml_status widen_labels(sml_ctx *ctx, const char *path, const sml__idx *idx, size_t classes,
                               int32_t **labels)
{
    *labels = sml__alloc(ctx, idx->count, sizeof **labels, "labels");
    if (*labels == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < idx->count; i++) {
        if (idx->values[i] >= classes) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: label %d of row %zu (counted from 0); the classes are 0…%zu, as "
                             "in the training labels",
                             path, idx->values[i], i, classes - 1);
        }
        (*labels)[i] = idx->values[i];
    }
    return SML_OK;
}

/* Reads the labels of a split as int32[rows]; *labels is for sml__free, also on failure. */
static sml_status read_labels(sml_ctx *ctx, const char *folder, sml__idx_part part, size_t rows,
                              size_t classes, int32_t **labels)
{
    char *path = NULL;
    unsigned char *bytes = NULL;
    sml__idx idx;
    sml_status status = read_part(ctx, folder, part, &path, &bytes, &idx);
    if (status == SML_OK && idx.count != rows) {
        status = sml__fail(ctx, SML_BAD_FILE,
                           "%s: %zu labels for the %zu images of %s; are the files of one set?",
                           path, idx.count, rows, parts[part - 1].name);
    }
    if (status == SML_OK) {
        status = widen_labels(ctx, path, &idx, classes, labels);
    }
    sml__free(bytes);
    sml__free(path);
    return status;
}

/* The images of a split: in memory, or on disk where they are many. *path, *bytes and *store are
 * the caller's, also on failure. */
static sml_status open_images(sml_ctx *ctx, const char *folder, sml__idx_part part, uint64_t memory,
                              char **path, unsigned char **bytes, sml__store **store, sml__idx *idx)
{
    sml_status status = sml__idx_find(ctx, folder, part, path);
    if (status == SML_OK) {
        status = sml__idx_open_store(ctx, *path, memory, store, idx);
    }
    if (status != SML_OK || *store != NULL) {
        return status;
    }
    sml__free(*path);
    *path = NULL;
    return read_part(ctx, folder, part, path, bytes, idx);
}

sml_status sml__idx_open_folder(sml_ctx *ctx, const char *folder, const char *name,
                                const char *split, size_t classes, const char *const *class_names,
                                uint64_t memory, sml_dataset **out)
{
    sml__idx_part part = strcmp(split, "train") == 0 ? SML__TRAIN_IMAGES : SML__TEST_IMAGES;
    char *path = NULL;
    unsigned char *bytes = NULL;
    int32_t *labels = NULL;
    sml__store *store = NULL;
    sml__idx idx = {0};
    *out = NULL;
    sml_status status = classes > 0 ? SML_OK : count_classes(ctx, folder, &classes);
    if (status == SML_OK) {
        status = open_images(ctx, folder, part, memory, &path, &bytes, &store, &idx);
    }
    if (status == SML_OK) {
        status = read_labels(ctx, folder, part + 1, idx.dimensions[0], classes, &labels);
    }
    if (status == SML_OK) {
        const sml_data_view view = {
            .name = name,
            .rows = idx.dimensions[0],
            .columns = idx.dimensions[1] * idx.dimensions[2],
            .bytes = idx.values,
            .height = idx.dimensions[1],
            .width = idx.dimensions[2],
            .outputs = classes,
            .labels = labels,
            .class_names = class_names,
        };
        status = store != NULL ? sml__dataset_adopt_store(ctx, &view, store, NULL, labels, out)
                               : sml__dataset_adopt(ctx, &view, bytes, labels, out);
        bytes = NULL;
        labels = NULL;
        store = NULL;
    }
    if (status == SML_OK) {
        sml__dataset_set_split(*out, split);
    }
    sml__store_free(store);
    sml__free(labels);
    sml__free(bytes);
    sml__free(path);
    return status;
}
