/* Mean squared error: c(r) = r², c'(r) = 2 r. PyTorch's MSELoss. */
#include "nn/losses/residual.h"

static double c(double r)
{
    return r * r;
}

static double slope(double r)
{
    return 2.0 * r;
}

static double row(const float *z, const float *y, size_t n, double smoothing, float *delta)
{
    (void)smoothing;
    return sml__residual_row(z, y, n, delta, c, slope);
}

static double row_f64(const double *z, const double *y, size_t n, double smoothing, double *delta)
{
    (void)smoothing;
    return sml__residual_row_f64(z, y, n, delta, c, slope);
}

static void output(const float *z, size_t n, float *out)
{
    sml__residual_output(z, n, out);
}

extern const sml__loss ISA(mean_squared_error_loss);
const sml__loss ISA(mean_squared_error_loss) = {
    .name = "mean_squared_error",
    .task = SML_TASK_REGRESSION,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
