/* η_t = η₀. */
#include "nn/schedule.h"

static double rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    (void)place;
    return settings->learning_rate;
}

extern const sml__schedule sml__constant_schedule;
const sml__schedule sml__constant_schedule = {
    .name = "constant",
    .gamma = 1,
    .rate = rate,
};
