/* A data set in memory: narrow features as they were stored, and labels or targets. */
#ifndef SML_DATA_DATASET_H
#define SML_DATA_DATASET_H

#include "data/schema.h"
#include "data/store.h"

#include <scratchml/data.h>

enum { SML__NAME_MAX = 256, SML__BLOCKS = 5 };

struct sml_dataset {
    sml_data_view view;        /* pointers into owned memory or into the caller's; no 0 stands for a
                                  default any more: row_stride, scale and task are filled in. rows are
                                  those of the data set, the arrays may have others: see selection */
    const uint32_t *selection; /* [rows]: row r is row selection[r] of the arrays; NULL: row r */
    sml__store *store;         /* NULL: the features are in memory. Owned by the root */
    uint64_t store_at;         /* byte of the store's file where the row at place 0 begins */
    char name[SML__NAME_MAX];
    char split[16];
    void *owned[SML__BLOCKS];  /* memory to free: all NULL where everything is borrowed */
    char **class_names;        /* [outputs] copies in one block, or NULL */
    char (*number_names)[12];  /* [outputs] "0", "1", …, where there are no class_names */
    int borrows_names;         /* 1 in a window: the two above belong to its parent */
    size_t origin;             /* row of the root that lies at place 0 of the arrays */
    int takes_unknown;         /* 1: a category that a model does not know is zeros in its row */
    sml_index_base index_base; /* of LIBSVM text; SML_INDEX_AUTO: of other data */
    const sml_schema *schema;  /* of a table; NULL: columns have no names. Owned by the root */
    sml_schema *owned_schema;
    sml__store *owned_store;
    sml_dataset *owned_whole; /* what this part sees into, where nobody else owns it */

    /* Behind a pipeline (data/prepare): rows are computed from those of raw, and view has no
     * features in any form. All NULL in a raw data set. */
    const sml_dataset *raw;
    const struct sml__pipeline *pipeline;
    const struct sml__binding *binding;
    struct sml__binding *owned_binding;

    /* Of a regression behind a model: targets are scaled as they are asked for; view has them as
     * they are. NULL: not. Belongs to the model. */
    const struct sml__target_scaling *target_scaling;
};

/* Takes over heap memory (sml__alloc) as the features and targets of a new data set, checks it as
 * sml_dataset_from_memory does, and frees it also on failure. */
sml_status sml__dataset_adopt(sml_ctx *ctx, const sml_data_view *view, void *features,
                              void *targets, sml_dataset **out);

/* The same for a table, or for rows in more arrays: takes over the schema (NULL: none) and
 * blocks[n], n ≤ SML__BLOCKS, into which the view points. A column of a schema may have missing
 * cells, which are NaN. */
sml_status sml__dataset_adopt_table(sml_ctx *ctx, const sml_data_view *view, sml_schema *schema,
                                    void *const *blocks, size_t n, sml_dataset **out);

/* A data set whose features are rows of a file. view: without features, with the scale of bytes;
 * takes over the store, the schema (NULL: none) and the targets, also on failure. Rows of floats
 * without a schema are read once, for NaN and infinity. */
sml_status sml__dataset_adopt_store(sml_ctx *ctx, const sml_data_view *view, sml__store *store,
                                    sml_schema *schema, void *targets, sml_dataset **out);

/* Whether a feature takes one byte, where it lies. */
static inline int sml__dataset_has_bytes(const sml_dataset *data)
{
    return data->view.bytes != NULL ||
           (data->store != NULL && sml__element_is_byte(data->store->element));
}

/* SML_OK, or SML_IO where a row of a store could not be read since it was opened: for the end of a
 * loop over rows. */
sml_status sml__dataset_status(sml_ctx *ctx, const sml_dataset *data);

/* SML_IO, with the row, where a number of a store is none any more: its file was changed after it
 * was checked, which looks like a divergence of the training. */
sml_status sml__dataset_recheck(sml_ctx *ctx, const sml_dataset *data);

/* Takes over the schema of a table that has no missing cells. */
void sml__dataset_set_schema(sml_dataset *data, sml_schema *schema);

/* Notes which split a data set is: "train" or "test". */
void sml__dataset_set_split(sml_dataset *data, const char *split);

/* A data set of n rows with the arrays, names and schema of data, which it borrows. n ≥ 1.
 * Errors: SML_NO_MEMORY. */
sml_status sml__dataset_borrow(sml_ctx *ctx, const sml_dataset *data, size_t n, sml_dataset **out);

/* A selection of rows[n], each a row of data; takes the list over (sml__alloc), also on failure. */
sml_status sml__dataset_adopt_selection(sml_ctx *ctx, const sml_dataset *data, uint32_t *rows,
                                        size_t n, sml_dataset **out);

/* Which of n folds has row r among the rows to score, out[rows]: see sml_dataset_fold. */
sml_status sml__dataset_folds(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, size_t n,
                              uint32_t *out);

/* Fills the defaults of a view in (row_stride, scale, task, name), then checks shape and values.
 * schema: NULL, or what the columns are; then a missing cell is legal. store: NULL, or where the
 * features are, not in the view.
 * Errors: SML_BAD_ARGUMENT, SML_BAD_SHAPE, SML_BAD_DATA, SML_IO. */
sml_status sml__view_check(sml_ctx *ctx, sml_data_view *view, const sml_schema *schema,
                           sml__store *store);

#endif
