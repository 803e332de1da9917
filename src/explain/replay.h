/* A part of a training once more, step by step: from a copy of everything that a step depends on,
 * the trainer's own steps come to the same bits. */
#ifndef SML_EXPLAIN_REPLAY_H
#define SML_EXPLAIN_REPLAY_H

#include "nn/training.h"

enum { SML__FACTORS = 64 };

/* Where a training was at the end of an epoch, or before its first step. */
typedef struct sml__snapshot {
    float *parameters;            /* [n_values]; NULL: there is none */
    float *optimizer[2];          /* [n_parameters] each, as many as the optimiser keeps */
    sml__training_state state;    /* its history is nobody's */
    double factors[SML__FACTORS]; /* [n_factors] of schedule plateau, after each epoch since */
    size_t n_factors;             /* SML__FACTORS: too many to know the learning rates */
} sml__snapshot;

/* Takes the arrays. Where there is no memory, or the network is too large, there are none. */
void sml__snapshot_create(sml_ctx *ctx, sml__snapshot *snapshot, const sml__training *t);
void sml__snapshot_free(sml__snapshot *snapshot);

/* Copies where t is: ended: at the end of the epoch that its state still counts as running. */
void sml__snapshot_take(sml__snapshot *snapshot, const sml__training *t, int ended);

/* Notes the end of an epoch that is not copied. */
void sml__snapshot_pass(sml__snapshot *snapshot, const sml__training *t);

typedef struct sml__replay {
    sml__training t; /* of one thread, with arrays of its own */
    sml__network network;
    sml__training_settings settings;
    sml_fit_options options;
    sml_fit_report report;
    sml__training_state state;
    const sml__snapshot *from;
} sml__replay;

/* A replay of t that stands before the first step after the snapshot. t must still have its arrays.
 * Free with sml__replay_close, also after a failure.
 * Errors: SML_NO_MEMORY, SML_NOT_FOUND (no snapshot, no text). */
sml_status sml__replay_open(sml_ctx *ctx, sml__replay *replay, const sml__training *t,
                            const sml__snapshot *from);
void sml__replay_close(sml__replay *replay);

/* Takes the next step: t.batch_loss, t.state->first and t.batch are those of its batch, and
 * t.state->steps counts the steps before it, until sml__replay_advance goes on. */
void sml__replay_step(sml__replay *replay);
void sml__replay_advance(sml__replay *replay);

/* The row of the training data that comes at `place` of the running epoch; -1 without memory. */
int64_t sml__replay_row(sml__replay *replay, size_t place);

/* The first pass over the batch that t stands at, from its row `done` on: inputs are gathered, and
 * the network has run forward and lost. */
sml__pass_settings sml__replay_forward(sml__replay *replay, size_t done);

/* The pass at the end of an epoch, over its first rows, by which the trainer sees whether the
 * network that its last step left is sound. t.state->first is 0 from then on. */
sml__pass_settings sml__replay_check(sml__replay *replay);

#endif
