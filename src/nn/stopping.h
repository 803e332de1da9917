/* Early stopping: when the metric of the validation rows gets no better, training ends, and the
 * model keeps its best epoch. Prechelt, "Early stopping - but when?", 1998. */
#ifndef SML_NN_STOPPING_H
#define SML_NN_STOPPING_H

#include "nn/training_state.h"

/* What can stop a training. One line here and a row in stopping.c adds one. */
#define SML__STOPPING_LIST(X)                                                                      \
    X(loss)                                                                                        \
    X(accuracy)

typedef struct sml__stopping_metric {
    const char *name;
    int larger_is_better;
    int needs_classes; /* not for regression */
    double (*of)(const sml_scores *scores);
} sml__stopping_metric;

/* By name; NULL for "none". */
const sml__stopping_metric *sml__stopping_named(const char *name);

/* After epoch number `epoch`, from 1: whether its score is the best so far, by more than
 * min_change. On a tie the earlier epoch stays; NaN is never the best. */
int sml__stopping_see(sml__stopping *stopping, const sml__stopping_metric *metric,
                      double min_change, uint64_t epoch, double score);

#endif
