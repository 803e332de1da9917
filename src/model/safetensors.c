/* The reader believes nothing: each length is checked against the file before it is used. */
#include "model/safetensors.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/json.h"

#include <stdlib.h>
#include <string.h>

static const char METADATA[] = "__metadata__";

static const sml__dtype dtypes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1},
    {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},     {"U32", 4},
    {"F32", 4},  {"F64", 8}, {"I64", 8}, {"U64", 8},     {"C64", 8},
};

const sml__dtype *sml__dtype_named(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            return &dtypes[i];
        }
    }
    return NULL;
}

static uint64_t read_u64(const unsigned char bytes[8])
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* N, checked against the format's limit and the file. */
static sml_status read_prefix(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                              size_t length, size_t *header)
{
    if (length < SML__SAFETENSORS_PREFIX) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: %zu bytes; a safetensors file has at least 8, it may be cut off",
                         path, length);
    }
    uint64_t n = read_u64(bytes);
    if (n > SML__SAFETENSORS_HEADER_MAX) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: header of %llu bytes, at most %d are allowed; not a safetensors "
                         "file, or damaged",
                         path, (unsigned long long)n, SML__SAFETENSORS_HEADER_MAX);
    }
    if (n > length - SML__SAFETENSORS_PREFIX) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: header of %llu bytes, but only %zu follow; the file is cut off or "
                         "not safetensors",
                         path, (unsigned long long)n, length - SML__SAFETENSORS_PREFIX);
    }
    *header = (size_t)n;
    return SML_OK;
}

static sml_status parse_header(sml_ctx *ctx, const char *path, const char *json, size_t length,
                               json_t **header)
{
    sml__json_error error;
    if (length == 0 || json[0] != '{') {
        return sml__fail(ctx, SML_BAD_FILE, "%s: byte 8: the header does not start with '{'", path);
    }
    while (json[length - 1] == ' ') {
        length--;
    }
    if (json[length - 1] != '}') {
        return sml__fail(ctx, SML_BAD_FILE, "%s: byte %zu: the header does not end with '}'", path,
                         SML__SAFETENSORS_PREFIX + length - 1);
    }
    sml_status status = sml__json_read(ctx, json, length, &error, header);
    if (status == SML_BAD_FILE) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: byte %zu: the header is not JSON: %s", path,
                         SML__SAFETENSORS_PREFIX + error.position, error.reason);
    }
    return status;
}

static sml_status take_metadata(sml_ctx *ctx, const char *path, sml__safetensors *file)
{
    const char *key;
    json_t *value;
    json_t *metadata = json_object_get(file->header, METADATA);
    file->metadata = metadata;
    if (metadata != NULL && !json_is_object(metadata)) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: __metadata__ is not an object", path);
    }
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value)) {
            return sml__fail(ctx, SML_BAD_FILE, "%s: __metadata__ '%.64s' is not a text", path,
                             key);
        }
    }
    return SML_OK;
}

/* A whole number of 0 or more; 0 where json is something else. */
static int take_size(const json_t *json, size_t *size)
{
    json_int_t value = json_integer_value(json);
    *size = (size_t)value;
    return json_is_integer(json) && value >= 0 && (uintmax_t)value <= SIZE_MAX;
}

/* The shape, and in elements its product. */
static sml_status take_shape(sml_ctx *ctx, const char *path, const json_t *shape,
                             sml__tensor_entry *entry)
{
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > SML__RANK_MAX) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: tensor '%.64s': shape is not a list of at most %d",
                         path, entry->name, SML__RANK_MAX);
    }
    entry->rank = rank;
    entry->elements = 1;
    for (size_t i = 0; i < rank; i++) {
        if (!take_size(json_array_get(shape, i), &entry->shape[i])) {
            return sml__fail(ctx, SML_BAD_FILE,
                             "%s: tensor '%.64s': size %zu of the shape is not a whole number",
                             path, entry->name, i);
        }
        if (!sml__multiply(entry->elements, entry->shape[i], &entry->elements)) {
            return sml__fail(ctx, SML_BAD_FILE, "%s: tensor '%.64s': the shape overflows", path,
                             entry->name);
        }
    }
    return SML_OK;
}

static sml_status take_offsets(sml_ctx *ctx, const char *path, const json_t *offsets,
                               size_t available, sml__tensor_entry *entry)
{
    size_t size = 0;
    if (json_array_size(offsets) != 2 || !take_size(json_array_get(offsets, 0), &entry->begin) ||
        !take_size(json_array_get(offsets, 1), &entry->end) || entry->begin > entry->end) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: tensor '%.64s': data_offsets are not [begin, end]",
                         path, entry->name);
    }
    if (entry->end > available) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: tensor '%.64s' ends at byte %zu of the data, which has %zu; the "
                         "file is cut off",
                         path, entry->name, entry->end, available);
    }
    if (!sml__multiply(entry->elements, entry->dtype->size, &size) ||
        size != entry->end - entry->begin) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: tensor '%.64s': shape and type do not fit its %zu bytes", path,
                         entry->name, entry->end - entry->begin);
    }
    return SML_OK;
}

static sml_status take_entry(sml_ctx *ctx, const char *path, const json_t *json, size_t available,
                             sml__tensor_entry *entry)
{
    const json_t *dtype = json_object_get(json, "dtype");
    const json_t *shape = json_object_get(json, "shape");
    const json_t *offsets = json_object_get(json, "data_offsets");
    if (json_object_size(json) != 3 || !json_is_string(dtype) || shape == NULL || offsets == NULL) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: tensor '%.64s' does not have dtype, shape, data_offsets and nothing "
                         "else",
                         path, entry->name);
    }
    entry->dtype = sml__dtype_named(json_string_value(dtype));
    if (entry->dtype == NULL) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: tensor '%.64s': unknown dtype '%.16s'", path,
                         entry->name, json_string_value(dtype));
    }
    sml_status status = take_shape(ctx, path, shape, entry);
    return status == SML_OK ? take_offsets(ctx, path, offsets, available, entry) : status;
}

/* An empty tensor stands before the one that starts at the same byte. */
static int compare_offsets(const void *a, const void *b)
{
    const sml__tensor_entry *x = a, *y = b;
    if (x->begin != y->begin) {
        return x->begin < y->begin ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end < y->end ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

/* The tensors must cover the data, each byte once. */
static sml_status check_cover(sml_ctx *ctx, const char *path, const sml__safetensors *file,
                              size_t available)
{
    size_t covered = 0;
    for (size_t i = 0; i < file->n; i++) {
        const sml__tensor_entry *entry = &file->entries[i];
        if (entry->begin != covered) {
            return sml__fail(ctx, SML_BAD_FILE,
                             "%s: tensor '%.64s' starts at byte %zu of the data, expected %zu: %s",
                             path, entry->name, entry->begin, covered,
                             entry->begin > covered ? "a hole" : "an overlap");
        }
        covered = entry->end;
    }
    if (covered != available) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: %zu bytes after the last tensor", path,
                         available - covered);
    }
    return SML_OK;
}

static sml_status take_entries(sml_ctx *ctx, const char *path, sml__safetensors *file,
                               size_t available)
{
    const char *key;
    json_t *value;
    sml_status status = SML_OK;
    size_t n = json_object_size(file->header);
    file->entries = sml__alloc(ctx, n, sizeof *file->entries, "the tensors of a file");
    if (file->entries == NULL) {
        return SML_NO_MEMORY;
    }
    json_object_foreach(file->header, key, value)
    {
        if (strcmp(key, METADATA) == 0) {
            continue;
        }
        sml__tensor_entry *entry = &file->entries[file->n++];
        entry->name = key;
        status = take_entry(ctx, path, value, available, entry);
        if (status != SML_OK) {
            return status;
        }
        entry->bytes = file->data + entry->begin;
    }
    qsort(file->entries, file->n, sizeof *file->entries, compare_offsets);
    return check_cover(ctx, path, file, available);
}

sml_status sml__safetensors_read(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                                 size_t length, sml__safetensors *file)
{
    size_t header = 0;
    memset(file, 0, sizeof *file);
    sml_status status = read_prefix(ctx, path, bytes, length, &header);
    if (status == SML_OK) {
        file->data = bytes + SML__SAFETENSORS_PREFIX + header;
        status = parse_header(ctx, path, (const char *)bytes + SML__SAFETENSORS_PREFIX, header,
                              &file->header);
    }
    if (status == SML_OK) {
        status = take_metadata(ctx, path, file);
    }
    if (status == SML_OK) {
        status = take_entries(ctx, path, file, length - SML__SAFETENSORS_PREFIX - header);
    }
    return status;
}

void sml__safetensors_free(sml__safetensors *file)
{
    json_decref(file->header);
    sml__free(file->entries);
    memset(file, 0, sizeof *file);
}
