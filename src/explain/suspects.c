/* Labels that look wrong, by probabilities of models that have not seen the rows. */
#include "explain/suspects.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "model/algorithm.h"
#include "study/runner.h"
#include "study/trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Early stopping of the folds: a tenth of the rows decides, and three epochs without progress end a
 * training. */
static const char *const STOPPING[][2] = {
    {"early_stopping", "loss"}, {"validation", "0.1"}, {"patience", "3"}};

/* What of the mean is enough. With 1, as in the paper, precision is 0.89…1.00 on sets of which a
 * tenth of the labels was changed, but recall 0.73…0.83: a quarter of the rows lie below the mean
 * of their own class. With 3/4 recall is 0.86…0.98 and precision 0.78…0.98 (blobs, moons, spirals,
 * 6,000 rows of mnist). */
static const double ENOUGH = 0.75;

static sml_status check_labels(sml_ctx *ctx, const int32_t *labels, size_t rows, size_t classes)
{
    if (classes < 2) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "suspect labels: %zu classes; at least 2 are needed", classes);
    }
    for (size_t r = 0; r < rows; r++) {
        if (labels[r] >= 0 && (size_t)labels[r] >= classes) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "suspect labels: row %zu has class %" PRId32 "; there are 0…%zu", r,
                             labels[r], classes - 1);
        }
    }
    return SML_OK;
}

/* t_k, of the mean of p_k over the rows labelled k; infinite for a class without rows. */
static void find_thresholds(const float *p, const int32_t *labels, size_t rows, size_t classes,
                            double *thresholds, uint64_t *counts)
{
    for (size_t r = 0; r < rows; r++) {
        if (labels[r] >= 0) {
            const size_t y = (size_t)labels[r];
            thresholds[y] += (double)p[r * classes + y];
            counts[y]++;
        }
    }
    for (size_t k = 0; k < classes; k++) {
        thresholds[k] =
            counts[k] > 0 ? ENOUGH * thresholds[k] / (double)counts[k] : (double)INFINITY;
    }
}

/* The class that a row of probabilities is rather of than y; -1: none. */
static int32_t rather_of(const float *p, size_t y, const double *thresholds, size_t classes)
{
    int32_t found = -1;
    for (size_t k = 0; k < classes; k++) {
        if (k != y && (double)p[k] >= thresholds[k] && p[k] > p[y] &&
            (found < 0 || p[k] > p[found])) {
            found = (int32_t)k;
        }
    }
    return found;
}

sml_status sml_suspect_labels(sml_ctx *ctx, const float *p, const int32_t *labels, size_t rows,
                              size_t classes, sml_sample_score *scores, sml_label_summary *summary)
{
    memset(summary, 0, sizeof *summary);
    sml_status status = check_labels(ctx, labels, rows, classes);
    if (status != SML_OK) {
        return status;
    }
    double *thresholds = sml__alloc(ctx, classes, sizeof *thresholds, "thresholds of classes");
    uint64_t *counts = sml__alloc(ctx, classes, sizeof *counts, "rows of classes"), agreeing = 0;
    if (thresholds != NULL && counts != NULL) {
        find_thresholds(p, labels, rows, classes, thresholds, counts);
    }
    for (size_t r = 0; thresholds != NULL && counts != NULL && r < rows; r++) {
        const float *of_row = p + r * classes;
        const int is_judged = labels[r] >= 0;
        const size_t y = is_judged ? (size_t)labels[r] : 0;
        const int32_t k = is_judged ? rather_of(of_row, y, thresholds, classes) : -1;
        scores[r].suspect_of = k;
        scores[r].margin = k >= 0 ? (double)of_row[y] - (double)of_row[k] : (double)NAN;
        summary->judged += (uint64_t)is_judged;
        summary->suspects += k >= 0;
        agreeing += is_judged && sml_argmax(of_row, classes) == y;
    }
    summary->agreement = (double)agreeing / (double)summary->judged;
    status = thresholds != NULL && counts != NULL ? SML_OK : SML_NO_MEMORY;
    sml__free(counts);
    sml__free(thresholds);
    return status;
}

/* As many folds as wanted, or as the smallest class has rows. */
static sml_status count_folds(sml_ctx *ctx, const sml_dataset *data, size_t *folds)
{
    const sml_data_view *view = &data->view;
    if (view->task != SML_TASK_CLASSIFICATION) {
        return SML_OK;
    }
    uint64_t *counts = sml__alloc(ctx, view->outputs, sizeof *counts, "rows of classes");
    if (counts == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t r = 0; r < view->rows; r++) {
        counts[sml_dataset_label(data, r)]++;
    }
    sml_status status = SML_OK;
    for (size_t k = 0; k < view->outputs && status == SML_OK; k++) {
        if (counts[k] == 1) {
            status =
                sml__fail(ctx, SML_BAD_ARGUMENT,
                          "%s: one row of class %s; a model that has not seen it knows nothing "
                          "of its class: leave the row out",
                          data->name, sml_dataset_class_name(data, k));
        }
        *folds = counts[k] > 0 && counts[k] < *folds ? (size_t)counts[k] : *folds;
    }
    sml__free(counts);
    return status;
}

sml_status sml__stopping_model(sml_ctx *ctx, const sml_model *like, sml_model **out)
{
    sml_status status = sml__model_alike(ctx, like, out);
    const char *stopping = status == SML_OK ? sml_model_get(*out, "early_stopping") : NULL;
    if (stopping == NULL || strcmp(stopping, "none") != 0) {
        return status;
    }
    for (size_t i = 0; i < sizeof STOPPING / sizeof STOPPING[0] && status == SML_OK; i++) {
        const int has_share =
            strcmp(STOPPING[i][0], "validation") == 0 && sml__setting_real(*out, "validation") > 0;
        if (!has_share) {
            status = sml_model_set(ctx, *out, STOPPING[i][0], STOPPING[i][1]);
        }
    }
    return status;
}

/* The trainings, one for each fold. */
typedef struct held_out {
    const sml_dataset *data;
    size_t folds, outputs;
    uint32_t *fold_of;        /* [rows] */
    sml_dataset *(*parts)[2]; /* [folds] rows to train on, rows to score */
    float **predictions;      /* [folds] of [rows of parts[…][1], outputs] */
    sml_study_row *rows;      /* [folds] */
    sml__job *jobs;           /* [folds] */
} held_out;

static void free_all(held_out *h)
{
    for (size_t i = 0; i < h->folds; i++) {
        if (h->parts != NULL) {
            sml_dataset_free(h->parts[i][0]);
            sml_dataset_free(h->parts[i][1]);
        }
        if (h->predictions != NULL) {
            sml__free(h->predictions[i]);
        }
    }
    sml__free(h->parts);
    sml__free(h->predictions);
    sml__free(h->fold_of);
    sml__free(h->rows);
    sml__free(h->jobs);
}

static sml_status take_lists(sml_ctx *ctx, held_out *h)
{
    h->fold_of = sml__alloc(ctx, h->data->view.rows, sizeof *h->fold_of, "the folds of rows");
    h->parts = sml__alloc(ctx, h->folds, sizeof *h->parts, "the folds");
    h->predictions = sml__alloc(ctx, h->folds, sizeof *h->predictions, "predictions");
    h->rows = sml__alloc(ctx, h->folds, sizeof *h->rows, "the trainings of a study");
    h->jobs = sml__alloc(ctx, h->folds, sizeof *h->jobs, "the trainings of a study");
    return h->fold_of != NULL && h->parts != NULL && h->predictions != NULL && h->rows != NULL &&
                   h->jobs != NULL
               ? SML_OK
               : SML_NO_MEMORY;
}

static sml_status make_jobs(sml_ctx *ctx, const sml_model *like, uint64_t seed, held_out *h)
{
    sml_status status = sml__dataset_folds(ctx, h->data, seed, h->folds, h->fold_of);
    for (size_t i = 0; i < h->folds && status == SML_OK; i++) {
        status = sml_dataset_fold(ctx, h->data, seed, i, h->folds, h->parts[i]);
        if (status != SML_OK) {
            break;
        }
        h->predictions[i] =
            sml__alloc(ctx, h->parts[i][1]->view.rows, h->outputs * sizeof(float), "predictions");
        status = h->predictions[i] != NULL ? SML_OK : SML_NO_MEMORY;
        h->rows[i] = (sml_study_row){.fold = i,
                                     .seed = (uint64_t)sml__setting_integer(like, "seed"),
                                     .epochs = (uint64_t)sml__setting_integer(like, "epochs")};
        h->jobs[i] = (sml__job){.train = h->parts[i][0],
                                .score = h->parts[i][1],
                                .row = &h->rows[i],
                                .predictions = h->predictions[i]};
    }
    return status;
}

/* Rows keep their order within a fold. */
static sml_status collect(sml_ctx *ctx, const held_out *h, float *out)
{
    for (size_t i = 0; i < h->folds; i++) {
        const float *from = h->predictions[i];
        if (h->rows[i].status == SML_DIVERGED) {
            return sml__fail(
                ctx, SML_DIVERGED,
                "the training on fold %zu of %zu diverged: no model says what it makes "
                "of the fold's rows; try a lower learning_rate",
                i + 1, h->folds);
        }
        for (size_t r = 0; r < h->data->view.rows; r++) {
            if (h->fold_of[r] == i) {
                memcpy(out + r * h->outputs, from, h->outputs * sizeof *from);
                from += h->outputs;
            }
        }
    }
    return SML_OK;
}

sml_status sml_held_out_predictions(sml_ctx *ctx, const sml_model *like, const sml_dataset *data,
                                    size_t folds, uint64_t seed, const sml_study *study, float *out,
                                    size_t length)
{
    const sml_study silent = {0}, *asked = study != NULL ? study : &silent;
    sml_model *stopping = NULL;
    held_out h = {.data = data, .outputs = data->view.outputs};
    if (length != data->view.rows * h.outputs) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "held-out predictions: room for %zu numbers; %zu rows of %zu need %zu",
                         length, data->view.rows, h.outputs, data->view.rows * h.outputs);
    }
    sml_status status = sml_study_check(ctx, asked, data, NULL);
    if (status == SML_OK) {
        status = count_folds(ctx, data, &folds);
    }
    if (status == SML_OK) {
        status = sml__stopping_model(ctx, like, &stopping);
    }
    if (status == SML_OK) {
        h.folds = folds;
        status = take_lists(ctx, &h);
    }
    if (status == SML_OK) {
        status = make_jobs(ctx, stopping, seed, &h);
    }
    if (status == SML_OK) {
        status = sml__run_jobs(ctx, asked, stopping, h.jobs, h.folds);
    }
    if (status == SML_OK) {
        status = collect(ctx, &h, out);
    }
    free_all(&h);
    sml_model_free(stopping);
    return status;
}
