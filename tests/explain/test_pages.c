/* Pages: digits stand in cells that say where they come from, and nowhere else. */
#include "support.h"

#include "explain/page.h"
#include "nn/registry.h"

#include <locale.h>

static void number_texts(void **state)
{
    sml_ctx *ctx = new_context(1);
    (void)state;
    static const struct {
        double value;
        sml_digits digits;
        int decimals;
        const char *text;
    } cases[] = {
        {0.017045512, SML_DIGITS_VALUE, 0, "0.0170455"},
        {1.15849006175994873, SML_DIGITS_EXACT, 0, "1.15849006"},
        {4.81e-8, SML_DIGITS_SMALL, 0, "4.8e-08"},
        {101770, SML_DIGITS_COUNT, 0, "101,770"},
        {-1234567, SML_DIGITS_COUNT, 0, "-1,234,567"},
        {999, SML_DIGITS_COUNT, 0, "999"},
        {1017, SML_DIGITS_INDEX, 0, "1017"},
        {0.83036, SML_DIGITS_SHARE, 0, "83.04%"},
        {-0.5, SML_DIGITS_FIXED, 3, "-0.500"},
        {-0.0, SML_DIGITS_VALUE, 0, "0"},
        {INFINITY, SML_DIGITS_VALUE, 0, "inf"},
        {-INFINITY, SML_DIGITS_FIXED, 2, "-inf"},
        {NAN, SML_DIGITS_COUNT, 0, "nan"},
        {1e300, SML_DIGITS_COUNT, 0, "1e+300"},
    };
    const int has_locale = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL; /* decimal commas */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SML_NUMBER_TEXT];
        sml_number_text(ctx, cases[i].value, cases[i].digits, cases[i].decimals, text);
        assert_string_equal(text, cases[i].text);
    }
    setlocale(LC_NUMERIC, "C");
    print_message("with decimal commas: %s\n", has_locale ? "yes" : "no such locale");
    sml_ctx_free(ctx);
}

static void assert_ascii(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            fail_msg("no ASCII: %s", text);
        }
    }
}

static void assert_formula(const char *name)
{
    char ascii[256];
    const sml_formula *formula = sml__formula(name);
    if (formula == NULL) {
        fail_msg("%s has no formula", name);
        return;
    }
    assert_true(sml__spell(formula->text.utf8, ascii, sizeof ascii) < sizeof ascii);
    assert_ascii(ascii);
}

/* The next tag of MathML; the depth of elements after it. */
static int depth_after(const char *tag, int depth)
{
    const size_t length = strcspn(tag, ">");
    if (tag[1] == '/') {
        return depth - 1;
    }
    return tag[length - 1] == '/' ? depth : depth + 1;
}

static void every_part_has_a_formula(void **state)
{
#define NAME(name) #name,
    static const char *const names[] = {SML__LAYER_LIST(NAME) SML__LOSS_LIST(NAME)
                                            SML__OPTIMIZER_LIST(NAME)};
#undef NAME
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_formula(names[i]);
    }
}

static void formulas_are_well_formed(void **state)
{
    const sml_formula *formula;
    (void)state;
    for (size_t i = 0; (formula = sml__formula_at(i)) != NULL; i++) {
        int depth = 0;
        assert_formula(formula->name);
        assert_ptr_equal(sml__formula(formula->name), formula); /* names are not used twice */
        for (const char *tag = strchr(formula->mathml, '<'); tag != NULL;
             tag = strchr(tag + 1, '<')) {
            depth = depth_after(tag, depth);
            assert_true(depth >= 0);
        }
        assert_int_equal(depth, 0);
    }
}

/* A page of everything that a builder can make. */
static sml_page *built_page(sml_ctx *ctx)
{
    static const float picture[] = {0, 0.5F, 1, -1};
    sml_page *page = NULL;
    assert_ok(ctx, sml__page_new(ctx, &page));
    sml__before(page, "∂C/∂a of unit ");
    sml__number(page, 13, SML_SOURCE_SETTING, SML_DIGITS_INDEX, "units[%d]", 13);
    sml__end_heading(page, 1);
    sml__begin_table(page, "lrr", "name\t‖x‖\tterm");
    sml__name(page, "Σ of data", SML_SOURCE_DATA, "names[0]");
    sml__number(page, 12.5, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "values[0]");
    sml__number(page, 0.25, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "terms[0]")->bar = 0.25;
    sml__words(page, "the rest");
    sml__words(page, "");
    sml__number(page, -0.5, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED, "terms[1]")->bar = -0.5;
    sml__end_table(page);
    sml__end_formula(page, "dense");
    sml__end_picture(page, picture, 2, 2, 1, "picture");
    sml__words(page, "all");
    sml__end_check(page, 1);
    assert_ok(ctx, sml__page_finish(page, &page));
    return page;
}

static void builders(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_page *page = built_page(ctx);
    const sml_block *block = sml_page_block(page, 0);
    (void)state;
    assert_int_equal(block->kind, SML_BLOCK_HEADING);
    assert_string_equal(block->cells[0].before.utf8, "∂C/∂a of unit ");
    assert_string_equal(block->cells[0].before.ascii, "dC/da of unit ");
    assert_string_equal(block->cells[0].text.utf8, "13");
    assert_string_equal(block->cells[0].path, "units[13]");
    block = sml_page_block(page, 1);
    assert_int_equal(block->rows, 3);
    assert_int_equal(block->columns, 3);
    assert_string_equal(block->cells[1].before.ascii, "|x|");
    assert_string_equal(block->cells[3].text.ascii, "Σ of data"); /* a name is not ours to spell */
    assert_string_equal(block->cells[5].text.utf8, "0.250000");
    assert_string_equal(block->cells[8].text.utf8, "-0.500000");
    assert_true(block->cells[5].bar == 0.5 && block->cells[8].bar == -1);
    block = sml_page_block(page, 2);
    assert_string_equal(block->formula->text.ascii, "z_j = sum_i w_ji x_i + b_j");
    assert_true(sml_page_block(page, 3)->values[3] == -1);
    assert_int_equal(sml_page_block(page, 4)->holds, 1);
    assert_null(sml_page_block(page, 5));
    sml_page_free(page);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_texts),
        cmocka_unit_test(every_part_has_a_formula),
        cmocka_unit_test(formulas_are_well_formed),
        cmocka_unit_test(builders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
