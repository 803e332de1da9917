/* The JSON reader and writer: what RFC 8259 allows, and every way to be wrong. */
#include "fake.h"

#include "model/json.h"

static json_t *reads(sml_ctx *ctx, const char *text)
{
    sml__json_error error = {"", 0};
    json_t *json = NULL;
    if (sml__json_read(ctx, text, strlen(text), &error, &json) != SML_OK) {
        fail_msg("%s: byte %zu: %s", text, error.position, error.reason);
    }
    return json;
}

static void refuses_bytes(sml_ctx *ctx, const char *text, size_t length, size_t position)
{
    sml__json_error error = {"", 0};
    json_t *json = NULL;
    assert_int_equal(sml__json_read(ctx, text, length, &error, &json), SML_BAD_FILE);
    assert_null(json);
    assert_true(error.reason[0] != '\0');
    if (error.position != position) {
        fail_msg("%s: byte %zu, expected %zu: %s", text, error.position, position, error.reason);
    }
}

static void refuses(sml_ctx *ctx, const char *text, size_t position)
{
    refuses_bytes(ctx, text, strlen(text), position);
}

static void texts_come_back(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "\"\"",
        "9223372036854775807",
        "-9223372036854775808",
        "{\"b\":1,\"a\":[1,[2,{\"c\":null}]],\"\":0.5}",
        "[1e-300,2.5]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *json = reads(*state, texts[i]);
        char *text = sml__json_write(*state, json);
        assert_non_null(text);
        json_t *again = reads(*state, text);
        assert_true(json_equal(json, again));
        if (strchr(texts[i], '.') == NULL) {
            assert_string_equal(text, texts[i]);
        }
        json_decref(again);
        json_decref(json);
        sml__free(text);
    }
}

static void spaces_are_skipped(void **state)
{
    json_t *json = reads(*state, " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\" : [ ] } \n");
    char *text = sml__json_write(*state, json);
    assert_string_equal(text, "{\"a\":[1,2],\"b\":{},\"c\":[]}");
    sml__free(text);
    json_decref(json);
}

static void escapes_are_decoded(void **state)
{
    json_t *json =
        reads(*state, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"");
    assert_string_equal(json_string_value(json),
                        "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    json_decref(json);
    json = reads(*state, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\"");
    assert_int_equal(json_string_length(json), 13);
    json_decref(json);
}

static void numbers_are_exact(void **state)
{
    json_t *json = reads(*state, "[0.1,1E2,-0,-0.0,1e+2,2.2250738585072014e-308]");
    assert_true(json_real_value(json_array_get(json, 0)) == 0.1);
    assert_true(json_real_value(json_array_get(json, 1)) == 100.0);
    assert_true(json_is_integer(json_array_get(json, 2)));
    assert_true(signbit(json_real_value(json_array_get(json, 3))));
    assert_true(json_real_value(json_array_get(json, 4)) == 100.0);
    assert_true(json_real_value(json_array_get(json, 5)) == 2.2250738585072014e-308);
    json_decref(json);
}

static void wrong_texts_are_refused_at_their_place(void **state)
{
    refuses(*state, "", 0);
    refuses(*state, "   ", 3);
    refuses(*state, "{", 1);
    refuses(*state, "[1,]", 3);
    refuses(*state, "[1 2]", 3);
    refuses(*state, "[1", 2);
    refuses(*state, "{\"a\"}", 4);
    refuses(*state, "{\"a\":}", 5);
    refuses(*state, "{\"a\":1,}", 7);
    refuses(*state, "{\"a\":1 \"b\":2}", 7);
    refuses(*state, "{a:1}", 1);
    refuses(*state, "{1:1}", 1);
    refuses(*state, "{\"a\":1,\"a\":2}", 7);
    refuses(*state, "{\"a\":1,\"\\u0061\":2}", 7);
    refuses(*state, "{} {}", 3);
    refuses(*state, "tru", 0);
    refuses(*state, "nulll", 4);
    refuses(*state, "NaN", 0);
    refuses(*state, "'a'", 0);
}

static void wrong_numbers_are_refused(void **state)
{
    refuses(*state, "01", 1);
    refuses(*state, "-", 1);
    refuses(*state, "+1", 0);
    refuses(*state, ".5", 0);
    refuses(*state, "1.", 2);
    refuses(*state, "1e", 2);
    refuses(*state, "1e+", 3);
    refuses(*state, "0x10", 1);
    refuses(*state, "1e999", 0);
    refuses(*state, "9223372036854775808", 0);
    refuses(*state, "-9223372036854775809", 0);
    refuses(*state, "0.00000000000000000000000000000000000000000000000000000000000000000001", 0);
}

static void wrong_strings_are_refused(void **state)
{
    refuses(*state, "\"abc", 4);
    refuses(*state, "\"a\nb\"", 2);
    refuses(*state, "\"\\x\"", 2);
    refuses(*state, "\"\\", 2);
    refuses(*state, "\"\\u12\"", 5);
    refuses(*state, "\"\\u0000\"", 7);
    refuses(*state, "\"\\uD83D\"", 7);
    refuses(*state, "\"\\uDE00\"", 7);
    refuses(*state, "\"\\uD83D\\u0041\"", 13);
    refuses_bytes(*state, "\"a\0b\"", 5, 2);
    refuses_bytes(*state, "[1]\0", 4, 3);
}

/* RFC 3629: no bare continuation, no overlong form, no surrogates, nothing above U+10FFFF. */
static void what_is_not_utf8_is_refused(void **state)
{
    static const char *const wrong[] = {
        "\x80",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC3",
        "\xC3\x41",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xE2\x82",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[16];
        snprintf(text, sizeof text, "\"%s\"", wrong[i]);
        refuses(*state, text, 1);
        refuses_bytes(*state, text, strlen(text) - 1, 1);
    }
}

static void depth_and_number_are_capped(void **state)
{
    enum { LONG = 2 * SML__JSON_VALUES_MAX + 1 };
    char deep[101], *list = malloc(LONG + 1);
    memset(deep, '[', 100);
    deep[100] = '\0';
    refuses(*state, deep, 32);
    for (size_t i = 0; i < LONG; i++) {
        list[i] = ",0"[i % 2];
    }
    list[0] = '[';
    list[LONG - 1] = ']';
    sml__json_error error = {"", 0};
    json_t *json = NULL;
    assert_int_equal(sml__json_read(*state, list, LONG, &error, &json), SML_BAD_FILE);
    assert_string_equal(error.reason, "too many values, or values within values");
    free(list);
}

static void texts_that_are_not_utf8_become_ascii(void **state)
{
    json_t *json = sml__json_string(*state, "caf\xE9");
    assert_string_equal(json_string_value(json), "caf?");
    json_decref(json);
    json = sml__json_string(*state, "caf\xC3\xA9");
    assert_string_equal(json_string_value(json), "caf\xC3\xA9");
    json_decref(json);
}

/* Whatever bytes come: a status, and what is accepted can be written and read again. */
static void random_changes_never_crash(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\"],\"b\":{\"c\":null,\"d\":true}}";
    sml__random random;
    sml__random_init(&random, 1, SML__SAMPLE, 0, 0);
    for (int i = 0; i < 20000; i++) {
        char copy[sizeof text];
        sml__json_error error = {"", 0};
        json_t *json = NULL;
        memcpy(copy, text, sizeof text);
        for (uint32_t n = 1 + sml__random_below(&random, 4); n > 0; n--) {
            copy[sml__random_below(&random, sizeof text)] = (char)sml__random_u32(&random);
        }
        size_t length = sml__random_below(&random, sizeof text);
        if (sml__json_read(*state, copy, length, &error, &json) == SML_OK) {
            char *written = sml__json_write(*state, json);
            json_decref(reads(*state, written));
            sml__free(written);
        }
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(spaces_are_skipped),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(wrong_texts_are_refused_at_their_place),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(wrong_strings_are_refused),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(depth_and_number_are_capped),
        cmocka_unit_test(texts_that_are_not_utf8_become_ascii),
        cmocka_unit_test(random_changes_never_crash),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
