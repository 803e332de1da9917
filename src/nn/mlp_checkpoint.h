/* Checkpoints of an mlp: the trainer's state to and from a file. */
#ifndef SML_NN_MLP_CHECKPOINT_H
#define SML_NN_MLP_CHECKPOINT_H

#include "model/checkpoint_file.h"
#include "nn/mlp.h"
#include "nn/trainer.h"

typedef struct sml__mlp_checkpoint {
    sml_ctx *ctx;
    const sml_model *model;
    const char *path;          /* NULL: no checkpoints are wanted */
    int n_states;              /* of the optimiser */
    sml__checkpoint file;      /* the one to go on from */
    sml__training_state state; /* what it says, without the history */
    sml__checkpointing how;    /* for the trainer */
} sml__mlp_checkpoint;

/* What options ask for. A checkpoint to go on from is read here, and every array of it found, so
 * that nothing of it can fail later. Close out also after a failure.
 * Errors: SML_BAD_FILE; SML_BAD_ARGUMENT (it is of another training); SML_IO (it could not be
 * written); SML_NO_MEMORY. */
sml_status sml__mlp_checkpoint_open(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                                    const sml__training_settings *settings,
                                    const sml_fit_options *options, sml__mlp_checkpoint *out);
void sml__mlp_checkpoint_close(sml__mlp_checkpoint *checkpoint);

/* The optimiser's arrays of a checkpoint, state[n_states][n_parameters], and the steps it has
 * taken. The parameters of the file must be the model's, to the bit, and so must be the optimiser.
 * Errors: SML_NOT_FOUND, SML_IO, SML_BAD_FILE, SML_BAD_ARGUMENT (it is of another model, or of
 * another moment of its training), SML_NO_MEMORY. */
sml_status sml__mlp_checkpoint_states(sml_ctx *ctx, const char *path, const sml_model *model,
                                      int n_states, float *const *state, uint64_t *steps);

#endif
