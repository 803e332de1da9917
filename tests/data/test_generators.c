/* Generated data sets: the same for the same seed, others for others, and shaped as they say. */
#include "support.h"

#include <math.h>

static void digest_of(sml_ctx *ctx, const char *name, const char *split, uint64_t seed,
                      char digest[65])
{
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_open_seeded(ctx, name, split, seed, &data), SML_OK);
    assert_int_equal(sml_dataset_sha256(ctx, data, digest), SML_OK);
    sml_dataset_free(data);
}

static void seeds_and_splits_decide(void **state)
{
    const char *const names[] = {"spirals", "regression"};
    for (size_t i = 0; i < 2; i++) {
        char first[65], again[65], seed[65], high[65], split[65];
        digest_of(*state, names[i], "train", 7, first);
        digest_of(*state, names[i], "train", 7, again);
        digest_of(*state, names[i], "train", 8, seed);
        digest_of(*state, names[i], "train", 7 + (UINT64_C(1) << 32), high);
        digest_of(*state, names[i], "test", 7, split);
        assert_string_equal(first, again);
        assert_string_not_equal(first, seed);
        assert_string_not_equal(first, high);
        assert_string_not_equal(first, split);
    }
}

/* The first row must differ, too: the splits come from different sequences. */
static void splits_share_no_start(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *train = NULL, *test = NULL;
    float a[10], b[10];
    assert_int_equal(sml_dataset_open(ctx, "regression", "train", &train), SML_OK);
    assert_int_equal(sml_dataset_open(ctx, "regression", "test", &test), SML_OK);
    sml_dataset_features(train, 0, a);
    sml_dataset_features(test, 0, b);
    assert_memory_not_equal(a, b, sizeof a);
    sml_dataset_free(train);
    sml_dataset_free(test);
}

static void spirals_are_balanced_and_bounded(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    size_t counts[3] = {0};
    float x[2];
    assert_int_equal(sml_dataset_open(ctx, "spirals", "train", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_CLASSIFICATION);
    assert_int_equal(facts.rows, 3000);
    assert_int_equal(facts.columns, 2);
    assert_int_equal(facts.outputs, 3);
    assert_string_equal(facts.split, "train");
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_features(data, r, x);
        counts[sml_dataset_label(data, r)]++;
        assert_true(hypotf(x[0], x[1]) < 3.0f);
    }
    for (size_t k = 0; k < 3; k++) {
        assert_in_range(counts[k], 900, 1100);
    }
    sml_dataset_free(data);
}

/* The arms must be told apart by their formula: undo the twist, and the angle names the class. */
static void spirals_keep_their_arms(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    size_t right = 0, all = 0;
    float x[2];
    assert_int_equal(sml_dataset_open(ctx, "spirals", "test", &data), SML_OK);
    for (size_t r = 0; r < 1000; r++) {
        sml_dataset_features(data, r, x);
        double radius = hypot((double)x[0], (double)x[1]);
        double turn = (atan2((double)x[1], (double)x[0]) - 2.0 * radius) / (2.0 * acos(-1.0));
        long arm = lround(3.0 * (turn - floor(turn))) % 3;
        all++;
        right += arm == sml_dataset_label(data, r);
    }
    assert_true((double)right > 0.93 * (double)all);
    sml_dataset_free(data);
}

/* Mean 0 and deviation 1, within four standard errors of 3000 draws, in every feature. */
static void regression_is_standardised(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    double sum[11] = {0}, squares[11] = {0};
    float row[11];
    assert_int_equal(sml_dataset_open(ctx, "regression", "train", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_REGRESSION);
    assert_int_equal(facts.columns, 10);
    assert_int_equal(facts.outputs, 1);
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_features(data, r, row);
        sml_dataset_targets(data, r, &row[10]);
        for (size_t j = 0; j < 11; j++) {
            sum[j] += (double)row[j];
            squares[j] += (double)row[j] * (double)row[j];
        }
    }
    for (size_t j = 0; j < 11; j++) {
        double mean = sum[j] / 3000.0;
        assert_true(fabs(mean) < 0.08);
        assert_true(fabs(squares[j] / 3000.0 - mean * mean - 1.0) < 0.12);
    }
    assert_int_equal(sml_dataset_label(data, 0), -1);
    sml_dataset_free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seeds_and_splits_decide),          TEST(splits_share_no_start),
        TEST(spirals_are_balanced_and_bounded), TEST(spirals_keep_their_arms),
        TEST(regression_is_standardised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
