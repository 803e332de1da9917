#include "nn/schedule.h"

#include <stddef.h>
#include <string.h>

/* Less is no progress. */
static const double THRESHOLD = 1e-4;

#define DECLARE(name) extern const sml__schedule sml__##name##_schedule;
SML__SCHEDULE_LIST(DECLARE)

const sml__schedule *sml__schedule_named(const char *name)
{
#define ENTRY(name) &sml__##name##_schedule,
    static const sml__schedule *const all[] = {SML__SCHEDULE_LIST(ENTRY)};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}

double sml__learning_rate(const sml__schedule_settings *settings, const sml__schedule_place *place)
{
    const double rate = settings->schedule->rate(settings, place);
    if (place->step >= settings->warmup) {
        return rate; /* and not a product, so that no bit changes */
    }
    return rate * ((double)(place->step + 1) / (double)settings->warmup);
}

void sml__plateau_see(sml__plateau *plateau, const sml__schedule_settings *settings, double loss)
{
    if (loss < plateau->best * (1.0 - THRESHOLD)) {
        plateau->best = loss;
        plateau->waited = 0;
    } else if (++plateau->waited > settings->patience) {
        plateau->factor *= settings->gamma;
        plateau->waited = 0;
    }
}
