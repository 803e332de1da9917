/* A trace: everything that a trained network computes for a few rows, as the engine computes it. */
#ifndef SCRATCHML_TRACE_H
#define SCRATCHML_TRACE_H

#include <scratchml/base.h>
#include <scratchml/data.h>
#include <scratchml/model.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SML_TRACE_ROWS_MAX = 256 };

/* One batch on its way through a private copy of the network, forward and, where the data has
 * targets, backward. One thread at a time may use it. */
typedef struct sml_trace sml_trace;

typedef struct sml_trace_options {
    const uint32_t *samples; /* [n] rows of data, which make one batch; 1 ≤ n ≤ 256 */
    size_t n;
    int training;   /* 0: as the model predicts. 1: as a training step sees the batch: dropout, and
                       batch norm by its statistics, but no augmentation */
    uint32_t epoch; /* with training: the epoch, from 0, of which it is the first batch; dropout
                       draws by it */
} sml_trace_options;

/* Traces rows of raw data. Loss and gradient are those of training: label smoothing and the weights
 * of rows and classes count, penalties do not. Classes are weighed by all rows of data. model and
 * data must outlive the trace, and the model must not be fitted meanwhile. Free with
 * sml_trace_free.
 * Errors: SML_BAD_ARGUMENT (never fitted, not a network, no rows, too many, a row that is not
 * there), SML_BAD_SHAPE and SML_BAD_DATA (data that does not fit the model), SML_NO_MEMORY. */
SML_API sml_status sml_trace_create(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                    const sml_trace_options *options, sml_trace **out);
SML_API void sml_trace_free(sml_trace *trace); /* NULL is legal */

/* A layer of the network. `layers.N` of the model file are those that have parameters; block N is
 * such a layer, its head, with what follows until the next one. */
typedef struct sml_trace_layer {
    const char *type; /* "dense", "relu", …; NULL past the end */
    size_t inputs, units;
    double value; /* the layer's one setting: dropout rate, slope, … */
    int block;    /* the N of layers.N; -1 before the first of them */
    int is_head;
} sml_trace_layer;
SML_API sml_trace_layer sml_trace_layer_at(const sml_trace *trace, size_t layer);

typedef enum sml_vector {
    SML_RAW,       /* [columns] the row as the data set holds it */
    SML_INPUT,     /* [inputs] the same behind the model's preprocessing */
    SML_TARGET,    /* [outputs] before label smoothing, scaled where the model scales targets */
    SML_OUTPUT,    /* [units] of a layer: z of dense, a of activations; of the last: the logits */
    SML_DELTA,     /* [units] ∂(w_s C_s)/∂ that output, w_s the weight of the row */
    SML_MASK,      /* [units] what dropout multiplies by, 0 or 1 / (1 - p); in training only */
    SML_PREDICTION /* [outputs] as sml_model_predict gives it, outside training: in the units of
                      the data, also where the logits are of scaled targets */
} sml_vector;

/* Numbers of one row of the batch, *n of them, from the engine in float32. layer counts for the
 * three that belong to one. The view lives as long as the trace. NULL where there are none: no
 * targets, rows that weigh nothing in sum, a delta below the first layer with parameters, which
 * nothing needs. */
SML_API const float *sml_trace_vector(const sml_trace *trace, sml_vector vector, size_t layer,
                                      size_t row, size_t *n);

/* The parameters of a unit: row `unit` of W and then its bias, inputs + 1 numbers, of a dense
 * layer; γ and β of a norm. gradient: their derivatives, of the weighted mean loss of the batch.
 * Errors: SML_BAD_ARGUMENT (no parameters there, another length, no gradient to give). */
SML_API sml_status sml_trace_weights(sml_ctx *ctx, const sml_trace *trace, size_t layer,
                                     size_t unit, int gradient, float *out, size_t length);

#ifdef __cplusplus
}
#endif

#endif
