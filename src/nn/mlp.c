/* The algorithm "mlp": a multilayer perceptron behind the uniform verbs. */
#include "nn/mlp.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/receipt.h"
#include "nn/class_weights.h"
#include "nn/inference.h"
#include "nn/initialise.h"
#include "nn/mlp_checkpoint.h"
#include "nn/mlp_settings.h"
#include "nn/row_inference.h"
#include "nn/trainer.h"

#include <string.h>

static void free_state(sml_model *model)
{
    sml__mlp_free(model->state);
    model->state = NULL;
}

/* A new state for a fit from the start, parameters initialised; NULL in *out on failure. */
static sml_status start_anew(sml_ctx *ctx, const sml_model *model, const sml__loss *loss,
                             sml__mlp **out)
{
    const sml__mlp *old = model->state;
    sml__mlp *mlp = NULL;
    *out = NULL;
    sml_status status = old != NULL && old->explicit_layers
                            ? sml__mlp_of_layers(ctx, old->specs, old->n_specs, 1, &mlp)
                            : sml__mlp_of_settings(ctx, model, &mlp);
    if (status == SML_OK) {
        status = sml__mlp_build(ctx, mlp, model, loss, SIZE_MAX);
    }
    if (status != SML_OK) {
        sml__mlp_free(mlp);
        return status;
    }
    sml__initialise(mlp->network, sml__setting_text(model, "init"),
                    (uint64_t)sml__setting_integer(model, "seed"));
    *out = mlp;
    return SML_OK;
}

/* Dropout rates, slopes and the like of other layers of the same kinds. */
static void take_values(sml__mlp *mlp, const sml_layer *specs)
{
    for (size_t i = 0; i < mlp->n_specs; i++) {
        mlp->specs[i].value = specs[i].value;
        mlp->network->layers[i].value = specs[i].value;
    }
}

/* Whether the settings ask for the layers that mlp has; their values may be others. */
static int has_same_layers(const sml__mlp *mlp, const sml__mlp *wanted)
{
    int same = wanted->n_specs == mlp->n_specs;
    for (size_t i = 0; same && i < mlp->n_specs; i++) {
        same = wanted->specs[i].type == mlp->specs[i].type &&
               wanted->specs[i].units == mlp->specs[i].units;
    }
    return same;
}

/* A warm start keeps the layers; the settings may change what they do, not what they are. *kept
 * gets the values as they were. */
static sml_status go_on(sml_ctx *ctx, const sml_model *model, sml__mlp **kept)
{
    sml__mlp *mlp = model->state, *wanted = NULL;
    sml_status status = sml__mlp_of_layers(ctx, mlp->specs, mlp->n_specs, 1, kept);
    if (status != SML_OK || mlp->explicit_layers) {
        return status;
    }
    status = sml__mlp_of_settings(ctx, model, &wanted);
    if (status != SML_OK) {
        return status;
    }
    if (has_same_layers(mlp, wanted)) {
        take_values(mlp, wanted->specs);
    } else {
        status = sml__fail(ctx, SML_BAD_SHAPE,
                           "hidden, normalization, activation or dropout ask for other layers "
                           "than the model has; leave them out to go on from it, or start "
                           "without it");
    }
    sml__mlp_free(wanted);
    return status;
}

static int was_trained(sml_status status)
{
    return status == SML_OK || status == SML_CANCELLED || status == SML_DIVERGED;
}

/* What a fit is given. */
typedef struct fitting {
    const sml_dataset *train;
    const sml__loss *loss;
    const sml_fit_options *options;
    sml__training_settings settings;
    float *class_weights; /* owned */
} fitting;

/* Trains the network, and gives the model the history of it. */
static sml_status train_network(sml_ctx *ctx, sml_model *model, sml__network *network,
                                const fitting *how, sml_fit_report *report)
{
    sml__training_state state = {0};
    sml__mlp_checkpoint checkpoint;
    sml_status status =
        sml__mlp_checkpoint_open(ctx, model, how->train, &how->settings, how->options, &checkpoint);
    if (status == SML_OK) {
        status = sml__train(ctx, network, how->train, &how->settings, how->options,
                            checkpoint.path != NULL ? &checkpoint.how : NULL, &state, report);
    }
    sml__mlp_checkpoint_close(&checkpoint);
    if (was_trained(status)) {
        sml__free(model->history);
        model->history = state.history;
        model->n_history = state.n_history;
    } else {
        sml__free(state.history);
    }
    return status;
}

/* Trains the network that the model has; after a refusal it is as before. */
static sml_status fit_warm(sml_ctx *ctx, sml_model *model, const fitting *how,
                           sml_fit_report *report)
{
    sml__mlp *mlp = model->state, *kept = NULL;
    sml__network *network = mlp->network;
    const sml__loss *loss_before = network->loss;
    const size_t bytes = network->n_values * sizeof(float);
    float *parameters = sml__alloc(ctx, bytes, 1, "a copy of the parameters");
    sml_status status = parameters != NULL ? go_on(ctx, model, &kept) : SML_NO_MEMORY;
    if (status == SML_OK) {
        memcpy(parameters, network->parameters, bytes);
        network->loss = how->loss;
        status = train_network(ctx, model, network, how, report);
        if (!was_trained(status)) {
            memcpy(network->parameters, parameters, bytes);
            network->loss = loss_before;
            take_values(mlp, kept->specs);
        }
    }
    sml__free(parameters);
    sml__mlp_free(kept);
    return status;
}

/* Trains a new network. It is the model's while it trains, so that the progress callback can
 * evaluate it; after a refusal the old one is back. */
static sml_status fit_anew(sml_ctx *ctx, sml_model *model, const fitting *how,
                           sml_fit_report *report)
{
    sml__mlp *before = model->state, *now = NULL;
    sml_status status = start_anew(ctx, model, how->loss, &now);
    if (status != SML_OK) {
        return status;
    }
    model->state = now;
    status = train_network(ctx, model, now->network, how, report);
    model->state = was_trained(status) ? now : before;
    sml__mlp_free(was_trained(status) ? before : now);
    return status;
}

static sml_status fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                      const sml_fit_options *options, sml_fit_report *report)
{
    const sml__mlp *mlp = model->state;
    fitting how = {.train = train, .options = options, .loss = sml__mlp_loss(ctx, model)};
    sml_status status = how.loss != NULL ? sml__mlp_training(ctx, model, how.loss, &how.settings)
                                         : SML_BAD_ARGUMENT;
    if (status == SML_OK && mlp != NULL && mlp->explicit_layers) {
        status = sml__mlp_check_explicit(ctx, model);
    }
    if (status == SML_OK && how.settings.stopping != NULL && options->validation == NULL) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT,
                           "early_stopping: there are no validation rows to score; set a share, "
                           "such as validation=0.1, or give a data set");
    }
    if (status == SML_OK) {
        status = sml__class_weights(ctx, model, train, &how.class_weights);
    }
    if (status == SML_OK) {
        how.settings.class_weights = how.class_weights;
        how.settings.epochs_before =
            options->warm_start ? (uint32_t)sml__receipt_epochs(model->receipt) : 0;
        status = options->warm_start ? fit_warm(ctx, model, &how, report)
                                     : fit_anew(ctx, model, &how, report);
    }
    sml__free(how.class_weights);
    return status;
}

static sml_status predict(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                          float *outputs)
{
    const sml__mlp *mlp = model->state;
    return sml__network_predict(ctx, mlp->network, data, outputs);
}

static sml_status evaluate(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           sml_scores *scores)
{
    const sml__mlp *mlp = model->state;
    return sml__network_evaluate(ctx, mlp->network, data, NULL, scores);
}

/* {"explicit": bool, "layers": [{"type", "units", "value"}]}. */
static json_t *structure(sml_ctx *ctx, const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    json_t *layers = json_array();
    int complete = layers != NULL;
    for (size_t i = 0; complete && i < mlp->n_specs; i++) {
        const sml_layer *spec = &mlp->specs[i];
        json_t *layer = json_pack("{s:s, s:I, s:f}", "type", spec->type, "units",
                                  (json_int_t)spec->units, "value", spec->value);
        complete = layer != NULL && json_array_append_new(layers, layer) == 0;
    }
    json_t *all = NULL;
    if (complete) {
        all = json_pack("{s:b, s:O}", "explicit", mlp->explicit_layers, "layers", layers);
    }
    json_decref(layers);
    if (all == NULL) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: the list of layers");
    }
    return all;
}

/* One layer of a model file; its type becomes the registry's own text. */
static sml_status read_layer(sml_ctx *ctx, const json_t *json, size_t index, sml_layer *spec)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    const json_t *units = json_object_get(json, "units");
    const json_t *value = json_object_get(json, "value");
    const sml__layer_type *known = type != NULL ? sml__layer_named(type) : NULL;
    if (json_object_size(json) != 3 || known == NULL || !json_is_integer(units) ||
        json_integer_value(units) < 0 || !json_is_number(value)) {
        return sml__fail(ctx, SML_BAD_FILE, "layer %zu of the structure is not a known layer",
                         index);
    }
    spec->type = known->name;
    spec->units = (size_t)json_integer_value(units);
    spec->value = json_number_value(value);
    return SML_OK;
}

static sml_status read_layers(sml_ctx *ctx, const json_t *layers, sml_layer *specs)
{
    const size_t n = json_array_size(layers);
    sml_status status = SML_OK;
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        status = read_layer(ctx, json_array_get(layers, i), i, &specs[i]);
    }
    if (status == SML_OK && sml__layers_check(ctx, specs, n) != SML_OK) {
        status = SML_BAD_FILE; /* the text is there already */
    }
    return status;
}

static sml_status rebuild(sml_ctx *ctx, sml_model *model, const json_t *structure,
                          size_t max_parameters)
{
    const json_t *layers = json_object_get(structure, "layers");
    const json_t *given = json_object_get(structure, "explicit");
    if (json_object_size(structure) != 2 || json_array_size(layers) == 0 ||
        !json_is_boolean(given)) {
        return sml__fail(ctx, SML_BAD_FILE, "the structure is not a list of layers");
    }
    const sml__loss *loss = sml__mlp_loss(ctx, model);
    sml_layer *specs = sml__alloc(ctx, json_array_size(layers), sizeof *specs, "layers");
    if (specs == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = loss != NULL ? read_layers(ctx, layers, specs) : SML_BAD_FILE;
    sml__mlp *mlp = NULL;
    if (status == SML_OK) {
        status = sml__mlp_of_layers(ctx, specs, json_array_size(layers), json_is_true(given), &mlp);
    }
    if (status == SML_OK) {
        status = sml__mlp_build(ctx, mlp, model, loss, max_parameters);
        status = status == SML_BAD_SHAPE ? SML_BAD_FILE : status;
    }
    sml__free(specs);
    if (status != SML_OK) {
        sml__mlp_free(mlp);
        return status;
    }
    free_state(model);
    model->state = mlp;
    return SML_OK;
}

static sml_status tensor(const sml_model *model, size_t index, sml_tensor_facts *facts)
{
    const sml__mlp *mlp = model->state;
    if (index >= mlp->n_tensors) {
        return SML_NOT_FOUND;
    }
    const sml__tensor_place *place = &mlp->tensors[index];
    facts->name = place->name;
    facts->rank = place->rank;
    facts->shape[0] = place->shape[0];
    facts->shape[1] = place->shape[1];
    return SML_OK;
}

void sml__mlp_copy_out(const sml_model *model, size_t index, const float *flat, float *values)
{
    const sml__mlp *mlp = model->state;
    sml__tensor_copy_out(mlp->network, &mlp->tensors[index], flat, values);
}

void sml__mlp_copy_in(const sml_model *model, size_t index, const float *values, float *flat)
{
    const sml__mlp *mlp = model->state;
    sml__tensor_copy_in(mlp->network, &mlp->tensors[index], values, flat);
}

int sml__mlp_is_buffer(const sml_model *model, size_t index)
{
    const sml__mlp *mlp = model->state;
    return mlp->tensors[index].is_buffer;
}

static void tensor_export(const sml_model *model, size_t index, float *values)
{
    const sml__mlp *mlp = model->state;
    sml__mlp_copy_out(model, index, mlp->network->parameters, values);
}

static sml_status tensor_import(sml_ctx *ctx, sml_model *model, size_t index, const float *values)
{
    const sml__mlp *mlp = model->state;
    const sml__tensor_place *place = &mlp->tensors[index];
    for (size_t i = 0; place->is_variance && i < place->shape[0]; i++) {
        if (values[i] < 0) {
            return sml__fail(ctx, SML_BAD_FILE,
                             "tensor '%s': element %zu is %g; a variance is not negative",
                             place->name, i, (double)values[i]);
        }
    }
    sml__mlp_copy_in(model, index, values, mlp->network->parameters);
    return SML_OK;
}

static sml_status predictor_open(sml_ctx *ctx, const sml_model *model, void **state)
{
    const sml__mlp *mlp = model->state;
    sml__row_inference *run = NULL;
    const sml_status status = sml__row_inference_create(ctx, mlp->network, &run);
    *state = run;
    return status;
}

static void predictor_run(void *state, const float *features, float *outputs)
{
    sml__row_inference_run(state, features, outputs);
}

static void predictor_close(void *state)
{
    sml__row_inference_free(state);
}

const sml__algorithm sml__mlp_algorithm = {
    .name = "mlp",
    .help = "multilayer perceptron: dense layers with an activation, trained by gradient descent",
    .parameters = sml__mlp_parameters,
    .n_parameters = SML__MLP_PARAMETERS,
    .free_state = free_state,
    .fit = fit,
    .predict = predict,
    .predictor_open = predictor_open,
    .predictor_run = predictor_run,
    .predictor_close = predictor_close,
    .evaluate = evaluate,
    .structure = structure,
    .rebuild = rebuild,
    .tensor = tensor,
    .tensor_export = tensor_export,
    .tensor_import = tensor_import,
};
