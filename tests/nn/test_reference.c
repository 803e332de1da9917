/* The engine against numbers that PyTorch printed (tests/reference/make_reference.py), on every
 * instruction set. */
#include "support.h"

#include "base/memory.h"
#include "nn/engine_gradient.h"
#include "nn/gradcheck.h"
#include "nn/trainer.h"

#include <jansson.h>

static const double RELATIVE = 1e-5;

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, SML_TEST_DATA "/reference/%s", name);
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return json;
}

static const json_t *member(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    if (value == NULL) {
        fail_msg("no member %s", name);
    }
    return value;
}

static const char *text(const json_t *json, const char *name)
{
    return json_string_value(member(json, name));
}

static double number(const json_t *json, const char *name)
{
    return json_number_value(member(json, name));
}

static double item(const json_t *array, size_t i)
{
    assert_true(i < json_array_size(array));
    return json_number_value(json_array_get(array, i));
}

/* An array as float32; free it. */
static float *floats(const json_t *json, const char *name)
{
    const json_t *array = member(json, name);
    float *values = malloc((json_array_size(array) + 1) * sizeof(float));
    for (size_t i = 0; i < json_array_size(array); i++) {
        values[i] = (float)item(array, i);
    }
    return values;
}

static void assert_array(const float *found, const json_t *expected, double absolute,
                         const char *what)
{
    assert_true(json_array_size(expected) > 0);
    for (size_t i = 0; i < json_array_size(expected); i++) {
        assert_near((double)found[i], item(expected, i), RELATIVE, absolute, what, i);
    }
}

static void activation(const json_t *expected, const json_t *z_json, sml__isa isa)
{
    const sml__layer_type *type = NULL;
    for (size_t i = 0; i < SML__LAYERS; i++) {
        const sml__layer_type *candidate = sml__kit_for(isa)->layers[i];
        type = strcmp(candidate->name, text(expected, "name")) == 0 ? candidate : type;
    }
    assert_non_null(type);
    const size_t n = json_array_size(z_json);
    const double value = strcmp(type->name, "leaky_relu") == 0 ? 0.01
                         : strcmp(type->name, "elu") == 0      ? 1.0
                                                               : 0.0;
    float z[256], a[256], ones[256], slope[256];
    assert_true(n <= 256);
    for (size_t i = 0; i < n; i++) {
        z[i] = (float)item(z_json, i);
        ones[i] = 1;
    }
    const sml__pass pass = {.size = 1,
                            .rows = 1,
                            .n_in = n,
                            .n_out = n,
                            .in_row = n,
                            .out_row = n,
                            .input = z,
                            .output = a,
                            .d_output = ones,
                            .d_input = slope,
                            .value = value};
    type->forward(&pass);
    type->backward(&pass);
    /* Below 1e-37 float32 has fewer digits. */
    assert_array(a, member(expected, "value"), 1e-37, type->name);
    /* PyTorch's slope of tanh, 1 - tanh², and of GELU cancel to 1e-15. */
    assert_array(slope, member(expected, "slope"), 1e-14, type->name);
    for (size_t i = 0; i < n; i++) { /* the twin in double */
        assert_near(type->f((double)z[i], value), item(member(expected, "value"), i), 1e-9, 1e-14,
                    type->name, i);
        assert_near(type->slope((double)z[i], value), item(member(expected, "slope"), i), 1e-9,
                    1e-14, type->name, i);
    }
}

static void activations(void **state)
{
    (void)state;
    json_t *json = load("activations.json");
    const json_t *all = member(json, "activations");
    assert_int_equal(json_array_size(all), 0 SML__ACTIVATION_LIST(SML__COUNT_ONE));
    for (size_t i = 0; i < json_array_size(all); i++) {
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (sml__isa_available((sml__isa)isa)) {
                activation(json_array_get(all, i), member(json, "z"), (sml__isa)isa);
            }
        }
    }
    json_decref(json);
}

static void one_loss(const json_t *expected, sml__isa isa)
{
    const sml__loss *loss = NULL;
    for (size_t i = 0; i < SML__LOSSES; i++) {
        const sml__loss *candidate = sml__kit_for(isa)->losses[i];
        loss = strcmp(candidate->name, text(expected, "loss")) == 0 ? candidate : loss;
    }
    assert_non_null(loss);
    const size_t batch = (size_t)number(expected, "batch"), n = (size_t)number(expected, "width");
    const double smoothing = number(expected, "label_smoothing");
    float *z = floats(expected, "logits"), *y = floats(expected, "targets");
    float delta[64], outputs[64];
    double sum = 0;
    for (size_t s = 0; s < batch; s++) {
        sum += loss->row(z + s * n, y + s * n, n, smoothing, delta + s * n);
        loss->output(z + s * n, n, outputs + s * n);
    }
    for (size_t i = 0; i < batch * n; i++) {
        delta[i] /= (float)batch;
    }
    assert_near(sum / (double)batch, number(expected, "value"), RELATIVE, 0, loss->name, 0);
    assert_array(delta, member(expected, "gradient"), 1e-8, loss->name);
    assert_array(outputs, member(expected, "outputs"), 1e-37, loss->name);
    free(z);
    free(y);
}

static void losses(void **state)
{
    (void)state;
    json_t *json = load("losses.json");
    const json_t *cases = member(json, "cases");
    assert_true(json_array_size(cases) >= SML__LOSSES);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (sml__isa_available((sml__isa)isa)) {
                one_loss(json_array_get(cases, i), (sml__isa)isa);
            }
        }
    }
    json_decref(json);
}

/* A network of a reference case, with its parameters, and its batch. */
typedef struct reference {
    sml__network *network;
    float *inputs, *targets;
    sml_dataset *data;
} reference;

/* Tensor `name` of dense layer `dense` of a case, as the network keeps it: weights transposed. */
static void copy_tensor(const sml__layer *layer, const json_t *json, const char *name,
                        float *parameters)
{
    const json_t *values = member(json, name);
    if (strstr(name, "bias") != NULL) {
        for (size_t j = 0; j < layer->n_out; j++) {
            parameters[layer->bias + j] = (float)item(values, j);
        }
        return;
    }
    for (size_t j = 0; j < layer->n_out; j++) {
        for (size_t i = 0; i < layer->n_in; i++) {
            parameters[layer->weight + i * layer->stride + j] =
                (float)item(values, j * layer->n_in + i);
        }
    }
}

static void assert_tensor(const float *found, const float *expected, size_t n, const char *what)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
    }
    for (size_t i = 0; i < n; i++) {
        assert_near((double)found[i], (double)expected[i], 0, RELATIVE * largest, what, i);
    }
}

static void assert_tensors(const sml__network *network, const float *found, const json_t *layers,
                           const char *weight, const char *bias)
{
    float *expected = calloc(network->n_parameters, sizeof(float));
    size_t dense = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        if (network->layers[l].type->has_units) {
            const json_t *layer = json_array_get(layers, dense++);
            copy_tensor(&network->layers[l], layer, weight, expected);
            copy_tensor(&network->layers[l], layer, bias, expected);
        }
    }
    /* Relative to the largest number of the tensor; the gaps are zero on both sides. */
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (layer->type->has_units) {
            const size_t w = layer->weight, b = layer->bias;
            assert_tensor(found + w, expected + w, layer->n_in * layer->stride, weight);
            assert_tensor(found + b, expected + b, layer->n_out, bias);
        }
    }
    free(expected);
}

static reference open_case(sml_ctx *ctx, const json_t *json)
{
    reference made = {.inputs = floats(json, "inputs"), .targets = floats(json, "targets")};
    const json_t *sizes = member(json, "sizes"), *layers = member(json, "layers");
    const size_t depth = json_array_size(sizes) - 1;
    const char *activation_name = text(json, "activation");
    const sml__loss *loss = sml__loss_named(text(json, "loss"));
    sml_layer specs[16];
    size_t n = 0;
    for (size_t d = 0; d < depth; d++) {
        specs[n++] = sml_dense((size_t)item(sizes, d + 1));
        if (d + 1 < depth) {
            const double value = strcmp(activation_name, "leaky_relu") == 0 ? 0.01 : 1.0;
            const int has_value = sml__layer_named(activation_name)->maximum > 0;
            specs[n++] = sml_layer_of(activation_name, 0, has_value ? value : 0);
        }
    }
    const size_t n_in = (size_t)item(sizes, 0), n_out = (size_t)item(sizes, depth);
    assert_ok(ctx, sml__network_create(ctx, specs, n, n_in, loss, SIZE_MAX, &made.network));
    for (size_t l = 0, dense = 0; l < n; l++) {
        if (made.network->layers[l].type->has_units) {
            const json_t *layer = json_array_get(layers, dense++);
            copy_tensor(&made.network->layers[l], layer, "weight", made.network->parameters);
            copy_tensor(&made.network->layers[l], layer, "bias", made.network->parameters);
        }
    }
    const sml_data_view view = {.rows = (size_t)number(json, "batch"),
                                .columns = n_in,
                                .features = made.inputs,
                                .task = loss->task,
                                .outputs = n_out,
                                .targets = made.targets};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made.data));
    return made;
}

static void close_case(reference made)
{
    sml__network_free(made.network);
    sml_dataset_free(made.data);
    free(made.inputs);
    free(made.targets);
}

/* A step of SGD with rate 1 moves every parameter by its gradient, penalties included. */
static void take_gradient(sml_ctx *ctx, const reference *made, const json_t *json, float *gradient)
{
    sml__training_state state;
    sml_fit_report report = {0};
    const sml_fit_options options = {0};
    const sml__training_settings settings = {.epochs = 1,
                                             .batch_size = made->data->view.rows,
                                             .l1 = number(json, "l1"),
                                             .l2 = number(json, "l2"),
                                             .optimizer = sml__optimizer_named("sgd"),
                                             .update = {.learning_rate = 1}};
    const size_t n = made->network->n_parameters;
    memcpy(gradient, made->network->parameters, n * sizeof(float));
    assert_ok(ctx, sml__train(ctx, made->network, made->data, &settings, &options, NULL, &state,
                              &report));
    sml__free(state.history);
    for (size_t i = 0; i < n; i++) {
        gradient[i] -= made->network->parameters[i];
    }
    assert_near(report.loss, number(json, "value"), RELATIVE, 0, "training loss", 0);
}

static void networks(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    json_t *json = load("networks.json");
    const json_t *cases = member(json, "cases");
    assert_true(json_array_size(cases) >= 15);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *expected = json_array_get(cases, i);
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (!sml__isa_available((sml__isa)isa)) {
                continue;
            }
            reference made = open_case(ctx, expected);
            use_instruction_set(made.network, (sml__isa)isa);
            float *gradient = calloc(made.network->n_parameters, sizeof(float));
            double loss = 0;
            assert_ok(ctx, sml__engine_gradient(ctx, made.network, made.data, 0, gradient, &loss));
            assert_near(loss, number(expected, "value"), RELATIVE, 0, "loss", i);
            if (number(expected, "l1") == 0 && number(expected, "l2") == 0) {
                assert_tensors(made.network, gradient, member(expected, "layers"), "d_weight",
                               "d_bias");
            }
            take_gradient(ctx, &made, expected, gradient);
            assert_tensors(made.network, gradient, member(expected, "layers"), "d_weight",
                           "d_bias");
            free(gradient);
            close_case(made);
        }
    }
    json_decref(json);
    sml_ctx_free(ctx);
}

/* Remembers the parameters after each of ten steps. */
typedef struct recorder {
    const sml__network *network;
    float *steps[10];
    double losses[10];
} recorder;

static int record(void *user, const sml_progress *progress)
{
    recorder *to = user;
    const size_t n = to->network->n_parameters, step = (size_t)progress->epoch - 1;
    to->steps[step] = malloc(n * sizeof(float));
    memcpy(to->steps[step], to->network->parameters, n * sizeof(float));
    to->losses[step] = progress->loss;
    return 0;
}

static sml__training_settings optimizer_settings(const json_t *json, const char *name)
{
    const sml__optimizer *optimizer = sml__optimizer_named(name);
    const sml__training_settings settings = {
        .epochs = 10,
        .batch_size = 1000,
        .clip_norm = number(json, "clip_norm"),
        .optimizer = optimizer,
        .update = {.learning_rate = number(json, "learning_rate"),
                   .momentum = number(json, "momentum"),
                   .weight_decay = number(json, "weight_decay"),
                   .alpha = 0.99,
                   .beta1 = 0.9,
                   .beta2 = 0.999,
                   .epsilon = optimizer->epsilon}};
    return settings;
}

static void ten_steps(sml_ctx *ctx, const json_t *json, const json_t *expected)
{
    const char *name = text(expected, "optimizer");
    sml__training_settings settings = optimizer_settings(expected, name);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        if (!sml__isa_available((sml__isa)isa)) {
            continue;
        }
        for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
            const sml__optimizer *candidate = sml__kit_for((sml__isa)isa)->optimizers[i];
            settings.optimizer =
                strcmp(candidate->name, name) == 0 ? candidate : settings.optimizer;
        }
        reference made = open_case(ctx, json);
        use_instruction_set(made.network, (sml__isa)isa);
        recorder seen = {.network = made.network};
        const sml_fit_options options = {.progress = record, .user = &seen};
        sml__training_state state;
        sml_fit_report report = {0};
        assert_ok(ctx, sml__train(ctx, made.network, made.data, &settings, &options, NULL, &state,
                                  &report));
        sml__free(state.history);
        assert_int_equal(report.steps, 10);
        for (size_t s = 0; s < 10; s++) {
            const json_t *step = json_array_get(member(expected, "steps"), s);
            assert_near(seen.losses[s], number(step, "loss"), RELATIVE, 0, name, s);
            assert_tensors(made.network, seen.steps[s], member(step, "layers"), "weight", "bias");
            free(seen.steps[s]);
        }
        close_case(made);
    }
}

static void optimizers(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    json_t *json = load("optimizers.json");
    const json_t *cases = member(json, "cases");
    int seen[SML__OPTIMIZERS] = {0};
    for (size_t i = 0; i < json_array_size(cases); i++) {
        ten_steps(ctx, json, json_array_get(cases, i));
        for (size_t k = 0; k < SML__OPTIMIZERS; k++) {
            seen[k] |= strcmp(sml__kit_for(SML__ISA_PLAIN)->optimizers[k]->name,
                              text(json_array_get(cases, i), "optimizer")) == 0;
        }
    }
    for (size_t k = 0; k < SML__OPTIMIZERS; k++) {
        assert_true(seen[k]);
    }
    json_decref(json);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations),
        cmocka_unit_test(losses),
        cmocka_unit_test(networks),
        cmocka_unit_test(optimizers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
