/* Whole files: read with a cap, written so that a reader sees the old one or the new one. */
#ifndef SML_BASE_FILE_H
#define SML_BASE_FILE_H

#include <scratchml/base.h>
#include <sys/types.h>

/* Reads all of path into *bytes (sml__free it). A gzip file is not unpacked here.
 * Errors: SML_NOT_FOUND, SML_IO, SML_BAD_FILE (longer than limit, or a directory),
 * SML_NO_MEMORY. */
sml_status sml__file_read(sml_ctx *ctx, const char *path, size_t limit, unsigned char **bytes,
                          size_t *length);

/* Reads n bytes from a byte of an open file on into out; returns how many there were, fewer where
 * the file ends before; -1 with errno. */
ssize_t sml__file_read_at(int fd, uint64_t at, void *out, size_t n);

/* One piece of a file to write. */
typedef struct sml__piece {
    const void *bytes;
    size_t length;
} sml__piece;

/* Writes the pieces one after the other: temporary file in the same directory, fsync, rename,
 * fsync of the directory. After a failure the old file is whole and no temporary one is left.
 * A link stays: the file that it leads to is replaced. The new file has the permission bits of the
 * old one. Errors: SML_IO (also for what is not a regular file, not writable, or a link to
 * nothing). */
sml_status sml__file_write(sml_ctx *ctx, const char *path, const sml__piece *pieces, size_t n);

/* Removes temporary files that an sml__file_write to path left behind when its process was killed;
 * one that is being written, by any process, stays: its writer holds a lock on it. */
void sml__file_sweep(sml_ctx *ctx, const char *path);

/* Whether sml__file_write could begin now: the same refusals, before work that would be lost. */
sml_status sml__file_check(sml_ctx *ctx, const char *path);

/* Creates a directory and its parents. Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__directory_create(sml_ctx *ctx, const char *path);

#endif
