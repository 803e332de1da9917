/* Reading the rows of a data set: the one way from its arrays to the engine.
 *
 * A row has two numbers: the one that users count, below the rows of the data set, and its place in
 * the arrays, which differs under a selection. Loops over shuffled rows turn the whole order into
 * places once (sml__dataset_map_order); from there on nothing costs more than without a selection.
 */
#ifndef SML_DATA_ROWS_H
#define SML_DATA_ROWS_H

#include "data/dataset.h"

/* Where a row lies in the arrays. */
static inline size_t sml__dataset_place(const sml_dataset *data, size_t row)
{
    return data->selection != NULL ? data->selection[row] : row;
}

/* The row as its file, or the whole of the data, counts it. */
static inline size_t sml__dataset_row_of_file(const sml_dataset *data, size_t row)
{
    return data->origin + sml__dataset_place(data, row);
}

/* "data.csv:6: row 4 (counted from 0)", for a message; without a line where there are none. */
typedef struct sml__row_text {
    char text[SML__NAME_MAX + 80];
} sml__row_text;
sml__row_text sml__dataset_row_text(const sml_dataset *data, size_t row);

/* Replaces order[n], rows, by their places in the arrays; nothing to do without a selection. */
void sml__dataset_map_order(const sml_dataset *data, uint32_t *order, size_t n);

/* Copies the rows at places order[0…n-1] (NULL: rows first, first+1, …) as float32 into
 * out[n, columns], rows `stride` floats apart. */
void sml__dataset_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                         float *out, size_t stride);

/* The same for the bytes of a store, as they are, rows `stride` bytes apart. */
void sml__dataset_gather_bytes(const sml_dataset *data, const uint32_t *order, size_t first,
                               size_t n, uint8_t *out, size_t stride);

/* As sml_dataset_targets, sml_dataset_label and sml_dataset_weight, of the row at a place. */
void sml__dataset_targets_at(const sml_dataset *data, size_t place, float *out);
int32_t sml__dataset_label_at(const sml_dataset *data, size_t place);
float sml__dataset_weight_at(const sml_dataset *data, size_t place);

/* The numbers of a row as they are held: all of them, or those that a compressed row lists. */
typedef struct sml__cells {
    const float *values;     /* [n] */
    const uint32_t *columns; /* [n], upwards; NULL: value i is that of column i */
    size_t n;
} sml__cells;

/* scratch: [columns]; used where values are not held as float32. */
sml__cells sml__dataset_cells(const sml_dataset *data, size_t place, float *scratch);

/* One number of the row at a place. */
float sml__dataset_value(const sml_dataset *data, size_t place, size_t column);

#endif
