/* Edits and steps in the JSON of a trace: its numbers are those of the structs. With a folder, it
 * writes the documents that docs/trace.md is compared with there. */
#include "members.h"
#include "steps.h"

#include <scratchml/what_if.h>

static const char *const PARAMETERS[] = {"layers.0.weight[3,2]", "layers.1.bias[1]"};
static const uint32_t SAMPLES[] = {11, 4, 30};
enum { N = sizeof SAMPLES / sizeof SAMPLES[0] };

static const char *folder; /* NULL: no documents */

static void write_document(const char *name, const char *text, size_t length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static json_t *document(sml_ctx *ctx, const sml_trace *trace, const sml_json_options *options,
                        const char *name)
{
    char *text = NULL;
    size_t length = 0;
    json_error_t error;
    assert_ok(ctx, sml_trace_json(ctx, trace, options, &text, &length));
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    if (folder != NULL) {
        write_document(name, text, length);
    }
    sml_text_free(text);
    return json;
}

static void assert_text(const json_t *json, const char *key, const char *wanted)
{
    assert_string_equal(json_string_value(in(json, key)), wanted);
}

/* Doubles to the bit. */
static void assert_double(const json_t *json, const char *key, double wanted)
{
    const double found = json_number_value(in(json, key));
    if (!(found == wanted)) {
        fail_msg("%s: %.17g, not %.17g", key, found, wanted);
    }
}

/* Floats to the bit. */
static void assert_float(const json_t *json, const char *key, double wanted)
{
    assert_true((float)json_number_value(in(json, key)) == (float)wanted);
}

static void assert_count(const json_t *json, const char *key, size_t wanted)
{
    assert_int_equal(json_integer_value(in(json, key)), wanted);
}

static void assert_parameter(const json_t *json, const sml_step_parameter *one)
{
    assert_text(json, "name", one->name);
    assert_float(json, "before", one->before);
    assert_float(json, "gradient", one->gradient);
    assert_double(json, "penalty", one->penalty);
    assert_double(json, "clip_factor", one->clip_factor);
    assert_double(json, "decayed", one->decayed);
    assert_double(json, "step", one->step);
    assert_double(json, "after_double", one->after_double);
    assert_float(json, "after", one->after);
    assert_double(json, "bound", one->bound);
    assert_true(json_is_true(in(json, "holds")));
    assert_int_equal(json_array_size(in(json, "states")), one->n_states);
    for (size_t s = 0; s < one->n_states; s++) {
        const json_t *state = nth(in(json, "states"), s);
        assert_text(state, "name", one->state_names[s]);
        assert_float(state, "before", one->state_before[s]);
        assert_float(state, "after", one->state_after[s]);
    }
    assert_int_equal(json_array_size(in(json, "parts")), one->n_parts);
    for (size_t i = 0; i < one->n_parts; i++) {
        assert_text(nth(in(json, "parts"), i), "symbol", one->parts[i].symbol);
        assert_double(nth(in(json, "parts"), i), "value", one->parts[i].value);
    }
}

static void assert_facts(const json_t *json, const sml_step_facts *facts)
{
    assert_text(json, "optimizer", facts->optimizer);
    assert_count(json, "step", facts->step);
    assert_double(json, "learning_rate", facts->learning_rate);
    assert_double(json, "gradient_norm", facts->gradient_norm);
    assert_double(json, "clip_factor", facts->clip_factor);
    assert_double(json, "step_norm", facts->step_norm);
    assert_double(json, "parameter_norm", facts->parameter_norm);
    assert_double(json, "loss_before", facts->loss_before);
    assert_double(json, "loss_after", facts->loss_after);
    assert_double(json, "predicted", facts->predicted);
    assert_double(json, "actual", facts->actual);
}

static void steps_are_written(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model =
        new_model(ctx, SMOOTH, "epochs=1 optimizer=adam l2=0.1 clip_norm=0.1", made.data);
    sml_trace *trace = traced(ctx, model, made.data, SAMPLES, N, (sml_trace_options){0});
    const sml_json_options options = {.parameters = PARAMETERS, .n_parameters = 2};
    sml_step_facts facts;
    (void)state;
    json_t *before = document(ctx, trace, &options, "plain");
    assert_null(json_object_get(before, "step"));
    assert_null(json_object_get(before, "what_if"));
    json_decref(before);
    for (int s = 0; s < 2; s++) {
        assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        json_t *json = document(ctx, trace, &options, "step");
        const json_t *step = in(json, "step");
        assert_facts(step, &facts);
        assert_true(json_is_true(in(step, "is_fresh")) == (s == 0));
        assert_true(json_is_false(in(step, "is_folded")));
        assert_double(step, "actual_double", facts.actual_double);
        assert_double(step, "gap", facts.gap);
        assert_double(step, "half_gap", facts.half_gap);
        assert_double(step, "objective_predicted", facts.objective_predicted);
        assert_double(step, "objective_actual", facts.objective_actual);
        assert_int_equal(json_array_size(in(step, "tensors")), 4);
        for (size_t i = 0; i < 4; i++) {
            sml_step_tensor tensor;
            const json_t *one = nth(in(step, "tensors"), i);
            assert_int_equal(sml_trace_step_tensor(trace, i, &tensor), 1);
            assert_text(one, "name", tensor.name);
            assert_count(one, "numbers", tensor.numbers);
            assert_double(one, "gradient_norm", tensor.gradient_norm);
            assert_double(one, "step_norm", tensor.step_norm);
            assert_double(one, "parameter_norm", tensor.parameter_norm);
        }
        for (size_t i = 0; i < 2; i++) {
            sml_step_parameter one;
            assert_ok(ctx, sml_trace_parameter(ctx, trace, PARAMETERS[i], &one));
            assert_parameter(nth(in(step, "parameters"), i), &one);
        }
        json_decref(json);
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* What has no value is not there. */
static void members_that_do_not_apply(void **state)
{
    static const char *const absent[] = {
        "actual_double",   "gap", "half_gap", "parameters", "objective_predicted",
        "objective_actual"};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = new_model(ctx, DROPOUT, "epochs=1 optimizer=sgd", made.data);
    sml_trace *trace =
        traced(ctx, model, made.data, SAMPLES, N, (sml_trace_options){.training = 1});
    sml_step_facts facts;
    (void)state;
    assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
    json_t *json = document(ctx, trace, NULL, "folded");
    const json_t *step = in(json, "step");
    assert_facts(step, &facts);
    assert_true(json_is_true(in(step, "is_folded")));
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_null(json_object_get(step, absent[i]));
    }
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void assert_difference(const json_t *json, const sml_difference *found)
{
    assert_double(json, "loss_before", found->loss_before);
    assert_double(json, "loss_after", found->loss_after);
    assert_int_equal(json_array_size(in(json, "outputs")), found->n_outputs);
    for (size_t k = 0; k < found->n_outputs; k++) {
        const json_t *output = nth(in(json, "outputs"), k);
        assert_float(output, "logit_before", found->outputs[k].logit_before);
        assert_float(output, "logit_after", found->outputs[k].logit_after);
        assert_float(output, "before", found->outputs[k].before);
        assert_float(output, "after", found->outputs[k].after);
    }
    assert_int_equal(json_array_size(in(json, "blocks")), found->n_blocks);
    for (size_t b = 0; b < found->n_blocks; b++) {
        const sml_block_change *block = &found->blocks[b];
        const json_t *one = nth(in(json, "blocks"), b);
        assert_count(one, "block", block->block);
        assert_count(one, "layer", block->layer);
        assert_count(one, "n_units", block->n_units);
        assert_count(one, "changed", block->changed);
        assert_double(one, "total", block->total);
        assert_double(one, "rest", block->rest);
        assert_int_equal(json_array_size(in(one, "top")), block->n_top);
        for (size_t i = 0; i < block->n_top; i++) {
            assert_count(nth(in(one, "top"), i), "unit", block->top[i].unit);
            assert_float(nth(in(one, "top"), i), "before", block->top[i].before);
            assert_float(nth(in(one, "top"), i), "after", block->top[i].after);
        }
    }
}

static void edits_are_written(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = new_model(ctx, NORMS, "epochs=1", made.data);
    sml_trace *base = traced(ctx, model, made.data, SAMPLES, N, (sml_trace_options){0});
    sml_trace *trace = traced(ctx, model, made.data, SAMPLES, N, (sml_trace_options){0});
    const sml_json_options options = {.base = base, .top = 3};
    (void)state;
    assert_ok(ctx, sml_trace_set(ctx, trace, "layers.0.weight[3,2]", 0.2));
    assert_ok(ctx, sml_trace_silence(ctx, trace, 1, 5));
    assert_ok(ctx, sml_trace_temperature(ctx, trace, 2));
    json_t *json = document(ctx, trace, &options, "what_if");
    const json_t *what_if = in(json, "what_if"), *edits = in(what_if, "edits");
    assert_int_equal(json_array_size(edits), 3);
    assert_text(nth(edits, 0), "kind", "set");
    assert_text(nth(edits, 0), "name", "layers.0.weight[3,2]");
    assert_float(nth(edits, 0), "before", sml_trace_edit_at(trace, 0)->before);
    assert_float(nth(edits, 0), "value", (double)0.2F);
    assert_text(nth(edits, 1), "kind", "silence");
    assert_text(nth(edits, 1), "name", "layers.1 unit 5");
    assert_count(nth(edits, 1), "block", 1);
    assert_count(nth(edits, 1), "unit", 5);
    assert_null(json_object_get(nth(edits, 1), "value"));
    assert_text(nth(edits, 2), "kind", "temperature");
    assert_float(nth(edits, 2), "before", 1);
    assert_float(nth(edits, 2), "value", 2);
    assert_int_equal(json_array_size(in(what_if, "samples")), N);
    for (size_t r = 0; r < N; r++) {
        sml_difference found;
        const json_t *sample = nth(in(what_if, "samples"), r);
        assert_ok(ctx, sml_trace_compare(ctx, base, trace, r, 3, &found));
        assert_count(sample, "sample", SAMPLES[r]);
        assert_difference(sample, &found);
        sml_difference_clear(&found);
    }
    json_decref(json);
    json = document(ctx, trace, NULL, "without_base");
    assert_null(json_object_get(in(json, "what_if"), "samples"));
    json_decref(json);
    sml_trace_free(base);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void bad_questions_are_refused(void **state)
{
    static const char *const unknown[] = {"layers.9.bias[0]"};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = new_model(ctx, SMOOTH, "epochs=1", made.data);
    sml_trace *trace = traced(ctx, model, made.data, SAMPLES, N, (sml_trace_options){0});
    sml_trace *other = traced(ctx, model, made.data, SAMPLES, 1, (sml_trace_options){0});
    const sml_json_options parameters = {.parameters = unknown, .n_parameters = 1},
                           rows = {.base = other};
    char *text = NULL;
    size_t length = 0;
    (void)state;
    assert_ok(ctx, sml_trace_set(ctx, trace, PARAMETERS[0], 1));
    refused(ctx, sml_trace_json(ctx, trace, &rows, &text, &length), SML_BAD_ARGUMENT, "rows");
    assert_ok(ctx, sml_trace_reset(ctx, trace));
    assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
    refused(ctx, sml_trace_json(ctx, trace, &parameters, &text, &length), SML_BAD_ARGUMENT,
            "layers.0…layers.1");
    assert_null(text);
    sml_trace_free(trace);
    sml_trace_free(other);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_written),
        cmocka_unit_test(members_that_do_not_apply),
        cmocka_unit_test(edits_are_written),
        cmocka_unit_test(bad_questions_are_refused),
    };
    folder = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
