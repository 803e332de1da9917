#include "explain/trace_checks.h"

#include "base/memory.h"
#include "explain/bounds.h"
#include "explain/trace_loss.h"
#include "explain/trace_unit.h"

#include <math.h>
#include <string.h>

/* 0 / 0 is 0; infinite where a number is not finite. */
static double ratio_of(double left, double right, double bound, int holds)
{
    const double ratio = fabs(left - right) / bound;
    const double without = holds ? 0 : (double)INFINITY;
    return isnan(ratio) ? without : ratio;
}

void sml__check_see(sml__check *check, sml__place place, double left, double right, double bound)
{
    sml_trace_check *worst = check->worst;
    const int holds = sml__agrees(left, right, bound);
    const double ratio = ratio_of(left, right, bound, holds);
    const int is_worse =
        holds ? worst->holds && ratio > worst->ratio : worst->holds || ratio > worst->ratio;
    if (is_worse || worst->n == 0) {
        worst->unit = place.unit;
        worst->input = place.input;
        worst->row = place.row;
        worst->left = left;
        worst->right = right;
        worst->bound = bound;
        worst->ratio = ratio;
        worst->holds = holds;
    }
    worst->n++;
}

static const sml__layer_type *type_of(const sml_trace *trace, size_t l)
{
    return trace->network.layers[l].type;
}

/* Calls see for the facts of all units of a layer; means of a norm are found once for all that
 * share them. */
static void each_unit(sml__check *check,
                      void (*see)(sml__check *, sml__place, const sml_unit_facts *))
{
    const sml_trace *trace = check->trace;
    const size_t l = check->layer, n = trace->network.layers[l].n_out;
    const int is_norm = type_of(trace, l)->normalise != NULL;
    const int by_rows = is_norm && sml__trace_norm_group(trace, l) == SML__OVER_ROWS;
    const size_t groups = by_rows ? n : trace->rows, members = by_rows ? trace->rows : n;
    for (size_t g = 0; g < groups; g++) {
        sml__norm_means means = {0};
        if (is_norm) {
            means = sml__trace_norm_means(trace, l, by_rows ? g : 0, by_rows ? 0 : g);
        }
        for (size_t i = 0; i < members; i++) {
            const sml__place place = {.unit = by_rows ? g : i, .row = by_rows ? i : g};
            sml_unit_facts facts;
            sml__trace_unit(trace, l, place.unit, place.row, &means, &facts);
            see(check, place, &facts);
        }
    }
}

static void see_output(sml__check *check, sml__place place, const sml_unit_facts *facts)
{
    sml__check_see(check, place, facts->a, facts->f, facts->bound_f);
}

static void see_delta(sml__check *check, sml__place place, const sml_unit_facts *facts)
{
    sml__check_see(check, place, facts->delta_in, facts->product, facts->bound_delta);
}

static void check_outputs(sml__check *check)
{
    each_unit(check, see_output);
}

static void check_deltas(sml__check *check)
{
    each_unit(check, see_delta);
}

/* Calls see for the facts of all rows. */
static void each_loss(sml__check *check,
                      void (*see)(sml__check *, sml__place, const sml_loss_facts *))
{
    sml_loss_facts facts = {.classes = check->classes};
    for (size_t r = 0; r < check->trace->rows; r++) {
        sml__trace_loss(check->trace, r, &facts);
        see(check, (sml__place){.row = r}, &facts);
    }
}

static void see_predictions(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    for (place.unit = 0; place.unit < facts->n; place.unit++) {
        const sml_loss_class *one = &facts->classes[place.unit];
        sml__check_see(check, place, one->a, one->a_double, one->bound_a);
    }
}

static void see_jacobian(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    for (place.unit = 0; place.unit < facts->n; place.unit++) {
        const sml_loss_class *one = &facts->classes[place.unit];
        sml__check_see(check, place, one->delta_engine, one->delta_jacobian, one->bound_delta);
    }
}

static void see_direct(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    for (place.unit = 0; place.unit < facts->n; place.unit++) {
        const sml_loss_class *one = &facts->classes[place.unit];
        sml__check_see(check, place, one->delta_engine, one->delta_direct, one->bound_delta);
    }
}

static void see_loss(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    sml__check_see(check, place, facts->loss_engine, facts->loss_double, facts->bound_loss);
}

static void see_sum_of_a(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    sml__check_see(check, place, facts->sum_of_a, 1, facts->bound_sum_of_a);
}

static void see_sum_of_delta(sml__check *check, sml__place place, const sml_loss_facts *facts)
{
    sml__check_see(check, place, facts->sum_of_delta, 0, facts->bound_sum_of_delta);
}

static void check_predictions(sml__check *check)
{
    each_loss(check, see_predictions);
}

static void check_jacobian(sml__check *check)
{
    each_loss(check, see_jacobian);
}

static void check_direct(sml__check *check)
{
    each_loss(check, see_direct);
}

static void check_loss(sml__check *check)
{
    each_loss(check, see_loss);
}

static void check_sum_of_a(sml__check *check)
{
    each_loss(check, see_sum_of_a);
}

static void check_sum_of_delta(sml__check *check)
{
    each_loss(check, see_sum_of_delta);
}

/* C = (1/Σw) Σ_s w_s C_s. */
static void check_batch_loss(sml__check *check)
{
    const sml_trace *trace = check->trace;
    double sum = 0, size = 0;
    for (size_t r = 0; r < trace->rows; r++) {
        sum += trace->workspace.losses[r];
        size += fabs(trace->workspace.losses[r]);
    }
    const double scale = sml__trace_scale(trace);
    sml__check_see(check, (sml__place){0}, trace->loss, scale * sum,
                   0x1p-52 * (double)(trace->rows + 4) * scale * size);
}

/* To which layers a relation belongs. */
static int is_dense(const sml_trace *trace, size_t l)
{
    return type_of(trace, l)->has_units;
}

static int has_deltas(const sml_trace *trace, size_t l)
{
    return sml__trace_deltas(trace, l).values != NULL;
}

static int is_dense_behind(const sml_trace *trace, size_t l)
{
    return is_dense(trace, l) && has_deltas(trace, l);
}

static int hands_back(const sml_trace *trace, size_t l)
{
    return l > 0 && has_deltas(trace, l - 1);
}

static int is_dense_above(const sml_trace *trace, size_t l)
{
    return is_dense(trace, l) && hands_back(trace, l);
}

static int is_activation(const sml_trace *trace, size_t l)
{
    return type_of(trace, l)->f != NULL;
}

static int is_activation_above(const sml_trace *trace, size_t l)
{
    return is_activation(trace, l) && hands_back(trace, l);
}

static int is_dropout(const sml_trace *trace, size_t l)
{
    return type_of(trace, l)->is_random;
}

static int is_dropout_above(const sml_trace *trace, size_t l)
{
    return is_dropout(trace, l) && hands_back(trace, l);
}

static int is_norm(const sml_trace *trace, size_t l)
{
    return type_of(trace, l)->normalise != NULL;
}

static int is_norm_behind(const sml_trace *trace, size_t l)
{
    return is_norm(trace, l) && has_deltas(trace, l);
}

static int is_norm_above(const sml_trace *trace, size_t l)
{
    return is_norm(trace, l) && hands_back(trace, l);
}

static int has_statistics(const sml_trace *trace, size_t l)
{
    return is_norm(trace, l) && sml__trace_norm_group(trace, l) != SML__OVER_NOTHING;
}

static int moves_running(const sml_trace *trace, size_t l)
{
    return is_norm(trace, l) && sml__trace_norm_group(trace, l) == SML__OVER_ROWS;
}

static int is_output(const sml_trace *trace, size_t l)
{
    return l + 1 == trace->network.n_layers;
}

static int has_loss(const sml_trace *trace, size_t l)
{
    return is_output(trace, l) && sml__trace_has_backward(trace);
}

static int is_softmax(const sml_trace *trace, size_t l)
{
    return is_output(trace, l) &&
           strcmp(sml__trace_output_name(trace->network.loss->name), "softmax") == 0;
}

static int has_softmax_loss(const sml_trace *trace, size_t l)
{
    return is_softmax(trace, l) && has_loss(trace, l);
}

/* Equations that depend on the layer or the loss. */
static const char *norm_delta_equation(const sml_trace *trace, size_t l)
{
    static const char *const equations[] = {
        [SML__OVER_UNITS] = "(50)", [SML__OVER_ROWS] = "(48)", [SML__OVER_NOTHING] = "(45)"};
    return equations[sml__trace_norm_group(trace, l)];
}

static const char *statistics_equation(const sml_trace *trace, size_t l)
{
    return sml__trace_norm_group(trace, l) == SML__OVER_ROWS ? "(43)" : "(49)";
}

static sml__loss_equations of_loss(const sml_trace *trace)
{
    return sml__trace_loss_equations(trace->network.loss->name);
}

static const char *prediction_equation(const sml_trace *trace, size_t l)
{
    (void)l;
    return trace->model->target_scaling != NULL ? "(51)" : of_loss(trace).prediction;
}

static const char *loss_equation(const sml_trace *trace, size_t l)
{
    (void)l;
    return of_loss(trace).loss;
}

static const char *jacobian_equation(const sml_trace *trace, size_t l)
{
    (void)l;
    return of_loss(trace).jacobian;
}

static const char *direct_equation(const sml_trace *trace, size_t l)
{
    (void)l;
    return of_loss(trace).direct;
}

typedef struct relation {
    const char *name, *equation;
    int (*applies)(const sml_trace *trace, size_t l);
    void (*run)(sml__check *check);
    const char *(*find_equation)(const sml_trace *trace, size_t l); /* where equation is NULL */
} relation;

static const relation RELATIONS[] = {
    {"z", "(1)", is_dense, sml__check_z, NULL},
    {"activation", "(3)", is_activation, check_outputs, NULL},
    {"dropout", "(25)", is_dropout, check_outputs, NULL},
    {"norm_mean", NULL, has_statistics, sml__check_means, statistics_equation},
    {"norm_factor", NULL, has_statistics, sml__check_factors, statistics_equation},
    {"norm_running", "(44)", moves_running, sml__check_running, NULL},
    {"norm", "(42)", is_norm, check_outputs, NULL},
    {"prediction", NULL, is_output, check_predictions, prediction_equation},
    {"sum_of_a", "(4)", is_softmax, check_sum_of_a, NULL},
    {"loss", NULL, has_loss, check_loss, loss_equation},
    {"batch_loss", NULL, has_loss, check_batch_loss, loss_equation},
    {"output_delta_jacobian", NULL, has_loss, check_jacobian, jacobian_equation},
    {"output_delta", NULL, has_loss, check_direct, direct_equation},
    {"sum_of_delta", "(9)", has_softmax_loss, check_sum_of_delta, NULL},
    {"delta_back", "(17)", is_dense_above, sml__check_back, NULL},
    {"activation_delta", "(3)", is_activation_above, check_deltas, NULL},
    {"dropout_delta", "(25)", is_dropout_above, check_deltas, NULL},
    {"norm_delta", NULL, is_norm_above, check_deltas, norm_delta_equation},
    {"weight_gradient", "(21)", is_dense_behind, sml__check_weights, NULL},
    {"bias_gradient", "(22)", is_dense_behind, sml__check_biases, NULL},
    {"gamma_gradient", "(42)", is_norm_behind, sml__check_gammas, NULL},
    {"beta_gradient", "(42)", is_norm_behind, sml__check_biases, NULL},
    {"row_identity", "(1)", is_dense_behind, sml__check_row_identity, NULL},
    {"unit_identity", "(21)", is_dense_behind, sml__check_unit_identity, NULL},
};

static size_t widest_of(const sml__network *network)
{
    size_t widest = network->n_in;
    for (size_t l = 0; l < network->n_layers; l++) {
        widest = network->layers[l].n_out > widest ? network->layers[l].n_out : widest;
    }
    return widest;
}

static void run_relation(const relation *one, sml__check *check, sml_trace_check *out)
{
    memset(out, 0, sizeof *out);
    out->name = one->name;
    out->equation =
        one->equation != NULL ? one->equation : one->find_equation(check->trace, check->layer);
    out->layer = check->layer;
    out->holds = 1;
    check->worst = out;
    one->run(check);
}

/* All relations, layer by layer; those beyond `room` are counted. */
static size_t run_relations(sml__check *check, sml_trace_check *out, size_t room)
{
    const sml_trace *trace = check->trace;
    size_t n = 0;
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        check->layer = l;
        for (size_t i = 0; i < sizeof RELATIONS / sizeof RELATIONS[0]; i++) {
            if (RELATIONS[i].applies(trace, l)) {
                if (n < room) {
                    run_relation(&RELATIONS[i], check, &out[n]);
                }
                n++;
            }
        }
    }
    return n;
}

sml_status sml_trace_checks(sml_ctx *ctx, const sml_trace *trace, sml_trace_check *out, size_t room,
                            size_t *n)
{
    const size_t widest = widest_of(&trace->network);
    sml__check check = {.trace = trace};
    *n = 0;
    check.sums = sml__alloc(ctx, widest, 3 * sizeof(double), "sums of a layer");
    check.classes =
        sml__alloc(ctx, trace->network.n_out, sizeof *check.classes, "the classes of a loss");
    sml_status status = SML_NO_MEMORY;
    if (check.sums != NULL && check.classes != NULL) {
        check.sizes = check.sums + widest;
        check.others = check.sizes + widest;
        *n = run_relations(&check, out, room);
        status = SML_OK;
    }
    sml__free(check.sums);
    sml__free(check.classes);
    return status;
}
