/* Rows that stay in their file: each is read when it is asked for, so a data set may be
 * larger than memory, and no page of the file ever counts as the program's. A file that is cut
 * while it is read is an error with a text, where a mapped file would end the process.
 *
 * The functions that read rows return nothing: the first failure is kept, as ferror does, and
 * whoever has run a loop over rows asks for it. */
#ifndef SML_DATA_STORE_H
#define SML_DATA_STORE_H

#include "data/elements.h"

#include <scratchml/base.h>
#include <stdatomic.h>
#include <stdint.h>

typedef struct sml__store {
    int fd;
    char *path;     /* for messages */
    uint64_t begin; /* byte of the file where row 0 begins */
    sml__element element;
    size_t row_bytes;           /* from a row to the next; rows have no gaps */
    atomic_int failure;         /* errno of the first read that failed, SML__SHORTER, or 0 */
    _Atomic uint64_t failed_at; /* byte of the file */
} sml__store;

/* In place of an errno: the file ends before its rows do. */
enum { SML__SHORTER = -1 };

/* Rows of `columns` elements. Takes over the open file fd, also on failure. Free with
 * sml__store_free. Errors: SML_NO_MEMORY. */
sml_status sml__store_create(sml_ctx *ctx, int fd, const char *path, uint64_t begin,
                             sml__element element, size_t columns, sml__store **out);
void sml__store_free(sml__store *store);

/* Reads n bytes from a byte of the file on; zeros where that fails. Any thread may call it. */
void sml__store_read(sml__store *store, uint64_t at, void *out, size_t n);

/* Bytes of rows that lie close to one another and are read at once: a call of the system costs as
 * much as some KiB. */
enum { SML__SPAN = 16384 };

/* How many of n ≥ 1 rows, at places order[0…n-1] (NULL: one after the other), to read at once: they
 * go upwards, few others lie between them, and all fit SML__SPAN. 1 where none does. */
size_t sml__store_run(const sml__store *store, const uint32_t *order, size_t n);

/* n elements in memory, as they are in the file, to float32; bytes are multiplied by scale. In the
 * other order of bytes, they are swapped where they lie. */
void sml__store_convert(const sml__store *store, unsigned char *elements, size_t n, float scale,
                        float *out);

/* Reads n elements from a byte of the file on as float32. */
void sml__store_floats(sml__store *store, uint64_t at, size_t n, float scale, float *out);

/* SML_OK, or SML_IO with the path and the byte of the first read that failed. */
sml_status sml__store_status(sml_ctx *ctx, sml__store *store);

#endif
