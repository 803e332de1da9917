/* Models of every algorithm: create, fit, predict, evaluate, save, load, free. */
#ifndef SCRATCHML_MODEL_H
#define SCRATCHML_MODEL_H

#include <scratchml/base.h>
#include <scratchml/data.h>
#include <scratchml/fit.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sml_model sml_model;

typedef enum sml_parameter_type {
    SML_PARAMETER_INTEGER,
    SML_PARAMETER_REAL,
    SML_PARAMETER_CHOICE,   /* one of choices */
    SML_PARAMETER_INTEGERS, /* a comma-separated list of integers, may be empty */
    SML_PARAMETER_REALS     /* a comma-separated list of numbers, or one of choices */
} sml_parameter_type;

/* A hyper-parameter, declared once: flags, help and the model file come from this row. */
typedef struct sml_parameter {
    const char *name; /* "learning_rate"; the command line spells it --learning-rate */
    sml_parameter_type type;
    const char *default_text; /* "auto" where it follows from others: help says how */
    double minimum, maximum;  /* for numbers, both included */
    const char *choices;      /* "sgd|adam|…" for SML_PARAMETER_CHOICE and _REALS */
    const char *help;         /* one line */
} sml_parameter;

/* The hyper-parameters of an algorithm; *count rows. NULL for an unknown algorithm. */
SML_API const sml_parameter *sml_model_parameters(const char *algorithm, size_t *count);

typedef struct sml_scores {
    double accuracy; /* share of rows predicted right (multi-label: every label right);
                        NaN for regression */
    double loss;     /* mean loss over the rows; label smoothing and penalties left out. Of scaled
                        targets where the model scales them: sml_model_target_scale */
    uint64_t samples;
} sml_scores;

/* A tensor of a fitted model: what the model file holds under this name. */
typedef struct sml_tensor_facts {
    const char *name; /* "layers.0.weight"; valid while the model lives unchanged */
    size_t rank;
    size_t shape[2];
} sml_tensor_facts;

/* Creates a model of an algorithm ("mlp") with settings such as "hidden=128 optimizer=adam";
 * NULL or "" for the defaults. Holds no data. Free with sml_model_free.
 * Errors: SML_UNKNOWN_NAME (with the nearest name), SML_BAD_ARGUMENT, SML_NO_MEMORY. */
SML_API sml_status sml_model_create(sml_ctx *ctx, const char *algorithm, const char *settings,
                                    sml_model **out);

/* Sets one hyper-parameter from text. Errors as for sml_model_create; nothing changes then. */
SML_API sml_status sml_model_set(sml_ctx *ctx, sml_model *model, const char *name,
                                 const char *value);

/* The text of a hyper-parameter; NULL for an unknown name. Owned by the model. */
SML_API const char *sml_model_get(const sml_model *model, const char *name);

/* Trains on data. Same seed, data, settings, build and processor: the same bits, whatever the
 * number of threads. With early stopping the model gets the parameters of the best epoch.
 * Errors: SML_BAD_DATA, SML_BAD_SHAPE, SML_NO_MEMORY; SML_DIVERGED when the loss is no longer
 * finite: the text names epoch and step, and the model holds the parameters of the last epoch
 * that ended with finite losses (of the start, if none did). SML_CANCELLED by the callback.
 * options and report may be NULL; report is filled in every case but a refusal. */
SML_API sml_status sml_model_fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train);
SML_API sml_status sml_model_fit_with(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                                      const sml_fit_options *options, sml_fit_report *report);

/* The epochs of the last fit, resumed parts included, up to 65,536; *n of them. NULL where there
 * are none, as after sml_model_load. Owned by the model. */
SML_API const sml_epoch_record *sml_model_history(const sml_model *model, size_t *n);

/* Writes the outputs of every row: probabilities for classification and multi-label, values for
 * regression. outputs has rows * sml_model_outputs(model) floats: length says how many, and a
 * wrong length is SML_BAD_ARGUMENT. Reads the model only: several threads may predict at once,
 * each with its own context. Errors: SML_BAD_SHAPE, SML_BAD_ARGUMENT, SML_NO_MEMORY. */
SML_API sml_status sml_model_predict(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                     float *outputs, size_t length);

/* Predicts one sample after another. It keeps the memory of a pass, so that a prediction allocates
 * nothing and cannot fail: some microseconds for a small network. */
typedef struct sml_predictor sml_predictor;

/* A predictor for a fitted model, which must outlive it and must not be fitted meanwhile. One
 * thread at a time may use it; several predictors may share a model. Free with sml_predictor_free.
 * Errors: SML_BAD_ARGUMENT (never fitted), SML_NO_MEMORY. */
SML_API sml_status sml_predictor_create(sml_ctx *ctx, const sml_model *model, sml_predictor **out);

/* features[sml_model_columns] to outputs[sml_model_outputs], the same bits as sml_model_predict
 * gives. Features are raw, as in a data set: numbers such as pixels / 255; of a categorical column
 * the number that sml_model_category gives. NaN is a missing cell; where the model does not fill
 * it, it is not refused, as it is in a data set: it shows in the outputs. */
SML_API void sml_predictor_run(sml_predictor *predictor, const float *features, float *outputs);

/* Frees a predictor. NULL is legal. */
SML_API void sml_predictor_free(sml_predictor *predictor);

/* sml_dataset_open_with for a fitted model: its columns by name, its target if it is there, its
 * classes, pictures in its size. options.split: "train" (without rows that were kept for
 * validation), "train+validation", "test", and "validation" as it was kept;
 * of the file with one part that the model was trained on, these are the receipt's, of another one
 * all rows. "all" or NULL: all rows of such a file; NULL: the test part of what has two. "uncut":
 * what the training began with, all rows or the train part, to be cut again. */
SML_API sml_status sml_model_open_data(sml_ctx *ctx, const sml_model *model,
                                       const char *name_or_path, const sml_data_options *options,
                                       sml_dataset **out);

/* Accuracy and loss on data with targets. Errors as for sml_model_predict. */
SML_API sml_status sml_model_evaluate(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                      sml_scores *scores);

/* Remembers scores as the final metrics of the training receipt that sml_model_save writes. */
SML_API sml_status sml_model_record_scores(sml_ctx *ctx, sml_model *model, const sml_dataset *data,
                                           const sml_scores *scores);

/* Notes in the receipt that sml_dataset_split kept rows apart, for sml_model_open_data to find.
 * sml_fit_options.split_share notes it from the start, so that checkpoints have it, too. */
SML_API sml_status sml_model_record_split(sml_ctx *ctx, sml_model *model, uint64_t seed,
                                          double test_share);

/* Writes a safetensors file, after a fit: to a temporary file beside it, synced, then renamed, so
 * that the old file stays until the new one is safe. Errors: SML_BAD_ARGUMENT (never fitted),
 * SML_IO, SML_NO_MEMORY. */
SML_API sml_status sml_model_save(sml_ctx *ctx, const sml_model *model, const char *path);

/* Whether sml_model_save could write to path now: ask before a long fit. Leaves nothing behind.
 * Errors: SML_IO. */
SML_API sml_status sml_model_check_path(sml_ctx *ctx, const char *path);

/* Reads a model file. Every length, shape and checksum is verified first.
 * Errors: SML_NOT_FOUND, SML_IO, SML_BAD_FILE, SML_NO_MEMORY. Free with sml_model_free. */
SML_API sml_status sml_model_load(sml_ctx *ctx, const char *path, sml_model **out);

/* Reads a checkpoint as the model that it would be if training ended there. With the same data and
 * settings, which it has, sml_model_fit_with goes on from it. Errors as for sml_model_load. */
SML_API sml_status sml_model_load_checkpoint(sml_ctx *ctx, const char *path, sml_model **out);

SML_API void sml_model_free(sml_model *model); /* NULL is legal */

/* Facts of a model; shapes are 0 before the first fit. */
SML_API const char *sml_model_algorithm(const sml_model *model);
SML_API sml_task sml_model_task(const sml_model *model);
SML_API size_t sml_model_inputs(const sml_model *model); /* numbers that the model computes with */
SML_API size_t sml_model_outputs(const sml_model *model);
SML_API const char *sml_model_class_name(const sml_model *model, size_t class_index);

/* The raw columns that the model takes, before it fills, scales and encodes them (columns.h). */
SML_API size_t sml_model_columns(const sml_model *model);
/* Their names, kinds and categories; NULL: columns go by position. Owned by the model. */
SML_API const sml_schema *sml_model_schema(const sml_model *model);
SML_API const char *sml_model_column_name(const sml_model *model, size_t column); /* or "" */
/* What columns count from in the LIBSVM text that the model was trained on, and so in all that
 * sml_model_open_data reads for it; SML_INDEX_AUTO: it was trained on other data. */
SML_API sml_index_base sml_model_index_base(const sml_model *model);
/* The number that stands for a category in a raw row. Errors: SML_BAD_ARGUMENT, SML_UNKNOWN_NAME.
 */
SML_API sml_status sml_model_category(sml_ctx *ctx, const sml_model *model, size_t column,
                                      const char *category, float *cell);

/* Tensor index of a fitted model; SML_NOT_FOUND past the end, with ctx == NULL allowed. */
SML_API sml_status sml_model_tensor(sml_ctx *ctx, const sml_model *model, size_t index,
                                    sml_tensor_facts *facts);
/* Copies tensor index, in the model file's order, to values[length]. */
SML_API sml_status sml_model_tensor_values(sml_ctx *ctx, const sml_model *model, size_t index,
                                           float *values, size_t length);

/* The training receipt as a JSON object: seed, data name and SHA-256, library version, epochs,
 * final metrics. "{}" before the first fit. Owned by the model. */
SML_API const char *sml_model_receipt(const sml_model *model);

#ifdef __cplusplus
}
#endif

#endif
