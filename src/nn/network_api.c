/* The public door to networks: layer by layer, and the gradient check. */
#include "base/context.h"
#include "base/memory.h"
#include "model/prepare_model.h"
#include "nn/gradcheck.h"
#include "nn/mlp.h"

#include <string.h>

sml_status sml_network_create(sml_ctx *ctx, const sml_layer *layers, size_t n_layers,
                              const char *settings, sml_model **out)
{
    *out = NULL;
    sml_status status = sml__layers_check(ctx, layers, n_layers);
    if (status == SML_OK) {
        status = sml_model_create(ctx, "mlp", settings, out);
    }
    if (status == SML_OK) {
        status = sml__mlp_check_explicit(ctx, *out);
    }
    if (status == SML_OK) {
        sml__mlp *mlp = NULL;
        status = sml__mlp_of_layers(ctx, layers, n_layers, 1, &mlp);
        (*out)->state = mlp;
    }
    if (status != SML_OK) {
        sml_model_free(*out);
        *out = NULL;
    }
    return status;
}

sml_layer sml_network_layer(const sml_model *model, size_t index)
{
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    return mlp != NULL && index < mlp->n_specs ? mlp->specs[index] : sml_layer_of(NULL, 0, 0);
}

sml_status sml_network_check(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             sml_progress_fn progress, void *user, sml_gradient_check *result)
{
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    sml_scores scores;
    sml_dataset *own = NULL;
    const sml_dataset *ready = NULL;
    if (mlp == NULL || mlp->network == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "check: the model is not a fitted network; fit or load one");
    }
    sml_status status = sml_model_evaluate(ctx, model, data, &scores); /* shapes and targets */
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, data, &own, &ready);
    }
    if (status != SML_OK) {
        return status;
    }
    const sml__penalties penalties = {
        .label_smoothing = sml__setting_real(model, "label_smoothing"),
        .l1 = sml__setting_real(model, "l1"),
        .l2 = sml__setting_real(model, "l2"),
    };
    status = sml__gradient_check(ctx, mlp->network, ready, &penalties, progress, user, result);
    sml_dataset_free(own);
    return status;
}
