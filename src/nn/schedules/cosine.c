/* η_t = η_min + (η₀ - η_min) (1 + cos(π t/T)) / 2, t the step from 0, T the steps of all epochs: it
 * moves after every batch, and is above η_min up to the last. Loshchilov, Hutter, "SGDR: stochastic
 * gradient descent with warm restarts", 2017, without restarts. PyTorch: CosineAnnealingLR. */
#include "nn/schedule.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

static double rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    const double turn = PI * (double)place->step / (double)place->steps;
    const double share = (1.0 + cos(turn)) / 2.0;
    return settings->minimum + (settings->learning_rate - settings->minimum) * share;
}

extern const sml__schedule sml__cosine_schedule;
const sml__schedule sml__cosine_schedule = {
    .name = "cosine",
    .gamma = 1,
    .rate = rate,
};
