/* Metrics of classes. C[t, p] counts the samples of class t that were predicted as p. */
#include "metrics/tally.h"

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

sml_class_scores sml__class_scores(sml__tally tally)
{
    const double hits = (double)tally.hits, said = (double)tally.said, truly = (double)tally.truly;
    const sml_class_scores scores = {
        .precision = ratio(hits, said),
        .recall = ratio(hits, truly),
        /* 2 P R / (P + R) = 2 TP / (2 TP + FP + FN), one rounding instead of four */
        .f1 = ratio(2.0 * hits, said + truly),
        .support = tally.truly,
    };
    return scores;
}

void sml__averages_add(sml_averages *sum, const sml_class_scores *scores, double weight)
{
    sum->precision += weight * scores->precision;
    sum->recall += weight * scores->recall;
    sum->f1 += weight * scores->f1;
}

static sml__tally tally_of(const uint64_t *counts, size_t n_classes, size_t k)
{
    sml__tally tally = {.hits = counts[k * n_classes + k]};
    for (size_t j = 0; j < n_classes; j++) {
        tally.truly += counts[k * n_classes + j]; /* TP + FN: row k */
        tally.said += counts[j * n_classes + k];  /* TP + FP: column k */
    }
    return tally;
}

void sml_class_report(const uint64_t *counts, size_t n_classes, sml_class_scores *scores)
{
    for (size_t k = 0; k < n_classes; k++) {
        scores[k] = sml__class_scores(tally_of(counts, n_classes, k));
    }
}

static void divide(sml_averages *sum, double n)
{
    sum->precision = ratio(sum->precision, n);
    sum->recall = ratio(sum->recall, n);
    sum->f1 = ratio(sum->f1, n);
}

void sml_class_averages(const uint64_t *counts, size_t n_classes, sml_averages *macro,
                        sml_averages *weighted)
{
    double occurring = 0.0, support = 0.0;
    *macro = *weighted = (sml_averages){0};
    for (size_t k = 0; k < n_classes; k++) {
        const sml__tally tally = tally_of(counts, n_classes, k);
        const sml_class_scores scores = sml__class_scores(tally);
        const double occurs = tally.truly + tally.said > 0 ? 1.0 : 0.0;
        sml__averages_add(macro, &scores, occurs);
        sml__averages_add(weighted, &scores, (double)tally.truly);
        occurring += occurs;
        support += (double)tally.truly;
    }
    divide(macro, occurring);
    divide(weighted, support);
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
