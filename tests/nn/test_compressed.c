/* Compressed rows train, predict and are scored as the same rows with their zeros, which take the
 * dense products: the same bits, for every optimiser, batch and team. */
#include "support.h"

enum { ROWS = 1100, COLUMNS = 300, CLASSES = 3, ENTRIES = ROWS * COLUMNS, HISTORY = 8 };

typedef struct arrays {
    float features[ROWS * COLUMNS];
    int32_t labels[ROWS];
    float targets[ROWS], weights[ROWS];
    size_t starts[ROWS + 1];
    uint32_t indices[ENTRIES];
    float values[ENTRIES];
} arrays;

/* Every eleventh row lists nothing; the others `density` of the columns, of which the first ones
 * are most frequent; one value in ten that is listed is 0. */
static arrays *random_arrays(double density, uint64_t seed)
{
    arrays *a = calloc(1, sizeof *a);
    size_t entries = 0;
    sml__random random;
    sml__random_init(&random, seed, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < COLUMNS && r % 11 != 5; c++) {
            if (sml__random_uniform(&random) < (c < 20 ? 5 * density : density)) {
                const int is_zero = sml__random_below(&random, 10) == 0;
                const float value = is_zero ? 0.0F : (float)sml__random_normal(&random);
                a->features[r * COLUMNS + c] = a->values[entries] = value;
                a->indices[entries++] = (uint32_t)c;
            }
        }
        a->starts[r + 1] = entries;
        a->labels[r] = (int32_t)sml__random_below(&random, CLASSES);
        a->targets[r] = (float)sml__random_normal(&random);
        a->weights[r] = (float)sml__random_uniform(&random);
    }
    return a;
}

typedef enum truth { LABELS, TARGETS, WEIGHTED_LABELS } truth;

static sml_dataset *data_of(sml_ctx *ctx, const arrays *a, truth kind, int is_compressed)
{
    sml_dataset *data = NULL;
    sml_data_view view = {.rows = ROWS, .columns = COLUMNS};
    view.outputs = kind == TARGETS ? 1 : CLASSES;
    view.labels = kind == TARGETS ? NULL : a->labels;
    view.targets = kind == TARGETS ? a->targets : NULL;
    view.weights = kind == WEIGHTED_LABELS ? a->weights : NULL;
    view.task = kind == TARGETS ? SML_TASK_REGRESSION : SML_TASK_CLASSIFICATION;
    if (is_compressed) {
        view.row_starts = a->starts;
        view.column_indices = a->indices;
        view.values = a->values;
    } else {
        view.features = a->features;
    }
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

typedef struct outcome {
    float *parameters;
    size_t n, epochs;
    float outputs[ROWS * CLASSES];
    sml_scores scores;
    double losses[HISTORY], norms[HISTORY], validation[HISTORY];
} outcome;

static void note_epoch(void *user, const sml_epoch_record *record)
{
    outcome *o = user;
    assert_true(o->epochs < HISTORY);
    o->losses[o->epochs] = record->loss;
    o->norms[o->epochs] = record->gradient_norm;
    o->validation[o->epochs++] = record->validation_loss;
}

/* Trains, predicts and scores; watched: with a record of each epoch. */
static outcome *run(const sml_dataset *data, const char *settings, int threads, int watched)
{
    sml_ctx *ctx = new_context(threads);
    sml_model *model = NULL;
    outcome *o = calloc(1, sizeof *o);
    const sml_fit_options options = {.epoch = watched ? note_epoch : NULL, .user = o};
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &options, NULL));
    o->parameters = parameters_of(ctx, model, &o->n);
    assert_ok(ctx, sml_model_predict(ctx, model, data, o->outputs, ROWS * facts.outputs));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data, &o->scores));
    sml_model_free(model);
    sml_ctx_free(ctx);
    return o;
}

static void free_outcome(outcome *o)
{
    free(o->parameters);
    free(o);
}

static void assert_same(const outcome *found, const outcome *expected, const char *what)
{
    assert_int_equal(found->n, expected->n);
    assert_int_equal(found->epochs, expected->epochs);
    if (memcmp(found->parameters, expected->parameters, found->n * sizeof(float)) != 0) {
        fail_msg("%s: other parameters", what);
    }
    if (memcmp(found->outputs, expected->outputs, sizeof found->outputs) != 0 ||
        memcmp(&found->scores.loss, &expected->scores.loss, sizeof(double)) != 0) {
        fail_msg("%s: other predictions", what);
    }
    for (size_t e = 0; e < found->epochs; e++) {
        if (memcmp(&found->losses[e], &expected->losses[e], sizeof(double)) != 0 ||
            memcmp(&found->norms[e], &expected->norms[e], sizeof(double)) != 0 ||
            memcmp(&found->validation[e], &expected->validation[e], sizeof(double)) != 0) {
            fail_msg("%s: another epoch %zu", what, e);
        }
    }
}

static void assert_same_runs(const arrays *a, truth kind, const char *settings, int watched)
{
    sml_ctx *ctx = new_context(1);
    sml_dataset *dense = data_of(ctx, a, kind, 0), *compressed = data_of(ctx, a, kind, 1);
    outcome *expected = run(dense, settings, 1, watched);
    for (int threads = 1; threads <= 3; threads++) {
        outcome *found = run(compressed, settings, threads, watched);
        assert_same(found, expected, settings);
        free_outcome(found);
    }
    free_outcome(expected);
    sml_dataset_free(compressed);
    sml_dataset_free(dense);
    sml_ctx_free(ctx);
}

static void every_optimiser(void **state)
{
    static const char *const settings[] = {
        "hidden=20 epochs=1 optimizer=sgd batch_size=1",
        "hidden=300 epochs=2 optimizer=sgd batch_size=200",         /* by a team, folded */
        "hidden=170 epochs=1 optimizer=sgd batch_size=1000 l2=0.1", /* several passes */
        "hidden=450 epochs=1 optimizer=momentum batch_size=129",    /* by a team */
        "hidden=16 epochs=2 optimizer=nesterov l1=0.001",
        "hidden=30 epochs=1 optimizer=rmsprop clip_norm=0.1",
        "hidden=9 epochs=1 optimizer=adagrad batch_size=17",
        "hidden=500,20 epochs=1 optimizer=adam batch_size=64 dropout=0.3",
        "hidden=33 epochs=1 optimizer=adamw weight_decay=0.1 batch_size=1",
    };
    arrays *a = random_arrays(0.08, 1);
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_same_runs(a, LABELS, settings[i], 0);
    }
    free(a);
}

/* Batch norm takes a batch of any size in one pass. */
static void every_network(void **state)
{
    static const char *const settings[] = {
        "hidden= epochs=2 optimizer=sgd batch_size=16",
        "hidden=24 epochs=2 normalization=batch optimizer=sgd batch_size=100",
        "hidden=24 epochs=2 normalization=batch batch_size=900",
        "hidden=24 epochs=2 normalization=layer batch_size=300 optimizer=sgd",
        "hidden=1 epochs=1 activation=tanh",
    };
    arrays *a = random_arrays(0.02, 2);
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_same_runs(a, LABELS, settings[i], 0);
        assert_same_runs(a, TARGETS, settings[i], 0);
    }
    free(a);
}

/* A share of the rows is kept apart, so that training has a selection. */
static void weights_and_validation(void **state)
{
    static const char *const settings[] = {
        "hidden=40 epochs=3 validation=0.2 batch_size=50",
        "hidden=40 epochs=4 optimizer=sgd validation=0.3 early_stopping=accuracy "
        "patience=1 class_weight=balanced",
    };
    arrays *a = random_arrays(0.05, 3);
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_same_runs(a, LABELS, settings[i], 1);
        assert_same_runs(a, WEIGHTED_LABELS, settings[i], 1);
    }
    free(a);
}

/* Few zeros, or none: the rows are given them back, as before. */
static void full_rows(void **state)
{
    static const double densities[] = {0.34, 0.4, 1.0};
    (void)state;
    for (size_t i = 0; i < sizeof densities / sizeof densities[0]; i++) {
        arrays *a = random_arrays(densities[i], 4 + i);
        assert_same_runs(a, LABELS, "hidden=24 epochs=1 batch_size=64", 1);
        free(a);
    }
}

static void no_entry_at_all(void **state)
{
    arrays *a = random_arrays(0, 8);
    (void)state;
    assert_same_runs(a, LABELS, "hidden=24 epochs=1 batch_size=64", 1);
    assert_same_runs(a, LABELS, "hidden=24 epochs=1 batch_size=64 optimizer=sgd", 1);
    free(a);
}

/* The check takes the products of training: twin, differences and engine agree, on windows and
 * selections too. */
static void gradients_are_right(void **state)
{
    enum { FEW = 70 };
    sml_ctx *ctx = new_context(1);
    arrays *a = random_arrays(0.08, 9);
    sml_dataset *all = data_of(ctx, a, LABELS, 1), *window = NULL, *chosen = NULL;
    uint32_t rows[FEW];
    sml_model *model = NULL;
    (void)state;
    for (uint32_t i = 0; i < FEW; i++) {
        rows[i] = 13 * i % 500;
    }
    assert_ok(ctx, sml_dataset_rows(ctx, all, 300, 300, &window));
    assert_ok(ctx, sml_dataset_select(ctx, all, rows, FEW, &chosen));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=5 epochs=1 activation=tanh", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, all));
    const sml_dataset *parts[] = {window, chosen};
    for (size_t i = 0; i < 2; i++) {
        sml_gradient_check check;
        assert_ok(ctx, sml_network_check(ctx, model, parts[i], NULL, NULL, &check));
        assert_true(check.max_relative_error < 1e-6);
        assert_true(check.max_engine_error < 1e-5);
    }
    sml_model_free(model);
    sml_dataset_free(chosen);
    sml_dataset_free(window);
    sml_dataset_free(all);
    free(a);
    sml_ctx_free(ctx);
}

/* What it was not usable for: a million columns need the memory of their weights, not of a batch
 * with its zeros, which would be a gigabyte here. */
static void a_million_columns(void **state)
{
    enum { N = 400, WIDE = 1000000 };
    static size_t starts[N + 1];
    static uint32_t indices[N * 3];
    static float values[N * 3], outputs[N * 2];
    static int32_t labels[N];
    sml_ctx *ctx = new_context(2);
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    sml_scores scores;
    (void)state;
    for (uint32_t r = 0; r < N; r++) {
        labels[r] = (int32_t)(r % 2);
        for (uint32_t i = 0; i < 3; i++) {
            indices[3 * r + i] = i == 2 ? WIDE - 2 + r % 2 : r * 7 + i * 300000;
            values[3 * r + i] = 1.0F;
        }
        starts[r + 1] = 3 * ((size_t)r + 1);
    }
    const sml_data_view view = {.rows = N,
                                .columns = WIDE,
                                .row_starts = starts,
                                .column_indices = indices,
                                .values = values,
                                .outputs = 2,
                                .labels = labels};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_model_create(
                       ctx, "mlp",
                       "hidden=4 optimizer=sgd learning_rate=1 batch_size=256 epochs=20", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data, &scores));
    assert_true(scores.accuracy == 1.0);
    assert_ok(ctx, sml_model_predict(ctx, model, data, outputs, N * 2));
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimiser),        cmocka_unit_test(every_network),
        cmocka_unit_test(weights_and_validation), cmocka_unit_test(full_rows),
        cmocka_unit_test(no_entry_at_all),        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(a_million_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
