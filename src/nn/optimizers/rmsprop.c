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

extern const sml__optimizer ISA(rmsprop_optimizer);
const sml__optimizer ISA(rmsprop_optimizer) = {
    .name = "rmsprop",
    .n_states = 1,
    .learning_rate = 0.01,
    .epsilon = 1e-08,
    .update = update,
};
