/* η_t = η₀ γ^⌊e/E⌋, e the epoch from 0. PyTorch: StepLR. */
#include "nn/schedule.h"

#include <math.h>

static double rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    const uint64_t cuts = place->epoch / settings->step_epochs;
    return settings->learning_rate * pow(settings->gamma, (double)cuts);
}

extern const sml__schedule sml__step_schedule;
const sml__schedule sml__step_schedule = {
    .name = "step",
    .gamma = 0.1,
    .rate = rate,
};
