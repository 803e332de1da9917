#include "model/prepare_model.h"

#include "base/context.h"
#include "base/text.h"
#include "data/prepare/parameters.h"
#include "model/parameters.h"

#include <scratchml/columns.h>
#include <string.h>

/* Position of a setting's text among its choices; 0, the default, where the algorithm has no such
 * setting. */
static int chosen(const sml_model *model, const char *name, const char *choices)
{
    const sml__algorithm *algorithm = model->algorithm;
    const size_t n = algorithm->n_parameters;
    int position = 0;
    if (sml__parameter_index(algorithm->parameters, n, name) == n) {
        return 0;
    }
    const char *text = sml__setting_text(model, name);
    const size_t length = strlen(text);
    for (const char *at = choices;
         strncmp(at, text, length) != 0 || (at[length] != '|' && at[length] != '\0'); position++) {
        at = strchr(at, '|') + 1; /* the text is one of them: it was checked when it was set */
    }
    return position;
}

sml_status sml__model_fit_pipeline(sml_ctx *ctx, sml_model *model, const sml_dataset *train)
{
    const sml__prepare_settings settings = {
        .scaling = (sml__scaling)chosen(model, "scaling", SML__SCALING_CHOICES),
        .filling = (sml__filling)chosen(model, "missing", SML__FILLING_CHOICES),
        .is_ordinal = chosen(model, "encoding", SML__ENCODING_CHOICES),
        .unknown_is_zeros = chosen(model, "unknown", SML__UNKNOWN_CHOICES),
    };
    return sml__pipeline_fit(ctx, train, &settings, &model->pipeline);
}

sml_status sml__model_fit_target_scaling(sml_ctx *ctx, sml_model *model, const sml_dataset *train)
{
    enum { AUTO, NONE, STANDARD };
    const int choice = chosen(model, "target_scaling", SML__TARGET_CHOICES);
    const int is_regression = train->view.task == SML_TASK_REGRESSION;
    if (choice == STANDARD && !is_regression) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "target_scaling=standard: %s is for %s, and only regression has targets "
                         "to scale; leave it out",
                         train->name, sml_task_name(train->view.task));
    }
    if (!is_regression || choice == NONE || (choice == AUTO && train->schema == NULL)) {
        return SML_OK;
    }
    return sml__target_scaling_fit(ctx, train, &model->target_scaling);
}

/* A model that was trained on bare numbers has nothing to put in the place of a missing cell or of
 * a category. */
static sml_status check_plain(sml_ctx *ctx, const sml_model *model, const sml_dataset *data)
{
    if (data->view.columns != model->inputs) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s: the model expects %zu columns, the data has %zu",
                         data->name, model->inputs, data->view.columns);
    }
    for (size_t c = 0; data->schema != NULL && c < data->schema->n; c++) {
        const sml__column *column = &data->schema->columns[c];
        if (column->kind == SML__CATEGORICAL || column->missing > 0) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: column '%s' has %s, and the model was trained on bare numbers; "
                             "train it on a table, or give it numbers",
                             data->name, column->name,
                             column->kind == SML__CATEGORICAL ? "categories"
                                                              : "cells without a value");
        }
    }
    return SML_OK;
}

sml_status sml__model_training_data(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                                    sml_dataset **own, const sml_dataset **ready)
{
    /* Other tasks and other numbers of targets are refused where targets are read. */
    const sml__target_scaling *scaling = model->target_scaling;
    const int is_scaled = scaling != NULL && train->view.task == SML_TASK_REGRESSION &&
                          train->view.outputs == scaling->n;
    sml_status status = SML_OK;
    *own = NULL;
    if (model->pipeline != NULL) {
        status = sml__dataset_prepared(ctx, train, model->pipeline, own);
    } else if (is_scaled) {
        status = sml__dataset_borrow(ctx, train, train->view.rows, own);
    }
    if (status == SML_OK && is_scaled) {
        (*own)->target_scaling = scaling;
    }
    *ready = *own != NULL ? *own : train;
    return status;
}

sml_status sml__model_data(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           sml_dataset **own, const sml_dataset **ready)
{
    *own = NULL;
    *ready = data;
    const sml_status status = model->pipeline == NULL ? check_plain(ctx, model, data) : SML_OK;
    return status == SML_OK ? sml__model_training_data(ctx, model, data, own, ready) : status;
}

void sml_dataset_allow_unknown(sml_dataset *data, int allow)
{
    data->takes_unknown = allow != 0;
}

sml_status sml__rows_to_judge(sml_ctx *ctx, const sml_dataset *raw, sml_dataset **out)
{
    const sml_status status = sml__dataset_borrow(ctx, raw, raw->view.rows, out);
    if (status == SML_OK) {
        sml_dataset_allow_unknown(*out, 1);
    }
    return status;
}

sml_status sml_model_unknown_rows(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                  sml_unknown_rows *found)
{
    sml_dataset *judged = NULL;
    sml__binding *binding = NULL;
    sml__unknown unknown = {0};
    memset(found, 0, sizeof *found);
    if (model->pipeline == NULL) {
        return SML_OK;
    }
    sml_status status = sml__rows_to_judge(ctx, data, &judged);
    if (status == SML_OK) {
        status = sml__pipeline_bind(ctx, model->pipeline, judged, &binding);
    }
    if (status == SML_OK) {
        status = sml__pipeline_check(ctx, model->pipeline, judged, binding, &unknown);
    }
    if (status == SML_OK) {
        found->rows = unknown.rows;
        memcpy(found->column, unknown.column, sizeof found->column);
        memcpy(found->category, unknown.category, sizeof found->category);
    }
    sml__binding_free(binding);
    sml_dataset_free(judged);
    return status;
}

sml_status sml__model_check_targets(sml_ctx *ctx, const sml_model *model, const sml_dataset *data)
{
    const sml_data_view *view = &data->view;
    sml_status status = SML_OK;
    if (view->task != model->task) {
        status = sml__fail(ctx, SML_BAD_SHAPE, "%s: the model does %s, the data is for %s",
                           data->name, sml_task_name(model->task), sml_task_name(view->task));
    }
    if (status == SML_OK && view->outputs != model->outputs) {
        const char *what = model->task == SML_TASK_REGRESSION ? "targets" : "classes";
        status = sml__fail(ctx, SML_BAD_SHAPE, "%s: the model has %zu %s, the data has %zu",
                           data->name, model->outputs, what, view->outputs);
    }
    return status;
}

size_t sml_model_columns(const sml_model *model)
{
    return model->pipeline != NULL ? model->pipeline->n_raw : model->inputs;
}

sml_index_base sml_model_index_base(const sml_model *model)
{
    return model->index_base;
}

const sml_schema *sml_model_schema(const sml_model *model)
{
    return model->pipeline != NULL ? model->pipeline->schema : NULL;
}

const char *sml_model_column_name(const sml_model *model, size_t column)
{
    const sml_schema *schema = sml_model_schema(model);
    return schema != NULL && column < schema->n ? schema->columns[column].name : "";
}

sml_status sml_model_category(sml_ctx *ctx, const sml_model *model, size_t column,
                              const char *category, float *cell)
{
    const sml_schema *schema = sml_model_schema(model);
    if (schema == NULL || column >= schema->n || schema->columns[column].kind != SML__CATEGORICAL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "column %zu of the model has no categories",
                         column);
    }
    const sml__column *found = &schema->columns[column];
    for (size_t k = 0; k < found->n_categories; k++) {
        if (strcmp(found->categories[k], category) == 0) {
            *cell = (float)k;
            return SML_OK;
        }
    }
    return sml__fail_unknown(ctx, found->name, category, found->categories, found->n_categories);
}

sml_status sml_model_column(sml_ctx *ctx, const sml_model *model, size_t column,
                            sml_model_column_facts *facts)
{
    const sml__pipeline *pipeline = model->pipeline;
    *facts = (sml_model_column_facts){.name = sml_model_column_name(model, column)};
    if (pipeline == NULL || column >= pipeline->n_raw) {
        return sml__fail(ctx, SML_NOT_FOUND, "the model prepares no column %zu", column);
    }
    const sml__prepared_column *prepared = &pipeline->columns[column];
    facts->fill = prepared->fill;
    facts->shift = prepared->shift;
    facts->factor = prepared->factor;
    facts->width = prepared->width;
    if (pipeline->schema != NULL) {
        const sml__column *raw = &pipeline->schema->columns[column];
        facts->is_categorical = raw->kind == SML__CATEGORICAL;
        facts->n_categories = facts->is_categorical ? raw->n_categories : 0;
        facts->categories = facts->is_categorical ? raw->categories : NULL;
    }
    return SML_OK;
}

sml_status sml_model_target_scale(sml_ctx *ctx, const sml_model *model, size_t output,
                                  double *shift, double *factor)
{
    const sml__target_scaling *scaling = model->target_scaling;
    if (scaling == NULL || output >= scaling->n) {
        return sml__fail(ctx, SML_NOT_FOUND, "the model does not scale output %zu", output);
    }
    *shift = scaling->out[output].shift;
    *factor = scaling->out[output].factor;
    return SML_OK;
}

const char *sml_model_target(const sml_model *model)
{
    const sml_schema *schema = sml_model_schema(model);
    return schema != NULL && schema->target != NULL ? schema->target : "";
}
