/* A folder of pictures as a data set. */
#include "data/readers/picture.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/readers/listing.h"

#include <stdio.h>
#include <string.h>

static const size_t FILE_MAX = (size_t)1 << 28; /* bytes of a picture's file */

enum { PATH_LENGTH_MAX = 4096 };

typedef struct gathering {
    sml_ctx *ctx;
    const sml_data_options *options;
    const char *name;               /* as the caller wrote it */
    char root[PATH_LENGTH_MAX];     /* holds the class folders of this split */
    char training[PATH_LENGTH_MAX]; /* the same of the training split, which names the classes */
    sml__listing classes;           /* folders of training */
    const char *const *class_names; /* [n_classes]: of the model, or classes */
    size_t n_classes;
    sml__listing *files; /* [n_folders]: the pictures of each folder of root */
    sml__listing folders;
    size_t rows, height, width;
    char first[PATH_LENGTH_MAX]; /* path of the picture that said the size */
    uint8_t *bytes;              /* [rows, height, width] */
    int32_t *labels;             /* [rows], or NULL */
} gathering;

int sml__picture_folder_recognise(const char *folder)
{
    sml__listing folders = {0}, files = {0};
    sml_status status = sml__list_folder(NULL, folder, &folders, &files);
    int found = status == SML_OK && folders.n > 0;
    for (size_t i = 0; status == SML_OK && i < files.n; i++) {
        found |= sml__path_ends_in(files.names[i], ".png") ||
                 sml__path_ends_in(files.names[i], ".jpg") ||
                 sml__path_ends_in(files.names[i], ".jpeg");
    }
    sml__listing_free(&folders);
    sml__listing_free(&files);
    return found;
}

static sml_status join(sml_ctx *ctx, const char *folder, const char *name,
                       char path[PATH_LENGTH_MAX])
{
    const int length = snprintf(path, PATH_LENGTH_MAX, "%s/%s", folder, name);
    return length < PATH_LENGTH_MAX
               ? SML_OK
               : sml__fail(ctx, SML_BAD_FILE, "%s/%s: the path is too long", folder, name);
}

/* root and training: the folder itself, or train/ and test/ in it. */
static sml_status find_split(gathering *g)
{
    sml__listing top = {0}, files = {0};
    sml_status status = sml__list_folder(g->ctx, g->name, &top, &files);
    const int has_train = sml__listing_has(&top, "train"),
              has_test = sml__listing_has(&top, "test");
    sml__listing_free(&files);
    if (status == SML_OK && !has_train && !has_test) {
        status = join(g->ctx, g->name, "", g->root);
        g->root[strlen(g->root) - 1] = '\0';
        memcpy(g->training, g->root, sizeof g->root);
    } else if (status == SML_OK && !sml__listing_has(&top, g->options->split)) {
        status = sml__fail(g->ctx, SML_NOT_FOUND, "%s: no folder %s/ beside %s/ in it", g->name,
                           g->options->split, has_train ? "train" : "test");
    } else if (status == SML_OK) {
        status = join(g->ctx, g->name, g->options->split, g->root);
        if (status == SML_OK) {
            status = join(g->ctx, g->name, has_train ? "train" : "test", g->training);
        }
    }
    sml__listing_free(&top);
    return status;
}

static sml_status find_classes(gathering *g)
{
    sml__listing files = {0};
    sml_status status = sml__list_folder(g->ctx, g->training, &g->classes, &files);
    sml__listing_free(&files);
    g->class_names = g->options->classes;
    g->n_classes = g->options->n_classes;
    if (g->class_names == NULL) {
        g->class_names = (const char *const *)g->classes.names;
        g->n_classes = g->classes.n;
    }
    return status;
}

/* Lists the pictures of every class folder, or of the folder itself where there is none. */
static sml_status find_files(gathering *g)
{
    sml__listing loose = {0}, inner = {0};
    char path[PATH_LENGTH_MAX];
    sml_status status = sml__list_folder(g->ctx, g->root, &g->folders, &loose);
    const size_t n = g->folders.n > 0 ? g->folders.n : 1;
    g->files = status == SML_OK ? sml__alloc(g->ctx, n, sizeof *g->files, g->name) : NULL;
    if (g->files == NULL) {
        sml__listing_free(&loose);
        return status != SML_OK ? status : SML_NO_MEMORY;
    }
    if (g->folders.n == 0) {
        g->files[0] = loose;
        g->rows = loose.n;
        return SML_OK;
    }
    sml__listing_free(&loose);
    for (size_t i = 0; i < g->folders.n && status == SML_OK; i++) {
        status = join(g->ctx, g->root, g->folders.names[i], path);
        if (status == SML_OK) {
            status = sml__list_folder(g->ctx, path, &inner, &g->files[i]);
        }
        if (status == SML_OK && inner.n > 0) {
            status = sml__fail(g->ctx, SML_BAD_FILE,
                               "%s: a folder, %s, within the folder of a class; pictures lie in "
                               "CLASS/, or in train/CLASS/ and test/CLASS/",
                               path, inner.names[0]);
        }
        sml__listing_free(&inner);
        g->rows += g->files[i].n;
    }
    return status;
}

/* The number of a class folder. */
static sml_status find_label(const gathering *g, const char *folder, int32_t *label)
{
    for (size_t i = 0; i < g->n_classes; i++) {
        if (strcmp(folder, g->class_names[i]) == 0) {
            *label = (int32_t)i;
            return SML_OK;
        }
    }
    return sml__fail(g->ctx, SML_BAD_DATA, "%s/%s: no class '%s' among the %zu %s", g->root, folder,
                     folder, g->n_classes,
                     g->options->classes != NULL ? "of the model" : "of the training pictures");
}

/* The first picture says the size where options do not, and the memory is taken. */
static sml_status begin_rows(gathering *g, const char *path, const sml__picture *picture)
{
    size_t pixels = 0;
    g->height = g->options->height > 0 ? g->options->height : picture->height;
    g->width = g->options->height > 0 ? g->options->width : picture->width;
    memcpy(g->first, path, strlen(path) + 1);
    pixels = g->height * g->width;
    sml_status status = sml__memory_check(g->ctx, (double)g->rows * (double)pixels, g->name);
    if (status != SML_OK) {
        return status;
    }
    g->bytes = sml__alloc(g->ctx, g->rows, pixels, g->name);
    g->labels = g->n_classes > 0 && g->folders.n > 0
                    ? sml__alloc(g->ctx, g->rows, sizeof *g->labels, "labels")
                    : NULL;
    return g->bytes == NULL || (g->folders.n > 0 && g->labels == NULL) ? SML_NO_MEMORY : SML_OK;
}

static sml_status add_picture(gathering *g, const char *path, size_t row,
                              const sml__picture *picture)
{
    if (g->bytes == NULL) {
        sml_status status = begin_rows(g, path, picture);
        if (status != SML_OK) {
            return status;
        }
    }
    if (g->options->height == 0 && (picture->height != g->height || picture->width != g->width)) {
        return sml__fail(g->ctx, SML_BAD_DATA,
                         "%s: a picture of %zu × %zu (height × width), %s has %zu × %zu; ask for "
                         "one size, such as --size %zux%zu, and all are brought to it",
                         path, picture->height, picture->width, g->first, g->height, g->width,
                         g->height, g->width);
    }
    sml__picture_resize(picture, g->height, g->width, g->bytes + row * g->height * g->width);
    return SML_OK;
}

static sml_status read_picture(gathering *g, const char *folder, const char *file, size_t row)
{
    char path[PATH_LENGTH_MAX];
    unsigned char *bytes = NULL;
    size_t length = 0;
    sml__picture picture = {0};
    sml_status status = join(g->ctx, folder, file, path);
    if (status == SML_OK) {
        status = sml__file_read(g->ctx, path, FILE_MAX, &bytes, &length);
    }
    if (status == SML_OK) {
        status = sml__picture_decode(g->ctx, path, bytes, length, &picture);
    }
    if (status == SML_OK) {
        status = add_picture(g, path, row, &picture);
    }
    sml__free(picture.gray);
    sml__free(bytes);
    return status;
}

/* All pictures, class after class, each in the order of their names. */
static sml_status read_pictures(gathering *g)
{
    char folder[PATH_LENGTH_MAX];
    sml_status status = SML_OK;
    const size_t n = g->folders.n > 0 ? g->folders.n : 1;
    size_t row = 0;
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        int32_t label = 0;
        memcpy(folder, g->root, sizeof folder);
        if (g->folders.n > 0) {
            status = join(g->ctx, g->root, g->folders.names[i], folder);
            status = status == SML_OK ? find_label(g, g->folders.names[i], &label) : status;
        }
        for (size_t f = 0; f < g->files[i].n && status == SML_OK; f++, row++) {
            status = read_picture(g, folder, g->files[i].names[f], row);
            if (status == SML_OK && g->labels != NULL) {
                g->labels[row] = label;
            }
        }
    }
    return status;
}

static void free_gathering(gathering *g)
{
    for (size_t i = 0; g->files != NULL && i < (g->folders.n > 0 ? g->folders.n : 1); i++) {
        sml__listing_free(&g->files[i]);
    }
    sml__free(g->files);
    sml__listing_free(&g->folders);
    sml__listing_free(&g->classes);
    sml__free(g->bytes);
    sml__free(g->labels);
    sml__free(g);
}

static sml_status gather(gathering *g)
{
    typedef sml_status step(gathering *);
    static step *const steps[] = {find_split, find_classes, find_files};
    sml_status status = sml__picture_check_size(g->ctx, g->options);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == SML_OK; i++) {
        status = steps[i](g);
    }
    if (status == SML_OK && g->rows == 0) {
        status = sml__fail(g->ctx, SML_BAD_FILE,
                           "%s: no picture in it; pictures lie in folders that are named by their "
                           "class: CLASS/x.png",
                           g->root);
    }
    return status == SML_OK ? read_pictures(g) : status;
}

sml_status sml__picture_folder_open(sml_ctx *ctx, const char *folder,
                                    const sml_data_options *options, sml_dataset **out)
{
    gathering *g = sml__alloc(ctx, 1, sizeof *g, folder);
    *out = NULL;
    if (g == NULL) {
        return SML_NO_MEMORY;
    }
    g->ctx = ctx;
    g->options = options;
    g->name = folder;
    sml_status status = gather(g);
    if (status == SML_OK) {
        const int is_labelled = g->labels != NULL;
        const sml_data_view view = {
            .name = folder,
            .rows = g->rows,
            .columns = g->height * g->width,
            .bytes = g->bytes,
            .height = g->height,
            .width = g->width,
            .outputs = is_labelled ? g->n_classes : 0,
            .labels = g->labels,
            .class_names = is_labelled ? g->class_names : NULL,
        };
        status = sml__dataset_adopt(ctx, &view, g->bytes, g->labels, out);
        g->bytes = NULL;
        g->labels = NULL;
    }
    if (status == SML_OK && strcmp(g->root, folder) != 0) {
        sml__dataset_set_split(*out, options->split);
    }
    free_gathering(g);
    return status;
}
