/* What every reader of a file format is to open.c: it knows its files, and makes a data set of one.
 */
#ifndef SML_DATA_READERS_READER_H
#define SML_DATA_READERS_READER_H

#include "data/dataset.h"

/* A file in memory. */
typedef struct sml__input {
    const char *path;     /* for messages, and where its ending says what it is */
    unsigned char *bytes; /* [length], of sml__alloc; a reader that keeps them leaves NULL */
    size_t length;
} sml__input;

/* A file that is too large to be read whole: how it begins, as an input, and the rest of it. */
typedef struct sml__large_input {
    sml__input head; /* its bytes are those of the whole file, up to SML__HEAD_BYTES */
    int fd;          /* open for reading; a reader that keeps it leaves -1 */
    uint64_t length; /* of the file */
} sml__large_input;

/* Enough for the header of every format, and for the first lines of a table. */
enum { SML__HEAD_BYTES = (1 << 16) + 64 };

typedef struct sml__reader {
    const char *name; /* "NPY" */
    /* Whether the content, or else the name, is of this format. Looks at the first bytes only. */
    int (*recognise)(const sml__input *input, const sml_data_options *options);
    /* Errors: SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT (options), SML_NO_MEMORY; each text
     * begins with the path and names line and column, or the offset. */
    sml_status (*open)(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                       sml_dataset **out);
    /* The same of rows that stay in a file; NULL, or *out NULL: they have to be read whole. */
    sml_status (*open_large)(sml_ctx *ctx, sml__large_input *input, const sml_data_options *options,
                             sml_dataset **out);
} sml__reader;

/* Whether path ends in ending, such as ".csv", in upper or lower case. */
int sml__path_ends_in(const char *path, const char *ending);

#endif
