/* η_t = η₀ γ^e, e the epoch from 0. PyTorch: ExponentialLR. */
#include "nn/schedule.h"

#include <math.h>

static double rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    return settings->learning_rate * pow(settings->gamma, (double)place->epoch);
}

extern const sml__schedule sml__exponential_schedule;
const sml__schedule sml__exponential_schedule = {
    .name = "exponential",
    .gamma = 0.95,
    .rate = rate,
};
