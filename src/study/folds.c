/* The same training several times: with other seeds, or on other folds. */
#include "base/context.h"
#include "base/memory.h"
#include "model/algorithm.h"
#include "study/runner.h"

#include <math.h>
#include <string.h>

/* Two passes: the deviation of nearly equal scores would be lost in Σ x² - n mean². */
sml_summary sml_summarize(const double *values, size_t n)
{
    sml_summary found = {.mean = (double)NAN, .deviation = (double)NAN};
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += isnan(values[i]) ? 0.0 : values[i];
        found.n += isnan(values[i]) ? 0 : 1;
    }
    if (found.n > 0) {
        found.mean = sum / (double)found.n;
    }
    for (size_t i = 0; i < n; i++) {
        const double distance = values[i] - found.mean;
        squares += isnan(values[i]) ? 0.0 : distance * distance;
    }
    if (found.n > 1) {
        found.deviation = sqrt(squares / (double)(found.n - 1));
    }
    return found;
}

/* The rows of n trainings like this one, numbered as folds. */
static void begin_rows(const sml_model *like, sml_study_row *rows, size_t n)
{
    memset(rows, 0, n * sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].fold = i;
        rows[i].seed = (uint64_t)sml__setting_integer(like, "seed");
        rows[i].epochs = (uint64_t)sml__setting_integer(like, "epochs");
        rows[i].metric = rows[i].accuracy = rows[i].loss = (double)NAN;
        rows[i].status = SML_CANCELLED;
    }
}

static sml__job *new_jobs(sml_ctx *ctx, sml_study_row *rows, size_t n)
{
    sml__job *jobs = sml__alloc(ctx, n, sizeof *jobs, "the trainings of a study");
    for (size_t i = 0; jobs != NULL && i < n; i++) {
        jobs[i].row = &rows[i];
    }
    return jobs;
}

sml_status sml_repeat(sml_ctx *ctx, const sml_model *like, const sml_dataset *train,
                      const sml_dataset *test, size_t seeds, const sml_study *study,
                      sml_study_row *rows)
{
    begin_rows(like, rows, seeds);
    sml_status status = sml_study_check(ctx, study, train, NULL);
    sml__job *jobs = status == SML_OK ? new_jobs(ctx, rows, seeds) : NULL;
    if (status == SML_OK && jobs == NULL) {
        status = SML_NO_MEMORY;
    }
    for (size_t i = 0; status == SML_OK && i < seeds; i++) {
        rows[i].fold = 0;
        rows[i].seed = (rows[i].seed + i) % ((uint64_t)1 << 53); /* all are legal seeds */
        jobs[i].train = train;
        jobs[i].score = test;
    }
    if (status == SML_OK) {
        status = sml__run_jobs(ctx, study, like, jobs, seeds);
    }
    sml__free(jobs);
    return status;
}

/* parts: of each fold the rows to train on and those to score. */
static sml_status run_folds(sml_ctx *ctx, const sml_model *like, sml_dataset *(*parts)[2],
                            size_t folds, const sml_study *study, sml_study_row *rows)
{
    sml__job *jobs = new_jobs(ctx, rows, folds);
    sml_status status = jobs != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t i = 0; status == SML_OK && i < folds; i++) {
        jobs[i].train = parts[i][0];
        jobs[i].score = parts[i][1];
    }
    if (status == SML_OK) {
        status = sml__run_jobs(ctx, study, like, jobs, folds);
    }
    sml__free(jobs);
    return status;
}

sml_status sml_cross_validate(sml_ctx *ctx, const sml_model *like, const sml_dataset *data,
                              size_t folds, uint64_t seed, const sml_study *study,
                              sml_study_row *rows)
{
    begin_rows(like, rows, folds);
    sml_status status = sml_study_check(ctx, study, data, NULL);
    if (status != SML_OK) {
        return status;
    }
    sml_dataset *(*parts)[2] = sml__alloc(ctx, folds, sizeof *parts, "the folds");
    status = parts != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t i = 0; status == SML_OK && i < folds; i++) {
        status = sml_dataset_fold(ctx, data, seed, i, folds, parts[i]);
    }
    if (status == SML_OK) {
        status = run_folds(ctx, like, parts, folds, study, rows);
    }
    for (size_t i = 0; parts != NULL && i < folds; i++) {
        sml_dataset_free(parts[i][0]);
        sml_dataset_free(parts[i][1]);
    }
    sml__free(parts);
    return status;
}
