/* Whether the zeros of a data set are worth skipping. */
#ifndef SML_DATA_SPARSE_ROWS_H
#define SML_DATA_SPARSE_ROWS_H

#include "data/dataset.h"
#include "math/csr.h"
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

/* What the rows of a data set list, where they are compressed. */
typedef struct sml__csr_extent {
    size_t entries; /* of all rows */
    size_t longest; /* of one row */
    double density; /* entries among all numbers */
    int is_sparse;  /* few enough that products do best to read them as they are */
} sml__csr_extent;

/* The most entries that some rows of the data set have together. */
static inline size_t sml__csr_entries(const sml__csr_extent *extent, size_t rows)
{
    return extent->longest > extent->entries / rows ? extent->entries : rows * extent->longest;
}

/* All 0, but a density of 1, for rows that are not compressed. */
sml__csr_extent sml__csr_extent_of(const sml_dataset *data);

/* Compressed rows from a place in the arrays on, borrowed. */
sml__csr sml__csr_view(const sml_dataset *data, size_t place);

#endif
