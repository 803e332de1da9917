/* ∂C/∂x, (19) of docs/network.md: nothing in training asks for it. */
#include "base/memory.h"
#include "explain/trace_unit.h"

/* Behind the first layer with parameters. */
static void start(const sml_trace *trace, size_t l, size_t row, double *gradient)
{
    const sml__layer *layer = &trace->network.layers[l];
    const sml__rows deltas = sml__trace_deltas(trace, l);
    const float *delta = deltas.values + row * deltas.stride;
    for (size_t i = 0; i < layer->n_in; i++) {
        const float *weight = trace->network.parameters + layer->weight + i * layer->stride;
        if (!layer->type->has_units) {
            sml_unit_facts facts;
            const sml__norm_means means = sml__trace_norm_means(trace, l, i, row);
            sml__trace_unit(trace, l, i, row, &means, &facts);
            gradient[i] = facts.product;
            continue;
        }
        for (size_t j = 0; j < layer->n_out; j++) {
            gradient[i] += (double)weight[j] * (double)delta[j];
        }
    }
}

double *sml__trace_input_gradient(sml_ctx *ctx, const sml_trace *trace, size_t row)
{
    size_t l = 0;
    double *gradient = sml__alloc(ctx, trace->network.n_in, sizeof *gradient, "a gradient");
    if (gradient == NULL) {
        return NULL;
    }
    while (trace->network.layers[l].type->gradient == NULL) {
        l++;
    }
    start(trace, l, row, gradient);
    while (l-- > 0) { /* layers that act on each number alone */
        for (size_t i = 0; i < trace->network.n_in; i++) {
            sml_unit_facts facts;
            sml_trace_unit(trace, l, i, row, &facts);
            gradient[i] *= facts.slope;
        }
    }
    return gradient;
}
