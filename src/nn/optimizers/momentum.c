/* Momentum, in PyTorch's form: v ← μ v + g, θ ← θ - η v. v starts at 0, so the first step is v = g.
 * Polyak, "Some methods of speeding up the convergence of iteration methods", 1964. */
#include "nn/optimizers/gradient.h"

static void update(const sml__update *update)
{
    const float rate = (float)update->learning_rate;
    float *theta = update->theta;
    const float mu = (float)update->momentum;
    float *v = update->state[0];
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        const float g = sml__decayed_gradient(update, i);
        v[i] = mu * v[i] + g;
        theta[i] -= rate * v[i];
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    const double g = sml__decayed_gradient_f64(how, gradient, theta);
    const double v = how->momentum * state[0] + g;
    *out = (sml__step_f64){.gradient = g, .state = {v}, .step = how->learning_rate * v};
}

extern const sml__optimizer ISA(momentum_optimizer);
const sml__optimizer ISA(momentum_optimizer) = {
    .name = "momentum",
    .n_states = 1,
    .learning_rate = 0.01,
    .epsilon = 0,
    .state_names = {"v"},
    .update = update,
    .step_f64 = step_f64,
};
