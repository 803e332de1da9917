/* Categories that a pipeline does not know: refused by the row of the file, or zeros and counted.
 */
#include "tables.h"

#include <scratchml/columns.h>

enum { MANY = 100000 };

static const char *const KNOWN[] = {"blue", "red"}, *const ALL[] = {"red", "grey", "blue", "pink"};

/* One column of categories, a row each. */
static sml_dataset *new_colours(sml_ctx *ctx, const char *const *names, size_t n,
                                const float *cells, size_t rows)
{
    sml__column column = {
        .name = "colour", .kind = SML__CATEGORICAL, .n_categories = n, .categories = names};
    const sml_schema schema = {.n = 1, .columns = &column, .has_names = 1};
    return new_table(ctx, "colours", &schema, cells, rows);
}

static sml__pipeline *fit_colours(sml_ctx *ctx)
{
    const sml__prepare_settings settings = {0};
    sml__pipeline *pipeline = NULL;
    sml_dataset *train = new_colours(ctx, KNOWN, 2, (const float[]){0, 1}, 2);
    assert_ok(ctx, sml__pipeline_fit(ctx, train, &settings, &pipeline));
    sml_dataset_free(train);
    return pipeline;
}

/* Each row is its own category, and the other data set lists them backwards: looking for each from
 * the start would compare 10^10 names, which takes minutes. */
static void many_categories_find_their_numbers(void **state)
{
    char(*texts)[12] = malloc(MANY * sizeof *texts);
    const char **names = malloc(MANY * sizeof *names), **backwards = malloc(MANY * sizeof *names);
    float *cells = malloc(MANY * sizeof *cells);
    const sml__prepare_settings settings = {.is_ordinal = 1, .scaling = SML__SCALE_NONE};
    sml__pipeline *pipeline = NULL;
    sml__binding *binding = NULL;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "name%06zu", i);
        names[i] = backwards[MANY - 1 - i] = texts[i];
        cells[i] = (float)i;
    }
    sml_dataset *train = new_colours(*state, names, MANY, cells, MANY);
    sml_dataset *data = new_colours(*state, backwards, MANY, cells, MANY);
    assert_ok(*state, sml__pipeline_fit(*state, train, &settings, &pipeline));
    assert_ok(*state, sml__pipeline_bind(*state, pipeline, data, &binding));
    for (int32_t i = 0; i < MANY; i++) {
        assert_int_equal(binding->codes[i], MANY - 1 - i);
    }
    sml__binding_free(binding);
    sml__pipeline_free(pipeline);
    sml_dataset_free(data);
    sml_dataset_free(train);
    free(cells);
    free(backwards);
    free(names);
    free(texts);
}

/* Rows in messages are those of the whole, whatever part of it is looked at. */
static void parts_name_the_row_of_the_whole(void **state)
{
    const float cells[] = {0, 2, 0, 2, 0, 0, 1, 3};
    const uint32_t rows[] = {0, 3, 4};
    sml__pipeline *pipeline = fit_colours(*state);
    sml_dataset *data = new_colours(*state, ALL, 4, cells, 8), *window, *selection, *inner, *ready;
    assert_ok(*state, sml_dataset_rows(*state, data, 2, 6, &window));
    assert_int_equal(sml__dataset_prepared(*state, window, pipeline, &ready), SML_BAD_DATA);
    assert_error_has(*state, "colours: row 6 (counted from 0), column 'colour'", "'grey'");
    assert_ok(*state, sml_dataset_select(*state, window, rows, 3, &selection)); /* rows 2, 5, 6 */
    assert_ok(*state, sml_dataset_rows(*state, selection, 2, 1, &inner));
    assert_int_equal(sml__dataset_prepared(*state, inner, pipeline, &ready), SML_BAD_DATA);
    assert_error_has(*state, "colours: row 6 (counted from 0)", "'grey'");
    sml_dataset_free(inner);
    sml_dataset_free(selection);
    sml_dataset_free(window);
    sml_dataset_free(data);
    sml__pipeline_free(pipeline);
}

static void a_data_set_can_let_them_through(void **state)
{
    const float cells[] = {0, 1, 2, 3, 1};
    sml__pipeline *pipeline = fit_colours(*state);
    sml_dataset *data = new_colours(*state, ALL, 4, cells, 5), *window = NULL;
    sml__binding *binding = NULL;
    sml__unknown unknown = {0};
    sml_dataset_allow_unknown(data, 1);
    float *out = prepared_rows(*state, data, pipeline);
    const float expected[] = {0, 1, 0, 0, 1, 0, 0, 0, 0, 0}; /* blue, red */
    assert_memory_equal(out, expected, sizeof expected);
    free(out);
    assert_ok(*state, sml_dataset_rows(*state, data, 2, 3, &window));
    assert_ok(*state, sml__pipeline_bind(*state, pipeline, window, &binding));
    assert_ok(*state, sml__pipeline_check(*state, pipeline, window, binding, &unknown));
    assert_int_equal(unknown.rows, 2);
    assert_string_equal(unknown.column, "colour");
    assert_string_equal(unknown.category, "pink");
    sml__binding_free(binding);
    sml_dataset_free(window);
    sml_dataset_allow_unknown(data, 0);
    assert_int_equal(sml__pipeline_bind(*state, pipeline, data, &binding), SML_BAD_DATA);
    assert_error_has(*state, "row 1", "'grey'");
    sml_dataset_free(data);
    sml__pipeline_free(pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_categories_find_their_numbers),
        cmocka_unit_test(parts_name_the_row_of_the_whole),
        cmocka_unit_test(a_data_set_can_let_them_through),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
