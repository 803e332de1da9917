/* From settings or a list of layers to the state of an mlp. */
#include "nn/mlp.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

enum { HIDDEN_MAX = 256 };

void sml__mlp_free(sml__mlp *mlp)
{
    if (mlp == NULL) {
        return;
    }
    sml__network_free(mlp->network);
    sml__free(mlp->tensors);
    sml__free(mlp->specs);
    sml__free(mlp);
}

sml_status sml__mlp_of_layers(sml_ctx *ctx, const sml_layer *specs, size_t n, int explicit_layers,
                              sml__mlp **out)
{
    *out = NULL;
    sml__mlp *mlp = sml__alloc(ctx, 1, sizeof *mlp, "a network");
    if (mlp == NULL) {
        return SML_NO_MEMORY;
    }
    mlp->specs = sml__alloc(ctx, n, sizeof *specs, "layers");
    if (mlp->specs == NULL) {
        sml__mlp_free(mlp);
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        mlp->specs[i] = specs[i];
        mlp->specs[i].type = sml__layer_named(specs[i].type)->name;
    }
    mlp->n_specs = n;
    mlp->explicit_layers = explicit_layers;
    *out = mlp;
    return SML_OK;
}

/* An activation with PyTorch's default for its one setting. */
static sml_layer activation_named(const char *name)
{
    const double value = strcmp(name, "leaky_relu") == 0 ? 0.01 : strcmp(name, "elu") == 0;
    return sml_layer_of(name, 0, value);
}

sml_status sml__mlp_of_settings(sml_ctx *ctx, const sml_model *model, sml__mlp **out)
{
    int64_t hidden[HIDDEN_MAX];
    sml_layer specs[4 * HIDDEN_MAX + 1];
    const size_t n_hidden = sml__setting_integers(model, "hidden", hidden, HIDDEN_MAX);
    const double dropout = sml__setting_real(model, "dropout");
    const char *norm = sml__setting_text(model, "normalization");
    size_t n = 0;
    if (n_hidden > HIDDEN_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "hidden: %zu layers, at most %d are supported",
                         n_hidden, (int)HIDDEN_MAX);
    }
    for (size_t h = 0; h < n_hidden; h++) {
        specs[n++] = sml_dense((size_t)hidden[h]);
        if (strcmp(norm, "none") != 0) {
            specs[n++] = strcmp(norm, "batch") == 0 ? sml_batch_norm() : sml_layer_norm();
        }
        specs[n++] = activation_named(sml__setting_text(model, "activation"));
        if (dropout > 0) {
            specs[n++] = sml_dropout(dropout);
        }
    }
    specs[n++] = sml_dense(model->outputs);
    return sml__mlp_of_layers(ctx, specs, n, 0, out);
}

sml_status sml__mlp_check_explicit(sml_ctx *ctx, const sml_model *model)
{
    static const char *const said_by_list[] = {"hidden", "normalization", "activation", "dropout"};
    size_t n = 0;
    const sml_parameter *parameters = sml_model_parameters("mlp", &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof said_by_list / sizeof said_by_list[0]; k++) {
            if (strcmp(parameters[i].name, said_by_list[k]) == 0 &&
                !sml__setting_is(model, said_by_list[k], parameters[i].default_text)) {
                return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: the list of layers says that already",
                                 said_by_list[k]);
            }
        }
    }
    return SML_OK;
}

static sml_status list_tensors(sml_ctx *ctx, sml__mlp *mlp)
{
    const size_t n = sml__network_tensor_count(mlp->network);
    mlp->tensors = sml__alloc(ctx, n, sizeof *mlp->tensors, "names of tensors");
    if (mlp->tensors == NULL) {
        return SML_NO_MEMORY;
    }
    sml__network_tensors(mlp->network, mlp->tensors);
    mlp->n_tensors = n;
    return SML_OK;
}

sml_status sml__mlp_build(sml_ctx *ctx, sml__mlp *mlp, const sml_model *model,
                          const sml__loss *loss, size_t max_parameters)
{
    const size_t outputs = mlp->specs[mlp->n_specs - 1].units;
    if (outputs != model->outputs) {
        return sml__fail(ctx, SML_BAD_SHAPE, "the last layer has %zu units, the data %zu %s",
                         outputs, model->outputs,
                         model->task == SML_TASK_REGRESSION ? "targets" : "classes");
    }
    sml_status status = sml__layers_check(ctx, mlp->specs, mlp->n_specs);
    if (status == SML_OK) {
        status = sml__network_create(ctx, mlp->specs, mlp->n_specs, model->inputs, loss,
                                     max_parameters, &mlp->network);
    }
    return status == SML_OK ? list_tensors(ctx, mlp) : status;
}
