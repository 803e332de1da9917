/* Pictures: PNG and JPEG files as gray bytes, 0 black to 255 white, row by row.
 * Colours become luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); what is transparent shows white
 * paper. Values are taken as they stand: no gamma, no colour profile, no turning by EXIF. */
#ifndef SML_DATA_READERS_PICTURE_H
#define SML_DATA_READERS_PICTURE_H

#include "data/readers/reader.h"

enum { SML__PICTURE_SIDE_MAX = 16384 }; /* pixels */

typedef struct sml__picture {
    size_t height, width;
    uint8_t *gray; /* [height, width], of sml__alloc */
} sml__picture;

extern const sml__reader sml__picture_reader; /* a picture as a data set of one row */

int sml__png_recognise(const unsigned char *bytes, size_t length);
int sml__jpeg_recognise(const unsigned char *bytes, size_t length);

/* Errors: SML_BAD_FILE (damaged, truncated, too large, CMYK), SML_NO_MEMORY; gray is NULL then. */
sml_status sml__png_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                           size_t length, sml__picture *picture);
sml_status sml__jpeg_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                            size_t length, sml__picture *picture);

/* Decodes by what the bytes are. Errors: as above. */
sml_status sml__picture_decode(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                               size_t length, sml__picture *picture);

/* out[height, width]: each pixel is the mean of the area that it covers, rounded to nearest. */
void sml__picture_resize(const sml__picture *picture, size_t height, size_t width, uint8_t *out);

/* Whether the size that options ask for is none (0 × 0) or possible. Errors: SML_BAD_ARGUMENT. */
sml_status sml__picture_check_size(sml_ctx *ctx, const sml_data_options *options);

/* Whether a folder holds folders or pictures, and so is for sml__picture_folder_open. */
int sml__picture_folder_recognise(const char *folder);

/* A folder of pictures: in folders that are named by their class, CLASS/x.png; the same below
 * train/ and test/, by options->split; or without classes. All pictures have one size, or are
 * brought to that of options. Files whose name starts with '.' are left out.
 * Errors: SML_NOT_FOUND, SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT, SML_IO, SML_NO_MEMORY. */
sml_status sml__picture_folder_open(sml_ctx *ctx, const char *folder,
                                    const sml_data_options *options, sml_dataset **out);

#endif
