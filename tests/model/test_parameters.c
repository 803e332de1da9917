/* Settings: what is accepted, its canonical text, and what a refusal says. */
#include "fake.h"

#include "model/parameters.h"

#include <locale.h>

/* Sets name to value and compares the canonical text. */
static void accepts(sml_ctx *ctx, const char *name, const char *value, const char *canonical)
{
    sml_model *model = new_fake(ctx, NULL);
    assert_ok(ctx, sml_model_set(ctx, model, name, value));
    assert_string_equal(sml_model_get(model, name), canonical);
    sml_model_free(model);
}

/* A refusal leaves the setting and says each of the parts. */
static void refuses(sml_ctx *ctx, const char *name, const char *value, sml_status status,
                    const char *part, const char *other)
{
    sml_model *model = new_fake(ctx, NULL);
    char before[64] = "";
    const char *old = sml_model_get(model, name);
    snprintf(before, sizeof before, "%s", old != NULL ? old : "");
    assert_int_equal(sml_model_set(ctx, model, name, value), status);
    assert_error(ctx, part);
    assert_error(ctx, other);
    if (old != NULL) {
        assert_string_equal(sml_model_get(model, name), before);
    }
    sml_model_free(model);
}

static void defaults_are_set(void **state)
{
    sml_model *model = new_fake(*state, "");
    assert_string_equal(sml_model_get(model, "rounds"), "3");
    assert_string_equal(sml_model_get(model, "learning_rate"), "auto");
    assert_string_equal(sml_model_get(model, "hidden"), "8,4");
    assert_null(sml_model_get(model, "unheard_of"));
    sml_model_free(model);
}

static void texts_become_canonical(void **state)
{
    accepts(*state, "rounds", "+07", "7");
    accepts(*state, "rounds", "-0", "0");
    accepts(*state, "rounds", "1000", "1000");
    accepts(*state, "seed", "9007199254740991", "9007199254740991");
    accepts(*state, "learning_rate", "0.100", "0.1");
    accepts(*state, "learning_rate", "1e-3", "0.001");
    accepts(*state, "learning_rate", "1e-10", "1e-10");
    accepts(*state, "learning_rate", "0.30000000000000004", "0.30000000000000004");
    accepts(*state, "learning_rate", "10", "10");
    accepts(*state, "learning_rate", "auto", "auto");
    accepts(*state, "learning_rate", "9.5", "9.5");
    accepts(*state, "decay", "-0.0", "0");
    accepts(*state, "decay", "-1", "-1");
    accepts(*state, "outcome", "diverged", "diverged");
    accepts(*state, "hidden", "", "");
    accepts(*state, "hidden", "016,+2,100", "16,2,100");
}

static void wrong_numbers_are_refused(void **state)
{
    refuses(*state, "learning_rate", "-1", SML_BAD_ARGUMENT, "learning_rate: '-1' is below 0",
            "0 to 10");
    refuses(*state, "learning_rate", "10.5", SML_BAD_ARGUMENT, "'10.5' is above 10", "0 to 10");
    refuses(*state, "learning_rate", "nan", SML_BAD_ARGUMENT, "'nan'", "not a finite number");
    refuses(*state, "learning_rate", "inf", SML_BAD_ARGUMENT, "'inf'", "not a finite number");
    refuses(*state, "learning_rate", "1e999", SML_BAD_ARGUMENT, "'1e999'", "not a finite number");
    refuses(*state, "learning_rate", "0,1", SML_BAD_ARGUMENT, "'0,1'", "not a finite number");
    refuses(*state, "learning_rate", "", SML_BAD_ARGUMENT, "''", "not a finite number");
    refuses(*state, "decay", "auto", SML_BAD_ARGUMENT, "decay: 'auto'", "not a finite number");
    refuses(*state, "rounds", "auto", SML_BAD_ARGUMENT, "rounds: 'auto'", "not a whole number");
    refuses(*state, "rounds", "1.5", SML_BAD_ARGUMENT, "rounds: '1.5'", "not a whole number");
    refuses(*state, "seed", "18446744073709551615", SML_BAD_ARGUMENT,
            "seed: '18446744073709551615'", "not a whole number from 0 to 9007199254740991");
    refuses(*state, "rounds", "1001", SML_BAD_ARGUMENT, "'1001' is above", "0 to");
    refuses(*state, "rounds", "99999999999999999999", SML_BAD_ARGUMENT, "rounds", "0 to 1000");
}

static void wrong_lists_are_refused(void **state)
{
    refuses(*state, "hidden", "8,", SML_BAD_ARGUMENT, "hidden: ", "an empty place in '8,'");
    refuses(*state, "hidden", ",8", SML_BAD_ARGUMENT, "hidden: ", "an empty place in ',8'");
    refuses(*state, "hidden", "8,x,4", SML_BAD_ARGUMENT, "hidden: 'x'", "not a whole number");
    refuses(*state, "hidden", "8,0", SML_BAD_ARGUMENT, "hidden: '0' is below 1", "1 to");
}

static void unknown_words_get_the_nearest(void **state)
{
    refuses(*state, "lerning_rate", "1", SML_UNKNOWN_NAME, "unknown setting 'lerning_rate'",
            "did you mean 'learning_rate'");
    refuses(*state, "zzzzzz", "1", SML_UNKNOWN_NAME, "unknown setting 'zzzzzz'",
            "rounds, learning_rate, decay");
    refuses(*state, "outcome", "divergd", SML_UNKNOWN_NAME, "unknown outcome 'divergd'",
            "did you mean 'diverged'");
    refuses(*state, "outcome", "", SML_UNKNOWN_NAME, "unknown outcome ''", "ok");
    refuses(*state, "outcome", "ok|cancelled", SML_UNKNOWN_NAME, "unknown outcome", "cancelled");
}

static void a_very_long_text_is_refused(void **state)
{
    char text[2 * SML__SETTING_MAX];
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refuses(*state, "hidden", text, SML_BAD_ARGUMENT, "hidden: a text of 2047 bytes", "1023");
}

/* As many entries as fit into a text. */
static void a_long_list_is_kept_whole(void **state)
{
    char text[SML__SETTING_MAX];
    int64_t values[SML__SETTING_MAX];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 == 0 ? '7' : ',';
    }
    text[sizeof text - 1] = '\0';
    sml_model *model = new_fake(*state, NULL);
    assert_ok(*state, sml_model_set(*state, model, "hidden", text));
    assert_string_equal(sml_model_get(model, "hidden"), text);
    assert_int_equal(sml__setting_integers(model, "hidden", values, SML__SETTING_MAX), 512);
    assert_int_equal(values[511], 7);
    sml_model_free(model);
}

static void a_line_of_settings_is_parsed(void **state)
{
    sml_model *model = new_fake(*state, "  rounds=9\thidden=16,8  learning_rate=0.01 rounds=10\n");
    int64_t hidden[1];
    assert_int_equal(sml__setting_integer(model, "rounds"), 10);
    assert_int_equal(sml__setting_integers(model, "hidden", hidden, 1), 2);
    assert_int_equal(hidden[0], 16);
    assert_true(sml__setting_real(model, "learning_rate") == 0.01);
    assert_true(sml__setting_is(model, "outcome", "ok"));
    assert_ok(*state, sml_model_set(*state, model, "learning_rate", "auto"));
    assert_true(isnan(sml__setting_real(model, "learning_rate")));
    assert_ok(*state, sml_model_set(*state, model, "hidden", ""));
    assert_int_equal(sml__setting_integers(model, "hidden", hidden, 1), 0);
    sml_model_free(model);
}

static void a_wrong_line_creates_nothing(void **state)
{
    sml_ctx *ctx = *state;
    sml_model *model = NULL;
    assert_int_equal(sml__model_create(ctx, &fake, "rounds=9 fast", &model), SML_BAD_ARGUMENT);
    assert_error(ctx, "'fast' has no '='");
    assert_null(model);
    assert_int_equal(sml__model_create(ctx, &fake, "rouns=9", &model), SML_UNKNOWN_NAME);
    assert_error(ctx, "did you mean 'rounds'");
    assert_null(model);
    assert_int_equal(sml__model_create(ctx, &fake, "=9", &model), SML_UNKNOWN_NAME);
    assert_null(model);
}

/* A program that has a comma for its decimal point changes nothing. */
static void the_locale_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; i < 3 && set == NULL; i++) {
        set = setlocale(LC_ALL, names[i]);
    }
    accepts(*state, "learning_rate", "0.25", "0.25");
    refuses(*state, "learning_rate", "10.5", SML_BAD_ARGUMENT, "'10.5' is above 10", "0 to 10");
    refuses(*state, "learning_rate", "0,25", SML_BAD_ARGUMENT, "'0,25'", "not a finite number");
    setlocale(LC_ALL, "C");
    if (set == NULL) {
        print_message("no locale with a decimal comma is installed\n");
    }
}

static void the_registry_knows_its_algorithms(void **state)
{
    sml_ctx *ctx = *state;
    size_t count = 0;
    sml_model *model = NULL;
    const sml_parameter *table = sml_model_parameters("mlp", &count);
    assert_non_null(table);
    assert_true(sml__parameter_index(table, count, "learning_rate") < count);
    assert_null(sml_model_parameters("mpl", &count));
    assert_int_equal(count, 0);
    assert_string_equal(sml__algorithm_at(0)->name, "mlp");
    assert_null(sml__algorithm_at(1000));
    assert_int_equal(sml_model_create(ctx, "mpl", NULL, &model), SML_UNKNOWN_NAME);
    assert_error(ctx, "unknown algorithm 'mpl'; did you mean 'mlp'");
    assert_null(model);
}

/* Every default of every algorithm passes its own check and is canonical already. */
static void defaults_of_every_algorithm_are_valid(void **state)
{
    const sml__algorithm *algorithm;
    for (size_t a = 0; (algorithm = sml__algorithm_at(a)) != NULL; a++) {
        for (size_t i = 0; i < algorithm->n_parameters; i++) {
            const sml_parameter *row = &algorithm->parameters[i];
            char *canonical = NULL;
            double value = 0;
            assert_ok(*state,
                      sml__parameter_check(*state, row, row->default_text, &canonical, &value));
            assert_string_equal(canonical, row->default_text);
            sml__free(canonical);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(texts_become_canonical),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(unknown_words_get_the_nearest),
        cmocka_unit_test(a_very_long_text_is_refused),
        cmocka_unit_test(a_long_list_is_kept_whole),
        cmocka_unit_test(a_line_of_settings_is_parsed),
        cmocka_unit_test(a_wrong_line_creates_nothing),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(the_registry_knows_its_algorithms),
        cmocka_unit_test(defaults_of_every_algorithm_are_valid),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
