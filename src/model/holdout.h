/* Rows that are kept apart from training. */
#ifndef SML_MODEL_HOLDOUT_H
#define SML_MODEL_HOLDOUT_H

#include <scratchml/data.h>

/* parts[1] gets a share of the rows, parts[0] the rest; both see into data. Free both, also after a
 * failure. Errors: SML_BAD_ARGUMENT (the share is no row), SML_NO_MEMORY. */
sml_status sml__holdout(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, double share,
                        sml_dataset *parts[2]);

#endif
