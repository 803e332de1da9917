/* Nesterov's momentum, in PyTorch's form: v ← μ v + g, θ ← θ - η (g + μ v).
 * Sutskever et al., "On the importance of initialization and momentum", 2013. */
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
        theta[i] -= rate * (g + mu * v[i]);
    }
}

extern const sml__optimizer ISA(nesterov_optimizer);
const sml__optimizer ISA(nesterov_optimizer) = {
    .name = "nesterov",
    .n_states = 1,
    .learning_rate = 0.01,
    .epsilon = 0,
    .update = update,
};
