/* Pipelines against scikit-learn (tests/reference/prepare.json, made by make_prepare.py there), and
 * what they refuse. */
#include "tables.h"

#include <jansson.h>

enum { COLUMNS_MAX = 8, CATEGORIES_MAX = 16, OUT_MAX = 64 };

static const double TOLERANCE = 1e-6;

static const char *text(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static int choice(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    fail_msg("unknown word %s", word);
    return -1;
}

static sml__prepare_settings settings_of(const json_t *json)
{
    static const char *const scalings[] = {"auto", "none", "standard", "min_max", "per_image"};
    static const char *const fillings[] = {"auto",   "refuse",        "mean",
                                           "median", "most_frequent", "zero"};
    return (sml__prepare_settings){
        .scaling = (sml__scaling)choice(text(json, "scaling"), scalings, 5),
        .filling = (sml__filling)choice(text(json, "missing"), fillings, 6),
        .is_ordinal = strcmp(text(json, "encoding"), "ordinal") == 0,
        .unknown_is_zeros = 1,
    };
}

/* The table of a case; the schema's arrays are the caller's. */
static void read_columns(const json_t *columns, sml__column *out,
                         const char *names[COLUMNS_MAX][CATEGORIES_MAX], char labels[][32])
{
    for (size_t c = 0; c < json_array_size(columns); c++) {
        const json_t *categories = json_object_get(json_array_get(columns, c), "categories");
        snprintf(labels[c], sizeof labels[c], "column %zu", c);
        out[c] = (sml__column){.name = labels[c]};
        if (categories != NULL) {
            out[c].kind = SML__CATEGORICAL;
            out[c].n_categories = json_array_size(categories);
            out[c].categories = names[c];
            for (size_t k = 0; k < out[c].n_categories; k++) {
                names[c][k] = json_string_value(json_array_get(categories, k));
            }
        }
    }
}

static float *read_cells(const json_t *cells, size_t rows, size_t columns)
{
    float *out = malloc(rows * columns * sizeof *out);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const json_t *cell = json_array_get(json_array_get(cells, r), c);
            const size_t rule = r * 7919 % 1009;
            const int is_rule = json_is_string(cells);
            out[r * columns + c] = is_rule              ? (r % 11 == 0 ? NAN : (float)rule / 16)
                                   : json_is_null(cell) ? NAN
                                                        : (float)json_number_value(cell);
        }
    }
    return out;
}

static void compare(size_t number, const json_t *expected, const float *found, size_t width)
{
    for (size_t r = 0; r < json_array_size(expected); r++) {
        for (size_t j = 0; j < width; j++) {
            const double x = json_number_value(json_array_get(json_array_get(expected, r), j));
            const double y = (double)found[r * width + j];
            if (!(fabs(x - y) <= TOLERANCE * fmax(1, fabs(x)))) {
                fail_msg("case %zu, row %zu, number %zu: %.9g, scikit-learn has %.9g", number, r, j,
                         y, x);
            }
        }
    }
}

static void run_case(sml_ctx *ctx, size_t number, const json_t *json)
{
    const json_t *columns = json_object_get(json, "columns");
    const size_t n = json_array_size(columns);
    const size_t rows = (size_t)json_integer_value(json_object_get(json, "rows"));
    const char *names[COLUMNS_MAX][CATEGORIES_MAX];
    char labels[COLUMNS_MAX][32];
    sml__column list[COLUMNS_MAX] = {0};
    assert_true(n > 0 && n <= COLUMNS_MAX && rows > 0);
    read_columns(columns, list, names, labels);
    const sml_schema schema = {.n = n, .columns = list, .has_names = 1};
    const sml__prepare_settings settings = settings_of(json);
    float *cells = read_cells(json_object_get(json, "cells"), rows, n);
    sml_dataset *data = new_table(ctx, "table", &schema, cells, rows);
    sml__pipeline *pipeline = NULL;
    assert_ok(ctx, sml__pipeline_fit(ctx, data, &settings, &pipeline));
    assert_int_equal(pipeline->n_out, json_integer_value(json_object_get(json, "width")));
    float *found = prepared_rows(ctx, data, pipeline);
    compare(number, json_object_get(json, "expected"), found, pipeline->n_out);
    free(found);
    free(cells);
    sml__pipeline_free(pipeline);
    sml_dataset_free(data);
}

static void gives_what_scikit_learn_gives(void **state)
{
    json_error_t error;
    json_t *all = json_load_file(SML_TEST_DATA "/reference/prepare.json", 0, &error);
    assert_non_null(all);
    const json_t *cases = json_object_get(all, "cases");
    assert_true(json_array_size(cases) >= 30);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        run_case(*state, i, json_array_get(cases, i));
    }
    json_decref(all);
}

static const char *const COLOURS[] = {"red", "blue", "green"};
static sml__column people_columns[] = {
    {.name = "age"},
    {.name = "colour", .kind = SML__CATEGORICAL, .n_categories = 3, .categories = COLOURS},
    {.name = "height"},
};
static const sml_schema PEOPLE = {.n = 3, .columns = people_columns, .has_names = 1};
static const float PEOPLE_CELLS[] = {20, 0, 1.5F, 30, 1, 1.75F, 40, 0, 2};

static sml__pipeline *fit_people(sml_ctx *ctx, sml__prepare_settings settings)
{
    sml_dataset *data = new_table(ctx, "people", &PEOPLE, PEOPLE_CELLS, 3);
    sml__pipeline *pipeline = NULL;
    assert_ok(ctx, sml__pipeline_fit(ctx, data, &settings, &pipeline));
    sml_dataset_free(data);
    return pipeline;
}

/* "green" occurs in no row, so the pipeline does not know it. */
static void keeps_the_categories_of_the_rows(void **state)
{
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    const sml__column *colour = &pipeline->schema->columns[1];
    assert_int_equal(colour->n_categories, 2);
    assert_string_equal(colour->categories[0], "blue");
    assert_string_equal(colour->categories[1], "red");
    assert_int_equal(pipeline->n_out, 4);
    sml__pipeline_free(pipeline);
}

/* Other order of columns, one more of them, and categories in another order. */
static void columns_are_found_by_name(void **state)
{
    static const char *const colours[] = {"blue", "red"};
    sml__column columns[] = {
        {.name = "height"},
        {.name = "colour", .kind = SML__CATEGORICAL, .n_categories = 2, .categories = colours},
        {.name = "shoes"},
        {.name = "age"},
    };
    const sml_schema schema = {.n = 4, .columns = columns, .has_names = 1};
    const float cells[] = {1.5F, 1, 99, 20, 1.75F, 0, 99, 30, 2, 1, 99, 40};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    sml_dataset *same = new_table(*state, "people", &PEOPLE, PEOPLE_CELLS, 3);
    sml_dataset *other = new_table(*state, "others", &schema, cells, 3);
    float *expected = prepared_rows(*state, same, pipeline);
    float *found = prepared_rows(*state, other, pipeline);
    assert_memory_equal(expected, found, 3 * pipeline->n_out * sizeof(float));
    free(expected);
    free(found);
    sml_dataset_free(same);
    sml_dataset_free(other);
    sml__pipeline_free(pipeline);
}

static void rows_come_in_any_order(void **state)
{
    const uint32_t order[] = {2, 0};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    sml_dataset *data = new_table(*state, "people", &PEOPLE, PEOPLE_CELLS, 3), *ready = NULL;
    float *all = prepared_rows(*state, data, pipeline);
    float out[2 * 7], row[4];
    assert_ok(*state, sml__dataset_prepared(*state, data, pipeline, &ready));
    for (int i = 0; i < 14; i++) {
        out[i] = -7;
    }
    sml__dataset_gather(ready, order, 0, 2, out, 7);
    assert_memory_equal(out, all + 8, 4 * sizeof(float));
    assert_memory_equal(out + 7, all, 4 * sizeof(float));
    assert_true(out[4] == -7 && out[6] == -7 && out[11] == -7); /* the gap of the stride */
    sml_dataset_features(ready, 1, row);
    assert_memory_equal(row, all + 4, 4 * sizeof(float));
    free(all);
    sml_dataset_free(ready);
    sml_dataset_free(data);
    sml__pipeline_free(pipeline);
}

/* Bytes have no table: they are scaled where it is asked for, and only then. */
static void scales_bytes(void **state)
{
    const uint8_t bytes[] = {0, 255, 51, 255, 102, 255};
    const sml_data_view view = {.rows = 3, .columns = 2, .bytes = bytes, .height = 1, .width = 2};
    sml_dataset *data = NULL, *ready = NULL;
    sml__pipeline *pipeline = NULL;
    assert_ok(*state, sml_dataset_from_memory(*state, &view, &data));
    assert_ok(*state, sml__pipeline_fit(*state, data, &(sml__prepare_settings){0}, &pipeline));
    assert_null(pipeline);
    const sml__prepare_settings min_max = {.scaling = SML__SCALE_MIN_MAX};
    assert_ok(*state, sml__pipeline_fit(*state, data, &min_max, &pipeline));
    float *out = prepared_rows(*state, data, pipeline);
    const float expected[] = {0, 0, 0.5F, 0, 1, 0};
    for (int i = 0; i < 6; i++) {
        assert_true(fabs((double)(out[i] - expected[i])) < 1e-6);
    }
    assert_ok(*state, sml__dataset_prepared(*state, data, pipeline, &ready));
    assert_int_equal(ready->view.width, 2); /* still a picture */
    sml_dataset_free(ready);
    free(out);
    sml__pipeline_free(pipeline);
    sml_dataset_free(data);
}

/* (x - mean) / max(sd, 1/√n) of each row, and 0 for a row without contrast. */
static void per_image_is_by_row(void **state)
{
    const float cells[] = {1, 2, 3, 6, 5, 5, 5, 5};
    const double sd = sqrt(3.5); /* mean 3, squares 4 1 0 9 */
    const double expected[] = {-2 / sd, -1 / sd, 0, 3 / sd, 0, 0, 0, 0};
    const sml__prepare_settings settings = {.scaling = SML__SCALE_PER_IMAGE};
    const sml_data_view view = {.rows = 2, .columns = 4, .features = cells};
    sml_dataset *data = NULL;
    sml__pipeline *pipeline = NULL;
    assert_ok(*state, sml_dataset_from_memory(*state, &view, &data));
    assert_ok(*state, sml__pipeline_fit(*state, data, &settings, &pipeline));
    float *out = prepared_rows(*state, data, pipeline);
    for (int i = 0; i < 8; i++) {
        assert_true(fabs((double)out[i] - expected[i]) < 1e-6);
    }
    free(out);
    sml__pipeline_free(pipeline);
    sml_dataset_free(data);
    data = new_table(*state, "people", &PEOPLE, PEOPLE_CELLS, 3);
    assert_int_equal(sml__pipeline_fit(*state, data, &settings, &pipeline), SML_BAD_DATA);
    assert_error_has(*state, "people", "'colour' is categorical", "per_image");
    assert_null(pipeline);
    sml_dataset_free(data);
}

/* What the engine may never see is refused before it runs. */
static void assert_refused(sml_ctx *ctx, const sml__pipeline *pipeline, const sml_schema *schema,
                           const float *cells, size_t rows, sml_status status)
{
    sml_dataset *data = new_table(ctx, "others", schema, cells, rows), *ready = NULL;
    assert_int_equal(sml__dataset_prepared(ctx, data, pipeline, &ready), status);
    assert_null(ready);
    sml_dataset_free(data);
}

static void names_an_unknown_category(void **state)
{
    static const char *const colours[] = {"blue", "rde", "red"};
    sml__column columns[3];
    memcpy(columns, people_columns, sizeof columns);
    columns[1].categories = colours;
    const sml_schema schema = {.n = 3, .columns = columns, .has_names = 1};
    const float cells[] = {20, 0, 1.5F, 30, 1, 1.75F, 30, 2, 1.75F};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    assert_refused(*state, pipeline, &schema, cells, 3, SML_BAD_DATA);
    assert_error_has(*state, "others: row 1", "column 'colour'", "unknown category 'rde'",
                     "did you mean 'red'?", "knows: blue, red", "unknown=zeros");
    assert_refused(*state, pipeline, &PEOPLE, (const float[]){1, 2, 1}, 1, SML_BAD_DATA);
    assert_error_has(*state, "row 0", "'green'");
    sml__pipeline_free(pipeline);

    pipeline = fit_people(*state, (sml__prepare_settings){.unknown_is_zeros = 1});
    sml_dataset *data = new_table(*state, "others", &schema, cells, 3);
    float *out = prepared_rows(*state, data, pipeline);
    assert_true(out[1] == 1 && out[2] == 0);
    assert_true(out[4 + 1] == 0 && out[4 + 2] == 0);
    assert_true(out[8 + 1] == 0 && out[8 + 2] == 1);
    free(out);
    sml_dataset_free(data);
    sml__pipeline_free(pipeline);
}

static void names_a_missing_column(void **state)
{
    sml__column columns[3];
    memcpy(columns, people_columns, sizeof columns);
    columns[2].name = "heigth";
    const sml_schema schema = {.n = 3, .columns = columns, .has_names = 1};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    assert_refused(*state, pipeline, &schema, PEOPLE_CELLS, 3, SML_BAD_SHAPE);
    assert_error_has(*state, "needs the column 'height'", "is it 'heigth'?");
    columns[2].name = "x";
    assert_refused(*state, pipeline, &schema, PEOPLE_CELLS, 3, SML_BAD_SHAPE);
    assert_error_has(*state, "needs the column 'height'", "it has: age, colour, x");
    sml__pipeline_free(pipeline);
}

static void names_a_wrong_kind(void **state)
{
    sml__column columns[3];
    memcpy(columns, people_columns, sizeof columns);
    columns[1] = (sml__column){.name = "colour"};
    const sml_schema numbers = {.n = 3, .columns = columns, .has_names = 1};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    assert_refused(*state, pipeline, &numbers, PEOPLE_CELLS, 3, SML_BAD_SHAPE);
    assert_error_has(*state, "'colour' holds numbers", "categories");
    memcpy(columns, people_columns, sizeof columns);
    columns[0] = people_columns[1];
    columns[0].name = "age";
    const sml_schema words = {.n = 3, .columns = columns, .has_names = 1};
    assert_refused(*state, pipeline, &words, (const float[]){0, 0, 1}, 1, SML_BAD_SHAPE);
    assert_error_has(*state, "'age' holds text such as 'red'");
    sml__pipeline_free(pipeline);
}

static void counts_columns_without_names(void **state)
{
    const float cells[] = {20, 0, 1.5F, 30, 1, 1.75F};
    const sml_data_view view = {.name = "plain", .rows = 2, .columns = 3, .features = cells};
    const sml_data_view wide = {.name = "wide", .rows = 1, .columns = 4, .features = cells};
    sml_dataset *data = NULL, *ready = NULL;
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    assert_ok(*state, sml_dataset_from_memory(*state, &view, &data));
    float *out = prepared_rows(*state, data, pipeline); /* codes are the pipeline's: 0 is blue */
    assert_true(out[1] == 1 && out[2] == 0 && out[5] == 0 && out[6] == 1);
    free(out);
    sml_dataset_free(data);
    assert_ok(*state, sml_dataset_from_memory(*state, &wide, &data));
    assert_int_equal(sml__dataset_prepared(*state, data, pipeline, &ready), SML_BAD_SHAPE);
    assert_error_has(*state, "wide", "expects 3 columns", "has 4");
    sml_dataset_free(data);
    sml__pipeline_free(pipeline);
}

/* Not a whole number, below 0, beyond the last: no category. */
static void refuses_numbers_that_are_no_category(void **state)
{
    const float bad[] = {0.5F, -1, 2, 3e9F};
    sml__pipeline *pipeline = fit_people(*state, (sml__prepare_settings){0});
    for (int i = 0; i < 4; i++) {
        const float cells[] = {20, bad[i], 1};
        const sml_data_view view = {.name = "plain", .rows = 1, .columns = 3, .features = cells};
        sml_dataset *data = NULL, *ready = NULL;
        assert_ok(*state, sml_dataset_from_memory(*state, &view, &data));
        assert_int_equal(sml__dataset_prepared(*state, data, pipeline, &ready), SML_BAD_DATA);
        assert_error_has(*state, "'colour'", "unknown category");
        sml_dataset_free(data);
    }
    sml__pipeline_free(pipeline);
}

static void refuses_missing_cells(void **state)
{
    const sml__prepare_settings refuse = {.filling = SML__FILL_REFUSE};
    const float gaps[] = {20, 0, 1.5F, 30, NAN, 1.75F, 30, NAN, 1};
    sml__pipeline *pipeline = NULL;
    sml_dataset *data = new_table(*state, "gaps", &PEOPLE, gaps, 3);
    assert_int_equal(sml__pipeline_fit(*state, data, &refuse, &pipeline), SML_BAD_DATA);
    assert_error_has(*state, "gaps", "'colour'", "2 cells", "row 1", "missing=refuse");
    sml_dataset_free(data);
    pipeline = fit_people(*state, refuse);
    assert_refused(*state, pipeline, &PEOPLE, gaps, 3, SML_BAD_DATA);
    assert_error_has(*state, "row 1", "'colour' has no value", "missing=refuse");
    /* A row on its own cannot be refused: a missing cell shows in what comes out. */
    const float row[] = {NAN, NAN, 1.75F};
    float out[4];
    sml__pipeline_apply(pipeline, NULL, row, out);
    assert_true(isnan(out[0]) && isnan(out[1]) && isnan(out[2]) && !isnan(out[3]));
    sml__pipeline_free(pipeline);
}

static void refuses_a_column_without_categories(void **state)
{
    const float gaps[] = {20, NAN, 1.5F, 30, NAN, 1.75F};
    const sml__prepare_settings defaults = {0};
    sml__pipeline *pipeline = NULL;
    sml_dataset *data = new_table(*state, "gaps", &PEOPLE, gaps, 2);
    assert_int_equal(sml__pipeline_fit(*state, data, &defaults, &pipeline), SML_BAD_DATA);
    assert_error_has(*state, "gaps", "'colour'", "no training row has a category");
    assert_null(pipeline);
    sml_dataset_free(data);
}

/* A table may have cells without a value; infinity is refused, and so is NaN elsewhere. */
static void only_tables_have_missing_cells(void **state)
{
    const float bad[] = {1, NAN, 3};
    const sml_data_view view = {.name = "plain", .rows = 1, .columns = 3, .features = bad};
    sml_dataset *data = NULL;
    sml_schema *schema = NULL;
    assert_int_equal(sml_dataset_from_memory(*state, &view, &data), SML_BAD_DATA);
    float *cells = sml__alloc(*state, 3, sizeof *cells, "cells");
    cells[0] = NAN;
    cells[2] = INFINITY;
    const sml_data_view table = {.name = "table", .rows = 1, .columns = 3, .features = cells};
    assert_ok(*state, sml__schema_copy(*state, &PEOPLE, &schema));
    assert_int_equal(
        sml__dataset_adopt_table(*state, &table, schema, (void *const[]){cells}, 1, &data),
        SML_BAD_DATA);
    assert_error_has(*state, "column 2", "infinite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_scikit_learn_gives),
        cmocka_unit_test(keeps_the_categories_of_the_rows),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(rows_come_in_any_order),
        cmocka_unit_test(scales_bytes),
        cmocka_unit_test(per_image_is_by_row),
        cmocka_unit_test(names_an_unknown_category),
        cmocka_unit_test(names_a_missing_column),
        cmocka_unit_test(names_a_wrong_kind),
        cmocka_unit_test(counts_columns_without_names),
        cmocka_unit_test(refuses_numbers_that_are_no_category),
        cmocka_unit_test(refuses_missing_cells),
        cmocka_unit_test(refuses_a_column_without_categories),
        cmocka_unit_test(only_tables_have_missing_cells),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
