/* The step that Adam and AdamW share, for one parameter with gradient g:
 *   m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²
 *   m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ),  t from 1
 *   step = η m̂ / (√v̂ + ε)
 * Kingma and Ba, "Adam", 2015. */
#ifndef SML_NN_OPTIMIZERS_ADAM_STEP_H
#define SML_NN_OPTIMIZERS_ADAM_STEP_H

#include "math/isa.h"
#include "nn/optimizer.h"

#include <math.h>

typedef struct sml__adam {
    float beta1, rest1, beta2, rest2; /* rest = 1 - β, rounded once */
    float rate;                       /* η / (1 - β₁ᵗ) */
    float root;                       /* 1 / √(1 - β₂ᵗ) */
    float epsilon;
} sml__adam;

SML__INLINE sml__adam sml__adam_at(const sml__update *update)
{
    const double t = (double)update->step;
    const sml__adam adam = {
        .beta1 = (float)update->beta1,
        .rest1 = (float)(1.0 - update->beta1),
        .beta2 = (float)update->beta2,
        .rest2 = (float)(1.0 - update->beta2),
        .rate = (float)(update->learning_rate / (1.0 - pow(update->beta1, t))),
        .root = (float)(1.0 / sqrt(1.0 - pow(update->beta2, t))),
        .epsilon = (float)update->epsilon,
    };
    return adam;
}

SML__INLINE float sml__adam_step(sml__adam adam, float g, float *m, float *v)
{
    *m = adam.beta1 * *m + adam.rest1 * g;
    *v = adam.beta2 * *v + adam.rest2 * (g * g);
    return adam.rate * *m / (sqrtf(*v) * adam.root + adam.epsilon);
}

SML__INLINE sml__step_f64 sml__adam_step_f64(const sml__update *how, double g, const double *state)
{
    const double t = (double)how->step;
    const double m = how->beta1 * state[0] + (1 - how->beta1) * g;
    const double v = how->beta2 * state[1] + (1 - how->beta2) * g * g;
    const double m_hat = m / (1 - pow(how->beta1, t)), v_hat = v / (1 - pow(how->beta2, t));
    const sml__step_f64 made = {
        .gradient = g,
        .state = {m, v},
        .step = how->learning_rate * m_hat / (sqrt(v_hat) + how->epsilon),
        .n_parts = 2,
        .symbols = {"m̂", "v̂"},
        .parts = {m_hat, v_hat},
    };
    return made;
}

#endif
