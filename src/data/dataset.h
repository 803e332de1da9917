/* A data set in memory: narrow features as they were stored, and labels or targets. */
#ifndef SML_DATA_DATASET_H
#define SML_DATA_DATASET_H

#include "data/schema.h"

#include <scratchml/data.h>

enum { SML__NAME_MAX = 256 };

struct sml_dataset {
    sml_data_view view; /* pointers into owned memory or into the caller's; no 0 stands for a
                           default any more: row_stride, scale and task are filled in */
    char name[SML__NAME_MAX];
    char split[16];
    void *owned_features; /* NULL where borrowed */
    void *owned_targets;
    char **class_names;       /* [outputs] copies in one block, or NULL */
    char (*number_names)[12]; /* [outputs] "0", "1", …, where there are no class_names */
    int borrows_names;        /* 1 in a window: the two above belong to its parent */
    const sml_schema *schema; /* of a table; NULL: columns have no names. Owned by the root */
    sml_schema *owned_schema;
};

/* Takes over heap memory (sml__alloc) as the features and targets of a new data set, checks it as
 * sml_dataset_from_memory does, and frees it also on failure. */
sml_status sml__dataset_adopt(sml_ctx *ctx, const sml_data_view *view, void *features,
                              void *targets, sml_dataset **out);

/* Takes over the schema of a table. */
void sml__dataset_set_schema(sml_dataset *data, sml_schema *schema);

/* Notes which split a data set is: "train" or "test". */
void sml__dataset_set_split(sml_dataset *data, const char *split);

/* Gathers rows order[0…n-1] (NULL: first, first+1, …) as float32 into out[n, columns], rows
 * `stride` floats apart. */
void sml__dataset_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                         float *out, size_t stride);

/* Fills the defaults of a view in (row_stride, scale, task, name), then checks shape and values.
 * Errors: SML_BAD_ARGUMENT, SML_BAD_SHAPE, SML_BAD_DATA. */
sml_status sml__view_check(sml_ctx *ctx, sml_data_view *view);

#endif
