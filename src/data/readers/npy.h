/* NPY: NumPy's file of one array.
 *
 *   offset 0   93 4E 55 4D 50 59  "\x93NUMPY"
 *   offset 6   u8 version 1, 2 or 3; u8 0
 *   offset 8   u16 (version 1) or u32 (2, 3), little-endian: length of the header that follows
 *   then       {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and blanks
 *   then       the values
 *
 * (NumPy Enhancement Proposal 1.) Values that only pickle can read are refused: they may run code.
 */
#ifndef SML_DATA_READERS_NPY_H
#define SML_DATA_READERS_NPY_H

#include "data/elements.h"
#include "data/readers/reader.h"

enum { SML__NPY_RANK_MAX = 4, SML__NPY_HEADER_MAX = 1 << 16 };

typedef struct sml__npy {
    sml__element element;
    int is_fortran; /* the first index runs fastest */
    size_t rank, shape[SML__NPY_RANK_MAX];
    size_t count; /* product of shape, at least 1 */
    size_t begin; /* offset of the values */
} sml__npy;

/* An array in memory: its values as in the file until sml__array_settle. Or one in its file. */
typedef struct sml__array {
    const char *path; /* for messages: "x.npy" or "x.npz: y_train" */
    sml__npy npy;
    unsigned char *bytes; /* of sml__alloc; the values begin at bytes + npy.begin */
    sml__store *store;    /* in place of bytes, of features only: rows in the order of C */
} sml__array;

extern const sml__reader sml__npy_reader;

int sml__npy_recognise(const unsigned char *bytes, size_t length);

/* Parses a file of `length` bytes, of which the header is in memory, and which must end where its
 * values do. Rank 0, more than four dimensions and empty
 * arrays are refused. Errors: SML_BAD_FILE. */
sml_status sml__npy_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                          sml__npy *npy);

/* Brings values into the order of C, the host's order of bytes, and to an address that fits them.
 * Errors: SML_NO_MEMORY. */
sml_status sml__array_settle(sml_ctx *ctx, sml__array *array);

/* Value i of a settled array. */
double sml__array_value(const sml__array *array, size_t i);

/* The values of a settled array as float32, out[count]. */
void sml__array_to_floats(const sml__array *array, float *out);

/* Makes a data set of an array of features [n, columns], [n, height, width] or one with a channel
 * of 1 beside, and of targets [n] or [n, outputs], which may be NULL. classes, the array that says
 * which classes there are, may be NULL: targets says it. Bytes of rank 3 and 4 are pictures with
 * the scale 1/255; other bytes count as they are. Integers and truth values are labels, floats are
 * numbers to predict, unless options->task says otherwise. Takes the bytes of all three, and the
 * store, over, also on failure. Errors: SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT,
 * SML_NO_MEMORY. */
sml_status sml__arrays_open(sml_ctx *ctx, const char *name, const sml_data_options *options,
                            sml__array *features, sml__array *targets, sml__array *classes,
                            sml_dataset **out);

#endif
