/* Unpacking gzip from memory, piece by piece, so that the caller decides how much it believes. */
#ifndef SML_DATA_GUNZIP_H
#define SML_DATA_GUNZIP_H

#include <scratchml/base.h>
#include <zlib.h>

/* A byte of deflate data unpacks to at most 1032 (a match of 258 in 2 bits; zlib's FAQ 36). */
enum { SML__DEFLATE_RATIO_MAX = 1032 };

typedef struct sml__gunzip {
    z_stream stream;
    const char *path; /* for messages */
    const unsigned char *packed;
    size_t packed_left; /* not yet shown to zlib, which counts in 32 bits */
    size_t unpacked;    /* bytes handed out so far */
    int ended;
} sml__gunzip;

/* 1 when the bytes start as a gzip file does (RFC 1952), whatever its name. */
int sml__is_gzip(const unsigned char *bytes, size_t length);

/* Starts on packed[length], which must stay. Errors: SML_NO_MEMORY. Close with sml__gunzip_end. */
sml_status sml__gunzip_begin(sml_ctx *ctx, const char *path, const unsigned char *packed,
                             size_t length, sml__gunzip *gunzip);

/* Writes the next `wanted` bytes to out; fewer (*got) only where the packed data ends.
 * Errors: SML_BAD_FILE (damaged or truncated), SML_NO_MEMORY. */
sml_status sml__gunzip_read(sml_ctx *ctx, sml__gunzip *gunzip, void *out, size_t wanted,
                            size_t *got);

/* Unpacks all of packed[length] into *bytes (sml__free), at most `limit` bytes. Errors:
 * SML_BAD_FILE (damaged, truncated, or longer than limit), SML_NO_MEMORY. */
sml_status sml__gunzip_all(sml_ctx *ctx, const char *path, const unsigned char *packed,
                           size_t packed_length, size_t limit, unsigned char **bytes,
                           size_t *length);

/* The first bytes of packed[length] as far as they can be unpacked; returns how many. */
size_t sml__gunzip_peek(sml_ctx *ctx, const unsigned char *packed, size_t length,
                        unsigned char *out, size_t wanted);

void sml__gunzip_end(sml__gunzip *gunzip);

#endif
