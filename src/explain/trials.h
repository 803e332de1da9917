/* Short trainings of models that differ from the one examined in a setting or two: what a
 * diagnosis is held against. */
#ifndef SML_EXPLAIN_TRIALS_H
#define SML_EXPLAIN_TRIALS_H

#include "explain/doctor.h"

typedef struct sml__verdict {
    int diverged;
    double start, best, end; /* mean losses: of the first sixteenth, of the best eighth, and of the
                                last one */
    double constant;         /* of the best constant answer */
    uint64_t steps;          /* taken */
} sml__verdict;

/* What differs from the training examined. */
typedef struct sml__trial {
    const char *settings;     /* "hidden=512 epochs=40" */
    const sml_dataset *train; /* NULL: the same rows */
    uint64_t steps;           /* after which it ends; 0: its own end */
} sml__trial;

/* One training, from new weights. out: NULL, or gets the model that it made, to be freed; NULL
 * where it made none. Statuses of sml_model_fit_with; that it diverges is a verdict. */
sml_status sml__try(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *like,
                    const sml__trial *trial, sml__verdict *verdict, sml_model **out);

enum { SML__RATE_SETTING = 40 };

/* "learning_rate=0.0316", of three digits, so that what is tried is what is told. */
void sml__rate_setting(const sml_doctor *doctor, double rate, char text[SML__RATE_SETTING]);

/* A training with another learning rate, and other settings, or "". */
sml_status sml__try_rate(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *model,
                         double rate, const char *others, uint64_t steps, sml__verdict *verdict);

/* Steps of a short trial: as many as the training has, but not more than tell. */
uint64_t sml__short_steps(const sml_doctor *doctor, const sml_model *model);

/* Whether it got anywhere and stayed: it ended better than at first and than a constant answer, and
 * not much worse than at its best, unless both are next to 0. */
int sml__has_learned(const sml__verdict *verdict);

/* Whether preprocessing scales what the network reads. */
int sml__is_scaled(const sml_doctor *doctor, const sml_model *model);

/* Asks the findings of an examination what only other trainings can tell: the largest learning rate
 * that learns, whether scaled inputs learn better, and what else a training may lack that came to
 * little. Errors: of sml_model_fit_with. */
sml_status sml__run_trials(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model);

/* lacking.c: whether inputs that are out of scale do harm, */
sml_status sml__prove_scaling(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model);
/* and of a training that came to little, whether with one setting changed it answers rows better
 * that it does not train on. Errors: SML_NO_MEMORY, SML_CANCELLED. */
sml_status sml__find_what_is_lacking(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model);

#endif
