/* Pictures: well formed, with round numbers at the axes, points and lines where they belong, and
 * written whole. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail /* cmocka's; the program has a function of this name */
#include "svg.h"
#include "svg_curve.h"

static void assert_ticks(double low, double high, size_t most, const char *expected)
{
    double ticks[SVG_TICKS];
    char found[256] = "";
    const size_t n = svg_ticks(low, high, most, ticks);
    for (size_t i = 0, used = 0; i < n; i++) {
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.9g", i > 0 ? " " : "",
                                 fabs(ticks[i]) < 1e-12 ? 0.0 : ticks[i]);
    }
    assert_string_equal(found, expected);
}

static void ticks_are_round(void **state)
{
    (void)state;
    assert_ticks(0, 1, 6, "0 0.2 0.4 0.6 0.8 1");
    assert_ticks(-1.3, 2.6, 8, "-1 -0.5 0 0.5 1 1.5 2 2.5");
    assert_ticks(0.98, 1.01, 4, "0.98 0.99 1 1.01");
    assert_ticks(-1e-9, 7e-9, 5, "0 2e-09 4e-09 6e-09");
    assert_ticks(1, 60, 7, "10 20 30 40 50 60");
    assert_ticks(1234567, 1234569, 3, "1234567 1234568 1234569");
}

/* Whatever the range, there are some ticks, no more than asked for, all of them within. */
static void ticks_fit_every_range(void **state)
{
    (void)state;
    for (int i = 0; i < 4000; i++) {
        const double low = sin(i * 12.9898) * pow(10, i % 17 - 8);
        const double high = low + (1.1 + sin(i * 78.233)) * pow(10, i % 13 - 6);
        double ticks[SVG_TICKS];
        const size_t n = svg_ticks(low, high, 8, ticks);
        assert_in_range(n, 1, 8);
        for (size_t k = 0; k < n; k++) {
            assert_true(ticks[k] >= low - 1e-6 * (high - low));
            assert_true(ticks[k] <= high + 1e-6 * (high - low));
        }
    }
}

static void axes_have_margins_and_equal_units(void **state)
{
    (void)state;
    const svg_axis flat = svg_axis_for(5, 5, 0, 100), zero = svg_axis_for(0, 0, 0, 100);
    svg_plot plot = {.x = svg_axis_for(0, 100, 0, 400), .y = svg_axis_for(-1, 1, 300, 0)};
    assert_true(flat.low < 5 && flat.high > 5 && zero.low < 0 && zero.high > 0);
    assert_true(fabs(svg_at(&plot.x, plot.x.low) - 0) < 1e-9);
    assert_true(fabs(svg_at(&plot.y, 0) - 150) < 1e-9);
    svg_equal_units(&plot); /* far too different: as they are */
    assert_true(fabs(plot.y.high - 1.08) < 1e-9);
    plot.x = svg_axis_for(-1, 1, 0, 400);
    svg_equal_units(&plot);
    const double x_unit = svg_at(&plot.x, 1) - svg_at(&plot.x, 0);
    const double y_unit = svg_at(&plot.y, 0) - svg_at(&plot.y, 1);
    assert_true(fabs(x_unit - y_unit) < 1e-9);
    assert_true(fabs(svg_at(&plot.x, 0) - 200) < 1e-9); /* still in the middle */
}

/* Tags close in order, attributes stand in quotes, and & begins a reference by number. */
static void assert_well_formed(const char *text)
{
    char open[32][32];
    size_t depth = 0;
    for (const char *p = strchr(text, '<'); p != NULL; p = strchr(p, '<')) {
        const char *end = strchr(p, '>');
        const int closes = p[1] == '/';
        assert_non_null(end);
        char name[32];
        const size_t length = strcspn(p + 1 + closes, " />");
        assert_in_range(length, 1, sizeof name - 1);
        memcpy(name, p + 1 + closes, length);
        name[length] = '\0';
        if (closes) {
            assert_true(depth > 0);
            assert_string_equal(name, open[--depth]);
        } else {
            size_t quotes = 0;
            for (const char *c = p; c < end; c++) {
                quotes += *c == '"';
            }
            assert_int_equal(quotes % 2, 0);
            if (end[-1] != '/') {
                assert_true(depth < 32);
                memcpy(open[depth++], name, sizeof name);
            }
        }
        p = end;
    }
    assert_int_equal(depth, 0);
    for (const char *p = strchr(text, '&'); p != NULL; p = strchr(p + 1, '&')) {
        assert_true(p[1] == '#' && p[2] >= '1' && p[2] <= '9');
    }
}

static void names_cannot_break_the_markup(void **state)
{
    (void)state;
    static const char *const names[] = {"<script>&\"'", "\xFFno UTF-8\x01", "caf\xC3\xA9"};
    svg s = {0};
    svg_open(&s, 100, 100, "a<b & \"c\"", "\x1b[2J</desc>");
    svg_legend(&s, 0, 0, names, 3);
    buffer_print(&s, "</svg>");
    assert_well_formed(s.text);
    assert_null(strstr(s.text, "<script"));
    assert_null(strstr(s.text, "\x1b"));
    assert_non_null(strstr(s.text, "caf\xC3\xA9"));
    free(s.text);
}

/* Of x² + y² − 1, whose 0 is a circle: each end of each piece lies on it, to the curvature of a
 * cell (h²/4 = 0.0025) and the tenth of a unit that is printed; and the pieces are as long as it.
 */
static void contours_follow_the_function(void **state)
{
    (void)state;
    enum { N = 40, SIDE = 400 };
    const svg_plot plot = {.x = {-2, 2, 0, SIDE}, .y = {-2, 2, SIDE, 0}};
    float values[N * N];
    for (size_t i = 0; i < (size_t)N * N; i++) {
        const size_t row = i / N, column = i % N;
        const double x = -2 + 4 * ((double)column + 0.5) / N;
        const double y = -2 + 4 * ((double)row + 0.5) / N;
        values[i] = (float)(x * x + (y - 0.5) * (y - 0.5) - 1);
    }
    svg s = {0};
    svg_contour(&s, &plot, values, N, N);
    double length = 0, a[2], b[2];
    size_t pieces = 0;
    for (const char *p = strchr(strstr(s.text, "d=\""), 'M'); p != NULL; p = strchr(p + 1, 'M')) {
        char *end = NULL;
        a[0] = strtod(p + 1, &end);
        a[1] = strtod(end, &end);
        assert_int_equal(*end, 'L');
        b[0] = strtod(end + 1, &end);
        b[1] = strtod(end, &end);
        const double r = hypot(a[0] / 100 - 2, 2 - a[1] / 100 - 0.5);
        assert_true(fabs(r - 1) < 0.004);
        length += hypot(a[0] - b[0], a[1] - b[1]);
        pieces++;
    }
    assert_true(pieces > 40);
    assert_true(fabs(length / 100 - 2 * acos(-1.0)) < 0.1);
    free(s.text);
}

static void lines_break_where_nothing_is_known(void **state)
{
    (void)state;
    const svg_plot plot = {.x = {0, 4, 0, 40}, .y = {0, 4, 40, 0}};
    const double x[] = {0, 1, 2, 3, 4}, y[] = {4, 3, NAN, 1, 0};
    svg s = {0};
    svg_line(&s, &plot, x, y, 5, "line", 12);
    assert_string_equal(s.text,
                        "<path class=\"line s2\" d=\"M0.0 0.0L10.0 10.0M30.0 30.0L40.0 40.0\"/>\n");
    free(s.text);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word)) {
        n++;
    }
    return n;
}

/* With and without validation and metric; the old file stays when the new one cannot be written. */
static void learning_curves_have_their_lines(void **state)
{
    (void)state;
    char folder[] = "/tmp/scratchml-test-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/curve.svg", folder);
    session s = {.program = "test"};
    assert_int_equal(sml_ctx_create(NULL, &s.ctx), SML_OK);
    curve_record records[20];
    for (size_t i = 0; i < 20; i++) {
        const double epoch = (double)i + 1;
        records[i] = (curve_record){epoch, exp(-epoch / 5), NAN, NAN, NAN};
    }
    curve c = {.title = "moons",
               .subtitle = "mlp",
               .metric = "accuracy",
               .best_epoch = NAN,
               .records = records,
               .n = 20};
    assert_int_equal(svg_curve_save(&s, &c, path), 0);
    char *plain = read_file(path);
    assert_well_formed(plain);
    assert_int_equal(count(plain, "class=\"line s0\""), 2); /* one of them in the key */
    assert_int_equal(count(plain, "dashed s1"), 0);
    assert_int_equal(count(plain, ">epoch<"), 1);
    for (size_t i = 0; i < 20; i++) {
        records[i].validation_loss = records[i].loss + 0.01 * (double)(i * i) / 20;
        records[i].metric = 1 - records[i].loss / 2;
        records[i].validation_metric = 1 - records[i].validation_loss / 2;
    }
    c.best_epoch = 9;
    assert_int_equal(svg_curve_save(&s, &c, path), 0);
    char *whole = read_file(path);
    assert_well_formed(whole);
    assert_int_equal(count(whole, "class=\"line s0\""), 3);
    assert_int_equal(count(whole, "dashed s1"), 3);
    assert_int_equal(count(whole, ">epoch<"), 2);
    assert_int_equal(count(whole, ">accuracy<"), 1);
    assert_int_equal(count(whole, "best epoch 9"), 1);
    c.n = 1;
    assert_int_equal(svg_curve_save(&s, &c, path), 0);
    assert_int_equal(svg_curve_save(&s, &c, folder), EXIT_FAILED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
    free(plain);
    free(whole);
    sml_ctx_free(s.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(ticks_fit_every_range),
        cmocka_unit_test(axes_have_margins_and_equal_units),
        cmocka_unit_test(names_cannot_break_the_markup),
        cmocka_unit_test(contours_follow_the_function),
        cmocka_unit_test(lines_break_where_nothing_is_known),
        cmocka_unit_test(learning_curves_have_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
