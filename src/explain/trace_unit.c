/* Layers that keep their width: activations (3), dropout (25), batch and layer norm (42) to (50) of
 * docs/network.md. Each number is recomputed in double from the floats that the engine had. */
#include "explain/trace_unit.h"

#include "explain/bounds.h"

#include <math.h>
#include <string.h>

/* Where norms keep mean and factor in their statistics. */
enum { MEAN, FACTOR };

sml__norm_group sml__trace_norm_group(const sml_trace *trace, size_t l)
{
    const sml__layer_type *type = trace->network.layers[l].type;
    if (type->row_stats > 0) {
        return SML__OVER_UNITS;
    }
    return trace->training && trace->rows > 1 ? SML__OVER_ROWS : SML__OVER_NOTHING;
}

/* Of running statistics: the factor is x̂ of a 1 whose mean is 0. */
static sml__norm running_norm(const sml_trace *trace, const sml__layer *layer, size_t unit)
{
    const float *values = trace->network.parameters;
    const double one = 1, zero = 0;
    const double variance = (double)values[layer->buffers[1] + unit];
    const sml__norm_row row = {
        .n = 1, .value = layer->value, .input = &one, .running = {&zero, &variance}};
    sml__norm norm = {.mean = (double)values[layer->buffers[0] + unit]};
    layer->type->normalise(&row, &norm.factor);
    return norm;
}

sml__norm sml__trace_norm(const sml_trace *trace, size_t l, size_t unit, size_t row)
{
    const sml__layer *layer = &trace->network.layers[l];
    const double *stats = trace->workspace.stats[l];
    sml__norm norm;
    switch (sml__trace_norm_group(trace, l)) {
    case SML__OVER_UNITS:
        stats += row * (size_t)layer->type->row_stats;
        norm.mean = stats[MEAN];
        norm.factor = stats[FACTOR];
        return norm;
    case SML__OVER_ROWS:
        norm.mean = stats[MEAN * layer->n_out + unit];
        norm.factor = stats[FACTOR * layer->n_out + unit];
        return norm;
    case SML__OVER_NOTHING:
        break;
    }
    return running_norm(trace, layer, unit);
}

static double gamma_of(const sml_trace *trace, size_t l, size_t unit)
{
    return (double)trace->network.parameters[trace->network.layers[l].weight + unit];
}

static double beta_of(const sml_trace *trace, size_t l, size_t unit)
{
    return (double)trace->network.parameters[trace->network.layers[l].bias + unit];
}

static double at(const sml__rows *rows, size_t row, size_t unit)
{
    return rows->values != NULL ? (double)rows->values[row * rows->stride + unit] : (double)NAN;
}

static void add_to_means(const sml_trace *trace, size_t l, size_t unit, size_t row, double n,
                         sml__norm_means *means)
{
    const sml__rows z = sml__trace_inputs(trace, l), deltas = sml__trace_deltas(trace, l);
    const sml__norm norm = sml__trace_norm(trace, l, unit, row);
    const double delta = at(&deltas, row, unit) / n;
    const double normalised = (at(&z, row, unit) - norm.mean) * norm.factor;
    const double g = gamma_of(trace, l, unit) * delta;
    const double product = g * normalised;
    means->delta += delta;
    means->delta_product += delta * normalised;
    means->g += g;
    means->size_of_g += fabs(g);
    means->product += product;
    means->size_of_product += fabs(product);
}

sml__norm_means sml__trace_norm_means(const sml_trace *trace, size_t l, size_t unit, size_t row)
{
    const sml__norm_group group = sml__trace_norm_group(trace, l);
    const size_t n = group == SML__OVER_UNITS  ? trace->network.layers[l].n_out
                     : group == SML__OVER_ROWS ? trace->rows
                                               : 0;
    sml__norm_means means = {0};
    for (size_t i = 0; i < n; i++) {
        add_to_means(trace, l, group == SML__OVER_UNITS ? i : unit,
                     group == SML__OVER_UNITS ? row : i, (double)n, &means);
    }
    return means;
}

/* a = γ x̂ + β. μ and r are rounded to float, and five operations follow: at most 7 u of what is
 * added up. */
static void normalise(const sml_trace *trace, size_t l, const sml__norm *norm, sml_unit_facts *out)
{
    const double scale = out->gamma * norm->factor;
    out->f = out->gamma * out->normalised + out->beta;
    out->bound_f =
        7 * SML__ROUNDOFF * (fabs(scale) * (fabs(out->z) + fabs(norm->mean)) + fabs(out->beta)) +
        0x1p-126;
    if (sml__trace_norm_group(trace, l) == SML__OVER_NOTHING) {
        out->slope = scale;
    }
}

/* δ = r (g - mean g - x̂ mean(g x̂)). By counting roundings: of the three terms 5, 6 and 13; and x̂
 * itself is off by 4 u |x̂| + u |μ| r, in the third term and in its mean. */
static void normalise_back(const sml__norm *norm, const sml__norm_means *means, sml_unit_facts *out)
{
    const double g = out->gamma * out->delta_out, x = out->normalised;
    const double shift = fabs(norm->mean) * norm->factor;
    const double sizes = fabs(g) + means->size_of_g + fabs(x) * means->size_of_product;
    const double shifts = shift * (means->size_of_product + fabs(x) * means->size_of_g);
    out->product = norm->factor * (g - means->g - x * means->product);
    out->bound_delta =
        SML__ROUNDOFF * norm->factor * (13 * sizes + 2 * shifts) + 0x1p-126 * (1 + norm->factor);
}

/* No bound where something in between is beyond float32's range. */
static void allow_overflow(const sml__norm *norm, const sml__norm_means *means, sml_unit_facts *out)
{
    const double scale = fabs(out->gamma) * norm->factor;
    const double gap = fabs(out->z) + fabs(norm->mean), g = fabs(out->gamma * out->delta_out);
    if (fmax(gap, scale) * fmax(1, scale) + fabs(out->beta) > SML__LARGEST) {
        out->bound_f = (double)INFINITY;
        out->bound_delta = (double)INFINITY;
    }
    if (fmax(1, norm->factor) * (g + means->size_of_g) +
            (1 + gap) * norm->factor * (1 + means->size_of_product) >
        SML__LARGEST) {
        out->bound_delta = (double)INFINITY;
    }
}

static void describe_norm(const sml_trace *trace, size_t l, size_t unit, size_t row,
                          const sml__norm_means *means, sml_unit_facts *out)
{
    const sml__norm norm = sml__trace_norm(trace, l, unit, row);
    out->mean = norm.mean;
    out->factor = norm.factor;
    out->gamma = gamma_of(trace, l, unit);
    out->beta = beta_of(trace, l, unit);
    out->normalised = (out->z - norm.mean) * norm.factor;
    if (sml__trace_norm_group(trace, l) != SML__OVER_NOTHING) {
        const int is_layer_norm = sml__trace_norm_group(trace, l) == SML__OVER_UNITS;
        out->delta_mean = is_layer_norm ? means->g : means->delta;
        out->delta_product_mean = is_layer_norm ? means->product : means->delta_product;
    }
    normalise(trace, l, &norm, out);
    normalise_back(&norm, means, out);
    allow_overflow(&norm, means, out);
}

/* a = mask z: a product of two floats, rounded once. */
static void describe_dropout(const sml_trace *trace, size_t l, size_t unit, size_t row,
                             sml_unit_facts *out)
{
    const float *masks = trace->masks[l];
    const size_t stride = sml__row_stride(trace->network.layers[l].n_out);
    out->mask = masks != NULL ? (double)masks[row * stride + unit] : 1.0;
    out->slope = out->mask;
    out->f = out->mask * out->z;
    out->bound_f = SML__ROUNDOFF * fabs(out->f) + SML__TINY;
    out->product = out->mask * out->delta_out;
    out->bound_delta = SML__ROUNDOFF * fabs(out->product) + SML__TINY;
    if (out->mask == 0) { /* also where z is infinite */
        out->f = 0;
        out->product = 0;
        out->bound_f = 0;
        out->bound_delta = 0;
    }
}

/* The engine has the layer's setting in float. */
static void describe_activation(const sml__layer *layer, sml_unit_facts *out)
{
    const sml__accuracy *accuracy = sml__activation_accuracy(layer->type->name);
    const double value = (double)(float)layer->value;
    out->f = layer->type->f(out->z, value);
    out->slope = layer->type->slope(out->z, value);
    out->product = out->delta_out * out->slope;
    out->bound_f = accuracy->f * (SML__ROUNDOFF * fmax(fabs(out->f), fabs(out->z * out->slope)) +
                                  0x1p-126 * (1 + fabs(out->z)));
    out->bound_delta =
        accuracy->slope *
        (SML__ROUNDOFF * fabs(out->delta_out) * fmax(fabs(out->slope), 0.5) + SML__TINY);
}

static void set_all_nan(sml_unit_facts *out)
{
    const double nan = (double)NAN;
    *out = (sml_unit_facts){.z = nan,
                            .a = nan,
                            .f = nan,
                            .slope = nan,
                            .delta_out = nan,
                            .delta_in = nan,
                            .product = nan,
                            .bound_f = nan,
                            .bound_delta = nan,
                            .mean = nan,
                            .factor = nan,
                            .normalised = nan,
                            .gamma = nan,
                            .beta = nan,
                            .delta_mean = nan,
                            .delta_product_mean = nan,
                            .mask = nan};
}

/* What the engine has of it. */
static void take_engine(const sml_trace *trace, size_t l, size_t unit, size_t row,
                        sml_unit_facts *out)
{
    const sml__layer *layer = &trace->network.layers[l];
    const sml__rows input = sml__trace_inputs(trace, l), above = sml__trace_deltas(trace, l);
    const sml__rows output = {trace->workspace.outputs[l], above.n, above.stride};
    out->a = at(&output, row, unit);
    out->delta_out = at(&above, row, unit);
    if (layer->type->has_units) {
        return;
    }
    out->z = at(&input, row, unit);
    if (l > 0) {
        const sml__rows below = sml__trace_deltas(trace, l - 1);
        out->delta_in = at(&below, row, unit);
    }
}

/* A what-if puts 0 behind the unit, or behind that of the layer below, and into its δ. */
static void apply_silence(const sml_trace *trace, size_t l, size_t unit, sml_unit_facts *out)
{
    if (sml__trace_is_silent(trace, l, unit)) {
        out->f = 0;
        out->bound_f = 0;
    }
    if (l > 0 && sml__trace_is_silent(trace, l - 1, unit)) {
        out->product = 0;
        out->bound_delta = 0;
    }
}

void sml__trace_unit(const sml_trace *trace, size_t l, size_t unit, size_t row,
                     const sml__norm_means *means, sml_unit_facts *out)
{
    const sml__layer *layer = &trace->network.layers[l];
    set_all_nan(out);
    take_engine(trace, l, unit, row, out);
    if (layer->type->f != NULL) {
        describe_activation(layer, out);
    } else if (layer->type->is_random) {
        describe_dropout(trace, l, unit, row, out);
    } else if (layer->type->normalise != NULL) {
        describe_norm(trace, l, unit, row, means, out);
    }
    out->gate_closed = out->slope == 0;
    apply_silence(trace, l, unit, out);
}

void sml_trace_unit(const sml_trace *trace, size_t layer, size_t unit, size_t row,
                    sml_unit_facts *out)
{
    sml__norm_means means = {0};
    if (layer >= trace->network.n_layers || unit >= trace->network.layers[layer].n_out ||
        row >= trace->rows) {
        set_all_nan(out);
        return;
    }
    if (trace->network.layers[layer].type->normalise != NULL) {
        means = sml__trace_norm_means(trace, layer, unit, row);
    }
    sml__trace_unit(trace, layer, unit, row, &means, out);
}
