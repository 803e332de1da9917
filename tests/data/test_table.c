/* Compressed rows, weights, missing cells and columns: what is refused, and what the rows say. */
#include "support.h"

#include "base/memory.h"
#include "data/rows.h"

#include <math.h>

#define OK(call) assert_int_equal((call), SML_OK)

/* Three rows of four columns: (0, 2.5, 0, -1), zeros, (4, 0, 0, 0). */
static const size_t starts[] = {0, 2, 2, 3};
static const uint32_t columns[] = {1, 3, 0};
static const float values[] = {2.5F, -1, 4};
static const int32_t labels[] = {1, 0, 2};

static sml_data_view compressed(void)
{
    return (sml_data_view){.name = "csr",
                           .rows = 3,
                           .columns = 4,
                           .row_starts = starts,
                           .column_indices = columns,
                           .values = values,
                           .outputs = 3,
                           .labels = labels};
}

static void assert_refused(sml_ctx *ctx, sml_data_view view, sml_status status, const char *text)
{
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), status);
    assert_null(data);
    assert_error_has(ctx, view.name, text);
}

static void compressed_rows_are_whole_again(void **state)
{
    sml_ctx *ctx = *state;
    const sml_data_view view = compressed();
    const uint32_t order[] = {2, 0, 1};
    sml_dataset *data = NULL, *window = NULL;
    sml_dataset_facts facts;
    float out[15];
    OK(sml_dataset_from_memory(ctx, &view, &data));
    sml_dataset_describe(data, &facts);
    assert_true(facts.is_compressed && !facts.stored_as_bytes && !facts.has_weights);
    assert_int_equal(facts.n_categorical, 0);
    for (size_t i = 0; i < 15; i++) {
        out[i] = 77;
    }
    sml__dataset_gather(data, order, 0, 3, out, 5);
    assert_memory_equal(out, ((float[]){4, 0, 0, 0, 77, 0, 2.5F, 0, -1, 77, 0, 0, 0, 0, 77}),
                        sizeof out);
    for (size_t c = 0; c < 4; c++) {
        assert_true(sml__dataset_value(data, 0, c) == out[5 + c]);
        assert_true(sml__dataset_value(data, 1, c) == 0);
    }
    OK(sml_dataset_rows(ctx, data, 1, 2, &window));
    sml_dataset_features(window, 1, out);
    assert_memory_equal(out, ((float[]){4, 0, 0, 0}), 4 * sizeof *out);
    assert_int_equal(sml_dataset_label(window, 1), 2);
    sml_dataset_free(window);
    sml_dataset_free(data);
}

static void broken_compressed_rows_are_named_by_place(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = compressed();
    view.row_starts = (size_t[]){1, 2, 2, 3};
    assert_refused(ctx, view, SML_BAD_DATA, "row_starts[0] is 1");
    view.row_starts = (size_t[]){0, 2, 1, 3};
    assert_refused(ctx, view, SML_BAD_DATA,
                   "row 1 (counted from 0) begins at entry 2 and ends at 1");
    view = compressed();
    view.column_indices = (uint32_t[]){1, 4, 0};
    assert_refused(ctx, view, SML_BAD_DATA, "row 0 (counted from 0) has column 4");
    view.column_indices = (uint32_t[]){3, 1, 0};
    assert_refused(ctx, view, SML_BAD_DATA, "row 0 (counted from 0) has column 1 after column 3");
    view.column_indices = (uint32_t[]){1, 1, 0};
    assert_refused(ctx, view, SML_BAD_DATA, "column 1 after column 1");
    view = compressed();
    view.values = (float[]){2.5F, -1, INFINITY};
    assert_refused(ctx, view, SML_BAD_DATA, "row 2, column 0 (counted from 0) is infinite");
    view.values = (float[]){2.5F, NAN, 4};
    assert_refused(ctx, view, SML_BAD_DATA, "row 0, column 3 (counted from 0) is nan");
    view = compressed();
    view.values = NULL;
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "together");
    view = compressed();
    view.features = values;
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "2 are set");
    view = compressed();
    view.columns = (size_t)UINT32_MAX + 1;
    assert_refused(ctx, view, SML_BAD_SHAPE, "at most 4294967295");
}

static void broken_weights_are_named_by_row(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = compressed();
    view.weights = (float[]){1, -0.5F, 2};
    assert_refused(ctx, view, SML_BAD_DATA, "weight of row 1 (counted from 0) is -0.5");
    view.weights = (float[]){1, 0, NAN};
    assert_refused(ctx, view, SML_BAD_DATA, "weight of row 2 (counted from 0) is nan");
    view.weights = (float[]){INFINITY, 0, 1};
    assert_refused(ctx, view, SML_BAD_DATA, "weight of row 0 (counted from 0) is inf");
    view.weights = (float[]){0, 0, 0};
    assert_refused(ctx, view, SML_BAD_DATA, "all weights are 0");
}

static void weights_are_those_of_the_rows(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = compressed();
    sml_dataset *data = NULL, *window = NULL;
    sml_dataset_facts facts;
    OK(sml_dataset_from_memory(ctx, &view, &data));
    assert_true(sml_dataset_weight(data, 2) == 1);
    sml_dataset_free(data);
    view.weights = (float[]){1, 0, 0.5F};
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_rows(ctx, data, 1, 2, &window));
    sml_dataset_describe(window, &facts);
    assert_true(facts.has_weights);
    assert_true(sml_dataset_weight(window, 0) == 0 && sml_dataset_weight(window, 1) == 0.5F);
    sml_dataset_free(window);
    sml_dataset_free(data);
}

/* A table of two columns, age and colour, that owns everything, with the given cells. */
static sml_status make_table(sml_ctx *ctx, const float cells[4], sml_dataset **out)
{
    static const char *const colours[] = {"blue", "green", "red"};
    sml__column two[] = {
        {.name = "age", .missing = 1},
        {.name = "colour", .kind = SML__CATEGORICAL, .n_categories = 3, .categories = colours}};
    const sml_schema names = {.n = 2, .columns = two, .has_names = 1, .target = "y"};
    sml_schema *schema = NULL;
    float *memory = sml__alloc(ctx, 4, sizeof *memory, "cells");
    assert_non_null(memory);
    memcpy(memory, cells, 4 * sizeof *memory);
    OK(sml__schema_copy(ctx, &names, &schema));
    const sml_data_view view = {.name = "table", .rows = 2, .columns = 2, .features = memory};
    return sml__dataset_adopt_table(ctx, &view, schema, (void *const[]){memory}, 1, out);
}

static void a_table_may_miss_cells(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *table = NULL;
    sml_dataset_facts facts;
    float row[2];
    OK(make_table(ctx, (float[]){1, NAN, NAN, 2}, &table));
    sml_dataset_features(table, 1, row);
    assert_true(isnan(row[0]) && row[1] == 2);
    sml_dataset_describe(table, &facts);
    assert_true(facts.has_column_names);
    assert_int_equal(facts.n_categorical, 1);
    sml_dataset_free(table);
    assert_int_equal(make_table(ctx, (float[]){1, NAN, 3, -INFINITY}, &table), SML_BAD_DATA);
    assert_null(table);
    assert_error_has(ctx, "row 1, column 1 (counted from 0) is infinite");
}

/* The expected digests come from Python's hashlib and struct over the layout in digest.c. */
static void digests_of_what_is_not_plain_are_known(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = compressed();
    sml_dataset *data = NULL;
    char digest[65];
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_sha256(ctx, data, digest));
    assert_string_equal(digest, "462d40c5cbad45a6488ae564c5e06b44555d777b0a3694cebd4519424be64427");
    sml_dataset_free(data);
    view.weights = (float[]){1, 0, 0.5F};
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_sha256(ctx, data, digest));
    assert_string_equal(digest, "b6308eafc706ad63f5d5a58a53a869a2b715dd4492e4acee63ca83ef6a9e3846");
    sml_dataset_free(data);
    OK(make_table(ctx, (float[]){1, NAN, 0, 2}, &data));
    OK(sml_dataset_sha256(ctx, data, digest));
    assert_string_equal(digest, "43ed755d0c152fb674c139667e00a86fff7c45b583d77e0db1cc78afd40468ee");
    sml_dataset_free(data);
}

static void parts_of_compressed_rows_have_the_digest_of_copies(void **state)
{
    sml_ctx *ctx = *state;
    const sml_data_view view = compressed();
    sml_data_view copy_view = view;
    sml_dataset *data = NULL, *part = NULL, *copy = NULL;
    char digest[65], expected[65];
    copy_view.rows = 2;
    copy_view.row_starts = (size_t[]){0, 1, 3};
    copy_view.column_indices = (uint32_t[]){0, 1, 3};
    copy_view.values = (float[]){4, 2.5F, -1};
    copy_view.labels = (int32_t[]){2, 1};
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_select(ctx, data, (uint32_t[]){2, 0}, 2, &part));
    OK(sml_dataset_from_memory(ctx, &copy_view, &copy));
    OK(sml_dataset_sha256(ctx, part, digest));
    OK(sml_dataset_sha256(ctx, copy, expected));
    assert_string_equal(digest, expected);
    sml_dataset_free(copy);
    sml_dataset_free(part);
    sml_dataset_free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(compressed_rows_are_whole_again),
        TEST(broken_compressed_rows_are_named_by_place),
        TEST(broken_weights_are_named_by_row),
        TEST(weights_are_those_of_the_rows),
        TEST(a_table_may_miss_cells),
        TEST(digests_of_what_is_not_plain_are_known),
        TEST(parts_of_compressed_rows_have_the_digest_of_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
