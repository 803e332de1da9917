#include "data/readers/npz.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/readers/npy.h"
#include "data/readers/zip.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_LENGTH_MAX = 128,
    LIST_MAX = 256,
    PATH_ROOM = 4,
    HEADER_ROOM = SML__NPY_HEADER_MAX + 16 /* with what stands before it */
};

static const char ENDING[] = ".npy";

/* Names of features and targets, best first. A data set with a part for each split has the split's
 * name behind the '_'. */
static const struct names {
    const char *features, *targets;
} NAMES[] = {
    {"x_", "y_"}, {"X_", "y_"}, {"X", "y"}, {"x", "y"}, {"data", "target"}, {"features", "labels"},
};
enum { PAIRS = sizeof NAMES / sizeof NAMES[0], PAIRS_OF_SPLITS = 2 };

/* Which members are what; NULL: there is none. */
typedef struct choice {
    const sml__zip_member *features, *targets;
    const sml__zip_member *classes; /* the targets of the training split, where this is another */
    const sml__zip_member *beside;  /* of a test split: the features to train on */
    int has_splits;
} choice;

static int is_npz(const sml__input *input, const sml_data_options *options)
{
    (void)options;
    return sml__zip_recognise(input->bytes, input->length);
}

/* The member of the array "name" followed by "split". */
static const sml__zip_member *find(const sml__zip *zip, const char *name, const char *split)
{
    char file[NAME_LENGTH_MAX];
    snprintf(file, sizeof file, "%s%s%s", name, split, ENDING);
    return sml__zip_find(zip, file);
}

/* Of a member, without ".npy" and for a message. */
static int array_name_length(const sml__zip_member *member)
{
    const size_t ending = sizeof ENDING - 1;
    const size_t length =
        member->name_length > ending ? member->name_length - ending : member->name_length;
    return (int)(length < NAME_LENGTH_MAX ? length : NAME_LENGTH_MAX);
}

/* "'a', 'b'": the names of the arrays, as many as fit. */
static void list_arrays(const sml__zip *zip, char list[LIST_MAX])
{
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < zip->n && used < LIST_MAX - 1; i++) {
        const sml__zip_member *member = &zip->members[i];
        used += (size_t)snprintf(list + used, LIST_MAX - used, "%s'%.*s'", i > 0 ? ", " : "",
                                 array_name_length(member), member->name);
    }
}

static sml_status fail_missing(sml_ctx *ctx, const sml__zip *zip, const char *what,
                               const char *split)
{
    char list[LIST_MAX];
    list_arrays(zip, list);
    return sml__fail(ctx, SML_BAD_FILE, "%s: no array %s%s in it; it holds %s", zip->path, what,
                     split, zip->n > 0 ? list : "nothing");
}

/* Targets by options->target, else by the name that belongs to the features. */
static sml_status choose_targets(sml_ctx *ctx, const sml__zip *zip, const sml_data_options *options,
                                 const char *name, const char *split, choice *chosen)
{
    if (options->target == NULL) {
        chosen->targets = find(zip, name, split);
        return SML_OK;
    }
    chosen->targets = find(zip, options->target, "");
    return chosen->targets != NULL ? SML_OK : fail_missing(ctx, zip, options->target, "");
}

static sml_status choose_split(sml_ctx *ctx, const sml__zip *zip, const sml_data_options *options,
                               const struct names *names, choice *chosen)
{
    chosen->has_splits = 1;
    chosen->features = find(zip, names->features, options->split);
    if (chosen->features == NULL) {
        return fail_missing(ctx, zip, names->features, options->split);
    }
    chosen->beside = find(zip, names->features, "train");
    if (chosen->beside == chosen->features) {
        chosen->beside = NULL;
    }
    sml_status status = choose_targets(ctx, zip, options, names->targets, options->split, chosen);
    chosen->classes = options->target == NULL ? find(zip, names->targets, "train") : NULL;
    if (chosen->classes == chosen->targets || chosen->targets == NULL) {
        chosen->classes = NULL;
    }
    return status;
}

/* No known name: the only array, or the one beside the target. */
static sml_status choose_only(sml_ctx *ctx, const sml__zip *zip, const sml_data_options *options,
                              choice *chosen)
{
    if (zip->n == 1 && options->target == NULL) {
        chosen->features = &zip->members[0];
        return SML_OK;
    }
    if (zip->n == 2 && options->target != NULL) {
        sml_status status = choose_targets(ctx, zip, options, "", "", chosen);
        chosen->features = &zip->members[chosen->targets == &zip->members[0]];
        return status;
    }
    return fail_missing(ctx, zip, "x_train, X, x, data or features", "");
}

static sml_status choose(sml_ctx *ctx, const sml__zip *zip, const sml_data_options *options,
                         choice *chosen)
{
    for (size_t i = 0; i < PAIRS_OF_SPLITS; i++) {
        if (find(zip, NAMES[i].features, "train") != NULL ||
            find(zip, NAMES[i].features, "test") != NULL) {
            return choose_split(ctx, zip, options, &NAMES[i], chosen);
        }
    }
    for (size_t i = PAIRS_OF_SPLITS; i < PAIRS; i++) {
        chosen->features = find(zip, NAMES[i].features, "");
        if (chosen->features != NULL) {
            return choose_targets(ctx, zip, options, NAMES[i].targets, "", chosen);
        }
    }
    return choose_only(ctx, zip, options, chosen);
}

/* Unpacks and parses a member, NULL for none; array->path and bytes are for sml__free, also on
 * failure. */
static sml_status read_array(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                             sml__array *array)
{
    if (member == NULL) {
        return SML_OK;
    }
    const size_t size = strlen(zip->path) + member->name_length + PATH_ROOM;
    char *path = sml__alloc(ctx, size, 1, "a path");
    array->path = path;
    if (path == NULL) {
        return SML_NO_MEMORY;
    }
    snprintf(path, size, "%s: %.*s", zip->path, (int)member->name_length, member->name);
    sml_status status = sml__zip_read(ctx, zip, member, &array->bytes);
    return status == SML_OK
               ? sml__npy_parse(ctx, path, array->bytes, (size_t)member->length, &array->npy)
               : status;
}

/* Numbers in a row, from the header alone; 0 where it is damaged: that is told when it is read. */
static size_t width_of(const sml__zip *zip, const sml__zip_member *member, unsigned char *header,
                       size_t room)
{
    sml__npy npy;
    const size_t n = sml__zip_begin(zip, member, header, room);
    if (n == 0 || sml__npy_parse(NULL, "", header, (size_t)member->length, &npy) != SML_OK) {
        return 0;
    }
    return npy.count / npy.shape[0];
}

/* The rows of both parts have the same columns. */
static sml_status check_widths(sml_ctx *ctx, const sml__zip *zip, const choice *chosen)
{
    const sml__zip_member *parts[] = {chosen->features, chosen->beside};
    size_t widths[2] = {0, 0};
    if (chosen->beside == NULL) {
        return SML_OK;
    }
    unsigned char *header = sml__alloc(ctx, HEADER_ROOM, 1, "the header of an array");
    if (header == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < 2; i++) {
        widths[i] = width_of(zip, parts[i], header, HEADER_ROOM);
    }
    sml__free(header);
    if (widths[0] == 0 || widths[1] == 0 || widths[0] == widths[1]) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: '%.*s' has rows of %zu, '%.*s' has rows of %zu numbers; save both with "
                     "the same columns, or '%.*s' in a file of its own",
                     zip->path, array_name_length(parts[0]), parts[0]->name, widths[0],
                     array_name_length(parts[1]), parts[1]->name, widths[1],
                     array_name_length(parts[0]), parts[0]->name);
}

static sml_status open_arrays(sml_ctx *ctx, const sml__zip *zip, const sml_data_options *options,
                              const choice *chosen, sml_dataset **out)
{
    enum { FEATURES, TARGETS, CLASSES, ARRAYS };
    const sml__zip_member *const members[ARRAYS] = {chosen->features, chosen->targets,
                                                    chosen->classes};
    sml__array arrays[ARRAYS] = {{0}};
    sml_status status = SML_OK;
    for (size_t i = 0; i < ARRAYS && status == SML_OK; i++) {
        status = read_array(ctx, zip, members[i], &arrays[i]);
    }
    if (status == SML_OK) {
        status = sml__arrays_open(ctx, zip->path, options, &arrays[FEATURES],
                                  members[TARGETS] != NULL ? &arrays[TARGETS] : NULL,
                                  members[CLASSES] != NULL ? &arrays[CLASSES] : NULL, out);
    }
    for (size_t i = 0; i < ARRAYS; i++) {
        sml__free(arrays[i].bytes);
        sml__free((char *)arrays[i].path);
    }
    return status;
}

static sml_status open_npz(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                           sml_dataset **out)
{
    sml__zip zip;
    choice chosen = {0};
    sml_status status = sml__zip_open(ctx, input->path, input->bytes, input->length, &zip);
    if (status == SML_OK) {
        status = choose(ctx, &zip, options, &chosen);
    }
    if (status == SML_OK) {
        status = check_widths(ctx, &zip, &chosen);
    }
    if (status == SML_OK) {
        status = open_arrays(ctx, &zip, options, &chosen, out);
    }
    if (status == SML_OK && chosen.has_splits) {
        sml__dataset_set_split(*out, options->split);
    }
    sml__free(zip.members);
    return status;
}

const sml__reader sml__npz_reader = {"NPZ", is_npz, open_npz, NULL};
