#include "model/safetensors.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/json.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

/* Large elements first, so that every tensor is aligned to its own element. */
static int compare_for_writing(const void *a, const void *b)
{
    const sml__tensor_entry *x = a, *y = b;
    if (x->dtype->size != y->dtype->size) {
        return x->dtype->size > y->dtype->size ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

/* Puts the tensors one behind the other. */
static sml_status place(sml_ctx *ctx, sml__tensor_entry *entries, size_t n)
{
    size_t offset = 0;
    for (size_t i = 0; i < n; i++) {
        sml__tensor_entry *entry = &entries[i];
        size_t size = entry->dtype->size;
        int fits = entry->rank <= SML__RANK_MAX;
        entry->elements = 1;
        for (size_t d = 0; d < entry->rank && fits; d++) {
            fits = sml__multiply(entry->elements, entry->shape[d], &entry->elements);
        }
        fits = fits && sml__multiply(entry->elements, size, &size);
        entry->begin = offset;
        if (!fits || __builtin_add_overflow(offset, size, &offset)) {
            return sml__fail(ctx, SML_BAD_SHAPE, "tensor '%s' is too large to be written",
                             entry->name);
        }
        entry->end = offset;
    }
    return SML_OK;
}

/* A new array of numbers; NULL on failure. */
static json_t *sizes_json(const size_t *sizes, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n && array != NULL; i++) {
        if (json_array_append_new(array, json_integer((json_int_t)sizes[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *entry_json(const sml__tensor_entry *entry)
{
    const size_t offsets[2] = {entry->begin, entry->end};
    json_t *json = json_object();
    if (json_object_set_new(json, "dtype", json_string(entry->dtype->name)) != 0 ||
        json_object_set_new(json, "shape", sizes_json(entry->shape, entry->rank)) != 0 ||
        json_object_set_new(json, "data_offsets", sizes_json(offsets, 2)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *header_json(json_t *metadata, const sml__tensor_entry *entries, size_t n)
{
    json_t *header = json_object();
    int failed = header == NULL;
    if (!failed && metadata != NULL) {
        failed = json_object_set(header, "__metadata__", metadata) != 0;
    }
    for (size_t i = 0; i < n && !failed; i++) {
        failed = json_object_set_new(header, entries[i].name, entry_json(&entries[i])) != 0;
    }
    if (failed) {
        json_decref(header);
        return NULL;
    }
    return header;
}

/* Little-endian N, the text, spaces up to a multiple of 8. */
static void fill(unsigned char *bytes, const char *text, size_t length, size_t padded)
{
    for (int i = 0; i < SML__SAFETENSORS_PREFIX; i++) {
        bytes[i] = (unsigned char)((uint64_t)padded >> 8 * i);
    }
    memcpy(bytes + SML__SAFETENSORS_PREFIX, text, length);
    memset(bytes + SML__SAFETENSORS_PREFIX + length, ' ', padded - length);
}

sml_status sml__safetensors_header(sml_ctx *ctx, json_t *metadata, sml__tensor_entry *entries,
                                   size_t n, unsigned char **bytes, size_t *length)
{
    *bytes = NULL;
    qsort(entries, n, sizeof *entries, compare_for_writing);
    sml_status status = place(ctx, entries, n);
    if (status != SML_OK) {
        return status;
    }
    json_t *header = header_json(metadata, entries, n);
    char *text = header != NULL ? sml__json_write(ctx, header) : NULL;
    if (text != NULL) {
        size_t used = strlen(text), padded = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (padded > SML__SAFETENSORS_HEADER_MAX) {
            sml__free(text);
            json_decref(header);
            return sml__fail(ctx, SML_BAD_SHAPE,
                             "the header of a model file would have %zu bytes; it may have %d",
                             padded, SML__SAFETENSORS_HEADER_MAX);
        }
        *length = SML__SAFETENSORS_PREFIX + padded;
        *bytes = sml__alloc(ctx, *length, 1, "the header of a model file");
        if (*bytes != NULL) {
            fill(*bytes, text, used, padded);
        }
    }
    sml__free(text);
    json_decref(header);
    return *bytes != NULL
               ? SML_OK
               : sml__fail(ctx, SML_NO_MEMORY, "out of memory: the header of a model file");
}
