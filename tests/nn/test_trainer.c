/* What training promises about its order, its steps, its end, and the model it leaves. */
#include "support.h"

static sml_model *new_model(sml_ctx *ctx, const char *settings)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    return model;
}

typedef struct first_losses {
    double first[4], last[4];
} first_losses;

static int note_losses(void *user, const sml_progress *progress)
{
    first_losses *seen = user;
    if (progress->step == 1) {
        seen->first[progress->epoch - 1] = progress->loss;
    }
    seen->last[progress->epoch - 1] = progress->loss;
    return 0;
}

/* With a rate of 0 nothing but the order changes: each epoch begins with another batch, and its
 * mean is that of all samples, the short last batch included. */
static void every_epoch_has_its_own_order(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 4, 3, 1);
    sml_model *model = new_model(ctx, "optimizer=sgd learning_rate=0 batch_size=7 epochs=4");
    first_losses seen;
    sml_scores scores;
    sml_fit_report report;
    const sml_fit_options options = {.progress = note_losses, .user = &seen};
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &options, &report));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data.data, &scores));
    for (int e = 0; e < 4; e++) {
        assert_near(seen.last[e], scores.loss, 1e-6, 0, "mean loss of an epoch", (size_t)e);
        for (int other = 0; other < e; other++) {
            assert_true(seen.first[e] != seen.first[other]);
        }
    }
    assert_near(report.loss, scores.loss, 1e-6, 0, "reported loss", 0);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Plain descent keeps no state, so two warm epochs after two are four epochs in a row, bit for bit:
 * the warm start goes on with the orders and masks of the epochs that follow. */
static void a_warm_start_draws_what_comes_next(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 4, 3, 1);
    const sml_fit_options warm = {.warm_start = 1};
    sml_model *in_one = new_model(ctx, "optimizer=sgd dropout=0.2 batch_size=7 epochs=4");
    sml_model *in_two = new_model(ctx, "optimizer=sgd dropout=0.2 batch_size=7 epochs=2");
    size_t n = 0, m = 0;
    assert_ok(ctx, sml_model_fit(ctx, in_one, data.data));
    assert_ok(ctx, sml_model_fit(ctx, in_two, data.data));
    assert_ok(ctx, sml_model_fit_with(ctx, in_two, data.data, &warm, NULL));
    float *a = parameters_of(ctx, in_one, &n), *b = parameters_of(ctx, in_two, &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof(float));
    free(a);
    free(b);
    sml_model_free(in_one);
    sml_model_free(in_two);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* How far one step of all rows moves the parameters. */
static double step_length(sml_ctx *ctx, const char *settings, float **moved, size_t *length)
{
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 50, 70, 3, 2);
    sml_model *model = new_model(ctx, settings);
    const sml_fit_options warm = {.warm_start = 1};
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "0"));
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    float *before = parameters_of(ctx, model, length);
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "1"));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &warm, NULL));
    *moved = parameters_of(ctx, model, length);
    double squares = 0;
    for (size_t i = 0; i < *length; i++) {
        (*moved)[i] -= before[i];
        squares += (double)(*moved)[i] * (double)(*moved)[i];
    }
    free(before);
    sml_model_free(model);
    free_test_data(data);
    return sqrt(squares);
}

/* ‖Δθ‖ = η c where the gradient is longer than c, over all of 13,000 parameters; and AdamW without
 * decay steps as Adam does, where ε is large enough for the scale of the gradient to matter. */
static void clipping_bounds_the_whole_step(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    float *moved = NULL, *other = NULL;
    size_t n = 0, m = 0;
    const double length =
        step_length(ctx, "hidden=100,50 optimizer=sgd learning_rate=1 clip_norm=0.01", &moved, &n);
    assert_true(n > 3 * 4096);
    assert_near(length, 0.01, 1e-3, 0, "clipped step", 0);
    free(moved);
    step_length(ctx, "hidden=30 optimizer=adam epsilon=0.1 clip_norm=0.01", &moved, &n);
    const double free_length =
        step_length(ctx, "hidden=30 optimizer=adamw weight_decay=0 epsilon=0.1", &other, &m);
    free(other);
    const double clipped_length = step_length(
        ctx, "hidden=30 optimizer=adamw weight_decay=0 epsilon=0.1 clip_norm=0.01", &other, &m);
    assert_true(clipped_length < 0.5 * free_length);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)other[i], (double)moved[i], 1e-3, 1e-7, "adamw and adam", i);
    }
    free(moved);
    free(other);
    sml_ctx_free(ctx);
}

/* A linear model on all rows with too large a rate grows by a factor each epoch: the model that is
 * left is the last that gave finite losses, far from the start, and evaluates to a finite loss. */
static void divergence_leaves_a_model_with_a_finite_loss(void **state)
{
    static const char *const settings[] = {
        "hidden= optimizer=sgd learning_rate=10 batch_size=1000 epochs=200",
        "hidden=8 optimizer=sgd learning_rate=1e15 batch_size=1000 epochs=5",
        "hidden=8 optimizer=sgd learning_rate=1e38 batch_size=10 epochs=1",
        "hidden=8 optimizer=rmsprop alpha=1 epsilon=1e-30 epochs=3",
    };
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 100, 4, 2, 1);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        sml_model *model = new_model(ctx, settings[i]);
        sml_fit_report report;
        sml_scores scores;
        assert_int_equal(sml_model_fit_with(ctx, model, data.data, NULL, &report), SML_DIVERGED);
        assert_ok(ctx, sml_model_evaluate(ctx, model, data.data, &scores));
        assert_true(isfinite(scores.loss));
        if (i == 0) {
            assert_true(report.epochs > 5 && scores.loss > 1e10);
        }
        if (i == 2) {
            assert_non_null(strstr(sml_ctx_error(ctx), "epoch 1, step "));
            assert_null(strstr(sml_ctx_error(ctx), "step 11"));
        }
        sml_model_free(model);
    }
    free_test_data(data);
    sml_ctx_free(ctx);
}

static int cancel_at(void *user, const sml_progress *progress)
{
    return progress->epoch == 2 && progress->step == *(uint64_t *)user;
}

static void a_cancelled_epoch_counts_when_it_is_whole(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 60, 4, 3, 1);
    for (uint64_t step = 5; step <= 6; step++) {
        sml_model *model = new_model(ctx, "batch_size=10 epochs=5");
        sml_fit_report report;
        const sml_fit_options options = {.progress = cancel_at, .user = &step};
        assert_int_equal(sml_model_fit_with(ctx, model, data.data, &options, &report),
                         SML_CANCELLED);
        assert_int_equal(report.epochs, step == 6 ? 2 : 1);
        assert_int_equal(report.steps, 6 + step);
        sml_model_free(model);
    }
    free_test_data(data);
    sml_ctx_free(ctx);
}

static int cancel_at_once(void *user, const sml_progress *progress)
{
    (void)user;
    (void)progress;
    return 1;
}

/* A step that broke the parameters is not kept because somebody cancelled after it. */
static void cancelling_keeps_no_broken_model(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 60, 4, 3, 1);
    sml_model *model = new_model(ctx, "optimizer=sgd learning_rate=1e38 batch_size=10");
    const sml_fit_options options = {.progress = cancel_at_once};
    size_t n = 0;
    assert_int_equal(sml_model_fit_with(ctx, model, data.data, &options, NULL), SML_DIVERGED);
    float *values = parameters_of(ctx, model, &n);
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(values[i]));
    }
    free(values);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

typedef struct watcher {
    sml_ctx *ctx;
    sml_model *model;
    const sml_dataset *data;
    double losses[3];
} watcher;

static int evaluate_each_epoch(void *user, const sml_progress *progress)
{
    watcher *w = user;
    sml_scores scores;
    if (progress->step == progress->steps) {
        assert_ok(w->ctx, sml_model_evaluate(w->ctx, w->model, w->data, &scores));
        w->losses[progress->epoch - 1] = scores.loss;
    }
    return 0;
}

/* The callback sees the network that trains, in a first fit and in a second one. */
static void the_callback_may_evaluate_the_model(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 300, 40, 3, 1);
    watcher w = {new_context(2), new_model(ctx, "hidden=100 epochs=3"), data.data, {0}};
    const sml_fit_options options = {.progress = evaluate_each_epoch, .user = &w};
    for (int fit = 0; fit < 2; fit++) {
        sml_scores scores;
        assert_ok(ctx, sml_model_fit_with(ctx, w.model, data.data, &options, NULL));
        assert_ok(ctx, sml_model_evaluate(ctx, w.model, data.data, &scores));
        assert_true(w.losses[0] > w.losses[1] && w.losses[1] > w.losses[2]);
        assert_true(w.losses[2] == scores.loss);
    }
    sml_model_free(w.model);
    sml_ctx_free(w.ctx);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void a_warm_start_takes_new_settings(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 100, 4, 2, 1);
    sml_model *model = new_model(ctx, "dropout=0.2 epochs=1");
    const sml_fit_options warm = {.warm_start = 1};
    sml_scores squared, huber;
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "0"));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data.data, &squared));
    assert_ok(ctx, sml_model_set(ctx, model, "loss", "huber"));
    assert_ok(ctx, sml_model_set(ctx, model, "dropout", "0.7"));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &warm, NULL));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data.data, &huber));
    assert_true(huber.loss < squared.loss); /* Huber is at most half the square */
    assert_true(sml_network_layer(model, 2).value == 0.7);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void a_list_of_layers_is_the_only_word_on_them(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml_layer layers[] = {sml_dense(3)};
    sml_model *model = NULL;
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 30, 4, 3, 1);
    assert_int_equal(sml_network_create(ctx, layers, 1, "epochs=2\thidden=3", &model),
                     SML_BAD_ARGUMENT);
    assert_null(model);
    assert_ok(ctx, sml_network_create(ctx, layers, 1, "epochs=2", &model));
    assert_ok(ctx, sml_model_set(ctx, model, "dropout", "0.5"));
    assert_int_equal(sml_model_fit(ctx, model, data.data), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "dropout"));
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Accuracy of several labels: every one on its side of 1/2. */
static void all_labels_of_a_row_must_be_right(void **state)
{
    (void)state;
    enum { ROWS = 400, LABELS = 3 };
    static float outputs[ROWS * LABELS];
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_MULTILABEL, ROWS, 4, LABELS, 1);
    sml_model *model = new_model(ctx, "epochs=3");
    sml_scores scores;
    size_t hits = 0;
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data.data, &scores));
    assert_ok(ctx, sml_model_predict(ctx, model, data.data, outputs, ROWS * LABELS));
    for (size_t r = 0; r < ROWS; r++) {
        size_t right = 0;
        for (size_t k = r * LABELS; k < (r + 1) * LABELS; k++) {
            right += (outputs[k] > 0.5F) == (data.targets[k] > 0.5F);
        }
        hits += right == LABELS;
    }
    assert_true(hits > 0 && hits < ROWS);
    assert_near(scores.accuracy, (double)hits / ROWS, 1e-12, 0, "accuracy", 0);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* What docs/defaults.md promises. */
static void defaults_are_as_documented(void **state)
{
    static const struct {
        const char *name;
        double learning_rate, epsilon, weight_decay;
    } optimizers[] = {
        {"sgd", 0.1, 0, 0},           {"momentum", 0.01, 0, 0},    {"nesterov", 0.01, 0, 0},
        {"rmsprop", 0.01, 1e-8, 0},   {"adagrad", 0.01, 1e-10, 0}, {"adam", 0.001, 1e-8, 0},
        {"adamw", 0.001, 1e-8, 0.01},
    };
    static const char *const settings[][2] = {
        {"hidden", "128"},
        {"activation", "relu"},
        {"normalization", "none"},
        {"optimizer", "adam"},
        {"momentum", "0.9"},
        {"alpha", "0.99"},
        {"beta1", "0.9"},
        {"beta2", "0.999"},
        {"batch_size", "128"},
        {"epochs", "10"},
        {"seed", "42"},
        {"dropout", "0"},
        {"l1", "0"},
        {"l2", "0"},
        {"clip_norm", "0"},
        {"label_smoothing", "0"},
        {"weight_decay", "auto"},
        {"learning_rate", "auto"},
        {"epsilon", "auto"},
        {"loss", "auto"},
        {"init", "auto"},
        {"schedule", "constant"},
        {"warmup", "0"},
        {"step_epochs", "10"},
        {"gamma", "auto"},
        {"minimum_learning_rate", "0"},
        {"plateau_patience", "2"},
        {"validation", "0"},
        {"early_stopping", "none"},
        {"patience", "5"},
        {"min_change", "0"},
        {"class_weight", "none"},
        {"scaling", "auto"},
        {"encoding", "one_hot"},
        {"missing", "auto"},
        {"unknown", "refuse"},
        {"target_scaling", "auto"},
        {"augment_shift", "0"},
        {"augment_rotate", "0"},
        {"augment_scale", "0"},
        {"augment_elastic", "0"},
        {"augment_sigma", "4"},
        {"augment_noise", "0"},
    };
    (void)state;
    sml_ctx *ctx = new_context(1);
    size_t n = 0;
    for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
        const sml__optimizer *found = sml__optimizer_named(optimizers[i].name);
        assert_true(found->learning_rate == optimizers[i].learning_rate);
        assert_true(found->epsilon == optimizers[i].epsilon);
        assert_true(found->weight_decay == optimizers[i].weight_decay);
    }
    sml_model *model = new_model(ctx, NULL);
    assert_non_null(sml_model_parameters("mlp", &n));
    assert_int_equal(n, sizeof settings / sizeof settings[0]);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(sml_model_get(model, settings[i][0]), settings[i][1]);
    }
    sml_model_free(model);
    sml_ctx_free(ctx);
}

/* The same of what layers take beside their names. */
static void values_of_layers_are_as_documented(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 10, 4, 3, 1);
    static const struct {
        const char *settings;
        double value;
    } layers[] = {{"activation=elu epochs=0", 1}, {"activation=leaky_relu epochs=0", 0.01}};
    for (size_t i = 0; i < 2; i++) {
        sml_model *model = new_model(ctx, layers[i].settings);
        assert_ok(ctx, sml_model_fit(ctx, model, data.data));
        assert_true(sml_network_layer(model, 1).value == layers[i].value);
        sml_model_free(model);
    }
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Names that a user may choose are those of the registry. */
static void choices_are_the_registry(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(SML__ISA_PLAIN);
    sml_model *model = new_model(ctx, NULL);
    for (size_t i = 0; i < SML__LAYERS; i++) {
        if (kit->layers[i]->f != NULL) {
            assert_ok(ctx, sml_model_set(ctx, model, "activation", kit->layers[i]->name));
        }
    }
    for (size_t i = 0; i < SML__LOSSES; i++) {
        assert_ok(ctx, sml_model_set(ctx, model, "loss", kit->losses[i]->name));
    }
    for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
        assert_ok(ctx, sml_model_set(ctx, model, "optimizer", kit->optimizers[i]->name));
    }
    sml_model_free(model);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_has_its_own_order),
        cmocka_unit_test(a_warm_start_draws_what_comes_next),
        cmocka_unit_test(clipping_bounds_the_whole_step),
        cmocka_unit_test(divergence_leaves_a_model_with_a_finite_loss),
        cmocka_unit_test(a_cancelled_epoch_counts_when_it_is_whole),
        cmocka_unit_test(cancelling_keeps_no_broken_model),
        cmocka_unit_test(the_callback_may_evaluate_the_model),
        cmocka_unit_test(a_warm_start_takes_new_settings),
        cmocka_unit_test(a_list_of_layers_is_the_only_word_on_them),
        cmocka_unit_test(all_labels_of_a_row_must_be_right),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(values_of_layers_are_as_documented),
        cmocka_unit_test(choices_are_the_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
