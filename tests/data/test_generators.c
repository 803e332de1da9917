/* Generated data sets: the same for the same seed, others for others, and shaped as they say. */
#include "support.h"

#include <jansson.h>
#include <math.h>

static const char *const NAMES[] = {"spirals", "moons",     "circles", "blobs",
                                    "xor",     "separable", "linear",  "regression"};

enum { SETS = sizeof NAMES / sizeof NAMES[0], ROWS = 3000 };

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
    for (size_t i = 0; i < SETS; i++) {
        char first[65], again[65], seed[65], high[65], split[65];
        digest_of(*state, NAMES[i], "train", 7, first);
        digest_of(*state, NAMES[i], "train", 7, again);
        digest_of(*state, NAMES[i], "train", 8, seed);
        digest_of(*state, NAMES[i], "train", 7 + (UINT64_C(1) << 32), high);
        digest_of(*state, NAMES[i], "test", 7, split);
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

/* Models, receipts and scores that people have hang on these rows: they may never change. */
static void old_sets_keep_their_bits(void **state)
{
    static const struct {
        const char *name, *split, *digest;
        uint64_t seed;
    } OLD[] = {
        {"spirals", "train", "deb383eb46a9e10a9a65f485329c92a71674f512be4f394d45138ebb836b05a5",
         42},
        {"spirals", "test", "6196c17436e74c2f1a29c35afa73204212a60cde8282d7113bc53c29e8d33542", 7},
        {"regression", "train", "53b7ab8d345bf207d9a597dca54591ec02ce81b89d585e14145d45cea0ef5f9e",
         42},
        {"regression", "test", "9d3f78e413db426dde0205bb4b3fc89217cdb88d2ff90fa058ff0e34eb725541",
         7},
    };
    for (size_t i = 0; i < sizeof OLD / sizeof OLD[0]; i++) {
        char digest[65];
        digest_of(*state, OLD[i].name, OLD[i].split, OLD[i].seed, digest);
        assert_string_equal(digest, OLD[i].digest);
    }
}

static void assert_row(const sml_dataset *data, size_t r, const json_t *expected)
{
    const json_t *x = json_object_get(expected, "x"), *y = json_object_get(expected, "y");
    float found[16], target = 0;
    assert_non_null(y);
    sml_dataset_features(data, r, found);
    for (size_t j = 0; j < json_array_size(x); j++) {
        const double value = json_number_value(json_array_get(x, j));
        assert_true(fabs((double)found[j] - value) <= 1e-6 * fmax(1.0, fabs(value)));
    }
    if (json_is_integer(y)) {
        assert_int_equal(sml_dataset_label(data, r), json_integer_value(y));
    } else {
        sml_dataset_targets(data, r, &target);
        assert_true(fabs((double)target - json_real_value(y)) < 1e-5);
    }
}

/* Drawn a second time, in Python: tests/reference/make_generators.py. */
static void first_rows_are_those_of_the_reference(void **state)
{
    json_t *cases = json_load_file(SML_TEST_DATA "/reference/generators.json", 0, NULL);
    assert_int_equal(json_array_size(cases), 3 * SETS);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i), *rows = json_object_get(one, "rows");
        sml_dataset *data = NULL;
        assert_int_equal(sml_dataset_open_seeded(
                             *state, json_string_value(json_object_get(one, "name")),
                             json_string_value(json_object_get(one, "split")),
                             (uint64_t)json_integer_value(json_object_get(one, "seed")), &data),
                         SML_OK);
        assert_int_equal(json_array_size(rows), 8);
        for (size_t r = 0; r < 8; r++) {
            assert_row(data, r, json_array_get(rows, r));
        }
        sml_dataset_free(data);
    }
    json_decref(cases);
}

/* A set in the plane, its classes counted. */
typedef struct plane {
    double x[ROWS], y[ROWS];
    size_t k[ROWS], counts[4];
} plane;

static plane *open_plane(sml_ctx *ctx, const char *name, size_t classes)
{
    plane *p = calloc(1, sizeof *p);
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    assert_int_equal(sml_dataset_open(ctx, name, "train", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_CLASSIFICATION);
    assert_int_equal(facts.rows, ROWS);
    assert_int_equal(facts.columns, 2);
    assert_int_equal(facts.outputs, classes);
    for (size_t r = 0; r < ROWS; r++) {
        float row[2];
        sml_dataset_features(data, r, row);
        p->x[r] = (double)row[0];
        p->y[r] = (double)row[1];
        p->k[r] = (size_t)sml_dataset_label(data, r);
        p->counts[p->k[r]]++;
    }
    for (size_t k = 0; k < classes; k++) {
        assert_int_equal(p->counts[k], ROWS / classes);
    }
    sml_dataset_free(data);
    return p;
}

/* mean within four standard errors of what is expected, deviation being that of one draw. */
static void assert_mean(double mean, double expected, double deviation, size_t n)
{
    if (!(fabs(mean - expected) < 4.0 * deviation / sqrt((double)n))) {
        fail_msg("mean %g, expected %g", mean, expected);
    }
}

/* Rows of class k lie on a circle of radius R about (x, y), plus noise of deviation s in both
 * directions: E d² = R² + 2s², var d² = 4R²s² + 4s⁴. Nothing is five deviations away from it. */
static void assert_ring(const plane *p, size_t k, double x, double y, double radius, double s)
{
    double sum = 0;
    for (size_t r = 0; r < ROWS; r++) {
        if (p->k[r] == k) {
            const double distance = hypot(p->x[r] - x, p->y[r] - y);
            assert_true(fabs(distance - radius) < 5.0 * s);
            sum += distance * distance;
        }
    }
    assert_mean(sum / (double)p->counts[k], radius * radius + 2.0 * s * s,
                2.0 * s * sqrt(radius * radius + s * s), p->counts[k]);
}

/* The middle of class k, each coordinate of which deviates by so much. */
static void assert_middle(const plane *p, size_t k, double x, double y, double deviation)
{
    double sum[2] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        sum[0] += p->k[r] == k ? p->x[r] : 0.0;
        sum[1] += p->k[r] == k ? p->y[r] : 0.0;
    }
    assert_mean(sum[0] / (double)p->counts[k], x, deviation, p->counts[k]);
    assert_mean(sum[1] / (double)p->counts[k], y, deviation, p->counts[k]);
}

/* Half circles: E sin t = 2/π, var cos t = 1/2. */
static void moons_lie_on_half_circles(void **state)
{
    plane *p = open_plane(*state, "moons", 2);
    const double height = 2.0 / acos(-1.0);
    assert_ring(p, 0, 0.0, 0.0, 1.0, 0.15);
    assert_ring(p, 1, 1.0, 0.5, 1.0, 0.15);
    assert_middle(p, 0, 0.0, height, sqrt(0.5 + 0.15 * 0.15));
    assert_middle(p, 1, 1.0, 0.5 - height, sqrt(0.5 + 0.15 * 0.15));
    for (size_t r = 0; r < ROWS; r++) {
        assert_true(p->k[r] == 0 ? p->y[r] > -0.75 : p->y[r] < 1.25);
    }
    free(p);
}

static void circles_lie_on_circles(void **state)
{
    plane *p = open_plane(*state, "circles", 2);
    for (size_t k = 0; k < 2; k++) {
        const double radius = k == 0 ? 1.0 : 0.5;
        assert_ring(p, k, 0.0, 0.0, radius, 0.1);
        assert_middle(p, k, 0.0, 0.0, sqrt(radius * radius / 2.0 + 0.01));
    }
    free(p);
}

/* E d² = 2, var d² = 4 around each centre. */
static void blobs_are_round_and_normal(void **state)
{
    static const double centres[4][2] = {{4, 0}, {0, 4}, {-4, 0}, {0, -4}};
    plane *p = open_plane(*state, "blobs", 4);
    for (size_t k = 0; k < 4; k++) {
        double sum = 0;
        for (size_t r = 0; r < ROWS; r++) {
            const double x = p->x[r] - centres[k][0], y = p->y[r] - centres[k][1];
            sum += p->k[r] == k ? x * x + y * y : 0.0;
        }
        assert_mean(sum / (double)p->counts[k], 2.0, 2.0, p->counts[k]);
        assert_middle(p, k, centres[k][0], centres[k][1], 1.0);
    }
    free(p);
}

/* The class is the sign of xy, but for one row in a thousand; E x² = E m² + 0.05², m ~ U[0.1, 1).
 */
static void xor_is_exclusive(void **state)
{
    plane *p = open_plane(*state, "xor", 2);
    double sum = 0;
    size_t wrong = 0, quadrants[4] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        wrong += (p->x[r] * p->y[r] < 0) != (p->k[r] == 1);
        quadrants[2 * (p->x[r] < 0) + (p->y[r] < 0)]++;
        sum += p->x[r] * p->x[r] + p->y[r] * p->y[r];
    }
    assert_in_range(wrong, 0, 12);
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(quadrants[i], 640, 860); /* 750 ± 4 · 27 */
    }
    assert_mean(sum / (2.0 * ROWS), 1.11 / 3.0 + 0.0025, 0.33, 2 * ROWS);
    free(p);
}

/* Without exception, in the numbers as they are stored; and no further apart than it says. */
static void separable_keeps_its_margin(void **state)
{
    plane *p = open_plane(*state, "separable", 2);
    double nearest = 1;
    for (size_t r = 0; r < ROWS; r++) {
        const double distance = 0.6 * p->x[r] + 0.8 * p->y[r] - 0.2;
        assert_true(p->k[r] == 1 ? distance >= 0.1 : distance <= -0.1);
        assert_true(fabs(p->x[r]) <= 1.0 && fabs(p->y[r]) <= 1.0);
        nearest = fmin(nearest, fabs(distance));
    }
    assert_true(nearest < 0.105);
    free(p);
}

/* Solves a[n, n + 1] by Gauss and Jordan; the solution is the last column. */
enum { UNKNOWNS = 11 };

static void solve(double a[UNKNOWNS][UNKNOWNS + 1])
{
    for (size_t i = 0; i < UNKNOWNS; i++) {
        for (size_t row = 0; row < UNKNOWNS; row++) {
            const double factor = row == i ? 0.0 : a[row][i] / a[i][i];
            for (size_t j = 0; j <= UNKNOWNS; j++) {
                a[row][j] -= factor * a[i][j];
            }
        }
    }
    for (size_t i = 0; i < UNKNOWNS; i++) {
        a[i][UNKNOWNS] /= a[i][i];
    }
}

/* Least squares finds the weights, no intercept, and noise of deviation 0.1. */
static void linear_has_its_weights(void **state)
{
    static const double W[UNKNOWNS] = {4, -3, 3, -2, 2, -2, 1, -1, 1, 0, 0};
    sml_dataset *data = NULL;
    double a[UNKNOWNS][UNKNOWNS + 1] = {{0}}, squares = 0;
    assert_int_equal(sml_dataset_open(*state, "linear", "train", &data), SML_OK);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t r = 0; r < ROWS; r++) {
            float row[UNKNOWNS + 1];
            double rest;
            sml_dataset_features(data, r, row);
            sml_dataset_targets(data, r, &row[UNKNOWNS]);
            row[UNKNOWNS - 1] = 1.0f;
            rest = (double)row[UNKNOWNS];
            for (size_t i = 0; i < UNKNOWNS; i++) {
                for (size_t j = 0; pass == 0 && j <= UNKNOWNS; j++) {
                    a[i][j] += (double)row[i] * (double)row[j];
                }
                rest -= a[i][UNKNOWNS] * (double)row[i];
            }
            squares += pass == 1 ? rest * rest : 0.0;
        }
        if (pass == 0) {
            solve(a);
        }
    }
    for (size_t i = 0; i < UNKNOWNS; i++) {
        assert_mean(a[i][UNKNOWNS], W[i] / 7.0, 0.1, ROWS);
    }
    assert_mean(squares / (ROWS - UNKNOWNS), 0.01, sqrt(2.0) * 0.01, ROWS);
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
        TEST(seeds_and_splits_decide),
        TEST(splits_share_no_start),
        TEST(spirals_are_balanced_and_bounded),
        TEST(spirals_keep_their_arms),
        TEST(regression_is_standardised),
        TEST(old_sets_keep_their_bits),
        TEST(first_rows_are_those_of_the_reference),
        TEST(moons_lie_on_half_circles),
        TEST(circles_lie_on_circles),
        TEST(blobs_are_round_and_normal),
        TEST(xor_is_exclusive),
        TEST(separable_keeps_its_margin),
        TEST(linear_has_its_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
