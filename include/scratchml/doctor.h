/* The doctor: looks on while a network trains, and says what ails it, why, and what to try. */
#ifndef SCRATCHML_DOCTOR_H
#define SCRATCHML_DOCTOR_H

#include <scratchml/base.h>
#include <scratchml/data.h>
#include <scratchml/fit.h>
#include <scratchml/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sml_severity { SML_FINDING_NOTE, SML_FINDING_WARNING, SML_FINDING_ERROR } sml_severity;

/* A number that a finding rests on: "units dead", 97, "of 100". */
typedef struct sml_evidence {
    const char *name;
    double value;
    const char *unit; /* "" where it has none */
} sml_evidence;

/* All texts are ASCII but for names from the data, and live as long as the doctor, or until it
 * looks at another training. */
typedef struct sml_finding {
    const char *code; /* "dead_relu": stable, for scripts */
    sml_severity severity;
    const char *title; /* "layers.1: 97 of 100 units are dead" */
    const char *text;  /* what it means here, one to three sentences */
    const sml_evidence *evidence;
    size_t n_evidence;
    const char *remedy; /* exactly one thing: "learning_rate=0.01", a setting or a data option, or
                           words */
    const char *reason; /* why that helps */
    int is_tried;       /* a training with the remedy has shown that it helps */
    /* Where: the N of layers.N, a unit of it, a row of the training data, an epoch and an update,
     * both from 1. -1 and 0 where it has none. */
    int64_t block, unit, sample;
    uint64_t epoch, step;
    const char *suppressed_by; /* the code of the finding that this one follows from; NULL: none */
} sml_finding;

/* One thread at a time may use a doctor. */
typedef struct sml_doctor sml_doctor;

/* Free with sml_doctor_free. Errors: SML_NO_MEMORY. */
SML_API sml_status sml_doctor_create(sml_ctx *ctx, sml_doctor **out);
SML_API void sml_doctor_free(sml_doctor *doctor); /* NULL is legal */

/* For sml_fit_options.watch. The findings of a training are there when its fit has returned; the
 * next one that is watched replaces them. A watch changes no bit of the result. */
SML_API const struct sml_watch *sml_doctor_watch(sml_doctor *doctor);

/* What is to be examined. */
typedef struct sml_examination {
    const sml_dataset *train;
    const sml_dataset *test; /* NULL: none. Scored after every epoch, where there are no validation
                                rows: training does not learn from it */
    const sml_fit_options *fit; /* NULL: the defaults; its watch is not asked */
    int no_trials; /* 1: nothing that costs more trainings: a diagnosis then has less proof, and
                      underfitting none */
    int (*cancelled)(
        void *user); /* asked after every batch of those; non-zero cancels. NULL: none */
    void *user;
} sml_examination;

/* Fits model on train, and looks for what ails both. report may be NULL.
 * Errors: as of sml_model_fit_with, but that a training diverged, or that its data was refused
 * for a number that is none, is a finding: SML_OK. SML_CANCELLED: findings so far are there. */
SML_API sml_status sml_doctor_examine(sml_ctx *ctx, sml_doctor *doctor, sml_model *model,
                                      const sml_examination *what, sml_fit_report *report);

/* Whether ctx's error, of a data set that could not be opened or a model that could not be fitted,
 * is an ailment of the data: a number that is none. It is a finding then. */
SML_API int sml_doctor_refused(sml_ctx *ctx, sml_doctor *doctor, sml_status status);

/* The course of the training that was watched last: mean losses of its batches, in windows of
 * *batches each; the last window may hold fewer, and a loss that is not finite is left out. Writes
 * the first `most` of them to losses, and returns how many there are, 64 at most; 0 before a
 * training. batches may be NULL. */
SML_API size_t sml_doctor_losses(const sml_doctor *doctor, double *losses, size_t most,
                                 uint64_t *batches);

/* The findings: first those that follow from no other, errors first, causes before effects. NULL
 * past the end. */
SML_API const sml_finding *sml_doctor_finding(const sml_doctor *doctor, size_t index);

#ifdef __cplusplus
}
#endif

#endif
