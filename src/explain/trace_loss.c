/* Output function and loss of one row, class by class, in double from the engine's logits: (4) to
 * (16) of docs/network.md. δ by two ways: through ∂C/∂a and the Jacobian of the output function, as
 * the chain rule has it, and by the short form that the engine computes. */
#include "explain/trace_loss.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/prepare/targets.h"
#include "explain/bounds.h"

#include <math.h>
#include <string.h>

/* Relative error of a sum of n numbers in double, and of the few operations around it. */
static double double_error(const sml_loss_facts *facts)
{
    return 0x1p-52 * (double)(facts->n + 8);
}

/* Sets everything that a loss does not. */
static void start_class(sml_loss_class *one)
{
    one->shifted = (double)NAN;
    one->exponential = (double)NAN;
    one->residual = (double)NAN;
    one->term = (double)NAN;
    one->delta_jacobian = (double)NAN;
    one->delta_direct = (double)NAN;
    one->bound_delta = (double)NAN;
}

/* e^(z - M) and their sum S. */
static double sum_exponentials(sml_loss_facts *facts)
{
    double sum = 0;
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->shifted = one->z - facts->shift;
        one->exponential = exp(one->shifted);
        sum += one->exponential;
    }
    return sum;
}

/* M, S and a (4). */
static void find_softmax(sml_loss_facts *facts)
{
    facts->shift = facts->classes[0].z;
    for (size_t k = 1; k < facts->n;
         k++) { /* as the engine: a NaN that is not the first is not it */
        facts->shift = facts->classes[k].z > facts->shift ? facts->classes[k].z : facts->shift;
    }
    facts->sum = sum_exponentials(facts);
    facts->log_sum = log(facts->sum);
    for (size_t k = 0; k < facts->n; k++) {
        facts->classes[k].a_double = facts->classes[k].exponential / facts->sum;
    }
}

/* The error of e^(z - M) in float: of the function, and of the difference, which is rounded to u of
 * itself. Beside it what underflows. */
static double exponential_error(const sml_loss_class *one)
{
    return one->exponential * SML__ROUNDOFF * (SML__EXPONENTIAL + fabs(one->shifted)) + 0x1p-126;
}

/* Relative error of the sum S. */
static double sum_error(const sml_loss_facts *facts)
{
    double error = 0;
    for (size_t k = 0; k < facts->n; k++) {
        error += exponential_error(&facts->classes[k]) / facts->sum;
    }
    return error;
}

static void bound_softmax(sml_loss_facts *facts)
{
    const double of_sum = sum_error(facts);
    facts->bound_sum_of_a = 0;
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->bound_a = exponential_error(one) / facts->sum +
                       one->a_double * (of_sum + 2 * SML__ROUNDOFF) + SML__TINY;
        /* Errors of exponentials are in their sum too; each a is rounded once. */
        facts->bound_sum_of_a += SML__ROUNDOFF * one->a + SML__TINY;
    }
    facts->bound_sum_of_a += double_error(facts);
}

/* The least a by which a target can be divided in double. */
static const double LEAST = 0x1p-1000;

/* a_k g_k of the Jacobian route, g = ∂C/∂a = -y/a: -y_k, also where a_k underflows. */
static double gain(const sml_loss_class *one)
{
    return one->a_double > LEAST ? -one->y / one->a_double * one->a_double : -one->y;
}

/* C (7); δ by Σ_i g_i a_i (1[i = k] - a_k) = a_k g_k - a_k Σ_i a_i g_i (8), and a Σy - y (9). */
static void add_cross_entropy(sml_loss_facts *facts)
{
    const double of_sum = sum_error(facts), in_double = double_error(facts);
    double gains = 0, targets = 0;
    for (size_t k = 0; k < facts->n; k++) {
        gains += gain(&facts->classes[k]);
        targets += facts->classes[k].y;
    }
    facts->bound_loss = 0;
    facts->bound_sum_of_delta = 0;
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->term = one->y != 0 ? one->y * (facts->shift - one->z + facts->log_sum) : 0;
        one->delta_jacobian = facts->weight * (gain(one) - one->a_double * gains);
        one->delta_direct = facts->weight * (one->a_double * targets - one->y);
        one->bound_delta = facts->weight * (one->bound_a * fabs(targets) + SML__TINY) +
                           3 * SML__ROUNDOFF * fabs(one->delta_direct) + SML__TINY;
        facts->bound_loss += fabs(one->y) * 2 * of_sum + in_double * fabs(one->term);
        facts->bound_sum_of_delta +=
            2.001 * SML__ROUNDOFF * fabs(one->delta_engine) + (1 + facts->weight) * SML__TINY;
    }
    facts->bound_sum_of_delta += facts->weight * in_double * (1 + fabs(targets));
}

static void find_sigmoid(sml_loss_facts *facts)
{
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->a_double = 1.0 / (1.0 + exp(-one->z));
        one->bound_a = SML__SIGMOID * SML__ROUNDOFF * one->a_double + 0x1p-126;
    }
}

/* C (12); δ by ((1 - y)/(1 - a) - y/a) a (1 - a), and a - y (13). 1 - a is σ(-z), for large z. */
static void add_binary_cross_entropy(sml_loss_facts *facts)
{
    const double n = (double)facts->n;
    facts->bound_loss = 0;
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        const double z = one->z, y = one->y, a = one->a_double, rest = 1.0 / (1.0 + exp(z));
        const double softplus = log1p(exp(-fabs(z)));
        const double route = a > LEAST && rest > LEAST ? ((1 - y) / rest - y / a) * a * rest
                                                       : (1 - y) * a - y * rest;
        one->term = ((z < 0 ? 0 : z) - z * y + softplus) / n;
        one->delta_jacobian = facts->weight * route / n;
        one->delta_direct = facts->weight * (a - y) / n;
        one->bound_delta = facts->weight * (one->bound_a / n + SML__TINY) +
                           4 * SML__ROUNDOFF * fabs(one->delta_direct) + SML__TINY;
        facts->bound_loss += (SML__SOFTPLUS * SML__ROUNDOFF * softplus + 0x1p-126) / n +
                             double_error(facts) * (fabs(z) + fabs(z * y) + softplus) / n;
    }
}

/* The identity, whose Jacobian is 1. */
static void find_identity(sml_loss_facts *facts)
{
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->a_double = one->z;
        one->bound_a = 0;
    }
}

/* c(r) and c'(r) of (14) to (16). */
static double square(double r)
{
    return r * r;
}

static double square_slope(double r)
{
    return 2 * r;
}

static double sign(double r)
{
    return (double)((r > 0) - (r < 0));
}

static double huber(double r)
{
    return fabs(r) <= 1 ? r * r / 2 : fabs(r) - 0.5;
}

static double huber_slope(double r)
{
    return fmax(-1.0, fmin(1.0, r));
}

static void add_residuals(sml_loss_facts *facts, double (*c)(double), double (*slope)(double))
{
    const double n = (double)facts->n;
    facts->bound_loss = 0;
    for (size_t k = 0; k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        one->residual = one->z - one->y;
        one->term = c(one->residual) / n;
        one->delta_direct = facts->weight * slope(one->residual) / n;
        one->delta_jacobian = facts->weight * (slope(one->residual) / n);
        one->bound_delta =
            3 * SML__ROUNDOFF * fabs(one->delta_direct) + SML__TINY * (1 + facts->weight);
        facts->bound_loss += double_error(facts) * fabs(one->term);
    }
}

static void add_mean_squared_error(sml_loss_facts *facts)
{
    add_residuals(facts, square, square_slope);
}

static void add_mean_absolute_error(sml_loss_facts *facts)
{
    add_residuals(facts, fabs, sign);
}

static void add_huber(sml_loss_facts *facts)
{
    add_residuals(facts, huber, huber_slope);
}

static void predict_softmax(sml_loss_facts *facts)
{
    find_softmax(facts);
    bound_softmax(facts);
}

typedef struct description {
    const char *loss, *output;
    sml__loss_equations equations;
    int is_smoothed;                        /* label smoothing acts */
    void (*predict)(sml_loss_facts *facts); /* a from z */
    void (*add)(sml_loss_facts *facts);     /* the terms of C and δ, from a, y and w_s */
} description;

static const description LOSSES[] = {
    {"cross_entropy",
     "softmax",
     {"(4)", "(7)", "(8)", "(9)"},
     1,
     predict_softmax,
     add_cross_entropy},
    {"binary_cross_entropy",
     "sigmoid",
     {"(3)", "(12)", "(11)", "(13)"},
     0,
     find_sigmoid,
     add_binary_cross_entropy},
    {"mean_squared_error",
     "identity",
     {"(3)", "(14)", "(14)", "(14)"},
     0,
     find_identity,
     add_mean_squared_error},
    {"mean_absolute_error",
     "identity",
     {"(3)", "(15)", "(15)", "(15)"},
     0,
     find_identity,
     add_mean_absolute_error},
    {"huber", "identity", {"(3)", "(16)", "(16)", "(16)"}, 0, find_identity, add_huber},
};

static const description *describe(const char *loss)
{
    for (size_t i = 0; i < sizeof LOSSES / sizeof LOSSES[0]; i++) {
        if (strcmp(LOSSES[i].loss, loss) == 0) {
            return &LOSSES[i];
        }
    }
    return NULL;
}

const char *sml__trace_output_name(const char *loss)
{
    const description *found = describe(loss);
    return found != NULL ? found->output : NULL;
}

/* With another temperature than 1 the loss has no derivatives. */
static void forget_deltas(sml_loss_facts *facts)
{
    for (size_t k = 0; k < facts->n; k++) {
        facts->classes[k].delta_jacobian = (double)NAN;
        facts->classes[k].delta_direct = (double)NAN;
        facts->classes[k].bound_delta = (double)NAN;
    }
    facts->bound_sum_of_delta = (double)NAN;
}

sml__loss_equations sml__trace_loss_equations(const char *loss)
{
    return describe(loss)->equations;
}

/* Predictions in the units of the data, where the logits are of scaled targets: z / factor + shift,
 * in double, rounded once. */
static void restore_predictions(const sml__target_scaling *scaling, sml_loss_facts *facts)
{
    for (size_t k = 0; scaling != NULL && k < facts->n; k++) {
        sml_loss_class *one = &facts->classes[k];
        const double part = one->z / scaling->out[k].factor, shift = scaling->out[k].shift;
        one->a_double = part + shift;
        one->bound_a =
            SML__ROUNDOFF * fabs(one->a_double) + 0x1p-51 * (fabs(part) + fabs(shift)) + SML__TINY;
    }
}

/* What the engine has, and the target. */
static void take_engine(const sml_trace *trace, size_t row, sml_loss_facts *facts)
{
    const size_t n = facts->n, stride = sml__row_stride(n), last = trace->network.n_layers - 1;
    const float *z = trace->workspace.outputs[last] + row * stride;
    const float *a = trace->predictions + row * n;
    const int has_targets = trace->ready->view.task != SML_TASK_NONE;
    const sml__rows deltas = sml__trace_deltas(trace, last);
    const double e = facts->smoothing;
    for (size_t k = 0; k < n; k++) {
        sml_loss_class *one = &facts->classes[k];
        start_class(one);
        one->z = (double)(z[k] / (float)trace->temperature);
        one->a = (double)a[k];
        one->y = has_targets
                     ? (1 - e) * (double)trace->workspace.target[row * n + k] + e / (double)n
                     : (double)NAN;
        one->delta_engine =
            deltas.values != NULL ? (double)deltas.values[row * stride + k] : (double)NAN;
        facts->sum_of_a += one->a;
        facts->sum_of_delta += one->delta_engine;
    }
    facts->loss_engine = deltas.values != NULL ? trace->workspace.losses[row] : (double)NAN;
}

void sml__trace_loss(const sml_trace *trace, size_t row, sml_loss_facts *facts)
{
    const description *how = describe(trace->network.loss->name);
    const double nan = (double)NAN;
    sml_loss_class *classes = facts->classes;
    *facts = (sml_loss_facts){.loss = how->loss,
                              .output = how->output,
                              .n = trace->network.n_out,
                              .classes = classes,
                              .shift = nan,
                              .sum = nan,
                              .log_sum = nan,
                              .loss_double = nan,
                              .bound_loss = nan,
                              .bound_sum_of_a = nan,
                              .bound_sum_of_delta = nan};
    facts->weight = trace->weights != NULL ? (double)trace->weights[row] : 1.0;
    facts->smoothing = how->is_smoothed ? trace->settings.label_smoothing : 0;
    take_engine(trace, row, facts);
    how->predict(facts);
    restore_predictions(trace->model->target_scaling, facts);
    if (trace->ready->view.task == SML_TASK_NONE) {
        return;
    }
    how->add(facts);
    if (trace->temperature != 1) {
        forget_deltas(facts);
    }
    facts->loss_double = 0;
    for (size_t k = 0; k < facts->n; k++) {
        facts->loss_double += facts->weight * classes[k].term;
    }
    facts->bound_loss = facts->weight * facts->bound_loss + 0x1p-49 * fabs(facts->loss_double);
}

sml_status sml_trace_loss(sml_ctx *ctx, const sml_trace *trace, size_t row, sml_loss_facts *out)
{
    memset(out, 0, sizeof *out);
    if (row >= trace->rows) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "trace: row %zu; the batch has rows 0…%zu", row,
                         trace->rows - 1);
    }
    out->classes =
        sml__alloc(ctx, trace->network.n_out, sizeof *out->classes, "the classes of a loss");
    if (out->classes == NULL) {
        return SML_NO_MEMORY;
    }
    sml__trace_loss(trace, row, out);
    return SML_OK;
}

void sml_loss_facts_clear(sml_loss_facts *facts)
{
    sml__free(facts->classes);
    memset(facts, 0, sizeof *facts);
}
