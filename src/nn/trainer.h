/* Mini-batch training of a network. */
#ifndef SML_NN_TRAINER_H
#define SML_NN_TRAINER_H

#include "data/prepare/augment.h"
#include "nn/network.h"
#include "nn/schedule.h"
#include "nn/stopping.h"
#include "nn/training_state.h"

typedef struct sml__training_settings {
    uint64_t epochs;
    uint32_t epochs_before; /* that the network has seen already, in a warm start */
    size_t batch_size;      /* the last batch of an epoch may be shorter */
    uint64_t seed;
    double label_smoothing;
    double l1, l2;    /* C + l1 Σ|w| + (l2/2) Σ w², weights only */
    double clip_norm; /* 0: off */
    const sml__optimizer *optimizer;
    sml__augment_settings augment;
    sml__update update; /* the constants of the optimiser; the learning rate at the start */
    sml__schedule_settings rates;         /* schedule NULL: the learning rate stays */
    const sml__stopping_metric *stopping; /* NULL: no early stopping */
    uint64_t patience;
    double min_change;
    const float *class_weights; /* [n_out], or NULL: 1 each; for data with labels only */
} sml__training_settings;

/* Trains from the parameters that the network has; data is not empty and fits the network, as does
 * options->validation. checkpointing may be NULL. state is set here and says at the end where
 * training is; its history is the caller's to free, also after a failure.
 * Statuses as for sml_model_fit_with. With SML_DIVERGED the parameters are those of the last epoch
 * that ended well, or of the start. Everything but the memory of a forward pass over the validation
 * rows is allocated before the first epoch. */
sml_status sml__train(sml_ctx *ctx, sml__network *network, const sml_dataset *data,
                      const sml__training_settings *settings, const sml_fit_options *options,
                      const sml__checkpointing *checkpointing, sml__training_state *state,
                      sml_fit_report *report);

#endif
