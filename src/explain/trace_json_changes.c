/* What a JSON of a trace has of edits and steps. Members have the names of the structs. */
#include "explain/trace_json.h"

static const char *const KINDS[] = {
    [SML_EDIT_SET] = "set",
    [SML_EDIT_SILENCE] = "silence",
    [SML_EDIT_TEMPERATURE] = "temperature",
};

static void put_edits(sml__json *json, const sml_trace *trace)
{
    const sml_edit *edit;
    sml__json_open(json, "edits", '[');
    for (size_t i = 0; (edit = sml_trace_edit_at(trace, i)) != NULL; i++) {
        sml__json_open(json, NULL, '{');
        sml__json_text(json, "kind", KINDS[edit->kind]);
        sml__json_text(json, "name", edit->name);
        if (edit->kind == SML_EDIT_SILENCE) {
            sml__json_count(json, "block", edit->block);
            sml__json_count(json, "unit", edit->unit);
        } else {
            sml__json_float(json, "before", edit->before);
            sml__json_float(json, "value", edit->value);
        }
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
}

static void put_outputs(sml__json *json, const sml_difference *found)
{
    sml__json_open(json, "outputs", '[');
    for (size_t k = 0; k < found->n_outputs; k++) {
        sml__json_open(json, NULL, '{');
        sml__json_float(json, "logit_before", found->outputs[k].logit_before);
        sml__json_float(json, "logit_after", found->outputs[k].logit_after);
        sml__json_float(json, "before", found->outputs[k].before);
        sml__json_float(json, "after", found->outputs[k].after);
        sml__json_double(json, "difference", found->outputs[k].after - found->outputs[k].before);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
}

static void put_block(sml__json *json, const sml_block_change *block)
{
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "block", block->block);
    sml__json_count(json, "layer", block->layer);
    sml__json_count(json, "n_units", block->n_units);
    sml__json_count(json, "changed", block->changed);
    sml__json_double(json, "total", block->total);
    sml__json_open(json, "top", '[');
    for (size_t i = 0; i < block->n_top; i++) {
        sml__json_open(json, NULL, '{');
        sml__json_count(json, "unit", block->top[i].unit);
        sml__json_float(json, "before", block->top[i].before);
        sml__json_float(json, "after", block->top[i].after);
        sml__json_double(json, "difference", block->top[i].after - block->top[i].before);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
    sml__json_double(json, "rest", block->rest);
    sml__json_close(json, '{');
}

static void put_difference(sml__json *json, const sml_trace *trace, size_t row,
                           const sml_difference *found)
{
    sml__json_open(json, NULL, '{');
    sml__json_count(json, "sample", trace->samples[row]);
    if (trace->ready->view.task != SML_TASK_NONE) {
        sml__json_double(json, "loss_before", found->loss_before);
        sml__json_double(json, "loss_after", found->loss_after);
        sml__json_double(json, "loss_difference", found->loss_after - found->loss_before);
    }
    put_outputs(json, found);
    sml__json_open(json, "blocks", '[');
    for (size_t b = 0; b < found->n_blocks; b++) {
        put_block(json, &found->blocks[b]);
    }
    sml__json_close(json, '[');
    sml__json_close(json, '{');
}

static void put_differences(sml__json *json, const sml_trace *trace,
                            const sml_json_options *options)
{
    sml__json_open(json, "samples", '[');
    for (size_t r = 0; r < trace->rows && json->status == SML_OK; r++) {
        sml_difference found;
        sml__json_fail(json,
                       sml_trace_compare(json->ctx, options->base, trace, r, options->top, &found));
        if (json->status == SML_OK) {
            put_difference(json, trace, r, &found);
        }
        sml_difference_clear(&found);
    }
    sml__json_close(json, '[');
}

static void put_facts(sml__json *json, const sml_trace *trace, const sml_step_facts *facts)
{
    const int has_double = !sml__trace_differs_in_training(&trace->network);
    const int has_penalty = trace->settings.l1 > 0 || trace->settings.l2 > 0;
    sml__json_text(json, "optimizer", facts->optimizer);
    sml__json_count(json, "step", facts->step);
    sml__json_double(json, "learning_rate", facts->learning_rate);
    sml__json_double(json, "epsilon", facts->epsilon);
    sml__json_double(json, "weight_decay", facts->weight_decay);
    sml__json_flag(json, "is_fresh", facts->is_fresh);
    sml__json_flag(json, "is_folded", facts->is_folded);
    sml__json_double(json, "gradient_norm", facts->gradient_norm);
    sml__json_double(json, "clip_factor", facts->clip_factor);
    sml__json_double(json, "step_norm", facts->step_norm);
    sml__json_double(json, "parameter_norm", facts->parameter_norm);
    sml__json_double(json, "loss_before", facts->loss_before);
    sml__json_double(json, "loss_after", facts->loss_after);
    sml__json_double(json, "predicted", facts->predicted);
    sml__json_double(json, "actual", facts->actual);
    sml__json_optional(json, "actual_double", facts->actual_double, has_double);
    sml__json_optional(json, "gap", facts->gap, has_double);
    sml__json_optional(json, "half_gap", facts->half_gap, has_double);
    sml__json_optional(json, "objective_predicted", facts->objective_predicted, has_penalty);
    sml__json_optional(json, "objective_actual", facts->objective_actual, has_penalty);
}

static void put_tensors(sml__json *json, const sml_trace *trace)
{
    sml_step_tensor tensor;
    sml__json_open(json, "tensors", '[');
    for (size_t i = 0; sml_trace_step_tensor(trace, i, &tensor); i++) {
        sml__json_open(json, NULL, '{');
        sml__json_text(json, "name", tensor.name);
        sml__json_count(json, "numbers", tensor.numbers);
        sml__json_double(json, "gradient_norm", tensor.gradient_norm);
        sml__json_double(json, "step_norm", tensor.step_norm);
        sml__json_double(json, "parameter_norm", tensor.parameter_norm);
        sml__json_double(json, "ratio", tensor.step_norm / tensor.parameter_norm);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
}

static void put_parameter(sml__json *json, const sml_step_parameter *one)
{
    sml__json_open(json, NULL, '{');
    sml__json_text(json, "name", one->name);
    sml__json_float(json, "before", one->before);
    sml__json_float(json, "gradient", one->gradient);
    sml__json_double(json, "penalty", one->penalty);
    sml__json_double(json, "penalised", one->penalised);
    sml__json_double(json, "clip_factor", one->clip_factor);
    sml__json_double(json, "clipped", one->clipped);
    sml__json_double(json, "decayed", one->decayed);
    sml__json_open(json, "states", '[');
    for (size_t s = 0; s < one->n_states; s++) {
        sml__json_open(json, NULL, '{');
        sml__json_text(json, "name", one->state_names[s]);
        sml__json_float(json, "before", one->state_before[s]);
        sml__json_float(json, "after", one->state_after[s]);
        sml__json_double(json, "after_double", one->state_after_double[s]);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
    sml__json_open(json, "parts", '[');
    for (size_t i = 0; i < one->n_parts; i++) {
        sml__json_open(json, NULL, '{');
        sml__json_text(json, "symbol", one->parts[i].symbol);
        sml__json_double(json, "value", one->parts[i].value);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
    sml__json_double(json, "step", one->step);
    sml__json_double(json, "after_double", one->after_double);
    sml__json_float(json, "after", one->after);
    sml__json_double(json, "bound", one->bound);
    sml__json_flag(json, "holds", one->holds);
    sml__json_close(json, '{');
}

static void put_parameters(sml__json *json, const sml_trace *trace, const sml_json_options *options)
{
    sml__json_open(json, "parameters", '[');
    for (size_t i = 0; i < options->n_parameters && json->status == SML_OK; i++) {
        sml_step_parameter one;
        sml__json_fail(json, sml_trace_parameter(json->ctx, trace, options->parameters[i], &one));
        if (json->status == SML_OK) {
            put_parameter(json, &one);
        }
    }
    sml__json_close(json, '[');
}

void sml__trace_json_changes(sml__json *json, const sml_trace *trace,
                             const sml_json_options *options)
{
    if (sml_trace_edit_at(trace, 0) != NULL) {
        sml__json_open(json, "what_if", '{');
        put_edits(json, trace);
        if (options->base != NULL) {
            put_differences(json, trace, options);
        }
        sml__json_close(json, '{');
    }
    if (sml_trace_step_taken(trace) != NULL) {
        sml__json_open(json, "step", '{');
        put_facts(json, trace, sml_trace_step_taken(trace));
        put_tensors(json, trace);
        if (options->n_parameters > 0) {
            put_parameters(json, trace, options);
        }
        sml__json_close(json, '{');
    }
}
