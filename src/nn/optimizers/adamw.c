/* AdamW: θ ← θ - η λ θ, then Adam's step with the gradient alone, see adam_step.h.
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2019. */
#include "nn/optimizers/adam_step.h"

static void update(const sml__update *update)
{
    const sml__adam adam = sml__adam_at(update);
    const float kept = (float)(1.0 - update->learning_rate * update->weight_decay);
    const float scale = (float)update->gradient_scale;
    float *theta = update->theta, *m = update->state[0], *v = update->state[1];
#pragma omp simd
    for (size_t i = 0; i < update->n; i++) {
        const float step = sml__adam_step(adam, scale * update->gradient[i], m + i, v + i);
        theta[i] = kept * theta[i] - step;
    }
}

static void step_f64(const sml__update *how, double gradient, double theta, const double *state,
                     sml__step_f64 *out)
{
    const double decay = how->learning_rate * how->weight_decay * theta;
    *out = sml__adam_step_f64(how, how->gradient_scale * gradient, state);
    out->symbols[out->n_parts] = "η λ θ";
    out->parts[out->n_parts++] = decay;
    out->step += decay;
}

extern const sml__optimizer ISA(adamw_optimizer);
const sml__optimizer ISA(adamw_optimizer) = {
    .name = "adamw",
    .n_states = 2,
    .learning_rate = 0.001,
    .epsilon = 1e-8,
    .weight_decay = 0.01,
    .state_names = {"m", "v"},
    .update = update,
    .step_f64 = step_f64,
};
