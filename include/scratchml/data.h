/* Data sets: rows of features with class labels or numeric targets. */
#ifndef SCRATCHML_DATA_H
#define SCRATCHML_DATA_H

#include <scratchml/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the targets of a data set mean. */
typedef enum sml_task {
    SML_TASK_NONE,           /* features only: good for prediction */
    SML_TASK_CLASSIFICATION, /* one class of several, or a distribution over them */
    SML_TASK_MULTILABEL,     /* several independent yes/no labels, targets in [0, 1] */
    SML_TASK_REGRESSION      /* real numbers */
} sml_task;

/* "none", "classification", "multilabel" or "regression". */
SML_API const char *sml_task_name(sml_task task);

typedef struct sml_dataset sml_dataset;

/* Data in the caller's memory, row by row. Set everything that is not used to zero.
 * Exactly one of features, bytes and row_starts is set; at most one of labels and targets. */
typedef struct sml_data_view {
    const char *name; /* for messages and the training receipt; NULL: "memory" */
    size_t rows;
    size_t columns;
    const float *features;          /* [rows, columns], row r starts at features + r * row_stride */
    const uint8_t *bytes;           /* the same in bytes; the value is byte * scale */
    size_t row_stride;              /* elements from one row to the next; 0: columns */
    float scale;                    /* for bytes; 0: 1/255 */
    size_t height, width;           /* picture size, height * width == columns; 0: not a picture */
    sml_task task;                  /* SML_TASK_NONE with labels set means classification */
    size_t outputs;                 /* number of classes, or of targets in a row */
    const int32_t *labels;          /* [rows] in 0…outputs-1, classification */
    const float *targets;           /* [rows, outputs]; soft labels for classification sum to 1 */
    const char *const *class_names; /* [outputs] or NULL; copied */
    const float *weights; /* [rows] ≥ 0, not all 0: how much a row counts in training; NULL: 1 */
    /* Rows that are mostly zero, compressed (CSR), in place of features and bytes: row r has the
     * entries row_starts[r] … row_starts[r + 1] - 1. row_stride and scale are not used. All three
     * arrays are set. */
    const size_t *row_starts;       /* [rows + 1]; row_starts[0] is 0 */
    const uint32_t *column_indices; /* ascending within a row, below columns */
    const float *values;
} sml_data_view;

/* What the indices of LIBSVM text count the columns from. */
typedef enum sml_index_base { SML_INDEX_AUTO, SML_INDEX_FROM_0, SML_INDEX_FROM_1 } sml_index_base;

/* Names and kinds of the columns of a table. */
typedef struct sml_schema sml_schema;

/* How to read a data set. Zero everywhere is the default. Texts are read during the call only.
 * Columns are given by name, or by number as "#5", from 1; lists are separated by commas. */
typedef struct sml_data_options {
    const char *split;          /* "train" (NULL) or "test" */
    uint64_t seed;              /* of generated data, with is_seeded */
    int is_seeded;              /* 0: the seed is 42 */
    const char *target;         /* the column to predict; of an NPZ file: the name of the array */
    const char *weight;         /* the column of sample weights */
    const char *drop;           /* columns to leave out */
    const char *categorical;    /* columns whose numbers are names */
    sml_task task;              /* SML_TASK_NONE: from the target */
    char delimiter;             /* 0: found out */
    char decimal;               /* '.' or ','; 0: found out */
    int header;                 /* 0: found out; 1: the first line is one; -1: there is none */
    size_t height, width;       /* pictures are brought to this size; 0: all must be alike */
    const sml_schema *like;     /* the columns of a model: matched by name, others are left out */
    const char *const *classes; /* [n_classes] of a model: labels get their numbers */
    size_t n_classes;
    uint64_t memory; /* bytes that the features may take; 0: half of what is available. Larger files
                        of IDX, NPY and tables stay on disk: docs/data.md */
    const char *const *missing; /* [n_missing] texts of a table that stand for a missing cell */
    size_t n_missing;
    int no_target;             /* 1: target and weights of a table are not read: for predictions */
    sml_index_base index_base; /* of LIBSVM text; _AUTO: from 0 where an index is 0, else from 1 */
} sml_data_options;

/* Facts about an open data set. Pointers live as long as the data set. */
typedef struct sml_dataset_facts {
    const char *name;
    const char *split; /* "train", "test" or "" */
    sml_task task;
    size_t rows, columns, outputs;
    size_t height, width; /* 0 where rows are not pictures */
    int stored_as_bytes;  /* 1: a byte per feature, 0: float32 */
    float scale;          /* value = byte * scale */
    int is_streamed;      /* 1: rows stay in their file and are read when they are needed */
    int is_compressed;    /* 1: rows list only their entries (CSR) */
    int has_weights;
    int has_column_names;
    size_t n_categorical;      /* columns whose numbers stand for names */
    const char *target;        /* of a table the name of the column to predict; NULL: none */
    sml_index_base index_base; /* of LIBSVM text, as it was read; _AUTO: of other data */
} sml_dataset_facts;

/* A data set known by name. */
typedef struct sml_catalog_entry {
    const char *name;
    const char *help;   /* one line: what it is */
    const char *source; /* "generated", or where fetch gets it from */
} sml_catalog_entry;

/* Opens a data set: a name from the catalog, or a path whose content says what it is:
 * - a folder holding the four IDX files of MNIST's layout, plain or .gz; one IDX file of images;
 * - NPY: b1, i1…i8, u1…u8, f2, f4, f8 of any order; two dimensions are a table, three (or four
 *   with one channel) are pictures. Bytes (u1, b1) stay bytes: those of u1 pictures with the scale
 *   1/255, all others as they are. Targets: options.target, a .npy file beside it;
 * - NPZ: the arrays x_train, y_train, x_test, y_test by the split; else X and y, x and y, data and
 *   target, features and labels; options.target names another. Integers are labels, floats are
 *   numbers to predict, unless options.task says otherwise;
 * - LIBSVM text, "label index:value …": rows stay sparse, columns count as options.index_base says;
 * - PNG and JPEG as gray bytes: one picture, a folder of pictures, of folders named by class, or
 *   train/ and test/ with such folders. One size, or options.height and width;
 * - a table, such as CSV with a header; a text file with a row of numbers a line; "-" for
 *   standard input. Files may be packed by gzip.
 * split: "train" or "test"; what has one part ignores it. Generated sets use the seed.
 * Errors: SML_UNKNOWN_NAME, SML_NOT_FOUND, SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT (options),
 * SML_IO, SML_NO_MEMORY. Free with sml_dataset_free. */
SML_API sml_status sml_dataset_open_with(sml_ctx *ctx, const char *name_or_path,
                                         const sml_data_options *options, sml_dataset **out);
SML_API sml_status sml_dataset_open(sml_ctx *ctx, const char *name_or_path, const char *split,
                                    sml_dataset **out);
SML_API sml_status sml_dataset_open_seeded(sml_ctx *ctx, const char *name_or_path,
                                           const char *split, uint64_t seed, sml_dataset **out);

/* Wraps memory as a data set. The arrays are borrowed: they must outlive the data set.
 * Errors: SML_BAD_ARGUMENT (pointers that contradict each other, a bad scale), SML_BAD_SHAPE,
 * SML_BAD_DATA (NaN or infinity, a label out of range: row and column are named), SML_NO_MEMORY.
 * Free with sml_dataset_free. */
SML_API sml_status sml_dataset_from_memory(sml_ctx *ctx, const sml_data_view *view,
                                           sml_dataset **out);

/* A borrowed window on rows first…first+count-1; data must outlive it. Free with
 * sml_dataset_free. Errors: SML_BAD_ARGUMENT when the rows are not there, SML_NO_MEMORY. */
SML_API sml_status sml_dataset_rows(sml_ctx *ctx, const sml_dataset *data, size_t first,
                                    size_t count, sml_dataset **out);

/* The rows of data whose numbers are listed, in that order; repeats are legal. The list is copied;
 * data must outlive the selection. Reading it costs no more than reading data. Free with
 * sml_dataset_free. Errors: SML_BAD_ARGUMENT (no row, or one that is not there), SML_NO_MEMORY. */
SML_API sml_status sml_dataset_select(sml_ctx *ctx, const sml_dataset *data, const uint32_t *rows,
                                      size_t n, sml_dataset **out);

/* Cuts data by chance into 1 + n parts: parts[1 + i] gets shares[i] of the rows, rounded, and
 * parts[0] the rest. Where rows have classes, each class is cut in these shares; of each class, or
 * of all rows, at least one stays in parts[0]. A part without rows is NULL. Rows keep their order.
 * The cut depends on data and seed only. data must outlive the parts. Free each with
 * sml_dataset_free. Errors: SML_BAD_ARGUMENT (a share below 0, a sum above 1), SML_NO_MEMORY. */
SML_API sml_status sml_dataset_split(sml_ctx *ctx, const sml_dataset *data, uint64_t seed,
                                     const double *shares, size_t n, sml_dataset **parts);

/* Fold k, from 0, of n for cross-validation: parts[1] to score, parts[0] to train on. Each row is
 * in one of the n parts[1], which differ by one row at most; so do their rows of one class.
 * Otherwise as sml_dataset_split. Errors: SML_BAD_ARGUMENT (n below 2, more than the rows, or than
 * those of every class; k not below n), SML_NO_MEMORY. */
SML_API sml_status sml_dataset_fold(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, size_t k,
                                    size_t n, sml_dataset *parts[2]);

/* Frees a data set. NULL is legal. */
SML_API void sml_dataset_free(sml_dataset *data);

SML_API void sml_dataset_describe(const sml_dataset *data, sml_dataset_facts *facts);

/* The name of a class; its number as text where there are no names. Owned by the data set. */
SML_API const char *sml_dataset_class_name(const sml_dataset *data, size_t class_index);

/* The name of a column; NULL where columns have none. Owned by the data set. */
SML_API const char *sml_dataset_column_name(const sml_dataset *data, size_t column);

/* The name that a number of a categorical column stands for; NULL where it stands for none. Owned
 * by the data set. */
SML_API const char *sml_dataset_category(const sml_dataset *data, size_t column, size_t category);

/* Copies the features of one row as float32, scaled, to out[columns]. row < rows. */
SML_API void sml_dataset_features(const sml_dataset *data, size_t row, float *out);

/* Copies the targets of one row to out[outputs]; a class label becomes a one-hot row. */
SML_API void sml_dataset_targets(const sml_dataset *data, size_t row, float *out);

/* The class of a row: its label, or the largest of its soft labels; -1 for other tasks. */
SML_API int32_t sml_dataset_label(const sml_dataset *data, size_t row);

/* How much a row counts in training: 1 where there are no weights. */
SML_API float sml_dataset_weight(const sml_dataset *data, size_t row);

/* Facts about the numbers of one column, NaN where all cells are missing. */
typedef struct sml_column_facts {
    const char *name;    /* NULL where columns have no names. Owned by the data set */
    int is_categorical;  /* its numbers stand for names: see n_categories */
    int is_integer;      /* every number is whole */
    size_t n_categories; /* 0 for a column of numbers */
    uint64_t missing;    /* cells without a value; the other facts leave them out */
    double minimum, maximum, mean;
    double deviation; /* √(Σ (x - mean)² / n) */
    /* Of a column that is categorical because some cells of its file are no numbers: how many are
     * numbers, how many are not, the first of these and its line. Otherwise 0 and NULL. */
    uint64_t numbers, texts, first_text_line;
    const char *first_text; /* owned by the data set */
} sml_column_facts;

/* Errors: SML_BAD_ARGUMENT (no such column). */
SML_API sml_status sml_dataset_column(sml_ctx *ctx, const sml_dataset *data, size_t column,
                                      sml_column_facts *facts);

/* Facts that need a look at every row. Rows are equal where all their features are, the missing
 * ones too; targets do not matter. */
typedef struct sml_data_profile {
    uint64_t rows;
    uint64_t duplicate_rows; /* equal to an earlier row */
    uint64_t shared_rows;    /* rows of the other data set that are rows of this one */
    uint64_t missing;        /* cells without a value */
    double density;          /* share of the cells that are not 0 */
    double minimum, maximum; /* NaN where all cells are missing */
    uint64_t *class_counts;  /* [outputs] rows of each class; NULL for other tasks */
} sml_data_profile;

/* other: NULL, or a data set with the same columns. Free with sml_data_profile_clear.
 * Errors: SML_BAD_SHAPE (other has other columns), SML_NO_MEMORY. */
SML_API sml_status sml_dataset_profile(sml_ctx *ctx, const sml_dataset *data,
                                       const sml_dataset *other, sml_data_profile *profile);
SML_API void sml_data_profile_clear(sml_data_profile *profile);

/* SHA-256, as 64 hexadecimal digits and a zero, of the shape, features and targets as stored,
 * and of weights and columns where there are some. */
SML_API sml_status sml_dataset_sha256(sml_ctx *ctx, const sml_dataset *data, char out[65]);

/* Fetches a data set of the catalog into sml_ctx_data_dir, verifies its SHA-256 and puts it in
 * place atomically; does nothing where it is already there. Runs the npm or curl program.
 * Errors: SML_UNKNOWN_NAME, SML_NOT_FOUND (no way worked: the text lists each), SML_IO,
 * SML_BAD_FILE (checksum), SML_CANCELLED (the npm or curl program was interrupted).
 * $SCRATCHML_MNIST_MIRROR, a URL, replaces the public mirrors of mnist. */
SML_API sml_status sml_dataset_fetch(sml_ctx *ctx, const char *name);

/* The catalog: entry index, or NULL past the end. */
SML_API const sml_catalog_entry *sml_catalog(size_t index);

#ifdef __cplusplus
}
#endif

#endif
