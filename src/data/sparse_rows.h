/* The non-zeros of a data set of bytes. */
#ifndef SML_DATA_SPARSE_ROWS_H
#define SML_DATA_SPARSE_ROWS_H

#include "data/dataset.h"
#include "math/sparse.h"

/* Packs the non-zeros of data where at most max_density of its numbers are not zero. *out is NULL
 * where data is denser, does not hold bytes, or has more than 65536 columns. Free with
 * sml__sparse_free. Errors: SML_NO_MEMORY. */
sml_status sml__sparse_create(sml_ctx *ctx, const sml_dataset *data, double max_density,
                              sml__sparse **out);
void sml__sparse_free(sml__sparse *sparse);

#endif
