/* The state of a training as JSON and as numbers, for a checkpoint. */
#ifndef SML_NN_TRAINING_JSON_H
#define SML_NN_TRAINING_JSON_H

#include "nn/training_state.h"

#include <jansson.h>

enum { SML__RECORD_NUMBERS = 9 }; /* of an epoch's record */

void sml__record_to_numbers(const sml_epoch_record *record, double numbers[SML__RECORD_NUMBERS]);
void sml__record_of_numbers(const double numbers[SML__RECORD_NUMBERS], sml_epoch_record *record);

/* Everything but the history, a new reference. NULL with an error in ctx. */
json_t *sml__training_state_json(sml_ctx *ctx, const sml__training_state *state);

/* What a state must keep to. */
typedef struct sml__training_limits {
    uint64_t epochs;
    size_t rows, batch_size;
} sml__training_limits;

/* The state from its JSON; n_history is set, history is NULL. path is for messages.
 * Errors: SML_BAD_FILE. */
sml_status sml__training_state_of_json(sml_ctx *ctx, const char *path, const json_t *json,
                                       const sml__training_limits *limits,
                                       sml__training_state *state);

#endif
