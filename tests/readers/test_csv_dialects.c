/* Tables: dialects as Python's csv module reads them, delimiters and headers that are found. */
#include "readers/table.h"

#include "base/random.h"

#include <jansson.h>

/* "#1,#2,…,#n" */
static void list_columns(size_t n, char *text)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        used += (size_t)sprintf(text + used, "%s#%zu", i > 0 ? "," : "", i + 1);
    }
}

static int is_missing(const char *text)
{
    static const char *const words[] = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) == 0) {
            return 1;
        }
    }
    return 0;
}

static void assert_cell(const sml_dataset *data, size_t row, size_t column, const char *expected)
{
    const char *found = category(data, row, column);
    if (is_missing(expected) ? found != NULL : found == NULL || strcmp(found, expected) != 0) {
        fail_msg("row %zu, column %zu: '%s', expected '%s'", row, column,
                 found != NULL ? found : "(missing)", expected);
    }
}

/* Read as names, without a header, every cell must be the field that Python found. */
static void assert_case(sml_ctx *ctx, json_t *example)
{
    char columns[4096];
    json_t *rows = json_object_get(example, "rows"), *row, *field;
    const size_t n = json_array_size(json_array_get(rows, 0));
    size_t r, c;
    list_columns(n, columns);
    sml_dataset *data =
        TABLE(ctx, json_string_value(json_object_get(example, "text")), .header = -1,
              .delimiter = json_string_value(json_object_get(example, "delimiter"))[0],
              .categorical = columns);
    assert_int_equal(data->view.rows, json_array_size(rows));
    assert_int_equal(data->view.columns, n);
    json_array_foreach(rows, r, row)
    {
        json_array_foreach(row, c, field)
        {
            assert_cell(data, r, c, json_string_value(field));
        }
    }
    sml_dataset_free(data);
}

static void dialects_are_read_as_python_reads_them(void **state)
{
    json_error_t error;
    json_t *cases = json_load_file(SML_TEST_DATA "/reference/csv.json", 0, &error), *example;
    size_t i;
    assert_non_null(cases);
    assert_true(json_array_size(cases) > 120);
    json_array_foreach(cases, i, example)
    {
        assert_case(*state, example);
    }
    json_decref(cases);
}

enum { TABLES = 400, ROWS_MAX = 12, COLUMNS_MAX = 6, TEXT_MAX = 12 };

typedef struct random_table {
    size_t rows, columns;
    char cells[ROWS_MAX][COLUMNS_MAX][TEXT_MAX];
    char text[ROWS_MAX * COLUMNS_MAX * 2 * TEXT_MAX + 64];
    size_t length;
} random_table;

static void random_cell(sml__random *random, char *out)
{
    static const char *const pieces[] = {"a", "B", "\xc3\xa4", "\"", ",", "\n", " ", "1", ".", ";"};
    size_t used = 1;
    out[0] = 'x'; /* so that it is neither missing nor a number */
    out[1] = '\0';
    for (uint32_t n = sml__random_below(random, 5); n > 0; n--) {
        const char *piece = pieces[sml__random_below(random, 10)];
        used += (size_t)sprintf(out + used, "%s", piece);
    }
}

/* Quotes where it must, and sometimes where it need not. */
static void write_cell(sml__random *random, random_table *t, const char *text)
{
    const int must = strpbrk(text, "\",\n") != NULL || text[strlen(text) - 1] == ' ';
    const int quotes = must || sml__random_below(random, 4) == 0;
    if (quotes) {
        t->text[t->length++] = '"';
    }
    for (; *text != '\0'; text++) {
        t->text[t->length++] = *text;
        if (quotes && *text == '"') {
            t->text[t->length++] = '"';
        }
    }
    if (quotes) {
        t->text[t->length++] = '"';
    }
}

static void write_random_table(sml__random *random, random_table *t)
{
    const int returns = (int)sml__random_below(random, 2);
    t->rows = 1 + sml__random_below(random, ROWS_MAX);
    t->columns = 1 + sml__random_below(random, COLUMNS_MAX);
    t->length = 0;
    for (size_t r = 0; r < t->rows; r++) {
        for (size_t c = 0; c < t->columns; c++) {
            random_cell(random, t->cells[r][c]);
            write_cell(random, t, t->cells[r][c]);
            t->text[t->length++] = ',';
        }
        t->length--;
        if (returns) {
            t->text[t->length++] = '\r';
        }
        t->text[t->length++] = '\n';
    }
    t->length -= sml__random_below(random, 2) == 0 ? 1 + (size_t)returns : 0;
    t->text[t->length] = '\0';
}

static void what_is_written_is_read(void **state)
{
    sml__random random;
    static random_table t;
    char columns[64];
    sml__random_init(&random, 11, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < TABLES; i++) {
        write_random_table(&random, &t);
        list_columns(t.columns, columns);
        sml_dataset *data =
            TABLE(*state, t.text, .header = -1, .delimiter = ',', .categorical = columns);
        assert_int_equal(data->view.rows, t.rows);
        for (size_t r = 0; r < t.rows; r++) {
            for (size_t c = 0; c < t.columns; c++) {
                assert_cell(data, r, c, t.cells[r][c]);
            }
        }
        sml_dataset_free(data);
    }
}

/* The loops look eight bytes ahead, and lean on a newline at the end: no length is special. */
static void every_length_is_read(void **state)
{
    char text[300];
    for (size_t digits = 1; digits < 200; digits++) {
        for (int ends = 0; ends < 2; ends++) {
            char *at = text + sprintf(text, "a,b\n7,0.");
            memset(at, '3', digits);
            sprintf(at + digits, "%s", ends ? "\n" : "");
            sml_dataset *data = TABLE(*state, text, .header = 1);
            assert_true(cell(data, 0, 1) == (float)strtod(text + 6, NULL));
            sml_dataset_free(data);
        }
    }
}

static void delimiters_are_found(void **state)
{
    static const char *const texts[] = {
        "a,b,c\n1,2,x\n3,4,y\n",           "a;b;c\n1;2;x\n3;4;y\n",
        "a\tb\tc\n1\t2\tx\n3\t4\ty\n",     "a|b|c\n1|2|x\n3|4|y\n",
        "a;b;c\n1;2;x,z\n3;4;y,z\n",       "a,b,c\n1,2,\"x;\"\n3,4,y;;\n",
        "a;b;c\n1,0;2,0;x\n3,0;4,0;y,,\n", "1,0;2,0;x,z\n3,0;4,0;y,z\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sml_dataset *data = TABLE(*state, texts[i], 0);
        assert_int_equal(data->view.columns, 3);
        assert_int_equal(data->view.rows, 2);
        assert_true(cell(data, 0, 0) == 1 && cell(data, 1, 1) == 4);
        assert_int_equal(category(data, 1, 2)[0], 'y');
        sml_dataset_free(data);
    }
}

static void headers_are_found(void **state)
{
    const struct {
        const char *text;
        int header, found;
    } cases[] = {
        {"a,b\n1,2\n", 0, 1},
        {"5.1,red\n4,blue\n", 0, 0},
        {"red,x\nblue,x\nred,y\n", 0, 0},
        {"colour,x\nred,y\n", 0, 1},
        {"a,b\n1,2\n", -1, 0},
        {"1,x\n3,y\n", 1, 1},
        {"name,2020\nx,5\n", 0, 0},
        {"name,2020,z\nx,5,5\n", 0, 1},
        {",a\nx,1\ny,2\n", 0, 1},
        {"a,b\n1,x\n", 0, 1},
        {"x,1\n", 0, 0},
        {"\n\na,b\n\n1,2\n", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_dataset *data = TABLE(*state, cases[i].text, .header = cases[i].header);
        if (data->schema->has_names != cases[i].found) {
            fail_msg("header %d in: %s", data->schema->has_names, cases[i].text);
        }
        assert_string_equal(data->schema->columns[1].name,
                            cases[i].found ? data->schema->columns[1].name : "2");
        sml_dataset_free(data);
    }
    /* A name that is asked for is in a header. */
    sml_dataset *data = TABLE(*state, "1999,2000\n5,6\n", .target = "2000");
    assert_int_equal(data->schema->has_names, 1);
    sml_dataset_free(data);
    data = TABLE(*state, ",a,\n1,2,3\n", 0);
    assert_column(data, 0, "1", SML__NUMERIC, 0, 1);
    assert_column(data, 2, "3", SML__NUMERIC, 0, 1);
    sml_dataset_free(data);
}

/* Excel's first line and comments, and what only looks like them. */
static void what_stands_before_the_header(void **state)
{
    const struct {
        const char *text;
        size_t rows, columns;
        int header;
        const char *name; /* of the first column */
        float first;      /* cell of row 0 */
    } cases[] = {
        {"sep=;\na;b\n1;2\n", 1, 2, 1, "a", 1},
        {"sep=;\r\na;b\r\n1,5;2\r\n", 1, 2, 1, "a", 1.5F},
        {"SEP=|\na|b\n1|2\n", 1, 2, 1, "a", 1},
        {"\"sep=;\"\na;b\n1;2\n", 1, 2, 1, "a", 1},
        {"\xef\xbb\xbfsep=\t\na\tb\n1\t2\n", 1, 2, 1, "a", 1},
        {"sep=!\na,1!b\n1!2\n", 1, 2, 1, "a,1", 1},
        {"sep=;\n3;4\n", 1, 2, 0, "1", 3},
        {"# from a sensor\na,b\n1,2\n", 1, 2, 1, "a", 1},
        {"# one\n\n#two, three, four\na,b\n1,2\n", 1, 2, 1, "a", 1},
        {"sep=;\n# one\na;b\n1;2\n", 1, 2, 1, "a", 1},
        {"# one\n7,8\n1,2\n", 2, 2, 0, "1", 7},
        {"# \"quoted, a,b,c\"\na,b\n1,2\n", 1, 2, 1, "a", 1},
        /* as many fields as the others: records */
        {"#id,b\n1,2\n", 1, 2, 1, "#id", 1},
        {"# one\n#id,b\n1,2\n3,4\n", 2, 2, 1, "#id", 1},
        {"#id,b\n# one\na,c\n1,2\n", 1, 2, 1, "a", 1},
        {"#a\n1\n2\n", 2, 1, 1, "#a", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_dataset *data = TABLE(*state, cases[i].text, .drop = "");
        if (data->view.rows != cases[i].rows || data->view.columns != cases[i].columns ||
            data->schema->has_names != cases[i].header ||
            strcmp(data->schema->columns[0].name, cases[i].name) != 0 ||
            cell(data, 0, 0) != cases[i].first) {
            fail_msg("%zu rows of %zu columns, first '%s' (%g) in: %s", data->view.rows,
                     data->view.columns, data->schema->columns[0].name, (double)cell(data, 0, 0),
                     cases[i].text);
        }
        sml_dataset_free(data);
    }
    /* The option counts, and without any option comments hide no table. */
    sml_dataset *data = TABLE(*state, "sep=;\na,b;c\n1,2;x\n", .delimiter = ',');
    assert_int_equal(data->view.columns, 2);
    assert_string_equal(data->schema->columns[1].name, "b;c");
    sml_dataset_free(data);
    data = TABLE(*state, "# one\na,b\n1,2\n", .header = 0);
    assert_int_equal(data->schema->has_names, 1);
    sml_dataset_free(data);
    /* Lines of the file are counted with those that were skipped. */
    REFUSES(*state, "# one\n\na,b\n1,2\n3\n", OPTIONS(0), SML_BAD_DATA,
            "t.csv:5: 1 columns, expected 2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dialects_are_read_as_python_reads_them),
        TEST(what_is_written_is_read),
        TEST(every_length_is_read),
        TEST(delimiters_are_found),
        TEST(headers_are_found),
        TEST(what_stands_before_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
