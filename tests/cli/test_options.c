/* An option that is given again: the last value counts, and all of them are there in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* cmocka's; the program has a function of this name */
#include "options.h"

#include <getopt.h>

static const option_row set_row = TEXT_OPTION("set", "NAME=X", "a number to try");

static int parse(options *o, int argc, char **argv)
{
    static const option_row *const rows[] = {&set_row, &option_quiet, &option_threads, &option_help,
                                             NULL};
    optind = 0; /* getopt begins anew */
    options_create(o, "scratchml test", rows, NULL);
    return options_parse(o, argc, argv);
}

static void assert_all(const options *o, const char *name, const char *const *wanted, size_t n)
{
    size_t found = 99;
    const char *const *all = option_texts(o, name, &found);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(all[i], wanted[i]);
    }
}

static void every_value_is_kept(void **state)
{
    char *argv[] = {"test",  "--set", "a=1",  "model", "--set=b=2", "--threads", "2",
                    "--set", "",      "data", "-q",    "--set",     "a=3",       "--threads=4"};
    const char *const sets[] = {"a=1", "b=2", "", "a=3"}, *const threads[] = {"2", "4"};
    options o;
    (void)state;
    assert_int_equal(parse(&o, sizeof argv / sizeof argv[0], argv), 0);
    assert_all(&o, "set", sets, 4);
    assert_all(&o, "threads", threads, 2);
    assert_string_equal(option_text(&o, "set"), "a=3");
    assert_int_equal(option_number(&o, "threads"), 4);
    assert_int_equal(o.n_operands, 2);
    assert_string_equal(o.operands[1], "data");
    options_free(&o);
}

static void many_values(void **state)
{
    enum { MANY = 1000 };
    static char *argv[2 * MANY + 1], texts[MANY][16];
    const char *wanted[MANY];
    options o;
    (void)state;
    argv[0] = "test";
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "n=%d", i);
        argv[2 * i + 1] = "--set";
        argv[2 * i + 2] = texts[i];
        wanted[i] = texts[i];
    }
    assert_int_equal(parse(&o, 2 * MANY + 1, argv), 0);
    assert_all(&o, "set", wanted, MANY);
    options_free(&o);
}

static void none_and_wrong(void **state)
{
    char *none[] = {"test", "model"}, *wrong[] = {"test", "--threads", "2", "--threads", "x"};
    options o;
    (void)state;
    assert_int_equal(parse(&o, 2, none), 0);
    assert_all(&o, "set", NULL, 0);
    assert_false(option_given(&o, "set"));
    assert_string_equal(option_text(&o, "set"), "");
    options_free(&o);
    assert_int_equal(parse(&o, 5, wrong), 2);
    options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_kept),
        cmocka_unit_test(many_values),
        cmocka_unit_test(none_and_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
