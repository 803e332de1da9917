/* Huber loss with threshold 1: c(r) = r²/2 for |r| ≤ 1, |r| - 1/2 beyond; c'(r) = r, cut to [-1,
 * 1]. Huber, "Robust estimation of a location parameter", 1964; PyTorch's HuberLoss. c' has a kink
 * at ±1. */
#include "nn/losses/residual.h"

#include <math.h>

static double c(double r)
{
    return fabs(r) <= 1.0 ? 0.5 * r * r : fabs(r) - 0.5;
}

static double slope(double r)
{
    return fmax(-1.0, fmin(1.0, r));
}

static int crosses(double z, double other, double target)
{
    return (fabs(z - target) <= 1.0) != (fabs(other - target) <= 1.0);
}

extern const sml__loss ISA(huber_loss);
const sml__loss ISA(huber_loss) = {
    .name = "huber",
    .task = SML_TASK_REGRESSION,
    .crosses = crosses,
    .row = row,
    .row_f64 = row_f64,
    .output = output,
};
