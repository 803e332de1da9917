/* Reading one IDX file. The format stands in idx.h. */
#include "data/idx.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/gunzip.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_LABELS = 0x00000801, MAGIC_IMAGES = 0x00000803 };

static const size_t VALUES_MAX = (size_t)SML__IDX_MAX_GIB << 30;

static uint32_t big_endian_32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

int sml__idx_recognise(const unsigned char *bytes, size_t length)
{
    return sml__is_gzip(bytes, length) || (length >= 2 && bytes[0] == 0 && bytes[1] == 0);
}

int sml__idx_is_packed(sml_ctx *ctx, const unsigned char *packed, size_t length)
{
    unsigned char start[2];
    const size_t got = sml__gunzip_peek(ctx, packed, length, start, sizeof start);
    return got < sizeof start || (start[0] == 0 && start[1] == 0);
}

/* The rank that the magic number stands for; 0 when it is none of ours. */
static size_t rank_of_magic(uint32_t magic)
{
    return magic == MAGIC_LABELS ? 1 : (magic == MAGIC_IMAGES ? 3 : 0);
}

static sml_status fail_short_header(sml_ctx *ctx, const char *path, size_t length, size_t expected)
{
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: truncated: %zu bytes, the IDX header alone takes %zu; get the file again",
                     path, length, expected);
}

static sml_status parse_magic(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                              size_t length, size_t *rank)
{
    if (length < 4) {
        return fail_short_header(ctx, path, length, 8);
    }
    uint32_t magic = big_endian_32(bytes);
    *rank = rank_of_magic(magic);
    if (*rank == 0) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: starts with 0x%08x; an IDX file of bytes starts with 0x%08x (labels) "
                         "or 0x%08x (images)",
                         path, magic, (unsigned)MAGIC_LABELS, (unsigned)MAGIC_IMAGES);
    }
    return SML_OK;
}

/* Parses the header; length may be that of the header alone. */
static sml_status parse_header(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                               size_t length, int max_gib, sml__idx *idx)
{
    memset(idx, 0, sizeof *idx);
    sml_status status = parse_magic(ctx, path, bytes, length, &idx->rank);
    if (status != SML_OK) {
        return status;
    }
    if (length < 4 + 4 * idx->rank) {
        return fail_short_header(ctx, path, length, 4 + 4 * idx->rank);
    }
    idx->count = 1;
    for (size_t i = 0; i < idx->rank; i++) {
        idx->dimensions[i] = big_endian_32(bytes + 4 + 4 * i);
        if (idx->dimensions[i] == 0) {
            return sml__fail(ctx, SML_BAD_FILE, "%s: dimension %zu of the IDX header is 0", path,
                             i + 1);
        }
        if (!sml__multiply(idx->count, idx->dimensions[i], &idx->count) ||
            idx->count > (size_t)max_gib << 30) {
            return sml__fail(ctx, SML_BAD_FILE,
                             "%s: the IDX header declares more than %d GiB of values; the file is "
                             "damaged or too large",
                             path, max_gib);
        }
    }
    idx->values = bytes + 4 + 4 * idx->rank;
    return SML_OK;
}

static sml_status fail_oversized(sml_ctx *ctx, const char *path, size_t expected)
{
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: bytes follow after the %zu that the IDX header declares; get the file "
                     "again",
                     path, expected);
}

static sml_status fail_truncated(sml_ctx *ctx, const char *path, size_t found, size_t expected)
{
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: truncated: %zu bytes, expected %zu by its IDX header; get the file again",
                     path, found, expected);
}

/* A file must be as long as its header says. */
static sml_status check_length(sml_ctx *ctx, const char *path, size_t length, const sml__idx *idx)
{
    const size_t expected = 4 + 4 * idx->rank + idx->count;
    if (length < expected) {
        return fail_truncated(ctx, path, length, expected);
    }
    return length > expected ? fail_oversized(ctx, path, expected) : SML_OK;
}

sml_status sml__idx_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                          sml__idx *idx)
{
    sml_status status = parse_header(ctx, path, bytes, length, SML__IDX_MAX_GIB, idx);
    return status == SML_OK ? check_length(ctx, path, length, idx) : status;
}

/* Reads the header out of the packed data. A gzip bomb and a header that promises more than the
 * packed bytes can hold both end here, before any memory is taken. */
static sml_status unpack_header(sml_ctx *ctx, sml__gunzip *gunzip, size_t packed_length,
                                unsigned char header[SML__IDX_HEADER_MAX], sml__idx *idx)
{
    size_t got = 0, rank = 0, more = 0;
    sml_status status = sml__gunzip_read(ctx, gunzip, header, 4, &got);
    if (status == SML_OK) {
        status = parse_magic(ctx, gunzip->path, header, got, &rank);
    }
    if (status == SML_OK) {
        status = sml__gunzip_read(ctx, gunzip, header + 4, 4 * rank, &more);
    }
    if (status == SML_OK) {
        status = parse_header(ctx, gunzip->path, header, got + more, SML__IDX_MAX_GIB, idx);
    }
    if (status == SML_OK && idx->count / SML__DEFLATE_RATIO_MAX > packed_length) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: truncated: its IDX header declares %zu values, which %zu packed "
                         "bytes cannot hold; get the file again",
                         gunzip->path, idx->count, packed_length);
    }
    return status;
}

/* Reads the declared values behind the header, and requires that nothing follows. */
static sml_status unpack_values(sml_ctx *ctx, sml__gunzip *gunzip, unsigned char *values,
                                size_t count)
{
    size_t header = gunzip->unpacked, got = 0, beyond = 0;
    unsigned char extra = 0;
    sml_status status = sml__gunzip_read(ctx, gunzip, values, count, &got);
    if (status == SML_OK && got < count) {
        return fail_truncated(ctx, gunzip->path, header + got, header + count);
    }
    if (status == SML_OK) {
        status = sml__gunzip_read(ctx, gunzip, &extra, 1, &beyond);
    }
    if (status == SML_OK && beyond > 0) {
        return fail_oversized(ctx, gunzip->path, header + count);
    }
    return status;
}

sml_status sml__idx_unpack(sml_ctx *ctx, const char *path, const unsigned char *packed,
                           size_t packed_length, unsigned char **bytes, size_t *length)
{
    unsigned char header[SML__IDX_HEADER_MAX] = {0};
    unsigned char *unpacked = NULL;
    sml__gunzip gunzip;
    sml__idx idx;
    *bytes = NULL;
    *length = 0;
    sml_status status = sml__gunzip_begin(ctx, path, packed, packed_length, &gunzip);
    if (status != SML_OK) {
        return status;
    }
    status = unpack_header(ctx, &gunzip, packed_length, header, &idx);
    if (status != SML_OK) {
        goto done;
    }
    size_t header_length = 4 + 4 * idx.rank;
    unpacked = sml__alloc_to_fill(ctx, header_length + idx.count, path);
    if (unpacked == NULL) {
        status = SML_NO_MEMORY;
        goto done;
    }
    memcpy(unpacked, header, header_length);
    status = unpack_values(ctx, &gunzip, unpacked + header_length, idx.count);
    if (status == SML_OK) {
        *bytes = unpacked;
        *length = header_length + idx.count;
        unpacked = NULL;
    }
done:
    sml__free(unpacked);
    sml__gunzip_end(&gunzip);
    return status;
}

/* Replaces packed bytes by what they hold; plain bytes stay as they are. Frees *bytes, and sets it
 * to NULL, on failure. */
static sml_status unpack_in_place(sml_ctx *ctx, const char *path, unsigned char **bytes,
                                  size_t *length)
{
    if (!sml__is_gzip(*bytes, *length)) {
        return SML_OK;
    }
    unsigned char *unpacked = NULL;
    sml_status status = sml__idx_unpack(ctx, path, *bytes, *length, &unpacked, length);
    sml__free(*bytes);
    *bytes = unpacked;
    return status;
}

/* From the bytes of a file, plain or packed, to the parsed header. Frees as unpack_in_place. */
static sml_status load(sml_ctx *ctx, const char *path, unsigned char **bytes, size_t length,
                       sml__idx *idx)
{
    sml_status status = unpack_in_place(ctx, path, bytes, &length);
    if (status == SML_OK) {
        status = sml__idx_parse(ctx, path, *bytes, length, idx);
    }
    if (status != SML_OK) {
        sml__free(*bytes);
        *bytes = NULL;
    }
    return status;
}

sml_status sml__idx_read(sml_ctx *ctx, const char *path, unsigned char **bytes, sml__idx *idx)
{
    size_t length = 0;
    sml_status status = sml__file_read(ctx, path, VALUES_MAX + SML__IDX_HEADER_MAX, bytes, &length);
    return status == SML_OK ? load(ctx, path, bytes, length, idx) : status;
}

sml_status sml__idx_open_bytes(sml_ctx *ctx, const char *path, unsigned char *bytes, size_t length,
                               sml_dataset **out)
{
    sml__idx idx;
    *out = NULL;
    sml_status status = load(ctx, path, &bytes, length, &idx);
    if (status != SML_OK) {
        return status;
    }
    if (idx.rank != 3) {
        sml__free(bytes);
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: an IDX file of labels; give a file of images, or the folder that "
                         "holds both",
                         path);
    }
    const sml_data_view view = {
        .name = path,
        .rows = idx.dimensions[0],
        .columns = idx.dimensions[1] * idx.dimensions[2],
        .bytes = idx.values,
        .height = idx.dimensions[1],
        .width = idx.dimensions[2],
    };
    return sml__dataset_adopt(ctx, &view, bytes, NULL, out);
}

/* Takes over fd, a regular file of `length` bytes, also on failure. */
static sml_status open_store(sml_ctx *ctx, int fd, const char *path, size_t length,
                             sml__store **store, sml__idx *idx)
{
    unsigned char header[SML__IDX_HEADER_MAX] = {0};
    const ssize_t got = sml__file_read_at(fd, 0, header, sizeof header);
    const int is_plain = got == (ssize_t)sizeof header && !sml__is_gzip(header, sizeof header) &&
                         sml__idx_recognise(header, sizeof header) &&
                         rank_of_magic(big_endian_32(header)) == 3;
    sml_status status =
        got >= 0 ? SML_OK : sml__fail_errno(ctx, SML_IO, errno, "%s: cannot read", path);
    if (is_plain) {
        status = parse_header(ctx, path, header, sizeof header, (int)SML__IDX_STORE_MAX_GIB, idx);
        status = status == SML_OK ? check_length(ctx, path, length, idx) : status;
        idx->values = NULL;
    }
    if (!is_plain || status != SML_OK) {
        close(fd);
        return status;
    }
    return sml__store_create(ctx, fd, path, sizeof header, (sml__element){'u', 1, 0},
                             idx->dimensions[1] * idx->dimensions[2], store);
}

sml_status sml__idx_open_store(sml_ctx *ctx, const char *path, uint64_t memory, sml__store **store,
                               sml__idx *idx)
{
    struct stat facts;
    *store = NULL;
    memset(idx, 0, sizeof *idx);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return sml__fail_errno(ctx, errno == ENOENT ? SML_NOT_FOUND : SML_IO, errno,
                               "%s: cannot open", path);
    }
    const uint64_t most = memory < VALUES_MAX ? memory : VALUES_MAX; /* that are read whole */
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || (uint64_t)facts.st_size <= most) {
        close(fd);
        return SML_OK;
    }
    return open_store(ctx, fd, path, (size_t)facts.st_size, store, idx);
}

sml_status sml__idx_open_stored(sml_ctx *ctx, const char *path, uint64_t memory, sml_dataset **out)
{
    sml__store *store = NULL;
    sml__idx idx;
    *out = NULL;
    sml_status status = sml__idx_open_store(ctx, path, memory, &store, &idx);
    if (status != SML_OK || store == NULL) {
        return status;
    }
    const sml_data_view view = {
        .name = path,
        .rows = idx.dimensions[0],
        .columns = idx.dimensions[1] * idx.dimensions[2],
        .height = idx.dimensions[1],
        .width = idx.dimensions[2],
    };
    return sml__dataset_adopt_store(ctx, &view, store, NULL, NULL, out);
}
