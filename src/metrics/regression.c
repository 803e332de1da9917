/* Metrics of numbers: t truth, p predicted, sums in double. */
#include <scratchml/metrics.h>

#include <math.h>

/* SSE = Σ (t - p)² */
static double squared_error(const float *truth, const float *predicted, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double error = (double)truth[i] - (double)predicted[i];
        sum += error * error;
    }
    return sum;
}

double sml_mean_squared_error(const float *truth, const float *predicted, size_t n)
{
    return squared_error(truth, predicted, n) / (double)n;
}

double sml_mean_absolute_error(const float *truth, const float *predicted, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += fabs((double)truth[i] - (double)predicted[i]);
    }
    return sum / (double)n;
}

/* Two passes: Σ t² - n mean² would cancel where the mean is large against the spread. */
double sml_r2(const float *truth, const float *predicted, size_t n)
{
    double mean = 0.0, total = 0.0;
    int constant = 1;
    for (size_t i = 0; i < n; i++) {
        mean += (double)truth[i];
        constant = constant && truth[i] == truth[0];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        double distance = (double)truth[i] - mean;
        total += distance * distance;
    }
    return constant ? (double)NAN : 1.0 - squared_error(truth, predicted, n) / total;
}
