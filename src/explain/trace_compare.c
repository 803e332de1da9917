/* Two traces of the same rows, before and after what was changed. */
#include "base/context.h"
#include "base/memory.h"
#include "explain/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether both read the same numbers. What lies between two rows is none of them. */
static int reads_the_same(const sml_trace *base, const sml_trace *other)
{
    const size_t n = base->original->n_in, stride = sml__row_stride(n);
    int is_same = 1;
    for (size_t r = 0; r < base->rows; r++) {
        is_same &= memcmp(base->workspace.input + r * stride, other->workspace.input + r * stride,
                          n * sizeof(float)) == 0;
    }
    return is_same;
}

static sml_status check_pair(sml_ctx *ctx, const sml_trace *base, const sml_trace *other,
                             size_t row)
{
    if (base->original != other->original || base->rows != other->rows ||
        base->training != other->training || base->epoch != other->epoch ||
        !reads_the_same(base, other)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "compare: two traces of the same model, rows and mode are needed");
    }
    return row < base->rows
               ? SML_OK
               : sml__fail(ctx, SML_BAD_ARGUMENT, "compare: row %zu of %zu", row, base->rows);
}

static const float *row_of(const sml_trace *trace, sml_vector vector, size_t layer, size_t row)
{
    size_t n = 0;
    return sml_trace_vector(trace, vector, layer, row, &n);
}

static void compare_outputs(const sml_trace *base, const sml_trace *other, size_t row,
                            sml_difference *out)
{
    const size_t last = base->network.n_layers - 1;
    const float *z[2] = {row_of(base, SML_OUTPUT, last, row), row_of(other, SML_OUTPUT, last, row)};
    const float *a[2] = {row_of(base, SML_PREDICTION, 0, row),
                         row_of(other, SML_PREDICTION, 0, row)};
    for (size_t k = 0; k < out->n_outputs; k++) {
        out->outputs[k] = (sml_output_change){
            .logit_before = (double)z[0][k],
            .logit_after = (double)z[1][k],
            .before = (double)a[0][k],
            .after = (double)a[1][k],
        };
    }
}

/* C_s of z / T. scratch[2 n_out]. */
static double loss_of(const sml_trace *trace, size_t row, double *scratch)
{
    const size_t n = trace->network.n_out;
    const float *z = row_of(trace, SML_OUTPUT, trace->network.n_layers - 1, row);
    const float *y = row_of(trace, SML_TARGET, 0, row);
    if (y == NULL) {
        return (double)NAN;
    }
    for (size_t k = 0; k < n; k++) {
        scratch[k] = (double)z[k] / trace->temperature;
        scratch[n + k] = (double)y[k];
    }
    return trace->network.loss->row_f64(scratch, scratch + n, n, trace->settings.label_smoothing,
                                        NULL);
}

/* The largest change first; of equal ones the lower unit. NaN before everything. */
static int by_change(const void *a, const void *b)
{
    const sml_unit_change *x = a, *y = b;
    const double dx = fabs(x->after - x->before), dy = fabs(y->after - y->before);
    if (isnan(dx) != isnan(dy)) {
        return isnan(dx) ? -1 : 1;
    }
    if (dx < dy || dx > dy) {
        return dx > dy ? -1 : 1;
    }
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* Units that are not what they were into changes[n]; returns how many. */
static size_t list_changes(const float *before, const float *after, size_t n,
                           sml_unit_change *changes)
{
    size_t count = 0;
    for (size_t j = 0; j < n; j++) {
        const int is_same = before[j] == after[j] || (isnan(before[j]) && isnan(after[j]));
        if (!is_same) {
            changes[count++] = (sml_unit_change){j, (double)before[j], (double)after[j]};
        }
    }
    qsort(changes, count, sizeof *changes, by_change);
    return count;
}

/* scratch has room for the units of the widest block. */
static sml_status compare_block(sml_ctx *ctx, const sml_trace *base, const sml_trace *other,
                                size_t row, size_t top, sml_unit_change *scratch,
                                sml_block_change *out)
{
    size_t first = 0, end = 0;
    sml__trace_block(base, out->block, &first, &end);
    out->layer = end - 1;
    out->n_units = base->network.layers[out->layer].n_out;
    out->changed = list_changes(row_of(base, SML_OUTPUT, out->layer, row),
                                row_of(other, SML_OUTPUT, out->layer, row), out->n_units, scratch);
    const size_t n_top = out->changed < top ? out->changed : top;
    out->top = sml__alloc(ctx, n_top, sizeof *out->top, "units that changed");
    if (out->top == NULL) {
        return SML_NO_MEMORY;
    }
    out->n_top = n_top;
    for (size_t i = 0; i < out->changed; i++) {
        const double change = fabs(scratch[i].after - scratch[i].before);
        out->total += change;
        if (i < n_top) {
            out->top[i] = scratch[i];
        } else {
            out->rest += change;
        }
    }
    return SML_OK;
}

static size_t hidden_blocks(const sml__network *network)
{
    size_t heads = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        heads += network->layers[l].type->gradient != NULL;
    }
    return heads - 1;
}

static size_t widest(const sml__network *network)
{
    size_t width = network->n_out;
    for (size_t l = 0; l < network->n_layers; l++) {
        width = network->layers[l].n_out > width ? network->layers[l].n_out : width;
    }
    return width;
}

sml_status sml_trace_compare(sml_ctx *ctx, const sml_trace *base, const sml_trace *other,
                             size_t row, size_t top, sml_difference *out)
{
    const sml__network *network = base->original;
    memset(out, 0, sizeof *out);
    sml_status status = check_pair(ctx, base, other, row);
    if (status != SML_OK) {
        return status;
    }
    const size_t blocks = hidden_blocks(network);
    double *scratch = sml__alloc(ctx, 2 * network->n_out, sizeof *scratch, "logits");
    sml_unit_change *units = sml__alloc(ctx, widest(network), sizeof *units, "units");
    out->outputs = sml__alloc(ctx, network->n_out, sizeof *out->outputs, "outputs");
    out->blocks = sml__alloc(ctx, blocks, sizeof *out->blocks, "blocks");
    status = scratch != NULL && units != NULL && out->outputs != NULL && out->blocks != NULL
                 ? SML_OK
                 : SML_NO_MEMORY;
    if (status == SML_OK) {
        out->n_outputs = network->n_out;
        compare_outputs(base, other, row, out);
        out->loss_before = loss_of(base, row, scratch);
        out->loss_after = loss_of(other, row, scratch);
    }
    for (size_t b = 0; b < blocks && status == SML_OK; b++) {
        out->n_blocks = b + 1;
        out->blocks[b].block = b;
        status = compare_block(ctx, base, other, row, top, units, &out->blocks[b]);
    }
    sml__free(scratch);
    sml__free(units);
    if (status != SML_OK) {
        sml_difference_clear(out);
    }
    return status;
}

void sml_difference_clear(sml_difference *difference)
{
    for (size_t b = 0; b < difference->n_blocks; b++) {
        sml__free(difference->blocks[b].top);
    }
    sml__free(difference->blocks);
    sml__free(difference->outputs);
    memset(difference, 0, sizeof *difference);
}
