/* Metrics of classes. C[t, p] counts the samples of class t that were predicted as p. */
#include <scratchml/metrics.h>

#include <math.h>
#include <string.h>

size_t sml_argmax(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        best = values[i] > values[best] ? i : best;
    }
    return best;
}

void sml_confusion_matrix(const int32_t *truth, const int32_t *predicted, size_t n,
                          size_t n_classes, uint64_t *counts)
{
    memset(counts, 0, n_classes * n_classes * sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        if (truth[i] >= 0 && (size_t)truth[i] < n_classes && predicted[i] >= 0 &&
            (size_t)predicted[i] < n_classes) {
            counts[(size_t)truth[i] * n_classes + (size_t)predicted[i]]++;
        }
    }
}

static double ratio(double numerator, double denominator)
{
    return denominator > 0.0 ? numerator / denominator : 0.0;
}

void sml_class_report(const uint64_t *counts, size_t n_classes, sml_class_scores *scores)
{
    for (size_t k = 0; k < n_classes; k++) {
        uint64_t truly = 0, said = 0; /* TP + FN: row k; TP + FP: column k */
        for (size_t j = 0; j < n_classes; j++) {
            truly += counts[k * n_classes + j];
            said += counts[j * n_classes + k];
        }
        double hits = (double)counts[k * n_classes + k];
        scores[k].precision = ratio(hits, (double)said);
        scores[k].recall = ratio(hits, (double)truly);
        /* 2 P R / (P + R) = 2 TP / (2 TP + FP + FN), one rounding instead of four */
        scores[k].f1 = ratio(2.0 * hits, (double)said + (double)truly);
        scores[k].support = truly;
    }
}

double sml_confusion_accuracy(const uint64_t *counts, size_t n_classes)
{
    uint64_t diagonal = 0, total = 0;
    for (size_t i = 0; i < n_classes * n_classes; i++) {
        total += counts[i];
    }
    for (size_t k = 0; k < n_classes; k++) {
        diagonal += counts[k * n_classes + k];
    }
    return total > 0 ? (double)diagonal / (double)total : (double)NAN;
}
