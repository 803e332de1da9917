/* Sums taken apart: the terms in double, the largest of them in a heap, the others together. Both
 * factors are floats, so their product is exact in double, and the sum in double stands for the
 * truth beside the engine's. */
#include "base/context.h"
#include "base/memory.h"
#include "explain/bounds.h"
#include "explain/trace_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The terms of one sum: term i is left_i right_i scale, and bias is added once, times scale too. */
typedef struct terms {
    size_t n;
    const float *left, *right; /* right NULL: all 1, or x̂ of a norm */
    size_t left_step, right_step;
    const sml_trace *trace; /* with is_norm */
    size_t layer, unit;
    int is_norm;
    double scale, bias;
    double absolute, slack; /* found on the way: Σ |left right| + |bias|; Σ |right|, or of norms
                               what their x̂ may be off by */
} terms;

static double left_of(const terms *t, size_t i)
{
    return (double)t->left[i * t->left_step];
}

static double right_of(const terms *t, size_t i)
{
    if (t->is_norm) {
        const sml__norm norm = sml__trace_norm(t->trace, t->layer, t->unit, i);
        return ((double)t->right[i * t->right_step] - norm.mean) * norm.factor;
    }
    return t->right != NULL ? (double)t->right[i * t->right_step] : 1.0;
}

static double slack_of(const terms *t, size_t i, double right)
{
    if (!t->is_norm) {
        return fabs(right);
    }
    const sml__norm norm = sml__trace_norm(t->trace, t->layer, t->unit, i);
    return fabs(left_of(t, i)) * sml__normalised_error(right, norm.mean, norm.factor);
}

static double magnitude(const sml_term *term)
{
    return isnan(term->value) ? (double)INFINITY : fabs(term->value);
}

/* Whether a stands before b in the list. */
static int comes_before(const sml_term *a, const sml_term *b)
{
    const double x = magnitude(a), y = magnitude(b);
    return x > y || (x == y && a->index < b->index);
}

static int order(const void *a, const void *b)
{
    return comes_before(a, b) ? -1 : comes_before(b, a);
}

static void exchange(sml_term *a, sml_term *b)
{
    const sml_term kept = *a;
    *a = *b;
    *b = kept;
}

/* heap[n] has the term that comes last at its root. */
static void sift_up(sml_term *heap, size_t i)
{
    while (i > 0 && comes_before(&heap[(i - 1) / 2], &heap[i])) {
        exchange(&heap[(i - 1) / 2], &heap[i]);
        i = (i - 1) / 2;
    }
}

static void sift_down(sml_term *heap, size_t n)
{
    for (size_t i = 0, child = 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && comes_before(&heap[child], &heap[child + 1])) {
            child++;
        }
        if (!comes_before(&heap[i], &heap[child])) {
            return;
        }
        exchange(&heap[i], &heap[child]);
        i = child;
    }
}

/* Among the `top` largest, or added to the rest. */
static void keep(sml_sum *sum, size_t top, const sml_term *term)
{
    if (sum->n_terms < top) {
        sum->terms[sum->n_terms] = *term;
        sift_up(sum->terms, sum->n_terms++);
    } else if (top > 0 && comes_before(term, &sum->terms[0])) {
        sum->rest += sum->terms[0].value;
        sum->terms[0] = *term;
        sift_down(sum->terms, top);
    } else {
        sum->rest += term->value;
    }
}

/* Sums run upwards from the bias, as the engine's. */
static void add_terms(terms *t, size_t top, sml_sum *sum)
{
    double total = t->bias;
    t->absolute = fabs(t->bias);
    for (size_t i = 0; i < t->n; i++) {
        sml_term term = {.index = i, .left = left_of(t, i), .right = right_of(t, i)};
        const double product = term.left * term.right;
        term.value = product * t->scale;
        total += product;
        t->absolute += fabs(product);
        t->slack += slack_of(t, i, term.right);
        sum->n_positive += term.value > 0;
        sum->n_negative += term.value < 0;
        keep(sum, top, &term);
    }
    sum->total = total * t->scale;
    sum->bias = t->bias * t->scale;
    sum->absolute = t->absolute * fabs(t->scale);
}

/* z_j; its identity times δ_j, which is exact in double. */
static void describe_z(const sml_trace *trace, sml_sum *sum, terms *t)
{
    const sml__layer *layer = &trace->network.layers[sum->layer];
    const sml__rows x = sml__trace_inputs(trace, sum->layer);
    const sml__rows deltas = sml__trace_deltas(trace, sum->layer);
    const size_t at = sum->row * deltas.stride + sum->unit;
    t->n = layer->n_in;
    t->left = trace->network.parameters + layer->weight + sum->unit;
    t->left_step = layer->stride;
    t->right = x.values + sum->row * x.stride;
    t->right_step = 1;
    t->bias = (double)trace->network.parameters[layer->bias + sum->unit];
    sum->engine = (double)trace->workspace.outputs[sum->layer][at];
    if (sum->kind == SML_SUM_IDENTITY) {
        t->scale = (double)deltas.values[at];
        sum->engine *= t->scale;
    }
}

static void describe_back(const sml_trace *trace, sml_sum *sum, terms *t)
{
    const sml__layer *layer = &trace->network.layers[sum->layer];
    const sml__rows deltas = sml__trace_deltas(trace, sum->layer);
    t->n = layer->n_out;
    t->left = trace->network.parameters + layer->weight + sum->input * layer->stride;
    t->left_step = 1;
    t->right = deltas.values + sum->row * deltas.stride;
    t->right_step = 1;
    if (sum->kind == SML_SUM_BACK) {
        const sml__rows below = sml__trace_deltas(trace, sum->layer - 1);
        sum->engine = (double)below.values[sum->row * below.stride + sum->input];
    }
}

/* Sums over the batch: of the weight of an input, or of a bias, γ or β. */
static void describe_gradient(const sml_trace *trace, sml_sum *sum, terms *t)
{
    const sml__layer *layer = &trace->network.layers[sum->layer];
    const sml__rows x = sml__trace_inputs(trace, sum->layer);
    const sml__rows deltas = sml__trace_deltas(trace, sum->layer);
    const int is_weight = sum->kind == SML_SUM_WEIGHT;
    t->n = trace->rows;
    t->scale = sml__trace_scale(trace);
    t->left = deltas.values + sum->unit;
    t->left_step = deltas.stride;
    t->right_step = x.stride;
    t->is_norm = sum->kind == SML_SUM_GAMMA;
    if (is_weight || t->is_norm) {
        t->right = x.values + (is_weight ? sum->input : sum->unit);
    }
    const size_t place = is_weight    ? layer->weight + sum->input * layer->stride
                         : t->is_norm ? layer->weight
                                      : layer->bias;
    sum->engine = (double)trace->gradient[place + sum->unit];
}

/* A bound of z, of which δ z has a multiple. n products, and n additions to the bias. */
static void bound_z(const terms *t, sml_sum *sum)
{
    sum->gamma_n = t->n + 1;
    sum->bound = fabs(t->scale) * sml__sum_bound(sum->gamma_n, t->absolute, (double)t->n);
    if (t->scale == 0) {
        sum->bound = 0;
    }
}

static void bound_weight(const terms *t, sml_sum *sum)
{
    sum->gamma_n = t->n + 3;
    sum->bound = sml__gradient_bound(t->n, t->absolute, t->scale, t->slack);
}

static void bound_double(const terms *t, sml_sum *sum)
{
    sum->bound = sml__double_sum_bound(sum->total, sum->absolute);
    if (t->is_norm) {
        sum->bound += sml__normalised_bound(t->n, t->slack, t->scale);
    }
}

typedef struct kind {
    const char *name;
    int is_norm, is_backward;
    int has_unit, has_input, has_row; /* what the question must name */
    void (*describe)(const sml_trace *trace, sml_sum *sum, terms *t);
    void (*bound)(const terms *t, sml_sum *sum);
} kind;

static const kind KINDS[] = {
    [SML_SUM_Z] = {"z", 0, 0, 1, 0, 1, describe_z, bound_z},
    [SML_SUM_BACK] = {"dC/dx", 0, 1, 0, 1, 1, describe_back, bound_z},
    [SML_SUM_INPUT] = {"dC/dx", 0, 1, 0, 1, 1, describe_back, bound_z},
    [SML_SUM_WEIGHT] = {"dW", 0, 1, 1, 1, 0, describe_gradient, bound_weight},
    [SML_SUM_BIAS] = {"db", 0, 1, 1, 0, 0, describe_gradient, bound_double},
    [SML_SUM_IDENTITY] = {"dC/dz z", 0, 1, 1, 0, 1, describe_z, bound_z},
    [SML_SUM_GAMMA] = {"dγ", 1, 1, 1, 0, 0, describe_gradient, bound_double},
    [SML_SUM_BETA] = {"dβ", 1, 1, 1, 0, 0, describe_gradient, bound_double},
};

/* Whether the engine takes δ from layer l on to the layer below. */
static int hands_delta_on(const sml_trace *trace, size_t l)
{
    return l > 0 && sml__trace_deltas(trace, l - 1).values != NULL;
}

static sml_status check_layer(sml_ctx *ctx, const sml_trace *trace, const sml_sum *sum,
                              const kind *asked)
{
    if (sum->layer >= trace->network.n_layers) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "sum %s: layer %zu; the network has layers 0…%zu",
                         asked->name, sum->layer, trace->network.n_layers - 1);
    }
    const sml__layer_type *type = trace->network.layers[sum->layer].type;
    if (asked->is_norm ? type->normalise == NULL : !type->has_units) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "sum %s: layer %zu is %s; only %s has it",
                         asked->name, sum->layer, type->name,
                         asked->is_norm ? "a norm" : "a dense layer");
    }
    if (asked->is_backward && sml__trace_deltas(trace, sum->layer).values == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "sum %s: there is no backward pass: the rows have no targets, or no "
                         "weight",
                         asked->name);
    }
    if ((sum->kind == SML_SUM_BACK) > hands_delta_on(trace, sum->layer) ||
        (sum->kind == SML_SUM_INPUT && hands_delta_on(trace, sum->layer))) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "sum dC/dx: layer %zu is %s that has parameters: ask for %s", sum->layer,
                         sum->kind == SML_SUM_BACK ? "the first" : "not the first",
                         sum->kind == SML_SUM_BACK ? "SML_SUM_INPUT" : "SML_SUM_BACK");
    }
    return SML_OK;
}

static sml_status check_number(sml_ctx *ctx, const char *name, const char *what, size_t found,
                               size_t count)
{
    if (found < count) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT, "sum %s: %s %zu; there are 0…%zu", name, what, found,
                     count - 1);
}

static sml_status check_question(sml_ctx *ctx, const sml_trace *trace, const sml_sum *sum)
{
    if ((size_t)sum->kind >= sizeof KINDS / sizeof KINDS[0]) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "sum: no such kind: %d", (int)sum->kind);
    }
    const kind *asked = &KINDS[sum->kind];
    sml_status status = check_layer(ctx, trace, sum, asked);
    if (status != SML_OK) {
        return status;
    }
    const sml__layer *layer = &trace->network.layers[sum->layer];
    if (asked->has_unit) {
        status = check_number(ctx, asked->name, "unit", sum->unit, layer->n_out);
    }
    if (status == SML_OK && asked->has_input) {
        status = check_number(ctx, asked->name, "input", sum->input, layer->n_in);
    }
    if (status == SML_OK && asked->has_row) {
        status = check_number(ctx, asked->name, "row", sum->row, trace->rows);
    }
    return status;
}

/* Whether a what-if has put 0 in the place of the sum. */
static int is_silent(const sml_trace *trace, const sml_sum *sum)
{
    return (sum->kind == SML_SUM_Z && sml__trace_is_silent(trace, sum->layer, sum->unit)) ||
           (sum->kind == SML_SUM_BACK && sml__trace_is_silent(trace, sum->layer - 1, sum->input));
}

static void compare(const sml_trace *trace, sml_sum *sum)
{
    sum->difference = fabs(sum->engine - sum->total);
    if (sum->kind == SML_SUM_INPUT || is_silent(trace, sum)) {
        sum->bound = (double)NAN;
        sum->gamma_n = 0;
        sum->holds = 1;
        return;
    }
    sum->holds = sml__agrees(sum->engine, sum->total, sum->bound);
}

sml_status sml_trace_sum(sml_ctx *ctx, const sml_trace *trace, const sml_sum *question, size_t top,
                         sml_sum *out)
{
    const sml_sum asked = *question; /* out may be the question */
    memset(out, 0, sizeof *out);
    const sml_status status = check_question(ctx, trace, &asked);
    if (status != SML_OK) {
        return status;
    }
    const kind *how = &KINDS[asked.kind];
    out->kind = asked.kind;
    out->layer = asked.layer;
    out->unit = how->has_unit ? asked.unit : 0;
    out->input = how->has_input ? asked.input : 0;
    out->row = how->has_row ? asked.row : 0;
    out->engine = (double)NAN;
    terms t = {.trace = trace, .layer = asked.layer, .unit = asked.unit, .scale = 1};
    how->describe(trace, out, &t);
    out->n = t.n;
    out->scale = t.scale;
    top = top < t.n ? top : t.n;
    out->terms = sml__alloc(ctx, top, sizeof *out->terms, "the terms of a sum");
    if (out->terms == NULL) {
        return SML_NO_MEMORY;
    }
    add_terms(&t, top, out);
    qsort(out->terms, out->n_terms, sizeof *out->terms, order);
    how->bound(&t, out);
    compare(trace, out);
    return SML_OK;
}

void sml_sum_clear(sml_sum *sum)
{
    sml__free(sum->terms);
    sum->terms = NULL;
    sum->n_terms = 0;
}
