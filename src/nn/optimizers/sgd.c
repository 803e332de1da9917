/* Gradient descent: θ ← θ - η g. */
#include "nn/optimizers/gradient.h"

static void update(const sml__update *update)
{
    const float rate = (float)update->learning_rate;
    float *theta = update->theta;
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        const float g = sml__decayed_gradient(update, i);
        theta[i] -= rate * g;
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    (void)state;
    const double g = sml__decayed_gradient_f64(how, gradient, theta);
    *out = (sml__step_f64){.gradient = g, .step = how->learning_rate * g};
}

extern const sml__optimizer ISA(sgd_optimizer);
const sml__optimizer ISA(sgd_optimizer) = {
    .name = "sgd",
    .n_states = 0,
    .is_plain = 1,
    .learning_rate = 0.1,
    .epsilon = 0,
    .update = update,
    .step_f64 = step_f64,
};
