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

extern const sml__loss ISA(mean_absolute_error_loss);
const sml__loss ISA(mean_absolute_error_loss) = {
    .name = "mean_absolute_error",
    .task = SML_TASK_REGRESSION,
    .crosses = crosses,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
