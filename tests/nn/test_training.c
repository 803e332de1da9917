/* Training as a user meets it: it learns, it stops cleanly, it goes on, it refuses nonsense. */
#include "support.h"

/* Two classes that a hyperbola separates; regression on a product. */
static test_data curved_data(sml_ctx *ctx, sml_task task, size_t rows, uint64_t seed)
{
    test_data made = new_test_data(ctx, task, rows, 3, 2, seed);
    for (size_t r = 0; r < rows; r++) {
        const float *x = made.features + 3 * r;
        const float product = x[0] * x[1];
        float *y = made.targets + 2 * r;
        y[0] = task == SML_TASK_REGRESSION ? product : (float)(product > 0);
        y[1] = task == SML_TASK_REGRESSION ? x[2] : 1.0F - y[0];
    }
    return made;
}

static sml_scores train_and_score(sml_ctx *ctx, const char *settings, const test_data *train,
                                  const test_data *test)
{
    sml_model *model = NULL;
    sml_scores scores;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, train->data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, test->data, &scores));
    sml_model_free(model);
    return scores;
}

/* Every optimiser, with each family of batch: single samples, short last batch, everything. */
static void every_optimizer_learns(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "optimizer=sgd batch_size=1 epochs=8 learning_rate=0.05",
        "optimizer=momentum batch_size=7 epochs=20",
        "optimizer=nesterov batch_size=32 epochs=40 learning_rate=0.05",
        "optimizer=rmsprop batch_size=33 epochs=20",
        "optimizer=adagrad batch_size=16 epochs=40 learning_rate=0.05",
        "optimizer=adam batch_size=50 epochs=40 learning_rate=0.01",
        "optimizer=adamw batch_size=5000 epochs=300 learning_rate=0.02",
        "optimizer=adam learning_rate=0.01 epochs=40 activation=gelu dropout=0.1 l2=1e-4",
        "optimizer=adam learning_rate=0.01 epochs=40 hidden=16,16 activation=tanh clip_norm=1",
        "optimizer=adam learning_rate=0.01 epochs=40 label_smoothing=0.1 init=lecun l1=1e-5",
        "optimizer=sgd batch_size=50 epochs=30 normalization=batch dropout=0.1",
        "optimizer=momentum batch_size=32 epochs=30 hidden=32,32 normalization=layer",
    };
    sml_ctx *ctx = new_context(2);
    test_data train = curved_data(ctx, SML_TASK_CLASSIFICATION, 1001, 1);
    test_data test = curved_data(ctx, SML_TASK_CLASSIFICATION, 500, 2);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const sml_scores scores = train_and_score(ctx, settings[i], &train, &test);
        if (!(scores.accuracy >= 0.93)) {
            fail_msg("%s: accuracy %g", settings[i], scores.accuracy);
        }
        assert_int_equal(scores.samples, 500);
    }
    free_test_data(train);
    free_test_data(test);
    sml_ctx_free(ctx);
}

static void regression_learns(void **state)
{
    (void)state;
    static const char *const losses[] = {"mean_squared_error", "mean_absolute_error", "huber"};
    sml_ctx *ctx = new_context(2);
    test_data train = curved_data(ctx, SML_TASK_REGRESSION, 2000, 1);
    test_data test = curved_data(ctx, SML_TASK_REGRESSION, 500, 2);
    float outputs[1000];
    for (size_t i = 0; i < 3; i++) {
        sml_model *model = NULL;
        sml_scores scores;
        char settings[128];
        snprintf(settings, sizeof settings, "loss=%s hidden=64 epochs=60 learning_rate=0.01",
                 losses[i]);
        assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
        assert_ok(ctx, sml_model_fit(ctx, model, train.data));
        assert_ok(ctx, sml_model_predict(ctx, model, test.data, outputs, 1000));
        assert_true(sml_r2(test.targets, outputs, 1000) > 0.95);
        assert_ok(ctx, sml_model_evaluate(ctx, model, test.data, &scores));
        assert_true(isnan(scores.accuracy));
        if (i == 0) {
            assert_near(scores.loss, sml_mean_squared_error(test.targets, outputs, 1000), 1e-5,
                        1e-7, "loss", 0);
        }
        sml_model_free(model);
    }
    free_test_data(train);
    free_test_data(test);
    sml_ctx_free(ctx);
}

static void several_labels_learn(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    test_data train = curved_data(ctx, SML_TASK_MULTILABEL, 1000, 1);
    test_data test = curved_data(ctx, SML_TASK_MULTILABEL, 500, 2);
    const sml_scores scores = train_and_score(ctx, "epochs=40 learning_rate=0.01", &train, &test);
    assert_true(scores.accuracy > 0.93);
    free_test_data(train);
    free_test_data(test);
    sml_ctx_free(ctx);
}

static int stop_after(void *user, const sml_progress *progress)
{
    assert_true(progress->step >= 1 && progress->step <= progress->steps);
    return progress->samples >= *(uint64_t *)user;
}

static void the_callback_cancels(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data train = curved_data(ctx, SML_TASK_CLASSIFICATION, 1000, 1);
    uint64_t limit = 640;
    sml_model *model = NULL;
    sml_scores scores;
    sml_fit_report report;
    const sml_fit_options options = {.progress = stop_after, .user = &limit};
    assert_ok(ctx, sml_model_create(ctx, "mlp", "batch_size=64 epochs=5", &model));
    assert_int_equal(sml_model_fit_with(ctx, model, train.data, &options, &report), SML_CANCELLED);
    assert_int_equal(report.samples, 640);
    assert_int_equal(report.epochs, 0);
    assert_ok(ctx, sml_model_evaluate(ctx, model, train.data, &scores)); /* still a model */
    sml_model_free(model);
    free_test_data(train);
    sml_ctx_free(ctx);
}

static void divergence_keeps_the_last_good_model(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data train = curved_data(ctx, SML_TASK_REGRESSION, 300, 1);
    sml_model *model = NULL;
    sml_scores before, after;
    sml_fit_report report;
    const sml_fit_options warm = {.warm_start = 1};
    assert_ok(ctx, sml_model_create(ctx, "mlp", "optimizer=sgd learning_rate=0.01", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, train.data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, train.data, &before));
    assert_ok(ctx, sml_model_set(ctx, model, "learning_rate", "1e30"));
    assert_int_equal(sml_model_fit_with(ctx, model, train.data, &warm, &report), SML_DIVERGED);
    assert_non_null(strstr(sml_ctx_error(ctx), "epoch 1, step "));
    assert_int_equal(report.epochs, 0);
    assert_ok(ctx, sml_model_evaluate(ctx, model, train.data, &after));
    assert_true(before.loss == after.loss);
    sml_model_free(model);
    free_test_data(train);
    sml_ctx_free(ctx);
}

static void a_warm_start_goes_on(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data train = curved_data(ctx, SML_TASK_CLASSIFICATION, 500, 1);
    sml_model *model = NULL;
    sml_scores first, second;
    const sml_fit_options warm = {.warm_start = 1};
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=32 epochs=20", &model));
    assert_int_equal(sml_model_fit_with(ctx, model, train.data, &warm, NULL), SML_BAD_ARGUMENT);
    assert_ok(ctx, sml_model_fit(ctx, model, train.data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, train.data, &first));
    assert_ok(ctx, sml_model_fit_with(ctx, model, train.data, &warm, NULL));
    assert_ok(ctx, sml_model_evaluate(ctx, model, train.data, &second));
    assert_true(second.loss < first.loss);
    assert_ok(ctx, sml_model_set(ctx, model, "hidden", "16"));
    assert_int_equal(sml_model_fit_with(ctx, model, train.data, &warm, NULL), SML_BAD_SHAPE);
    sml_model_free(model);
    free_test_data(train);
    sml_ctx_free(ctx);
}

/* The list of layers and the settings give the same network, and so the same bits. */
static void layers_by_hand_equal_layers_by_name(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data train = curved_data(ctx, SML_TASK_CLASSIFICATION, 500, 1);
    const sml_layer layers[] = {sml_dense(16), sml_leaky_relu(0.01), sml_dropout(0.2),
                                sml_dense(8),  sml_leaky_relu(0.01), sml_dropout(0.2),
                                sml_dense(2)};
    sml_model *by_hand = NULL, *by_name = NULL;
    sml_scores a, b;
    assert_ok(ctx, sml_network_create(ctx, layers, 7, "epochs=3", &by_hand));
    assert_ok(ctx,
              sml_model_create(ctx, "mlp", "hidden=16,8 activation=leaky_relu dropout=0.2 epochs=3",
                               &by_name));
    assert_ok(ctx, sml_model_fit(ctx, by_hand, train.data));
    assert_ok(ctx, sml_model_fit(ctx, by_name, train.data));
    assert_ok(ctx, sml_model_evaluate(ctx, by_hand, train.data, &a));
    assert_ok(ctx, sml_model_evaluate(ctx, by_name, train.data, &b));
    assert_true(a.loss == b.loss);
    assert_string_equal(sml_network_layer(by_name, 2).type, "dropout");
    assert_null(sml_network_layer(by_name, 7).type);
    sml_model_free(by_hand);
    sml_model_free(by_name);
    free_test_data(train);
    sml_ctx_free(ctx);
}

static void impossible_networks_are_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    const sml_layer no_head[] = {sml_dense(4), sml_relu()};
    const sml_layer no_units[] = {sml_dense(0)};
    const sml_layer typo[] = {sml_layer_of("rleu", 0, 0), sml_dense(2)};
    const sml_layer rate[] = {sml_dropout(1.5), sml_dense(2)};
    const sml_layer wrong_width[] = {sml_dense(3)};
    assert_int_equal(sml_network_create(ctx, no_head, 2, NULL, &model), SML_BAD_SHAPE);
    assert_int_equal(sml_network_create(ctx, no_units, 1, NULL, &model), SML_BAD_SHAPE);
    assert_int_equal(sml_network_create(ctx, NULL, 0, NULL, &model), SML_BAD_SHAPE);
    assert_int_equal(sml_network_create(ctx, typo, 2, NULL, &model), SML_UNKNOWN_NAME);
    assert_string_equal(sml_ctx_error(ctx), "unknown layer type 'rleu'; did you mean 'relu'?");
    assert_int_equal(sml_network_create(ctx, rate, 2, NULL, &model), SML_BAD_ARGUMENT);
    assert_int_equal(sml_network_create(ctx, wrong_width, 1, "hidden=3", &model), SML_BAD_ARGUMENT);
    assert_null(model);
    test_data train = curved_data(ctx, SML_TASK_CLASSIFICATION, 50, 1);
    assert_ok(ctx, sml_network_create(ctx, wrong_width, 1, NULL, &model));
    assert_int_equal(sml_model_fit(ctx, model, train.data), SML_BAD_SHAPE);
    sml_model_free(model);
    assert_ok(ctx, sml_model_create(ctx, "mlp", "loss=huber", &model));
    assert_int_equal(sml_model_fit(ctx, model, train.data), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "try loss=cross_entropy"));
    sml_model_free(model);
    free_test_data(train);
    sml_ctx_free(ctx);
}

/* Dropout keeps the mean: its share of zeros is the rate, and what is left is scaled. */
static void dropout_keeps_the_mean(void **state)
{
    (void)state;
    enum { ROWS = 200, WIDTH = 101 };
    static float in[ROWS * WIDTH], out[ROWS * WIDTH], again[ROWS * WIDTH];
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        in[i] = 1;
    }
    sml__pass pass = {.size = 1,
                      .rows = ROWS,
                      .n_in = WIDTH,
                      .n_out = WIDTH,
                      .in_row = WIDTH,
                      .out_row = WIDTH,
                      .input = in,
                      .output = out,
                      .value = 0.25,
                      .training = 1,
                      .key = {42, 0}};
    const sml__layer_type *dropout = sml__layer_named("dropout");
    dropout->forward(&pass);
    size_t zeros = 0;
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        zeros += out[i] == 0;
        assert_true(out[i] == 0 || fabs((double)out[i] - 1 / 0.75) < 1e-6);
    }
    const double share = (double)zeros / (ROWS * WIDTH);
    assert_true(fabs(share - 0.25) < 5 * sqrt(0.25 * 0.75 / (ROWS * WIDTH)));
    pass.output = again;
    pass.epoch = 1;
    dropout->forward(&pass);
    assert_memory_not_equal(out, again, sizeof out);
    pass.epoch = 0;
    pass.d_output = in;
    pass.d_input = again;
    dropout->backward(&pass);
    assert_memory_equal(out, again, sizeof out); /* the same mask backward */
    pass.output = again; /* other layers, samples and seeds have masks of their own */
    pass.lane = 1;
    dropout->forward(&pass);
    assert_memory_not_equal(out, again, sizeof out);
    pass.lane = 0;
    pass.first = 1;
    dropout->forward(&pass);
    assert_memory_equal(out + WIDTH, again, WIDTH * sizeof(float));
    assert_memory_not_equal(out, again, WIDTH * sizeof(float));
    pass.first = 0;
    pass.key[0] = 43;
    dropout->forward(&pass);
    assert_memory_not_equal(out, again, sizeof out);
    pass.training = 0;
    dropout->forward(&pass);
    assert_memory_equal(in, again, sizeof in);
}

/* Standard deviations of the initial weights: docs/network.md, "Initialisation". */
static void initial_weights_have_their_spread(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        double variance;
    } cases[] = {
        {"init=he", 2.0 / 300},
        {"init=glorot", 2.0 / (300 + 200)},
        {"init=lecun", 1.0 / 300},
        {"activation=relu", 2.0 / 300},
        {"activation=silu", 2.0 / 300},
        {"activation=tanh", 2.0 / (300 + 200)},
        {"activation=sigmoid", 2.0 / (300 + 200)},
    };
    sml_ctx *ctx = new_context(1);
    test_data train = new_test_data(ctx, SML_TASK_CLASSIFICATION, 10, 300, 3, 1);
    float *weights = malloc(300 * 200 * sizeof(float));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char settings[64];
        sml_model *model = NULL;
        double squares = 0, sum = 0;
        snprintf(settings, sizeof settings, "hidden=200 epochs=0 %s", cases[i].settings);
        assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
        assert_ok(ctx, sml_model_fit(ctx, model, train.data));
        assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, weights, 300 * 200));
        for (size_t w = 0; w < 300 * 200; w++) {
            squares += (double)weights[w] * (double)weights[w];
            sum += (double)weights[w];
        }
        assert_true(fabs(sum) < 5 * sqrt(300 * 200 * cases[i].variance));
        assert_near(squares / (300 * 200), cases[i].variance, 0.03, 0, cases[i].settings, i);
        sml_model_free(model);
    }
    free(weights);
    free_test_data(train);
    sml_ctx_free(ctx);
}

/* After a fit the 20 units of the first layer are all alike. */
static void assert_alike(sml_ctx *ctx, const char *settings, const sml_dataset *train,
                         float *weights, float *biases)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, train));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, weights, 300 * 20));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 1, biases, 20));
    for (size_t j = 1; j < 20; j++) {
        assert_near((double)biases[j], (double)biases[0], 1e-4, 1e-6, "bias", j);
        for (size_t i = 0; i < 300; i++) {
            assert_near((double)weights[j * 300 + i], (double)weights[i], 1e-4, 1e-6, "weight", j);
        }
    }
    sml_model_free(model);
}

/* What begins alike stays alike, though it learns: docs/network.md, "Initialisation". */
static void equal_weights_stay_equal(void **state)
{
    (void)state;
    static float weights[300 * 20], biases[20];
    sml_ctx *ctx = new_context(1);
    test_data train = new_test_data(ctx, SML_TASK_CLASSIFICATION, 40, 300, 3, 1);
    assert_alike(ctx, "hidden=20 init=equal epochs=0", train.data, weights, biases);
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        assert_true(weights[i] == (float)(1.0 / 300));
    }
    assert_alike(ctx, "hidden=20 init=equal epochs=5 batch_size=8", train.data, weights, biases);
    assert_true(fabs((double)weights[7] - 1.0 / 300) > 1e-3);
    free_test_data(train);
    sml_ctx_free(ctx);
}

/* The logits get Glorot's weights whatever stands before; layers of one shape get others each. */
static void initial_weights_of_later_layers(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data train = new_test_data(ctx, SML_TASK_CLASSIFICATION, 10, 60, 60, 1);
    static float first[3600], second[3600], last[3600];
    sml_model *model = NULL;
    double squares = 0;
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=60,60 epochs=0", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, train.data));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, first, 3600));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 2, second, 3600));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 4, last, 3600));
    assert_memory_not_equal(first, second, sizeof first);
    for (size_t w = 0; w < 3600; w++) {
        squares += (double)last[w] * (double)last[w];
    }
    assert_near(squares / 3600, 2.0 / (60 + 60), 0.08, 0, "variance of the last layer", 0);
    sml_model_free(model);
    free_test_data(train);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimizer_learns),
        cmocka_unit_test(regression_learns),
        cmocka_unit_test(several_labels_learn),
        cmocka_unit_test(the_callback_cancels),
        cmocka_unit_test(divergence_keeps_the_last_good_model),
        cmocka_unit_test(a_warm_start_goes_on),
        cmocka_unit_test(layers_by_hand_equal_layers_by_name),
        cmocka_unit_test(impossible_networks_are_refused),
        cmocka_unit_test(dropout_keeps_the_mean),
        cmocka_unit_test(initial_weights_have_their_spread),
        cmocka_unit_test(equal_weights_stay_equal),
        cmocka_unit_test(initial_weights_of_later_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
