/* What a step of training has done: its length, and what became of the loss, which the gradient
 * predicts in the first order,
 *   C(θ + Δθ) = C(θ) + Σ g Δθ + ½ Δθᵀ H Δθ + …,
 * so that half the step leaves a quarter of the gap. */
#include "explain/trace.h"
#include "nn/twin.h"

#include <math.h>

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

sml_status sml__trace_step_facts(sml_ctx *ctx, const sml_trace *trace, const sml__trace_step *step,
                                 double loss_before, sml_step_facts *out)
{
    const size_t n = trace->network.n_parameters;
    const double none = (double)NAN;
    *out = (sml_step_facts){
        .optimizer = trace->settings.optimizer->name,
        .step = step->number,
        .learning_rate = trace->settings.update.learning_rate,
        .is_fresh = trace->is_fresh && step->number == 1,
        .is_folded = step->is_folded,
        .gradient_norm = step->gradient_norm,
        .clip_factor = step->gradient_scale,
        .step_norm = norm(trace->network.parameters, step->parameters, n),
        .parameter_norm = norm(step->parameters, NULL, n),
        .loss_before = loss_before,
        .loss_after = trace->loss,
        .actual = trace->loss - loss_before,
        .actual_double = none,
        .gap = none,
        .half_gap = none,
        .objective_predicted = none,
        .objective_actual = none,
    };
    for (size_t i = 0; i < n; i++) {
        out->predicted += (double)step->gradient[i] *
                          ((double)trace->network.parameters[i] - (double)step->parameters[i]);
    }
    const sml_status status = sml__trace_differs_in_training(&trace->network)
                                  ? SML_OK
                                  : compare_in_double(ctx, trace, step, out);
    if (trace->settings.l1 > 0 || trace->settings.l2 > 0) {
        double predicted = 0;
        const double change = penalty_change(trace, step, &predicted);
        out->objective_predicted = out->predicted + predicted;
        out->objective_actual =
            (isnan(out->actual_double) ? out->actual : out->actual_double) + change;
    }
    return status;
}
