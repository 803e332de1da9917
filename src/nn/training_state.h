/* Where a training is: everything but its arrays. What random numbers decide (the order of the
 * samples, dropout) is a function of seed, epoch and position and so is not part of it. */
#ifndef SML_NN_TRAINING_STATE_H
#define SML_NN_TRAINING_STATE_H

#include "nn/schedule.h"

#include <scratchml/model.h>

/* More epochs than these leave no record: memory must not grow with a number that somebody typed.
 */
enum { SML__HISTORY_MAX = 65536 };

/* The best epoch so far, by the metric that stops training. */
typedef struct sml__stopping {
    double best;
    uint64_t best_epoch; /* from 1; 0: none yet */
    uint64_t waited;     /* epochs since */
} sml__stopping;

typedef struct sml__training_state {
    uint64_t epoch;          /* whole ones */
    uint64_t first;          /* rows of the epoch that are done */
    uint64_t steps, samples; /* in all */
    uint64_t hits;       /* rows of the epoch that were predicted right, where they are counted */
    double epoch_loss;   /* Σ_s w_s C_s over the epoch so far */
    double epoch_weight; /* Σ_s w_s */
    double loss;         /* the mean of the last epoch that began; NaN before a batch */
    double elapsed;      /* seconds of the parts before this one */
    sml__stopping stopping;
    sml__plateau plateau;
    sml_epoch_record *history; /* [n_history]; owned by who owns the state */
    size_t n_history, history_room;
} sml__training_state;

/* Before the first batch. */
void sml__training_state_init(sml__training_state *state);

/* The arrays of a training, each laid out as the network's parameters. */
typedef struct sml__training_view {
    sml__training_state *state;
    float *parameters;
    float *optimizer[2]; /* NULL where the optimiser keeps fewer */
    float *last_good;    /* equals the parameters where state->first is 0 */
    float *best;         /* of the best epoch; NULL where none is kept */
} sml__training_view;

/* Who keeps a training: the trainer knows no file. */
typedef struct sml__checkpointing {
    /* Called by one thread between two batches. A failure does not end the fit: it is counted, and
     * tried again when the next one is due. */
    sml_status (*write)(void *user, const sml__training_view *now);
    /* Fills state and arrays, before the first batch; NULL: training begins at the start. */
    sml_status (*restore)(void *user, const sml__training_view *into);
    void *user;
    uint64_t steps; /* a checkpoint after each multiple of so many steps; 0: none for that */
    double seconds; /* and where so many have passed; both 0: at the end of every epoch */
} sml__checkpointing;

#endif
