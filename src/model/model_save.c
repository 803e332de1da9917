#include "base/context.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "model/model_file.h"
#include "model/model_names.h"
#include "model/prepare_model.h"
#include "model/receipt.h"
#include "model/safetensors.h"

#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are copied to and from the file as they lie in memory: little-endian hosts only"
#endif

static const char ZEROS[] = "0000000000000000000000000000000000000000000000000000000000000000";

const unsigned char *sml__digest_find(const unsigned char *bytes, size_t n)
{
    const size_t key = sizeof SML__DIGEST_KEY - 1;
    const unsigned char *found = memmem(bytes, n, SML__DIGEST_KEY, key);
    size_t left = found != NULL ? n - (size_t)(found - bytes) - key : 0;
    return left > SML__DIGEST && found[key + SML__DIGEST] == '"' ? found + key : NULL;
}

void sml__digest_compute(const sml__piece *pieces, size_t n, const unsigned char *digits,
                         char out[SML__DIGEST + 1])
{
    sml__sha256 state;
    const unsigned char *first = pieces[0].bytes;
    size_t before = (size_t)(digits - first);
    size_t after = pieces[0].length - before - SML__DIGEST;
    sha256_init(&state);
    sha256_update(&state, before, first);
    sha256_update(&state, SML__DIGEST, (const uint8_t *)ZEROS);
    sha256_update(&state, after, digits + SML__DIGEST);
    for (size_t i = 1; i < n; i++) {
        sha256_update(&state, pieces[i].length, pieces[i].bytes);
    }
    sml__sha256_hex(&state, out);
}

int sml__metadata_put(sml_ctx *ctx, json_t *metadata, const char *key, json_t *json)
{
    char *text = json != NULL ? sml__json_write(ctx, json) : NULL;
    int failed = text != NULL ? json_object_set_new(metadata, key, json_string(text)) : -1;
    sml__free(text);
    json_decref(json);
    return failed;
}

static int put_text(json_t *metadata, const char *key, const char *text)
{
    return json_object_set_new(metadata, key, json_string(text));
}

static int put_size(json_t *metadata, const char *key, size_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", value);
    return put_text(metadata, key, text);
}

static json_t *names_json(sml_ctx *ctx, const sml_model *model)
{
    json_t *names = json_array();
    for (size_t i = 0; i < model->outputs && names != NULL; i++) {
        if (json_array_append_new(names, sml__json_string(ctx, model->class_names[i])) != 0) {
            json_decref(names);
            names = NULL;
        }
    }
    return names;
}

/* What grows with the data; -1 on failure. */
static int put_learned(sml_ctx *ctx, json_t *m, const sml_model *model)
{
    int failed = 0;
    if (model->class_names != NULL) {
        failed = sml__metadata_put(ctx, m, "class_names", names_json(ctx, model));
    }
    if (failed == 0 && model->pipeline != NULL) {
        failed =
            sml__metadata_put(ctx, m, "preprocessing", sml__pipeline_json(ctx, model->pipeline));
    }
    if (failed == 0 && model->target_scaling != NULL) {
        failed = sml__metadata_put(ctx, m, "target_scaling",
                                   sml__target_scaling_json(ctx, model->target_scaling));
    }
    return failed;
}

/* Values of the pipeline as JSON: an object, five members and categories for each column of a
 * table, three numbers for one without a name. */
static size_t count_values(const sml__pipeline *pipeline)
{
    const sml_schema *schema = pipeline->schema;
    size_t n = pipeline->n_raw * (schema != NULL ? 7 : 3);
    for (size_t c = 0; schema != NULL && c < schema->n; c++) {
        n += schema->columns[c].n_categories;
    }
    return n;
}

sml_status sml__model_check_metadata(sml_ctx *ctx, const sml_model *model, const char *data)
{
    /* What else is in a list, and in the header: settings, structure, receipt, and the tensors,
     * five times in a checkpoint. */
    enum { FEW = 64, REST = 1 << 22 };
    const size_t values = model->pipeline != NULL ? count_values(model->pipeline) : 0;
    const int is_few =
        values <= SML__JSON_VALUES_MAX - FEW && model->outputs <= SML__JSON_VALUES_MAX - FEW;
    json_t *m = is_few ? json_object() : NULL;
    if (is_few && (m == NULL || put_learned(ctx, m, model) != 0)) {
        json_decref(m);
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: the metadata of a model file");
    }
    const int fits = is_few && sml__json_length(m) <= SML__SAFETENSORS_HEADER_MAX - REST;
    json_decref(m);
    if (fits) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_DATA,
                     "%s: what the model would have to remember of %zu columns and %zu outputs is "
                     "more than a model file can hold, %d numbers and names in %d bytes; leave out "
                     "columns of names, or the scaling (scaling=none)",
                     data, sml_model_columns(model), model->outputs, SML__JSON_VALUES_MAX,
                     SML__SAFETENSORS_HEADER_MAX);
}

json_t *sml__model_metadata(sml_ctx *ctx, const sml_model *model, const char *format,
                            json_t *settings, json_t *receipt)
{
    const char *version = model->target_scaling != NULL ? SML__FORMAT_SCALED
                          : model->pipeline != NULL     ? SML__FORMAT_PREPARED
                                                        : SML__FORMAT_PLAIN;
    json_t *m = json_object();
    int failed =
        put_text(m, "format", format) != 0 || put_text(m, "format_version", version) != 0 ||
        put_text(m, "algorithm", model->algorithm->name) != 0 ||
        sml__metadata_put(ctx, m, "settings", json_incref(settings)) != 0 ||
        sml__metadata_put(ctx, m, "structure", model->algorithm->structure(ctx, model)) != 0 ||
        put_text(m, "task", sml_task_name(model->task)) != 0 ||
        put_size(m, "inputs", model->inputs) != 0 || put_size(m, "outputs", model->outputs) != 0 ||
        put_size(m, "height", model->height) != 0 || put_size(m, "width", model->width) != 0 ||
        sml__metadata_put(ctx, m, "receipt", json_incref(receipt)) != 0 ||
        put_text(m, "sha256", ZEROS) != 0;
    if (!failed && model->index_base != SML_INDEX_AUTO) {
        failed = put_size(m, "index_base", model->index_base == SML_INDEX_FROM_1) != 0;
    }
    failed = failed || put_learned(ctx, m, model) != 0;
    if (failed) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: the metadata of a model file");
        json_decref(m);
        return NULL;
    }
    return m;
}

/* The tensors to be written; an entry's index is the model's. */
typedef struct payload {
    sml__tensor_entry *entries; /* [n] */
    size_t n;
    float *values; /* all tensors, in the file's order */
    size_t length; /* bytes */
} payload;

static size_t count_tensors(const sml_model *model)
{
    size_t n = 0;
    sml_tensor_facts facts;
    while (model->algorithm->tensor(model, n, &facts) == SML_OK) {
        n++;
    }
    return n;
}

static sml_status list_tensors(sml_ctx *ctx, const sml_model *model, payload *out)
{
    out->n = count_tensors(model);
    out->entries = sml__alloc(ctx, out->n, sizeof *out->entries, "the tensors of a model");
    if (out->entries == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < out->n; i++) {
        sml_tensor_facts facts;
        sml__tensor_entry *entry = &out->entries[i];
        model->algorithm->tensor(model, i, &facts);
        entry->name = facts.name;
        entry->dtype = sml__dtype_named("F32");
        entry->rank = facts.rank;
        entry->index = i;
        memcpy(entry->shape, facts.shape, facts.rank * sizeof facts.shape[0]);
    }
    return SML_OK;
}

/* Copies the tensors to one array, since the model may keep them in another layout. */
static sml_status export_tensors(sml_ctx *ctx, const sml_model *model, payload *out)
{
    out->length = out->n > 0 ? out->entries[out->n - 1].end : 0;
    out->values = sml__alloc(ctx, out->length, 1, "the tensors of a model");
    if (out->values == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < out->n; i++) {
        const sml__tensor_entry *entry = &out->entries[i];
        model->algorithm->tensor_export(model, entry->index,
                                        out->values + entry->begin / sizeof(float));
    }
    return SML_OK;
}

sml_status sml__model_write(sml_ctx *ctx, const char *path, unsigned char *header, size_t length,
                            const sml__piece *data, size_t n)
{
    char digest[SML__DIGEST + 1];
    size_t whole = length;
    for (size_t i = 0; i < n; i++) {
        whole += data[i].length;
    }
    if (whole > SML__MODEL_FILE_MAX) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: %zu bytes; a file that can be read again has %zu",
                         path, whole, SML__MODEL_FILE_MAX);
    }
    sml__piece *pieces = sml__alloc(ctx, n + 1, sizeof *pieces, "the pieces of a file");
    if (pieces == NULL) {
        return SML_NO_MEMORY;
    }
    const unsigned char *found = sml__digest_find(header, length);
    unsigned char *digits = header + (found - header);
    pieces[0] = (sml__piece){header, length};
    memcpy(pieces + 1, data, n * sizeof *data);
    sml__digest_compute(pieces, n + 1, digits, digest);
    memcpy(digits, digest, SML__DIGEST);
    const sml_status status = sml__file_write(ctx, path, pieces, n + 1);
    sml__free(pieces);
    return status;
}

sml_status sml_model_check_path(sml_ctx *ctx, const char *path)
{
    sml__file_sweep(ctx, path);
    return sml__file_check(ctx, path);
}

sml_status sml_model_save(sml_ctx *ctx, const sml_model *model, const char *path)
{
    payload data = {NULL, 0, NULL, 0};
    unsigned char *header = NULL;
    size_t length = 0;
    if (model->receipt == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: the model was never fitted to the end; nothing to save", path);
    }
    json_t *metadata =
        sml__model_metadata(ctx, model, SML__FORMAT, model->fit_settings, model->receipt);
    sml_status status = metadata != NULL ? list_tensors(ctx, model, &data) : SML_NO_MEMORY;
    if (status == SML_OK) {
        status = sml__safetensors_header(ctx, metadata, data.entries, data.n, &header, &length);
    }
    if (status == SML_OK) {
        status = export_tensors(ctx, model, &data);
    }
    if (status == SML_OK) {
        const sml__piece values = {data.values, data.length};
        status = sml__model_write(ctx, path, header, length, &values, 1);
    }
    json_decref(metadata);
    sml__free(header);
    sml__free(data.values);
    sml__free(data.entries);
    return status;
}
