#include "explain/bounds.h"

#include <math.h>
#include <string.h>

double sml__gamma(size_t n)
{
    const double errors = (double)n * SML__ROUNDOFF;
    return errors < 1 ? errors / (1 - errors) : (double)INFINITY;
}

double sml__sum_bound(size_t n, double absolute, double underflows)
{
    const double gamma = sml__gamma(n);
    if (absolute > SML__LARGEST || isinf(gamma)) {
        return (double)INFINITY;
    }
    return gamma * absolute + underflows * SML__TINY;
}

double sml__gradient_bound(size_t n, double absolute, double scale, double inputs)
{
    if (absolute > SML__LARGEST) {
        return (double)INFINITY;
    }
    return sml__sum_bound(n + 3, scale * absolute, (double)n + inputs);
}

double sml__double_sum_bound(double total, double absolute)
{
    if (absolute > SML__LARGEST) {
        return (double)INFINITY;
    }
    return 3 * SML__ROUNDOFF * fabs(total) + 0x1p-50 * absolute + SML__TINY;
}

double sml__normalised_error(double normalised, double mean, double factor)
{
    const double underflow = SML__TINY / SML__ROUNDOFF;
    return 4 * fabs(normalised) + 2 * fabs(mean) * factor + underflow * (1 + factor);
}

double sml__normalised_bound(size_t n, double slack, double scale)
{
    return scale * (SML__ROUNDOFF * slack + SML__TINY * (double)n);
}

int sml__agrees(double engine, double exact, double bound)
{
    return isfinite(engine) && isfinite(exact) &&
           (engine == exact || fabs(engine - exact) <= bound);
}

/* A quarter more than was measured, and 1 u for the product with ∂C/∂a. */
static const sml__accuracy ACTIVATIONS[] = {
    {"identity", 0, 0}, {"relu", 0, 0},   {"leaky_relu", 1, 1},
    {"elu", 3, 4},      {"gelu", 11, 13}, {"silu", 4, 22},
    {"sigmoid", 3, 4},  {"tanh", 4, 6},   {"softplus", 6, 4},
};

const sml__accuracy *sml__activation_accuracy(const char *name)
{
    for (size_t i = 0; i < sizeof ACTIVATIONS / sizeof ACTIVATIONS[0]; i++) {
        if (strcmp(name, ACTIVATIONS[i].name) == 0) {
            return &ACTIVATIONS[i];
        }
    }
    return NULL;
}
