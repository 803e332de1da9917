/* The validation rows of a training: their truth, read once, and how each epoch does on them. */
#include "base/context.h"
#include "base/memory.h"
#include "data/prepare/targets.h"
#include "data/rows.h"
#include "nn/inference.h"
#include "nn/stopping.h"
#include "nn/training.h"

#include <math.h>

/* The labels, or the targets, of all rows: these as they are in the data, since metrics are in its
 * units. */
static sml_status read_truth(sml__training *t)
{
    sml_dataset unscaled = *t->options->validation;
    const sml_dataset *rows = &unscaled;
    unscaled.target_scaling = NULL;
    for (size_t r = 0; r < t->judged.n; r++) {
        if (t->true_labels != NULL) {
            t->true_labels[r] = sml_dataset_label(rows, r);
        } else {
            sml_dataset_targets(rows, r, t->true_targets + r * t->judged.outputs);
        }
    }
    return sml__dataset_status(t->ctx, rows);
}

static int take_arrays(sml__training *t, size_t n, size_t outputs)
{
    static const char what[] = "the outputs of the validation rows";
    const size_t scratch = sml_metric_scratch(n, outputs);
    const double cells = (double)n * (double)outputs;
    if (sml__memory_check(t->ctx, 8.0 * cells + 8.0 * (double)scratch, what) != SML_OK) {
        return 0;
    }
    t->outputs = sml__alloc(t->ctx, n * outputs, sizeof *t->outputs, what);
    if (t->network->loss->task == SML_TASK_CLASSIFICATION) {
        t->true_labels = sml__alloc(t->ctx, n, sizeof *t->true_labels, what);
    } else {
        t->true_targets = sml__alloc(t->ctx, n * outputs, sizeof *t->true_targets, what);
    }
    t->judged.scratch = sml__alloc(t->ctx, scratch, sizeof *t->judged.scratch, what);
    return t->outputs != NULL && (t->true_labels != NULL || t->true_targets != NULL) &&
           t->judged.scratch != NULL;
}

/* Whether the metric has a value at all depends on the truth only: an area under the ROC curve
 * needs rows of a class and of others. Without one no epoch would be the best. */
static sml_status check_value(const sml__training *t)
{
    const char *metric = t->settings->stopping->name;
    double value = 0;
    sml_metric_named(metric, t->judged.task, &t->judged, &value, NULL);
    if (!isnan(value)) {
        return SML_OK;
    }
    return sml__fail(t->ctx, SML_BAD_DATA,
                     "early_stopping: %s has no value on the %zu validation row%s: a class is "
                     "missing among them; take a larger share, or another metric such as loss",
                     metric, t->judged.n, t->judged.n == 1 ? "" : "s");
}

sml_status sml__training_judge(sml__training *t)
{
    const sml_dataset *rows = t->options->validation;
    if (t->settings->stopping == NULL || rows == NULL ||
        !sml__stopping_reads_outputs(t->settings->stopping)) {
        return SML_OK;
    }
    if (!take_arrays(t, rows->view.rows, t->network->n_out)) {
        return SML_NO_MEMORY;
    }
    t->judged.task = t->network->loss->task;
    t->judged.n = rows->view.rows;
    t->judged.outputs = t->network->n_out;
    t->judged.predicted = t->outputs;
    t->judged.labels = t->true_labels;
    t->judged.targets = t->true_targets;
    const sml_status status = read_truth(t);
    return status == SML_OK ? check_value(t) : status;
}

void sml__training_judge_end(sml__training *t)
{
    sml__free(t->outputs);
    sml__free(t->true_labels);
    sml__free(t->true_targets);
    sml__free(t->judged.scratch);
}

sml_status sml__training_validate(sml__training *t, sml_epoch_record *record)
{
    const sml__stopping_metric *metric = t->settings->stopping;
    const sml_dataset *rows = t->options->validation;
    sml_scores scores = {.accuracy = (double)NAN, .loss = (double)NAN};
    sml_status status = SML_OK;
    if (rows != NULL) {
        status = sml__network_evaluate(t->ctx, t->network, rows, t->outputs, &scores);
    }
    if (rows != NULL && status == SML_OK && !isfinite(scores.loss)) {
        status = sml__dataset_recheck(t->ctx, rows);
    }
    record->validation_loss = scores.loss;
    record->validation_accuracy = scores.accuracy;
    record->validation_metric = metric != NULL ? scores.accuracy : (double)NAN;
    if (rows != NULL && metric != NULL && t->outputs != NULL && status == SML_OK) {
        sml__targets_restore(rows->target_scaling, t->judged.n, t->outputs);
        sml_metric_named(metric->name, t->judged.task, &t->judged, &record->validation_metric,
                         NULL);
    } else if (metric != NULL && !metric->larger_is_better) {
        record->validation_metric = scores.loss;
    }
    return status;
}
