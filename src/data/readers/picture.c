/* One picture: decoding by content, resizing, and the reader of single files. */
#include "data/readers/picture.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

/* The name of a format of pictures that is not read; NULL for other bytes. "BM" alone may begin a
 * text, but the reserved bytes behind the length of the file are 0. */
static const char *foreign_format(const unsigned char *bytes, size_t length)
{
    static const struct {
        const char *name, *first, *then;
        size_t first_length, at, then_length; /* first at 0, then at `at` */
    } marks[] = {
        {"GIF", "GIF8", "a", 4, 5, 1},      {"TIFF", "II*", "\0", 3, 3, 1},
        {"TIFF", "MM\0", "*", 3, 3, 1},     {"WebP", "RIFF", "WEBP", 4, 8, 4},
        {"BMP", "BM", "\0\0\0\0", 2, 6, 4},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (length >= marks[i].at + marks[i].then_length &&
            memcmp(bytes, marks[i].first, marks[i].first_length) == 0 &&
            memcmp(bytes + marks[i].at, marks[i].then, marks[i].then_length) == 0) {
            return marks[i].name;
        }
    }
    return NULL;
}

sml_status sml__picture_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                               size_t length, sml__picture *picture)
{
    memset(picture, 0, sizeof *picture);
    if (sml__png_recognise(bytes, length)) {
        return sml__png_decode(ctx, path, bytes, length, picture);
    }
    if (sml__jpeg_recognise(bytes, length)) {
        return sml__jpeg_decode(ctx, path, bytes, length, picture);
    }
    const char *foreign = foreign_format(bytes, length);
    if (foreign != NULL) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: a %s picture; PNG and JPEG are read, convert it to PNG first", path,
                         foreign);
    }
    return sml__fail(ctx, SML_BAD_FILE,
                     "%s: neither a PNG nor a JPEG picture by its first bytes; convert it, or take "
                     "it out of the folder",
                     path);
}

/* Where pixel i of `out` pixels lies among `in`: in units of 1/out of a source pixel it covers
 * [i·in, (i+1)·in), and source pixel s covers [s·out, (s+1)·out). */
static size_t overlap(size_t i, size_t in, size_t s, size_t out)
{
    const size_t begin = i * in > s * out ? i * in : s * out;
    const size_t end = (i + 1) * in < (s + 1) * out ? (i + 1) * in : (s + 1) * out;
    return end - begin;
}

/* Σ over the covered source pixels of their common area, in whole units: exact. Its areas sum to
 * H·W, so the mean is the sum over H·W. */
static uint8_t mean_of_area(const sml__picture *p, size_t y, size_t height, size_t x, size_t width)
{
    const size_t top = y * p->height / height, bottom = ((y + 1) * p->height - 1) / height;
    const size_t left = x * p->width / width, right = ((x + 1) * p->width - 1) / width;
    const uint64_t area = (uint64_t)p->height * p->width;
    uint64_t sum = area / 2;
    for (size_t r = top; r <= bottom; r++) {
        uint64_t of_row = 0;
        for (size_t c = left; c <= right; c++) {
            of_row += overlap(x, p->width, c, width) * p->gray[r * p->width + c];
        }
        sum += overlap(y, p->height, r, height) * of_row;
    }
    return (uint8_t)(sum / area);
}

void sml__picture_resize(const sml__picture *picture, size_t height, size_t width, uint8_t *out)
{
    if (height == picture->height && width == picture->width) {
        memcpy(out, picture->gray, height * width);
        return;
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            out[y * width + x] = mean_of_area(picture, y, height, x, width);
        }
    }
}

sml_status sml__picture_check_size(sml_ctx *ctx, const sml_data_options *options)
{
    const size_t height = options->height, width = options->width;
    if ((height == 0) != (width == 0) || height > SML__PICTURE_SIDE_MAX ||
        width > SML__PICTURE_SIDE_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "pictures of %zu × %zu were asked for; height and width are 1…%d, or both "
                         "0 for the size that the pictures have",
                         height, width, SML__PICTURE_SIDE_MAX);
    }
    return SML_OK;
}

static int is_picture(const sml__input *input, const sml_data_options *options)
{
    (void)options;
    return sml__png_recognise(input->bytes, input->length) ||
           sml__jpeg_recognise(input->bytes, input->length) ||
           foreign_format(input->bytes, input->length) != NULL; /* to be refused by its name */
}

/* Brings a picture to the size that options ask for. */
static sml_status bring_to_size(sml_ctx *ctx, const sml_data_options *options,
                                sml__picture *picture)
{
    if (options->height == 0 || picture->gray == NULL) { /* the second is for analysers */
        return SML_OK;
    }
    uint8_t *resized = sml__alloc(ctx, options->height, options->width, "a resized picture");
    if (resized == NULL) {
        return SML_NO_MEMORY;
    }
    sml__picture_resize(picture, options->height, options->width, resized);
    sml__free(picture->gray);
    *picture = (sml__picture){options->height, options->width, resized};
    return SML_OK;
}

static sml_status open_picture(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                               sml_dataset **out)
{
    sml__picture picture = {0};
    sml_status status = sml__picture_check_size(ctx, options);
    if (status == SML_OK) {
        status = sml__picture_decode(ctx, input->path, input->bytes, input->length, &picture);
    }
    if (status == SML_OK) {
        status = bring_to_size(ctx, options, &picture);
    }
    if (status != SML_OK) {
        sml__free(picture.gray);
        return status;
    }
    const sml_data_view view = {
        .name = input->path,
        .rows = 1,
        .columns = picture.height * picture.width,
        .bytes = picture.gray,
        .height = picture.height,
        .width = picture.width,
    };
    return sml__dataset_adopt(ctx, &view, picture.gray, NULL, out);
}

const sml__reader sml__picture_reader = {"picture", is_picture, open_picture, NULL};
