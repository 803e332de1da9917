/* The hyper-parameters of an mlp, and their meaning for the trainer. */
#ifndef SML_NN_MLP_SETTINGS_H
#define SML_NN_MLP_SETTINGS_H

#include "data/prepare/parameters.h"
#include "model/algorithm.h"
#include "nn/trainer.h"

enum { SML__MLP_PARAMETERS = 32 + SML__N_PREPARE_PARAMETERS + SML__N_AUGMENT_PARAMETERS };
extern const sml_parameter sml__mlp_parameters[SML__MLP_PARAMETERS];

/* What the trainer needs from the settings; "auto" is resolved. Errors: SML_BAD_ARGUMENT where
 * settings contradict each other. */
sml_status sml__mlp_training(sml_ctx *ctx, const sml_model *model, const sml__loss *loss,
                             sml__training_settings *out);

#endif
