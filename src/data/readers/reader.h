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

typedef struct sml__reader {
    const char *name; /* "NPY" */
    /* Whether the content, or else the name, is of this format. Looks at the first bytes only. */
    int (*recognise)(const sml__input *input, const sml_data_options *options);
    /* Errors: SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT (options), SML_NO_MEMORY; each text
     * begins with the path and names line and column, or the offset. */
    sml_status (*open)(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                       sml_dataset **out);
} sml__reader;

/* Whether path ends in ending, such as ".csv", in upper or lower case. */
int sml__path_ends_in(const char *path, const char *ending);

#endif
