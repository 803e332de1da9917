/* Metrics of probabilities: outputs[n, n_classes] against classes. */
#include <math.h>
#include <scratchml/metrics.h>

/* A row is hit where fewer than k classes stand before its own: larger, or equal and higher. */
double sml_top_k_accuracy(const int32_t *truth, const float *outputs, size_t n, size_t n_classes,
                          size_t k)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = outputs + i * n_classes;
        const size_t own = (size_t)truth[i];
        size_t before = 0;
        for (size_t j = 0; j < n_classes; j++) {
            /* written so that a NaN is no hit */
            before += j != own && !(row[j] < row[own] || (j < own && row[j] == row[own]));
        }
        hits += before < k;
    }
    return (double)hits / (double)n;
}

/* FLT_EPSILON, as scikit-learn takes it for float32 scores. */
static const double CLIP = 0x1p-23;

/* A NaN stays one, which fmin and fmax would hide. */
static double clipped(float p)
{
    const double high = (double)p > CLIP || isnan(p) ? (double)p : CLIP;
    return high > 1.0 - CLIP ? 1.0 - CLIP : high;
}

double sml_log_loss(const int32_t *truth, const float *outputs, size_t n, size_t n_classes)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float *row = outputs + i * n_classes;
        double total = 0.0;
        for (size_t j = 0; j < n_classes; j++) {
            total += clipped(row[j]);
        }
        sum -= log(clipped(row[truth[i]]) / total);
    }
    return sum / (double)n;
}

/* Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", 2017:
 * Σ n_b / n |acc_b - conf_b| = (1 / n) Σ |hits_b - sum of confidences_b|. */
double sml_calibration_error(const int32_t *truth, const float *outputs, size_t n, size_t n_classes,
                             size_t bins)
{
    double gaps[SML_BINS_MAX] = {0};
    double sum = 0.0;
    bins = bins < 1 ? 1 : bins > SML_BINS_MAX ? SML_BINS_MAX : bins;
    for (size_t i = 0; i < n; i++) {
        const float *row = outputs + i * n_classes;
        const size_t said = sml_argmax(row, n_classes);
        const double confidence = (double)row[said];
        /* the bin whose upper edge is the first that is not below */
        const double edge = ceil(confidence * (double)bins);
        const size_t bin = edge >= 1.0 ? (size_t)fmin(edge, (double)bins) - 1 : 0;
        gaps[bin] += ((size_t)truth[i] == said ? 1.0 : 0.0) - confidence;
    }
    for (size_t bin = 0; bin < bins; bin++) {
        sum += fabs(gaps[bin]);
    }
    return sum / (double)n;
}
