/* Predictors: one row after another, with the bits of sml_model_predict. */
#include "support.h"

#include <unistd.h>

#define assert_error(ctx, part) assert_non_null(strstr(sml_ctx_error(ctx), (part)))

/* Some rows of random numbers, of which many are zero in every other row. */
static test_data new_rows(sml_ctx *ctx, sml_task task, size_t columns, size_t outputs)
{
    enum { ROWS = 70 };
    test_data made = new_test_data(ctx, task, ROWS, columns, outputs, 9);
    for (size_t i = 0; i < ROWS * columns; i++) {
        if (i / columns % 2 == 0 && i % 5 != 0) {
            made.features[i] = 0;
        }
    }
    return made;
}

static sml_model *new_fitted(sml_ctx *ctx, const char *settings, const sml_dataset *data)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

/* The predictor's outputs for each row of data are those of `expected`. */
static void assert_predicts(sml_predictor *predictor, const sml_dataset *data,
                            const float *expected, size_t outputs, const char *what)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    float *features = malloc(facts.columns * sizeof(float));
    float *found = malloc(outputs * sizeof(float));
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_features(data, r, features);
        memset(found, 0x7F, outputs * sizeof(float));
        sml_predictor_run(predictor, features, found);
        if (memcmp(found, expected + r * outputs, outputs * sizeof(float)) != 0) {
            fail_msg("%s: other bits in row %zu", what, r);
        }
    }
    free(features);
    free(found);
}

static void check_settings(sml_ctx *ctx, const char *settings, const sml_dataset *data)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    sml_model *model = new_fitted(ctx, settings, data);
    sml_predictor *predictor = NULL;
    const size_t outputs = sml_model_outputs(model);
    float *expected = malloc(facts.rows * outputs * sizeof(float));
    assert_ok(ctx, sml_model_predict(ctx, model, data, expected, facts.rows * outputs));
    assert_ok(ctx, sml_predictor_create(ctx, model, &predictor));
    assert_predicts(predictor, data, expected, outputs, settings);
    sml_predictor_free(predictor);
    sml_model_free(model);
    free(expected);
}

static void a_predictor_has_the_bits_of_predict(void **state)
{
    static const char *const settings[] = {
        "hidden= epochs=1",
        "hidden=1 epochs=1 activation=sigmoid",
        "hidden=3 epochs=1 activation=softplus",
        "hidden=100 epochs=1 dropout=0.5",
        "hidden=300 epochs=1 activation=gelu",
        "hidden=256,5,3 epochs=1 activation=tanh dropout=0.2",
        "hidden=100,300 epochs=1 activation=silu optimizer=sgd",
    };
    static const size_t columns[] = {1, 6, 64, 300}, outputs[] = {2, 10, 17, 130};
    static const sml_task tasks[] = {SML_TASK_CLASSIFICATION, SML_TASK_MULTILABEL,
                                     SML_TASK_REGRESSION};
    (void)state;
    sml_ctx *ctx = new_context(2);
    for (size_t i = 0; i < 12; i++) {
        test_data rows = new_rows(ctx, tasks[i % 3], columns[i % 4], outputs[(i + i / 4) % 4]);
        for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
            check_settings(ctx, settings[s], rows.data);
        }
        free_test_data(rows);
    }
    sml_ctx_free(ctx);
}

/* Pixels: the numbers are bytes / 255, which the predictor gets as floats. */
static void a_predictor_takes_what_bytes_stand_for(void **state)
{
    enum { ROWS = 70, COLUMNS = 144, CLASSES = 4 };
    static uint8_t bytes[ROWS * COLUMNS];
    static int32_t labels[ROWS];
    (void)state;
    sml_ctx *ctx = new_context(1);
    for (size_t dense = 0; dense < 2; dense++) {
        sml_dataset *data = NULL;
        for (size_t i = 0; i < ROWS * COLUMNS; i++) {
            bytes[i] = (uint8_t)(dense || i % 6 == 0 ? i * 37 % 255 + 1 : 0);
            labels[i % ROWS] = (int32_t)(i % CLASSES);
        }
        const sml_data_view view = {
            .rows = ROWS, .columns = COLUMNS, .bytes = bytes, .labels = labels, .outputs = CLASSES};
        assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
        check_settings(ctx, "hidden=33 epochs=2", data);
        sml_dataset_free(data);
    }
    sml_ctx_free(ctx);
}

static void predictors_share_a_model(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data rows = new_rows(ctx, SML_TASK_CLASSIFICATION, 20, 3);
    const sml_layer layers[] = {sml_dropout(0.2), sml_dense(9), sml_relu(), sml_dense(3)};
    float expected[70 * 3];
    sml_model *model = NULL;
    sml_predictor *first = NULL, *second = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, 4, "epochs=1", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, rows.data));
    assert_ok(ctx, sml_model_predict(ctx, model, rows.data, expected, 70 * 3));
    assert_ok(ctx, sml_predictor_create(ctx, model, &first));
    assert_ok(ctx, sml_predictor_create(ctx, model, &second));
    assert_predicts(first, rows.data, expected, 3, "the first");
    assert_predicts(second, rows.data, expected, 3, "the second");
    sml_predictor_free(first);
    assert_predicts(second, rows.data, expected, 3, "the second alone");
    sml_predictor_free(second);
    sml_model_free(model);
    free_test_data(rows);
    sml_ctx_free(ctx);
}

static void a_loaded_model_predicts_the_same(void **state)
{
    (void)state;
    char path[] = "/tmp/scratchml-predictor-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    sml_ctx *ctx = new_context(1);
    test_data rows = new_rows(ctx, SML_TASK_REGRESSION, 20, 3);
    float expected[70 * 3];
    sml_model *model = new_fitted(ctx, "hidden=40 epochs=1", rows.data), *loaded = NULL;
    sml_predictor *predictor = NULL;
    assert_ok(ctx, sml_model_predict(ctx, model, rows.data, expected, 70 * 3));
    assert_ok(ctx, sml_model_save(ctx, model, path));
    sml_model_free(model);
    assert_ok(ctx, sml_model_load(ctx, path, &loaded));
    assert_ok(ctx, sml_predictor_create(ctx, loaded, &predictor));
    assert_predicts(predictor, rows.data, expected, 3, "loaded");
    sml_predictor_free(predictor);
    sml_model_free(loaded);
    unlink(path);
    free_test_data(rows);
    sml_ctx_free(ctx);
}

static void an_unfitted_model_has_no_predictor(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_predictor *predictor = (sml_predictor *)ctx;
    assert_ok(ctx, sml_model_create(ctx, "mlp", NULL, &model));
    assert_int_equal(sml_predictor_create(ctx, model, &predictor), SML_BAD_ARGUMENT);
    assert_null(predictor);
    assert_error(ctx, "predictor");
    assert_error(ctx, "never fitted");
    sml_predictor_free(NULL);
    sml_model_free(model);
    sml_ctx_free(ctx);
}

/* What model.h promises, whatever the activation. */
static void a_nan_shows_in_the_outputs(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(SML__ISA_PLAIN);
    test_data rows = new_rows(ctx, SML_TASK_REGRESSION, 20, 3);
    for (size_t l = 0; l < SML__LAYERS; l++) {
        char settings[64];
        float features[20] = {0}, outputs[3];
        if (kit->layers[l]->f == NULL) {
            continue;
        }
        snprintf(settings, sizeof settings, "hidden=30 epochs=1 activation=%s",
                 kit->layers[l]->name);
        sml_model *model = new_fitted(ctx, settings, rows.data);
        sml_predictor *predictor = NULL;
        assert_ok(ctx, sml_predictor_create(ctx, model, &predictor));
        features[7] = NAN;
        sml_predictor_run(predictor, features, outputs);
        if (!isnan(outputs[0])) {
            fail_msg("%s: a NaN gives %g", kit->layers[l]->name, (double)outputs[0]);
        }
        sml_predictor_free(predictor);
        sml_model_free(model);
    }
    free_test_data(rows);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_predictor_has_the_bits_of_predict),
        cmocka_unit_test(a_predictor_takes_what_bytes_stand_for),
        cmocka_unit_test(predictors_share_a_model),
        cmocka_unit_test(a_loaded_model_predicts_the_same),
        cmocka_unit_test(an_unfitted_model_has_no_predictor),
        cmocka_unit_test(a_nan_shows_in_the_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
