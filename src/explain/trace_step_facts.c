/* What a step of training has done: its length, and what became of the loss, which the gradient
 * predicts in the first order,
 *   C(θ + Δθ) = C(θ) + Σ g Δθ + ½ Δθᵀ H Δθ + …,
 * so that half the step leaves a quarter of the gap. */
#include "explain/trace.h"
#include "nn/mlp.h"
#include "nn/twin.h"

#include <math.h>
#include <stdio.h>

static double norm(const float *values, const float *minus, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double value = (double)values[i] - (minus != NULL ? (double)minus[i] : 0);
        sum += value * value;
    }
    return sqrt(sum);
}

/* C of the batch in double, at θ + share · Δθ. */
static double loss_at(const sml_trace *trace, const sml__trace_step *step, double share,
                      sml__twin *twin)
{
    double sum = 0;
    for (size_t i = 0; i < trace->network.n_parameters; i++) {
        const double before = (double)step->parameters[i];
        twin->parameters[i] = before + share * ((double)trace->network.parameters[i] - before);
    }
    sml__twin_forward(twin);
    for (size_t r = 0; r < trace->rows; r++) {
        sum += (trace->weights != NULL ? (double)trace->weights[r] : 1) * twin->losses[r];
    }
    return sum / trace->batch_weight;
}

static sml_status compare_in_double(sml_ctx *ctx, const sml_trace *trace,
                                    const sml__trace_step *step, sml_step_facts *out)
{
    sml__twin twin;
    const sml_status status = sml__twin_create(ctx, &trace->network, trace->ready,
                                               trace->settings.label_smoothing, &twin);
    if (status != SML_OK) {
        return status;
    }
    const double before = loss_at(trace, step, 0, &twin);
    const double half = loss_at(trace, step, 0.5, &twin) - before;
    out->actual_double = loss_at(trace, step, 1, &twin) - before;
    out->gap = fabs(out->actual_double - out->predicted);
    out->half_gap = fabs(half - out->predicted / 2);
    sml__twin_free(&twin);
    return SML_OK;
}

/* l1 Σ|w| + (l2/2) Σ w² over the weights of dense layers, after the step less before it; and what
 * its gradient predicts. */
static double penalty_change(const sml_trace *trace, const sml__trace_step *step, double *predicted)
{
    const double l1 = trace->settings.l1, l2 = trace->settings.l2;
    double change = 0;
    *predicted = 0;
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        const sml__layer *layer = &trace->network.layers[l];
        const size_t count = layer->type->has_units ? layer->n_in * layer->stride : 0;
        for (size_t i = layer->weight; i < layer->weight + count; i++) {
            const double w = (double)step->parameters[i];
            const double after = (double)trace->network.parameters[i];
            change += l1 * (fabs(after) - fabs(w)) + 0.5 * l2 * (after - w) * (after + w);
            *predicted += (l1 * ((w > 0) - (w < 0)) + l2 * w) * (after - w);
        }
    }
    return change;
}

sml_status sml__trace_measure_step(sml_ctx *ctx, const sml_trace *trace, sml__trace_step *step)
{
    const float *after = trace->network.parameters;
    const size_t n = trace->network.n_parameters;
    const double none = (double)NAN;
    sml_step_facts *facts = &step->facts;
    facts->step_norm = norm(after, step->parameters, n);
    facts->parameter_norm = norm(step->parameters, NULL, n);
    facts->loss_after = trace->loss;
    facts->actual = trace->loss - facts->loss_before;
    facts->actual_double = facts->gap = facts->half_gap = none;
    facts->objective_predicted = facts->objective_actual = none;
    for (size_t i = 0; i < n; i++) {
        facts->predicted +=
            (double)step->gradient[i] * ((double)after[i] - (double)step->parameters[i]);
    }
    const sml_status status = sml__trace_differs_in_training(&trace->network)
                                  ? SML_OK
                                  : compare_in_double(ctx, trace, step, facts);
    if (trace->settings.l1 > 0 || trace->settings.l2 > 0) {
        double predicted = 0;
        const double change = penalty_change(trace, step, &predicted);
        facts->objective_predicted = facts->predicted + predicted;
        facts->objective_actual =
            (isnan(facts->actual_double) ? facts->actual : facts->actual_double) + change;
    }
    return status;
}

/* Where the numbers of a tensor lie, weights with what fills up their rows: which is 0. */
static size_t span_of(const sml__network *network, const sml__tensor_place *place)
{
    return place->rank == 2 ? sml__weight_count(&network->layers[place->layer]) : place->shape[0];
}

int sml_trace_step_tensor(const sml_trace *trace, size_t index, sml_step_tensor *out)
{
    const sml__mlp *mlp = trace->model->state;
    const sml__trace_step *step = trace->last_step;
    size_t i = 0, moved = 0;
    while (i < mlp->n_tensors && (mlp->tensors[i].is_buffer || moved++ < index)) {
        i++;
    }
    if (step == NULL || i == mlp->n_tensors) {
        return 0;
    }
    const sml__tensor_place *place = &mlp->tensors[i];
    const size_t n = span_of(&trace->network, place);
    snprintf(out->name, sizeof out->name, "%s", place->name);
    out->numbers = place->shape[0] * (place->rank == 2 ? place->shape[1] : 1);
    out->gradient_norm = norm(step->gradient + place->at, NULL, n);
    out->step_norm = norm(trace->network.parameters + place->at, step->parameters + place->at, n);
    out->parameter_norm = norm(step->parameters + place->at, NULL, n);
    return 1;
}
