#include "model/checkpoint_file.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/json.h"
#include "model/receipt.h"

#include <stdlib.h>
#include <string.h>

/* Entries for the header, in the order that it sorts them into; index says which array it is. */
static sml__tensor_entry *list_entries(sml_ctx *ctx, const sml__named_array *arrays, size_t n)
{
    sml__tensor_entry *entries = sml__alloc(ctx, n, sizeof *entries, "the arrays of a checkpoint");
    for (size_t i = 0; entries != NULL && i < n; i++) {
        entries[i].name = arrays[i].name;
        entries[i].dtype = sml__dtype_named(arrays[i].dtype);
        entries[i].rank = arrays[i].rank;
        entries[i].index = i;
        memcpy(entries[i].shape, arrays[i].shape, sizeof arrays[i].shape);
    }
    return entries;
}

/* The values of all arrays as pieces of the file. */
static sml_status write_pieces(sml_ctx *ctx, const char *path, unsigned char *header, size_t length,
                               const sml__tensor_entry *entries, const sml__named_array *arrays,
                               size_t n)
{
    sml__piece *pieces = sml__alloc(ctx, n, sizeof *pieces, "the arrays of a checkpoint");
    if (pieces == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const sml__tensor_entry *entry = &entries[i];
        pieces[i] = (sml__piece){arrays[entry->index].values, entry->end - entry->begin};
    }
    const sml_status status = sml__model_write(ctx, path, header, length, pieces, n);
    sml__free(pieces);
    return status;
}

/* NULL with an error in ctx. */
static json_t *metadata_so_far(sml_ctx *ctx, const sml_model *model, const sml_fit_report *so_far)
{
    json_t *receipt = json_deep_copy(model->fitting->receipt);
    if (!json_equal(receipt, model->fitting->receipt)) { /* a copy leaves out what has no memory */
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: the metadata of a checkpoint");
        json_decref(receipt);
        return NULL;
    }
    sml__receipt_finish(receipt, so_far);
    json_t *metadata =
        sml__model_metadata(ctx, model, SML__CHECKPOINT, model->fitting->settings, receipt);
    json_decref(receipt);
    return metadata;
}

sml_status sml__checkpoint_save(sml_ctx *ctx, const sml_model *model, const char *path,
                                const sml_fit_report *so_far, json_t *training,
                                const sml__named_array *arrays, size_t n)
{
    unsigned char *header = NULL;
    size_t length = 0;
    json_t *metadata = metadata_so_far(ctx, model, so_far);
    sml__tensor_entry *entries = list_entries(ctx, arrays, n);
    sml_status status = metadata != NULL && entries != NULL ? SML_OK : SML_NO_MEMORY;
    if (status == SML_OK &&
        sml__metadata_put(ctx, metadata, "training", json_incref(training)) != 0) {
        status = sml__fail(ctx, SML_NO_MEMORY, "out of memory: the metadata of a checkpoint");
    }
    if (status == SML_OK) {
        status = sml__safetensors_header(ctx, metadata, entries, n, &header, &length);
    }
    if (status == SML_OK) {
        status = write_pieces(ctx, path, header, length, entries, arrays, n);
    }
    json_decref(metadata);
    sml__free(entries);
    sml__free(header);
    return status;
}

sml_status sml__checkpoint_load(sml_ctx *ctx, const char *path, sml__checkpoint *out)
{
    size_t length = 0;
    memset(out, 0, sizeof *out);
    sml_status status = sml__file_read(ctx, path, SML__MODEL_FILE_MAX, &out->bytes, &length);
    if (status == SML_OK) {
        status = sml__checkpoint_parse(ctx, path, out->bytes, length, &out->file, &out->model);
    }
    if (status == SML_OK) {
        status = sml__metadata_json(ctx, path, out->file.metadata, "training", &out->training);
    }
    if (status == SML_OK && !json_is_object(out->training)) {
        status = sml__fail(ctx, SML_BAD_FILE, "%s: metadata: training is not an object", path);
    }
    return status;
}

void sml__checkpoint_free(sml__checkpoint *checkpoint)
{
    json_decref(checkpoint->training);
    sml__safetensors_free(&checkpoint->file);
    sml_model_free(checkpoint->model);
    sml__free(checkpoint->bytes);
    memset(checkpoint, 0, sizeof *checkpoint);
}

sml_status sml_model_load_checkpoint(sml_ctx *ctx, const char *path, sml_model **out)
{
    sml__checkpoint checkpoint;
    const sml_status status = sml__checkpoint_load(ctx, path, &checkpoint);
    *out = NULL;
    if (status == SML_OK) {
        *out = checkpoint.model;
        checkpoint.model = NULL;
    }
    sml__checkpoint_free(&checkpoint);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    const sml__tensor_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

const sml__tensor_entry *sml__checkpoint_array(const sml__checkpoint *checkpoint, const char *name,
                                               const char *dtype, size_t rank, const size_t *shape)
{
    const sml__tensor_entry key = {.name = name};
    const sml__tensor_entry *entry =
        bsearch(&key, checkpoint->file.entries, checkpoint->file.n, sizeof key, compare_names);
    int fits = entry != NULL && strcmp(entry->dtype->name, dtype) == 0 && entry->rank == rank;
    for (size_t d = 0; fits && d < rank; d++) {
        fits = entry->shape[d] == shape[d];
    }
    return fits ? entry : NULL;
}

static sml_status differs(sml_ctx *ctx, const char *path, const char *what)
{
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "%s: the checkpoint is of another training: %s differs; start without "
                     "resuming, with another checkpoint file, or repeat what was said then",
                     path, what);
}

static sml_status match_settings(sml_ctx *ctx, const char *path, const json_t *then, json_t *now)
{
    const char *name;
    json_t *value;
    json_object_foreach(now, name, value)
    {
        const char *old = json_string_value(json_object_get(then, name));
        if (old == NULL || strcmp(old, json_string_value(value)) != 0) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "%s: the checkpoint is of another training: it has %s=%s, not %s; "
                             "leave the setting as it was, or start without resuming",
                             path, name, old != NULL ? old : "", json_string_value(value));
        }
    }
    return SML_OK;
}

/* What a receipt says of the origin: each must be as it was, also where it is missing. */
static sml_status match_receipt(sml_ctx *ctx, const char *path, const json_t *then,
                                const json_t *now)
{
    static const struct {
        const char *key, *what;
    } facts[] = {
        {"library_version", "the version of the library"},
        {"seed", "the seed"},
        {"data_sha256", "the training data"},
        {"epochs_before", "the model that training began with"},
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const json_t *a = json_object_get(then, facts[i].key);
        const json_t *b = json_object_get(now, facts[i].key);
        if ((a == NULL) != (b == NULL) || (a != NULL && !json_equal(a, b))) {
            return differs(ctx, path, facts[i].what);
        }
    }
    const json_t *a = json_object_get(json_object_get(then, "validation"), "data_sha256");
    const json_t *b = json_object_get(json_object_get(now, "validation"), "data_sha256");
    const int same = (a == NULL) == (b == NULL) && (a == NULL || json_equal(a, b));
    return same ? SML_OK : differs(ctx, path, "the validation data");
}

static sml_status match_structure(sml_ctx *ctx, const char *path, const sml_model *then,
                                  const sml_model *now)
{
    json_t *a = then->algorithm->structure(ctx, then), *b = now->algorithm->structure(ctx, now);
    sml_status status = a != NULL && b != NULL ? SML_OK : SML_NO_MEMORY;
    const int same = then->algorithm == now->algorithm && then->task == now->task &&
                     then->inputs == now->inputs && then->outputs == now->outputs;
    if (status == SML_OK && (!same || !json_equal(a, b))) {
        status = differs(ctx, path, "the shape of the model");
    }
    json_decref(a);
    json_decref(b);
    return status;
}

sml_status sml__checkpoint_match(sml_ctx *ctx, const char *path, const sml__checkpoint *checkpoint,
                                 const sml_model *model)
{
    const sml_model *then = checkpoint->model;
    sml_status status = match_settings(ctx, path, then->fit_settings, model->fitting->settings);
    if (status == SML_OK) {
        status = match_receipt(ctx, path, then->receipt, model->fitting->receipt);
    }
    return status == SML_OK ? match_structure(ctx, path, then, model) : status;
}
