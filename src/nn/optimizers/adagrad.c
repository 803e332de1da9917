/* Adagrad: v ← v + g², θ ← θ - η g / (√v + ε). Duchi et al., 2011. */
#include "nn/optimizers/gradient.h"

#include <math.h>

static void update(const sml__update *update)
{
    const float rate = (float)update->learning_rate;
    float *theta = update->theta;
    const float epsilon = (float)update->epsilon;
    float *v = update->state[0];
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        const float g = sml__decayed_gradient(update, i);
        v[i] += g * g;
        theta[i] -= rate * g / (sqrtf(v[i]) + epsilon);
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    const double g = sml__decayed_gradient_f64(how, gradient, theta);
    const double v = state[0] + g * g, root = sqrt(v) + how->epsilon;
    *out = (sml__step_f64){
        .gradient = g,
        .state = {v},
        .step = how->learning_rate * g / root,
        .n_parts = 1,
        .symbols = {"√v + ε"},
        .parts = {root},
    };
}

extern const sml__optimizer ISA(adagrad_optimizer);
const sml__optimizer ISA(adagrad_optimizer) = {
    .name = "adagrad",
    .n_states = 1,
    .learning_rate = 0.01,
    .epsilon = 1e-10,
    .state_names = {"v"},
    .update = update,
    .step_f64 = step_f64,
};
