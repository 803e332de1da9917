/* Ten steps of training on a trace against those that PyTorch took (tests/reference), with every
 * optimiser, and back to where they began. */
#include "steps.h"

#include <jansson.h>

static const double RELATIVE = 1e-5;

static const json_t *member(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    if (value == NULL) {
        fail_msg("no member %s", name);
    }
    return value;
}

static double number(const json_t *json, const char *name)
{
    return json_number_value(member(json, name));
}

static float *floats(const json_t *array, size_t *n)
{
    *n = json_array_size(array);
    float *values = malloc((*n + 1) * sizeof(float));
    for (size_t i = 0; i < *n; i++) {
        values[i] = (float)json_number_value(json_array_get(array, i));
    }
    return values;
}

/* The case's network as a model that was fitted, its batch, and how to train. */
typedef struct reference {
    float *inputs, *targets;
    sml_dataset *data;
    sml_model *model;
    size_t rows;
} reference;

static void write_settings(const json_t *expected, const char *loss, char *text, size_t size)
{
    snprintf(text, size,
             "epochs=1 optimizer=%s learning_rate=%.17g momentum=%.17g weight_decay=%.17g "
             "clip_norm=%.17g loss=%s",
             json_string_value(member(expected, "optimizer")), number(expected, "learning_rate"),
             number(expected, "momentum"), number(expected, "weight_decay"),
             number(expected, "clip_norm"), loss);
}

/* A tensor as the file of the reference has it, [n_out, n_in], into the network's array. */
static void copy_in(const sml__layer *layer, const json_t *json, float *flat)
{
    size_t n = 0;
    float *weight = floats(member(json, "weight"), &n);
    assert_int_equal(n, layer->n_in * layer->n_out);
    for (size_t i = 0; i < n; i++) {
        flat[layer->weight + i % layer->n_in * layer->stride + i / layer->n_in] = weight[i];
    }
    free(weight);
    float *bias = floats(member(json, "bias"), &n);
    assert_int_equal(n, layer->n_out);
    memcpy(flat + layer->bias, bias, n * sizeof(float));
    free(bias);
}

static reference open_case(sml_ctx *ctx, const json_t *json, const json_t *expected)
{
    const json_t *sizes = member(json, "sizes"), *tensors = member(json, "layers");
    const size_t depth = json_array_size(sizes) - 1;
    const char *loss = json_string_value(member(json, "loss"));
    sml_layer layers[16];
    char settings[256];
    size_t n = 0, count = 0;
    reference made = {.rows = (size_t)number(json, "batch"),
                      .inputs = floats(member(json, "inputs"), &count),
                      .targets = floats(member(json, "targets"), &count)};
    const sml_data_view view = {
        .rows = made.rows,
        .columns = (size_t)json_integer_value(json_array_get(sizes, 0)),
        .features = made.inputs,
        .task = sml__loss_named(loss)->task,
        .outputs = (size_t)json_integer_value(json_array_get(sizes, depth)),
        .targets = made.targets,
    };
    for (size_t d = 0; d < depth; d++) {
        layers[n++] = sml_dense((size_t)json_integer_value(json_array_get(sizes, d + 1)));
        if (d + 1 < depth) {
            layers[n++] = sml_layer_of(json_string_value(member(json, "activation")), 0, 0);
        }
    }
    write_settings(expected, loss, settings, sizeof settings);
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made.data));
    assert_ok(ctx, sml_network_create(ctx, layers, n, settings, &made.model));
    assert_ok(ctx, sml_model_fit(ctx, made.model, made.data));
    sml__network *network = network_of(made.model);
    for (size_t l = 0, dense = 0; l < network->n_layers; l++) {
        if (network->layers[l].type->has_units) {
            copy_in(&network->layers[l], json_array_get(tensors, dense++), network->parameters);
        }
    }
    return made;
}

static void close_case(reference *made)
{
    sml_model_free(made->model);
    sml_dataset_free(made->data);
    free(made->inputs);
    free(made->targets);
}

/* Relative to the largest number of the tensor. */
static void assert_numbers(const float *found, const float *expected, size_t n, const char *what)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
    }
    for (size_t i = 0; i < n; i++) {
        assert_near((double)found[i], (double)expected[i], 0, RELATIVE * largest, what, i);
    }
}

static void assert_layers(const sml_trace *trace, const json_t *layers, const char *what)
{
    const sml__network *network = &trace->network;
    float *expected = calloc(network->n_parameters, sizeof(float));
    for (size_t l = 0, dense = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (layer->type->has_units) {
            copy_in(layer, json_array_get(layers, dense++), expected);
            assert_numbers(network->parameters + layer->weight, expected + layer->weight,
                           layer->n_in * layer->stride, what);
            assert_numbers(network->parameters + layer->bias, expected + layer->bias, layer->n_out,
                           what);
        }
    }
    free(expected);
}

static void ten_steps(sml_ctx *ctx, const json_t *json, const json_t *expected, sml__isa isa)
{
    static uint32_t rows[SML_TRACE_ROWS_MAX];
    enum { STEPS = 10 };
    const char *what = json_string_value(member(expected, "optimizer"));
    reference made = open_case(ctx, json, expected);
    use_instruction_set(network_of(made.model), isa);
    for (size_t r = 0; r < made.rows; r++) {
        rows[r] = (uint32_t)r;
    }
    sml_trace *trace = traced(ctx, made.model, made.data, rows, made.rows, (sml_trace_options){0});
    const size_t bytes = trace->network.n_values * sizeof(float);
    float *taken[STEPS];
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        const sml__optimizer *candidate = sml__kit_for(isa)->optimizers[o];
        if (strcmp(candidate->name, what) == 0) {
            trace->settings.optimizer = candidate;
        }
    }
    assert_int_equal(json_array_size(member(expected, "steps")), STEPS);
    for (size_t s = 0; s < STEPS; s++) {
        const json_t *step = json_array_get(member(expected, "steps"), s);
        sml_step_facts facts;
        taken[s] = malloc(bytes);
        memcpy(taken[s], trace->network.parameters, bytes);
        assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        assert_int_equal(facts.step, s + 1);
        assert_near(facts.loss_before, number(step, "loss"), RELATIVE, 0, what, s);
        assert_layers(trace, member(step, "layers"), what);
    }
    for (size_t s = STEPS; s-- > 0;) {
        assert_ok(ctx, sml_trace_undo(ctx, trace));
        assert_memory_equal(trace->network.parameters, taken[s], bytes);
        free(taken[s]);
    }
    assert_memory_equal(trace->network.parameters, network_of(made.model)->parameters, bytes);
    for (int s = 0; s < trace->settings.optimizer->n_states; s++) {
        for (size_t i = 0; i < trace->network.n_parameters; i++) {
            assert_true(trace->state[s][i] == 0);
        }
    }
    sml_trace_free(trace);
    close_case(&made);
}

static void steps_are_those_of_pytorch(void **state)
{
    sml_ctx *ctx = new_context(1);
    json_error_t error;
    json_t *json = json_load_file(SML_TEST_DATA "/reference/optimizers.json", 0, &error);
    (void)state;
    assert_non_null(json);
    const json_t *cases = member(json, "cases");
    assert_true(json_array_size(cases) >= 15);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (sml__isa_available((sml__isa)isa)) {
                ten_steps(ctx, json, json_array_get(cases, i), (sml__isa)isa);
            }
        }
    }
    json_decref(json);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
