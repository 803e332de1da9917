/* The raw columns of a fitted model, and what it does to them. */
#ifndef SCRATCHML_COLUMNS_H
#define SCRATCHML_COLUMNS_H

#include <scratchml/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A raw column of a model. A number x becomes (x - shift) * factor; a category becomes `width`
 * numbers, of which one is 1, or, with width 1 and the setting encoding=ordinal, its own number. */
typedef struct sml_model_column_facts {
    const char *name; /* "" where columns have no names. Owned by the model, like the categories */
    int is_categorical;
    size_t n_categories;
    const char *const *categories; /* [n_categories] by number; NULL for a column of numbers */
    double fill;                   /* what stands in for a missing cell, in raw units or as the
                                      number of a category; NaN: such a cell is refused */
    double shift, factor;
    size_t width;
} sml_model_column_facts;

/* Errors: SML_NOT_FOUND past sml_model_columns, and for a model without preprocessing; ctx == NULL
 * is allowed. */
SML_API sml_status sml_model_column(sml_ctx *ctx, const sml_model *model, size_t column,
                                    sml_model_column_facts *facts);

/* The name of the column that the model predicts; "" where it has none. Owned by the model. */
SML_API const char *sml_model_target(const sml_model *model);

/* Rows of data with a category that the model does not know, also where it refuses them. Errors: as
 * of sml_model_predict for its columns. */
SML_API sml_status sml_model_unknown_rows(sml_ctx *ctx, const sml_model *model,
                                          const sml_dataset *data, sml_unknown_rows *found);

/* Whether a category that a model does not know is zeros in rows of this data set, also where the
 * model refuses it otherwise: so training judges the rows that it keeps apart. At first: no. Parts
 * that are made of the data set afterwards do as it does. */
SML_API void sml_dataset_allow_unknown(sml_dataset *data, int allow);

/* A target y is (y - shift) * factor in training, and losses are of that; predictions are in the
 * units of y. Errors: SML_NOT_FOUND where targets are trained on as they are, and past the outputs;
 * ctx == NULL is allowed. */
SML_API sml_status sml_model_target_scale(sml_ctx *ctx, const sml_model *model, size_t output,
                                          double *shift, double *factor);

#ifdef __cplusplus
}
#endif

#endif
