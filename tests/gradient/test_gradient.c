/* The chain rule against central differences in double, for every layer and loss of the registry,
 * and the engine's float32 gradient against the same chain rule, on every instruction set. */
#include "support.h"

#include "nn/engine_gradient.h"
#include "nn/gradcheck.h"
#include "nn/initialise.h"

enum { ROWS = 6, INPUTS = 5, OUTPUTS = 4 };

static const double TOLERANCE = 1e-6;        /* double against differences, relative */
static const double ENGINE_TOLERANCE = 1e-5; /* float32 against double, of a tensor's largest */

static double setting_for(const sml__layer_type *type)
{
    return type->maximum > 0 ? 0.3 : 0;
}

static size_t count_parameters(const sml__network *network)
{
    return sml__network_parameter_count(network);
}

/* Biases, γ, β and running statistics that are not those of the start. */
static void shift_vectors(sml__network *network)
{
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        for (size_t j = 0; layer->type->gradient != NULL && j < layer->n_out; j++) {
            const float shift = 0.1F * (float)((int)j - 2);
            network->parameters[layer->bias + j] = shift;
            if (!layer->type->has_units) {
                network->parameters[layer->weight + j] = 1 - 2 * shift;
            }
            for (int i = 0; layer->type->has_buffers && i < SML__BUFFERS; i++) {
                network->parameters[layer->buffers[i] + j] += 0.5F * shift;
            }
        }
    }
}

/* Two hidden layers, each followed by the layer under test. */
static sml__network *network_with(sml_ctx *ctx, const char *type, double value,
                                  const sml__loss *loss)
{
    const sml_layer specs[] = {sml_dense(7), sml_layer_of(type, 5, value), sml_dense(5),
                               sml_layer_of(type, 4, value), sml_dense(OUTPUTS)};
    sml__network *network = NULL;
    assert_ok(ctx, sml__network_create(ctx, specs, 5, INPUTS, loss, SIZE_MAX, &network));
    sml__initialise(network, "he", 5);
    shift_vectors(network);
    return network;
}

static sml_gradient_check check(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                sml__penalties penalties)
{
    const sml__check_calls nobody = {0};
    sml_gradient_check result;
    assert_ok(ctx, sml__gradient_check(ctx, network, data, &penalties, &nobody, &result));
    assert_int_equal(result.parameters_checked + result.kinks_skipped, count_parameters(network));
    return result;
}

static void assert_passes(sml_gradient_check result, const char *layer, const char *loss)
{
    if (!(result.max_relative_error <= TOLERANCE)) {
        fail_msg("%s, %s: %s: analytic %.12g, numeric %.12g, relative error %g", layer, loss,
                 result.worst_parameter, result.worst_analytic, result.worst_numeric,
                 result.max_relative_error);
    }
    if (!(result.max_engine_error <= ENGINE_TOLERANCE)) {
        fail_msg("%s, %s: engine error %g", layer, loss, result.max_engine_error);
    }
}

static void every_layer_and_loss(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    for (size_t i = 0; i < SML__LAYERS; i++) {
        for (size_t k = 0; k < SML__LOSSES; k++) {
            const sml__layer_type *type = kit->layers[i];
            const sml__loss *loss = kit->losses[k];
            test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 100 + k);
            sml__network *network = network_with(ctx, type->name, setting_for(type), loss);
            const sml__penalties none = {0, 0, 0};
            for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
                if (sml__isa_available((sml__isa)isa)) {
                    use_instruction_set(network, (sml__isa)isa);
                    assert_passes(check(ctx, network, made.data, none), type->name, loss->name);
                }
            }
            const sml_gradient_check found = check(ctx, network, made.data, none);
            assert_true(found.parameters_checked > count_parameters(network) / 2);
            if (!type->has_kink && loss->crosses == NULL) {
                assert_int_equal(found.kinks_skipped, 0);
            }
            sml__network_free(network);
            free_test_data(made);
        }
    }
    sml_ctx_free(ctx);
}

static void penalties_and_smoothing(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "tanh", 0, loss);
    const sml__penalties penalties = {.label_smoothing = 0.1, .l1 = 0.03, .l2 = 0.2};
    assert_passes(check(ctx, network, made.data, penalties), "tanh", "penalties");
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A slope that is wrong by a thousandth, a kink that lies on a sample: the check sees both. */
static double wrong_slope(double z, double value)
{
    const double c = cosh(z);
    return 1.001 / (c * c) + 0 * value;
}

static void a_wrong_derivative_is_found(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("mean_squared_error");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "tanh", 0, loss);
    sml__layer_type wrong = *sml__layer_named("tanh");
    wrong.slope = wrong_slope;
    network->layers[1].type = &wrong;
    const sml_gradient_check found = check(ctx, network, made.data, (sml__penalties){0, 0, 0});
    assert_true(found.max_relative_error > 5e-4);
    assert_non_null(strstr(found.worst_parameter, "layers.0."));
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static double nan_slope(double z, double value)
{
    return z > 0.9 ? (double)NAN : value * 0 + 1 / (cosh(z) * cosh(z));
}

/* One derivative that is not a number is the worst of all, wherever it is met. */
static void a_derivative_that_is_nan_is_found(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("mean_squared_error");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "tanh", 0, loss);
    sml__layer_type wrong = *sml__layer_named("tanh");
    wrong.slope = nan_slope;
    network->layers[1].type = &wrong;
    const sml_gradient_check found = check(ctx, network, made.data, (sml__penalties){0, 0, 0});
    assert_true(isnan(found.max_relative_error));
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Where the residual losses have their kinks: |r| = 1 for Huber, r = 0 for the absolute error. */
static void losses_know_their_kinks(void **state)
{
    (void)state;
    const sml__loss *huber = sml__loss_named("huber");
    const sml__loss *absolute = sml__loss_named("mean_absolute_error");
    assert_true(huber->crosses(2.9, 3.1, 2) && huber->crosses(1.1, 0.9, 2));
    assert_false(huber->crosses(2.8, 2.9, 2) || huber->crosses(1.9, 2.1, 2));
    assert_true(absolute->crosses(1.9, 2.1, 2));
    assert_false(absolute->crosses(2.1, 3.1, 2));
}

static void kinks_are_counted(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("mean_squared_error");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "relu", 0, loss);
    const sml__layer *first = &network->layers[0];
    /* Unit 0 of the first layer sees z = 0 for every sample: its whole row is on the kink. */
    for (size_t i = 0; i < INPUTS; i++) {
        network->parameters[first->weight + i * first->stride] = 0;
    }
    network->parameters[first->bias] = 0;
    const sml_gradient_check found = check(ctx, network, made.data, (sml__penalties){0, 0, 0});
    assert_true(found.kinks_skipped >= INPUTS + 1);
    assert_true(found.max_relative_error <= TOLERANCE);
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A batch that comes in many passes has the gradient of one batch; its sums are not worse. */
static void passes_add_up(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("mean_absolute_error");
    test_data made = new_test_data(ctx, loss->task, 60 * SML__PASS_ROWS + 31, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "gelu", 0, loss);
    sml__twin twin;
    assert_ok(ctx, sml__twin_create(ctx, network, made.data, 0, &twin));
    const double loss_f64 = sml__twin_forward(&twin);
    sml__twin_backward(&twin);
    float *gradient = calloc(network->n_parameters, sizeof(float));
    double loss_f32 = 0;
    assert_ok(ctx, sml__engine_gradient(ctx, network, made.data, 0, gradient, &loss_f32));
    assert_near(loss_f32, loss_f64, 1e-6, 0, "loss", 0);
    assert_true(sml__engine_error(network, gradient, &twin) <= ENGINE_TOLERANCE);
    free(gradient);
    sml__twin_free(&twin);
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Σ_k δ_k = 0 for softmax, and Σ_i w_ji δ_j x_i + b_j δ_j = δ_j z_j: with dW and db of one sample,
 * Σ_i w_ji dW_ji + b_j db_j = db_j z_j (docs/network.md). */
static void identities(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, 1, INPUTS, OUTPUTS, 21);
    sml__network *network = network_with(ctx, "relu", 0, loss);
    sml__twin twin;
    assert_ok(ctx, sml__twin_create(ctx, network, made.data, 0, &twin));
    sml__twin_forward(&twin);
    float *gradient = calloc(network->n_parameters, sizeof(float));
    double value = 0;
    assert_ok(ctx, sml__engine_gradient(ctx, network, made.data, 0, gradient, &value));
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        double delta_sum = 0;
        for (size_t j = 0; layer->type->has_units && j < layer->n_out; j++) {
            const double delta = (double)gradient[layer->bias + j];
            double sum = (double)network->parameters[layer->bias + j] * delta;
            for (size_t i = 0; i < layer->n_in; i++) {
                const size_t at = layer->weight + i * layer->stride + j;
                sum += (double)network->parameters[at] * (double)gradient[at];
            }
            delta_sum += delta;
            assert_near(sum, delta * twin.outputs[l][j], 1e-5, 1e-6, "identity", j);
        }
        if (l + 1 == network->n_layers) {
            assert_true(fabs(delta_sum) <= 1e-6);
        }
    }
    free(gradient);
    sml__twin_free(&twin);
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* The Jacobian's way to δ, Σ_i (-y_i / a_i) a_i (1[i = k] - a_k), equals a_k - y_k. */
static void jacobian_route(void **state)
{
    (void)state;
    const float z[OUTPUTS] = {0.3F, -1.2F, 2.0F, 0.1F}, y[OUTPUTS] = {0.2F, 0.5F, 0.3F, 0};
    float a[OUTPUTS], delta[OUTPUTS];
    const sml__loss *loss = sml__loss_named("cross_entropy");
    loss->output(z, OUTPUTS, a);
    loss->row(z, y, OUTPUTS, 0, delta);
    for (size_t k = 0; k < OUTPUTS; k++) {
        double route = 0;
        for (size_t i = 0; i < OUTPUTS; i++) {
            const double jacobian = (double)a[i] * ((double)(i == k) - (double)a[k]);
            route += -(double)y[i] / (double)a[i] * jacobian;
        }
        assert_near((double)delta[k], route, 1e-5, 1e-7, "Jacobian route", k);
        assert_near((double)delta[k], (double)a[k] - (double)y[k], 1e-6, 1e-7, "a - y", k);
    }
}

/* Σ_k a_k = 1, also for logits of any size. */
static void softmax_sums_to_one(void **state)
{
    (void)state;
    sml__random random;
    sml__random_init(&random, 4, SML__SAMPLE, 0, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (int i = 0; sml__isa_available((sml__isa)isa) && i < 1000; i++) {
            float z[OUTPUTS], a[OUTPUTS];
            double sum = 0;
            for (size_t k = 0; k < OUTPUTS; k++) {
                z[k] = (float)(sml__random_normal(&random) * pow(10, i % 4));
            }
            sml__kit_for((sml__isa)isa)->losses[0]->output(z, OUTPUTS, a);
            for (size_t k = 0; k < OUTPUTS; k++) {
                assert_true(a[k] >= 0);
                sum += (double)a[k];
            }
            assert_true(fabs(sum - 1) <= 1e-6);
        }
    }
}

/* C(θ + Δθ) - C(θ) ≈ g · Δθ for a small step Δθ = -η g: the gap is of second order in η. */
static void predicted_change_of_the_loss(void **state)
{
    (void)state;
    static const double ETA = 1e-5;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 33);
    sml__network *network = network_with(ctx, "tanh", 0, loss);
    float *gradient = calloc(network->n_parameters, sizeof(float));
    double value = 0, predicted = 0;
    sml__twin twin;
    assert_ok(ctx, sml__engine_gradient(ctx, network, made.data, 0, gradient, &value));
    assert_ok(ctx, sml__twin_create(ctx, network, made.data, 0, &twin));
    const double before = sml__twin_forward(&twin);
    for (size_t i = 0; i < network->n_parameters; i++) {
        twin.parameters[i] -= ETA * (double)gradient[i];
        predicted -= ETA * (double)gradient[i] * (double)gradient[i];
    }
    assert_true(predicted < 0);
    assert_near(sml__twin_forward(&twin) - before, predicted, 1e-4, 0, "change of the loss", 0);
    sml__twin_free(&twin);
    free(gradient);
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Norms of every kind on top of each other and first in the network. */
static void norms_pass_through_norms(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    const sml_layer specs[] = {sml_batch_norm(), sml_dense(6),     sml_layer_norm(),
                               sml_batch_norm(), sml_tanh(),       sml_layer_norm(),
                               sml_dense(4),     sml_batch_norm(), sml_dense(OUTPUTS)};
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = NULL;
    assert_ok(ctx, sml__network_create(ctx, specs, 9, INPUTS, loss, SIZE_MAX, &network));
    sml__initialise(network, "he", 5);
    shift_vectors(network);
    const sml__penalties penalties = {.label_smoothing = 0.1, .l1 = 0.03, .l2 = 0.2};
    assert_passes(check(ctx, network, made.data, penalties), "norms", "cross_entropy");
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A slope of a norm that is wrong by a thousandth is found in the layer before it. */
static void wrong_norm(const sml__norm_row *row, const double *g, double *d_input)
{
    sml__layer_named("layer_norm")->norm_backward(row, g, d_input);
    d_input[0] *= 1.001;
}

static void a_wrong_norm_is_found(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("mean_squared_error");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 9);
    sml__network *network = network_with(ctx, "layer_norm", 1e-5, loss);
    sml__layer_type wrong = *sml__layer_named("layer_norm");
    wrong.norm_backward = wrong_norm;
    network->layers[1].type = &wrong;
    const sml_gradient_check found = check(ctx, network, made.data, (sml__penalties){0, 0, 0});
    assert_true(found.max_relative_error > 5e-4);
    assert_non_null(strstr(found.worst_parameter, "layers.0."));
    sml__network_free(network);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_and_loss),
        cmocka_unit_test(penalties_and_smoothing),
        cmocka_unit_test(a_wrong_derivative_is_found),
        cmocka_unit_test(a_derivative_that_is_nan_is_found),
        cmocka_unit_test(losses_know_their_kinks),
        cmocka_unit_test(kinks_are_counted),
        cmocka_unit_test(passes_add_up),
        cmocka_unit_test(norms_pass_through_norms),
        cmocka_unit_test(a_wrong_norm_is_found),
        cmocka_unit_test(identities),
        cmocka_unit_test(jacobian_route),
        cmocka_unit_test(softmax_sums_to_one),
        cmocka_unit_test(predicted_change_of_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
