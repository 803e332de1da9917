#include "data/prepare/targets.h"

#include "base/memory.h"
#include "data/prepare/moments.h"

sml__target_scaling *sml__target_scaling_new(sml_ctx *ctx, size_t n)
{
    sml__target_scaling *made =
        sml__alloc(ctx, sizeof *made + n * sizeof made->out[0], 1, "scales of targets");
    if (made != NULL) {
        made->n = n;
    }
    return made;
}

/* The same rows with their targets as columns. */
static sml_dataset targets_as_columns(const sml_dataset *train)
{
    sml_dataset data = *train;
    data.view.columns = data.view.row_stride = train->view.outputs;
    data.view.features = train->view.targets;
    data.view.bytes = NULL;
    data.view.row_starts = NULL;
    data.store = NULL;
    data.schema = NULL;
    return data;
}

sml_status sml__target_scaling_fit(sml_ctx *ctx, const sml_dataset *train,
                                   sml__target_scaling **out)
{
    const size_t n = train->view.outputs;
    const sml_dataset targets = targets_as_columns(train);
    sml__target_scaling *made = sml__target_scaling_new(ctx, n);
    sml__moments *moments = sml__alloc(ctx, n, sizeof *moments, "moments");
    sml_status status = SML_NO_MEMORY;
    if (made != NULL && moments != NULL) {
        status = sml__moments_of(ctx, &targets, moments);
    }
    for (size_t k = 0; status == SML_OK && k < n; k++) {
        made->out[k] =
            (sml__target_scale){moments[k].mean, sml__moments_standard_factor(&moments[k])};
    }
    sml__free(moments);
    if (status != SML_OK) {
        sml__free(made);
        made = NULL;
    }
    *out = made;
    return status;
}

void sml__targets_scale(const sml__target_scaling *scaling, float *targets)
{
    for (size_t k = 0; k < scaling->n; k++) {
        const sml__target_scale *scale = &scaling->out[k];
        targets[k] = (float)(((double)targets[k] - scale->shift) * scale->factor);
    }
}

void sml__targets_restore(const sml__target_scaling *scaling, size_t rows, float *outputs)
{
    for (size_t r = 0; scaling != NULL && r < rows; r++) {
        for (size_t k = 0; k < scaling->n; k++) {
            const sml__target_scale *scale = &scaling->out[k];
            float *z = &outputs[r * scaling->n + k];
            *z = (float)((double)*z / scale->factor + scale->shift);
        }
    }
}
