/* RMSprop: v ← α v + (1 - α) g², θ ← θ - η g / (√v + ε). Tieleman and Hinton, 2012; PyTorch's form
 * with ε outside the root. */
#include "nn/optimizers/gradient.h"

#include <math.h>

static void update(const sml__update *update)
{
    const float rate = (float)update->learning_rate;
    float *theta = update->theta;
    const float alpha = (float)update->alpha, rest = (float)(1.0 - update->alpha);
    const float epsilon = (float)update->epsilon;
    float *v = update->state[0];
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        const float g = sml__decayed_gradient(update, i);
        v[i] = alpha * v[i] + rest * (g * g);
        theta[i] -= rate * g / (sqrtf(v[i]) + epsilon);
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    const double g = sml__decayed_gradient_f64(how, gradient, theta);
    const double v = how->alpha * state[0] + (1 - how->alpha) * g * g,
                 root = sqrt(v) + how->epsilon;
    *out = (sml__step_f64){
        .gradient = g,
        .state = {v},
        .step = how->learning_rate * g / root,
        .n_parts = 1,
        .symbols = {"√v + ε"},
        .parts = {root},
    };
}

extern const sml__optimizer ISA(rmsprop_optimizer);
const sml__optimizer ISA(rmsprop_optimizer) = {
    .name = "rmsprop",
    .n_states = 1,
    .learning_rate = 0.01,
    .epsilon = 1e-08,
    .state_names = {"v"},
    .update = update,
    .step_f64 = step_f64,
};
