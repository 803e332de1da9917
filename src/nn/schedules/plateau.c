/* η_t = max(η_min, η₀ f): f starts at 1 and is multiplied by γ after more than P epochs without
 * progress of the loss (sml__plateau_see). PyTorch: ReduceLROnPlateau. */
#include "nn/schedule.h"

static double rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    const double rate = settings->learning_rate * place->factor;
    return rate > settings->minimum ? rate : settings->minimum;
}

extern const sml__schedule sml__plateau_schedule;
const sml__schedule sml__plateau_schedule = {
    .name = "plateau",
    .gamma = 0.1,
    .watches_loss = 1,
    .rate = rate,
};
