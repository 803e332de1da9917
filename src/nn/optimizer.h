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

typedef struct sml__optimizer {
    const char *name;
    int is_plain; /* θ ← θ - η g and nothing else: the backward pass can take the step itself */
    int n_states;                                /* arrays of state that it keeps */
    double learning_rate, epsilon, weight_decay; /* what "auto" means for it */
    void (*update)(const sml__update *update);
} sml__optimizer;

#endif
