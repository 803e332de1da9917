/* Edits of the copy that a trace has, and two traces held against each other. */
#include "base/context.h"
#include "base/memory.h"
#include "explain/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int sml__trace_is_silent(const sml_trace *trace, size_t layer, size_t unit)
{
    int is_silent = 0;
    for (size_t i = 0; i < trace->n_edits; i++) {
        const sml__trace_edit *edit = &trace->edits[i];
        is_silent |= edit->facts.kind == SML_EDIT_SILENCE && edit->layer == layer &&
                     edit->facts.unit == unit;
    }
    return is_silent;
}

const sml_edit *sml_trace_edit_at(const sml_trace *trace, size_t index)
{
    return index < trace->n_edits ? &trace->edits[index].facts : NULL;
}

static sml_status bad(sml_ctx *ctx, const char *what, double value, const char *wanted)
{
    return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: found %g; it must be %s", what, value, wanted);
}

/* Where the value of a parameter is kept that a pass begins with. */
static float *value_at(sml_trace *trace, size_t position)
{
    const size_t n = trace->network.n_parameters;
    return position < n ? trace->network.parameters + position : trace->running + (position - n);
}

static int is_same(const sml__trace_edit *a, const sml__trace_edit *b)
{
    return a->facts.kind == b->facts.kind && strcmp(a->facts.name, b->facts.name) == 0;
}

/* What the copy, or the trace, has for an edit that is made, or for one that is taken back. */
static void put(sml_trace *trace, const sml__trace_edit *edit, double value)
{
    if (edit->facts.kind == SML_EDIT_SET) {
        *value_at(trace, edit->position) = (float)value;
    } else if (edit->facts.kind == SML_EDIT_TEMPERATURE) {
        trace->temperature = value;
    }
}

/* The place of an edit in the list: its own where it was made before, else a new one at the end.
 * NULL: no memory. */
static sml__trace_edit *place_of(sml_ctx *ctx, sml_trace *trace, const sml__trace_edit *edit)
{
    size_t i = 0;
    while (i < trace->n_edits && !is_same(&trace->edits[i], edit)) {
        i++;
    }
    if (i < trace->n_edits) {
        return &trace->edits[i];
    }
    if (trace->n_edits == trace->edits_room) {
        const size_t room = 2 * trace->edits_room + 8;
        sml__trace_edit *edits = sml__alloc(ctx, room, sizeof *edits, "a list of edits");
        if (edits == NULL) {
            return NULL;
        }
        if (trace->n_edits > 0) {
            memcpy(edits, trace->edits, trace->n_edits * sizeof *edits);
        }
        sml__free(trace->edits);
        trace->edits = edits;
        trace->edits_room = room;
    }
    return &trace->edits[trace->n_edits++];
}

/* A step changes every parameter, and knows of no edit: one thing at a time. */
static sml_status check_steps(sml_ctx *ctx, const sml_trace *trace)
{
    return trace->last_step == NULL
               ? SML_OK
               : sml__fail(ctx, SML_BAD_ARGUMENT,
                           "what if: a step of training was taken; take it back first");
}

static sml_status make(sml_ctx *ctx, sml_trace *trace, const sml__trace_edit *edit)
{
    const sml_status status = check_steps(ctx, trace);
    if (status != SML_OK) {
        return status;
    }
    sml__trace_edit *place = place_of(ctx, trace, edit);
    if (place == NULL) {
        return SML_NO_MEMORY;
    }
    *place = *edit;
    put(trace, edit, edit->facts.value);
    return sml__trace_run(ctx, trace);
}

sml_status sml_trace_set(sml_ctx *ctx, sml_trace *trace, const char *name, double value)
{
    const float rounded = (float)value;
    sml__parameter place;
    const sml_status status = sml__parameter_parse(ctx, &trace->network, name, &place);
    if (status != SML_OK) {
        return status;
    }
    if (!isfinite(rounded)) {
        return bad(ctx, name, value, "a finite float32");
    }
    if (place.kind == SML__RUNNING_VARIANCE && rounded < 0) {
        return bad(ctx, name, value, "0 or more: it is a variance");
    }
    sml__trace_edit edit = {
        .facts = {.kind = SML_EDIT_SET, .value = (double)rounded},
        .position = sml__parameter_position(&trace->network, &place),
    };
    edit.facts.before = (double)trace->original->parameters[edit.position];
    sml__parameter_text(&trace->network, &place, edit.facts.name);
    return make(ctx, trace, &edit);
}

sml_status sml_trace_silence(sml_ctx *ctx, sml_trace *trace, size_t block, size_t unit)
{
    size_t first = 0, end = 0;
    const int is_there = sml__trace_block(trace, block, &first, &end);
    if (!is_there) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "there is no layers.%zu to silence", block);
    }
    if (end == trace->network.n_layers) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "layers.%zu gives the output, where 0 is a logit like any other; "
                         "choose a unit of a hidden layer",
                         block);
    }
    const size_t units = trace->network.layers[end - 1].n_out;
    if (unit >= units) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "found unit %zu, layers.%zu has units 0…%zu", unit,
                         block, units - 1);
    }
    sml__trace_edit edit = {.facts = {.kind = SML_EDIT_SILENCE, .block = block, .unit = unit},
                            .layer = end - 1};
    snprintf(edit.facts.name, sizeof edit.facts.name, "layers.%zu unit %zu", block, unit);
    return make(ctx, trace, &edit);
}

static void take_out(sml_trace *trace, size_t index)
{
    const sml__trace_edit *edit = &trace->edits[index];
    put(trace, edit, edit->facts.before);
    trace->n_edits--;
    memmove(trace->edits + index, trace->edits + index + 1,
            (trace->n_edits - index) * sizeof *trace->edits);
}

sml_status sml_trace_take_back(sml_ctx *ctx, sml_trace *trace, size_t index)
{
    const sml_status status = check_steps(ctx, trace);
    if (status != SML_OK) {
        return status;
    }
    if (index >= trace->n_edits) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "take back: edit %zu of %zu, counted from 0", index,
                         trace->n_edits);
    }
    take_out(trace, index);
    return sml__trace_run(ctx, trace);
}

sml_status sml_trace_reset(sml_ctx *ctx, sml_trace *trace)
{
    const sml_status status = check_steps(ctx, trace);
    if (status != SML_OK) {
        return status;
    }
    while (trace->n_edits > 0) {
        take_out(trace, trace->n_edits - 1);
    }
    return sml__trace_run(ctx, trace);
}

static sml_status check_temperature(sml_ctx *ctx, const sml_trace *trace, float temperature)
{
    if (!(temperature > 0) || !isfinite(temperature)) {
        return bad(ctx, "temperature", (double)temperature, "positive and finite");
    }
    if (trace->network.loss->task == SML_TASK_REGRESSION) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "temperature: the model is for regression: its outputs are no "
                         "probabilities");
    }
    return SML_OK;
}

sml_status sml_trace_temperature(sml_ctx *ctx, sml_trace *trace, double temperature)
{
    const float rounded = (float)temperature;
    const sml__trace_edit edit = {.facts = {.kind = SML_EDIT_TEMPERATURE,
                                            .name = "temperature",
                                            .before = 1,
                                            .value = (double)rounded}};
    const sml_status status = check_temperature(ctx, trace, rounded);
    if (status != SML_OK || rounded != 1) {
        return status == SML_OK ? make(ctx, trace, &edit) : status;
    }
    for (size_t i = 0; i < trace->n_edits; i++) {
        if (is_same(&trace->edits[i], &edit)) {
            return sml_trace_take_back(ctx, trace, i);
        }
    }
    return SML_OK;
}
