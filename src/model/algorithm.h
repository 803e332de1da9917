/* The contract that every algorithm fulfils. model.c offers the public verbs on top of it; an
 * algorithm knows no file format and no command line. */
#ifndef SML_MODEL_ALGORITHM_H
#define SML_MODEL_ALGORITHM_H

#include "data/prepare/pipeline.h"
#include "data/prepare/targets.h"

#include <jansson.h>
#include <scratchml/model.h>

typedef struct sml__algorithm {
    const char *name;
    const char *help;
    const sml_parameter *parameters;
    size_t n_parameters;

    /* Frees model->state and sets it to NULL; legal before create. */
    void (*free_state)(sml_model *model);

    /* Data comes behind the model's pipeline, and its targets scaled: as the algorithm takes it, in
     * whose units it predicts. */

    /* Trains; model->task, inputs, outputs and class names are set from the data already; for a
     * warm start they fit the data. options->validation is what to score after every epoch, whether
     * it was given or split off; NULL: nothing. model->history becomes that of this fit. A refusal
     * (every status but SML_OK, SML_CANCELLED and SML_DIVERGED) leaves model->state and history as
     * they were: build the new state, then swap. */
    sml_status (*fit)(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                      const sml_fit_options *options, sml_fit_report *report);

    /* Shapes are checked: outputs has rows * model->outputs floats. */
    sml_status (*predict)(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                          float *outputs);

    /* One row after another: the state that open allocates is all that run needs. */
    sml_status (*predictor_open)(sml_ctx *ctx, const sml_model *model, void **state);
    void (*predictor_run)(void *state, const float *features, float *outputs);
    void (*predictor_close)(void *state);

    /* Mean loss and accuracy. */
    sml_status (*evaluate)(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           sml_scores *scores);

    /* The structure that settings alone do not say, such as the list of layers: a new reference,
     * NULL on failure. rebuild allocates the state from it, and from the model's shapes; it must
     * refuse every structure that is not well-formed with SML_BAD_FILE, and before it allocates
     * anything also one whose tensors have more than max_parameters elements in all: so many the
     * file holds. Neither text names the file; the caller puts its path in front. */
    json_t *(*structure)(sml_ctx *ctx, const sml_model *model);
    sml_status (*rebuild)(sml_ctx *ctx, sml_model *model, const json_t *structure,
                          size_t max_parameters);

    /* Tensors of a fitted model, by index; SML_NOT_FOUND past the end (no error text). */
    sml_status (*tensor)(const sml_model *model, size_t index, sml_tensor_facts *facts);
    /* Copies a tensor out or in, row-major in the file's shape. index is valid. Import refuses
     * numbers that the tensor cannot have (SML_BAD_FILE, without the file's name); they are finite.
     */
    void (*tensor_export)(const sml_model *model, size_t index, float *values);
    sml_status (*tensor_import)(sml_ctx *ctx, sml_model *model, size_t index, const float *values);
} sml__algorithm;

struct sml_model {
    const sml__algorithm *algorithm;
    char **settings;        /* [n_parameters] texts, canonical */
    double *setting_values; /* [n_parameters] the same as numbers; NaN for "auto" and for texts */
    void *state;            /* the algorithm's own; NULL before it is built */
    sml_task task;
    size_t inputs, outputs;              /* inputs: numbers of a row behind the pipeline */
    sml__pipeline *pipeline;             /* from raw rows to inputs; NULL: they are the same */
    sml__target_scaling *target_scaling; /* of a regression; NULL: targets as they are */
    size_t height, width;                /* of the pictures it was trained on, or 0 */
    sml_index_base index_base;           /* of the LIBSVM text that it was trained on */
    char **class_names;                  /* [outputs], or NULL */
    char (*number_names)[12];            /* [outputs] "0", "1", … where there are no names */
    json_t *fit_settings; /* object of texts: the settings of the last fit; NULL before */
    json_t *receipt;      /* object */
    char *receipt_text;
    sml_epoch_record *history; /* [n_history] of the last fit */
    size_t n_history;
    const struct sml__fitting *fitting; /* while it is fitted; otherwise NULL */
};

/* What a model that is being fitted will say of itself afterwards; a checkpoint says it already. */
typedef struct sml__fitting {
    json_t *settings, *receipt; /* borrowed */
} sml__fitting;

/* Settings as numbers. name must be in the table (assert); the integer and the list must not be
 * "auto", the real is NaN then. */
double sml__setting_real(const sml_model *model, const char *name);
int64_t sml__setting_integer(const sml_model *model, const char *name);
/* Copies a list to values[max] and returns its length, which may be more than max. */
size_t sml__setting_integers(const sml_model *model, const char *name, int64_t *values, size_t max);
/* The same for numbers; 0 where the setting is one of its choices. */
size_t sml__setting_reals(sml_ctx *ctx, const sml_model *model, const char *name, double *values,
                          size_t max);
/* The text; "auto" where it was not chosen. */
const char *sml__setting_text(const sml_model *model, const char *name);
int sml__setting_is(const sml_model *model, const char *name, const char *text);

/* sml_model_create for an algorithm that need not be in the registry. */
sml_status sml__model_create(sml_ctx *ctx, const sml__algorithm *algorithm, const char *settings,
                             sml_model **out);

/* The registry: algorithm index, NULL past the end; and by name, NULL with an error in ctx. */
const sml__algorithm *sml__algorithm_at(size_t index);
const sml__algorithm *sml__algorithm_named(sml_ctx *ctx, const char *name);

#endif
