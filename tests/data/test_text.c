/* Text files of numbers: what is read, and where a mistake is said to be. */
#include "support.h"

#include <locale.h>

static sml_status open_text_bytes(sml_ctx *ctx, const char *text, size_t length, sml_dataset **data)
{
    char path[1024];
    write_file(ctx, "rows.csv", text, length);
    return sml_dataset_open(ctx, path_in(ctx, "rows.csv", path), NULL, data);
}

static void assert_reads(sml_ctx *ctx, const char *text, size_t rows, size_t columns,
                         const float *values)
{
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    float row[16];
    if (open_text_bytes(ctx, text, strlen(text), &data) != SML_OK) {
        fail_msg("%s", sml_ctx_error(ctx));
    }
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_NONE);
    assert_int_equal(facts.rows, rows);
    assert_int_equal(facts.columns, columns);
    for (size_t r = 0; r < rows; r++) {
        sml_dataset_features(data, r, row);
        assert_memory_equal(row, values + r * columns, columns * sizeof *row);
    }
    sml_dataset_free(data);
}

static void assert_refused(sml_ctx *ctx, const char *text, sml_status status, const char *place,
                           const char *problem)
{
    sml_dataset *data = NULL;
    assert_int_equal(open_text_bytes(ctx, text, strlen(text), &data), status);
    assert_null(data);
    assert_error_has(ctx, place, problem);
}

static void separators_and_comments(void **state)
{
    const float values[] = {1, -2.5f, 3e2f, 4, 5, 6};
    assert_reads(*state, "1,-2.5,3e2\n4,5,6\n", 2, 3, values);
    assert_reads(*state, "1;-2.5;3e2\n4;5;6", 2, 3, values);
    assert_reads(*state, "1 -2.5\t3e2\n 4   5 6 \n", 2, 3, values);
    assert_reads(*state, "# a,b,c\r\n1 , -2.5 ,300\r\n\r\n4, 5, 6 # note\r\n   \n#", 2, 3, values);
    assert_reads(*state,
                 "\xef\xbb\xbf"
                 "1,-2.5,3e2\n4,5,6\n",
                 2, 3, values);
    assert_reads(*state, "1", 1, 1, values);
}

static void mistakes_are_named_by_line_and_column(void **state)
{
    assert_refused(*state, "1,2\n\n# x\n3,4,5\n", SML_BAD_DATA,
                   "rows.csv:4: ", "3 columns, expected 2");
    assert_refused(*state, "1,2\n3\n", SML_BAD_DATA, "rows.csv:2: ", "1 columns, expected 2");
    assert_refused(*state, "1,2\n3,x4\n", SML_BAD_DATA, "rows.csv:2: column 2: 'x4'",
                   "not a number");
    assert_refused(*state, "1,2\na,b\n", SML_BAD_DATA, "rows.csv:2: column 1: 'a'",
                   "a line of names must start with '#'");
    assert_refused(*state, "1,2\n3,nan\n", SML_BAD_DATA, "rows.csv:2: column 2: 'nan'", "refused");
    assert_refused(*state, "1,-inf\n", SML_BAD_DATA, "rows.csv:1: column 2: '-inf'", "float32");
    assert_refused(*state, "1e39\n", SML_BAD_DATA, "rows.csv:1: column 1: '1e39'", "float32");
    assert_refused(*state, "1,0x10\n", SML_BAD_DATA, "rows.csv:1: column 2: '0x10'",
                   "not a number");
    assert_refused(*state, "1,,2\n", SML_BAD_DATA, "rows.csv:1: column 2", "is empty");
    assert_refused(*state, "1,2,\n", SML_BAD_DATA, "rows.csv:1: column 3", "is empty");
    assert_refused(*state, ",1\n", SML_BAD_DATA, "rows.csv:1: column 1", "is empty");
    assert_refused(*state, "1;2\n1,5;2\n", SML_BAD_DATA, "rows.csv:2: column 1",
                   "both ',' and ';'");
}

static void files_without_numbers_are_refused(void **state)
{
    assert_refused(*state, "", SML_BAD_FILE, "rows.csv", "no row of data");
    assert_refused(*state, "# nothing\n\n", SML_BAD_FILE, "rows.csv", "no row of data");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    assert_int_equal(open_text_bytes(ctx, "1,2\0,3\n", 7, &data), SML_BAD_DATA);
    assert_error_has(ctx, "rows.csv:1: column 2: '2?'");
    assert_int_equal(open_text_bytes(ctx, "\x89PNG\r\n", 6, &data), SML_BAD_DATA);
    assert_error_has(ctx, "rows.csv:1: column 1: '?PNG'");
    char long_field[200];
    memset(long_field, '1', sizeof long_field);
    assert_int_equal(open_text_bytes(ctx, long_field, sizeof long_field, &data), SML_BAD_DATA);
    assert_error_has(ctx, "'11111111111111111111…'");
}

static void a_line_without_end_is_refused(void **state)
{
    enum { LENGTH = (1 << 24) + 1 };
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    char *text = malloc(LENGTH);
    assert_non_null(text);
    memset(text, '1', LENGTH);
    assert_int_equal(open_text_bytes(ctx, text, LENGTH, &data), SML_BAD_FILE);
    assert_error_has(ctx, "rows.csv:1: longer than 16777216 bytes");
    free(text);
}

static void many_rows_grow(void **state)
{
    enum { MANY = 5000 };
    sml_ctx *ctx = *state;
    static char text[MANY * 8];
    size_t length = 0;
    sml_dataset *data = NULL;
    float row[2];
    for (int i = 0; i < MANY; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%d 1\n", i);
    }
    assert_int_equal(open_text_bytes(ctx, text, length, &data), SML_OK);
    sml_dataset_features(data, MANY - 1, row);
    assert_true(row[0] == MANY - 1);
    sml_dataset_free(data);
}

static void the_locale_does_not_matter(void **state)
{
    const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    const float values[] = {1.5f, 2.25f};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof commas / sizeof commas[0] && found == NULL; i++) {
        found = setlocale(LC_ALL, commas[i]);
    }
    if (found == NULL) {
        skip();
    }
    assert_reads(*state, "1.5 2.25\n", 1, 2, values);
    setlocale(LC_ALL, "C");
}

static void standard_input_is_a_file_too(void **state)
{
    enum { MANY = 30000 }; /* past the first buffer */
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    char path[1024];
    int kept = dup(STDIN_FILENO);
    FILE *file = fopen(path_in(ctx, "input", path), "w");
    assert_non_null(file);
    for (int i = 0; i < MANY; i++) {
        fprintf(file, "%d,2\n", i);
    }
    fclose(file);
    assert_non_null(freopen(path, "r", stdin));
    assert_int_equal(sml_dataset_open(ctx, "-", NULL, &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.rows, MANY);
    assert_string_equal(facts.name, "standard input");
    sml_dataset_free(data);
    assert_int_equal(sml_dataset_open(ctx, "-", NULL, &data), SML_BAD_FILE); /* at its end */
    assert_error_has(ctx, "standard input: no row");
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(separators_and_comments),           TEST(mistakes_are_named_by_line_and_column),
        TEST(files_without_numbers_are_refused), TEST(bytes_that_are_no_text_are_refused),
        TEST(a_line_without_end_is_refused),     TEST(many_rows_grow),
        TEST(the_locale_does_not_matter),        TEST(standard_input_is_a_file_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
