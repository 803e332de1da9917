/* Metrics of numbers: t truth, p predicted, sums in double. */
#include "metrics/regression.h"

#include <math.h>
#include <scratchml/metrics.h>

/* SSE = Σ (t - p)², of n values `stride` apart. */
static double squared_error(const float *truth, const float *predicted, size_t n, size_t stride)
{
    double sum = 0.0;
    for (size_t i = 0; i < n * stride; i += stride) {
        double error = (double)truth[i] - (double)predicted[i];
        sum += error * error;
    }
    return sum;
}

double sml_mean_squared_error(const float *truth, const float *predicted, size_t n)
{
    return squared_error(truth, predicted, n, 1) / (double)n;
}

double sml_mean_absolute_error(const float *truth, const float *predicted, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += fabs((double)truth[i] - (double)predicted[i]);
    }
    return sum / (double)n;
}

/* SST about the mean. Two passes: Σ t² - n mean² would cancel where the mean is large against the
 * spread. A constant truth gives 0, whatever its mean is rounded to. */
static double total_square(const float *truth, size_t n, size_t stride)
{
    double mean = 0.0, total = 0.0;
    int constant = 1;
    for (size_t i = 0; i < n * stride; i += stride) {
        mean += (double)truth[i];
        constant = constant && truth[i] == truth[0];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n * stride; i += stride) {
        double distance = (double)truth[i] - mean;
        total += distance * distance;
    }
    return constant ? 0.0 : total;
}

double sml__r2_of_column(const float *truth, const float *predicted, size_t n, size_t stride)
{
    if (n < 2) {
        return (double)NAN;
    }
    const double error = squared_error(truth, predicted, n, stride);
    const double total = total_square(truth, n, stride);
    if (isnan(error) || total > 0.0) {
        return 1.0 - error / total;
    }
    return error > 0.0 ? 0.0 : 1.0;
}

double sml_r2(const float *truth, const float *predicted, size_t n)
{
    return sml__r2_of_column(truth, predicted, n, 1);
}
