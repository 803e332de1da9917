/* Facts about columns and rows, against NumPy's (tests/reference/make_data_reference.py). */
#include "support.h"

#include "data/rows.h"

#include <jansson.h>
#include <math.h>

enum { CELLS_MAX = 512 };

#define OK(call) assert_int_equal((call), SML_OK)

static const double RELATIVE = 1e-12;

typedef struct table {
    const json_t *json;
    size_t rows, columns;
    float cells[CELLS_MAX], values[CELLS_MAX];
    size_t starts[CELLS_MAX];
    uint32_t indices[CELLS_MAX];
    sml_dataset *data;
} table;

static double number(const json_t *json)
{
    assert_true(json_is_number(json) || json_is_null(json));
    return json_is_null(json) ? (double)NAN : json_number_value(json);
}

static double member(const json_t *object, const char *name)
{
    return number(json_object_get(object, name));
}

static void assert_near(double found, double expected)
{
    if (!(fabs(found - expected) <= RELATIVE * fabs(expected) + 1e-300)) {
        fail_msg("%.17g, expected %.17g", found, expected);
    }
}

/* Missing cells are legal where columns have a schema; its kinds do not matter here. */
static void open_table(sml_ctx *ctx, const json_t *json, int is_compressed, table *t)
{
    size_t entries = 0;
    t->json = json;
    t->rows = (size_t)member(json, "rows");
    t->columns = (size_t)member(json, "columns");
    t->starts[0] = 0;
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        t->cells[i] = (float)number(json_array_get(json_object_get(json, "cells"), i));
        if (t->cells[i] != 0 || signbit(t->cells[i])) { /* a listed zero is a zero */
            t->values[entries] = t->cells[i];
            t->indices[entries++] = (uint32_t)(i % t->columns);
        }
        t->starts[i / t->columns + 1] = entries;
    }
    const sml_data_view dense = {.rows = t->rows, .columns = t->columns, .features = t->cells};
    const sml_data_view listed = {.rows = t->rows,
                                  .columns = t->columns,
                                  .row_starts = t->starts,
                                  .column_indices = t->indices,
                                  .values = t->values};
    sml__column unnamed[CELLS_MAX] = {{0}};
    const sml_schema plain = {.n = t->columns, .columns = unnamed};
    sml_schema *schema = NULL;
    if (is_compressed) {
        OK(sml_dataset_from_memory(ctx, &listed, &t->data));
    } else {
        OK(sml__schema_copy(ctx, &plain, &schema));
        OK(sml__dataset_adopt_table(ctx, &dense, schema, NULL, 0, &t->data));
    }
}

static void check_columns(sml_ctx *ctx, const table *t)
{
    sml_column_facts facts;
    for (size_t c = 0; c < t->columns; c++) {
        const json_t *expected = json_array_get(json_object_get(t->json, "facts"), c);
        const json_t *numbers = json_object_get(expected, "numbers");
        OK(sml_dataset_column(ctx, t->data, c, &facts));
        assert_null(facts.name);
        assert_int_equal(facts.missing, (uint64_t)member(expected, "missing"));
        assert_int_equal(facts.is_integer, json_is_true(json_object_get(expected, "is_integer")));
        const double found[] = {facts.minimum, facts.maximum, facts.mean, facts.deviation};
        for (size_t i = 0; i < 4; i++) {
            assert_near(found[i], number(json_array_get(numbers, i)));
        }
    }
    assert_int_equal(sml_dataset_column(ctx, t->data, t->columns, &facts), SML_BAD_ARGUMENT);
}

static void check_profile(sml_ctx *ctx, const table *t)
{
    const json_t *range = json_object_get(t->json, "range");
    sml_data_profile p;
    OK(sml_dataset_profile(ctx, t->data, NULL, &p));
    assert_int_equal(p.rows, t->rows);
    assert_int_equal(p.rows - p.duplicate_rows, (uint64_t)member(t->json, "different"));
    assert_int_equal(p.missing, (uint64_t)member(t->json, "missing"));
    assert_near(p.density, member(t->json, "density"));
    assert_near(p.minimum, number(json_array_get(range, 0)));
    assert_near(p.maximum, number(json_array_get(range, 1)));
    assert_null(p.class_counts);
    assert_int_equal(p.shared_rows, 0);
    sml_data_profile_clear(&p);
}

static void tables_have_the_facts_of_numpy(void **state)
{
    sml_ctx *ctx = *state;
    json_t *all = json_load_file(SML_TEST_DATA "/reference/profile.json", 0, NULL), *each;
    const json_t *tables = json_object_get(all, "tables");
    static table t;
    size_t i;
    assert_int_equal(json_array_size(tables), 3);
    json_array_foreach(tables, i, each)
    {
        open_table(ctx, each, 0, &t);
        check_columns(ctx, &t);
        check_profile(ctx, &t);
        sml_dataset_free(t.data);
        if (member(each, "missing") == 0) { /* compressed rows have no missing cells */
            open_table(ctx, each, 1, &t);
            check_columns(ctx, &t);
            check_profile(ctx, &t);
            sml_dataset_free(t.data);
        }
    }
    json_decref(all);
}

/* Bytes and floats of the same value are the same row; a part counts for itself. */
static void planted_rows_are_found(void **state)
{
    sml_ctx *ctx = *state;
    enum { ROWS = 500, COLUMNS = 6 };
    static uint8_t bytes[ROWS * COLUMNS];
    static float floats[ROWS * COLUMNS];
    static int32_t labels[ROWS];
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        const size_t row = i / COLUMNS; /* rows differ: their number stands in them */
        bytes[i] = (uint8_t)(i % COLUMNS == 0 ? row % 251 : i % COLUMNS == 1 ? row / 251 : i % 3);
        labels[row] = row % 10 == 0;
    }
    for (size_t r = 0; r < 9; r++) { /* rows 400, 404, … are rows 0, 1, … */
        memcpy(bytes + (400 + 4 * r) * COLUMNS, bytes + r * COLUMNS, COLUMNS);
    }
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        floats[i] = (float)bytes[i] * 0.5F;
    }
    const sml_data_view narrow = {.rows = ROWS,
                                  .columns = COLUMNS,
                                  .bytes = bytes,
                                  .scale = 0.5F,
                                  .outputs = 2,
                                  .labels = labels};
    const sml_data_view wide = {.rows = ROWS, .columns = COLUMNS, .features = floats};
    sml_dataset *data = NULL, *other = NULL, *first = NULL, *second = NULL;
    sml_data_profile p;
    OK(sml_dataset_from_memory(ctx, &narrow, &data));
    OK(sml_dataset_from_memory(ctx, &wide, &other));
    OK(sml_dataset_profile(ctx, data, other, &p));
    assert_int_equal(p.duplicate_rows, 9);
    assert_int_equal(p.shared_rows, ROWS);
    assert_int_equal(p.class_counts[0], 450);
    assert_int_equal(p.class_counts[1], 50);
    sml_data_profile_clear(&p);
    assert_null(p.class_counts);
    OK(sml_dataset_rows(ctx, data, 0, 400, &first));
    OK(sml_dataset_select(ctx, other, (uint32_t[]){401, 404, 404, 432, 7}, 5, &second));
    OK(sml_dataset_profile(ctx, first, second, &p));
    assert_int_equal(p.duplicate_rows, 0);
    assert_int_equal(p.shared_rows, 4); /* all but row 401 */
    sml_data_profile_clear(&p);
    sml_dataset_free(second);
    sml_dataset_free(first);
    sml_dataset_free(other);
    sml_dataset_free(data);
}

static void facts_of_nothing(void **state)
{
    sml_ctx *ctx = *state;
    const float cells[] = {NAN, NAN}, two[] = {1, 2};
    sml__column column = {.name = "empty", .missing = 2};
    const sml_schema one = {.n = 1, .columns = &column, .has_names = 1};
    const sml_data_view view = {.rows = 2, .columns = 1, .features = cells};
    const sml_data_view wider = {.name = "wider", .rows = 1, .columns = 2, .features = two};
    sml_schema *schema = NULL;
    sml_dataset *data = NULL, *other = NULL;
    sml_column_facts facts;
    sml_data_profile p;
    OK(sml__schema_copy(ctx, &one, &schema));
    OK(sml__dataset_adopt_table(ctx, &view, schema, NULL, 0, &data));
    OK(sml_dataset_column(ctx, data, 0, &facts));
    assert_string_equal(facts.name, "empty");
    assert_int_equal(facts.missing, 2);
    assert_int_equal(facts.is_integer, 0);
    assert_true(isnan(facts.minimum) && isnan(facts.maximum) && isnan(facts.mean));
    assert_true(isnan(facts.deviation));
    OK(sml_dataset_profile(ctx, data, NULL, &p));
    assert_true(isnan(p.minimum) && isnan(p.maximum));
    assert_int_equal(p.duplicate_rows, 1); /* a missing cell equals a missing cell */
    sml_data_profile_clear(&p);
    OK(sml_dataset_from_memory(ctx, &wider, &other));
    assert_int_equal(sml_dataset_profile(ctx, data, other, &p), SML_BAD_SHAPE);
    assert_error_has(ctx, "memory has 1", "wider has 2");
    sml_data_profile_clear(&p);
    sml_dataset_free(other);
    sml_dataset_free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tables_have_the_facts_of_numpy),
        TEST(planted_rows_are_found),
        TEST(facts_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
