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

/* Where a number comes from. */
typedef enum sml_source {
    SML_SOURCE_DATA,     /* as the data set holds it */
    SML_SOURCE_SETTING,  /* a hyper-parameter */
    SML_SOURCE_ENGINE,   /* float32, from the functions that train and predict */
    SML_SOURCE_ENGINE64, /* what the engine itself keeps in double: losses, statistics of norms */
    SML_SOURCE_DOUBLE,   /* recomputed in double from the engine's numbers of the stage before */
    SML_SOURCE_COUNT     /* a number of things */
} sml_source;

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
    const char *checkpoint; /* for steps: the state of the optimiser is that of this file, which
                               must have the model's parameters; NULL: that before a first step */
    double learning_rate;   /* for steps; 0: the setting. A schedule has no say */
    const float *targets;   /* [n, outputs of the model] what the answers should be, in place of
                               what the data says, which may have none; NULL: the data's */
} sml_trace_options;

/* Traces rows of raw data. Loss and gradient are those of training: label smoothing and the weights
 * of rows and classes count, penalties do not. Classes are weighed by all rows of data. model and
 * data must outlive the trace, and the model must not be fitted meanwhile. Free with
 * sml_trace_free.
 * Errors: SML_BAD_ARGUMENT (never fitted, not a network, no rows, too many, a row that is not
 * there, a checkpoint of another model, a learning rate that is negative or not finite), those of
 * reading the checkpoint, SML_BAD_SHAPE and SML_BAD_DATA (data that does not fit the model),
 * SML_NO_MEMORY. */
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

/* Sums of the forward and the backward pass; numbers of equations are those of docs/network.md. */
typedef enum sml_sum_kind {
    SML_SUM_Z,        /* dense: z_j = Σ_i w_ji x_i + b_j of a row (1) */
    SML_SUM_BACK,     /* dense: ∂C_s/∂x_i = Σ_j w_ji δ_j of its input i, in a row (17) */
    SML_SUM_INPUT,    /* the same where the engine has no use for it: in the first layer that has
                         parameters (19) */
    SML_SUM_WEIGHT,   /* dense: dW_ji = (1/Σw) Σ_s δ_sj x_si (21) */
    SML_SUM_BIAS,     /* dense: db_j = (1/Σw) Σ_s δ_sj (22) */
    SML_SUM_IDENTITY, /* dense: Σ_i w_ji δ_j x_i + b_j δ_j = δ_j z_j of a row */
    SML_SUM_GAMMA,    /* norms: dγ_j = (1/Σw) Σ_s δ_sj x̂_sj (42) */
    SML_SUM_BETA      /* norms: dβ_j = (1/Σw) Σ_s δ_sj (42) */
} sml_sum_kind;

typedef struct sml_term {
    size_t index;              /* i, j or s: an input, a unit, or a row of the batch */
    double left, right, value; /* value = left · right · scale */
} sml_term;

/* A sum taken apart. Its first five members are the question; those that its kind does not name do
 * not count. */
typedef struct sml_sum {
    sml_sum_kind kind;
    size_t layer, unit, input, row; /* unit: j; input: i */
    size_t n, n_terms;              /* terms of the sum, and those that are listed */
    size_t n_positive, n_negative;  /* of all terms */
    sml_term *terms;                /* [n_terms] the largest by |value|, ties to the lower index */
    double scale;                   /* 1; δ_j of the identity; 1/Σw of sums over the batch */
    double rest, bias, total;       /* the other terms; b_j, or 0; all of it, in double */
    double absolute;                /* Σ |terms| + |bias| */
    double engine;                  /* the same number as the engine has it; NaN: it has not */
    double difference, bound; /* |engine - total|, and what rounding to float32 may make of it */
    size_t gamma_n; /* n, where bound is γ_n times absolute, γ_n = n u / (1 - n u), u = 2^-24, and a
                       little for what underflows; 0: another formula */
    int holds; /* difference ≤ bound, and both numbers are finite; also where there is nothing to
                  compare */
} sml_sum;

/* Takes the sum that question asks for apart into its `top` largest terms and the rest. Free with
 * sml_sum_clear.
 * Errors: SML_BAD_ARGUMENT (no such layer, unit, input or row; a layer of another kind; no deltas,
 * because rows have no targets or no weight), SML_NO_MEMORY. */
SML_API sml_status sml_trace_sum(sml_ctx *ctx, const sml_trace *trace, const sml_sum *question,
                                 size_t top, sml_sum *out);
SML_API void sml_sum_clear(sml_sum *sum);

/* One number on its way through an activation, dropout or a norm. NaN where there is none. */
typedef struct sml_unit_facts {
    double z, a;                 /* engine: input and output */
    double f, slope;             /* double: f(z) and f'(z); slope is NaN where a unit depends on
                                    others, in layer norm and in training in batch norm */
    double delta_out, delta_in;  /* engine: ∂C/∂a and ∂C/∂z, times the weight of the row */
    double product;              /* double: delta_in from delta_out */
    double bound_f, bound_delta; /* what |a - f| and |delta_in - product| may be */
    double mean, factor, normalised, gamma, beta; /* norms: μ, r, x̂ = (z - μ) r, γ, β */
    double delta_mean, delta_product_mean; /* means of δ and of δ x̂ over the batch, as (48) has
                           them; in layer norm of γ δ and of γ δ x̂ over the units, as (50) */
    double mask;                           /* dropout: 0 or 1 / (1 - p); 1 where it is off */
    int gate_closed;                       /* slope is 0: nothing passes back */
} sml_unit_facts;

/* All NaN where there is no such layer, unit or row. Of a dense layer there are a and delta_out:
 * sml_trace_sum takes it apart. */
SML_API void sml_trace_unit(const sml_trace *trace, size_t layer, size_t unit, size_t row,
                            sml_unit_facts *out);

/* One output on its way through output function and loss. In double, but for z, a and delta_engine;
 * NaN where there is none. */
typedef struct sml_loss_class {
    double z;                                          /* the logit */
    double y;                                          /* the target, after label smoothing */
    double shifted;                                    /* softmax: z - max z */
    double exponential;                                /* softmax: e^shifted */
    double residual;                                   /* regression: z - y */
    double a, a_double;                                /* the prediction: engine and double */
    double term;                                       /* its part of C_s; C_s is the sum of them */
    double delta_engine, delta_jacobian, delta_direct; /* w_s ∂C_s/∂z: by the engine; through
                           ∂C_s/∂a and the Jacobian of the output function (8); by the short form */
    double bound_a, bound_delta;                       /* of engine against double */
} sml_loss_class;

typedef struct sml_loss_facts {
    const char *loss, *output; /* "cross_entropy", "softmax" */
    size_t n;
    sml_loss_class *classes;    /* [n] */
    double shift, sum, log_sum; /* softmax: M = max z, Σ_j e^(z_j - M), ln of it; NaN else */
    double weight, smoothing;   /* w_s; ε */
    double loss_engine;         /* w_s C_s */
    double loss_double;         /* w_s Σ terms */
    double bound_loss;          /* what |loss_engine - loss_double| may be */
    double sum_of_a;            /* of the engine's a */
    double sum_of_delta;        /* of the engine's deltas */
    double bound_sum_of_a;      /* softmax: what |sum_of_a - 1| may be; NaN else */
    double bound_sum_of_delta;  /* softmax: what |sum_of_delta| may be */
} sml_loss_facts;

/* Free with sml_loss_facts_clear. Without targets there are predictions alone.
 * Errors: SML_BAD_ARGUMENT (no such row), SML_NO_MEMORY. */
SML_API sml_status sml_trace_loss(sml_ctx *ctx, const sml_trace *trace, size_t row,
                                  sml_loss_facts *out);
SML_API void sml_loss_facts_clear(sml_loss_facts *facts);

/* A relation of docs/network.md over all numbers of a layer, and its worst case. */
typedef struct sml_trace_check {
    const char *name;               /* "z", "weight_gradient", …: stable, for scripts */
    const char *equation;           /* "(1)" */
    size_t layer, unit, input, row; /* where the worst case is; 0 where a relation has no such */
    double left, right;             /* the engine's number, and what it should be, in double */
    double bound, ratio;            /* of |left - right|, and its share of the bound: 0…1;
                                       infinite where a number is not finite */
    int holds;                      /* everywhere */
    uint64_t n;                     /* numbers that were looked at */
} sml_trace_check;

/* Examines everything that the pass has computed, and writes the first `room` of *n relations. With
 * room 0 it only counts; out may be NULL then. Without a backward pass there are those of the
 * forward pass. Errors: SML_NO_MEMORY. */
SML_API sml_status sml_trace_checks(sml_ctx *ctx, const sml_trace *trace, sml_trace_check *out,
                                    size_t room, size_t *n);

/* One number of a layer, or its unit with all weights. */
typedef struct sml_trace_place {
    size_t layer, unit, row;
} sml_trace_place;

typedef struct sml_json_options {
    size_t limit;                 /* vectors of more numbers are cut to the 16 largest; 0: 4096 */
    const sml_sum *sums;          /* [n_sums] questions for sml_trace_sum */
    size_t n_sums, top;           /* top: terms of each; 0: 8 */
    const sml_trace_place *units; /* [n_units] questions for sml_trace_unit, or sml_trace_weights */
    size_t n_units;
    int checks;            /* 1: with sml_trace_checks */
    const sml_trace *base; /* what an edited trace is compared with, `top` units a block, or NULL */
    const char *const *parameters; /* [n_parameters] questions for sml_trace_parameter, which count
                                      where a step was taken */
    size_t n_parameters;
} sml_json_options;

/* The trace as JSON, the same in every locale; docs/trace.md lists its members, which keep their
 * meaning as long as "version" stays. options NULL: the defaults. *text ends with a zero byte
 * behind its length; sml_text_free it. Errors: those of the questions, SML_NO_MEMORY. */
SML_API sml_status sml_trace_json(sml_ctx *ctx, const sml_trace *trace,
                                  const sml_json_options *options, char **text, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
