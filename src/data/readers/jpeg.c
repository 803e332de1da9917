/* JPEG by libjpeg, which turns colours to gray itself. It leaves by longjmp: all that must be freed
 * hangs on the decoder, which lives in the caller of the function that calls setjmp. */
#include "data/readers/picture.h"

#include "base/context.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs FILE */
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

enum {
    SCANS_MAX = 500,                /* a progressive picture has about ten */
    PIXELS_OF_A_BYTE = 8 * 32 * 32, /* a bit at least for a unit of at most 32 × 32 pixels */
    MEMORY_MAX = 1 << 29            /* bytes that libjpeg may take */
};

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    size_t length;
    sml_ctx *ctx;
    const char *path;
    sml__picture *picture;
    sml_status status;
    char reason[JMSG_LENGTH_MAX];
} decoder;

int sml__jpeg_recognise(const unsigned char *bytes, size_t length)
{
    return length >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

static decoder *decoder_of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

static void fail(j_common_ptr jpeg)
{
    decoder *d = decoder_of(jpeg);
    jpeg->err->format_message(jpeg, d->reason);
    longjmp(d->failed, 1);
}

/* libjpeg goes on with invented pixels after damage and calls that a warning. Here it is an error,
 * but for what leaves the pixels as they were. */
static void judge_message(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR &&
        code != JWRN_ADOBE_XFORM) {
        fail(jpeg);
    }
}

static void print_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* Many scans over a large picture would take minutes from few bytes. */
static void count_scans(j_common_ptr jpeg)
{
    decoder *d = decoder_of(jpeg);
    if (d->jpeg.input_scan_number > SCANS_MAX) {
        snprintf(d->reason, sizeof d->reason, "more than %d scans", SCANS_MAX);
        longjmp(d->failed, 1);
    }
}

static sml_status refuse(decoder *d, const char *what)
{
    d->status = sml__fail(d->ctx, SML_BAD_FILE, "%s: %s", d->path, what);
    return d->status;
}

/* What is refused before memory is taken. */
static sml_status check_header(decoder *d)
{
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const size_t height = jpeg->image_height, width = jpeg->image_width;
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK) {
        return refuse(d, "a JPEG of printing colours (CMYK); save it as gray or RGB");
    }
    if (jpeg->jpeg_color_space == JCS_UNKNOWN) {
        return refuse(d, "a JPEG of unknown colours; save it as gray or RGB");
    }
    if (jpeg->arith_code) {
        return refuse(d, "a JPEG with arithmetic coding; save it with Huffman coding or as PNG");
    }
    if (height > SML__PICTURE_SIDE_MAX || width > SML__PICTURE_SIDE_MAX) {
        return sml__fail(d->ctx, SML_BAD_FILE,
                         "%s: a JPEG of %zu × %zu pixels; at most %d × %d are accepted", d->path,
                         height, width, SML__PICTURE_SIDE_MAX, SML__PICTURE_SIDE_MAX);
    }
    if (height * width / PIXELS_OF_A_BYTE > d->length) {
        return sml__fail(d->ctx, SML_BAD_FILE,
                         "%s: truncated: %zu bytes cannot hold a JPEG of %zu × %zu pixels; get the "
                         "file again",
                         d->path, d->length, height, width);
    }
    return SML_OK;
}

/* Under setjmp. */
static void read_rows(decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg->out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(jpeg);
    d->picture->height = jpeg->output_height;
    d->picture->width = jpeg->output_width;
    d->picture->gray = sml__alloc(d->ctx, jpeg->output_height, jpeg->output_width, d->path);
    if (d->picture->gray == NULL) {
        d->status = SML_NO_MEMORY;
        return;
    }
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = d->picture->gray + (size_t)jpeg->output_scanline * jpeg->output_width;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

/* No variable of this function changes after setjmp. */
static sml_status decode(decoder *d, const unsigned char *bytes)
{
    if (setjmp(d->failed) != 0) {
        const size_t left = d->jpeg.src != NULL ? d->jpeg.src->bytes_in_buffer : d->length;
        return sml__fail(d->ctx, SML_BAD_FILE,
                         "%s: offset %zu: the JPEG picture cannot be read: %s; get the file again",
                         d->path, left <= d->length ? d->length - left : d->length, d->reason);
    }
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.mem->max_memory_to_use = MEMORY_MAX;
    d->jpeg.progress = &d->progress;
    jpeg_mem_src(&d->jpeg, bytes, d->length);
    jpeg_read_header(&d->jpeg, TRUE);
    d->status = check_header(d);
    if (d->status == SML_OK) {
        read_rows(d);
    }
    return d->status;
}

sml_status sml__jpeg_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                            size_t length, sml__picture *picture)
{
    decoder d = {.length = length, .ctx = ctx, .path = path, .picture = picture};
    memset(picture, 0, sizeof *picture);
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = fail;
    d.errors.emit_message = judge_message;
    d.errors.output_message = print_nothing;
    d.progress.progress_monitor = count_scans;
    d.jpeg.client_data = &d;
    sml_status status = decode(&d, bytes);
    jpeg_destroy_decompress(&d.jpeg);
    if (status != SML_OK) {
        sml__free(picture->gray);
        picture->gray = NULL;
    }
    return status;
}
