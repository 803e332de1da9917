/* Trainings side by side: each is a function of its job, so timing decides who does it and never
 * what comes of it. */
#ifndef SML_STUDY_RUNNER_H
#define SML_STUDY_RUNNER_H

#include <scratchml/study.h>

typedef struct sml__job {
    const sml_dataset *train, *score;
    sml_study_row *row; /* seed, epochs and settings (may be NULL) are given, results come back */
    uint64_t epochs;    /* of the whole run that row->epochs is the beginning of; 0: row->epochs */
    char *checkpoint;   /* where it goes on from and stops; NULL: none */
    float *predictions; /* [rows of score, outputs] what it says of them, if it did not diverge;
                           NULL: not asked */
} sml__job;

/* Runs the jobs with the settings of like and those of their rows, and hands each finished row to
 * study->row. The first error ends it. */
sml_status sml__run_jobs(sml_ctx *ctx, const sml_study *study, const sml_model *like,
                         const sml__job *jobs, size_t n);

#endif
