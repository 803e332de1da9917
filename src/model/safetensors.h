/* The safetensors format, read from memory and laid out for writing:
 *   u64 N, little-endian · N bytes of JSON that start with '{', padded with spaces · the data.
 * {"__metadata__": {text: text}, "name": {"dtype": "F32", "shape": […], "data_offsets": [b, e]}}
 * with offsets from the start of the data. Source: the format's README, huggingface/safetensors. */
#ifndef SML_MODEL_SAFETENSORS_H
#define SML_MODEL_SAFETENSORS_H

#include <jansson.h>
#include <scratchml/base.h>

enum {
    SML__SAFETENSORS_PREFIX = 8,             /* bytes of N */
    SML__SAFETENSORS_HEADER_MAX = 100000000, /* the format's own limit of N */
    SML__RANK_MAX = 8
};

typedef struct sml__dtype {
    const char *name; /* "F32" */
    size_t size;      /* bytes of one element */
} sml__dtype;

typedef struct sml__tensor_entry {
    const char *name;
    const sml__dtype *dtype;
    size_t rank;
    size_t shape[SML__RANK_MAX];
    size_t elements;   /* product of the shape; 1 for rank 0 */
    size_t begin, end; /* bytes from the start of the data */
    const void *bytes; /* reader: into the file's bytes, of any alignment */
    size_t index;      /* the writer's own; sorting keeps it */
} sml__tensor_entry;

typedef struct sml__safetensors {
    json_t *header;
    const json_t *metadata;     /* object of texts, owned by header; NULL where there is none */
    sml__tensor_entry *entries; /* [n], in the file's order */
    size_t n;
    const unsigned char *data;
} sml__safetensors;

/* The dtype of that name, NULL where there is none. */
const sml__dtype *sml__dtype_named(const char *name);

/* Reads a whole file from memory, which file's entries point into and which must outlive them.
 * path is for messages only. Free with sml__safetensors_free, also after a failure.
 * Errors: SML_BAD_FILE for everything that the format forbids, SML_NO_MEMORY. */
sml_status sml__safetensors_read(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                                 size_t length, sml__safetensors *file);

void sml__safetensors_free(sml__safetensors *file);

/* Sorts entries as the format wants them, largest element first, then by name; sets begin and end;
 * and writes N and the padded header to *bytes (sml__free it). The data follows it in the order of
 * entries. Of each entry name, dtype, rank and shape are read. metadata, an object of texts, may
 * be NULL. The same input gives the same bytes. Errors: SML_BAD_SHAPE (also for a header that the
 * reader refuses), SML_NO_MEMORY. */
sml_status sml__safetensors_header(sml_ctx *ctx, json_t *metadata, sml__tensor_entry *entries,
                                   size_t n, unsigned char **bytes, size_t *length);

#endif
