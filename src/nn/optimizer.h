/* What an optimiser is to the trainer: one pass over parameters, gradients and its own state. */
#ifndef SML_NN_OPTIMIZER_H
#define SML_NN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

/* One step for n parameters in a row. Names as in PyTorch's documentation. */
typedef struct sml__update {
    size_t n;
    float *theta;          /* [n] parameters */
    const float *gradient; /* [n] ∂C/∂θ */
    float *state[2];       /* [n] each; zero before the first step */
    double gradient_scale; /* from clipping: the gradient counts as gradient_scale · gradient */
    double learning_rate, momentum, weight_decay, alpha, beta1, beta2, epsilon;
    uint64_t step; /* from 1 */
} sml__update;

enum { SML__STEP_PARTS = 4 };

/* The step of one parameter in double, in full, to be looked at. */
typedef struct sml__step_f64 {
    double gradient; /* what the rule sees: clipped, and with coupled decay */
    double state[2]; /* after the step */
    double step;     /* θ' = θ - step */
    int n_parts;     /* what the formula is made of, where it has such parts */
    const char *symbols[SML__STEP_PARTS];
    double parts[SML__STEP_PARTS];
} sml__step_f64;

typedef struct sml__optimizer {
    const char *name;
    int is_plain; /* θ ← θ - η g and nothing else: the backward pass can take the step itself */
    int n_states;                                /* arrays of state that it keeps */
    double learning_rate, epsilon, weight_decay; /* what "auto" means for it */
    const char *state_names[2];                  /* "m", "v" */
    void (*update)(const sml__update *update);
    /* The same for one parameter, from ∂C/∂θ and the state before; how's arrays are not read. */
    void (*step_f64)(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out);
} sml__optimizer;

#endif
