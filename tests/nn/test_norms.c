/* Batch and layer normalisation against numbers that PyTorch printed (tests/reference/norms.json),
 * and what a network with them promises: whole batches, one copy, a model file, refusals. */
#include "support.h"

#include "data/rows.h"
#include "base/memory.h"
#include "nn/initialise.h"
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
        return sml_dense(strtoul(units, NULL, 10));
    }
    return strcmp(token, "batch_norm") == 0   ? sml_batch_norm()
           : strcmp(token, "layer_norm") == 0 ? sml_layer_norm()
                                              : sml_layer_of(token, 0, 0);
}

/* The numbers of a tensor "layers.N.NAME" in a list of layers. */
static const json_t *tensor_of(const json_t *layers, const sml__tensor_place *place)
{
    const char *name = strchr(place->name, '.') + 1;
    const json_t *layer = json_array_get(layers, strtoul(name, NULL, 10));
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
        const size_t length = strlen(made->name);
        snprintf(made->name + length, sizeof made->name - length, "%s ", token);
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
        float *values =
            calloc(place->shape[0] * (place->rank == 2 ? place->shape[1] : 1), sizeof(float));
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
    const sml__workspace_plan plan = {.rows = rows, .members = 1, .with_deltas = 1};
    assert_ok(ctx, sml__workspace_create(ctx, network, &plan, &workspace));
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

/* Three steps by the trainer, after the training pass of check_gradients: folded into the backward
 * pass, or with a gradient in memory. */
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
    sml__training_state state = {0};
    assert_ok(ctx, sml__train(ctx, made->network, made->data, &settings, &options, NULL, &state,
                              &report));
    sml__free(state.history);
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

/* The loss of a training pass falls along its gradient as fast as the gradient says, dropout
 * included, which PyTorch's numbers cannot have: (C(θ + h g) - C(θ - h g)) / 2h = ‖g‖². */
static void the_gradient_is_that_of_the_training_pass(void **state)
{
    static const sml_layer specs[] = {
        {"dense", 40, 0},    {"batch_norm", 0, 0.1}, {"tanh", 0, 0},
        {"dropout", 0, 0.4}, {"dense", 20, 0},       {"layer_norm", 0, 1e-5},
        {"gelu", 0, 0},      {"dropout", 0, 0.2},    {"dense", 3, 0}};
    static const double H = 2e-2;
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, 64, 5, 3, 12);
    reference test = {.targets = made.targets, .data = made.data};
    float logits[64 * 3];
    double squares = 0, losses[2];
    assert_ok(ctx, sml__network_create(ctx, specs, 9, 5, sml__loss_named("cross_entropy"), SIZE_MAX,
                                       &test.network));
    sml__initialise(test.network, "auto", 3);
    const size_t n = test.network->n_parameters;
    float *start = malloc(n * sizeof(float)), *gradient = malloc(n * sizeof(float));
    float *other = malloc(n * sizeof(float));
    memset(gradient, 0, n * sizeof(float));
    memcpy(start, test.network->parameters, n * sizeof(float));
    differentiate(ctx, &test, 1, logits, gradient);
    for (size_t i = 0; i < n; i++) {
        squares += (double)gradient[i] * (double)gradient[i];
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) {
            test.network->parameters[i] = start[i] + (float)(side == 0 ? H : -H) * gradient[i];
        }
        losses[side] = differentiate(ctx, &test, 1, logits, other);
    }
    assert_near((losses[0] - losses[1]) / (2 * H), squares, 1e-3, 0, "slope of the loss", 0);
    free(start);
    free(gradient);
    free(other);
    sml__network_free(test.network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static sml_model *new_model(sml_ctx *ctx, const char *settings)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    return model;
}

static void assert_same_tensors(sml_ctx *ctx, const sml_model *a, const sml_model *b)
{
    size_t n = 0, m = 0;
    float *x = parameters_of(ctx, a, &n), *y = parameters_of(ctx, b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof(float));
    free(x);
    free(y);
}

static void the_setting_makes_the_layers(void **state)
{
    static const char *const batch[] = {"dense", "batch_norm", "relu", "dropout", "dense", NULL};
    static const char *const names[] = {
        "layers.0.weight",       "layers.0.bias",        "layers.1.weight", "layers.1.bias",
        "layers.1.running_mean", "layers.1.running_var", "layers.2.weight", "layers.2.bias"};
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 30, 4, 3, 1);
    sml_model *model = new_model(ctx, "hidden=9 normalization=batch dropout=0.2 epochs=0");
    sml_tensor_facts facts;
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    for (size_t l = 0; l < 6; l++) {
        const char *type = sml_network_layer(model, l).type;
        assert_true(batch[l] == NULL ? type == NULL : strcmp(type, batch[l]) == 0);
    }
    assert_true(sml_network_layer(model, 1).value == 0.1);
    for (size_t i = 0; i < 8; i++) {
        assert_ok(ctx, sml_model_tensor(ctx, model, i, &facts));
        assert_string_equal(facts.name, names[i]);
        assert_int_equal(facts.rank, i == 0 || i == 6 ? 2 : 1);
        assert_int_equal(facts.shape[0], i < 6 ? 9 : 3);
    }
    assert_int_equal(sml_model_tensor(NULL, model, 8, &facts), SML_NOT_FOUND);
    assert_ok(ctx, sml_model_set(ctx, model, "normalization", "layer"));
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_string_equal(sml_network_layer(model, 1).type, "layer_norm");
    assert_true(sml_network_layer(model, 1).value == 1e-5);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void a_warm_start_goes_on_with_the_statistics(void **state)
{
    const sml_fit_options warm = {.warm_start = 1};
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 4, 3, 1);
    sml_model *in_one = new_model(ctx, "optimizer=sgd normalization=batch batch_size=9 epochs=4");
    sml_model *in_two = new_model(ctx, "optimizer=sgd normalization=batch batch_size=9 epochs=2");
    assert_ok(ctx, sml_model_fit(ctx, in_one, data.data));
    assert_ok(ctx, sml_model_fit(ctx, in_two, data.data));
    assert_ok(ctx, sml_model_fit_with(ctx, in_two, data.data, &warm, NULL));
    assert_same_tensors(ctx, in_one, in_two);
    assert_ok(ctx, sml_model_set(ctx, in_two, "normalization", "layer"));
    assert_int_equal(sml_model_fit_with(ctx, in_two, data.data, &warm, NULL), SML_BAD_SHAPE);
    assert_non_null(strstr(sml_ctx_error(ctx), "normalization"));
    assert_same_tensors(ctx, in_one, in_two);
    sml_model_free(in_one);
    sml_model_free(in_two);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* A predictor, row by row, gives the bits of a prediction of all rows. */
static void assert_predictor(sml_ctx *ctx, const sml_model *model, const test_data *data,
                             const float *outputs)
{
    sml_predictor *predictor = NULL;
    float row[3];
    assert_ok(ctx, sml_predictor_create(ctx, model, &predictor));
    for (size_t r = 0; r < 100; r++) {
        sml_predictor_run(predictor, data->features + 4 * r, row);
        assert_memory_equal(row, outputs + 3 * r, sizeof row);
    }
    sml_predictor_free(predictor);
}

static void a_model_file_keeps_all(void **state)
{
    static const char *const settings[] = {"hidden=20,9 normalization=batch epochs=2 batch_size=9",
                                           "hidden=20,9 normalization=layer epochs=2 dropout=0.1"};
    char path[] = "/tmp/scratchml-norms-XXXXXX";
    const int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 4, 3, 1);
    for (size_t i = 0; i < 2; i++) {
        sml_model *model = new_model(ctx, settings[i]), *loaded = NULL;
        float outputs[300], again[300];
        assert_ok(ctx, sml_model_fit(ctx, model, data.data));
        assert_ok(ctx, sml_model_predict(ctx, model, data.data, outputs, 300));
        assert_ok(ctx, sml_model_save(ctx, model, path));
        assert_ok(ctx, sml_model_load(ctx, path, &loaded));
        assert_same_tensors(ctx, model, loaded);
        assert_ok(ctx, sml_model_predict(ctx, loaded, data.data, again, 300));
        assert_memory_equal(outputs, again, sizeof outputs);
        assert_predictor(ctx, loaded, &data, outputs);
        sml_model_free(loaded);
        sml_model_free(model);
    }
    unlink(path);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Saves the model with a number of its running statistics changed, and loads it again. */
static sml_status load_with(sml_ctx *ctx, const sml_model *model, int buffer, float value)
{
    char path[] = "/tmp/scratchml-norms-XXXXXX";
    const int fd = mkstemp(path);
    const sml__mlp *mlp = model->state;
    float *number = mlp->network->parameters + mlp->network->layers[1].buffers[buffer] + 3;
    const float before = *number;
    sml_model *loaded = NULL;
    close(fd);
    *number = value;
    assert_ok(ctx, sml_model_save(ctx, model, path));
    *number = before;
    const sml_status status = sml_model_load(ctx, path, &loaded);
    assert_true((status == SML_OK) == (loaded != NULL));
    sml_model_free(loaded);
    unlink(path);
    return status;
}

static void impossible_statistics_are_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 4, 3, 1);
    sml_model *model = new_model(ctx, "hidden=20 normalization=batch epochs=1");
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_ok(ctx, load_with(ctx, model, 0, -1));
    assert_ok(ctx, load_with(ctx, model, 1, 0));
    assert_int_equal(load_with(ctx, model, 1, -1e-3F), SML_BAD_FILE);
    assert_non_null(strstr(sml_ctx_error(ctx), "layers.1.running_var"));
    assert_non_null(strstr(sml_ctx_error(ctx), "element 3"));
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    static const sml_layer wrong[] = {{"dense", 4, 0}, {"batch_norm", 0, 1.5}, {"dense", 2, 0}};
    static const sml_layer no_epsilon[] = {{"layer_norm", 0, 0}, {"dense", 2, 0}};
    static const sml_layer right[] = {{"batch_norm", 0, 0.1}, {"dense", 2, 0}};
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 8193, 2, 2, 1);
    sml_model *model = new_model(ctx, "hidden=3 normalization=batch batch_size=8193 epochs=1");
    assert_int_equal(sml_model_fit(ctx, model, data.data), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "8192"));
    assert_ok(ctx, sml_model_set(ctx, model, "batch_size", "8192")); /* and a last one of 1 */
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_ok(ctx, sml_model_set(ctx, model, "normalization", "layer"));
    assert_ok(ctx, sml_model_set(ctx, model, "batch_size", "100000"));
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    sml_model_free(model);
    assert_int_equal(sml_network_create(ctx, wrong, 3, NULL, &model), SML_BAD_ARGUMENT);
    assert_int_equal(sml_network_create(ctx, no_epsilon, 2, NULL, &model), SML_BAD_ARGUMENT);
    assert_int_equal(sml_network_create(ctx, right, 2, "normalization=layer", &model),
                     SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "normalization"));
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Statistics are not weights: a fit's parameters are counted without them. */
static void statistics_are_behind_the_parameters(void **state)
{
    static const sml_layer specs[] = {{"dense", 9, 0}, {"batch_norm", 0, 0.1}, {"dense", 2, 0}};
    (void)state;
    sml_ctx *ctx = new_context(1);
    sml__network *network = NULL;
    const sml__loss *loss = sml__loss_named("cross_entropy");
    const size_t numbers = (4 * 9 + 9) + 4 * 9 + (9 * 2 + 2);
    assert_int_equal(sml__network_create(ctx, specs, 3, 4, loss, numbers - 1, &network),
                     SML_BAD_SHAPE);
    assert_ok(ctx, sml__network_create(ctx, specs, 3, 4, loss, numbers, &network));
    sml__initialise(network, "auto", 1);
    assert_int_equal(sml__network_parameter_count(network), numbers - 2 * 9);
    for (size_t j = 0; j < 9; j++) {
        assert_true(network->parameters[network->layers[1].weight + j] == 1);
        assert_true(network->parameters[network->layers[1].bias + j] == 0);
        assert_true(network->layers[1].buffers[0] >= network->n_parameters);
        assert_true(network->parameters[network->layers[1].buffers[0] + j] == 0);
        assert_true(network->parameters[network->layers[1].buffers[1] + j] == 1);
    }
    sml__network_free(network);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_pytorch),
        cmocka_unit_test(the_gradient_is_that_of_the_training_pass),
        cmocka_unit_test(the_setting_makes_the_layers),
        cmocka_unit_test(a_warm_start_goes_on_with_the_statistics),
        cmocka_unit_test(a_model_file_keeps_all),
        cmocka_unit_test(impossible_statistics_are_refused),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(statistics_are_behind_the_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
