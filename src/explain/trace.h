/* A trace from inside: a batch, a private copy of the network, and a workspace that keeps the
 * deltas of every layer. All numbers come from the functions that train and predict. */
#ifndef SML_EXPLAIN_TRACE_H
#define SML_EXPLAIN_TRACE_H

#include "model/algorithm.h"
#include "nn/trainer.h"

#include <scratchml/trace.h>

struct sml_trace {
    const sml_model *model;
    const sml__network *original; /* the model's */
    sml__network network;         /* its layers, with parameters of its own */
    sml__training_settings settings;
    float *class_weights; /* [n_out], or NULL; owned, and lent to settings */

    sml_dataset *selected, *prepared; /* the raw rows; behind the pipeline, or NULL */
    const sml_dataset *ready;         /* prepared or selected: what the network reads */
    uint32_t *samples;                /* [rows] their numbers in the data */
    size_t rows;
    float *raw;     /* [rows, columns]; NULL where the input is the same */
    float *weights; /* [rows]; NULL: 1 each */
    double batch_weight;
    int training;
    uint32_t epoch;

    sml__workspace workspace;
    float *gradient;    /* [n_parameters] of the loss alone; NULL without targets */
    float **masks;      /* [n_layers] as outputs; NULL where nothing is dropped */
    float *predictions; /* [rows, n_out] */
    double loss;        /* Σ_s w_s C_s / Σ_s w_s; NaN without targets */
};

/* The pass of the whole batch. */
sml__pass_settings sml__trace_pass(const sml_trace *trace);

/* Whether the loss and its derivatives are there: there are targets, and weight. */
int sml__trace_has_backward(const sml_trace *trace);

/* Everything again, from the parameters that the copy has now. Running statistics, which a pass in
 * training moves, are the model's before it. Errors: SML_IO, where a row cannot be read. */
sml_status sml__trace_run(sml_ctx *ctx, sml_trace *trace);

/* Block N as network layers *first … *end - 1; 0 where there is none. */
int sml__trace_block(const sml_trace *trace, size_t block, size_t *first, size_t *end);

#endif
