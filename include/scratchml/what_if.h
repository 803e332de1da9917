/* What would be, if: other parameters, a silent unit, another temperature; and a step of training.
 * All of it happens to the copy that a trace has of the network, and never to the model. */
#ifndef SCRATCHML_WHAT_IF_H
#define SCRATCHML_WHAT_IF_H

#include <scratchml/base.h>
#include <scratchml/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sml_edit_kind { SML_EDIT_SET, SML_EDIT_SILENCE, SML_EDIT_TEMPERATURE } sml_edit_kind;

/* One thing that is other than in the model. */
typedef struct sml_edit {
    sml_edit_kind kind;
    char name[64];        /* "layers.0.weight[13,407]"; "layers.0 unit 13"; "temperature" */
    size_t block, unit;   /* of a silent unit */
    double before, value; /* of a parameter, in float32; of the temperature, 1 before; else 0 */
} sml_edit;

/* Gives a parameter, or a running statistic of batch norm, another value, rounded to float32.
 * Errors: SML_BAD_ARGUMENT (no such parameter, no finite value, a negative variance, steps were
 * taken). After an error of reading rows, SML_IO, the trace is to be freed; so below. */
SML_API sml_status sml_trace_set(sml_ctx *ctx, sml_trace *trace, const char *name, double value);

/* What leaves a unit of block N, behind its activation, is 0 for every row, and so is the δ that
 * comes back to it. Errors: SML_BAD_ARGUMENT (no such unit; units of the output; steps were taken).
 */
SML_API sml_status sml_trace_silence(sml_ctx *ctx, sml_trace *trace, size_t block, size_t unit);

/* Predictions of z / T in place of z, T > 0; 1 takes it back. Below 1 they are surer, above less.
 * Loss and gradient are those of T = 1: with another one the trace is without a backward pass.
 * Errors: SML_BAD_ARGUMENT (not positive or not finite; regression; steps were taken). */
SML_API sml_status sml_trace_temperature(sml_ctx *ctx, sml_trace *trace, double temperature);

/* Edit `index`, in the order in which they were made; NULL past the end. */
SML_API const sml_edit *sml_trace_edit_at(const sml_trace *trace, size_t index);

/* Takes back one of them, in any order; or all. Errors: SML_BAD_ARGUMENT (no such edit, steps were
 * taken). */
SML_API sml_status sml_trace_take_back(sml_ctx *ctx, sml_trace *trace, size_t index);
SML_API sml_status sml_trace_reset(sml_ctx *ctx, sml_trace *trace);

typedef struct sml_output_change {
    double logit_before, logit_after, before, after; /* before, after: of the prediction */
} sml_output_change;

typedef struct sml_unit_change {
    size_t unit;
    double before, after;
} sml_unit_change;

/* What has changed in a block: its last layer's output, which the next block reads. */
typedef struct sml_block_change {
    size_t block, layer, n_units;
    size_t changed;       /* units that are not what they were */
    double total;         /* Σ |after - before| */
    size_t n_top;         /* at most what was asked for, and at most changed */
    sml_unit_change *top; /* [n_top] the largest |after - before| first */
    double rest;          /* Σ |after - before| of the other changed - n_top */
} sml_block_change;

typedef struct sml_difference {
    size_t n_outputs, n_blocks;
    sml_output_change *outputs;     /* [n_outputs] */
    sml_block_change *blocks;       /* [n_blocks] the hidden ones */
    double loss_before, loss_after; /* C_s by the logits, over the temperature, in double, without
                                       the weight of the row; NaN without targets */
} sml_difference;

/* Holds row `row` of two traces of the same rows against each other, `top` units a block. Free with
 * sml_difference_clear, which is also right for one of zeros.
 * Errors: SML_BAD_ARGUMENT (other models, rows or modes), SML_NO_MEMORY. */
SML_API sml_status sml_trace_compare(sml_ctx *ctx, const sml_trace *base, const sml_trace *other,
                                     size_t row, size_t top, sml_difference *out);
SML_API void sml_difference_clear(sml_difference *difference);

/* A step of training on the batch of the trace, as the trainer takes it: the bits are those that a
 * fit would get. θ: all parameters, C: the loss of the batch, g: its gradient. */
typedef struct sml_step_facts {
    const char *optimizer;
    uint64_t step; /* its number, from 1, that the optimiser counts */
    double learning_rate, epsilon, weight_decay;
    int is_fresh;          /* the optimiser's state was that before a first step */
    int is_folded;         /* the backward pass took the step at once, without a gradient */
    double gradient_norm;  /* with penalties, before clipping */
    double clip_factor;    /* what clipping multiplied it by; 1 where it is off */
    double step_norm;      /* ‖Δθ‖ */
    double parameter_norm; /* ‖θ‖, before */
    double loss_before, loss_after; /* C, of the engine */
    double predicted;     /* ΔC by the gradient, Σ g Δθ, with Δθ as the engine took it */
    double actual;        /* ΔC of the engine */
    double actual_double; /* in double, from the same parameters; NaN, as the next two, where
                             dropout or batch norm make C another function in training */
    double gap;           /* |actual_double - predicted| */
    double half_gap;      /* the same at half the step: a quarter, where the rest is of second
                             order */
    double objective_predicted, objective_actual; /* of C with penalties; NaN without them */
} sml_step_facts;

/* Takes a step, and runs the trace again. Where the network has dropout or batch norm, the trace
 * must be one of training. out may be NULL. While steps are taken nothing else can be edited.
 * Errors: SML_BAD_DATA (no targets, no weight), SML_BAD_ARGUMENT (a trace of evaluation, see above;
 * a silent unit or a temperature), SML_NO_MEMORY, SML_IO; the trace is then as it was before. */
SML_API sml_status sml_trace_step(sml_ctx *ctx, sml_trace *trace, sml_step_facts *out);

/* The facts of the last step; NULL where none was taken. They live until the next step or undo. */
SML_API const sml_step_facts *sml_trace_step_taken(const sml_trace *trace);

/* The last step of one tensor of the model file, of those that the optimiser moves. */
typedef struct sml_step_tensor {
    char name[64]; /* "layers.0.weight" */
    size_t numbers;
    double gradient_norm, step_norm, parameter_norm; /* of ∂C/∂θ; Δθ; θ before */
} sml_step_tensor;

/* Tensor `index` of them, in the order of the file; returns 0 past the end, and without a step. */
SML_API int sml_trace_step_tensor(const sml_trace *trace, size_t index, sml_step_tensor *out);

/* Takes the last step back, parameters and state to the bit. Errors: SML_BAD_ARGUMENT (there is
 * none), SML_IO. */
SML_API sml_status sml_trace_undo(sml_ctx *ctx, sml_trace *trace);

/* A part of the optimiser's formula that has a sign of its own: "m̂" 0.0123. */
typedef struct sml_step_part {
    const char *symbol;
    double value;
} sml_step_part;

/* What the last step did to one parameter, from the engine's g and θ by the rule in double. */
typedef struct sml_step_parameter {
    char name[64];
    double before, gradient, penalty; /* θ; ∂C/∂θ of the engine; l2 θ + l1 sign θ */
    double penalised;                 /* gradient + penalty */
    double clip_factor, clipped;      /* clip_factor · penalised */
    double decayed; /* what the rule sees: clipped + weight_decay θ, where it is coupled */
    size_t n_states, n_parts;
    const char *state_names[2];
    double state_before[2], state_after[2]; /* engine */
    double state_after_double[2];           /* by the rule */
    sml_step_part parts[4];
    double step;                /* after_double = before - step */
    double after_double, after; /* after: engine */
    double bound;               /* that |after - after_double| may not exceed */
    int holds;
} sml_step_parameter;

/* Errors: SML_BAD_ARGUMENT (no step was taken, no such parameter, a running statistic). */
SML_API sml_status sml_trace_parameter(sml_ctx *ctx, const sml_trace *trace, const char *name,
                                       sml_step_parameter *out);

#ifdef __cplusplus
}
#endif

#endif
