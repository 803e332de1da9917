/* What happens to a raw row before a network sees it: missing cells are filled, numbers scaled,
 * categories encoded. A pipeline is fitted on training rows and then is constants only. */
#ifndef SML_DATA_PREPARE_PIPELINE_H
#define SML_DATA_PREPARE_PIPELINE_H

#include "data/dataset.h"

typedef enum sml__scaling {
    SML__SCALE_AUTO, /* standard for a table, none elsewhere */
    SML__SCALE_NONE,
    SML__SCALE_STANDARD,
    SML__SCALE_MIN_MAX,
    SML__SCALE_PER_IMAGE
} sml__scaling;

typedef enum sml__filling {
    SML__FILL_AUTO, /* mean; the most frequent category */
    SML__FILL_REFUSE,
    SML__FILL_MEAN,
    SML__FILL_MEDIAN,
    SML__FILL_MOST_FREQUENT,
    SML__FILL_ZERO
} sml__filling;

/* Zero everywhere is the default. A categorical cell is filled by the most frequent category
 * whatever `filling` says, unless it says refuse. */
typedef struct sml__prepare_settings {
    sml__scaling scaling;
    sml__filling filling;
    int is_ordinal;       /* categories become one number each; 0: one-hot */
    int unknown_is_zeros; /* an unknown category becomes zeros; 0: it is refused */
} sml__prepare_settings;

/* One raw column. A number x becomes (x - shift) · factor, in double and rounded once; a category
 * becomes `width` numbers, or in an ordinal pipeline its number, scaled as a number is. */
typedef struct sml__prepared_column {
    double fill; /* for a missing cell, in raw units or a category's number; NaN: it is refused */
    double shift, factor;
    size_t at, width; /* where its numbers lie in the prepared row; 1 ≤ width */
} sml__prepared_column;

typedef struct sml__pipeline {
    size_t n_raw, n_out;           /* n_raw ≤ n_out */
    sml__prepared_column *columns; /* [n_raw] */
    sml_schema *schema; /* names and kinds; categories are those of the training rows, sorted.
                           NULL: all columns are numeric and go by position */
    int is_ordinal, unknown_is_zeros;
    int per_image; /* then the row has mean 0 and standard deviation 1 */
} sml__pipeline;

/* How the columns of a data set answer those of a pipeline. */
typedef struct sml__binding {
    size_t *positions; /* [n_raw] columns of the data; NULL: they are the pipeline's */
    int32_t *codes;    /* the data's category → the pipeline's, -1: unknown */
    size_t *starts;    /* [n_raw + 1] column i has codes[starts[i] … starts[i + 1] - 1]; NULL: the
                          cells hold the pipeline's numbers already */
} sml__binding;

/* Fits on all rows of train. *out is NULL where there is nothing to do: no schema and no scaling.
 * Errors: SML_BAD_DATA (missing cells that are refused, a column without categories, per_image over
 * categories), SML_BAD_SHAPE (too wide), SML_NO_MEMORY. */
sml_status sml__pipeline_fit(sml_ctx *ctx, const sml_dataset *train,
                             const sml__prepare_settings *settings, sml__pipeline **out);
void sml__pipeline_free(sml__pipeline *pipeline);

/* Numbers `at` and n_out from the widths; 0 where the row would be too wide. */
int sml__pipeline_lay_out(sml__pipeline *pipeline);

/* Matches columns (by name where both have names), and checks every cell that could fail, so that
 * applying cannot. Errors: SML_BAD_SHAPE (a missing column, with the nearest name; the number of
 * columns; the kind), SML_BAD_DATA (an unknown category or a refused missing cell: row, column, and
 * the known ones), SML_NO_MEMORY. */
sml_status sml__pipeline_bind(sml_ctx *ctx, const sml__pipeline *pipeline, const sml_dataset *data,
                              sml__binding **out);
void sml__binding_free(sml__binding *binding);

/* Rows with a category that the pipeline does not know. */
typedef struct sml__unknown {
    uint64_t rows;
    char column[64], category[64]; /* of the first one, cut where they are longer */
} sml__unknown;

/* Looks at every cell that the pipeline could refuse; unknown categories are none of them where the
 * pipeline, or the data set, takes them for zeros. unknown: NULL, or zeroed: such rows are counted.
 * Errors: SML_BAD_DATA, as of sml__pipeline_bind; SML_NO_MEMORY. */
sml_status sml__pipeline_check(sml_ctx *ctx, const sml__pipeline *pipeline, const sml_dataset *data,
                               const sml__binding *binding, sml__unknown *unknown);

/* "a, b, c" of the texts that fit; the rest is told by its number. */
typedef struct sml__text_list {
    char text[240];
} sml__text_list;
sml__text_list sml__list_texts(const char *const *texts, size_t n);

/* The name of a raw column, or its number. */
typedef struct sml__column_label {
    char text[256];
} sml__column_label;
sml__column_label sml__pipeline_label(const sml__pipeline *pipeline, size_t c);

/* The pipeline's number of a category that the data counts as `number`, which is not NaN; -1 for an
 * unknown one. binding NULL: they count alike. */
int64_t sml__pipeline_category(const sml__pipeline *pipeline, const sml__binding *binding, size_t c,
                               double number);

/* raw[columns of the data] → out[n_out]. binding NULL: the row is as the pipeline has it. With
 * positions NULL, raw may be the last n_raw numbers of out. */
void sml__pipeline_apply(const sml__pipeline *pipeline, const sml__binding *binding,
                         const float *raw, float *out);

/* The rows of raw as a network sees them. Both must outlive it; no window is taken from it. */
sml_status sml__dataset_prepared(sml_ctx *ctx, const sml_dataset *raw,
                                 const sml__pipeline *pipeline, sml_dataset **out);

/* sml__dataset_gather for a data set with a pipeline. */
void sml__prepared_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                          float *out, size_t stride);

#endif
