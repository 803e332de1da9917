/* Whether the zeros of a data set are worth skipping. */
#ifndef SML_DATA_SPARSE_ROWS_H
#define SML_DATA_SPARSE_ROWS_H

#include "data/dataset.h"
#include "math/sparse.h"

/* Looks at the features of data as sparse rows, from a place in its arrays on, and borrows them.
 * values[256] gets what bytes stand for. Not for compressed rows. */
sml__sparse sml__sparse_view(const sml_dataset *data, size_t place, float *values);

/* Whether rows are bytes that stay in their file: the products read them where they were staged. */
int sml__is_staged(const sml_dataset *data);

/* The same of rows that were staged (sml__dataset_gather_bytes) `stride` bytes apart. */
sml__sparse sml__sparse_staged(const sml_dataset *data, const void *rows, size_t stride,
                               float *values);

/* 1 where few of the numbers in rows first…first+count-1 are not zero, so that skipping the zeros
 * is faster. Every 64th row is asked: the answer follows from the data alone. 0 for compressed
 * rows and for numbers in a store, which the products do not read. */
int sml__is_sparse(const sml_dataset *data, size_t first, size_t count);

#endif
