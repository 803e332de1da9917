/* The chain rule's gradient against central differences of fourth order, in double:
 *   C'(θ) ≈ (C(θ - 2h) - 8 C(θ - h) + 8 C(θ + h) - C(θ + 2h)) / 12 h,   error h⁴ C⁽⁵⁾ / 30
 * A parameter w_ji or b_j moves only z_j of its own layer, by h a_i or h, so each of the four
 * losses is computed from z_j onwards: in the next dense layer every sum changes by one term, and
 * only from there on whole layers are computed again. That makes a check of every parameter cheap.
 *
 * A norm's γ_j or β_j likewise moves a_j alone, by h x̂_j or h.
 *
 * Where one of the four points lies beyond a kink (ReLU at 0, Huber at ±1, …) the quotient means
 * nothing: such a parameter is counted and left out. */
#include "nn/gradcheck.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/threads.h"
#include "nn/engine_gradient.h"
#include "nn/parameter_name.h"
#include "nn/twin.h"

#include <math.h>
#include <string.h>

enum {
    POINTS = 4,
    LOSSES_A_ROUND = 16384 /* between two calls of the callback: some milliseconds */
};

/* h is chosen so that z moves by at most twice this. Truncation is then about 1e-12 of the slope,
 * and rounding 1e-16 C / h about 1e-13. */
static const double Z_STEP = 1e-3;

/* Below this gradient, relative to max(1, C), the quotient's rounding is all that is left. */
static const double GRADIENT_FLOOR = 1e-5;

static const double OFFSETS[POINTS] = {-2, -1, 1, 2};
static const double FACTORS[POINTS] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};

typedef struct finding {
    double error, analytic, numeric;
    uint64_t index; /* of the parameter, in the order in which they are checked */
    sml__parameter parameter;
    uint64_t checked, kinks;
} finding;

typedef struct checking {
    const sml__twin *twin;
    const sml__penalties *penalties;
    double loss;         /* C at θ */
    double *steps;       /* [n_layers]: the largest step of an output of each layer */
    uint64_t begin, end; /* the parameters of this round */
    double *memory;      /* [members, 2 * widest] */
    size_t widest;
    finding *findings; /* [members] */
} checking;

/* NaN is worse than every number. */
static int is_worse(double error, double other)
{
    return !isnan(other) && !(error <= other);
}

static int same_side(double z, double other)
{
    return (z > 0) == (other > 0);
}

static int loss_crosses(const checking *check, const double *logits, const double *moved, size_t s)
{
    const sml__network *network = check->twin->network;
    const size_t n = network->n_out;
    int crossed = 0;
    for (size_t k = 0; network->loss->crosses != NULL && k < n; k++) {
        crossed |= network->loss->crosses(logits[k], moved[k], check->twin->target[s * n + k]);
    }
    return crossed;
}

/* Layer l's outputs when input `unit` of it has moved to `value`: one number for an activation. */
static double move_through(const sml__layer *layer, double z, double value, int *crossed)
{
    *crossed |= layer->type->has_kink && !same_side(z, value);
    return layer->type->f != NULL ? layer->type->f(value, layer->value) : value;
}

/* out[n_out] = z + w_unit Δ: the one term of each sum that has changed. */
static void add_term(const checking *check, const sml__layer *layer, const double *z, size_t unit,
                     double difference, double *out)
{
    const double *row = check->twin->parameters + layer->weight + unit * layer->stride;
    for (size_t j = 0; j < layer->n_out; j++) {
        out[j] = z[j] + row[j] * difference;
    }
}

/* All of layer l, for inputs that have all moved; in place for activations. */
static double *whole_layer(const checking *check, size_t l, size_t s, double *in, double *spare,
                           int *crossed)
{
    const sml__layer *layer = &check->twin->network->layers[l];
    const double *base = check->twin->outputs[l - 1] + s * layer->n_in;
    if (layer->type->has_units) {
        sml__twin_dense(check->twin, layer, in, spare);
        return spare;
    }
    if (layer->type->normalise != NULL) {
        sml__twin_norm(check->twin, layer, in, spare, spare);
        return spare;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        in[j] = move_through(layer, base[j], in[j], crossed);
    }
    return in;
}

/* memory[n] = the outputs before layer l for sample s, of which one has moved. */
static double *all_inputs(const checking *check, size_t l, size_t s, size_t unit, double value,
                          double *memory)
{
    const size_t n = check->twin->network->layers[l].n_in;
    memcpy(memory, check->twin->outputs[l - 1] + s * n, n * sizeof *memory);
    memory[unit] = value;
    return memory;
}

/* How far output `unit` of a batch norm moves with its input: it is affine here, and of that unit
 * alone. */
static double norm_slope(const checking *check, const sml__layer *layer, size_t unit)
{
    const double *parameters = check->twin->parameters;
    const double g = parameters[layer->weight + unit];
    const sml__norm_row row = {
        .n = 1,
        .running = {parameters + layer->buffers[0] + unit, parameters + layer->buffers[1] + unit}};
    double slope = 0;
    layer->type->norm_backward(&row, &g, &slope);
    return slope;
}

/* C_s when output `unit` of layer l moves by `shift` for sample s. */
static double moved_loss(const checking *check, size_t l, size_t unit, double shift, size_t s,
                         double *memory, int *crossed)
{
    const sml__twin *twin = check->twin;
    const sml__network *network = twin->network;
    const size_t n = network->n_out;
    double *now = NULL; /* all outputs, once they have all moved */
    double base = twin->outputs[l][s * network->layers[l].n_out + unit];
    double value = base + shift;
    for (size_t next = l + 1; next < network->n_layers; next++) {
        const sml__layer *layer = &network->layers[next];
        const double *outputs = twin->outputs[next] + s * layer->n_out;
        if (now == NULL && layer->type->row_stats > 0) { /* every output depends on every input */
            now = all_inputs(check, next, s, unit, value, memory);
        }
        if (now != NULL) {
            double *spare = now == memory ? memory + check->widest : memory;
            now = whole_layer(check, next, s, now, spare, crossed);
        } else if (layer->type->has_units) {
            add_term(check, layer, outputs, unit, value - base, memory);
            now = memory;
        } else if (layer->type->normalise != NULL) {
            value = outputs[unit] + norm_slope(check, layer, unit) * (value - base);
            base = outputs[unit];
        } else {
            value = move_through(layer, base, value, crossed);
            base = outputs[unit];
        }
    }
    const double *logits = twin->outputs[network->n_layers - 1] + s * n;
    if (now == NULL) {
        now = memory;
        for (size_t k = 0; k < n; k++) {
            now[k] = k == unit ? value : logits[k];
        }
    }
    *crossed |= loss_crosses(check, logits, now, s);
    return network->loss->row_f64(now, twin->target + s * n, n, twin->label_smoothing, NULL);
}

/* What multiplies the parameter in output `unit` for sample s: a_i, x̂_unit for γ, or 1. */
static double input_value(const checking *check, sml__parameter p, size_t s)
{
    const sml__twin *twin = check->twin;
    const sml__layer *layer = &twin->network->layers[p.layer];
    const size_t n_in = layer->n_in;
    if (p.kind == SML__BIAS) {
        return 1.0;
    }
    if (layer->type->normalise != NULL) {
        return twin->normalised[p.layer][s * n_in + p.unit];
    }
    return p.layer == 0 ? twin->input[s * n_in + p.input]
                        : twin->outputs[p.layer - 1][s * n_in + p.input];
}

/* Penalties are for the weights of dense layers. */
static int is_penalised(const sml__network *network, sml__parameter p)
{
    return network->layers[p.layer].type->has_units && p.kind == SML__WEIGHT;
}

/* The quotient of the penalty l1 |w| + l2 w²/2, of a weight. */
static double penalty_slope(const checking *check, double w, double h, int *crossed)
{
    const double l1 = check->penalties->l1, l2 = check->penalties->l2;
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        const double moved = w + OFFSETS[i] * h;
        sum += FACTORS[i] * (l1 * fabs(moved) + 0.5 * l2 * moved * moved);
    }
    *crossed |= l1 > 0 && fabs(w) <= 2 * h;
    return sum / h;
}

static double numeric_gradient(const checking *check, sml__parameter p, double theta,
                               double *memory, int *crossed)
{
    const size_t rows = check->twin->rows;
    double largest = 1.0, sum = 0;
    for (size_t s = 0; s < rows; s++) {
        largest = fmax(largest, fabs(input_value(check, p, s)));
    }
    const double h = check->steps[p.layer] / largest;
    for (size_t s = 0; s < rows; s++) {
        const double factor = input_value(check, p, s);
        for (int i = 0; factor != 0 && i < POINTS; i++) {
            const double shift = OFFSETS[i] * h * factor;
            sum += FACTORS[i] * moved_loss(check, p.layer, p.unit, shift, s, memory, crossed);
        }
    }
    const double penalty =
        is_penalised(check->twin->network, p) ? penalty_slope(check, theta, h, crossed) : 0;
    return sum / h / (double)rows + penalty;
}

/* The least standard deviation of a row that goes into layer norm l, at most 1. */
static double least_deviation(const sml__twin *twin, size_t l)
{
    const size_t n = twin->network->layers[l].n_in;
    double least = 1;
    for (size_t s = 0; s < twin->rows; s++) {
        const double *z = (l == 0 ? twin->input : twin->outputs[l - 1]) + s * n;
        double mean = 0, variance = twin->network->layers[l].value;
        for (size_t j = 0; j < n; j++) {
            mean += z[j] / (double)n;
        }
        for (size_t j = 0; j < n; j++) {
            variance += (z[j] - mean) * (z[j] - mean) / (double)n;
        }
        least = fmin(least, sqrt(variance));
    }
    return least;
}

/* A layer norm divides by the deviation of its row: a step is to be small beside that, in all
 * layers before it. */
static void find_steps(checking *check)
{
    const sml__network *network = check->twin->network;
    double step = Z_STEP;
    for (size_t l = network->n_layers; l-- > 0;) {
        check->steps[l] = step;
        if (network->layers[l].type->row_stats > 0) {
            step = fmin(step, Z_STEP * least_deviation(check->twin, l));
        }
    }
}

static void check_parameter(const checking *check, sml__parameter p, uint64_t index, double *memory,
                            finding *found)
{
    const size_t at = sml__parameter_position(check->twin->network, &p);
    const double theta = check->twin->parameters[at];
    int crossed = 0;
    const double numeric = numeric_gradient(check, p, theta, memory, &crossed);
    if (crossed) {
        found->kinks++;
        return;
    }
    double analytic = check->twin->gradient[at];
    if (is_penalised(check->twin->network, p)) {
        analytic +=
            check->penalties->l2 * theta + check->penalties->l1 * ((theta > 0) - (theta < 0));
    }
    const double floor = GRADIENT_FLOOR * fmax(1.0, check->loss);
    const double error =
        fabs(analytic - numeric) / fmax(fmax(fabs(analytic), fabs(numeric)), floor);
    if (found->checked == 0 || is_worse(error, found->error)) {
        const finding worst = {error, analytic, numeric, index, p, found->checked, found->kinks};
        *found = worst;
    }
    found->checked++;
}

/* The parameter of number `index`: layers in order, units within, inputs (or γ) then bias. */
static sml__parameter parameter_at(const sml__network *network, uint64_t index)
{
    sml__parameter p = {0};
    for (p.layer = 0; p.layer < network->n_layers; p.layer++) {
        const sml__layer *layer = &network->layers[p.layer];
        const size_t of_unit = layer->type->gradient != NULL ? sml__weights_of_unit(layer) + 1 : 0;
        const uint64_t count = (uint64_t)of_unit * layer->n_out;
        if (index < count) {
            const size_t place = (size_t)(index % of_unit);
            p.unit = (size_t)(index / of_unit);
            p.kind = place + 1 < of_unit ? SML__WEIGHT : SML__BIAS;
            p.input = p.kind == SML__WEIGHT ? place : 0;
            return p;
        }
        index -= count;
    }
    return p;
}

static void check_share(void *argument, sml__member member)
{
    const checking *check = argument;
    const sml__range own =
        sml__share((size_t)(check->end - check->begin), 1, member.rank, member.size);
    double *memory = check->memory + (size_t)member.rank * 2 * check->widest;
    for (size_t i = own.begin; i < own.end; i++) {
        const uint64_t index = check->begin + i;
        check_parameter(check, parameter_at(check->twin->network, index), index, memory,
                        &check->findings[member.rank]);
    }
}

/* The findings of all members as one: counts added, the worst error, the first one on a tie. */
static void summarise(const checking *check, int members, sml_gradient_check *result)
{
    const finding *worst = NULL;
    for (int i = 0; i < members; i++) {
        const finding *found = &check->findings[i];
        result->parameters_checked += found->checked;
        result->kinks_skipped += found->kinks;
        if (found->checked == 0) {
            continue;
        }
        if (worst == NULL || is_worse(found->error, worst->error)) {
            worst = found;
        }
    }
    if (worst != NULL) {
        result->max_relative_error = worst->error;
        result->worst_analytic = worst->analytic;
        result->worst_numeric = worst->numeric;
        sml__parameter_text(check->twin->network, &worst->parameter, result->worst_parameter);
    }
}

static sml_status check_all(sml_ctx *ctx, checking *check, int members, sml_progress_fn progress,
                            void *user)
{
    const uint64_t total = sml__network_parameter_count(check->twin->network);
    const uint64_t round = 1 + LOSSES_A_ROUND / check->twin->rows;
    const double started = sml__seconds_now();
    for (check->begin = 0; check->begin < total; check->begin = check->end) {
        check->end = check->begin + round < total ? check->begin + round : total;
        sml__team_run(members, check_share, check);
        const sml_progress now = {
            .epoch = 1,
            .epochs = 1,
            .step = check->end,
            .steps = total,
            .samples = check->twin->rows,
            .loss = check->loss,
            .seconds = sml__seconds_now() - started,
        };
        if (progress != NULL && progress(user, &now) != 0) {
            return sml__fail(ctx, SML_CANCELLED, "cancelled after %llu of %llu parameters",
                             (unsigned long long)check->end, (unsigned long long)total);
        }
    }
    return SML_OK;
}

sml_status sml__gradient_check(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, sml_progress_fn progress,
                               void *user, sml_gradient_check *result)
{
    const int members = ctx->threads;
    sml__twin twin;
    checking check = {.twin = &twin, .penalties = penalties, .widest = network->n_in};
    memset(result, 0, sizeof *result);
    sml_status status = sml__twin_create(ctx, network, data, penalties->label_smoothing, &twin);
    if (status != SML_OK) {
        return status;
    }
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t width = network->layers[l].n_out;
        check.widest = width > check.widest ? width : check.widest;
    }
    check.memory = sml__alloc(ctx, (size_t)members * 2 * check.widest, sizeof(double), "rows");
    check.findings = sml__alloc(ctx, (size_t)members, sizeof *check.findings, "findings");
    check.steps = sml__alloc(ctx, network->n_layers, sizeof(double), "steps");
    if (check.memory == NULL || check.findings == NULL || check.steps == NULL) {
        status = SML_NO_MEMORY;
        goto done;
    }
    check.loss = sml__twin_forward(&twin);
    find_steps(&check);
    sml__twin_backward(&twin);
    status = sml__engine_error(ctx, network, data, &twin, &result->max_engine_error);
    if (status == SML_OK) {
        status = check_all(ctx, &check, members, progress, user);
        summarise(&check, members, result);
    }
done:
    sml__free(check.memory);
    sml__free(check.findings);
    sml__free(check.steps);
    sml__twin_free(&twin);
    return status;
}
