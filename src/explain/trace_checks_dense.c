/* Dense layers: all sums of a layer at once, in the order in which its weights lie, each with the
 * bound that sml_trace_sum has for it. */
#include "explain/bounds.h"
#include "explain/trace_checks.h"

#include <math.h>
#include <string.h>

static const float *weights_of(const sml__check *check, size_t input)
{
    const sml__layer *layer = &check->trace->network.layers[check->layer];
    return check->trace->network.parameters + layer->weight + input * layer->stride;
}

static const float *biases_of(const sml__check *check)
{
    const sml__layer *layer = &check->trace->network.layers[check->layer];
    return check->trace->network.parameters + layer->bias;
}

/* sums[j] = Σ_i w_ji x_i + b_j of a row, sizes[j] the same of absolute values. */
static void sum_row(const sml__check *check, size_t row)
{
    const sml__layer *layer = &check->trace->network.layers[check->layer];
    const sml__rows x = sml__trace_inputs(check->trace, check->layer);
    const float *bias = biases_of(check);
    for (size_t j = 0; j < layer->n_out; j++) {
        check->sums[j] = (double)bias[j];
        check->sizes[j] = fabs((double)bias[j]);
    }
    for (size_t i = 0; i < layer->n_in; i++) {
        const float *weight = weights_of(check, i);
        const double left = (double)x.values[row * x.stride + i];
        for (size_t j = 0; j < layer->n_out; j++) {
            const double product = (double)weight[j] * left;
            check->sums[j] += product;
            check->sizes[j] += fabs(product);
        }
    }
}

static double z_bound(const sml__check *check, size_t unit)
{
    const size_t n = check->trace->network.layers[check->layer].n_in;
    return sml__sum_bound(n + 1, check->sizes[unit], (double)n);
}

void sml__check_z(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const size_t n = trace->network.layers[check->layer].n_out, stride = sml__row_stride(n);
    for (size_t r = 0; r < trace->rows; r++) {
        const float *z = trace->workspace.outputs[check->layer] + r * stride;
        sum_row(check, r);
        for (size_t j = 0; j < n; j++) {
            if (!sml__trace_is_silent(trace, check->layer, j)) {
                sml__check_see(check, (sml__place){.unit = j, .row = r}, (double)z[j],
                               check->sums[j], z_bound(check, j));
            }
        }
    }
}

/* δ_j z_j against Σ_i w_ji (δ_j x_i) + b_j δ_j. */
void sml__check_row_identity(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    for (size_t r = 0; r < trace->rows; r++) {
        const float *z = trace->workspace.outputs[check->layer] + r * deltas.stride;
        const float *delta = deltas.values + r * deltas.stride;
        sum_row(check, r);
        for (size_t j = 0; j < deltas.n; j++) {
            const double d = (double)delta[j], bound = d != 0 ? fabs(d) * z_bound(check, j) : 0;
            sml__check_see(check, (sml__place){.unit = j, .row = r}, d * (double)z[j],
                           d * check->sums[j], bound);
        }
    }
}

void sml__check_back(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    const sml__rows below = sml__trace_deltas(trace, check->layer - 1);
    for (size_t r = 0; r < trace->rows; r++) {
        const float *delta = deltas.values + r * deltas.stride;
        for (size_t i = 0; i < below.n; i++) {
            const float *weight = weights_of(check, i);
            double sum = 0, size = 0;
            for (size_t k = 0; k < deltas.n; k++) {
                const double product = (double)weight[k] * (double)delta[k];
                sum += product;
                size += fabs(product);
            }
            if (!sml__trace_is_silent(trace, check->layer - 1, i)) {
                sml__check_see(check, (sml__place){.input = i, .row = r},
                               (double)below.values[r * below.stride + i], sum,
                               sml__sum_bound(deltas.n + 1, size, (double)deltas.n));
            }
        }
    }
}

/* sums[j] = Σ_s δ_sj x_si of one input, sizes[j] of absolute values; returns Σ_s |x_si|. */
static double sum_column(const sml__check *check, const sml__rows *x, const sml__rows *deltas,
                         size_t input)
{
    double size = 0;
    memset(check->sums, 0, deltas->n * sizeof *check->sums);
    memset(check->sizes, 0, deltas->n * sizeof *check->sizes);
    for (size_t s = 0; s < check->trace->rows; s++) {
        const double right = (double)x->values[s * x->stride + input];
        const float *delta = deltas->values + s * deltas->stride;
        size += fabs(right);
        for (size_t j = 0; j < deltas->n; j++) {
            const double product = (double)delta[j] * right;
            check->sums[j] += product;
            check->sizes[j] += fabs(product);
        }
    }
    return size;
}

void sml__check_weights(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const sml__rows x = sml__trace_inputs(trace, check->layer);
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    const double scale = sml__trace_scale(trace);
    for (size_t i = 0; i < layer->n_in; i++) {
        const float *gradient = trace->gradient + layer->weight + i * layer->stride;
        const double size = sum_column(check, &x, &deltas, i);
        for (size_t j = 0; j < layer->n_out; j++) {
            sml__check_see(check, (sml__place){.unit = j, .input = i}, (double)gradient[j],
                           scale * check->sums[j],
                           sml__gradient_bound(trace->rows, check->sizes[j], scale, size));
        }
    }
}

/* Of bias, or of β. */
void sml__check_biases(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    const double scale = sml__trace_scale(trace);
    for (size_t j = 0; j < layer->n_out; j++) {
        double sum = 0, size = 0;
        for (size_t s = 0; s < trace->rows; s++) {
            sum += (double)deltas.values[s * deltas.stride + j];
            size += fabs((double)deltas.values[s * deltas.stride + j]);
        }
        sml__check_see(check, (sml__place){.unit = j}, (double)trace->gradient[layer->bias + j],
                       scale * sum, sml__double_sum_bound(scale * sum, scale * size));
    }
}

/* others[j] = what both sides of the identity of a unit may be off by: w_ji times what dW_ji may,
 * b_j times db_j, and δ_sj times z_sj. */
static void bound_units(sml__check *check, const sml__rows *deltas)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const double scale = sml__trace_scale(trace), n = (double)layer->n_in;
    const double gamma = sml__gamma(layer->n_in + 1) + sml__gamma(trace->rows + 3) + 0x1p-48;
    memset(check->others, 0, layer->n_out * sizeof *check->others);
    for (size_t s = 0; s < trace->rows; s++) {
        const float *delta = deltas->values + s * deltas->stride;
        sum_row(check, s);
        for (size_t j = 0; j < layer->n_out; j++) {
            const double d = fabs((double)delta[j]);
            check->others[j] +=
                scale * d * (gamma * check->sizes[j] + n * SML__TINY) + SML__TINY * check->sizes[j];
        }
    }
    for (size_t i = 0; i < layer->n_in; i++) {
        const float *weight = weights_of(check, i);
        for (size_t j = 0; j < layer->n_out; j++) {
            check->others[j] += SML__TINY * (double)trace->rows * fabs((double)weight[j]);
        }
    }
}

/* Σ_i w_ji dW_ji + b_j db_j = (1/Σw) Σ_s δ_sj z_sj: weights, gradient, outputs and deltas at once.
 */
void sml__check_unit_identity(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    const float *bias = biases_of(check), *d_bias = trace->gradient + layer->bias;
    bound_units(check, &deltas);
    for (size_t j = 0; j < layer->n_out; j++) {
        check->sums[j] = (double)bias[j] * (double)d_bias[j];
    }
    for (size_t i = 0; i < layer->n_in; i++) {
        const float *weight = weights_of(check, i);
        const float *gradient = trace->gradient + layer->weight + i * layer->stride;
        for (size_t j = 0; j < layer->n_out; j++) {
            check->sums[j] += (double)weight[j] * (double)gradient[j];
        }
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        double sum = 0;
        for (size_t s = 0; s < trace->rows; s++) {
            const size_t at = s * deltas.stride + j;
            sum += (double)deltas.values[at] * (double)trace->workspace.outputs[check->layer][at];
        }
        /* What has overflowed is the business of the single sums. */
        const double bound = isfinite(check->sums[j]) ? check->others[j] : (double)INFINITY;
        sml__check_see(check, (sml__place){.unit = j}, check->sums[j],
                       sml__trace_scale(trace) * sum, bound);
    }
}
