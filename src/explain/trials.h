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

/* One training, from new weights. Statuses of sml_model_fit_with; that it diverges is a verdict. */
sml_status sml__try(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *like,
                    const char *settings, uint64_t steps, sml__verdict *verdict);

/* Whether it got anywhere and stayed: it ended better than at first and than a constant answer, and
 * not much worse than at its best. */
int sml__has_learned(const sml__verdict *verdict);

/* Asks the findings of an examination what only other trainings can tell: the largest learning rate
 * that learns, whether a larger one would learn faster, whether a larger network would. Errors: of
 * sml_model_fit_with. */
sml_status sml__run_trials(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model);

#endif
