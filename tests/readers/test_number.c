/* Decimal numbers to float32, against (float)strtod of the C library, bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/random.h"
#include "data/readers/number.h"

#include <stdio.h>
#include <stdlib.h>

enum { RANDOM = 2000000, REPRS = 500000, EDGES = 100000, ROOM = 400 };

/* Every text is followed by a delimiter, in a block of its own length, so that a sanitizer sees a
 * byte read too far. Returns 1 where the fast way took it. */
static int assert_as_strtod(sml_ctx *ctx, const char *text)
{
    const size_t length = strlen(text);
    const float expected = (float)strtod(text, NULL);
    float fast = -1, slow = -1;
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = ',';
    const char *stop = sml__number_fast(copy, copy + length + 1, '.', &fast);
    const int is_fast = stop != NULL;
    if (is_fast && (stop != copy + length || memcmp(&fast, &expected, sizeof fast) != 0)) {
        fail_msg("%s: the fast way says %.9g, strtod %.9g", text, (double)fast, (double)expected);
    }
    if (sml__number_read(ctx, copy, copy + length, '.', &slow) != copy + length ||
        memcmp(&slow, &expected, sizeof slow) != 0) {
        fail_msg("%s: the slow way says %.9g, strtod %.9g", text, (double)slow, (double)expected);
    }
    free(copy);
    return is_fast;
}

static size_t put_digits(sml__random *random, char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)('0' + sml__random_below(random, 10));
    }
    return n;
}

/* [sign] digits [. digits] [e exponent], of any length that is seen in files. */
static void random_decimal(sml__random *random, char *out)
{
    const uint32_t before = sml__random_below(random, 12), kind = sml__random_below(random, 4);
    size_t n = 0;
    if (sml__random_below(random, 2) == 0) {
        out[n++] = "+-"[sml__random_below(random, 2)];
    }
    if (kind == 0) { /* zeros in front of what counts */
        n += (size_t)sprintf(out + n, "0.%0*d", (int)sml__random_below(random, 30), 0);
    }
    n += put_digits(random, out + n, 1 + before);
    if (kind != 0 && sml__random_below(random, 3) > 0) {
        out[n++] = '.';
        n += put_digits(random, out + n, sml__random_below(random, 22));
    }
    if (sml__random_below(random, 3) == 0) {
        n += (size_t)sprintf(out + n, "%c%d", "eE"[sml__random_below(random, 2)],
                             (int)sml__random_below(random, 100) - 55);
    }
    out[n] = '\0';
}

static void random_decimals_are_as_strtod_reads_them(void **state)
{
    sml__random random;
    char text[ROOM];
    size_t fast = 0;
    sml__random_init(&random, 1, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < RANDOM; i++) {
        random_decimal(&random, text);
        fast += (size_t)assert_as_strtod(*state, text);
    }
    assert_true(fast > RANDOM / 2 && fast < RANDOM); /* both ways were tried */
}

/* The shortest of %.15g, %.16g and %.17g that gives the double back: what other programs write. */
static void shortest(double value, char *text)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, ROOM, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            return;
        }
    }
}

static void shortest_texts_of_doubles_are_as_strtod_reads_them(void **state)
{
    sml__random random;
    char text[ROOM];
    size_t fast = 0;
    sml__random_init(&random, 2, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < REPRS; i++) {
        uint64_t bits = sml__random_u32(&random);
        double value;
        bits = bits << 32 | sml__random_u32(&random);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) { /* any exponent */
            shortest(value, text);
            assert_as_strtod(*state, text);
        }
        shortest(sml__random_normal(&random), text); /* as in most files */
        fast += (size_t)assert_as_strtod(*state, text);
    }
    assert_true(fast > REPRS / 100 * 99); /* the promise of speed */
}

/* Halfway between two floats, exactly and a digit beside it: where a wrong rounding shows. */
static void halves_between_floats_are_as_strtod_reads_them(void **state)
{
    sml__random random;
    char text[ROOM];
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < EDGES; i++) {
        uint32_t bits = sml__random_u32(&random) & 0x7FFFFFFF;
        float low, high;
        memcpy(&low, &bits, sizeof low);
        high = nextafterf(low, INFINITY);
        if (!isfinite(high)) {
            continue;
        }
        const double half = ((double)low + (double)high) / 2;
        snprintf(text, sizeof text, "%.200g", half);
        assert_as_strtod(*state, text);
        for (int digits = 9; digits < 21; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, half);
            assert_as_strtod(*state, text);
        }
    }
}

static void odd_numbers_are_as_strtod_reads_them(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "00",
        "5.",
        ".5",
        "-.5",
        "0.0",
        "000000000000000000000001",
        "1e0",
        "1E+5",
        "1e-5",
        "1e05",
        "0e99",
        "0e999",
        "1e22",
        "1e23",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993e1",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "12345678901234567890123",
        "16777216",
        "16777217",
        "16777219",
        "3.4028234663852886e38",
        "3.4028235677973366e38",
        "3.40282356779733661e38",
        "3.5e38",
        "1e39",
        "-1e39",
        "1e400",
        "1.1754943508222875e-38",
        "1.4012984643248171e-45",
        "7.006492321624085e-46",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "1e-46",
        "1e-400",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000001",
        "0.0000000000000000000000000000000000000000000000000000000000000000000000000000001e80",
        "100000000000000000000000000000000000000000000000000000000000000000000000000000e-70",
        "0.1234567890123456789012345678901234567890",
        "1.00000005960464477539062500000001",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_as_strtod(*state, texts[i]);
    }
}

static void what_is_no_number_is_none(void **state)
{
    static const char *const texts[] = {"",  "+",   "-",   ".",   "-.",  "e5", ".e5",
                                        "x", "nan", "inf", "--1", "+-1", " 1", "\"1\""};
    float value;
    char copy[16];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const size_t length = (size_t)snprintf(copy, sizeof copy, "%s,", texts[i]);
        assert_null(sml__number_fast(copy, copy + length, '.', &value));
        assert_null(sml__number_read(*state, copy, copy + length, '.', &value));
    }
    /* Read as far as it goes: what follows tells who asked. */
    static const char longer[] = "1.5x";
    assert_ptr_equal(sml__number_read(*state, longer, longer + 4, '.', &value), longer + 3);
    char digits[SML__NUMBER_LENGTH + 2];
    memset(digits, '1', sizeof digits);
    digits[sizeof digits - 1] = ',';
    assert_null(sml__number_read(*state, digits, digits + sizeof digits, '.', &value));
}

static void a_decimal_comma_is_a_point(void **state)
{
    float value = 0;
    static const char text[] = "-12,25;";
    assert_ptr_equal(sml__number_fast(text, text + 7, ',', &value), text + 6);
    assert_true(value == -12.25F);
    value = 0;
    assert_ptr_equal(sml__number_read(*state, text, text + 7, ',', &value), text + 6);
    assert_true(value == -12.25F);
    assert_ptr_equal(sml__number_fast(text, text + 7, '.', &value), text + 3);
}

static int set_up(void **state)
{
    sml_ctx *ctx = NULL;
    const int failed = sml_ctx_create(NULL, &ctx) != SML_OK;
    *state = ctx;
    return failed;
}

static int tear_down(void **state)
{
    sml_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_decimals_are_as_strtod_reads_them),
        TEST(shortest_texts_of_doubles_are_as_strtod_reads_them),
        TEST(halves_between_floats_are_as_strtod_reads_them),
        TEST(odd_numbers_are_as_strtod_reads_them),
        TEST(what_is_no_number_is_none),
        TEST(a_decimal_comma_is_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
