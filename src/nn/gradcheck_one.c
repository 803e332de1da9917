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
#include "nn/gradcheck_one.h"

#include "base/memory.h"
#include "nn/engine_gradient.h"
#include "nn/network_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 4 };

/* h is chosen so that z moves by at most twice this. Truncation is then about 1e-12 of the slope,
 * and rounding 1e-16 C / h about 1e-13. */
static const double Z_STEP = 1e-3;

/* Below this gradient, relative to max(1, C), the quotient's rounding is all that is left. */
static const double GRADIENT_FLOOR = 1e-5;

static const double OFFSETS[POINTS] = {-2, -1, 1, 2};
static const double FACTORS[POINTS] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};

/* The first kink that was met stays. */
static void meet(sml__kink *kink, sml__kink_kind kind, size_t layer, size_t unit, size_t sample)
{
    if (kink->kind == SML__NO_KINK) {
        *kink = (sml__kink){kind, layer, unit, sample};
    }
}

static int same_side(double z, double other)
{
    return (z > 0) == (other > 0);
}

static void cross_loss(const sml__checking *check, const double *logits, const double *moved,
                       size_t s, sml__kink *kink)
{
    const sml__network *network = check->twin.network;
    const size_t n = network->n_out;
    for (size_t k = 0; network->loss->crosses != NULL && k < n; k++) {
        if (network->loss->crosses(logits[k], moved[k], check->twin.target[s * n + k])) {
            meet(kink, SML__KINK_OF_LOSS, network->n_layers, k, s);
        }
    }
}

/* Output `unit` of layer l, an activation, when its input has moved from z to `value`. */
static double move_through(const sml__checking *check, size_t l, size_t unit, size_t s, double z,
                           double value, sml__kink *kink)
{
    const sml__layer *layer = &check->twin.network->layers[l];
    if (layer->type->has_kink && !same_side(z, value)) {
        meet(kink, SML__KINK_OF_LAYER, l, unit, s);
    }
    return layer->type->f != NULL ? layer->type->f(value, layer->value) : value;
}

/* out[n_out] = z + w_unit Δ: the one term of each sum that has changed. */
static void add_term(const sml__checking *check, const sml__layer *layer, const double *z,
                     size_t unit, double difference, double *out)
{
    const double *row = check->twin.parameters + layer->weight + unit * layer->stride;
    for (size_t j = 0; j < layer->n_out; j++) {
        out[j] = z[j] + row[j] * difference;
    }
}

/* All of layer l, for inputs that have all moved; in place for activations. */
static double *whole_layer(const sml__checking *check, size_t l, size_t s, double *in,
                           double *spare, sml__kink *kink)
{
    const sml__layer *layer = &check->twin.network->layers[l];
    const double *base = check->twin.outputs[l - 1] + s * layer->n_in;
    if (layer->type->has_units) {
        sml__twin_dense(&check->twin, layer, in, spare);
        return spare;
    }
    if (layer->type->normalise != NULL) {
        sml__twin_norm(&check->twin, layer, in, spare, spare);
        return spare;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        in[j] = move_through(check, l, j, s, base[j], in[j], kink);
    }
    return in;
}

/* memory[n] = the outputs before layer l for sample s, of which one has moved. */
static double *all_inputs(const sml__checking *check, size_t l, size_t s, size_t unit, double value,
                          double *memory)
{
    const size_t n = check->twin.network->layers[l].n_in;
    memcpy(memory, check->twin.outputs[l - 1] + s * n, n * sizeof *memory);
    memory[unit] = value;
    return memory;
}

/* How far output `unit` of a batch norm moves with its input: it is affine here, and of that unit
 * alone. */
static double norm_slope(const sml__checking *check, const sml__layer *layer, size_t unit)
{
    const double *parameters = check->twin.parameters;
    const double g = parameters[layer->weight + unit];
    const sml__norm_row row = {
        .n = 1,
        .running = {parameters + layer->buffers[0] + unit, parameters + layer->buffers[1] + unit}};
    double slope = 0;
    layer->type->norm_backward(&row, &g, &slope);
    return slope;
}

/* C_s when output `unit` of layer l moves by `shift` for sample s. */
static double moved_loss(const sml__checking *check, size_t l, size_t unit, double shift, size_t s,
                         double *memory, sml__kink *kink)
{
    const sml__twin *twin = &check->twin;
    const sml__network *network = twin->network;
    const size_t n = network->n_out;
    double *now = memory;
    int is_whole = 0; /* all outputs have moved, and are in `now` */
    double base = twin->outputs[l][s * network->layers[l].n_out + unit];
    double value = base + shift;
    for (size_t next = l + 1; next < network->n_layers; next++) {
        const sml__layer *layer = &network->layers[next];
        const double *outputs = twin->outputs[next] + s * layer->n_out;
        if (!is_whole && layer->type->row_stats > 0) { /* every output depends on every input */
            now = all_inputs(check, next, s, unit, value, memory);
            is_whole = 1;
        }
        if (is_whole) {
            double *spare = now == memory ? memory + check->widest : memory;
            now = whole_layer(check, next, s, now, spare, kink);
        } else if (layer->type->has_units) {
            add_term(check, layer, outputs, unit, value - base, memory);
            is_whole = 1;
        } else if (layer->type->normalise != NULL) {
            value = outputs[unit] + norm_slope(check, layer, unit) * (value - base);
            base = outputs[unit];
        } else {
            value = move_through(check, next, unit, s, base, value, kink);
            base = outputs[unit];
        }
    }
    const double *logits = twin->outputs[network->n_layers - 1] + s * n;
    for (size_t k = 0; !is_whole && k < n; k++) {
        now[k] = k == unit ? value : logits[k];
    }
    cross_loss(check, logits, now, s, kink);
    return network->loss->row_f64(now, twin->target + s * n, n, twin->label_smoothing, NULL);
}

/* What multiplies the parameter in output `unit` for sample s: a_i, x̂_unit for γ, or 1. */
static double input_value(const sml__checking *check, sml__parameter p, size_t s)
{
    const sml__twin *twin = &check->twin;
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
static double penalty_slope(const sml__checking *check, double w, double h, sml__kink *kink)
{
    const double l1 = check->penalties->l1, l2 = check->penalties->l2;
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        const double moved = w + OFFSETS[i] * h;
        sum += FACTORS[i] * (l1 * fabs(moved) + 0.5 * l2 * moved * moved);
    }
    if (l1 > 0 && fabs(w) <= 2 * h) {
        meet(kink, SML__KINK_OF_PENALTY, 0, 0, 0);
    }
    return sum / h;
}

static void find_numeric(const sml__checking *check, sml__parameter p, double theta, double *memory,
                         sml__finding *found)
{
    const size_t rows = check->twin.rows;
    sml__kink *kink = &found->kink;
    double largest = 1.0, sum = 0;
    for (size_t s = 0; s < rows; s++) {
        largest = fmax(largest, fabs(input_value(check, p, s)));
    }
    const double h = check->steps[p.layer] / largest;
    for (size_t s = 0; s < rows; s++) {
        const double factor = input_value(check, p, s);
        for (int i = 0; factor != 0 && i < POINTS; i++) {
            const double shift = OFFSETS[i] * h * factor;
            sum += FACTORS[i] * moved_loss(check, p.layer, p.unit, shift, s, memory, kink);
        }
    }
    const double penalty =
        is_penalised(check->twin.network, p) ? penalty_slope(check, theta, h, kink) : 0;
    found->step = h;
    found->numeric = sum / h / (double)rows + penalty;
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
static void find_steps(sml__checking *check)
{
    const sml__network *network = check->twin.network;
    double step = Z_STEP;
    for (size_t l = network->n_layers; l-- > 0;) {
        check->steps[l] = step;
        if (network->layers[l].type->row_stats > 0) {
            step = fmin(step, Z_STEP * least_deviation(&check->twin, l));
        }
    }
}

void sml__check_parameter(const sml__checking *check, sml__parameter p, double *memory,
                          sml__finding *found)
{
    const size_t at = sml__parameter_position(check->twin.network, &p);
    const double theta = check->twin.parameters[at];
    double penalty = 0;
    *found = (sml__finding){.parameter = p, .value = theta};
    find_numeric(check, p, theta, memory, found);
    if (is_penalised(check->twin.network, p)) {
        penalty = check->penalties->l2 * theta + check->penalties->l1 * ((theta > 0) - (theta < 0));
    }
    found->analytic = check->twin.gradient[at] + penalty;
    found->engine = (double)check->engine[at] + penalty;
    const double floor = GRADIENT_FLOOR * fmax(1.0, check->loss);
    const double larger = fmax(fabs(found->analytic), fabs(found->numeric));
    found->error = found->kink.kind == SML__NO_KINK
                       ? fabs(found->analytic - found->numeric) / fmax(larger, floor)
                       : (double)NAN;
}

void sml__kink_text(const sml__network *network, const sml__kink *kink, char text[SML__KINK_TEXT])
{
    switch (kink->kind) {
    case SML__NO_KINK:
        text[0] = '\0';
        break;
    case SML__KINK_OF_LAYER:
        snprintf(text, SML__KINK_TEXT, "%s of layers.%zu unit %zu, sample %zu",
                 network->layers[kink->layer].type->name,
                 sml__layer_number(network, kink->layer + 1) - 1, kink->unit, kink->sample);
        break;
    case SML__KINK_OF_LOSS:
        snprintf(text, SML__KINK_TEXT, "%s of output %zu, sample %zu", network->loss->name,
                 kink->unit, kink->sample);
        break;
    case SML__KINK_OF_PENALTY:
        snprintf(text, SML__KINK_TEXT, "l1 at 0");
        break;
    }
}

sml_status sml__checking_begin(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, int members, sml__checking *out)
{
    double loss = 0;
    memset(out, 0, sizeof *out);
    out->penalties = penalties;
    out->widest = network->n_in;
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t width = network->layers[l].n_out;
        out->widest = width > out->widest ? width : out->widest;
    }
    sml_status status =
        sml__twin_create(ctx, network, data, penalties->label_smoothing, &out->twin);
    if (status != SML_OK) {
        return status;
    }
    out->memory = sml__alloc(ctx, (size_t)members * 2 * out->widest, sizeof(double), "rows");
    out->steps = sml__alloc(ctx, network->n_layers, sizeof(double), "steps");
    out->engine = sml__alloc(ctx, network->n_parameters, sizeof(float), "gradients");
    if (out->memory == NULL || out->steps == NULL || out->engine == NULL) {
        return SML_NO_MEMORY;
    }
    out->loss = sml__twin_forward(&out->twin);
    find_steps(out);
    sml__twin_backward(&out->twin);
    return sml__engine_gradient(ctx, network, data, penalties->label_smoothing, out->engine, &loss);
}

void sml__checking_end(sml__checking *check)
{
    sml__free(check->memory);
    sml__free(check->steps);
    sml__free(check->engine);
    sml__twin_free(&check->twin);
}
