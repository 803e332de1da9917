#include "model/holdout.h"

#include "base/context.h"
#include "data/dataset.h"

sml_status sml__holdout(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, double share,
                        sml_dataset *parts[2])
{
    const sml_status status = sml_dataset_split(ctx, data, seed, &share, 1, parts);
    if (status != SML_OK || parts[1] != NULL) {
        return status;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "validation: a share of %g of %zu rows of %s is none; take a larger one",
                     share, data->view.rows, data->name);
}
