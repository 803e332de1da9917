/* The last step of one parameter, by the optimiser's rule in double, beside what the engine made of
 * it. */
#include "base/context.h"
#include "base/memory.h"
#include "explain/bounds.h"
#include "explain/trace.h"

#include <math.h>
#include <string.h>

/* u: half of what two neighbouring float32 are apart, of 1. */
static const double U = 0x1p-24;

/* out[n] = √Σ_r values[r, i]². */
static void column_sizes(const float *values, size_t rows, size_t n, double *out)
{
    const size_t stride = sml__row_stride(n);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < n; i++) {
            const double value = (double)values[r * stride + i];
            out[i] += value * value;
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = sqrt(out[i]);
    }
}

/* Where the sizes of layer l begin. */
static size_t sizes_before(const sml__network *network, size_t l)
{
    size_t at = 0;
    for (size_t below = 0; below < l; below++) {
        at += network->layers[below].n_in + network->layers[below].n_out;
    }
    return at;
}

double *sml__trace_sizes(sml_ctx *ctx, const sml_trace *trace)
{
    const sml__network *network = &trace->network;
    const sml__workspace *workspace = &trace->workspace;
    double *sizes = sml__alloc(ctx, sizes_before(network, network->n_layers), sizeof *sizes,
                               "sizes of a batch");
    double *out = sizes;
    for (size_t l = 0; sizes != NULL && l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        column_sizes(l > 0 ? workspace->outputs[l - 1] : workspace->input, trace->rows, layer->n_in,
                     out);
        column_sizes(workspace->deltas[l], trace->rows, layer->n_out, out + layer->n_in);
        out += layer->n_in + layer->n_out;
    }
    return sizes;
}

/* An upper bound of (1/Σw) Σ_s |δ_s x_s|, the terms of a parameter's gradient g, by Cauchy and
 * Schwarz. x is 1 for a bias; of x̂ of a norm Σ_j x̂² ≤ n in a row of layer norm, Σ_s x̂² ≤ m in a
 * batch of batch norm; a batch of one has one term, g itself. */
static double terms_of(const sml_trace *trace, const sml__trace_step *step,
                       const sml__parameter *place, double g)
{
    const sml__layer *layer = &trace->network.layers[place->layer];
    const double *inputs = step->sizes + sizes_before(&trace->network, place->layer);
    const double delta = inputs[layer->n_in + place->unit];
    double size = sqrt((double)trace->rows);
    if (layer->type->has_units && place->kind == SML__WEIGHT) {
        size = inputs[place->input];
    } else if (trace->rows == 1) {
        return fabs(g);
    } else if (place->kind == SML__WEIGHT && layer->type->row_stats > 0) {
        size *= sqrt((double)layer->n_out);
    }
    return delta * size / trace->batch_weight;
}

/* γ_n = n u / (1 - n u), of a sum of n roundings. */
static double gamma_of(double n)
{
    return n * U / (1 - n * U);
}

/* The rule for one parameter. */
typedef struct rule {
    const sml__optimizer *optimizer;
    sml__update how;
    double gradient, penalty, theta;
    double state[2];
} rule;

static double step_of(const rule *r, double gradient, const double *state)
{
    sml__step_f64 made;
    r->optimizer->step_f64(&r->how, gradient, r->theta, state, &made);
    return made.step;
}

/* What the step moves by where the rate times what it multiplies underflows, before that is
 * divided: by least / (√v + ε). least is half of the least float32, and more; moving g by it as
 * below does the same to the rule. Adam's rate multiplies m, of which g is the share 1 - β₁. */
static double underflow_of(const rule *r, double g, double step)
{
    const double share = r->optimizer->n_states == 2 ? 1 - r->how.beta1 : 1;
    const double least = 0x1p-148 / (r->how.gradient_scale * r->how.learning_rate * share);
    return isfinite(least) ? fabs(step_of(r, g + copysign(least, g), r->state) - step) : 0;
}

/* How far rounding may take the engine's θ' from the rule's: its last operations, and what the
 * roundings before them, in the gradient that the rule sees and in the state, do to the step, twice
 * for what is not linear in them. */
static double rule_bound(const rule *r, const sml__step_f64 *made)
{
    const double g = r->gradient + r->penalty, scale = r->how.gradient_scale;
    if (made->gradient * made->gradient > SML__LARGEST) { /* the rule may square it */
        return (double)INFINITY;
    }
    const double decay = scale > 0 ? fabs(made->gradient - scale * g) / scale : 0;
    const double moved = g + copysign(6 * U * (fabs(r->gradient) + fabs(r->penalty) + decay), g);
    double bound = 8 * U * (fabs(r->theta) + fabs(made->step)) + 0x1p-140 +
                   2 * fabs(step_of(r, moved, r->state) - made->step) +
                   underflow_of(r, g, made->step);
    for (int s = 0; s < 2 && s < r->optimizer->n_states; s++) {
        double state[2] = {r->state[0], r->state[1]};
        state[s] += copysign(4 * U * fabs(state[s]) + 0x1p-148, state[s]);
        bound += 2 * fabs(step_of(r, g, state) - made->step);
    }
    return bound;
}

static rule rule_of(const sml_trace *trace, const sml__trace_step *step,
                    const sml__parameter *place)
{
    const size_t at = sml__parameter_position(&trace->network, place);
    const int is_penalised =
        place->kind == SML__WEIGHT && trace->network.layers[place->layer].type->has_units;
    const double theta = (double)step->parameters[at];
    rule r = {
        .optimizer = trace->settings.optimizer,
        .how = trace->settings.update,
        .gradient = (double)step->gradient[at],
        .theta = theta,
    };
    r.how.gradient_scale = step->facts.clip_factor;
    r.how.step = step->facts.step;
    if (is_penalised && (trace->settings.l1 > 0 || trace->settings.l2 > 0)) {
        r.penalty = trace->settings.l2 * theta + trace->settings.l1 * ((theta > 0) - (theta < 0));
    }
    for (int s = 0; s < r.optimizer->n_states; s++) {
        r.state[s] = (double)step->state[s][at];
    }
    return r;
}

static void fill(const sml_trace *trace, const rule *r, const sml__step_f64 *made, size_t at,
                 sml_step_parameter *out)
{
    out->before = r->theta;
    out->gradient = r->gradient;
    out->penalty = r->penalty;
    out->penalised = r->gradient + r->penalty;
    out->clip_factor = r->how.gradient_scale;
    out->clipped = out->clip_factor * out->penalised;
    out->decayed = made->gradient;
    out->n_states = (size_t)r->optimizer->n_states;
    out->n_parts = (size_t)made->n_parts;
    for (size_t s = 0; s < out->n_states; s++) {
        out->state_names[s] = r->optimizer->state_names[s];
        out->state_before[s] = r->state[s];
        out->state_after[s] = (double)trace->state[s][at];
        out->state_after_double[s] = made->state[s];
    }
    for (size_t i = 0; i < out->n_parts; i++) {
        out->parts[i] = (sml_step_part){made->symbols[i], made->parts[i]};
    }
    out->step = made->step;
    out->after_double = r->theta - made->step;
    out->after = (double)trace->network.parameters[at];
}

sml_status sml_trace_parameter(sml_ctx *ctx, const sml_trace *trace, const char *name,
                               sml_step_parameter *out)
{
    const sml__trace_step *step = trace->last_step;
    sml__parameter place;
    sml__step_f64 made;
    memset(out, 0, sizeof *out);
    if (step == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: no step was taken", name);
    }
    const sml_status status = sml__parameter_parse(ctx, &trace->network, name, &place);
    if (status != SML_OK) {
        return status;
    }
    if (place.kind != SML__WEIGHT && place.kind != SML__BIAS) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: the batch moves it, not the optimiser; weights and biases take steps",
                         name);
    }
    const rule r = rule_of(trace, step, &place);
    r.optimizer->step_f64(&r.how, r.gradient + r.penalty, r.theta, r.state, &made);
    sml__parameter_text(&trace->network, &place, out->name);
    fill(trace, &r, &made, sml__parameter_position(&trace->network, &place), out);
    out->bound = rule_bound(&r, &made);
    if (step->facts
            .is_folded) { /* g was summed up otherwise: both sums are off by their roundings */
        out->bound += 2 * gamma_of((double)trace->rows + 3) * r.how.learning_rate *
                      terms_of(trace, step, &place, r.gradient);
    }
    out->holds = sml__agrees(out->after, out->after_double, out->bound);
    return SML_OK;
}
