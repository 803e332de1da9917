/* The same bits for every number of threads, and no races: this program also runs under
 * ThreadSanitizer. The networks are large enough that a whole team works on every batch: more than
 * FLOPS_FOR_TEAM in src/nn/network.c. */
#include "support.h"

#include "base/context.h"
#include "model/algorithm.h"
#include "nn/mlp.h"

enum { ROWS = 700, INPUTS = 61, CLASSES = 7 };

/* Of the numbers in sparse and compressed rows, one in so many is not zero. */
enum { SPARSITY = 7 };

/* How the rows lie: floats; or mostly zeros, for which the first layer has products of its own, in
 * bytes or compressed. */
typedef enum form { DENSE, SPARSE, COMPRESSED } form;

static const char *const FORMS[] = {"dense", "sparse", "compressed"};

static const int TEAMS[] = {1, 2, 3, 5};

static sml_dataset *new_sparse_data(sml_ctx *ctx)
{
    static uint8_t bytes[ROWS * INPUTS];
    static int32_t labels[ROWS];
    const sml_data_view view = {
        .rows = ROWS, .columns = INPUTS, .bytes = bytes, .labels = labels, .outputs = CLASSES};
    sml_dataset *data = NULL;
    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        bytes[i] = (uint8_t)(i % SPARSITY == 0 ? i * 31 % 255 + 1 : 0);
    }
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (int32_t)(r * 5 % CLASSES);
    }
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

static sml_dataset *new_compressed_data(sml_ctx *ctx)
{
    static size_t starts[ROWS + 1];
    static uint32_t columns[ROWS * INPUTS];
    static float values[ROWS * INPUTS];
    static int32_t labels[ROWS];
    const sml_data_view view = {.rows = ROWS,
                                .columns = INPUTS,
                                .row_starts = starts,
                                .column_indices = columns,
                                .values = values,
                                .labels = labels,
                                .outputs = CLASSES};
    sml_dataset *data = NULL;
    size_t entries = 0;
    for (size_t i = 0; i < ROWS * INPUTS; i += SPARSITY) {
        columns[entries] = (uint32_t)(i % INPUTS);
        values[entries++] = (float)(i * 31 % 255 + 1) / 255.0F;
        starts[i / INPUTS + 1] = entries;
    }
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (int32_t)(r * 5 % CLASSES);
    }
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

/* Layers and settings, and how many rows to train on: the last batch is a short one. */
typedef struct task {
    sml_layer layers[8]; /* none: the settings say what they are */
    size_t n_layers;
    size_t rows;
    const char *epochs, *settings;
} task;

static sml_model *new_model(sml_ctx *ctx, const task *job)
{
    sml_model *model = NULL;
    assert_ok(ctx, job->n_layers > 0
                       ? sml_network_create(ctx, job->layers, job->n_layers, job->settings, &model)
                       : sml_model_create(ctx, "mlp", job->settings, &model));
    return model;
}

/* A fit on the layers and the loss of one instruction set. */
static sml_status fit_on(sml_ctx *ctx, sml_model *model, const sml_dataset *data, sml__isa isa,
                         const task *job, sml_progress_fn progress, void *user)
{
    const sml_fit_options options = {.progress = progress, .user = user, .warm_start = 1};
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "0"));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    use_instruction_set(((sml__mlp *)model->state)->network, isa);
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", job->epochs));
    return sml_model_fit_with(ctx, model, data, &options, NULL);
}

/* Whether a batch is worth a team; otherwise the test would say nothing. */
static void assert_team(sml_ctx *ctx, const sml_model *model, double density, const char *settings)
{
    const sml__mlp *mlp = model->state;
    const double batch = (double)sml__setting_integer(model, "batch_size");
    if (sml__team_size(ctx, batch * sml__network_flops(mlp->network, density)) != ctx->threads) {
        fail_msg("%s: a batch is too small for a team", settings);
    }
}

/* All parameters of a model trained with so many threads; free them. */
static float *trained(int threads, const task *job, form how, sml__isa isa, size_t *length)
{
    sml_ctx *ctx = new_context(threads);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 5);
    sml_dataset *bytes = new_sparse_data(ctx), *compressed = new_compressed_data(ctx);
    sml_dataset *all[] = {made.data, bytes, compressed}, *rows = NULL;
    sml_model *model = new_model(ctx, job);
    assert_ok(ctx, sml_dataset_rows(ctx, all[how], 0, job->rows, &rows));
    assert_ok(ctx, fit_on(ctx, model, rows, isa, job, NULL, NULL));
    assert_team(ctx, model, how == COMPRESSED ? 1.0 / SPARSITY : 1.0, job->settings);
    float *values = parameters_of(ctx, model, length);
    sml_model_free(model);
    sml_dataset_free(rows);
    sml_dataset_free(compressed);
    sml_dataset_free(bytes);
    free_test_data(made);
    sml_ctx_free(ctx);
    return values;
}

static void check_task(const task *job, form how, sml__isa isa)
{
    size_t length = 0;
    float *alone = trained(1, job, how, isa, &length);
    for (size_t t = 1; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
        size_t n = 0;
        float *values = trained(TEAMS[t], job, how, isa, &n);
        assert_int_equal(n, length);
        if (memcmp(values, alone, n * sizeof(float)) != 0) {
            fail_msg("%s, %s rows, %s: other bits with %d threads", job->settings, FORMS[how],
                     sml__isa_name(isa), TEAMS[t]);
        }
        free(values);
    }
    free(alone);
}

/* A layer whose product has fewer than FLOPS_BY_ROWS operations (src/nn/network.c: 2e6) goes row by
 * row, a larger one by columns; a first layer on sparse or compressed rows always by rows. */
static const task TASKS[] = {
    /* single samples: by columns in the middle; all by rows */
    {.rows = 6, .epochs = "2", .settings = "hidden=1100,1000 batch_size=1 optimizer=sgd"},
    {.rows = 5, .epochs = "1", .settings = "hidden=1100,1000 batch_size=1 optimizer=momentum"},
    {.rows = 6, .epochs = "1", .settings = "hidden=300,900,600 batch_size=1 optimizer=sgd"},
    {.rows = 5,
     .epochs = "1",
     .settings = "hidden=300,900,600 batch_size=1 optimizer=adam dropout=0.3"},
    /* fewer rows than a tile has: one member has them all, the others none; a last batch of one */
    {.rows = 15, .epochs = "2", .settings = "hidden=250,400 batch_size=7 optimizer=sgd"},
    {.rows = 15,
     .epochs = "1",
     .settings = "hidden=250,700 batch_size=7 optimizer=momentum l2=1e-3"},
    /* one row more than a tile */
    {.rows = 28,
     .epochs = "2",
     .settings = "hidden=210,300,40 batch_size=9 optimizer=sgd dropout=0.3 "
                 "activation=tanh"},
    {.rows = 19, .epochs = "2", .settings = "hidden=250,500 batch_size=9 clip_norm=0.5 l2=1e-3"},
    {.rows = 40, .epochs = "2", .settings = "hidden=160,260 batch_size=16 optimizer=sgd"},
    {.rows = 33, .epochs = "2", .settings = "hidden=150,450 batch_size=16 activation=softplus"},
    {.rows = 67, .epochs = "2", .settings = "hidden=110,180 batch_size=33 optimizer=sgd"},
    {.rows = 90,
     .epochs = "1",
     .settings = "hidden=100,400 batch_size=33 optimizer=momentum "
                 "clip_norm=0.1 activation=sigmoid"},
    /* all by rows; all but the last by columns, which the first is not on sparse rows */
    {.rows = 300, .epochs = "2", .settings = "hidden=60,60,60 batch_size=128 optimizer=sgd"},
    {.rows = 300,
     .epochs = "2",
     .settings = "hidden=250,120 batch_size=128 optimizer=sgd learning_rate=0.1"},
    /* widths that have no whole vectors, or are a multiple of 1 KiB */
    {.rows = 513, .epochs = "2", .settings = "hidden=256,3,256,1 batch_size=256 optimizer=sgd"},
    /* several passes */
    {.rows = 700,
     .epochs = "2",
     .settings = "hidden=150,90 batch_size=300 dropout=0.3 l1=1e-4 l2=1e-3 "
                 "clip_norm=0.5 activation=gelu label_smoothing=0.1"},
    {.rows = 613, .epochs = "2", .settings = "hidden=60,60 batch_size=300 optimizer=sgd"},
    {.rows = 700,
     .epochs = "1",
     .settings = "hidden=199 batch_size=700 optimizer=momentum "
                 "activation=tanh"},
    /* norms: columns of a whole batch, also one of 300 and a last one of one row; rows */
    {.rows = 5,
     .epochs = "1",
     .settings = "hidden=1100,1000 batch_size=1 optimizer=sgd normalization=batch"},
    {.rows = 15, .epochs = "2", .settings = "hidden=250,400 batch_size=7 normalization=batch"},
    {.rows = 67,
     .epochs = "2",
     .settings = "hidden=110,180 batch_size=33 optimizer=sgd normalization=batch dropout=0.3"},
    {.rows = 700,
     .epochs = "2",
     .settings = "hidden=150,90 batch_size=300 normalization=batch l2=1e-3 clip_norm=0.5"},
    {.rows = 601, .epochs = "1", .settings = "hidden=120,3,120 batch_size=300 normalization=batch"},
    {.rows = 5,
     .epochs = "1",
     .settings = "hidden=1100,1000 batch_size=1 optimizer=sgd normalization=layer"},
    {.rows = 15, .epochs = "2", .settings = "hidden=250,400 batch_size=7 normalization=layer"},
    {.rows = 67,
     .epochs = "2",
     .settings = "hidden=110,180 batch_size=33 optimizer=sgd normalization=layer dropout=0.3"},
    {.rows = 700,
     .epochs = "2",
     .settings = "hidden=150,90 batch_size=300 normalization=layer l2=1e-3 clip_norm=0.5"},
};

/* Built where they can be: sml_layer_of is a function. */
static task dropout_first(void)
{
    const task job = {{sml_dropout(0.2), sml_dense(200), sml_relu(), sml_dropout(0.3),
                       sml_dense(300), sml_sigmoid(), sml_dense(CLASSES)},
                      7,
                      300,
                      "2",
                      "batch_size=128 optimizer=sgd"};
    return job;
}

static task activation_first(void)
{
    const task job = {{sml_tanh(), sml_dense(90), sml_dropout(0.5), sml_elu(1), sml_dense(300),
                       sml_softplus(), sml_dropout(0.1), sml_dense(CLASSES)},
                      8,
                      67,
                      "2",
                      "batch_size=33 clip_norm=1 l1=1e-4"};
    return job;
}

static task norms_first(void)
{
    const task job = {{sml_batch_norm(), sml_dense(90), sml_layer_norm(), sml_dropout(0.5),
                       sml_dense(300), sml_relu(), sml_batch_norm(), sml_dense(CLASSES)},
                      8,
                      67,
                      "2",
                      "batch_size=33 optimizer=sgd"};
    return job;
}

static void check_tasks(sml__isa isa)
{
    const task more[] = {dropout_first(), activation_first(), norms_first()};
    for (form how = DENSE; how <= COMPRESSED; how++) {
        for (size_t i = 0; i < sizeof TASKS / sizeof TASKS[0]; i++) {
            check_task(&TASKS[i], how, isa);
        }
        for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
            check_task(&more[i], how, isa);
        }
    }
}

static void training_has_the_same_bits(void **state)
{
    (void)state;
    check_tasks(sml__isa_best());
}

/* ThreadSanitizer does not look at vectors of more than 16 bytes: it sees these. */
static void plain_training_has_the_same_bits(void **state)
{
    (void)state;
    check_tasks(SML__ISA_PLAIN);
}

/* One row that is worth a team by itself, with fewer outputs than a vector has floats. */
static void a_wide_row_has_the_same_bits(void **state)
{
    enum { WIDE = 300000, FEW = 3 };
    const task job = {{sml_dense(CLASSES)}, 1, FEW, "1", "batch_size=1 optimizer=sgd"};
    size_t length = 0, n = 0;
    float *alone = NULL;
    (void)state;
    for (size_t t = 0; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
        sml_ctx *ctx = new_context(TEAMS[t]);
        test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, FEW, WIDE, CLASSES, 5);
        sml_model *model = new_model(ctx, &job);
        assert_ok(ctx, fit_on(ctx, model, made.data, SML__ISA_PLAIN, &job, NULL, NULL));
        assert_team(ctx, model, 1, "a wide row");
        float *values = parameters_of(ctx, model, &n);
        alone = alone == NULL ? parameters_of(ctx, model, &length) : alone;
        assert_int_equal(n, length);
        if (memcmp(values, alone, n * sizeof(float)) != 0) {
            fail_msg("a wide row: other bits with %d threads", TEAMS[t]);
        }
        free(values);
        sml_model_free(model);
        free_test_data(made);
        sml_ctx_free(ctx);
    }
    free(alone);
}

/* What a progress callback sees of the model that trains. */
typedef struct watcher {
    sml_ctx *ctx;
    sml_model *model;
    const sml_dataset *data;
    size_t calls, cancel_at;
    double losses[64];
} watcher;

static int evaluate(void *user, const sml_progress *progress)
{
    watcher *w = user;
    sml_scores scores;
    (void)progress;
    assert_true(w->calls < sizeof w->losses / sizeof w->losses[0]);
    assert_ok(w->ctx, sml_model_evaluate(w->ctx, w->model, w->data, &scores));
    w->losses[w->calls++] = scores.loss;
    return w->calls == w->cancel_at;
}

/* The callback comes between two batches: nobody is still writing the parameters. */
static void check_callback(const char *settings, sml__isa isa, size_t cancel_at)
{
    const task job = {.epochs = "8", .settings = settings};
    watcher first = {0};
    for (size_t t = 0; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
        sml_ctx *ctx = new_context(TEAMS[t]), *other = new_context(1);
        test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 5);
        sml_dataset *few = NULL;
        watcher seen = {.ctx = other, .model = new_model(ctx, &job), .cancel_at = cancel_at};
        assert_ok(ctx, sml_dataset_rows(ctx, made.data, 0, 3, &few));
        seen.data = few;
        assert_int_equal(fit_on(ctx, seen.model, made.data, isa, &job, evaluate, &seen),
                         cancel_at > 0 ? SML_CANCELLED : SML_OK);
        assert_team(ctx, seen.model, 1, settings);
        first = t == 0 ? seen : first;
        assert_int_equal(seen.calls, first.calls);
        for (size_t i = 0; i < seen.calls; i++) {
            if (seen.losses[i] != first.losses[i]) {
                fail_msg("%s: batch %zu, %d threads: the callback sees a loss of %.17g, not %.17g",
                         settings, i, TEAMS[t], seen.losses[i], first.losses[i]);
            }
        }
        sml_model_free(seen.model);
        sml_dataset_free(few);
        free_test_data(made);
        sml_ctx_free(other);
        sml_ctx_free(ctx);
    }
}

static void the_callback_sees_whole_steps(void **state)
{
    static const char *const settings[] = {"hidden=300,300 batch_size=128 optimizer=sgd",
                                           "hidden=300,300 batch_size=128",
                                           "hidden=300,300 batch_size=300 optimizer=sgd",
                                           "hidden=300,300 batch_size=128 normalization=batch"};
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        check_callback(settings[i], SML__ISA_PLAIN, 0);
        check_callback(settings[i], sml__isa_best(), 0);
        check_callback(settings[i], sml__isa_best(), 9);
    }
}

/* After a divergence the model has its last good parameters, whoever was still at work. */
static void divergence_restores_the_parameters(void **state)
{
    static const char *const rates[] = {"1e30", "1e38"};
    (void)state;
    for (size_t i = 0; i < 24; i++) {
        sml_ctx *ctx = new_context(TEAMS[1 + i % 3]);
        test_data made = new_test_data(ctx, SML_TASK_REGRESSION, 300, INPUTS, CLASSES, 5);
        const task job = {.settings = i % 2 == 0
                                          ? "hidden=300,300 epochs=1 batch_size=64 optimizer=sgd"
                                          : "hidden=300,300 epochs=1 batch_size=64 optimizer=adam "
                                            "normalization=batch"};
        const sml_fit_options warm = {.warm_start = 1};
        size_t n = 0;
        sml_model *model = new_model(ctx, &job);
        assert_ok(ctx, sml_model_fit(ctx, model, made.data));
        assert_team(ctx, model, 1, job.settings);
        float *before = parameters_of(ctx, model, &n);
        assert_ok(ctx, sml_model_set(ctx, model, "learning_rate", rates[i / 2 % 2]));
        assert_int_equal(sml_model_fit_with(ctx, model, made.data, &warm, NULL), SML_DIVERGED);
        float *after = parameters_of(ctx, model, &n);
        if (memcmp(before, after, n * sizeof(float)) != 0) {
            fail_msg("%s, %d threads: other parameters than before", job.settings, ctx->threads);
        }
        free(before);
        free(after);
        sml_model_free(model);
        free_test_data(made);
        sml_ctx_free(ctx);
    }
}

static void prediction_and_check_have_the_same_bits(void **state)
{
    (void)state;
    static float alone[ROWS * CLASSES], outputs[ROWS * CLASSES];
    sml_gradient_check first, check;
    sml_scores first_scores, scores;
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 5);
    sml_model *model = NULL;
    sml_dataset *few = NULL;
    assert_ok(ctx,
              sml_model_create(ctx, "mlp", "hidden=150,9 epochs=1 normalization=batch", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    use_instruction_set(((sml__mlp *)model->state)->network, SML__ISA_PLAIN);
    assert_ok(ctx, sml_dataset_rows(ctx, made.data, 0, 2, &few));
    assert_ok(ctx, sml_model_predict(ctx, model, made.data, alone, ROWS * CLASSES));
    assert_ok(ctx, sml_model_evaluate(ctx, model, made.data, &first_scores));
    assert_ok(ctx, sml_network_check(ctx, model, few, NULL, NULL, &first));
    for (size_t t = 0; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
        sml_ctx *other = new_context(TEAMS[t]);
        memset(outputs, 0, sizeof outputs);
        assert_ok(other, sml_model_predict(other, model, made.data, outputs, ROWS * CLASSES));
        assert_memory_equal(outputs, alone, sizeof outputs);
        assert_ok(other, sml_model_evaluate(other, model, made.data, &scores));
        assert_memory_equal(&scores, &first_scores, sizeof scores);
        assert_ok(other, sml_network_check(other, model, few, NULL, NULL, &check));
        assert_true(check.max_relative_error == first.max_relative_error);
        assert_string_equal(check.worst_parameter, first.worst_parameter);
        sml_ctx_free(other);
    }
    sml_dataset_free(few);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_has_the_same_bits),
        cmocka_unit_test(plain_training_has_the_same_bits),
        cmocka_unit_test(a_wide_row_has_the_same_bits),
        cmocka_unit_test(the_callback_sees_whole_steps),
        cmocka_unit_test(divergence_restores_the_parameters),
        cmocka_unit_test(prediction_and_check_have_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
