/* A trace from inside: a batch, a private copy of the network, and a workspace that keeps the
 * deltas of every layer. All numbers come from the functions that train and predict. */
#ifndef SML_EXPLAIN_TRACE_H
#define SML_EXPLAIN_TRACE_H

#include "model/algorithm.h"
#include "nn/parameter_name.h"
#include "nn/trainer.h"

#include <scratchml/what_if.h>

/* An edit, and where it acts. */
typedef struct sml__trace_edit {
    sml_edit facts;
    size_t position; /* SML_EDIT_SET: in the array of all values */
    size_t layer;    /* SML_EDIT_SILENCE: the last of the block */
} sml__trace_edit;

/* A step that was taken, and everything that it changed, as it was before. */
typedef struct sml__trace_step {
    struct sml__trace_step *earlier; /* NULL: the first */
    sml_step_facts facts;            /* step, clip_factor and the like */
    float *parameters;               /* [n_values] running statistics as the step began with them */
    float *state[2];                 /* [n_parameters] */
    float *gradient;                 /* [n_parameters] of C */
    double *sizes; /* where it is folded: n_in and then n_out numbers for each layer, √Σ_s of
                      its inputs squared and of its deltas squared */
} sml__trace_step;

struct sml_trace {
    const sml_model *model;
    const sml__network *original; /* the model's */
    sml__network network;         /* its layers, with parameters of its own */
    float *running; /* [n_values - n_parameters] the running statistics that a pass begins with */
    sml__training_settings settings;
    float *class_weights; /* [n_out], or NULL; owned, and lent to settings */

    sml_dataset *selected, *prepared; /* the raw rows; behind the pipeline, or NULL */
    const sml_dataset *ready;         /* prepared or selected: what the network reads */
    uint32_t *samples;                /* [rows] their numbers in the data */
    size_t rows, data_rows;           /* of the batch; of the data */
    float *raw;                       /* [rows, columns]; NULL where the input is the same */
    float *weights;                   /* [rows]; NULL: 1 each */
    double batch_weight;
    int training;
    uint32_t epoch;

    sml__workspace workspace;
    float *gradient;    /* [n_parameters] of the loss alone; NULL without targets */
    float **masks;      /* [n_layers] as outputs; NULL where nothing is dropped */
    float *predictions; /* [rows, n_out] */
    double loss;        /* Σ_s w_s C_s / Σ_s w_s; NaN without targets */

    sml__trace_edit *edits; /* [n_edits] */
    size_t n_edits, edits_room;
    double temperature; /* 1 where it was not changed */

    sml__trace_step *last_step; /* NULL: none was taken */
    float *state[2];            /* [n_parameters] of the optimiser, now; NULL where it has none */
    uint64_t steps;             /* that it has taken */
    int is_fresh;               /* the state is not from a checkpoint */
};

/* The pass of the whole batch. */
sml__pass_settings sml__trace_pass(const sml_trace *trace);

/* Whether the loss and its derivatives are there: there are targets, and weight, and the
 * temperature is 1. */
int sml__trace_has_backward(const sml_trace *trace);

/* Rows of floats, `stride` apart. */
typedef struct sml__rows {
    const float *values;
    size_t n, stride;
} sml__rows;

/* What layer l reads. */
sml__rows sml__trace_inputs(const sml_trace *trace, size_t l);

/* ∂(w_s C_s)/∂output of layer l; values NULL where the engine has none. */
sml__rows sml__trace_deltas(const sml_trace *trace, size_t l);

/* 1/Σ_s w_s. */
double sml__trace_scale(const sml_trace *trace);

/* ∂(w_s C_s)/∂x of a row, [n_in] in double: from the δ of the first layer with parameters, behind
 * which the engine has none. sml__free it; NULL: no memory. With a backward pass. */
double *sml__trace_input_gradient(sml_ctx *ctx, const sml_trace *trace, size_t row);

/* Everything again, from the parameters that the copy has now. Running statistics, which a pass in
 * training moves, are put back before it. Errors: SML_IO, where a row cannot be read. */
sml_status sml__trace_run(sml_ctx *ctx, sml_trace *trace);

/* The optimiser's state before the first step: zero, or of the checkpoint, which may be NULL. */
sml_status sml__trace_take_state(sml_ctx *ctx, sml_trace *trace, const char *checkpoint);

/* The name of an input of the network, "age" or "colour=red"; 0 where it has none. */
enum { SML__INPUT_NAME = 128 };
int sml__input_name(const sml_trace *trace, size_t input, char name[SML__INPUT_NAME]);

/* |value| of a term, as a share of all sizes; 0 where all are 0. */
double sml__share_of(const sml_term *term, double absolute);

/* The selected rows again, with these targets [rows, outputs]. Errors: SML_BAD_DATA (no targets of
 * the model's task), SML_NO_MEMORY. */
sml_status sml__trace_set_targets(sml_ctx *ctx, sml_trace *trace, const float *targets);

/* Frees the steps that were taken. */
void sml__trace_forget_steps(sml_trace *trace);

/* 1 where dropout or batch norm make C another function in training. */
int sml__trace_differs_in_training(const sml__network *network);

/* Completes the facts of the last step, behind which the trace has run again: those that the
 * trainer does not know. Errors: SML_NO_MEMORY. */
sml_status sml__trace_measure_step(sml_ctx *ctx, const sml_trace *trace, sml__trace_step *step);

/* The sizes of a sml__trace_step, of the pass as it is now. NULL: no memory. */
double *sml__trace_sizes(sml_ctx *ctx, const sml_trace *trace);

/* Whether an edit puts 0 in the place of what this unit of a network layer puts out. */
int sml__trace_is_silent(const sml_trace *trace, size_t layer, size_t unit);

/* Block N as network layers *first … *end - 1; 0 where there is none. */
int sml__trace_block(const sml_trace *trace, size_t block, size_t *first, size_t *end);

#endif
