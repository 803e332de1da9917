/* Repeated seeds and folds: every row is what a training by hand gives, on any number of threads.
 */
#include "support.h"

enum { ROWS = 90, COLUMNS = 5, CLASSES = 3, MOST = 6 };

static const char SETTINGS[] = "hidden=6 epochs=3 batch_size=16 seed=11 dropout=0.2";

/* Classes of three centres, so that there is something to learn. */
typedef struct fixture {
    sml_ctx *ctx;
    float features[ROWS * COLUMNS];
    int32_t labels[ROWS];
    sml_dataset *train, *test;
    sml_model *like;
} fixture;

static fixture *new_fixture(int threads, const char *settings)
{
    fixture *f = calloc(1, sizeof *f);
    sml__random random;
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    f->ctx = new_context(threads);
    for (size_t r = 0; r < ROWS; r++) {
        f->labels[r] = (int32_t)(r % CLASSES);
        for (size_t c = 0; c < COLUMNS; c++) {
            f->features[r * COLUMNS + c] =
                (float)sml__random_normal(&random) + (c == r % CLASSES ? 2.0F : 0.0F);
        }
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .features = f->features,
                                .outputs = CLASSES,
                                .labels = f->labels};
    assert_ok(f->ctx, sml_dataset_from_memory(f->ctx, &view, &f->train));
    assert_ok(f->ctx, sml_dataset_rows(f->ctx, f->train, 10, 40, &f->test));
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &f->like));
    return f;
}

static void free_fixture(fixture *f)
{
    sml_model_free(f->like);
    sml_dataset_free(f->test);
    sml_dataset_free(f->train);
    sml_ctx_free(f->ctx);
    free(f);
}

/* The scores of one training, without src/study. */
static sml_scores by_hand(fixture *f, const char *more, const sml_dataset *train,
                          const sml_dataset *test)
{
    char settings[256];
    sml_model *model = NULL;
    sml_scores scores;
    snprintf(settings, sizeof settings, "%s %s", SETTINGS, more);
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &model));
    assert_ok(f->ctx, sml_model_fit(f->ctx, model, train));
    assert_ok(f->ctx, sml_model_evaluate(f->ctx, model, test, &scores));
    sml_model_free(model);
    return scores;
}

static void summary_is_numpys(void **state)
{
    (void)state;
    const double values[] = {0.9421, NAN, 0.958, 0.9644, 0.9573, 0.9611};
    const sml_summary found = sml_summarize(values, 6), one = sml_summarize(values, 2);
    const sml_summary none = sml_summarize(values + 1, 1);
    /* numpy: np.mean, np.std(ddof=1) of the five numbers */
    assert_near(found.mean, 0.95658, 1e-14, 0, "mean", 0);
    assert_near(found.deviation, 0.00857012251954426, 1e-12, 0, "deviation", 0);
    assert_int_equal(found.n, 5);
    assert_near(one.mean, 0.9421, 0, 0, "mean of one", 0);
    assert_true(isnan(one.deviation));
    assert_true(none.n == 0 && isnan(none.mean) && isnan(none.deviation));
}

static void seeds_are_trainings_by_hand(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        fixture *f = new_fixture(threads, SETTINGS);
        sml_study_row rows[4];
        const sml_study study = {0};
        assert_ok(f->ctx, sml_repeat(f->ctx, f->like, f->train, f->test, 4, &study, rows));
        for (size_t i = 0; i < 4; i++) {
            char seed[32];
            snprintf(seed, sizeof seed, "seed=%zu", 11 + i);
            const sml_scores scores = by_hand(f, seed, f->train, f->test);
            assert_int_equal(rows[i].seed, 11 + i);
            assert_int_equal(rows[i].status, SML_OK);
            assert_int_equal(rows[i].epochs, 3);
            assert_near(rows[i].loss, scores.loss, 0, 0, "loss", i);
            assert_near(rows[i].accuracy, scores.accuracy, 0, 0, "accuracy", i);
            assert_near(rows[i].metric, scores.accuracy, 0, 0, "metric", i);
        }
        assert_true(rows[0].loss != rows[1].loss);
        free_fixture(f);
    }
}

static void folds_are_trainings_by_hand(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        fixture *f = new_fixture(threads, SETTINGS);
        sml_study_row rows[5];
        const sml_study study = {.metric = "loss"};
        assert_ok(f->ctx, sml_cross_validate(f->ctx, f->like, f->train, 5, 7, &study, rows));
        for (size_t i = 0; i < 5; i++) {
            sml_dataset *parts[2];
            assert_ok(f->ctx, sml_dataset_fold(f->ctx, f->train, 7, i, 5, parts));
            const sml_scores scores = by_hand(f, "", parts[0], parts[1]);
            assert_int_equal(rows[i].fold, i);
            assert_near(rows[i].metric, scores.loss, 0, 0, "metric", i);
            assert_near(rows[i].accuracy, scores.accuracy, 0, 0, "accuracy", i);
            sml_dataset_free(parts[0]);
            sml_dataset_free(parts[1]);
        }
        free_fixture(f);
    }
}

/* A metric that evaluate does not know: from predictions, by the table of metrics. */
static void any_metric_is_scored(void **state)
{
    (void)state;
    fixture *f = new_fixture(1, SETTINGS);
    sml_study_row rows[1];
    const sml_study study = {.metric = "roc_auc"};
    float outputs[40 * CLASSES];
    uint64_t scratch[80];
    sml_model *model = NULL;
    double expected = 0.0;
    assert_ok(f->ctx, sml_repeat(f->ctx, f->like, f->train, f->test, 1, &study, rows));
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", SETTINGS, &model));
    assert_ok(f->ctx, sml_model_fit(f->ctx, model, f->train));
    assert_ok(f->ctx, sml_model_predict(f->ctx, model, f->test, outputs, 40 * CLASSES));
    for (size_t k = 0; k < CLASSES; k++) {
        uint8_t positive[40];
        float scores[40];
        for (size_t r = 0; r < 40; r++) {
            positive[r] = f->labels[10 + r] == (int32_t)k;
            scores[r] = outputs[r * CLASSES + k];
        }
        expected += sml_roc_auc(positive, scores, 40, scratch) / CLASSES;
    }
    assert_near(rows[0].metric, expected, 1e-14, 0, "roc_auc", 0);
    sml_model_free(model);
    free_fixture(f);
}

static void regression_is_ranked_by_loss(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    test_data d = new_test_data(ctx, SML_TASK_REGRESSION, 60, 4, 2, 5);
    sml_model *like = NULL;
    sml_study_row rows[3];
    int larger = -1;
    const sml_study usual = {0}, r2 = {.metric = "r2"}, wrong = {.metric = "accuracy"};
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=4 epochs=2", &like));
    assert_ok(ctx, sml_study_check(ctx, &usual, d.data, &larger));
    assert_int_equal(larger, 0);
    assert_ok(ctx, sml_cross_validate(ctx, like, d.data, 3, 1, &usual, rows));
    for (size_t i = 0; i < 3; i++) {
        assert_true(rows[i].metric == rows[i].loss && isnan(rows[i].accuracy));
    }
    assert_ok(ctx, sml_cross_validate(ctx, like, d.data, 3, 1, &r2, rows));
    assert_true(rows[0].metric < 1.0 && rows[0].metric != rows[0].loss);
    assert_int_equal(sml_cross_validate(ctx, like, d.data, 3, 1, &wrong, rows), SML_UNKNOWN_NAME);
    sml_model_free(like);
    free_test_data(d);
    sml_ctx_free(ctx);
}

typedef struct watcher {
    size_t seen, end_at;
    int asked;
} watcher;

static int end_after_some(void *user, const sml_study_row *row)
{
    watcher *w = user;
    assert_int_equal(row->status, SML_OK);
    return ++w->seen == w->end_at;
}

static int end_at_once(void *user)
{
    (void)user;
    return 1;
}

static void a_study_is_cancelled(void **state)
{
    (void)state;
    fixture *f = new_fixture(1, SETTINGS);
    watcher w = {.end_at = 2};
    sml_study_row rows[MOST];
    const sml_study study = {.row = end_after_some, .user = &w};
    const sml_study never = {.cancelled = end_at_once};
    assert_int_equal(sml_repeat(f->ctx, f->like, f->train, f->test, MOST, &study, rows),
                     SML_CANCELLED);
    assert_int_equal(w.seen, 2);
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(rows[i].status, i < 2 ? SML_OK : SML_CANCELLED);
    }
    assert_int_equal(sml_repeat(f->ctx, f->like, f->train, f->test, MOST, &never, rows),
                     SML_CANCELLED);
    assert_int_equal(rows[0].status, SML_CANCELLED);
    free_fixture(f);
}

static void a_divergence_is_a_result(void **state)
{
    (void)state;
    fixture *f = new_fixture(2, "hidden=6 epochs=3 optimizer=sgd learning_rate=1e30");
    sml_study_row rows[3];
    const sml_study study = {0};
    assert_ok(f->ctx, sml_repeat(f->ctx, f->like, f->train, f->test, 3, &study, rows));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rows[i].status, SML_DIVERGED);
        assert_true(isnan(rows[i].metric) && isnan(rows[i].loss));
    }
    free_fixture(f);
}

static void refusals_are_told(void **state)
{
    (void)state;
    fixture *f = new_fixture(2, "hidden=6 epochs=3 loss=mean_squared_error");
    sml_study_row rows[3];
    const sml_study study = {0}, unknown = {.metric = "macro_f2"};
    assert_int_equal(sml_repeat(f->ctx, f->like, f->train, f->test, 3, &study, rows),
                     SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(f->ctx), "loss: mean_squared_error is for regression"));
    assert_int_equal(sml_repeat(f->ctx, f->like, f->train, f->test, 3, &unknown, rows),
                     SML_UNKNOWN_NAME);
    assert_non_null(strstr(sml_ctx_error(f->ctx), "did you mean 'macro_f1'?"));
    assert_int_equal(sml_cross_validate(f->ctx, f->like, f->train, 1, 1, &study, rows),
                     SML_BAD_ARGUMENT);
    free_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_is_numpys),
        cmocka_unit_test(seeds_are_trainings_by_hand),
        cmocka_unit_test(folds_are_trainings_by_hand),
        cmocka_unit_test(any_metric_is_scored),
        cmocka_unit_test(regression_is_ranked_by_loss),
        cmocka_unit_test(a_study_is_cancelled),
        cmocka_unit_test(a_divergence_is_a_result),
        cmocka_unit_test(refusals_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
