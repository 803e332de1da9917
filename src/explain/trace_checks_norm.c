/* Norms: the statistics that the engine keeps in double, (43), (44) and (49) of docs/network.md,
 * and the gradient of γ. */
#include "explain/bounds.h"
#include "explain/trace_checks.h"
#include "explain/trace_unit.h"

#include <math.h>

/* Mean and factor of a unit or a row, from z, and what a sum of them in another order may be off
 * by. */
typedef struct statistics {
    double mean, factor, variance;
    double bound_mean, bound_factor;
} statistics;

/* The numbers that are normalised together. */
typedef struct group {
    const float *z;
    size_t n, step;
} group;

static group group_of(const sml__check *check, size_t index)
{
    const sml__rows z = sml__trace_inputs(check->trace, check->layer);
    if (sml__trace_norm_group(check->trace, check->layer) == SML__OVER_ROWS) {
        return (group){.z = z.values + index, .n = check->trace->rows, .step = z.stride};
    }
    return (group){.z = z.values + index * z.stride, .n = z.n, .step = 1};
}

/* 1 / √(v + ε): x̂ of a 1, where the mean is 0 and the variance v. Only layer norm tells its ε. */
static double factor_of(const sml__layer *layer, double variance)
{
    const double one = 1, zero = 0;
    double factor = 0;
    if (layer->type->row_stats > 0) {
        return 1 / sqrt(variance + layer->value);
    }
    const sml__norm_row row = {
        .n = 1, .value = layer->value, .input = &one, .running = {&zero, &variance}};
    layer->type->normalise(&row, &factor);
    return factor;
}

static statistics statistics_of(const sml__check *check, size_t index)
{
    const group g = group_of(check, index);
    const double n = (double)g.n, errors = 0x1p-52 * (n + 8);
    statistics found = {0};
    double size = 0;
    for (size_t i = 0; i < g.n; i++) {
        found.mean += (double)g.z[i * g.step] / n;
        size += fabs((double)g.z[i * g.step]) / n;
    }
    for (size_t i = 0; i < g.n; i++) {
        const double gap = (double)g.z[i * g.step] - found.mean;
        found.variance += gap * gap / n;
    }
    found.factor = factor_of(&check->trace->network.layers[check->layer], found.variance);
    found.bound_mean = errors * size;
    /* A mean that is off by d adds d² to the variance. */
    const double drift = found.bound_mean * found.factor;
    found.bound_factor = found.factor * (errors + drift * drift);
    return found;
}

static size_t groups_of(const sml__check *check)
{
    const sml_trace *trace = check->trace;
    return sml__trace_norm_group(trace, check->layer) == SML__OVER_ROWS
               ? trace->network.layers[check->layer].n_out
               : trace->rows;
}

static sml__place place_of(const sml__check *check, size_t index)
{
    const int by_rows = sml__trace_norm_group(check->trace, check->layer) == SML__OVER_ROWS;
    return (sml__place){.unit = by_rows ? index : 0, .row = by_rows ? 0 : index};
}

void sml__check_means(sml__check *check)
{
    for (size_t i = 0; i < groups_of(check); i++) {
        const sml__place place = place_of(check, i);
        const statistics found = statistics_of(check, i);
        sml__check_see(check, place,
                       sml__trace_norm(check->trace, check->layer, place.unit, place.row).mean,
                       found.mean, found.bound_mean);
    }
}

void sml__check_factors(sml__check *check)
{
    for (size_t i = 0; i < groups_of(check); i++) {
        const sml__place place = place_of(check, i);
        const statistics found = statistics_of(check, i);
        sml__check_see(check, place,
                       sml__trace_norm(check->trace, check->layer, place.unit, place.row).factor,
                       found.factor, found.bound_factor);
    }
}

/* μ̃ ← (1 - ρ) μ̃ + ρ μ and ṽ ← (1 - ρ) ṽ + ρ v m/(m - 1), each rounded once to float. */
void sml__check_running(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const double rho = layer->value, m = (double)trace->rows;
    for (size_t j = 0; j < layer->n_out; j++) {
        const statistics found = statistics_of(check, j);
        const double moved[SML__BUFFERS] = {found.mean, found.variance * m / (m - 1)};
        for (int i = 0; i < SML__BUFFERS; i++) {
            const size_t at = layer->buffers[i] + j;
            const double before = (double)trace->running[at - trace->network.n_parameters];
            const double after = (1 - rho) * before + rho * moved[i];
            const double slack = rho * (i == 0 ? found.bound_mean
                                               : moved[1] * 0x1p-52 * (m + 8) +
                                                     2 * found.bound_mean * found.bound_mean);
            sml__check_see(check, (sml__place){.unit = j}, (double)trace->network.parameters[at],
                           after,
                           SML__ROUNDOFF * fabs(after) * (1 + 0x1p-20) + slack +
                               0x1p-50 * (fabs(before) + fabs(moved[i])) + SML__TINY);
        }
    }
}

/* dγ_j = (1/Σw) Σ_s δ_sj x̂_sj. */
void sml__check_gammas(sml__check *check)
{
    const sml_trace *trace = check->trace;
    const sml__layer *layer = &trace->network.layers[check->layer];
    const sml__rows z = sml__trace_inputs(trace, check->layer);
    const sml__rows deltas = sml__trace_deltas(trace, check->layer);
    const double scale = sml__trace_scale(trace);
    for (size_t j = 0; j < layer->n_out; j++) {
        double sum = 0, size = 0, slack = 0;
        for (size_t s = 0; s < trace->rows; s++) {
            const sml__norm norm = sml__trace_norm(trace, check->layer, j, s);
            const double delta = (double)deltas.values[s * deltas.stride + j];
            const double x = ((double)z.values[s * z.stride + j] - norm.mean) * norm.factor;
            sum += delta * x;
            size += fabs(delta * x);
            slack += fabs(delta) * sml__normalised_error(x, norm.mean, norm.factor);
        }
        sml__check_see(check, (sml__place){.unit = j}, (double)trace->gradient[layer->weight + j],
                       scale * sum,
                       sml__double_sum_bound(scale * sum, scale * size) +
                           sml__normalised_bound(trace->rows, slack, scale));
    }
}
