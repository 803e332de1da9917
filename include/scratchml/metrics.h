/* Metrics on plain arrays: no handles, no allocation, no failure. */
#ifndef SCRATCHML_METRICS_H
#define SCRATCHML_METRICS_H

#include <scratchml/base.h>
#include <scratchml/data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One row of a per-class table. A ratio without a denominator is 0, as in scikit-learn. */
typedef struct sml_class_scores {
    double precision; /* TP / (TP + FP) */
    double recall;    /* TP / (TP + FN) */
    double f1;        /* 2 precision recall / (precision + recall) */
    uint64_t support; /* true samples of the class */
} sml_class_scores;

/* The index of the largest of values[n]; the first one on a tie. n >= 1. */
SML_API size_t sml_argmax(const float *values, size_t n);

/* counts[true * n_classes + predicted] over n samples; counts is zeroed first.
 * truth[n] and predicted[n] lie in 0…n_classes-1; pairs outside are not counted. */
SML_API void sml_confusion_matrix(const int32_t *truth, const int32_t *predicted, size_t n,
                                  size_t n_classes, uint64_t *counts);

/* Precision, recall, F1 and support of each class, from counts[n_classes, n_classes]. */
SML_API void sml_class_report(const uint64_t *counts, size_t n_classes, sml_class_scores *scores);

/* The share of counts on the diagonal; NaN where there are none. */
SML_API double sml_confusion_accuracy(const uint64_t *counts, size_t n_classes);

/* Averages over classes: macro gives each the same weight, weighted its support. Classes that occur
 * neither in truth nor in a prediction are left out, as in scikit-learn. */
typedef struct sml_averages {
    double precision, recall, f1;
} sml_averages;
SML_API void sml_class_averages(const uint64_t *counts, size_t n_classes, sml_averages *macro,
                                sml_averages *weighted);

/* The figures below read probabilities: outputs[n, n_classes], truth[n] in 0…n_classes-1, n ≥ 1. */

/* The share of rows whose class is among the k largest outputs; of equal ones the higher class
 * stands first, as in scikit-learn. */
SML_API double sml_top_k_accuracy(const int32_t *truth, const float *outputs, size_t n,
                                  size_t n_classes, size_t k);

/* -mean ln p(truth), with p cut to [e, 1 - e], e = 2^-23, and then divided by the sum of its row.
 */
SML_API double sml_log_loss(const int32_t *truth, const float *outputs, size_t n, size_t n_classes);

/* Expected calibration error: rows are put into bins ((b - 1) / B, b / B] by their largest output;
 * sum over bins of n_b / n |accuracy_b - mean output_b|. 1 ≤ bins ≤ SML_BINS_MAX. */
enum { SML_BINS_DEFAULT = 15, SML_BINS_MAX = 1000 };
SML_API double sml_calibration_error(const int32_t *truth, const float *outputs, size_t n,
                                     size_t n_classes, size_t bins);

/* The area under the ROC curve: how often a positive (≠ 0) has a higher score than a negative, ties
 * counting one half. NaN without positives or without negatives. scratch: [2 n].
 * Average precision, sum of (R_i - R_(i-1)) P_i over distinct scores downwards; 0 without
 * positives. Both are NaN where a score is. */
SML_API double sml_roc_auc(const uint8_t *positive, const float *scores, size_t n,
                           uint64_t *scratch);
SML_API double sml_pr_auc(const uint8_t *positive, const float *scores, size_t n,
                          uint64_t *scratch);

/* Mean squared error, mean absolute error and R² over n values. R² = 1 - SSE/SST, with SST about
 * the mean of truth. Where truth is constant, R² is 1 for a perfect prediction and otherwise 0, as
 * in scikit-learn; NaN for n < 2. */
SML_API double sml_mean_squared_error(const float *truth, const float *predicted, size_t n);
SML_API double sml_mean_absolute_error(const float *truth, const float *predicted, size_t n);
SML_API double sml_r2(const float *truth, const float *predicted, size_t n);

/* Rows of truth and what a model said about them. */
typedef struct sml_predictions {
    sml_task task;
    size_t n, outputs;
    const float *predicted; /* [n, outputs]: probabilities, or values for regression */
    const int32_t *labels;  /* [n], classification */
    const float *targets;   /* [n, outputs], multi-label (a label is set from 0.5 on), regression */
    uint64_t *scratch;      /* [sml_metric_scratch(n, outputs)] */
} sml_predictions;

/* How many elements of scratch suffice for every metric. */
SML_API size_t sml_metric_scratch(size_t n, size_t outputs);

/* A metric by name, for early stopping, search and reports.
 *   classification  accuracy top_K log_loss ece roc_auc pr_auc macro_precision macro_recall
 * macro_f1 weighted_precision weighted_recall weighted_f1; f1 is macro_f1 multi-label     the same
 * without top_K and ece, averaged over the labels regression      mse rmse mae r2, each a mean over
 * the targets (rmse: the root of mse) loss is log_loss, or mse for regression. The areas of several
 * classes are those of each class against the rest, averaged over the classes that can have one; of
 * two classes, that of class 1. Returns 0, and leaves *value as it is, where the task has no metric
 * of that name. With p == NULL it only looks the name up. larger_is_better may be NULL. */
SML_API int sml_metric_named(const char *name, sml_task task, const sml_predictions *p,
                             double *value, int *larger_is_better);

/* The names that a task has, top_K as "top_5"; NULL past the end. */
SML_API const char *sml_metric_name(sml_task task, size_t index);

#ifdef __cplusplus
}
#endif

#endif
