/* Whether the zeros of a data set are worth skipping. */
#ifndef SML_DATA_SPARSE_ROWS_H
#define SML_DATA_SPARSE_ROWS_H

#include "data/dataset.h"
#include "math/sparse.h"

/* Looks at data's bytes as sparse rows, which borrow them. *is_sparse is 0 where more than
 * max_density of them are not zero, or data does not hold bytes. */
void sml__sparse_view(sml_ctx *ctx, const sml_dataset *data, double max_density, sml__sparse *out,
                      int *is_sparse);

#endif
