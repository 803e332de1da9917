/* Many trainings instead of one: repeated seeds, cross-validation, search for hyper-parameters.
 * Trainings run side by side, one thread each; what they give depends on data, settings and seed
 * alone, never on how many threads there are. */
#ifndef SCRATCHML_STUDY_H
#define SCRATCHML_STUDY_H

#include <scratchml/base.h>
#include <scratchml/data.h>
#include <scratchml/metrics.h>
#include <scratchml/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A training of a study and what came of it. */
typedef struct sml_study_row {
    size_t trial;      /* of a search, from 0 */
    size_t rung;       /* of a search: how often the field was thinned out before, from 0 */
    size_t fold;       /* of a cross-validation, from 0 */
    uint64_t seed;     /* the model's */
    uint64_t epochs;   /* it was to run for; of a search those of the rungs before included */
    double metric;     /* on the rows to score; NaN where the training diverged */
    double accuracy;   /* as of sml_model_evaluate */
    double loss;       /* the same */
    double seconds;    /* wall time of the fit; the same */
    sml_status status; /* SML_OK, SML_DIVERGED; SML_CANCELLED: not done */
    sml_unknown_rows unknown; /* of the rows to score: their unknown categories count as zeros */
    const char *settings; /* of a search: "hidden=64 learning_rate=0.01"; lives as long as that */
} sml_study_row;

typedef struct sml_study {
    /* A name that sml_metric_named knows; NULL: accuracy, for regression loss. accuracy and loss
     * are those of sml_model_evaluate. */
    const char *metric;
    /* After each training, by one thread at a time, in any order; non-zero cancels. */
    int (*row)(void *user, const sml_study_row *row);
    /* Asked after every batch, by any thread at any time; non-zero cancels. */
    int (*cancelled)(void *user);
    void *user;
    /* What does not end the study: a damaged checkpoint, whose trial is trained anew. By one thread
     * at a time; NULL: not told. */
    void (*note)(void *user, const char *text);
} sml_study;

/* Mean and standard deviation (n - 1) of the values that are numbers; deviation is NaN for n < 2.
 */
typedef struct sml_summary {
    double mean, deviation;
    size_t n;
} sml_summary;
SML_API sml_summary sml_summarize(const double *values, size_t n);

/* Whether larger values of a study's metric are better. Errors: SML_UNKNOWN_NAME (with the
 * nearest name), SML_BAD_DATA (no targets). */
SML_API sml_status sml_study_check(sml_ctx *ctx, const sml_study *study, const sml_dataset *data,
                                   int *larger_is_better);

/* Trains with the settings of `like` on train and scores on test, `seeds` times, with the seeds
 * that follow the one of like; rows[seeds]. What was done is in rows after SML_CANCELLED, too.
 * Errors: as of sml_model_fit, with the training named. */
SML_API sml_status sml_repeat(sml_ctx *ctx, const sml_model *like, const sml_dataset *train,
                              const sml_dataset *test, size_t seeds, const sml_study *study,
                              sml_study_row *rows);

/* Trains on all folds but one and scores on that one, for each of `folds`; rows[folds]. The folds
 * are those of sml_dataset_fold with this seed. */
SML_API sml_status sml_cross_validate(sml_ctx *ctx, const sml_model *like, const sml_dataset *data,
                                      size_t folds, uint64_t seed, const sml_study *study,
                                      sml_study_row *rows);

/* A search by successive halving (Jamieson and Talwalkar 2016): all trials train for a few epochs,
 * the best of them go on until eta times as many, and so on, the last ones until all epochs of
 * like. What a rung trains is the beginning of that whole run: schedules count to its end. */
typedef struct sml_search sml_search;

/* What to search. An element of space is NAME=VALUES, NAME a hyper-parameter, VALUES one of
 *   64|128|256,128     these
 *   0..0.5             between, uniformly; whole numbers for a parameter that has those
 *   log:1e-4..1e-1     between, uniformly in the logarithm
 *   int:1..9           whole numbers between; log2:16..512: the powers of two between
 * and with /N behind a range its N evenly spaced points, both ends included. */
typedef struct sml_search_plan {
    const char *const *space; /* [n_space] */
    size_t n_space;
    int grid;            /* 1: every combination, in order; 0: drawn by chance */
    size_t trials;       /* to draw; a space with no more combinations is a grid. Of a grid the most
                            that it may have, 0: 10,000 */
    uint64_t seed;       /* of the draws; more trials extend a search */
    uint64_t eta;        /* 0: 3; 1: no halving, every trial trains for all epochs */
    uint64_t min_epochs; /* of the first rung; 0: what leaves one trial for all epochs */
} sml_search_plan;

/* Checks the plan and draws its trials. like gives all other settings and the epochs of the last
 * rung; it is not needed afterwards. Free with sml_search_free.
 * Errors: SML_BAD_ARGUMENT, SML_UNKNOWN_NAME (a hyper-parameter, with the nearest name),
 * SML_NO_MEMORY. */
SML_API sml_status sml_search_create(sml_ctx *ctx, const sml_model *like,
                                     const sml_search_plan *plan, sml_search **out);
SML_API void sml_search_free(sml_search *search);

/* Counts for progress: trials, rungs, and trainings of all rungs together. */
SML_API void sml_search_size(const sml_search *search, size_t *trials, size_t *rungs, size_t *jobs);

/* Trains on train, ranks by the metric on validation. journal: a folder, made where it is not
 * there, that keeps the plan, every result, and checkpoints of the trials that go on; a search that
 * was interrupted goes on from it. NULL keeps nothing: the checkpoints are in a temporary folder.
 * Results that it takes from there go through study->row as well. Errors: as of sml_model_fit;
 * SML_BAD_ARGUMENT when the journal is of another plan or data, or in use, or when trials that
 * differ in loss or target_scaling are ranked by the loss; SML_IO, SML_BAD_FILE. */
SML_API sml_status sml_search_run(sml_ctx *ctx, sml_search *search, const sml_dataset *train,
                                  const sml_dataset *validation, const sml_study *study,
                                  const char *journal);

/* The last training of the trial at a place of the ranking, from 0: first those that came furthest,
 * then by metric, NaN last, ties to the lower trial. NULL past the trials that were trained. */
SML_API const sml_study_row *sml_search_rank(const sml_search *search, size_t place);

#ifdef __cplusplus
}
#endif

#endif
