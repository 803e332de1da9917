/* Metrics on plain arrays: no handles, no allocation, no failure. */
#ifndef SCRATCHML_METRICS_H
#define SCRATCHML_METRICS_H

#include <scratchml/base.h>

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

/* Mean squared error, mean absolute error and R² over n values. R² = 1 - SSE/SST, with SST about
 * the mean of truth; NaN where truth is constant. */
SML_API double sml_mean_squared_error(const float *truth, const float *predicted, size_t n);
SML_API double sml_mean_absolute_error(const float *truth, const float *predicted, size_t n);
SML_API double sml_r2(const float *truth, const float *predicted, size_t n);

#ifdef __cplusplus
}
#endif

#endif
