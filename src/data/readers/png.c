/* PNG by libpng's row functions. libpng leaves by longjmp: all that must be freed hangs on the
 * decoder, which lives in the caller of the function that calls setjmp. */
#include "data/readers/picture.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/gunzip.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum {
    SIGNATURE = 8,
    CHUNKS_MAX = 64,       /* of the kinds that libpng would keep */
    CHUNK_BYTES = 1 << 22, /* of one that unpacks, such as a colour profile */
    REASON_MAX = 128
};

typedef struct decoder {
    const unsigned char *bytes;
    size_t length, at;
    png_structp png;
    png_infop info;
    sml_ctx *ctx;
    const char *path;
    sml__picture *picture;
    unsigned char *lines; /* one row; of an interlaced picture all */
    size_t row_bytes;
    size_t channels; /* gray, gray and alpha, RGB, RGBA */
    char reason[REASON_MAX];
    sml_status status; /* of a failure that has its text already */
} decoder;

int sml__png_recognise(const unsigned char *bytes, size_t length)
{
    static const unsigned char signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return length >= SIGNATURE && memcmp(bytes, signature, SIGNATURE) == 0;
}

static void fail(png_structp png, png_const_charp reason)
{
    decoder *d = png_get_error_ptr(png);
    snprintf(d->reason, sizeof d->reason, "%s", reason);
    png_longjmp(png, 1);
}

/* Nothing of the pixels is wrong after a warning, and a library does not print. */
static void ignore(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    decoder *d = png_get_io_ptr(png);
    if (n > d->length - d->at) {
        png_error(png, "truncated");
    }
    memcpy(out, d->bytes + d->at, n);
    d->at += n;
}

/* Luma with weights in 2^-16 that sum to 1, as Pillow has them; then over white paper. */
static void line_to_gray(const unsigned char *line, size_t channels, size_t width, uint8_t *out)
{
    const size_t colours = channels >= 3 ? 3 : 1;
    if (channels == 1) {
        memcpy(out, line, width);
        return;
    }
    for (size_t x = 0; x < width; x++, line += channels) {
        const unsigned gray =
            colours == 3 ? (19595u * line[0] + 38470u * line[1] + 7471u * line[2] + 32768u) >> 16
                         : line[0];
        const unsigned alpha = channels > colours ? line[colours] : 255u;
        out[x] = (uint8_t)((gray * alpha + 255u * (255u - alpha) + 127u) / 255u);
    }
}

/* A header cannot promise more rows than its file can hold packed. */
static sml_status check_promise(decoder *d, size_t height, size_t line)
{
    if (height * (line + 1) / SML__DEFLATE_RATIO_MAX <= d->length) {
        return SML_OK;
    }
    return sml__fail(d->ctx, SML_BAD_FILE,
                     "%s: truncated: %zu bytes cannot hold a PNG of %zu rows of %zu bytes; get the "
                     "file again",
                     d->path, d->length, height, line);
}

static void *allocate(decoder *d, size_t count, size_t size)
{
    void *memory = sml__alloc(d->ctx, count, size, d->path);
    d->status = memory != NULL ? SML_OK : SML_NO_MEMORY;
    return memory;
}

/* Every kind of PNG becomes 8 bits a channel, without a palette. Under setjmp. */
static void begin(decoder *d)
{
    png_set_read_fn(d->png, d, read_bytes);
    png_set_user_limits(d->png, SML__PICTURE_SIDE_MAX, SML__PICTURE_SIDE_MAX);
    png_set_chunk_cache_max(d->png, CHUNKS_MAX);
    png_set_chunk_malloc_max(d->png, CHUNK_BYTES);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    png_set_crc_action(d->png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
#endif
    png_read_info(d->png, d->info);
    d->picture->height = png_get_image_height(d->png, d->info);
    d->picture->width = png_get_image_width(d->png, d->info);
    d->status = check_promise(d, d->picture->height, png_get_rowbytes(d->png, d->info));
    png_set_expand(d->png);
    png_set_scale_16(d->png);
}

/* Each pass of an interlaced picture fills more of all rows. Under setjmp. */
static void read_rows(decoder *d)
{
    const size_t height = d->picture->height, width = d->picture->width;
    const int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    d->channels = png_get_channels(d->png, d->info);
    d->row_bytes = png_get_rowbytes(d->png, d->info);
    d->lines = allocate(d, passes > 1 ? height : 1, d->row_bytes);
    if (d->lines != NULL) {
        d->picture->gray = allocate(d, height, width);
    }
    if (d->status != SML_OK) {
        return;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) {
            unsigned char *line = d->lines + (passes > 1 ? y * d->row_bytes : 0);
            png_read_row(d->png, line, NULL);
            if (pass == passes - 1) {
                line_to_gray(line, d->channels, width, d->picture->gray + y * width);
            }
        }
    }
    png_read_end(d->png, NULL);
}

/* No variable of this function changes after setjmp. */
static sml_status decode(decoder *d)
{
    if (setjmp(png_jmpbuf(d->png)) != 0) {
        return sml__fail(d->ctx, SML_BAD_FILE,
                         "%s: offset %zu: the PNG picture cannot be read: %s; get the file again",
                         d->path, d->at, d->reason);
    }
    begin(d);
    if (d->status == SML_OK) {
        read_rows(d);
    }
    return d->status;
}

sml_status sml__png_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                           size_t length, sml__picture *picture)
{
    decoder d = {.bytes = bytes, .length = length, .ctx = ctx, .path = path, .picture = picture};
    memset(picture, 0, sizeof *picture);
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, fail, ignore);
    d.info = d.png != NULL ? png_create_info_struct(d.png) : NULL;
    sml_status status =
        d.info != NULL ? decode(&d)
                       : sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s cannot be decoded", path);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    sml__free(d.lines);
    if (status != SML_OK) {
        sml__free(picture->gray);
        picture->gray = NULL;
    }
    return status;
}
