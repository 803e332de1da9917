/* One training of a study. */
#ifndef SML_STUDY_TRIAL_H
#define SML_STUDY_TRIAL_H

#include "study/runner.h"

/* A new model of the same algorithm with the same settings, never fitted. */
sml_status sml__model_alike(sml_ctx *ctx, const sml_model *like, sml_model **out);

/* Trains and scores. A divergence is a result: the row tells. */
sml_status sml__trial_run(sml_ctx *ctx, const sml_study *study, const sml_model *like,
                          const sml__job *job);

/* study->metric, or what NULL means for the task. */
const char *sml__study_metric(const sml_study *study, sml_task task);

#endif
