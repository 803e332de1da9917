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

extern const sml__optimizer ISA(sgd_optimizer);
const sml__optimizer ISA(sgd_optimizer) = {
    .name = "sgd",
    .n_states = 0,
    .is_plain = 1,
    .learning_rate = 0.1,
    .epsilon = 0,
    .update = update,
};
