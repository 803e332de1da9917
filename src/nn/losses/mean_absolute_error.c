/* Mean absolute error: c(r) = |r|, c'(r) = sign r, 0 at r = 0 by convention. PyTorch's L1Loss. */
#include "nn/losses/residual.h"

#include <math.h>

static double c(double r)
{
    return fabs(r);
}

static double slope(double r)
{
    return r > 0 ? 1.0 : (r < 0 ? -1.0 : 0.0);
}

static int crosses(double z, double other, double target)
{
    return (z > target) != (other > target);
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

extern const sml__loss ISA(mean_absolute_error_loss);
const sml__loss ISA(mean_absolute_error_loss) = {
    .name = "mean_absolute_error",
    .task = SML_TASK_REGRESSION,
    .crosses = crosses,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
