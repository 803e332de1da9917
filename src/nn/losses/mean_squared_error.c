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

extern const sml__loss ISA(mean_squared_error_loss);
const sml__loss ISA(mean_squared_error_loss) = {
    .name = "mean_squared_error",
    .task = SML_TASK_REGRESSION,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
