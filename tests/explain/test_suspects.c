/* Suspect labels: by probabilities with an answer that can be counted by hand, and on generated
 * sets of which a tenth of the labels was changed. */
#include "support.h"

/* Class 0 … 2 have rows, class 3 has none. Thresholds, 3/4 of the mean of the own column: class 0
 * 0.75 (0.8 + 0.6 + 0.1) / 3 = 0.375, class 1 0.75 (0.7 + 0.3) / 2 = 0.375, class 2 0.75 * 0.4. */
static void thresholds_decide_as_counted_by_hand(void **state)
{
    static const float p[][4] = {
        {0.8F, 0.1F, 0.1F, 0.0F},   /* 0: right */
        {0.6F, 0.39F, 0.01F, 0.0F}, /* 0: 1 reaches its threshold, but 0 is likelier */
        {0.1F, 0.5F, 0.4F, 0.0F},   /* 0: 1 and 2 reach their thresholds; 1 is the larger */
        {0.2F, 0.7F, 0.1F, 0.0F},   /* 1: right */
        {0.37F, 0.3F, 0.28F, 0.0F}, /* 1: 0 is the likeliest, but below its threshold */
        {0.0F, 0.0F, 0.4F, 0.6F},   /* 2: 3 is the likeliest, but nothing is known of it */
        {0.9F, 0.1F, 0.0F, 0.0F},   /* no label */
    };
    static const int32_t labels[] = {0, 0, 0, 1, 1, 2, -1};
    static const int32_t expected[] = {-1, -1, 1, -1, -1, -1, -1};
    sml_sample_score scores[7];
    sml_label_summary summary;
    sml_ctx *ctx = new_context(1);
    (void)state;
    assert_ok(ctx, sml_suspect_labels(ctx, &p[0][0], labels, 7, 4, scores, &summary));
    for (size_t r = 0; r < 7; r++) {
        assert_int_equal(scores[r].suspect_of, expected[r]);
        assert_true(isnan(scores[r].margin) == (expected[r] < 0));
    }
    assert_near(scores[2].margin, 0.1 - 0.5, 1e-6, 0, "margin", 2);
    assert_int_equal(summary.judged, 6);
    assert_int_equal(summary.suspects, 1);
    assert_near(summary.agreement, 3.0 / 6, 1e-12, 0, "agreement", 0);
    sml_ctx_free(ctx);
}

static void labels_that_are_none_are_refused(void **state)
{
    const float p[] = {0.5F, 0.5F};
    const int32_t label = 2;
    sml_sample_score score;
    sml_label_summary summary;
    sml_ctx *ctx = new_context(1);
    (void)state;
    assert_int_equal(sml_suspect_labels(ctx, p, &label, 1, 2, &score, &summary), SML_BAD_ARGUMENT);
    assert_int_equal(sml_suspect_labels(ctx, p, &label, 1, 1, &score, &summary), SML_BAD_ARGUMENT);
    sml_ctx_free(ctx);
}

/* A copy of a data set, of which `share` of the labels are changed to another class by chance. */
typedef struct flipped {
    float *features;
    int32_t *labels, *truth;
    size_t rows;
    sml_dataset *data;
} flipped;

static flipped flip(sml_ctx *ctx, const sml_dataset *from, size_t rows, double share)
{
    sml_dataset_facts facts;
    sml__random random;
    sml_dataset_describe(from, &facts);
    flipped made = {.rows = rows < facts.rows ? rows : facts.rows};
    made.features = malloc(made.rows * facts.columns * sizeof(float));
    made.labels = malloc(made.rows * sizeof(int32_t));
    made.truth = malloc(made.rows * sizeof(int32_t));
    sml__random_init(&random, 7, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < made.rows; r++) {
        const uint32_t classes = (uint32_t)facts.outputs;
        sml_dataset_features(from, r, made.features + r * facts.columns);
        made.truth[r] = made.labels[r] = sml_dataset_label(from, r);
        if (sml__random_below(&random, 1000) < 1000 * share) {
            made.labels[r] =
                (int32_t)(((uint32_t)made.labels[r] + 1 + sml__random_below(&random, classes - 1)) %
                          classes);
        }
    }
    const sml_data_view view = {.rows = made.rows,
                                .columns = facts.columns,
                                .features = made.features,
                                .labels = made.labels,
                                .outputs = facts.outputs};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made.data));
    return made;
}

static void free_flipped(flipped made)
{
    sml_dataset_free(made.data);
    free(made.features);
    free(made.labels);
    free(made.truth);
}

typedef struct found {
    double recall, precision;
    size_t suspects;
} found;

static found judge(sml_ctx *ctx, const flipped *made, size_t classes, const char *settings)
{
    sml_model *like = NULL;
    sml_label_summary summary;
    size_t wrong = 0, right_suspects = 0;
    float *p = malloc(made->rows * classes * sizeof *p);
    sml_sample_score *scores = calloc(made->rows, sizeof *scores);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &like));
    assert_ok(
        ctx, sml_held_out_predictions(ctx, like, made->data, 5, 42, NULL, p, made->rows * classes));
    assert_ok(ctx, sml_suspect_labels(ctx, p, made->labels, made->rows, classes, scores, &summary));
    for (size_t r = 0; r < made->rows; r++) {
        wrong += made->labels[r] != made->truth[r];
        right_suspects += made->labels[r] != made->truth[r] && scores[r].suspect_of >= 0;
    }
    sml_model_free(like);
    free(scores);
    free(p);
    const found all = {.recall = (double)right_suspects / (double)wrong,
                       .precision = (double)right_suspects / (double)summary.suspects,
                       .suspects = (size_t)summary.suspects};
    return all;
}

/* The share of a clean set's rows that may be suspect: its hard ones. */
static const struct {
    const char *name, *settings;
    size_t rows;
    double may_be_suspect;
} SETS[] = {
    {"blobs", "hidden=32 epochs=60", 100000, 0.03},
    {"moons", "hidden=32 epochs=100 learning_rate=0.01", 100000, 0.03},
    {"spirals", "hidden=64,64 epochs=200 learning_rate=0.01", 100000, 0.05},
    {"mnist", "epochs=10", 6000, 0.05},
};

static void a_tenth_of_changed_labels_is_found(void **state)
{
    sml_ctx *ctx = new_context(4);
    (void)state;
    for (size_t i = 0; i < sizeof SETS / sizeof SETS[0]; i++) {
        sml_dataset *from = NULL;
        sml_dataset_facts facts;
        const sml_status status = sml_dataset_open(ctx, SETS[i].name, "train", &from);
        if (status == SML_NOT_FOUND) {
            print_message("%s is not there: skipped\n", SETS[i].name);
            continue;
        }
        assert_ok(ctx, status);
        sml_dataset_describe(from, &facts);
        flipped sick = flip(ctx, from, SETS[i].rows, 0.1), clean = flip(ctx, from, SETS[i].rows, 0);
        const found f = judge(ctx, &sick, facts.outputs, SETS[i].settings);
        const found none = judge(ctx, &clean, facts.outputs, SETS[i].settings);
        print_message("%s: recall %.3f, precision %.3f; clean %zu of %zu\n", SETS[i].name, f.recall,
                      f.precision, none.suspects, clean.rows);
        assert_true(f.recall >= 0.8);
        assert_true(f.precision >= 0.5);
        assert_true((double)none.suspects <= SETS[i].may_be_suspect * (double)clean.rows);
        free_flipped(sick);
        free_flipped(clean);
        sml_dataset_free(from);
    }
    sml_ctx_free(ctx);
}

/* Rows go back to where they came from: against models that are fitted here, fold by fold, on a
 * part of a data set with rows that are in it twice. */
static void each_row_is_judged_by_the_model_that_did_not_see_it(void **state)
{
    enum { FOLDS = 3, CHOSEN = 90, CLASSES = 3 };
    static const char settings[] = "hidden=8 epochs=3 early_stopping=accuracy validation=0.2";
    sml_ctx *one = new_context(1), *four = new_context(4);
    test_data made = new_test_data(one, SML_TASK_CLASSIFICATION, 60, 5, CLASSES, 9);
    sml_model *like = NULL;
    sml_dataset *part = NULL;
    uint32_t chosen[CHOSEN], seen[CHOSEN] = {0};
    float p[CHOSEN * CLASSES], by_four[CHOSEN * CLASSES];
    (void)state;
    for (uint32_t i = 0; i < CHOSEN; i++) {
        chosen[i] = (i * 7 + 3) % 60;
    }
    assert_ok(one, sml_dataset_select(one, made.data, chosen, CHOSEN, &part));
    assert_ok(one, sml_model_create(one, "mlp", settings, &like));
    assert_ok(one, sml_held_out_predictions(one, like, part, FOLDS, 11, NULL, p, CHOSEN * CLASSES));
    assert_ok(four, sml_held_out_predictions(four, like, part, FOLDS, 11, NULL, by_four,
                                             CHOSEN * CLASSES));
    assert_memory_equal(p, by_four, sizeof p);
    for (size_t k = 0; k < FOLDS; k++) {
        sml_dataset *folds[2];
        sml_model *model = NULL;
        assert_ok(one, sml_dataset_fold(one, part, 11, k, FOLDS, folds));
        sml_dataset_facts facts;
        sml_dataset_describe(folds[1], &facts);
        float *outputs = malloc(facts.rows * CLASSES * sizeof *outputs), x[5], y[5];
        assert_ok(one, sml_model_create(one, "mlp", settings, &model));
        assert_ok(one, sml_model_fit(one, model, folds[0]));
        assert_ok(one, sml_model_predict(one, model, folds[1], outputs, facts.rows * CLASSES));
        for (size_t r = 0; r < facts.rows; r++) { /* the same features and numbers are there */
            size_t at = 0;
            sml_dataset_features(folds[1], r, x);
            for (; at < CHOSEN; at++) {
                sml_dataset_features(part, at, y);
                if (!seen[at] && memcmp(x, y, sizeof x) == 0 &&
                    memcmp(p + at * CLASSES, outputs + r * CLASSES, CLASSES * sizeof *p) == 0) {
                    break;
                }
            }
            assert_true(at < CHOSEN);
            seen[at < CHOSEN ? at : 0] = 1; /* the analyser does not know that assert ends here */
        }
        free(outputs);
        sml_model_free(model);
        sml_dataset_free(folds[0]);
        sml_dataset_free(folds[1]);
    }
    sml_model_free(like);
    sml_dataset_free(part);
    free_test_data(made);
    sml_ctx_free(four);
    sml_ctx_free(one);
}

/* Three rows of the smallest class: three folds, and not five; of one row nothing can be said. */
static void the_smallest_class_limits_the_folds(void **state)
{
    enum { ROWS = 20 };
    float x[ROWS][2], p[ROWS * 2], wanted[ROWS * 2];
    int32_t labels[ROWS] = {1, 1, 1};
    sml_ctx *ctx = new_context(2);
    sml_model *like = NULL;
    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        x[r][0] = (float)r;
        x[r][1] = (float)(r % 3);
    }
    const sml_data_view view = {
        .rows = ROWS, .columns = 2, .features = &x[0][0], .labels = labels, .outputs = 2};
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=4 epochs=2", &like));
    assert_ok(ctx, sml_held_out_predictions(ctx, like, data, 5, 1, NULL, p, ROWS * 2));
    assert_ok(ctx, sml_held_out_predictions(ctx, like, data, 3, 1, NULL, wanted, ROWS * 2));
    assert_memory_equal(p, wanted, sizeof p);
    assert_int_equal(sml_held_out_predictions(ctx, like, data, 3, 1, NULL, p, ROWS),
                     SML_BAD_ARGUMENT);
    sml_dataset_free(data);
    labels[0] = labels[1] = 0;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_int_equal(sml_held_out_predictions(ctx, like, data, 5, 1, NULL, p, ROWS * 2),
                     SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "one row of class 1"));
    sml_model_free(like);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

static int no_more(void *user)
{
    (void)user;
    return 1;
}

static void a_training_may_be_cancelled_or_diverge(void **state)
{
    sml_ctx *ctx = new_context(2);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, 60, 5, 3, 9);
    const sml_study study = {.cancelled = no_more};
    sml_model *like = NULL;
    float p[60 * 3];
    (void)state;
    assert_ok(ctx, sml_model_create(ctx, "mlp", "epochs=2", &like));
    assert_int_equal(sml_held_out_predictions(ctx, like, made.data, 3, 1, &study, p, 180),
                     SML_CANCELLED);
    assert_ok(ctx, sml_model_set(ctx, like, "learning_rate", "1e37"));
    assert_ok(ctx, sml_model_set(ctx, like, "optimizer", "sgd"));
    assert_int_equal(sml_held_out_predictions(ctx, like, made.data, 3, 1, NULL, p, 180),
                     SML_DIVERGED);
    sml_model_free(like);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_decide_as_counted_by_hand),
        cmocka_unit_test(labels_that_are_none_are_refused),
        cmocka_unit_test(a_tenth_of_changed_labels_is_found),
        cmocka_unit_test(each_row_is_judged_by_the_model_that_did_not_see_it),
        cmocka_unit_test(the_smallest_class_limits_the_folds),
        cmocka_unit_test(a_training_may_be_cancelled_or_diverge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
