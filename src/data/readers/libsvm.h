/* LIBSVM text, also of svmlight and LIBLINEAR: a line a row, "label index:value index:value …".
 * Columns that are not named are 0, and rows stay compressed (CSR). Indices ascend within a line.
 * They count from 1; from 0 where the file has an index 0 anywhere, as scikit-learn writes it; or
 * as options->index_base says, which a model passes on from its training file: of a few rows nobody
 * can tell.
 * '#' starts a comment. */
#ifndef SML_DATA_READERS_LIBSVM_H
#define SML_DATA_READERS_LIBSVM_H

#include "data/readers/classes.h"
#include "data/readers/reader.h"

typedef struct sml__libsvm {
    sml_data_view view; /* row_starts, column_indices, values; labels or targets */
    void *features;     /* one block behind the three arrays */
    void *targets;      /* labels or targets */
    sml__classes classes;
    sml_index_base base; /* what the indices were taken to count from */
} sml__libsvm;

extern const sml__reader sml__libsvm_reader;

/* Parses text[length]. Labels that are whole numbers are classes, sorted by value; others are
 * numbers to predict, unless options->task says otherwise. There are as many columns as the largest
 * index says, or as options->like has. An entry that is written as 0 is left out. Free with
 * sml__libsvm_free, also on failure. Errors: SML_BAD_DATA, SML_BAD_FILE, SML_NO_MEMORY; line and
 * entry are named. */
sml_status sml__libsvm_parse(sml_ctx *ctx, const char *path, const char *text, size_t length,
                             const sml_data_options *options, sml__libsvm *parsed);

void sml__libsvm_free(sml__libsvm *parsed);

#endif
