/* IDX: the file format of MNIST, and folders that hold its four files.
 *
 *   offset 0  u32  0x00000801 (labels) or 0x00000803 (images): two zero bytes, 0x08 for unsigned
 *                  bytes, the number of dimensions
 *   offset 4  u32  each dimension in turn: count, height, width
 *   then      u8   the values, row by row
 *
 * All numbers are big-endian. (LeCun, Cortes, Burges, "The MNIST database", file formats.) */
#ifndef SML_DATA_IDX_H
#define SML_DATA_IDX_H

#include "data/store.h"

#include <scratchml/data.h>

enum {
    SML__IDX_RANK_MAX = 3,
    SML__IDX_HEADER_MAX = 4 + 4 * SML__IDX_RANK_MAX,
    SML__IDX_MAX_GIB = 4,          /* a file that is read whole may hold this many GiB of values */
    SML__IDX_STORE_MAX_GIB = 1024, /* one that is read row by row */
};

/* A parsed file; values points into its bytes. */
typedef struct sml__idx {
    size_t rank; /* 1: labels, 3: images */
    size_t dimensions[SML__IDX_RANK_MAX];
    size_t count; /* product of the dimensions */
    const uint8_t *values;
} sml__idx;

/* The four files. */
typedef enum sml__idx_part {
    SML__TRAIN_IMAGES,
    SML__TRAIN_LABELS,
    SML__TEST_IMAGES,
    SML__TEST_LABELS,
    SML__IDX_PARTS
} sml__idx_part;

/* "train-images-idx3-ubyte" and so on: the name MNIST's authors gave the file. */
const char *sml__idx_part_name(sml__idx_part part);

/* 1 when the bytes can only be IDX or gzip: text holds no zero bytes. */
int sml__idx_recognise(const unsigned char *bytes, size_t length);

/* 1 where gzip bytes begin as a packed IDX file does, or are too damaged to say. */
int sml__idx_is_packed(sml_ctx *ctx, const unsigned char *packed, size_t length);

/* Parses unpacked bytes, which must be the file to the last byte. path is for messages.
 * Errors: SML_BAD_FILE. */
sml_status sml__idx_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                          sml__idx *idx);

/* Unpacks a gzip file that holds IDX into *bytes (sml__free): the header first, then what the
 * header declares and not a byte more. Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__idx_unpack(sml_ctx *ctx, const char *path, const unsigned char *packed,
                           size_t packed_length, unsigned char **bytes, size_t *length);

/* Reads a plain or gzip IDX file; *bytes (sml__free) holds it unpacked, header included, and
 * idx->values points into it. Errors: SML_NOT_FOUND, SML_BAD_FILE, SML_IO, SML_NO_MEMORY. */
sml_status sml__idx_read(sml_ctx *ctx, const char *path, unsigned char **bytes, sml__idx *idx);

/* Where path is a plain IDX file of images, of more than `memory` bytes, or of
 * more than SML__IDX_MAX_GIB: leaves it on disk. *store
 * is NULL where it is not, and the file is to be read whole. idx has no values. Errors:
 * SML_BAD_FILE, SML_IO, SML_NO_MEMORY. */
sml_status sml__idx_open_store(sml_ctx *ctx, const char *path, uint64_t memory, sml__store **store,
                               sml__idx *idx);

/* The same as features only; *out is NULL where the file is to be read whole. */
sml_status sml__idx_open_stored(sml_ctx *ctx, const char *path, uint64_t memory, sml_dataset **out);

/* Finds one of the four files in a folder: plain or .gz, with "-idx" or ".idx". *path is for
 * sml__free. Errors: SML_NOT_FOUND, SML_NO_MEMORY. */
sml_status sml__idx_find(sml_ctx *ctx, const char *folder, sml__idx_part part, char **path);

/* Opens the split of a folder as classification. classes 0: one more than the largest label of the
 * training split. class_names[classes] may be NULL. Images that take more than `memory` bytes stay
 * on disk, where they are not packed. Errors: SML_NOT_FOUND, SML_BAD_FILE, SML_BAD_DATA, SML_IO,
 * SML_NO_MEMORY. */
sml_status sml__idx_open_folder(sml_ctx *ctx, const char *folder, const char *name,
                                const char *split, size_t classes, const char *const *class_names,
                                uint64_t memory, sml_dataset **out);

/* Opens the bytes of one file of images, plain or gzip, as features only. Takes the bytes over,
 * also on failure. Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__idx_open_bytes(sml_ctx *ctx, const char *path, unsigned char *bytes, size_t length,
                               sml_dataset **out);

#endif
