/* The training receipt: what a model was trained on, with what result. It has no times and
 * no thread counts, so that the same training gives the same bytes. */
#ifndef SML_MODEL_RECEIPT_H
#define SML_MODEL_RECEIPT_H

#include "model/algorithm.h"
#include "model/json.h"

/* The settings as a JSON object of texts, a new reference. NULL with an error in ctx. */
json_t *sml__settings_json(sml_ctx *ctx, const sml_model *model);

/* The receipt of a fit that is about to start, without results; validation may be NULL;
 * epochs_before are those that the model already has. *out is a new reference, NULL on failure.
 * Errors: SML_NO_MEMORY, SML_IO (rows that stay in their file). */
sml_status sml__receipt_create(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                               const sml_dataset *validation, uint64_t epochs_before, json_t **out);

/* Puts the results in, and how the fit ended. Allocates nothing but what JSON's null takes, so it
 * cannot fail. */
void sml__receipt_finish(json_t *receipt, const sml_fit_report *report);

/* Gives the model a receipt, which it takes over, and its text. The old text stays on failure, and
 * receipt is still taken. Errors: SML_NO_MEMORY. */
sml_status sml__receipt_adopt(sml_ctx *ctx, sml_model *model, json_t *receipt);

/* Epochs in all, of the fit that the receipt is about and of those before it; 0 for none. */
uint64_t sml__receipt_epochs(const json_t *receipt);

/* Notes the split of a fit that is about to start; share 0: there is none. Errors: as of
 * sml_model_record_split. */
sml_status sml__receipt_put_split(sml_ctx *ctx, json_t *receipt, uint64_t seed, double share);

/* What sml_model_record_split noted; 0 where there is nothing, or nothing sound. */
int sml__receipt_split(const json_t *receipt, uint64_t *seed, double *test_share);

#endif
