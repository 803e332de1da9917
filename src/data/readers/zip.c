#include "data/readers/zip.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/gunzip.h"

#include <string.h>
#include <zlib.h>

enum {
    LOCAL = 0x04034b50, /* signatures, little-endian: "PK\3\4" and so on */
    CENTRAL = 0x02014b50,
    END = 0x06054b50,
    END_64 = 0x06064b50,
    LOCATOR_64 = 0x07064b50,
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END_64_SIZE = 56,
    LOCATOR_64_SIZE = 20,
    COMMENT_MAX = 65535,
    EXTRA_64 = 1, /* tag of the extra field that holds what 32 bits cannot */
    STORED = 0,
    DEFLATED = 8,
    SHOWN_MAX = 64
};

static uint16_t u16(const unsigned char *b)
{
    return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t u32(const unsigned char *b)
{
    return (uint32_t)u16(b) | (uint32_t)u16(b + 2) << 16;
}

static uint64_t u64(const unsigned char *b)
{
    return (uint64_t)u32(b) | (uint64_t)u32(b + 4) << 32;
}

int sml__zip_recognise(const unsigned char *bytes, size_t length)
{
    return length >= 4 && (u32(bytes) == LOCAL || u32(bytes) == END);
}

static sml_status fail_damaged(sml_ctx *ctx, const sml__zip *zip, uint64_t offset, const char *what)
{
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: offset %llu: the ZIP archive is damaged: %s; get the "
                     "file again",
                     zip->path, (unsigned long long)offset, what);
}

/* Whether size bytes from offset lie within the archive. */
static int is_within(const sml__zip *zip, uint64_t offset, uint64_t size)
{
    return offset <= zip->length && size <= zip->length - offset;
}

/* The end record: behind everything but a comment, whose length it names. */
static sml_status find_end(sml_ctx *ctx, const sml__zip *zip, size_t *end)
{
    const size_t most = END_SIZE + COMMENT_MAX;
    const size_t stop = zip->length > most ? zip->length - most : 0;
    for (size_t at = zip->length; at >= stop + END_SIZE; at--) {
        const unsigned char *record = zip->bytes + at - END_SIZE;
        if (u32(record) == END && u16(record + 20) == zip->length - at) {
            *end = at - END_SIZE;
            return SML_OK;
        }
    }
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: truncated: %zu bytes, and no end of the ZIP archive; get the file again",
                     zip->path, zip->length);
}

/* Where the directory lies and how many members it has. */
typedef struct directory {
    uint64_t n, size, offset;
} directory;

/* With 64 bits: a locator stands before the end record and leads to the end record of 64 bits. */
static sml_status find_directory_64(sml_ctx *ctx, const sml__zip *zip, size_t end, directory *d)
{
    const unsigned char *locator = zip->bytes + end - LOCATOR_64_SIZE;
    const uint64_t at = u64(locator + 8);
    if (!is_within(zip, at, END_64_SIZE) || u32(zip->bytes + at) != END_64) {
        return fail_damaged(ctx, zip, end - LOCATOR_64_SIZE, "its 64-bit end record is not there");
    }
    d->n = u64(zip->bytes + at + 32);
    d->size = u64(zip->bytes + at + 40);
    d->offset = u64(zip->bytes + at + 48);
    return SML_OK;
}

static sml_status find_directory(sml_ctx *ctx, const sml__zip *zip, directory *d)
{
    size_t end = 0;
    sml_status status = find_end(ctx, zip, &end);
    if (status != SML_OK) {
        return status;
    }
    d->n = u16(zip->bytes + end + 10);
    d->size = u32(zip->bytes + end + 12);
    d->offset = u32(zip->bytes + end + 16);
    if (end >= LOCATOR_64_SIZE && u32(zip->bytes + end - LOCATOR_64_SIZE) == LOCATOR_64) {
        status = find_directory_64(ctx, zip, end, d);
    }
    if (status == SML_OK && !is_within(zip, d->offset, d->size)) {
        return fail_damaged(ctx, zip, end, "its directory lies beyond the end of the file");
    }
    if (status == SML_OK && (d->n > SML__ZIP_MEMBERS_MAX || d->n > d->size / CENTRAL_SIZE)) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: the ZIP archive declares %llu members in a directory of %llu bytes; "
                         "at most %d members are accepted",
                         zip->path, (unsigned long long)d->n, (unsigned long long)d->size,
                         SML__ZIP_MEMBERS_MAX);
    }
    return status;
}

/* Sizes and offset that do not fit 32 bits are all ones there, and stand in the extra field with
 * tag 1, in this order, only those that are needed. 0: the field does not hold them. */
static int widen(sml__zip_member *member, const unsigned char *extra, size_t length)
{
    uint64_t *const wide[] = {&member->length, &member->packed, &member->header};
    while (length >= 4 && u16(extra) != EXTRA_64 && u16(extra + 2) <= length - 4) {
        length -= 4 + (size_t)u16(extra + 2);
        extra += 4 + u16(extra + 2);
    }
    size_t left = length >= 4 && u16(extra) == EXTRA_64 ? u16(extra + 2) : 0;
    left = left <= length - (length >= 4 ? 4 : 0) ? left : 0;
    const unsigned char *at = extra + 4;
    for (size_t i = 0; i < 3; i++) {
        if (*wide[i] != UINT32_MAX) {
            continue;
        }
        if (left < 8) {
            return 0;
        }
        *wide[i] = u64(at);
        at += 8;
        left -= 8;
    }
    return 1;
}

/* Reads the directory's entry at *at, and goes past it. */
static sml_status read_entry(sml_ctx *ctx, const sml__zip *zip, uint64_t *at, uint64_t end,
                             sml__zip_member *member)
{
    const unsigned char *entry = zip->bytes + *at;
    if (end - *at < CENTRAL_SIZE || u32(entry) != CENTRAL) {
        return fail_damaged(ctx, zip, *at, "no entry of the directory where one must be");
    }
    const size_t name = u16(entry + 28), extra = u16(entry + 30), comment = u16(entry + 32);
    if (end - *at - CENTRAL_SIZE < name + extra + comment) {
        return fail_damaged(ctx, zip, *at, "an entry passes the end of the directory");
    }
    *member = (sml__zip_member){
        .name = (const char *)entry + CENTRAL_SIZE,
        .name_length = name,
        .flags = u16(entry + 8),
        .method = u16(entry + 10),
        .crc = u32(entry + 16),
        .packed = u32(entry + 20),
        .length = u32(entry + 24),
        .header = u32(entry + 42),
    };
    if (!widen(member, entry + CENTRAL_SIZE + name, extra)) {
        return fail_damaged(ctx, zip, *at, "an entry without its 64-bit sizes");
    }
    *at += CENTRAL_SIZE + name + extra + comment;
    return SML_OK;
}

sml_status sml__zip_open(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                         sml__zip *zip)
{
    directory d = {0};
    *zip = (sml__zip){.path = path, .bytes = bytes, .length = length};
    sml_status status = find_directory(ctx, zip, &d);
    if (status != SML_OK) {
        return status;
    }
    zip->members = sml__alloc(ctx, (size_t)d.n, sizeof *zip->members, path);
    if (zip->members == NULL) {
        return SML_NO_MEMORY;
    }
    uint64_t at = d.offset;
    while (status == SML_OK && zip->n < d.n) {
        status = read_entry(ctx, zip, &at, d.offset + d.size, &zip->members[zip->n]);
        zip->n += status == SML_OK;
    }
    return status;
}

const sml__zip_member *sml__zip_find(const sml__zip *zip, const char *name)
{
    const size_t length = strlen(name);
    for (size_t i = 0; i < zip->n; i++) {
        const sml__zip_member *member = &zip->members[i];
        if (member->name_length == length && memcmp(member->name, name, length) == 0) {
            return member;
        }
    }
    return NULL;
}

static sml_status fail_member(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                              const char *what)
{
    const int length = (int)(member->name_length < SHOWN_MAX ? member->name_length : SHOWN_MAX);
    return sml__fail(ctx, SML_BAD_FILE, "%s: member '%.*s' at offset %llu: %s", zip->path, length,
                     member->name, (unsigned long long)member->header, what);
}

/* Where the packed bytes of a member begin: behind its local header, whose name and extra field
 * have lengths of their own. */
static sml_status find_packed(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                              const unsigned char **packed)
{
    if (!is_within(zip, member->header, LOCAL_SIZE) || u32(zip->bytes + member->header) != LOCAL) {
        return fail_member(ctx, zip, member, "damaged: no local header there; get the file again");
    }
    const unsigned char *header = zip->bytes + member->header;
    const uint64_t begin = member->header + LOCAL_SIZE + u16(header + 26) + u16(header + 28);
    if (!is_within(zip, begin, member->packed)) {
        return fail_member(ctx, zip, member, "truncated: it passes the end of the file");
    }
    *packed = zip->bytes + begin;
    return SML_OK;
}

/* One call a piece: zlib counts in 32 bits. 1 when the stream ends exactly where both say. */
static int inflate_all(z_stream *stream, const unsigned char *packed, size_t packed_length,
                       unsigned char *out, size_t length)
{
    size_t in_left = packed_length, out_left = length;
    int code = Z_OK;
    stream->next_in = (z_const Bytef *)packed;
    stream->next_out = out;
    while (code == Z_OK) {
        const uInt in = (uInt)(in_left < UINT32_MAX ? in_left : UINT32_MAX);
        const uInt room = (uInt)(out_left < UINT32_MAX ? out_left : UINT32_MAX);
        stream->avail_in = in;
        stream->avail_out = room;
        code = inflate(stream, Z_NO_FLUSH);
        in_left -= in - stream->avail_in;
        out_left -= room - stream->avail_out;
    }
    return code == Z_STREAM_END && in_left == 0 && out_left == 0;
}

static sml_status unpack(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                         const unsigned char *packed, unsigned char *out)
{
    z_stream stream = {0};
    if (member->method == STORED) {
        memcpy(out, packed, (size_t)member->length);
        return SML_OK;
    }
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) { /* negative: deflate data without a wrapper */
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s cannot be unpacked", zip->path);
    }
    const int is_whole =
        inflate_all(&stream, packed, (size_t)member->packed, out, (size_t)member->length);
    inflateEnd(&stream);
    return is_whole ? SML_OK
                    : fail_member(ctx, zip, member,
                                  "damaged: its packed data do not unpack to the declared length; "
                                  "get the file again");
}

/* What can be known before memory is taken. */
static sml_status check_member(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member)
{
    if ((member->flags & 1u) != 0) {
        return fail_member(ctx, zip, member, "encrypted; save the archive without a password");
    }
    if (member->method != STORED && member->method != DEFLATED) {
        return fail_member(ctx, zip, member,
                           "packed by a method that is not read here; use np.savez or "
                           "np.savez_compressed");
    }
    if ((member->method == STORED && member->length != member->packed) ||
        member->length / SML__DEFLATE_RATIO_MAX > member->packed) {
        return fail_member(ctx, zip, member,
                           "damaged: its two lengths contradict each other; get the file again");
    }
    return SML_OK;
}

size_t sml__zip_begin(const sml__zip *zip, const sml__zip_member *member, unsigned char *out,
                      size_t n)
{
    const unsigned char *packed = NULL;
    z_stream stream = {0};
    n = member->length < n ? (size_t)member->length : n;
    if (find_packed(NULL, zip, member, &packed) != SML_OK ||
        check_member(NULL, zip, member) != SML_OK || packed == NULL) { /* the last: as below */
        return 0;
    }
    if (member->method == STORED) {
        memcpy(out, packed, n);
        return n;
    }
    if (n > UINT32_MAX || inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return 0;
    }
    stream.next_in = (z_const Bytef *)packed;
    stream.avail_in = (uInt)(member->packed < UINT32_MAX ? member->packed : UINT32_MAX);
    stream.next_out = out;
    stream.avail_out = (uInt)n;
    const int code = inflate(&stream, Z_SYNC_FLUSH);
    const size_t made = n - stream.avail_out;
    inflateEnd(&stream);
    return made == n && (code == Z_OK || code == Z_STREAM_END) ? n : 0;
}

/* Fuzzers know nothing of checksums, and would never come past this one. */
static int has_crc(const unsigned char *bytes, size_t length, uint32_t crc)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)bytes, (void)length, (void)crc;
    return 1;
#else
    return crc32_z(0, bytes, length) == crc;
#endif
}

sml_status sml__zip_read(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                         unsigned char **bytes)
{
    const unsigned char *packed = NULL;
    *bytes = NULL;
    sml_status status = find_packed(ctx, zip, member, &packed);
    if (status == SML_OK) {
        status = check_member(ctx, zip, member);
    }
    if (status != SML_OK || packed == NULL) { /* the second is for analysers */
        return status;
    }
    const size_t length = (size_t)member->length;
    unsigned char *out = sml__alloc_to_fill(ctx, length, zip->path);
    if (out == NULL) {
        return SML_NO_MEMORY;
    }
    status = unpack(ctx, zip, member, packed, out);
    if (status == SML_OK && !has_crc(out, length, member->crc)) {
        status = fail_member(ctx, zip, member,
                             "damaged: its CRC-32 is not the one in the directory; get the file "
                             "again");
    }
    if (status != SML_OK) {
        sml__free(out);
        return status;
    }
    *bytes = out;
    return SML_OK;
}
