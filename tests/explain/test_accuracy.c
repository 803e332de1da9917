/* The constants of the bounds, measured: activations, their slopes, and the functions that losses
 * are made of, on every instruction set, over numbers of all sizes. */
#include "support.h"

#include "explain/bounds.h"
#include "nn/registry.h"

enum { N = 4096, STRIDE = 9973 }; /* of the bit patterns of floats */

static const double U = SML__ROUNDOFF;

/* The next n floats of all; 0 at the end. NaN and infinities are left out. */
static size_t next_floats(uint64_t *bits, float *z)
{
    size_t n = 0;
    for (; n < N && *bits < (uint64_t)1 << 32; *bits += STRIDE) {
        const uint32_t pattern = (uint32_t)*bits;
        memcpy(&z[n], &pattern, sizeof pattern);
        n += isfinite(z[n]) ? 1 : 0;
    }
    return n;
}

/* As many of the sizes that networks have: -40…40. */
static size_t next_of_range(size_t *index, float *z)
{
    size_t n = 0;
    for (; n < N && *index < 60 * (size_t)N; (*index)++) {
        z[n++] = (float)(-40 + 80.0 * (double)*index / (60.0 * N));
    }
    return n;
}

typedef struct errors {
    double f, slope; /* in units of u */
} errors;

static void add_errors(const sml__layer_type *type, const float *z, size_t n, double value,
                       errors *found)
{
    static float a[N], ones[N], delta[N];
    for (size_t i = 0; i < n; i++) {
        ones[i] = 1;
    }
    const sml__pass pass = {.size = 1,
                            .rows = 1,
                            .n_in = n,
                            .n_out = n,
                            .in_row = n,
                            .out_row = n,
                            .input = z,
                            .output = a,
                            .d_output = ones,
                            .d_input = delta,
                            .value = value};
    type->forward(&pass);
    type->backward(&pass);
    value = (double)(float)value;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)z[i], f = type->f(x, value), slope = type->slope(x, value);
        const double size = fmax(fabs(f), fabs(x * slope));
        const double of_f = fabs((double)a[i] - f) / (U * size + 0x1p-126 * (1 + fabs(x)));
        const double of_slope =
            fabs((double)delta[i] - slope) / (U * fmax(fabs(slope), 0.5) + SML__TINY);
        if (!isfinite(f) || fabs(f) > 0x1p127) {
            continue;
        }
        found->f = fmax(found->f, of_f);
        found->slope = fmax(found->slope, of_slope);
    }
}

static errors errors_of(const sml__layer_type *type, double value)
{
    static float z[N];
    errors found = {0};
    uint64_t bits = 0;
    size_t index = 0, n = 0;
    while ((n = next_floats(&bits, z)) > 0) {
        add_errors(type, z, n, value, &found);
    }
    while ((n = next_of_range(&index, z)) > 0) {
        add_errors(type, z, n, value, &found);
    }
    return found;
}

static void activations_are_within_their_bounds(void **state)
{
    static const double values[] = {0.01, 0.3, 1, 10};
    (void)state;
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (size_t i = 0; sml__isa_available((sml__isa)isa) && i < SML__LAYERS; i++) {
            const sml__layer_type *type = sml__kit_for((sml__isa)isa)->layers[i];
            const sml__accuracy *bound = sml__activation_accuracy(type->name);
            for (size_t v = 0; bound != NULL && v < sizeof values / sizeof values[0]; v++) {
                if (values[v] > fmax(type->maximum, 0.01)) {
                    continue;
                }
                const errors found = errors_of(type, values[v]);
                if (found.f > bound->f || found.slope > bound->slope) {
                    fail_msg("%s %s %g: f %.2f u of %g, slope %.2f u of %g",
                             sml__isa_name((sml__isa)isa), type->name, values[v], found.f, bound->f,
                             found.slope, bound->slope);
                }
                /* and it was measured: no bound is ten times too wide */
                assert_true(found.f >= bound->f / 10 || values[v] > 0.02);
            }
        }
    }
}

static const sml__loss *loss_of(sml__isa isa, const char *name)
{
    const sml__kit *kit = sml__kit_for(isa);
    for (size_t i = 0; i < SML__LOSSES; i++) {
        if (strcmp(kit->losses[i]->name, name) == 0) {
            return kit->losses[i];
        }
    }
    fail_msg("no loss %s", name);
    return NULL;
}

/* e^x for x = -|z| is what softmax of (0, x) gives, a = e / (1 + e), rounded once more; σ(z) and
 * ln(1 + e^x) are the prediction and the loss of binary cross-entropy, for y = 0. */
static void functions_of_losses(void **state)
{
    static float z[N];
    (void)state;
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        double exponential = 0, sigmoid = 0, softplus = 0;
        uint64_t bits = 0;
        size_t index = 0, n = 0;
        if (!sml__isa_available((sml__isa)isa)) {
            continue;
        }
        const sml__loss *softmax = loss_of((sml__isa)isa, "cross_entropy");
        const sml__loss *binary = loss_of((sml__isa)isa, "binary_cross_entropy");
        while ((n = next_floats(&bits, z)) > 0 || (n = next_of_range(&index, z)) > 0) {
            for (size_t i = 0; i < n; i++) {
                const float pair[2] = {0, -fabsf(z[i])}, zero = 0;
                const double x = (double)pair[1], e = exp(x), s = 1 / (1 + exp(-(double)z[i]));
                const double a = e / (1 + e), plus = log1p(e);
                float two[2], one;
                softmax->output(pair, 2, two);
                binary->output(&z[i], 1, &one);
                const double loss = binary->row(&pair[1], &zero, 1, 0, NULL);
                exponential =
                    fmax(exponential,
                         fmax(fabs((double)two[1] - a) / (U * a + 0x1p-126) - 1, 0) * (1 + e));
                sigmoid = fmax(sigmoid, fabs((double)one - s) / (U * s + 0x1p-126));
                softplus = fmax(softplus, fabs(loss - plus) / (U * plus + 0x1p-126));
            }
        }
        if (exponential > SML__EXPONENTIAL || sigmoid > SML__SIGMOID || softplus > SML__SOFTPLUS) {
            fail_msg("%s: e^x %.2f u, sigmoid %.2f u, ln(1 + e^x) %.2f u",
                     sml__isa_name((sml__isa)isa), exponential, sigmoid, softplus);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_are_within_their_bounds),
        cmocka_unit_test(functions_of_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
