/* A file for rows that were converted from another one and have no room in memory. It has no name:
 * it was removed as soon as it was there, and its room is free again when it is closed, whatever
 * happens to the program. */
#ifndef SML_DATA_ROW_FILE_H
#define SML_DATA_ROW_FILE_H

#include <scratchml/base.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sml__row_file {
    int fd;           /* -1: there is none */
    const char *of;   /* for messages: the path of the file whose rows these are; borrowed */
    char *folder;     /* where it lies */
    uint64_t written; /* bytes */
} sml__row_file;

/* In $TMPDIR where that is set, else in /var/tmp: /tmp is often in memory. Close with
 * sml__row_file_close, also on failure. Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__row_file_create(sml_ctx *ctx, const char *of, sml__row_file *file);

/* Writes behind what is there. total: the bytes that all rows take, about, for the message of a
 * full disk. Errors: SML_IO. */
sml_status sml__row_file_append(sml_ctx *ctx, sml__row_file *file, const void *bytes, size_t n,
                                double total);

void sml__row_file_close(sml__row_file *file);

#endif
