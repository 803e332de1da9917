/* The public verbs, in terms of the algorithm's table. Each checks shapes and arguments, so that
 * an algorithm sees only what fits, and leaves the model as it was when it refuses. */
#include "base/context.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "model/algorithm.h"
#include "model/holdout.h"
#include "model/model_file.h"
#include "model/model_names.h"
#include "model/parameters.h"
#include "model/prepare_model.h"
#include "model/receipt.h"

#include <assert.h>
#include <math.h>
#include <scratchml/columns.h>
#include <string.h>

static sml_status set_defaults(sml_ctx *ctx, sml_model *model)
{
    const sml__algorithm *algorithm = model->algorithm;
    size_t n = algorithm->n_parameters;
    model->settings = sml__alloc(ctx, n, sizeof *model->settings, "settings");
    model->setting_values = sml__alloc(ctx, n, sizeof *model->setting_values, "settings");
    if (model->settings == NULL || model->setting_values == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = SML_OK;
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        const sml_parameter *row = &algorithm->parameters[i];
        status = sml__parameter_check(ctx, row, row->default_text, &model->settings[i],
                                      &model->setting_values[i]);
    }
    return status;
}

sml_status sml__model_create(sml_ctx *ctx, const sml__algorithm *algorithm, const char *settings,
                             sml_model **out)
{
    *out = NULL;
    sml_model *model = sml__alloc(ctx, 1, sizeof *model, "a model");
    if (model == NULL) {
        return SML_NO_MEMORY;
    }
    model->algorithm = algorithm;
    sml_status status = set_defaults(ctx, model);
    if (status == SML_OK && settings != NULL) {
        status = sml__settings_parse(ctx, model, settings);
    }
    if (status != SML_OK) {
        sml_model_free(model);
        return status;
    }
    *out = model;
    return SML_OK;
}

sml_status sml_model_create(sml_ctx *ctx, const char *algorithm, const char *settings,
                            sml_model **out)
{
    *out = NULL;
    const sml__algorithm *found = sml__algorithm_named(ctx, algorithm);
    return found != NULL ? sml__model_create(ctx, found, settings, out) : SML_UNKNOWN_NAME;
}

void sml_model_free(sml_model *model)
{
    if (model == NULL) {
        return;
    }
    model->algorithm->free_state(model);
    for (size_t i = 0; model->settings != NULL && i < model->algorithm->n_parameters; i++) {
        sml__free(model->settings[i]);
    }
    sml__free(model->settings);
    sml__free(model->setting_values);
    sml__model_free_names(model);
    sml__pipeline_free(model->pipeline);
    sml__free(model->target_scaling);
    json_decref(model->fit_settings);
    json_decref(model->receipt);
    sml__free(model->receipt_text);
    sml__free(model->history);
    sml__free(model);
}

sml_status sml_model_set(sml_ctx *ctx, sml_model *model, const char *name, const char *value)
{
    const sml__algorithm *algorithm = model->algorithm;
    size_t row = 0;
    char *canonical = NULL;
    double number = NAN;
    sml_status status =
        sml__parameter_find(ctx, algorithm->parameters, algorithm->n_parameters, name, &row);
    if (status == SML_OK) {
        status = sml__parameter_check(ctx, &algorithm->parameters[row], value, &canonical, &number);
    }
    if (status == SML_OK) {
        sml__free(model->settings[row]);
        model->settings[row] = canonical;
        model->setting_values[row] = number;
    }
    return status;
}

const char *sml_model_get(const sml_model *model, const char *name)
{
    const sml__algorithm *algorithm = model->algorithm;
    size_t row = sml__parameter_index(algorithm->parameters, algorithm->n_parameters, name);
    return row < algorithm->n_parameters ? model->settings[row] : NULL;
}

/* Takes task, widths, picture size and class names from the data. */
static sml_status take_shape(sml_ctx *ctx, sml_model *model, const sml_dataset *data)
{
    const sml_data_view *view = &data->view;
    const char **names = NULL;
    if (data->class_names != NULL) {
        names = sml__alloc(ctx, view->outputs, sizeof *names, "class names");
        if (names == NULL) {
            return SML_NO_MEMORY;
        }
        for (size_t i = 0; i < view->outputs; i++) {
            names[i] = sml_dataset_class_name(data, i);
        }
    }
    /* A model file with such names is refused, so such a model must not come to be. */
    const int twins = names != NULL ? sml__has_twins(ctx, names, view->outputs) : 0;
    if (twins != 0) {
        sml__free(names);
        return twins < 0
                   ? SML_NO_MEMORY
                   : sml__fail(ctx, SML_BAD_DATA, "%s: two classes have the same name", data->name);
    }
    sml_status status = sml__model_set_names(ctx, model, names, view->outputs);
    sml__free(names);
    if (status == SML_OK) {
        model->task = view->task;
        model->inputs = view->columns;
        model->outputs = view->outputs;
        model->height = view->height;
        model->width = view->width;
        model->index_base = data->index_base;
    }
    return status;
}

static sml_status check_fitted(sml_ctx *ctx, const sml_model *model, const char *verb)
{
    if (model->inputs > 0) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: the model was never fitted; fit or load one",
                     verb);
}

/* A warm start keeps the model's pipeline, scales and shape, which the data must have. */
static sml_status go_on(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                        sml_dataset **own, const sml_dataset **ready)
{
    sml_status status = check_fitted(ctx, model, "warm start");
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, train, own, ready);
    }
    return status == SML_OK ? sml__model_check_targets(ctx, model, train) : status;
}

/* Another fit takes both from the data. */
static sml_status start_anew(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                             sml_dataset **own, const sml_dataset **ready)
{
    sml_status status = sml__model_fit_pipeline(ctx, model, train);
    if (status == SML_OK) {
        status = sml__model_fit_target_scaling(ctx, model, train);
    }
    if (status == SML_OK) {
        status = sml__model_training_data(ctx, model, train, own, ready);
    }
    if (status == SML_OK) {
        status = take_shape(ctx, model, *ready);
    }
    return status == SML_OK ? sml__model_check_metadata(ctx, model, train->name) : status;
}

/* *ready: the rows as the algorithm takes them; the caller frees *own. */
static sml_status prepare_fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                              int warm_start, sml_dataset **own, const sml_dataset **ready)
{
    if (train->view.task == SML_TASK_NONE && train->schema != NULL) {
        return sml__fail(ctx, SML_BAD_DATA,
                         "%s: no labels or targets to train on; say --target COLUMN (columns: %s)",
                         train->name, sml__schema_names(train->schema).text);
    }
    if (train->view.task == SML_TASK_NONE) {
        return sml__fail(ctx, SML_BAD_DATA, "%s: no labels or targets to train on", train->name);
    }
    return warm_start ? go_on(ctx, model, train, own, ready)
                      : start_anew(ctx, model, train, own, ready);
}

/* Rows to score after every epoch, as the algorithm takes them; the caller frees own[0], then
 * own[1]. They must be of the shape that the model has by now. */
static sml_status prepare_validation(sml_ctx *ctx, const sml_model *model, const sml_dataset *raw,
                                     sml_dataset *own[2], const sml_dataset **ready,
                                     sml_unknown_rows *unknown)
{
    if (raw == NULL) {
        return SML_OK;
    }
    sml_status status = sml__rows_to_judge(ctx, raw, &own[1]);
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, own[1], &own[0], ready);
    }
    if (status == SML_OK) {
        status = sml_model_unknown_rows(ctx, model, raw, unknown);
    }
    return status == SML_OK ? sml__model_check_targets(ctx, model, raw) : status;
}

/* Whether the fit changed the model, as it also does when it ends early. */
static int was_trained(sml_status status)
{
    return status == SML_OK || status == SML_CANCELLED || status == SML_DIVERGED;
}

/* What a fit was given, before the model's preprocessing. */
typedef struct raw_rows {
    const sml_dataset *train, *validation; /* validation: or NULL */
} raw_rows;

/* Receipt, and the algorithm's fit on the prepared rows. Where memory ends only after the fit, the
 * model is trained and its receipt has no text. */
static sml_status fit_and_sign(sml_ctx *ctx, sml_model *model, const raw_rows *rows,
                               const sml_dataset *ready, const sml_fit_options *options,
                               sml_fit_report *report)
{
    uint64_t epochs_before = options->warm_start ? sml__receipt_epochs(model->receipt) : 0;
    json_t *settings = sml__settings_json(ctx, model);
    json_t *receipt = NULL;
    sml_status status = settings != NULL
                            ? sml__receipt_create(ctx, model, rows->train, rows->validation,
                                                  epochs_before, &receipt)
                            : SML_NO_MEMORY;
    if (status == SML_OK) {
        status = sml__receipt_put_split(ctx, receipt, options->split_seed, options->split_share);
    }
    const sml__fitting fitting = {settings, receipt};
    model->fitting = &fitting;
    status = status == SML_OK ? model->algorithm->fit(ctx, model, ready, options, report) : status;
    model->fitting = NULL;
    if (status == SML_CANCELLED || status == SML_DIVERGED) {
        report->ended = status == SML_CANCELLED ? SML_FIT_CANCELLED : SML_FIT_DIVERGED;
    }
    if (!was_trained(status)) {
        json_decref(settings);
        json_decref(receipt);
        return status;
    }
    json_decref(model->fit_settings);
    model->fit_settings = settings;
    sml__receipt_finish(receipt, report);
    sml_status signing = sml__receipt_adopt(ctx, model, receipt);
    return signing == SML_OK ? status : signing;
}

/* Fits the preprocessing and then the model. */
static sml_status fit_raw(sml_ctx *ctx, sml_model *model, const raw_rows *rows,
                          const sml_fit_options *options, sml_fit_report *report)
{
    sml_dataset *own_train = NULL, *own_validation[2] = {NULL, NULL};
    sml_unknown_rows unknown = {0};
    const sml_dataset *ready = NULL;
    sml_fit_options how = *options;
    sml_status status =
        prepare_fit(ctx, model, rows->train, options->warm_start, &own_train, &ready);
    if (status == SML_OK) {
        status = prepare_validation(ctx, model, rows->validation, own_validation, &how.validation,
                                    &unknown);
    }
    if (status == SML_OK) {
        status = fit_and_sign(ctx, model, rows, ready, &how, report);
    }
    report->validation_unknown = unknown;
    sml_dataset_free(own_validation[0]);
    sml_dataset_free(own_validation[1]);
    sml_dataset_free(own_train);
    return status;
}

/* The share of the training rows that is to be kept apart; 0 for an algorithm without such a
 * setting. */
static double validation_share(const sml_model *model)
{
    const sml__algorithm *algorithm = model->algorithm;
    const size_t n = algorithm->n_parameters;
    const int has_share = sml__parameter_index(algorithm->parameters, n, "validation") < n;
    return has_share ? sml__setting_real(model, "validation") : 0;
}

/* Splits off the rows for validation where the settings say so, and no others were given. */
static sml_status fit_parts(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                            const sml_fit_options *options, sml_fit_report *report)
{
    const double share = validation_share(model);
    sml_dataset *parts[2] = {NULL, NULL};
    if (!(share > 0) || options->validation != NULL || train->view.task == SML_TASK_NONE) {
        const raw_rows rows = {train, options->validation};
        return fit_raw(ctx, model, &rows, options, report);
    }
    const uint64_t seed = (uint64_t)sml__setting_integer(model, "seed");
    sml_status status = sml__holdout(ctx, train, seed, share, parts);
    if (status == SML_OK) {
        const raw_rows rows = {parts[0], parts[1]};
        status = fit_raw(ctx, model, &rows, options, report);
    }
    sml_dataset_free(parts[1]);
    sml_dataset_free(parts[0]);
    return status;
}

sml_status sml_model_fit_with(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                              const sml_fit_options *options, sml_fit_report *report)
{
    const sml_fit_options no_options = {0};
    sml_fit_report own_report;
    sml_model before = *model;
    options = options != NULL ? options : &no_options;
    report = report != NULL ? report : &own_report;
    memset(report, 0, sizeof *report);
    if (!options->warm_start) {
        model->class_names = NULL;
        model->number_names = NULL;
        model->pipeline = NULL;
        model->target_scaling = NULL;
    }
    sml_status status = fit_parts(ctx, model, train, options, report);
    int refused = model->receipt == before.receipt;
    sml_model *spare = refused ? model : &before; /* the one whose names are not needed */
    if (!options->warm_start) {
        sml__model_free_names(spare);
        sml__pipeline_free(spare->pipeline);
        sml__free(spare->target_scaling);
    }
    if (refused) {
        before.state = model->state;
        *model = before;
    }
    return status;
}

sml_status sml_model_fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train)
{
    return sml_model_fit_with(ctx, model, train, NULL, NULL);
}

const sml_epoch_record *sml_model_history(const sml_model *model, size_t *n)
{
    *n = model->n_history;
    return model->n_history > 0 ? model->history : NULL;
}

sml_status sml_model_predict(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             float *outputs, size_t length)
{
    size_t needed = 0;
    sml_dataset *own = NULL;
    const sml_dataset *ready = NULL;
    sml_status status = check_fitted(ctx, model, "predict");
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, data, &own, &ready);
    }
    if (status == SML_OK &&
        (!sml__multiply(data->view.rows, model->outputs, &needed) || needed != length)) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT,
                           "predict: room for %zu numbers, %zu rows × %zu outputs are needed",
                           length, data->view.rows, model->outputs);
    }
    if (status == SML_OK) {
        status = model->algorithm->predict(ctx, model, ready, outputs);
    }
    if (status == SML_OK) {
        sml__targets_restore(model->target_scaling, data->view.rows, outputs);
    }
    sml_dataset_free(own);
    return status;
}

sml_status sml_model_evaluate(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                              sml_scores *scores)
{
    sml_dataset *own = NULL;
    const sml_dataset *ready = NULL;
    sml_status status = check_fitted(ctx, model, "evaluate");
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, data, &own, &ready);
    }
    if (status == SML_OK && data->view.task == SML_TASK_NONE) {
        status =
            sml__fail(ctx, SML_BAD_SHAPE, "%s: no labels or targets to compare with", data->name);
    }
    if (status == SML_OK) {
        status = sml__model_check_targets(ctx, model, data);
    }
    if (status == SML_OK) {
        status = model->algorithm->evaluate(ctx, model, ready, scores);
    }
    sml_dataset_free(own);
    return status;
}

sml_status sml_model_tensor(sml_ctx *ctx, const sml_model *model, size_t index,
                            sml_tensor_facts *facts)
{
    sml_status status = SML_NOT_FOUND;
    if (model->inputs > 0) {
        status = model->algorithm->tensor(model, index, facts);
    }
    return status == SML_OK ? status
                            : sml__fail(ctx, SML_NOT_FOUND, "the model has no tensor %zu", index);
}

sml_status sml_model_tensor_values(sml_ctx *ctx, const sml_model *model, size_t index,
                                   float *values, size_t length)
{
    sml_tensor_facts facts = {0};
    sml_status status = sml_model_tensor(ctx, model, index, &facts);
    if (status != SML_OK) {
        return status;
    }
    size_t needed = sml__tensor_elements(&facts);
    if (needed != length) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: room for %zu numbers, %zu are needed",
                         facts.name, length, needed);
    }
    model->algorithm->tensor_export(model, index, values);
    return SML_OK;
}
