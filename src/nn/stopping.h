/* Early stopping: when the metric of the validation rows gets no better, training ends, and the
 * model keeps its best epoch. Prechelt, "Early stopping - but when?", 1998. */
#ifndef SML_NN_STOPPING_H
#define SML_NN_STOPPING_H

#include "nn/training_state.h"

/* What can stop a training, and whether larger is better. loss and accuracy are those of
 * sml_model_evaluate, the others those of sml_metric_named. */
#define SML__STOPPING_LIST(X)                                                                      \
    X(loss, 0)                                                                                     \
    X(accuracy, 1)                                                                                 \
    X(top_5, 1)                                                                                    \
    X(log_loss, 0)                                                                                 \
    X(ece, 0)                                                                                      \
    X(roc_auc, 1)                                                                                  \
    X(pr_auc, 1)                                                                                   \
    X(macro_precision, 1)                                                                          \
    X(macro_recall, 1)                                                                             \
    X(macro_f1, 1)                                                                                 \
    X(weighted_precision, 1)                                                                       \
    X(weighted_recall, 1)                                                                          \
    X(weighted_f1, 1)                                                                              \
    X(f1, 1)                                                                                       \
    X(mse, 0)                                                                                      \
    X(rmse, 0)                                                                                     \
    X(mae, 0)                                                                                      \
    X(r2, 1)

typedef struct sml__stopping_metric {
    const char *name;
    int larger_is_better;
} sml__stopping_metric;

/* By name; NULL for "none". */
const sml__stopping_metric *sml__stopping_named(const char *name);

/* Whether the metric needs the outputs of all rows, and not only the scores of an evaluation. */
int sml__stopping_reads_outputs(const sml__stopping_metric *metric);

/* After epoch number `epoch`, from 1: whether its score is the best so far, by more than
 * min_change. On a tie the earlier epoch stays; NaN is never the best. */
int sml__stopping_see(sml__stopping *stopping, const sml__stopping_metric *metric,
                      double min_change, uint64_t epoch, double score);

#endif
