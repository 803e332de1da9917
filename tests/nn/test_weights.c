/* Class weights and sample weights against PyTorch (tests/reference/make_reference.py), and against
 * rows that are there several times. */
#include "nn/reference.h"

#include "nn/mlp.h"

typedef struct linear_case {
    float *inputs, *weights, *d_weight, *d_bias;
    int32_t *labels;
    size_t rows, columns, classes;
    sml_dataset *data;
} linear_case;

static linear_case open_case(sml_ctx *ctx, const json_t *json, const json_t *one)
{
    size_t n = 0;
    linear_case made = {.columns = (size_t)reference_number(json, "columns"),
                        .classes = (size_t)reference_number(json, "classes")};
    made.inputs = reference_floats(json, "inputs", &n);
    made.rows = n / made.columns;
    made.weights = reference_floats(one, "row_weights", &n);
    assert_int_equal(n, made.rows);
    made.d_weight = reference_floats(one, "d_weight", &n);
    made.d_bias = reference_floats(one, "d_bias", &n);
    made.labels = calloc(made.rows, sizeof *made.labels);
    for (size_t r = 0; r < made.rows; r++) {
        const json_t *label = json_array_get(json_object_get(json, "labels"), r);
        made.labels[r] = (int32_t)json_integer_value(label);
    }
    const sml_data_view view = {.rows = made.rows,
                                .columns = made.columns,
                                .features = made.inputs,
                                .labels = made.labels,
                                .outputs = made.classes,
                                .weights = made.weights};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made.data));
    return made;
}

static void close_case(linear_case made)
{
    sml_dataset_free(made.data);
    free(made.inputs);
    free(made.labels);
    free(made.weights);
    free(made.d_weight);
    free(made.d_bias);
}

/* A linear model with the parameters of the file. */
static sml_model *model_of(sml_ctx *ctx, const json_t *json, const linear_case *made,
                           const char *settings)
{
    size_t n = 0;
    sml_model *model = NULL;
    float *weight = reference_floats(json, "weight", &n),
          *bias = reference_floats(json, "bias", &n);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "0"));
    assert_ok(ctx, sml_model_fit(ctx, model, made->data));
    assert_ok(ctx, model->algorithm->tensor_import(ctx, model, 0, weight));
    assert_ok(ctx, model->algorithm->tensor_import(ctx, model, 1, bias));
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "1"));
    free(weight);
    free(bias);
    return model;
}

/* One step of plain descent with rate 1 on all rows moves each parameter by its gradient. */
static void check_step(sml_ctx *ctx, const json_t *json, const json_t *one, const char *extra)
{
    char settings[200];
    linear_case made = open_case(ctx, json, one);
    snprintf(settings, sizeof settings, "hidden= optimizer=sgd learning_rate=1 class_weight=%s %s",
             json_string_value(json_object_get(one, "class_weight")), extra);
    sml_model *model = model_of(ctx, json, &made, settings);
    const sml_fit_options warm = {.warm_start = 1};
    sml_fit_report report;
    size_t n = 0;
    float *before = parameters_of(ctx, model, &n);
    assert_ok(ctx, sml_model_fit_with(ctx, model, made.data, &warm, &report));
    float *after = parameters_of(ctx, model, &n);
    const size_t weights = made.classes * made.columns;
    assert_near(report.loss, reference_number(one, "value"), 1e-6, 0, "loss", 0);
    for (size_t i = 0; i < n; i++) {
        const double expected = (double)(i < weights ? made.d_weight[i] : made.d_bias[i - weights]);
        assert_near((double)before[i] - (double)after[i], expected, 1e-5, 1e-6, settings, i);
    }
    free(before);
    free(after);
    sml_model_free(model);
    close_case(made);
}

static void gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    json_t *json = load_reference("weights.json");
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(json, "cases"), i, one)
    {
        check_step(ctx, json, one, "");
        check_step(ctx, json, one, "clip_norm=1e30"); /* not folded */
    }
    assert_int_equal(i, 4);
    json_decref(json);
    sml_ctx_free(ctx);
}

enum { ROWS = 30, COLUMNS = 6, CLASSES = 3 };

/* Fits on rows with weights 0, 1, 2, 3, or on each row so many times. */
static float *fit_counted(sml_ctx *ctx, int repeated, const char *settings, size_t *n)
{
    static float x[3 * ROWS * COLUMNS], w[ROWS];
    static int32_t labels[3 * ROWS];
    sml__random random;
    size_t rows = 0;
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        float row[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++) {
            row[i] = (float)sml__random_normal(&random);
        }
        const size_t times = repeated ? r % 4 : 1;
        for (size_t k = 0; k < times; k++, rows++) {
            memcpy(x + rows * COLUMNS, row, sizeof row);
            labels[rows] = (int32_t)(r % CLASSES);
        }
        w[r] = (float)(r % 4);
    }
    const sml_data_view view = {.rows = rows,
                                .columns = COLUMNS,
                                .features = x,
                                .labels = labels,
                                .outputs = CLASSES,
                                .weights = repeated ? NULL : w};
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    float *values = parameters_of(ctx, model, n);
    sml_model_free(model);
    sml_dataset_free(data);
    return values;
}

/* On all rows at once a row of weight k is one that is there k times. */
static void a_weight_counts_like_repeated_rows(void **state)
{
    static const char *const settings[] = {
        "hidden=8 activation=tanh optimizer=sgd batch_size=1000 epochs=20",
        "hidden=8 activation=tanh optimizer=momentum batch_size=1000 epochs=20 l2=1e-3 "
        "clip_norm=0.5",
    };
    (void)state;
    sml_ctx *ctx = new_context(1);
    for (size_t i = 0; i < 2; i++) {
        size_t n = 0, m = 0;
        float *weighted = fit_counted(ctx, 0, settings[i], &n);
        float *repeated = fit_counted(ctx, 1, settings[i], &m);
        assert_int_equal(n, m);
        for (size_t k = 0; k < n; k++) {
            assert_near((double)weighted[k], (double)repeated[k], 1e-4, 1e-5, settings[i], k);
        }
        free(weighted);
        free(repeated);
    }
    sml_ctx_free(ctx);
}

/* A batch whose rows weigh nothing has no mean: nothing moves, and nothing becomes NaN. */
static void a_batch_without_weight_makes_no_step(void **state)
{
    static const char *const settings[] = {
        "hidden=4 batch_size=1 epochs=2 optimizer=sgd", "hidden=4 batch_size=1 epochs=2",
        "hidden=4 batch_size=1 epochs=2 optimizer=momentum weight_decay=0.1"};
    (void)state;
    sml_ctx *ctx = new_context(1);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        size_t n = 0;
        float *values = fit_counted(ctx, 0, settings[i], &n);
        for (size_t k = 0; k < n; k++) {
            assert_true(isfinite(values[k]));
        }
        free(values);
    }
    sml_ctx_free(ctx);
}

static void refuse(sml_ctx *ctx, const sml_dataset *data, const char *weight, const char *text)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", "epochs=1", &model));
    assert_ok(ctx, sml_model_set(ctx, model, "class_weight", weight));
    assert_int_equal(sml_model_fit(ctx, model, data), SML_BAD_ARGUMENT);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' is not in: %s", text, sml_ctx_error(ctx));
    }
    sml_model_free(model);
}

static void class_weights_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    static const float x[4] = {1, 2, 3, 4};
    static const int32_t labels[4] = {0, 1, 1, 0};
    const sml_data_view view = {
        .rows = 4, .columns = 1, .features = x, .labels = labels, .outputs = 3};
    sml_dataset *data = NULL;
    test_data soft = new_test_data(ctx, SML_TASK_CLASSIFICATION, 10, 2, 3, 1);
    test_data regression = new_test_data(ctx, SML_TASK_REGRESSION, 10, 2, 3, 1);
    sml_model *model = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    refuse(ctx, data, "1,2", "class_weight: 2 weights, memory has 3 classes");
    refuse(ctx, data, "1,2,3,4", "4 weights");
    refuse(ctx, data, "0,0,1", "no row of memory would count");
    refuse(ctx, soft.data, "balanced", "has no labels");
    refuse(ctx, regression.data, "1,1,1", "has no labels");
    assert_ok(ctx, sml_model_create(ctx, "mlp", "epochs=1 class_weight=balanced", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data)); /* a class without rows is no obstacle */
    assert_int_equal(sml_model_set(ctx, model, "class_weight", "1,-2,3"), SML_BAD_ARGUMENT);
    assert_int_equal(sml_model_set(ctx, model, "class_weight", "1,,3"), SML_BAD_ARGUMENT);
    assert_int_equal(sml_model_set(ctx, model, "class_weight", "1,x"), SML_BAD_ARGUMENT);
    assert_int_equal(sml_model_set(ctx, model, "class_weight", "balancd"), SML_UNKNOWN_NAME);
    assert_ok(ctx, sml_model_set(ctx, model, "class_weight", "1.50,+2,0.250"));
    assert_string_equal(sml_model_get(model, "class_weight"), "1.5,2,0.25");
    sml_model_free(model);
    sml_dataset_free(data);
    free_test_data(soft);
    free_test_data(regression);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_pytorch),
        cmocka_unit_test(a_weight_counts_like_repeated_rows),
        cmocka_unit_test(a_batch_without_weight_makes_no_step),
        cmocka_unit_test(class_weights_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
