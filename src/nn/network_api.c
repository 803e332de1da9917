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

/* A network that is to be checked, and the rows as it reads them. */
typedef struct checked {
    const sml__network *network;
    sml_dataset *own; /* or NULL */
    const sml_dataset *ready;
    sml__penalties penalties;
} checked;

static sml_status open_check(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             checked *out)
{
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    const checked none = {0};
    sml_scores scores;
    *out = none;
    if (mlp == NULL || mlp->network == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "check: the model is not a fitted network; fit or load one");
    }
    out->network = mlp->network;
    out->penalties.label_smoothing = sml__setting_real(model, "label_smoothing");
    out->penalties.l1 = sml__setting_real(model, "l1");
    out->penalties.l2 = sml__setting_real(model, "l2");
    const sml_status status = sml_model_evaluate(ctx, model, data, &scores); /* shapes, targets */
    return status == SML_OK ? sml__model_data(ctx, model, data, &out->own, &out->ready) : status;
}

static sml_status check_each(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             const sml__check_calls *calls, sml_gradient_check *result)
{
    checked c;
    sml_status status = open_check(ctx, model, data, &c);
    if (status == SML_OK) {
        status = sml__gradient_check(ctx, c.network, c.ready, &c.penalties, calls, result);
    }
    sml_dataset_free(c.own);
    return status;
}

sml_status sml_network_check(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             sml_progress_fn progress, void *user, sml_gradient_check *result)
{
    const sml__check_calls calls = {.progress = progress, .user = user};
    return check_each(ctx, model, data, &calls, result);
}

sml_status sml_network_check_each(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                  sml_parameter_check_fn each, sml_progress_fn progress, void *user,
                                  sml_gradient_check *result)
{
    const sml__check_calls calls = {.progress = progress, .each = each, .user = user};
    return check_each(ctx, model, data, &calls, result);
}

sml_status sml_network_check_parameter(sml_ctx *ctx, const sml_model *model,
                                       const sml_dataset *data, const char *name,
                                       sml_parameter_check *out)
{
    checked c;
    sml_status status = open_check(ctx, model, data, &c);
    if (status == SML_OK) {
        status = sml__gradient_check_one(ctx, c.network, c.ready, &c.penalties, name, out);
    }
    sml_dataset_free(c.own);
    return status;
}
