#include "model/holdout.h"

#include "base/context.h"
#include "data/dataset.h"

#include <math.h>

sml_status sml__holdout(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, double share,
                        sml_dataset *parts[2])
{
    const size_t rows = data->view.rows, apart = (size_t)llround((double)rows * share);
    (void)seed;
    if (apart == 0 || apart == rows) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "validation: a share of %g of %zu rows of %s is %zu; take another share",
                         share, rows, data->name, apart);
    }
    sml_status status = sml_dataset_rows(ctx, data, 0, rows - apart, &parts[0]);
    return status == SML_OK ? sml_dataset_rows(ctx, data, rows - apart, apart, &parts[1]) : status;
}
