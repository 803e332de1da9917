#include "explain/bounds.h"

#include <math.h>
#include <string.h>

/* Half of float32's range: partial sums beyond it may overflow. */
static const double LARGEST = 0x1p127;

double sml__gamma(size_t n)
{
    const double errors = (double)n * SML__ROUNDOFF;
    return errors < 1 ? errors / (1 - errors) : (double)INFINITY;
}

double sml__sum_bound(size_t n, double absolute, double underflows)
{
    const double gamma = sml__gamma(n);
    if (absolute > LARGEST || isinf(gamma)) {
        return (double)INFINITY;
    }
    return gamma * absolute + underflows * SML__TINY;
}

double sml__double_sum_bound(double total, double absolute)
{
    if (absolute > LARGEST) {
        return (double)INFINITY;
    }
    return 3 * SML__ROUNDOFF * fabs(total) + 0x1p-50 * absolute + SML__TINY;
}

int sml__agrees(double engine, double exact, double bound)
{
    if (isnan(engine) && isnan(exact)) {
        return 1;
    }
    return engine == exact || (isinf(bound) && !isnan(exact)) || fabs(engine - exact) <= bound;
}

static const sml__accuracy ACTIVATIONS[] = {
    {"identity", 0, 0}, {"relu", 0, 0},    {"leaky_relu", 1, 1}, {"elu", 8, 9},      {"gelu", 8, 9},
    {"silu", 8, 9},     {"sigmoid", 8, 9}, {"tanh", 8, 9},       {"softplus", 8, 9},
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
