/* Adam: θ ← θ - η m̂ / (√v̂ + ε), see adam_step.h. Weight decay is coupled: part of g. */
#include "nn/optimizers/adam_step.h"
#include "nn/optimizers/gradient.h"

static void update(const sml__update *update)
{
    const sml__adam adam = sml__adam_at(update);
    float *theta = update->theta, *m = update->state[0], *v = update->state[1];
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        theta[i] -= sml__adam_step(adam, sml__decayed_gradient(update, i), m + i, v + i);
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    *out = sml__adam_step_f64(how, sml__decayed_gradient_f64(how, gradient, theta), state);
}

extern const sml__optimizer ISA(adam_optimizer);
const sml__optimizer ISA(adam_optimizer) = {
    .name = "adam",
    .n_states = 2,
    .learning_rate = 0.001,
    .epsilon = 1e-8,
    .state_names = {"m", "v"},
    .update = update,
    .step_f64 = step_f64,
};
