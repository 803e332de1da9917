/* Schedules of the learning rate: η as a function of where training is, so that a run that goes on
 * from a checkpoint needs no history of it. Only plateau has a state, a factor. */
#ifndef SML_NN_SCHEDULE_H
#define SML_NN_SCHEDULE_H

#include <stdint.h>

/* One line here and schedules/NAME.c with sml__NAME_schedule adds one. */
#define SML__SCHEDULE_LIST(X)                                                                      \
    X(constant)                                                                                    \
    X(step)                                                                                        \
    X(exponential)                                                                                 \
    X(cosine)                                                                                      \
    X(plateau)

typedef struct sml__schedule_settings {
    const struct sml__schedule *schedule;
    double learning_rate; /* η₀ */
    double minimum;       /* η_min, for cosine and plateau */
    double gamma;         /* γ: what a step, an epoch or a plateau multiplies η by */
    uint64_t warmup;      /* W: steps in which η grows from η/W to η */
    uint64_t step_epochs; /* E */
    uint64_t patience;    /* P: epochs without progress that plateau bears */
} sml__schedule_settings;

typedef struct sml__schedule_place {
    uint64_t step, steps; /* t from 0 of T: those of all epochs */
    uint64_t epoch;       /* e from 0 */
    double factor;        /* of the plateaus so far */
} sml__schedule_place;

typedef struct sml__schedule {
    const char *name;
    double gamma;     /* what "auto" means */
    int watches_loss; /* the factor matters */
    double (*rate)(const sml__schedule_settings *settings, const sml__schedule_place *place);
} sml__schedule;

/* By name; NULL for an unknown one. */
const sml__schedule *sml__schedule_named(const char *name);

/* η for the step at `place`: the schedule's, times min(1, (t + 1) / W). */
double sml__learning_rate(const sml__schedule_settings *settings, const sml__schedule_place *place);

/* What plateau remembers. Starts with best = infinity and factor = 1. */
typedef struct sml__plateau {
    double best, factor;
    uint64_t waited; /* epochs since the best loss, or since the last cut */
} sml__plateau;

/* After an epoch with this loss: PyTorch's ReduceLROnPlateau with mode "min", a threshold of 1e-4
 * relative and no cooldown. A loss that is NaN is no progress. */
void sml__plateau_see(sml__plateau *plateau, const sml__schedule_settings *settings, double loss);

#endif
