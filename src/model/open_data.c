/* Data as a fitted model needs it: its columns, its classes, its size of pictures, and of the file
 * that it was trained on the part that was kept apart. */
#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "model/algorithm.h"
#include "model/parameters.h"
#include "model/receipt.h"

#include <string.h>

/* PART_GIVEN: the rows that the fit was given, from which it kept some for validation. PART_UNCUT:
 * those that it was cut from, with the test rows where they were cut off. */
typedef enum part_name {
    PART_TRAIN,
    PART_VALIDATION,
    PART_TEST,
    PART_ALL,
    PART_GIVEN,
    PART_UNCUT,
    PART_NAMES
} part_name;

static const char *const PARTS[PART_NAMES] = {"train", "validation",       "test",
                                              "all",   "train+validation", "uncut"};

/* What the training cut its data into; NULL where it did not. */
typedef struct file_parts {
    sml_dataset *outer[2]; /* training rows with those for validation, test rows */
    sml_dataset *inner[2]; /* training rows, those for validation */
} file_parts;

static sml_status find_part(sml_ctx *ctx, const char *split, part_name *part)
{
    for (size_t i = 0; i < PART_NAMES; i++) {
        if (strcmp(split, PARTS[i]) == 0) {
            *part = (part_name)i;
            return SML_OK;
        }
    }
    return sml__fail_unknown(ctx, "split", split, PARTS, PART_NAMES);
}

/* Pointers to the names of the model's classes. */
static sml_status list_classes(sml_ctx *ctx, const sml_model *model, const char ***names)
{
    *names = NULL;
    if (model->task != SML_TASK_CLASSIFICATION) {
        return SML_OK;
    }
    *names = sml__alloc(ctx, model->outputs, sizeof **names, "class names");
    for (size_t i = 0; *names != NULL && i < model->outputs; i++) {
        (*names)[i] = sml_model_class_name(model, i);
    }
    return *names != NULL ? SML_OK : SML_NO_MEMORY;
}

/* How the values of the target are meant, where the file alone does not say it as the model does.
 * A text from standard input comes once, so there it is said at once. */
static sml_status open_rows(sml_ctx *ctx, const sml_model *model, const char *name,
                            sml_data_options *how, sml_dataset **out)
{
    const int is_one_target =
        model->task == SML_TASK_CLASSIFICATION || model->task == SML_TASK_REGRESSION;
    const int may_say = is_one_target && how->task == SML_TASK_NONE && !how->no_target;
    const int comes_once = name != NULL && strcmp(name, "-") == 0;
    if (may_say && (how->like != NULL || comes_once)) {
        how->task = model->task;
    }
    sml_status status = sml_dataset_open_with(ctx, name, how, out);
    if (status != SML_OK || !may_say || how->task != SML_TASK_NONE ||
        (*out)->view.task == SML_TASK_NONE || (*out)->view.task == model->task) {
        return status;
    }
    sml_dataset_free(*out);
    *out = NULL;
    how->task = model->task;
    return sml_dataset_open_with(ctx, name, how, out);
}

/* Columns behind the last entry of compressed rows are 0. */
static void widen_compressed(const sml_model *model, sml_dataset *data)
{
    const size_t wanted = sml_model_columns(model);
    if (data->view.row_starts != NULL && data->view.columns < wanted) {
        data->view.columns = wanted;
    }
}

static sml_status open_whole(sml_ctx *ctx, const sml_model *model, const char *name,
                             const sml_data_options *options, part_name part, sml_dataset **out)
{
    const char **classes = NULL;
    sml_data_options how = options != NULL ? *options : (sml_data_options){0};
    const int is_seen = part != PART_TEST && part != PART_ALL;
    how.split = PARTS[is_seen ? PART_TRAIN : PART_TEST];
    how.like = sml_model_schema(model);
    how.index_base = how.index_base != SML_INDEX_AUTO ? how.index_base : model->index_base;
    if (how.height == 0 && how.width == 0) {
        how.height = model->height;
        how.width = model->width;
    }
    sml_status status = how.no_target ? SML_OK : list_classes(ctx, model, &classes);
    if (status == SML_OK) {
        how.classes = classes;
        how.n_classes = classes != NULL ? model->outputs : 0;
        status = open_rows(ctx, model, name, &how, out);
    }
    if (status == SML_OK) {
        widen_compressed(model, *out);
    }
    sml__free(classes);
    return status;
}

/* ------------------------------------------------------------------------ Held-out rows */

static void free_parts(file_parts *parts)
{
    for (size_t i = 0; i < 2; i++) {
        sml_dataset_free(parts->inner[i]);
        sml_dataset_free(parts->outer[i]);
    }
}

/* Cuts the data as the training did. */
static sml_status cut(sml_ctx *ctx, const sml_model *model, const sml_dataset *whole,
                      file_parts *parts)
{
    uint64_t seed = 0;
    double share = 0;
    sml_status status = SML_OK;
    const sml_dataset *base = whole;
    if (whole->split[0] == '\0' && sml__receipt_split(model->receipt, &seed, &share)) {
        status = sml_dataset_split(ctx, whole, seed, &share, 1, parts->outer);
        base = parts->outer[0];
    }
    if (status != SML_OK || json_object_get(model->receipt, "validation") == NULL) {
        return status;
    }
    seed = (uint64_t)sml__setting_integer(model, "seed");
    share = sml__setting_real(model, "validation");
    return share > 0 ? sml_dataset_split(ctx, base, seed, &share, 1, parts->inner) : SML_OK;
}

/* Whether the training rows, cut out again, are those that the model was trained on. */
static sml_status compare(sml_ctx *ctx, const sml_model *model, const sml_dataset *whole,
                          const file_parts *parts, int *same)
{
    char sha256[65] = "";
    const sml_dataset *train = parts->outer[0] != NULL ? parts->outer[0] : whole;
    train = parts->inner[0] != NULL ? parts->inner[0] : train;
    const json_t *then = json_object_get(model->receipt, "data_sha256");
    sml_status status = sml_dataset_sha256(ctx, train, sha256);
    *same = json_is_string(then) && strcmp(json_string_value(then), sha256) == 0;
    return status;
}

/* *out, the whole file, becomes its part where it is the file of the training. */
static sml_status take_part(sml_ctx *ctx, const sml_model *model, part_name part, sml_dataset **out)
{
    file_parts parts = {{NULL, NULL}, {NULL, NULL}};
    int same = 0;
    sml_status status = cut(ctx, model, *out, &parts);
    if (status == SML_OK) {
        status = compare(ctx, model, *out, &parts, &same);
    }
    sml_dataset **chosen =
        part == PART_VALIDATION ? &parts.inner[1] : &parts.outer[part == PART_TEST];
    if (part == PART_TRAIN && parts.inner[0] != NULL) {
        chosen = &parts.inner[0];
    }
    if (status == SML_OK && same && *chosen != NULL) {
        sml__dataset_set_split(*chosen, PARTS[part == PART_GIVEN ? PART_TRAIN : part]);
        (*chosen)->owned_whole = *out; /* its arrays and names, also below another part */
        *out = *chosen;
        *chosen = NULL;
    } else if (status == SML_OK && part == PART_VALIDATION) {
        status = sml__fail(ctx, SML_NOT_FOUND, "%s: %s", (*out)->name,
                           same ? "no rows were kept for validation when the model was trained"
                                : "not the data that the model was trained on, so no rows of it "
                                  "were kept for validation");
    }
    free_parts(&parts);
    return status;
}

/* Whether a part is asked for that is not a part of its own in the data. */
static int is_cut(const sml_model *model, const sml_dataset *data, part_name part)
{
    uint64_t seed;
    double share;
    if (part == PART_ALL || part == PART_UNCUT || data->view.task == SML_TASK_NONE) {
        return 0;
    }
    const int had_validation = json_object_get(model->receipt, "validation") != NULL;
    return part == PART_VALIDATION || (part == PART_TRAIN && had_validation) ||
           (data->split[0] == '\0' && sml__receipt_split(model->receipt, &seed, &share));
}

/* What has parts has no "all". */
static sml_status check_part(sml_ctx *ctx, const sml_dataset *data, const char *split)
{
    if (split == NULL || strcmp(split, PARTS[PART_ALL]) != 0 || data->split[0] == '\0') {
        return SML_OK;
    }
    return sml__fail(ctx, SML_NOT_FOUND, "%s: no part 'all'; it has 'train' and 'test'",
                     data->name);
}

sml_status sml_model_open_data(sml_ctx *ctx, const sml_model *model, const char *name_or_path,
                               const sml_data_options *options, sml_dataset **out)
{
    const char *split = options != NULL ? options->split : NULL;
    part_name part = PART_ALL;
    *out = NULL;
    if (model->inputs == 0) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "open data: the model was never fitted; fit or load one");
    }
    sml_status status = split != NULL ? find_part(ctx, split, &part) : SML_OK;
    if (status == SML_OK) {
        status = open_whole(ctx, model, name_or_path, options, part, out);
    }
    if (status == SML_OK) {
        status = check_part(ctx, *out, split);
    }
    if (status == SML_OK && is_cut(model, *out, part)) {
        status = take_part(ctx, model, part, out);
    }
    if (status != SML_OK) {
        sml_dataset_free(*out);
        *out = NULL;
    }
    return status;
}
