/* Random numbers, names, numbers as text, shares, files. */
#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"

#include <unistd.h>

/* Known answers of Random123's kat_vectors for philox4x32-10. */
static void philox_known_answers(void **state)
{
    (void)state;
    static const uint32_t cases[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        sml__philox(cases[i], cases[i] + 4, out);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
}

static void uniform_and_normal_have_their_moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    sml__random random;
    sml__random_init(&random, 7, SML__SAMPLE, 0, 0);
    double sum = 0, squares = 0, normal = 0, normal_squares = 0;
    for (int i = 0; i < N; i++) {
        const double u = sml__random_uniform(&random), z = sml__random_normal(&random);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
        normal += z;
        normal_squares += z * z;
    }
    /* Five standard errors: 5 σ/√N. */
    assert_true(fabs(sum / N - 0.5) < 5 * 0.2887 / sqrt(N));
    assert_true(fabs(squares / N - 1.0 / 3) < 5 * 0.2981 / sqrt(N));
    assert_true(fabs(normal / N) < 5 / sqrt(N));
    assert_true(fabs(normal_squares / N - 1) < 5 * 1.4143 / sqrt(N));
}

static void below_is_uniform(void **state)
{
    (void)state;
    enum { BOUND = 7, N = 70000 };
    sml__random random;
    int counts[BOUND] = {0};
    double chi_squared = 0;
    sml__random_init(&random, 3, SML__SAMPLE, 1, 2);
    for (int i = 0; i < N; i++) {
        const uint32_t draw = sml__random_below(&random, BOUND);
        assert_true(draw < BOUND);
        counts[draw]++;
    }
    for (int i = 0; i < BOUND; i++) {
        const double gap = counts[i] - (double)N / BOUND;
        chi_squared += gap * gap / ((double)N / BOUND);
    }
    assert_true(chi_squared < 22.46); /* 0.999 quantile, 6 degrees of freedom */
}

static void permutation_holds_each_number_once(void **state)
{
    (void)state;
    enum { N = 1000 };
    uint32_t order[N], other[N];
    char seen[N] = {0};
    sml__random random;
    sml__random_init(&random, 1, SML__SHUFFLE, 0, 0);
    sml__random_permutation(&random, order, N);
    for (int i = 0; i < N; i++) {
        assert_true(order[i] < N && !seen[order[i]]);
        seen[order[i]] = 1;
    }
    sml__random_init(&random, 1, SML__SHUFFLE, 1, 0);
    sml__random_permutation(&random, other, N);
    assert_memory_not_equal(order, other, sizeof order);
}

static void nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"sgd", "momentum", "adam", "rmsprop"};
    assert_string_equal(sml_nearest_name("adma", names, 4), "adam");
    assert_string_equal(sml_nearest_name("momentun", names, 4), "momentum");
    assert_null(sml_nearest_name("lbfgs", names, 4));
    sml_ctx *ctx = new_context(1);
    assert_int_equal(sml__fail_unknown(ctx, "optimizer", "rmspro", names, 4), SML_UNKNOWN_NAME);
    assert_string_equal(sml_ctx_error(ctx), "unknown optimizer 'rmspro'; did you mean 'rmsprop'?");
    sml__fail_unknown(ctx, "optimizer", "zzz", names, 4);
    assert_string_equal(sml_ctx_error(ctx),
                        "unknown optimizer 'zzz'; known: sgd, momentum, adam, rmsprop");
    sml_ctx_free(ctx);
}

static void numbers_as_text(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    double real = 0;
    int64_t integer = 0;
    assert_true(sml__parse_real(ctx, "-1.5e3", &real) && real == -1500);
    assert_false(sml__parse_real(ctx, "1,5", &real));
    assert_false(sml__parse_real(ctx, "", &real));
    assert_true(sml__parse_integer("-42", &integer) && integer == -42);
    assert_false(sml__parse_integer("42x", &integer));
    assert_false(sml__parse_integer("99999999999999999999", &integer));
    sml_ctx_free(ctx);
}

static void shares_cover_everything_once(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += 7) {
        for (int size = 1; size <= 5; size++) {
            size_t next = 0;
            for (int rank = 0; rank < size; rank++) {
                const sml__range own = sml__share(n, 16, rank, size);
                assert_true(own.begin == next && own.end >= own.begin);
                assert_true(own.end % 16 == 0 || own.end == n);
                next = own.end;
            }
            assert_true(next == n);
        }
    }
}

static void texts_are_freed(void **state)
{
    sml_ctx *ctx = new_context(1);
    (void)state;
    char *text = sml__copy_text(ctx, "a text");
    assert_string_equal(text, "a text");
    sml_text_free(text); /* or LeakSanitizer would tell */
    sml_text_free(NULL);
    sml_ctx_free(ctx);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    assert_null(sml__alloc(ctx, SIZE_MAX / 2, 16, "a test"));
    assert_non_null(strstr(sml_ctx_error(ctx), "bytes for a test"));
    assert_int_equal(sml__memory_check(ctx, 1e18, "a test"), SML_NO_MEMORY);
    assert_non_null(strstr(sml_ctx_error(ctx), "1e+09 GB for a test, "));
    assert_ok(ctx, sml__memory_check(ctx, 1e6, "a test"));
    assert_null(sml__alloc(ctx, SIZE_MAX - 8, 1, "a test"));
    sml_ctx_free(ctx);
}

static void files_are_replaced_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/scratchml-test-XXXXXX", path[64], missing[96];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(missing, sizeof missing, "%s/no/such/folder/file", folder);
    sml_ctx *ctx = new_context(1);
    const sml__piece pieces[] = {{"abc", 3}, {"defg", 4}};
    unsigned char *bytes = NULL;
    size_t length = 0;
    assert_ok(ctx, sml__file_write(ctx, path, pieces, 1));
    assert_ok(ctx, sml__file_write(ctx, path, pieces, 2));
    assert_ok(ctx, sml__file_read(ctx, path, 7, &bytes, &length));
    assert_int_equal(length, 7);
    assert_memory_equal(bytes, "abcdefg", 7);
    sml__free(bytes);
    assert_int_equal(sml__file_read(ctx, path, 6, &bytes, &length), SML_BAD_FILE);
    assert_int_equal(sml__file_read(ctx, folder, 1000, &bytes, &length), SML_BAD_FILE);
    assert_int_equal(sml__file_read(ctx, missing, 1000, &bytes, &length), SML_NOT_FOUND);
    assert_int_equal(sml__file_write(ctx, missing, pieces, 1), SML_IO);
    assert_non_null(strstr(sml_ctx_error(ctx), missing));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* empty: no temporary file is left */
    sml_ctx_free(ctx);
}

static void contexts_refuse_nonsense(void **state)
{
    (void)state;
    const sml_ctx_options options = {-1, NULL};
    sml_ctx *ctx = NULL;
    assert_int_equal(sml_ctx_create(&options, &ctx), SML_BAD_ARGUMENT);
    assert_null(ctx);
    assert_non_null(sml_ctx_error(NULL));
    sml_ctx_free(NULL);
    assert_string_equal(sml_status_text(SML_NO_MEMORY), "out of memory");
    assert_string_equal(sml_status_text((sml_status)99), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(uniform_and_normal_have_their_moments),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(permutation_holds_each_number_once),
        cmocka_unit_test(nearest_name),
        cmocka_unit_test(numbers_as_text),
        cmocka_unit_test(shares_cover_everything_once),
        cmocka_unit_test(texts_are_freed),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(files_are_replaced_whole),
        cmocka_unit_test(contexts_refuse_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
