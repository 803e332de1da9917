/* Metrics against numbers that numpy 1.24 printed, and against closed forms. */
#include "support.h"

enum { CLASSES = 6, SAMPLES = 14 };

static const int32_t truth[SAMPLES] = {0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 0, 1, 2, 4};
static const int32_t predicted[SAMPLES] = {0, 1, 0, 1, 1, 2, 0, 2, 1, 0, 0, 2, 2, 0};

static const uint64_t matrix[CLASSES * CLASSES] = {
    3, 1, 0, 0, 0, 0, /* */
    0, 2, 1, 0, 0, 0, /* */
    1, 1, 3, 0, 0, 0, /* */
    1, 0, 0, 0, 0, 0, /* */
    1, 0, 0, 0, 0, 0, /* */
    0, 0, 0, 0, 0, 0,
};

static void argmax_takes_the_first_of_equals(void **state)
{
    (void)state;
    const float values[] = {-3.0F, 2.0F, 2.0F, 1.0F};
    const float negative[] = {-3.0F, -2.0F, -INFINITY};
    assert_int_equal(sml_argmax(values, 4), 1);
    assert_int_equal(sml_argmax(values, 1), 0);
    assert_int_equal(sml_argmax(negative, 3), 1);
}

static void confusion_counts_pairs(void **state)
{
    (void)state;
    uint64_t counts[CLASSES * CLASSES];
    memset(counts, 0xFF, sizeof counts);
    sml_confusion_matrix(truth, predicted, SAMPLES, CLASSES, counts);
    assert_memory_equal(counts, matrix, sizeof counts);
}

static void confusion_leaves_out_what_is_no_class(void **state)
{
    (void)state;
    const int32_t t[] = {0, -1, 1, 2, 1, INT32_MAX, 0};
    const int32_t p[] = {0, 0, -1, 0, 1, 0, INT32_MIN};
    const uint64_t expected[] = {1, 0, 0, 1};
    uint64_t counts[4];
    sml_confusion_matrix(t, p, 7, 2, counts);
    assert_memory_equal(counts, expected, sizeof counts);
}

static void class_report_is_numpys(void **state)
{
    (void)state;
    const sml_class_scores expected[CLASSES] = {
        {0.5, 0.75, 0.6, 4},
        {0.5, 0.6666666666666666, 0.5714285714285715, 3},
        {0.75, 0.6, 0.6666666666666665, 5},
        {0.0, 0.0, 0.0, 1},
        {0.0, 0.0, 0.0, 1},
        {0.0, 0.0, 0.0, 0},
    };
    sml_class_scores scores[CLASSES];
    sml_class_report(matrix, CLASSES, scores);
    for (size_t k = 0; k < CLASSES; k++) {
        assert_near(scores[k].precision, expected[k].precision, 1e-15, 0, "precision", k);
        assert_near(scores[k].recall, expected[k].recall, 1e-15, 0, "recall", k);
        assert_near(scores[k].f1, expected[k].f1, 1e-15, 0, "f1", k);
        assert_int_equal(scores[k].support, expected[k].support);
    }
}

static void accuracy_is_the_diagonals_share(void **state)
{
    (void)state;
    const uint64_t none[4] = {0, 0, 0, 0};
    assert_near(sml_confusion_accuracy(matrix, CLASSES), 0.5714285714285714, 1e-15, 0, "accuracy",
                0);
    assert_true(isnan(sml_confusion_accuracy(none, 2)));
}

static void regression_is_numpys(void **state)
{
    (void)state;
    const float t[] = {1.5F, -2.25F, 3.0F, 0.1F, 7.75F, -0.3F, 2.2F};
    const float p[] = {1.25F, -2.0F, 3.5F, 0.4F, 7.0F, 0.3F, 2.1F};
    assert_near(sml_mean_squared_error(t, p, 7), 0.19964286570038414, 1e-14, 0, "mse", 0);
    assert_near(sml_mean_absolute_error(t, p, 7), 0.39285716733762194, 1e-14, 0, "mae", 0);
    assert_near(sml_r2(t, p, 7), 0.9769934492658844, 1e-14, 0, "r2", 0);
}

/* t_i = 10^6 + i mod 10, p_i = t_i + (i mod 3 - 1) / 2: sums in float would lose the spread. */
static void a_large_mean_costs_no_digits(void **state)
{
    (void)state;
    enum { N = 1000 };
    float t[N], p[N];
    for (int i = 0; i < N; i++) {
        t[i] = 1e6F + (float)(i % 10);
        p[i] = t[i] + 0.5F * (float)(i % 3 - 1);
    }
    assert_near(sml_mean_squared_error(t, p, N), 0.16675, 1e-14, 0, "mse", 0);
    assert_near(sml_mean_absolute_error(t, p, N), 0.3335, 1e-14, 0, "mae", 0);
    assert_near(sml_r2(t, p, N), 0.9797878787878788, 1e-14, 0, "r2", 0);
}

static void r2_at_its_ends(void **state)
{
    (void)state;
    const float t[] = {1.0F, 2.0F, 6.0F}, mean[] = {3.0F, 3.0F, 3.0F};
    assert_near(sml_r2(t, t, 3), 1.0, 0, 0, "perfect", 0);
    assert_near(sml_r2(t, mean, 3), 0.0, 0, 0, "the mean", 0);
    assert_near(sml_r2(mean, t, 3), 0.0, 0, 0, "constant truth", 0);
    assert_near(sml_r2(mean, mean, 3), 1.0, 0, 0, "constant truth, perfect", 0);
    assert_true(isnan(sml_r2(t, t, 1)));
}

/* The mean of ten times 0.1F is not exactly 0.1F; truth is constant all the same. */
static void r2_sees_every_constant(void **state)
{
    (void)state;
    float t[10], p[10];
    for (size_t i = 0; i < 10; i++) {
        t[i] = 0.1F;
        p[i] = 0.1F * (float)i;
    }
    assert_near(sml_r2(t, p, 10), 0.0, 0, 0, "constant truth", 0);
}

/* Pairs of a positive and a negative, counted one by one. */
static double auc_by_pairs(const uint8_t *positive, const float *scores, size_t n)
{
    double won = 0.0, pairs = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            if (positive[i] && !positive[j]) {
                won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
                pairs += 1.0;
            }
        }
    }
    return won / pairs;
}

/* Scores of every magnitude and both signs: the order of the keys is that of the numbers. */
static void roc_auc_counts_pairs(void **state)
{
    (void)state;
    enum { N = 120 };
    sml__random random;
    sml__random_init(&random, 7, SML__GENERATE, 0, 0);
    for (int round = 0; round < 50; round++) {
        uint8_t positive[N];
        float scores[N];
        uint64_t scratch[2 * N];
        for (size_t i = 0; i < N; i++) {
            positive[i] = (uint8_t)sml__random_below(&random, 2);
            const float size = ldexpf(1.0F, (int)sml__random_below(&random, 270) - 140);
            scores[i] = sml__random_below(&random, 8) == 0
                            ? (float)sml__random_below(&random, 3) - 1.0F
                            : size * (float)(sml__random_normal(&random));
        }
        scores[0] = INFINITY;
        scores[1] = -INFINITY;
        scores[2] = 0.0F;
        scores[3] = -0.0F;
        assert_near(sml_roc_auc(positive, scores, N, scratch), auc_by_pairs(positive, scores, N),
                    1e-15, 0, "pairs", (size_t)round);
    }
}

static void a_nan_is_never_a_good_score(void **state)
{
    (void)state;
    const uint8_t positive[] = {1, 0, 1, 0};
    const float scores[] = {0.9F, NAN, 0.8F, 0.1F};
    const int32_t labels[] = {0, 1};
    const float outputs[] = {NAN, 0.5F, 0.5F, NAN};
    uint64_t scratch[8];
    assert_true(isnan(sml_roc_auc(positive, scores, 4, scratch)));
    assert_true(isnan(sml_pr_auc(positive, scores, 4, scratch)));
    assert_true(isnan(sml_log_loss(labels, outputs, 2, 2)));
    assert_true(isnan(sml_calibration_error(labels, outputs, 1, 2, 15)));
    assert_near(sml_top_k_accuracy(labels, outputs, 2, 2, 1), 0.0, 0, 0, "top 1", 0);
}

static void areas_without_a_class(void **state)
{
    (void)state;
    const uint8_t all[] = {1, 1, 1}, none[] = {0, 0, 0};
    const float scores[] = {0.1F, 0.2F, 0.3F};
    uint64_t scratch[6];
    assert_true(isnan(sml_roc_auc(all, scores, 3, scratch)));
    assert_true(isnan(sml_roc_auc(none, scores, 3, scratch)));
    assert_near(sml_pr_auc(all, scores, 3, scratch), 1.0, 0, 0, "all", 0);
    assert_near(sml_pr_auc(none, scores, 3, scratch), 0.0, 0, 0, "none", 0);
}

static void names_belong_to_tasks(void **state)
{
    (void)state;
    int larger = -1;
    const sml_task tasks[] = {SML_TASK_CLASSIFICATION, SML_TASK_MULTILABEL, SML_TASK_REGRESSION};
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0;
        for (const char *name; (name = sml_metric_name(tasks[i], n)) != NULL; n++) {
            assert_int_equal(sml_metric_named(name, tasks[i], NULL, NULL, NULL), 1);
        }
        assert_true(n >= 5);
        assert_int_equal(sml_metric_named("speed", tasks[i], NULL, NULL, NULL), 0);
        assert_int_equal(sml_metric_named("loss", tasks[i], NULL, NULL, &larger), 1);
        assert_int_equal(larger, 0);
    }
    const char *bad[] = {"top_", "top_0", "top_x", "top_5x", "top_-1", "top_123456"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sml_metric_named(bad[i], SML_TASK_CLASSIFICATION, NULL, NULL, NULL), 0);
    }
    assert_int_equal(sml_metric_named("top_7", SML_TASK_CLASSIFICATION, NULL, NULL, &larger), 1);
    assert_int_equal(larger, 1);
    assert_int_equal(sml_metric_named("top_5", SML_TASK_MULTILABEL, NULL, NULL, NULL), 0);
    assert_int_equal(sml_metric_named("r2", SML_TASK_CLASSIFICATION, NULL, NULL, NULL), 0);
    assert_int_equal(sml_metric_named("accuracy", SML_TASK_REGRESSION, NULL, NULL, NULL), 0);
    assert_int_equal(sml_metric_named("loss", SML_TASK_NONE, NULL, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argmax_takes_the_first_of_equals),
        cmocka_unit_test(confusion_counts_pairs),
        cmocka_unit_test(confusion_leaves_out_what_is_no_class),
        cmocka_unit_test(class_report_is_numpys),
        cmocka_unit_test(accuracy_is_the_diagonals_share),
        cmocka_unit_test(regression_is_numpys),
        cmocka_unit_test(a_large_mean_costs_no_digits),
        cmocka_unit_test(r2_at_its_ends),
        cmocka_unit_test(r2_sees_every_constant),
        cmocka_unit_test(roc_auc_counts_pairs),
        cmocka_unit_test(a_nan_is_never_a_good_score),
        cmocka_unit_test(areas_without_a_class),
        cmocka_unit_test(names_belong_to_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
