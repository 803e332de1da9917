/* The same bits for every number of threads, and no races: this program also runs under
 * ThreadSanitizer. The networks are large enough that a whole team works on every batch: more than
 * FLOPS_FOR_TEAM in src/nn/network.c. */
#include "support.h"

enum { ROWS = 700, INPUTS = 61, CLASSES = 7 };

static const int TEAMS[] = {1, 2, 3, 5};

/* Rows of bytes that are mostly zero, for which the first layer has products of its own. */
static sml_dataset *new_sparse_data(sml_ctx *ctx)
{
    static uint8_t bytes[ROWS * INPUTS];
    static int32_t labels[ROWS];
    const sml_data_view view = {
        .rows = ROWS, .columns = INPUTS, .bytes = bytes, .labels = labels, .outputs = CLASSES};
    sml_dataset *data = NULL;
    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        bytes[i] = (uint8_t)(i % 7 == 0 ? i * 31 % 255 + 1 : 0);
    }
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (int32_t)(r * 5 % CLASSES);
    }
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

/* All parameters of a model trained with so many threads; free them. */
static float *trained(int threads, const char *settings, int sparse, size_t *length)
{
    sml_ctx *ctx = new_context(threads);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 5);
    sml_dataset *bytes = new_sparse_data(ctx);
    sml_model *model = NULL;
    sml_tensor_facts facts;
    float *values = NULL;
    *length = 0;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, sparse ? bytes : made.data));
    for (size_t i = 0; sml_model_tensor(NULL, model, i, &facts) == SML_OK; i++) {
        const size_t n = facts.shape[0] * (facts.rank == 2 ? facts.shape[1] : 1);
        values = realloc(values, (*length + n) * sizeof(float));
        assert_ok(ctx, sml_model_tensor_values(ctx, model, i, values + *length, n));
        *length += n;
    }
    sml_model_free(model);
    sml_dataset_free(bytes);
    free_test_data(made);
    sml_ctx_free(ctx);
    return values;
}

static void training_has_the_same_bits(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "hidden=250,120 epochs=2 batch_size=128 optimizer=sgd learning_rate=0.1",
        "hidden=150,90 epochs=2 batch_size=300 optimizer=adam dropout=0.3 l1=1e-4 l2=1e-3 "
        "clip_norm=0.5 activation=gelu label_smoothing=0.1",
        "hidden=199 epochs=1 batch_size=700 optimizer=momentum activation=tanh",
    };
    enum { SETTINGS = sizeof settings / sizeof settings[0] };
    for (size_t s = 0; s < 2 * SETTINGS; s++) {
        const int sparse = s >= SETTINGS;
        size_t length = 0;
        float *alone = trained(1, settings[s % SETTINGS], sparse, &length);
        for (size_t t = 0; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
            size_t n = 0;
            float *values = trained(TEAMS[t], settings[s % SETTINGS], sparse, &n);
            assert_int_equal(n, length);
            if (memcmp(values, alone, n * sizeof(float)) != 0) {
                fail_msg("%s: other bits with %d threads", settings[s % SETTINGS], TEAMS[t]);
            }
            free(values);
        }
        free(alone);
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
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=150,9 epochs=1", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
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
        cmocka_unit_test(prediction_and_check_have_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
