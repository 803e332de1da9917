#include "data/gunzip.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

enum {
    FIRST_ROOM = 1 << 12, /* bytes */
    GZIP_ONLY = 15 + 16
}; /* windowBits of inflateInit2: a window of 2^15, a gzip header */

int sml__is_gzip(const unsigned char *bytes, size_t length)
{
    return length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

sml_status sml__gunzip_begin(sml_ctx *ctx, const char *path, const unsigned char *packed,
                             size_t length, sml__gunzip *gunzip)
{
    memset(gunzip, 0, sizeof *gunzip);
    gunzip->path = path;
    gunzip->packed = packed;
    gunzip->packed_left = length;
    if (inflateInit2(&gunzip->stream, GZIP_ONLY) != Z_OK) {
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s cannot be unpacked", path);
    }
    return SML_OK;
}

/* Shows zlib as much of the packed bytes as its 32-bit count holds. */
static void feed(sml__gunzip *gunzip)
{
    if (gunzip->stream.avail_in == 0 && gunzip->packed_left > 0) {
        size_t n = gunzip->packed_left < UINT32_MAX ? gunzip->packed_left : UINT32_MAX;
        gunzip->stream.next_in = (z_const Bytef *)gunzip->packed;
        gunzip->stream.avail_in = (uInt)n;
        gunzip->packed += n;
        gunzip->packed_left -= n;
    }
}

/* After the end of one gzip member another may follow (RFC 1952, 2.2). */
static int next_member(sml__gunzip *gunzip)
{
    feed(gunzip);
    gunzip->ended = gunzip->stream.avail_in == 0;
    return gunzip->ended ? Z_OK : inflateReset(&gunzip->stream);
}

static sml_status fail_damaged(sml_ctx *ctx, const sml__gunzip *gunzip, int code)
{
    if (code == Z_MEM_ERROR) {
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s cannot be unpacked", gunzip->path);
    }
    if (code == Z_BUF_ERROR) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: truncated: the gzip data stop after %zu unpacked bytes; get the "
                         "file again",
                         gunzip->path, gunzip->unpacked);
    }
    const char *reason = gunzip->stream.msg != NULL ? gunzip->stream.msg : "not understood";
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: damaged gzip data after %zu unpacked bytes (%s); get the file again",
                     gunzip->path, gunzip->unpacked, reason);
}

sml_status sml__gunzip_read(sml_ctx *ctx, sml__gunzip *gunzip, void *out, size_t wanted,
                            size_t *got)
{
    z_stream *stream = &gunzip->stream;
    *got = 0;
    while (*got < wanted && !gunzip->ended) {
        size_t room = wanted - *got < UINT32_MAX ? wanted - *got : UINT32_MAX;
        stream->next_out = (Bytef *)out + *got;
        stream->avail_out = (uInt)room;
        feed(gunzip);
        int code = inflate(stream, Z_NO_FLUSH);
        *got += room - stream->avail_out;
        gunzip->unpacked += room - stream->avail_out;
        if (code == Z_STREAM_END) {
            code = next_member(gunzip);
        }
        if (code != Z_OK) {
            return fail_damaged(ctx, gunzip, code);
        }
    }
    return SML_OK;
}

size_t sml__gunzip_peek(sml_ctx *ctx, const unsigned char *packed, size_t length,
                        unsigned char *out, size_t wanted)
{
    sml__gunzip gunzip;
    size_t got = 0;
    if (sml__gunzip_begin(ctx, "", packed, length, &gunzip) != SML_OK) {
        return 0;
    }
    sml__gunzip_read(ctx, &gunzip, out, wanted, &got); /* damage is found by who reads it all */
    sml__gunzip_end(&gunzip);
    return got;
}

/* Twice the room of a buffer that is full. */
static sml_status grow(sml_ctx *ctx, const char *path, unsigned char **bytes, size_t *room)
{
    unsigned char *larger = sml__alloc_to_fill(ctx, 2 * *room, path);
    if (larger == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(larger, *bytes, *room);
    sml__free(*bytes);
    *bytes = larger;
    *room *= 2;
    return SML_OK;
}

sml_status sml__gunzip_all(sml_ctx *ctx, const char *path, const unsigned char *packed,
                           size_t packed_length, size_t limit, unsigned char **bytes,
                           size_t *length)
{
    sml__gunzip gunzip;
    size_t room = 4 * packed_length + FIRST_ROOM, got = 0;
    *length = 0;
    *bytes = sml__alloc_to_fill(ctx, room, path);
    sml_status status = *bytes != NULL
                            ? sml__gunzip_begin(ctx, path, packed, packed_length, &gunzip)
                            : SML_NO_MEMORY;
    if (status != SML_OK) {
        sml__free(*bytes);
        *bytes = NULL;
        return status;
    }
    while (status == SML_OK && !gunzip.ended && *length <= limit) {
        if (*length == room) {
            status = grow(ctx, path, bytes, &room);
        }
        if (status == SML_OK) {
            status = sml__gunzip_read(ctx, &gunzip, *bytes + *length, room - *length, &got);
            *length += got;
        }
    }
    sml__gunzip_end(&gunzip);
    if (status == SML_OK && *length > limit) {
        status = sml__fail(ctx, SML_BAD_FILE, "%s: unpacks to more than %zu bytes", path, limit);
    }
    if (status != SML_OK) {
        sml__free(*bytes);
        *bytes = NULL;
    }
    return status;
}

void sml__gunzip_end(sml__gunzip *gunzip)
{
    inflateEnd(&gunzip->stream);
}
