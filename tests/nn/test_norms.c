/* Batch and layer normalisation against numbers that PyTorch printed (tests/reference/norms.json),
 * and what a network with them promises: whole batches, one copy, a model file, refusals. */
#include "support.h"

#include "nn/mlp.h"
#include "nn/network_tensors.h"
#include "nn/trainer.h"

#include <jansson.h>
#include <unistd.h>

static const double RELATIVE = 2e-5;
/* Relative to 1: biases before a batch norm have no gradient but rounding. */
static const double ABSOLUTE = 1e-6;

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

static float *floats(const json_t *array)
{
    float *values = malloc((json_array_size(array) + 1) * sizeof(float));
    for (size_t i = 0; i < json_array_size(array); i++) {
        values[i] = (float)json_number_value(json_array_get(array, i));
    }
    return values;
}

/* A case: the network with its parameters and statistics, and its batch. */
typedef struct reference {
    char name[128];
    sml__network *network;
    float *inputs, *targets;
    sml_dataset *data;
    sml__tensor_place places[24];
    size_t n_places;
} reference;

/* "dense 4", "tanh", …: the layer that the reference means. */
static sml_layer layer_of_token(const char *token)
{
    const char *units = strchr(token, ' ');
    if (units != NULL) {
        return sml_dense((size_t)atoi(units));
    }
    return strcmp(token, "batch_norm") == 0   ? sml_batch_norm()
           : strcmp(token, "layer_norm") == 0 ? sml_layer_norm()
                                              : sml_layer_of(token, 0, 0);
}

/* The numbers of a tensor "layers.N.NAME" in a list of layers. */
static const json_t *tensor_of(const json_t *layers, const sml__tensor_place *place)
{
    const char *name = strchr(place->name, '.') + 1;
    const json_t *layer = json_array_get(layers, (size_t)atoi(name));
    return member(layer, strchr(name, '.') + 1);
}

static void copy_tensors(const reference *made, const json_t *layers, float *flat)
{
    for (size_t i = 0; i < made->n_places; i++) {
        float *values = floats(tensor_of(layers, &made->places[i]));
        sml__tensor_copy_in(made->network, &made->places[i], values, flat);
        free(values);
    }
}

static void open_case(sml_ctx *ctx, const json_t *json, sml__isa isa, reference *made)
{
    const json_t *tokens = member(json, "network");
    const sml__loss *loss = sml__loss_named(json_string_value(member(json, "loss")));
    sml_layer specs[16];
    size_t n = json_array_size(tokens);
    memset(made, 0, sizeof *made);
    snprintf(made->name, sizeof made->name, "%s, batch %g, %s", sml__isa_name(isa),
             number(json, "batch"), "");
    for (size_t l = 0; l < n; l++) {
        const char *token = json_string_value(json_array_get(tokens, l));
        specs[l] = layer_of_token(token);
        strncat(made->name, token, sizeof made->name - strlen(made->name) - 2);
        strcat(made->name, " ");
    }
    made->inputs = floats(member(json, "inputs"));
    made->targets = floats(member(json, "targets"));
    assert_ok(ctx, sml__network_create(ctx, specs, n, (size_t)number(json, "n_in"), loss, SIZE_MAX,
                                       &made->network));
    use_instruction_set(made->network, isa);
    made->n_places = sml__network_tensor_count(made->network);
    assert_true(made->n_places <= sizeof made->places / sizeof made->places[0]);
    sml__network_tensors(made->network, made->places);
    copy_tensors(made, member(json, "start"), made->network->parameters);
    const sml_data_view view = {.rows = (size_t)number(json, "batch"),
                                .columns = made->network->n_in,
                                .features = made->inputs,
                                .task = loss->task,
                                .outputs = made->network->n_out,
                                .targets = made->targets};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made->data));
}

static void close_case(const reference *made)
{
    sml__network_free(made->network);
    sml_dataset_free(made->data);
    free(made->inputs);
    free(made->targets);
}

/* Compared with the largest number of the tensor, and with 1. */
static void assert_values(const char *name, const char *what, const float *found,
                          const json_t *expected)
{
    const size_t n = json_array_size(expected);
    double largest = 0;
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(json_number_value(json_array_get(expected, i))));
    }
    for (size_t i = 0; i < n; i++) {
        const double wanted = json_number_value(json_array_get(expected, i));
        if (!(fabs((double)found[i] - wanted) <= RELATIVE * largest + ABSOLUTE)) {
            fail_msg("%s: %s[%zu]: %.9g, expected %.9g", name, what, i, (double)found[i], wanted);
        }
    }
}

/* buffers: the array has them, too, and so has the list of layers. */
static void assert_tensors(const reference *made, const float *flat, const json_t *layers,
                           int buffers)
{
    for (size_t i = 0; i < made->n_places; i++) {
        const sml__tensor_place *place = &made->places[i];
        if (place->is_buffer && !buffers) {
            continue;
        }
        float *values = calloc(place->shape[0] * (place->rank == 2 ? place->shape[1] : 1),
                               sizeof(float));
        sml__tensor_copy_out(made->network, place, flat, values);
        assert_values(made->name, place->name, values, tensor_of(layers, place));
        free(values);
    }
}

/* One pass over all rows: logits[rows, n_out], gradient[n_parameters], and the mean loss. */
static double differentiate(sml_ctx *ctx, const reference *made, int training, float *logits,
                            float *gradient)
{
    const sml__network *network = made->network;
    const size_t rows = made->data->view.rows, n = network->n_out, stride = sml__row_stride(n);
    const sml__pass_settings pass = {.rows = rows, .batch = rows, .training = training};
    sml__workspace workspace;
    double sum = 0;
    assert_ok(ctx, sml__workspace_create(ctx, network, rows, 1, 1, 0, &workspace));
    /* The gap behind a row of inputs is nobody's: no result may depend on it. */
    for (size_t i = 0; i < rows * sml__row_stride(network->n_in); i++) {
        workspace.input[i] = NAN;
    }
    sml__dataset_gather(made->data, NULL, 0, rows, workspace.input, sml__row_stride(network->n_in));
    memcpy(workspace.target, made->targets, rows * n * sizeof(float));
    sml__network_forward(network, &workspace, &pass, SML__ALONE);
    sml__network_loss(network, &workspace, &pass, SML__ALONE);
    sml__network_backward(network, &workspace, &pass, gradient, SML__ALONE);
    for (size_t r = 0; r < rows; r++) {
        memcpy(logits + r * n, workspace.outputs[network->n_layers - 1] + r * stride,
               n * sizeof(float));
        sum += workspace.losses[r];
    }
    sml__workspace_free(&workspace, network);
    return sum / (double)rows;
}

static void check_gradients(sml_ctx *ctx, const reference *made, int training,
                            const json_t *expected)
{
    const size_t n = made->network->n_parameters;
    float *gradient = calloc(n, sizeof(float));
    float *logits = calloc(made->data->view.rows * made->network->n_out, sizeof(float));
    const double loss = differentiate(ctx, made, training, logits, gradient);
    assert_near(loss, number(expected, "value"), RELATIVE, 0, made->name, 0);
    assert_values(made->name, "logits", logits, member(expected, "logits"));
    assert_tensors(made, gradient, member(expected, "gradients"), 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(gradient[i])); /* the gaps too */
    }
    free(gradient);
    free(logits);
}

/* Three steps by the trainer, after the training pass of check_gradients: folded into the backward pass, or with a gradient in memory. */
static void take_steps(sml_ctx *ctx, const reference *made, const json_t *json, int folded)
{
    const sml__training_settings settings = {
        .epochs = (uint64_t)number(json, "steps"),
        .batch_size = made->data->view.rows,
        .clip_norm = folded ? 0 : 1e30,
        .optimizer = sml__optimizer_named("sgd"),
        .update = {.learning_rate = number(json, "learning_rate")}};
    const sml_fit_options options = {0};
    sml_fit_report report = {0};
    assert_ok(ctx, sml__train(ctx, made->network, made->data, &settings, &options, &report));
}

static void check_case(sml_ctx *ctx, const json_t *json, const json_t *expected, sml__isa isa)
{
    for (int folded = 0; folded < 2; folded++) {
        reference made;
        open_case(ctx, expected, isa, &made);
        check_gradients(ctx, &made, 1, member(expected, "training"));
        take_steps(ctx, &made, json, folded);
        assert_tensors(&made, made.network->parameters, member(expected, "end"), 1);
        check_gradients(ctx, &made, 0, member(expected, "evaluation"));
        close_case(&made);
    }
}

static void norms_are_those_of_pytorch(void **state)
{
    json_error_t error;
    (void)state;
    sml_ctx *ctx = new_context(1);
    json_t *json = json_load_file(SML_TEST_DATA "/reference/norms.json", 0, &error);
    assert_non_null(json);
    const json_t *cases = member(json, "cases");
    assert_true(json_array_size(cases) > 20);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (sml__isa_available((sml__isa)isa)) {
                check_case(ctx, json, json_array_get(cases, i), (sml__isa)isa);
            }
        }
    }
    json_decref(json);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
