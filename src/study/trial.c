#include "study/trial.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "model/algorithm.h"
#include "model/parameters.h"
#include "model/prepare_model.h"

#include <inttypes.h>
#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>
#include <string.h>

/* Between two checkpoints of a rung; the most that a kill can lose of a training. */
static const double SECONDS_BETWEEN = 60;

sml_status sml__model_alike(sml_ctx *ctx, const sml_model *like, sml_model **out)
{
    const sml__algorithm *algorithm = like->algorithm;
    sml_status status = sml__model_create(ctx, algorithm, NULL, out);
    for (size_t i = 0; i < algorithm->n_parameters && status == SML_OK; i++) {
        status = sml_model_set(ctx, *out, algorithm->parameters[i].name, like->settings[i]);
    }
    if (status != SML_OK) {
        sml_model_free(*out);
        *out = NULL;
    }
    return status;
}

const char *sml__study_metric(const sml_study *study, sml_task task)
{
    const char *usual = task == SML_TASK_REGRESSION ? "loss" : "accuracy";
    return study->metric != NULL ? study->metric : usual;
}

static sml_status fail_unknown_metric(sml_ctx *ctx, const char *metric, sml_task task)
{
    enum { MOST_NAMES = 64 };
    const char *names[MOST_NAMES];
    char kind[64];
    size_t n = 0;
    while (n < MOST_NAMES && (names[n] = sml_metric_name(task, n)) != NULL) {
        n++;
    }
    snprintf(kind, sizeof kind, "metric of %s", sml_task_name(task));
    return sml__fail_unknown(ctx, kind, metric, names, n);
}

sml_status sml_study_check(sml_ctx *ctx, const sml_study *study, const sml_dataset *data,
                           int *larger_is_better)
{
    const sml_task task = data->view.task;
    const char *metric = sml__study_metric(study, task);
    if (task == SML_TASK_NONE) {
        return sml__fail(ctx, SML_BAD_DATA, "%s: no labels or targets to train on", data->name);
    }
    if (!sml_metric_named(metric, task, NULL, NULL, larger_is_better)) {
        return fail_unknown_metric(ctx, metric, task);
    }
    return SML_OK;
}

/* Any metric but accuracy and loss: from the outputs of all rows at once. */
static sml_status score_by_name(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                const char *metric, double *value)
{
    const size_t rows = data->view.rows, n = model->outputs;
    const int has_classes = model->task == SML_TASK_CLASSIFICATION;
    float *predicted = sml__alloc(ctx, rows * n, sizeof *predicted, "predictions");
    float *targets = sml__alloc(ctx, has_classes ? 1 : rows * n, sizeof *targets, "targets");
    int32_t *labels = sml__alloc(ctx, has_classes ? rows : 1, sizeof *labels, "labels");
    uint64_t *scratch =
        sml__alloc(ctx, sml_metric_scratch(rows, n), sizeof *scratch, "a metric's scratch");
    sml_status status = SML_NO_MEMORY;
    if (predicted != NULL && targets != NULL && labels != NULL && scratch != NULL) {
        status = sml_model_predict(ctx, model, data, predicted, rows * n);
    }
    if (status == SML_OK) {
        for (size_t r = 0; r < rows && has_classes; r++) {
            labels[r] = sml_dataset_label(data, r);
        }
        for (size_t r = 0; r < rows && !has_classes; r++) {
            sml_dataset_targets(data, r, targets + r * n);
        }
        const sml_predictions p = {.task = model->task,
                                   .n = rows,
                                   .outputs = n,
                                   .predicted = predicted,
                                   .labels = has_classes ? labels : NULL,
                                   .targets = has_classes ? NULL : targets,
                                   .scratch = scratch};
        sml_metric_named(metric, model->task, &p, value, NULL);
    }
    sml__free(scratch);
    sml__free(labels);
    sml__free(targets);
    sml__free(predicted);
    return status;
}

static sml_status score(sml_ctx *ctx, const sml_study *study, const sml_model *model,
                        const sml_dataset *data, sml_study_row *row)
{
    const char *metric = sml__study_metric(study, model->task);
    sml_scores scores;
    sml_status status = sml_model_evaluate(ctx, model, data, &scores);
    if (status != SML_OK) {
        return status;
    }
    status = sml_model_unknown_rows(ctx, model, data, &row->unknown);
    if (status != SML_OK) {
        return status;
    }
    row->accuracy = scores.accuracy;
    row->loss = scores.loss;
    if (strcmp(metric, "accuracy") == 0 || strcmp(metric, "loss") == 0) {
        row->metric = strcmp(metric, "loss") == 0 ? scores.loss : scores.accuracy;
        return SML_OK;
    }
    return score_by_name(ctx, model, data, metric, &row->metric);
}

/* Rows that were kept apart may have categories that those of the training have not. */
static sml_status judge(sml_ctx *ctx, const sml_study *study, const sml_model *model,
                        const sml__job *job)
{
    sml_dataset *rows = NULL;
    sml_status status = sml__rows_to_judge(ctx, job->score, &rows);
    if (status == SML_OK) {
        status = score(ctx, study, model, rows, job->row);
    }
    if (status == SML_OK && job->predictions != NULL) {
        const size_t length = job->score->view.rows * model->outputs;
        status = sml_model_predict(ctx, model, rows, job->predictions, length);
    }
    sml_dataset_free(rows);
    return status;
}

static int ask_whether_cancelled(void *user, const sml_progress *progress)
{
    const sml_study *study = user;
    (void)progress;
    return study->cancelled != NULL && study->cancelled(study->user);
}

static sml_status set_number(sml_ctx *ctx, sml_model *model, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return sml_model_set(ctx, model, name, text);
}

static sml_status prepare(sml_ctx *ctx, const sml_model *like, const sml__job *job, sml_model **out)
{
    const sml_study_row *row = job->row;
    sml_status status = sml__model_alike(ctx, like, out);
    if (status == SML_OK && row->settings != NULL) {
        status = sml__settings_parse(ctx, *out, row->settings);
    }
    if (status == SML_OK) {
        status = set_number(ctx, *out, "seed", row->seed);
    }
    if (status == SML_OK) {
        status = set_number(ctx, *out, "epochs", job->epochs > 0 ? job->epochs : row->epochs);
    }
    return status;
}

static void note_damage(sml_ctx *ctx, const sml_study *study)
{
    char text[600];
    snprintf(text, sizeof text, "%.480s; its trial is trained anew, which replaces the file",
             sml_ctx_error(ctx));
    if (study->note != NULL) {
        study->note(study->user, text);
    }
}

/* A checkpoint that is further than asked, as beside a journal that lost results, is no use; nor is
 * a damaged one. */
static sml_status fit(sml_ctx *ctx, sml_model *model, const sml__job *job, sml_study *asked,
                      sml_fit_report *report)
{
    sml_fit_options options = {.progress = ask_whether_cancelled,
                               .user = asked,
                               .checkpoint = job->checkpoint,
                               .checkpoint_seconds = SECONDS_BETWEEN,
                               .resume = job->checkpoint != NULL,
                               .until_epoch = job->row->epochs};
    sml_status status = sml_model_fit_with(ctx, model, job->train, &options, report);
    const int is_damaged = status == SML_BAD_FILE && options.resume;
    if (is_damaged) {
        note_damage(ctx, asked);
    }
    if (is_damaged || (status == SML_OK && report->epochs > job->row->epochs)) {
        options.resume = 0;
        status = sml_model_fit_with(ctx, model, job->train, &options, report);
    }
    return status;
}

sml_status sml__trial_run(sml_ctx *ctx, const sml_study *study, const sml_model *like,
                          const sml__job *job)
{
    sml_study_row *row = job->row;
    sml_study asked = *study;
    sml_model *model = NULL;
    sml_fit_report report = {0};
    sml_status status = prepare(ctx, like, job, &model);
    if (status == SML_OK) {
        status = fit(ctx, model, job, &asked, &report);
        row->seconds = report.seconds;
    }
    if (status == SML_OK) {
        status = judge(ctx, study, model, job);
        row->status = status;
    } else if (status == SML_DIVERGED) {
        row->metric = row->accuracy = row->loss = (double)NAN;
        row->status = SML_DIVERGED;
        status = SML_OK;
    }
    sml_model_free(model);
    return status;
}
