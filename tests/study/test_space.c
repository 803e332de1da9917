/* The space of a search: what is refused, what is drawn. */
#include "support.h"

#include "base/memory.h"
#include "study/space.h"

typedef struct fixture {
    sml_ctx *ctx;
    sml_model *like;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->ctx = new_context(1);
    *state = f;
    return sml_model_create(f->ctx, "mlp", "", &f->like) != SML_OK;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    sml_model_free(f->like);
    sml_ctx_free(f->ctx);
    free(f);
    return 0;
}

static void read_ok(fixture *f, const char *const *elements, size_t n, sml__space *space)
{
    assert_ok(f->ctx, sml__space_read(f->ctx, f->like, elements, n, space));
}

static void every_refusal_says_why(void **state)
{
    fixture *f = *state;
    const struct {
        const char *element, *text;
        sml_status status;
    } cases[] = {
        {"learning_rate", "expected NAME=VALUES", SML_BAD_ARGUMENT},
        {"=1", "expected NAME=VALUES", SML_BAD_ARGUMENT},
        {"dropout=", "expected NAME=VALUES", SML_BAD_ARGUMENT},
        {"learning_rat=1", "did you mean 'learning_rate'?", SML_UNKNOWN_NAME},
        {"epochs=1..9", "epochs are what the search deals out", SML_BAD_ARGUMENT},
        {"dropout=0.5..0.1", "lower bound is above", SML_BAD_ARGUMENT},
        {"dropout=0..1.5", "dropout: '1.5' is above", SML_BAD_ARGUMENT},
        {"dropout=0..x", "a bound is no number", SML_BAD_ARGUMENT},
        {"dropout=nan..0.5", "a bound is no number", SML_BAD_ARGUMENT},
        {"dropout=..", "a bound is no number", SML_BAD_ARGUMENT},
        {"dropout=log:0..0.5", "a logarithm needs bounds above 0", SML_BAD_ARGUMENT},
        {"dropout=0..0.5/0", "number of points", SML_BAD_ARGUMENT},
        {"dropout=0..0.5/1000000", "number of points", SML_BAD_ARGUMENT},
        {"dropout=0/3..5", "no range", SML_BAD_ARGUMENT},
        {"dropout=log:0.5", "no range", SML_BAD_ARGUMENT},
        {"dropout=0.1|2", "dropout: '2' is above", SML_BAD_ARGUMENT},
        {"dropout=0.1|", "is not a finite number", SML_BAD_ARGUMENT},
        {"batch_size=1.5..8", "whole numbers", SML_BAD_ARGUMENT},
        {"batch_size=0..8", "batch_size: '0' is below", SML_BAD_ARGUMENT},
        {"batch_size=log2:33..63", "no power of two", SML_BAD_ARGUMENT},
        {"optimizer=adam..sgd", "only numbers have a range", SML_BAD_ARGUMENT},
        {"optimizer=adam|sdg", "sgd", SML_UNKNOWN_NAME},
        {"hidden=64|64 32", "has a blank", SML_BAD_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml__space space;
        const sml_status status = sml__space_read(f->ctx, f->like, &cases[i].element, 1, &space);
        if (status != cases[i].status || strstr(sml_ctx_error(f->ctx), cases[i].text) == NULL) {
            fail_msg("%s: status %d, '%s'", cases[i].element, status, sml_ctx_error(f->ctx));
        }
        sml__space_free(&space);
    }
    const char *twice[] = {"dropout=0..0.5", "dropout=0.1|0.2"};
    sml__space space;
    assert_int_equal(sml__space_read(f->ctx, f->like, twice, 2, &space), SML_BAD_ARGUMENT);
    sml__space_free(&space);
    assert_int_equal(sml__space_read(f->ctx, f->like, twice, 0, &space), SML_BAD_ARGUMENT);
    sml__space_free(&space);
}

static void assert_points(fixture *f, const char *element, const char *const *expected, size_t n)
{
    sml__space space;
    size_t count = 0;
    read_ok(f, &element, 1, &space);
    assert_ok(f->ctx, sml__space_count(f->ctx, &space, &count));
    assert_int_equal(count, n);
    for (size_t i = 0; i < n; i++) {
        char *text = sml__space_point(f->ctx, &space, i);
        assert_string_equal(text, expected[i]);
        sml__free(text);
    }
    sml__space_free(&space);
}

static void points_of_ranges(void **state)
{
    fixture *f = *state;
    const char *fifths[] = {"dropout=0", "dropout=0.25", "dropout=0.5"};
    const char *powers[] = {"learning_rate=0.0001", "learning_rate=0.001", "learning_rate=0.01",
                            "learning_rate=0.1"};
    const char *twos[] = {"batch_size=16", "batch_size=32", "batch_size=64"};
    const char *whole[] = {"hidden=3", "hidden=4", "hidden=5"};
    const char *rounded[] = {"batch_size=1", "batch_size=2", "batch_size=3"};
    const char *words[] = {"hidden=64,32", "hidden=8"};
    assert_points(f, "dropout=0..0.5/3", fifths, 3);
    assert_points(f, "learning-rate=log:1e-4..1e-1/4", powers, 4);
    assert_points(f, "batch_size=log2:9..64", twos, 3);
    assert_points(f, "hidden=int:3..5", whole, 3);
    assert_points(f, "batch_size=1..3/7", rounded, 3);
    assert_points(f, "hidden=64,32|8", words, 2);
}

/* The last hyper-parameter moves fastest, and every combination is there once. */
static void a_grid_has_every_combination(void **state)
{
    fixture *f = *state;
    const char *elements[] = {"optimizer=adam|sgd", "batch_size=int:1..3", "dropout=0|0.1|0.2|0.5"};
    const char *optimizers[] = {"adam", "sgd"}, *dropouts[] = {"0", "0.1", "0.2", "0.5"};
    sml__space space;
    size_t count = 0;
    read_ok(f, elements, 3, &space);
    assert_ok(f->ctx, sml__space_count(f->ctx, &space, &count));
    assert_int_equal(count, 24);
    for (size_t i = 0; i < 24; i++) {
        char expected[80];
        char *text = sml__space_point(f->ctx, &space, i);
        snprintf(expected, sizeof expected, "optimizer=%s batch_size=%zu dropout=%s",
                 optimizers[i / 12], i / 4 % 3 + 1, dropouts[i % 4]);
        assert_string_equal(text, expected);
        sml__free(text);
    }
    sml__space_free(&space);
    const char *endless[] = {"dropout=0..0.5"};
    read_ok(f, endless, 1, &space);
    assert_int_equal(sml__space_count(f->ctx, &space, &count), SML_BAD_ARGUMENT);
    sml__space_free(&space);
    const char *many[] = {"batch_size=int:1..1000", "seed=int:1..1000"};
    read_ok(f, many, 2, &space);
    assert_int_equal(sml__space_count(f->ctx, &space, &count), SML_BAD_ARGUMENT);
    sml__space_free(&space);
}

static double drawn(fixture *f, const sml__space *space, uint64_t seed, size_t trial)
{
    char *text = sml__space_draw(f->ctx, space, seed, trial);
    const double value = strtod(strchr(text, '=') + 1, NULL);
    sml__free(text);
    return value;
}

/* Means of 4000 draws, within five standard errors of what the distribution says. */
static void draws_have_their_distribution(void **state)
{
    fixture *f = *state;
    enum { N = 4000 };
    const struct {
        const char *element;
        double low, high, mean, deviation; /* of the value, or of its logarithm */
        int log;
    } cases[] = {
        {"dropout=0.1..0.5", 0.1, 0.5, 0.3, 0.4 / 3.4641016, 0},
        {"learning_rate=log:1e-4..1e-1", 1e-4, 1e-1, -5.7564627, 6.9077553 / 3.4641016, 1},
        {"batch_size=1..5", 1, 5, 3, 1.4142136, 0},
        {"batch_size=log2:1..16", 1, 16, 1.3862944, 0.9802581, 1},
        {"dropout=0|0.3", 0, 0.3, 0.15, 0.15, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml__space space;
        double sum = 0.0;
        read_ok(f, &cases[i].element, 1, &space);
        for (size_t trial = 0; trial < N; trial++) {
            const double value = drawn(f, &space, 5, trial);
            assert_true(value >= cases[i].low && value <= cases[i].high);
            sum += cases[i].log ? log(value) : value;
        }
        assert_near(sum / N, cases[i].mean, 0, 5.0 * cases[i].deviation / sqrt(N), cases[i].element,
                    i);
        sml__space_free(&space);
    }
}

/* Rounding to four digits must not leave the range, nor the parameter's own. */
static void narrow_ranges_are_kept(void **state)
{
    fixture *f = *state;
    const char *element = "beta2=0.99999..0.99999999";
    sml__space space;
    read_ok(f, &element, 1, &space);
    for (size_t trial = 0; trial < 200; trial++) {
        const double value = drawn(f, &space, 1, trial);
        assert_true(value >= 0.99999 && value <= 0.99999999);
    }
    sml__space_free(&space);
}

static void draws_depend_on_seed_and_trial(void **state)
{
    fixture *f = *state;
    const char *elements[] = {"dropout=0..0.5", "momentum=0..0.5"};
    sml__space space;
    read_ok(f, elements, 2, &space);
    char *a = sml__space_draw(f->ctx, &space, 1, 3), *again = sml__space_draw(f->ctx, &space, 1, 3);
    char *other = sml__space_draw(f->ctx, &space, 1, 4),
         *seed = sml__space_draw(f->ctx, &space, 2, 3);
    assert_string_equal(a, again);
    assert_string_not_equal(a, other);
    assert_string_not_equal(a, seed);
    /* two hyper-parameters of one trial are independent */
    assert_true(strtod(a + strlen("dropout="), NULL) !=
                strtod(strstr(a, "momentum=") + strlen("momentum="), NULL));
    sml__free(a);
    sml__free(again);
    sml__free(other);
    sml__free(seed);
    sml__space_free(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_says_why),
        cmocka_unit_test(points_of_ranges),
        cmocka_unit_test(a_grid_has_every_combination),
        cmocka_unit_test(draws_have_their_distribution),
        cmocka_unit_test(narrow_ranges_are_kept),
        cmocka_unit_test(draws_depend_on_seed_and_trial),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
