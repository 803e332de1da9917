/* Each formula is written twice, as a line of text and as MathML: both have the same signs in the
 * same order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/page.h"

enum { MOST = 1024 };

/* What brackets, fractions, roots and heights on the page say, and words. */
static const char *const LEFT_OUT[] = {
    " for ", " else ", " is ", " or ", " ", "_", "^",      "(", ")", "/", "[",
    "]",     "{",      "}",    ",",    ";", "~", "\u0302", "√", "⋅", "∈", ":",
};

/* One spelling for what text and MathML write differently. */
static const char *const SPELLED[][2] = {
    {"&gt;", ">"}, {"&lt;", "<"}, {"∑", "Σ"},  {"′", "'"}, {"−", "-"}, {"²", "2"}, {"₁", "1"},
    {"₂", "2"},    {"1/", ""},    {"1 /", ""}, {"½", "2"}, {"∂", "d"}, {"Δ", "D"}, {"\u00a0", ""},
};

/* The text of whichever of the table stands at `at`: its place, or n. */
static size_t found_at(const char *at, const char *const *texts, size_t n, size_t step)
{
    size_t i = 0;
    while (i < n && strncmp(at, texts[i * step], strlen(texts[i * step])) != 0) {
        i++;
    }
    return i;
}

static void canonical(const char *text, char *out)
{
    const size_t n_left = sizeof LEFT_OUT / sizeof LEFT_OUT[0];
    const size_t n_spelled = sizeof SPELLED / sizeof SPELLED[0];
    while (*text != '\0') {
        const size_t spelled = found_at(text, &SPELLED[0][0], n_spelled, 2);
        const size_t left = found_at(text, LEFT_OUT, n_left, 1);
        if (spelled < n_spelled) {
            out = stpcpy(out, SPELLED[spelled][1]);
            text += strlen(SPELLED[spelled][0]);
        } else if (left < n_left) {
            text += strlen(LEFT_OUT[left]) - (LEFT_OUT[left][1] != '\0' && text[0] == ' ');
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
}

/* What stands between the tags, without words and the 1 above a fraction's line. */
static void without_tags(const char *mathml, char *out)
{
    static const char one[] = "<mfrac><mrow><mn>1</mn></mrow>", words[] = "<mtext>";
    while (*mathml != '\0') {
        if (strncmp(mathml, one, sizeof one - 1) == 0) {
            mathml += sizeof one - 1;
        } else if (strncmp(mathml, words, sizeof words - 1) == 0) {
            mathml = strstr(mathml, "</mtext>");
        } else if (*mathml == '<') {
            mathml = strchr(mathml, '>') + 1;
        } else {
            *out++ = *mathml++;
        }
    }
    *out = '\0';
}

static int compare_signs(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* Of a derivative by z_k the line of text has 1/K at its end, and MathML as a factor in front. */
static int moves_its_factor(const char *name)
{
    return strstr(name, "delta_") != NULL && strstr(name, "norm") == NULL;
}

static void both_say_the_same(void **state)
{
    const sml_formula *formula;
    size_t differing = 0;
    (void)state;
    for (size_t i = 0; (formula = sml__formula_at(i)) != NULL; i++) {
        char bare[4 * MOST] = "", from_text[MOST], from_mathml[4 * MOST];
        assert_true(strlen(formula->mathml) < 4 * MOST && strlen(formula->text.utf8) < MOST);
        without_tags(formula->mathml, bare);
        canonical(bare, from_mathml);
        canonical(formula->text.utf8, from_text);
        if (moves_its_factor(formula->name)) {
            qsort(from_text, strlen(from_text), 1, compare_signs);
            qsort(from_mathml, strlen(from_mathml), 1, compare_signs);
        }
        if (strcmp(from_text, from_mathml) != 0) {
            print_error("%s:\n  %s\n  %s\n", formula->name, from_text, from_mathml);
            differing++;
        }
    }
    assert_int_equal(differing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_say_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
