/* Who looks on while a network trains: what the trainer calls, and what rooms above this one
 * implement. A watch changes no bit of the training: it reads its arrays, and computes with a
 * workspace, a gradient and an order of its own. */
#ifndef SML_NN_WATCH_H
#define SML_NN_WATCH_H

#include "nn/training.h"

/* All five are there. Where nothing else is said one thread calls, outside the team. */
struct sml_watch {
    void *user;
    /* Before the first step, after a checkpoint was read: everything is in its place. */
    void (*began)(void *user, sml__training *t);
    /* After the step of each batch, before it is accounted for: t->batch_loss and t->batch are
     * those of the batch, t->state is as before it. By rank 0, while the team waits. */
    void (*batch)(void *user, const sml__training *t);
    /* After an epoch that left a sound network and was scored; state->epoch does not count it yet.
     */
    void (*epoch)(void *user, sml__training *t, const sml_epoch_record *record);
    /* The loss or the parameters are no longer finite since update number `update`, from 1. The
     * parameters are already those of the last good epoch; the optimiser's state is not. */
    void (*diverged)(void *user, sml__training *t, uint64_t update);
    /* At the end of every training that began, with the parameters that it leaves. */
    void (*ended)(void *user, sml__training *t);
};

#endif
