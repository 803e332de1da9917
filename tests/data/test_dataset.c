/* Data sets from memory: what is refused, and what the rows say. */
#include "support.h"

#include "base/memory.h"
#include "data/rows.h"

#include <math.h>

static const float xs[] = {1, 2, 3, 4, 5, 6};
static const int32_t labels[] = {1, 0, 2};
static const uint8_t bytes[] = {0, 51, 255, 9, 9, 9, 1, 2, 3, 9, 9, 9};

static sml_data_view three_rows(void)
{
    return (sml_data_view){
        .name = "three", .rows = 3, .columns = 2, .features = xs, .outputs = 3, .labels = labels};
}

static void assert_refused(sml_ctx *ctx, sml_data_view view, sml_status status, const char *text)
{
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), status);
    assert_null(data);
    assert_error_has(ctx, view.name, text);
}

static void facts_and_rows(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    float row[3];
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_string_equal(facts.name, "three");
    assert_string_equal(facts.split, "");
    assert_int_equal(facts.task, SML_TASK_CLASSIFICATION);
    assert_int_equal(facts.rows, 3);
    assert_int_equal(facts.columns, 2);
    assert_int_equal(facts.outputs, 3);
    assert_int_equal(facts.stored_as_bytes, 0);
    assert_float_equal(facts.scale, 1.0f, 0.0f);
    sml_dataset_features(data, 1, row);
    assert_memory_equal(row, &xs[2], 2 * sizeof *row);
    sml_dataset_targets(data, 2, row);
    assert_memory_equal(row, ((float[]){0, 0, 1}), sizeof row);
    assert_int_equal(sml_dataset_label(data, 0), 1);
    assert_string_equal(sml_dataset_class_name(data, 2), "2");
    assert_string_equal(sml_dataset_class_name(data, 3), "");
    sml_dataset_free(data);
    sml_dataset_free(NULL);
}

static void names_are_copied(void **state)
{
    sml_ctx *ctx = *state;
    char first[] = "cat", second[] = "dog", third[] = "";
    const char *names[] = {first, second, third};
    sml_data_view view = three_rows();
    sml_dataset *data = NULL;
    view.name = NULL;
    view.class_names = names;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    first[0] = 'x';
    names[1] = NULL;
    assert_string_equal(sml_dataset_class_name(data, 0), "cat");
    assert_string_equal(sml_dataset_class_name(data, 1), "dog");
    assert_string_equal(sml_dataset_class_name(data, 2), "");
    assert_string_equal(data->name, "memory");
    sml_dataset_free(data);
}

static void a_long_name_is_cut_at_a_character(void **state)
{
    sml_ctx *ctx = *state;
    char name[401] = "";
    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "é", 2);
    }
    sml_data_view view = three_rows();
    sml_dataset *data = NULL;
    view.name = name;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    assert_int_equal(strlen(data->name), 254);
    assert_memory_equal(data->name, name, 254);
    sml_dataset_free(data);
}

static void bytes_are_scaled_and_strides_skipped(void **state)
{
    sml_ctx *ctx = *state;
    const sml_data_view view = {
        .rows = 2, .columns = 3, .bytes = bytes, .row_stride = 6, .height = 1, .width = 3};
    sml_dataset *data = NULL;
    float row[3];
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    sml_dataset_features(data, 0, row);
    for (size_t i = 0; i < 3; i++) {
        assert_true(row[i] == (float)bytes[i] * (1.0f / 255.0f));
    }
    assert_true(row[2] == 1.0f);
    sml_dataset_features(data, 1, row);
    assert_true(row[2] == 3.0f * (1.0f / 255.0f));
    assert_int_equal(sml_dataset_label(data, 0), -1);
    sml_dataset_free(data);
}

static void gather_follows_the_order(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    const uint32_t order[] = {2, 0, 2};
    const float expected[] = {5, 6, 1, 2, 5, 6};
    sml_dataset *data = NULL;
    float out[6];
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    sml__dataset_gather(data, order, 0, 3, out, data->view.columns);
    assert_memory_equal(out, expected, sizeof out);
    sml__dataset_gather(data, NULL, 1, 2, out, data->view.columns);
    assert_memory_equal(out, &xs[2], 4 * sizeof *out);
    sml_dataset_free(data);
}

static void gather_of_bytes_equals_the_formula(void **state)
{
    sml_ctx *ctx = *state;
    enum { ROWS = 7, COLUMNS = 37 };
    uint8_t many[ROWS * COLUMNS];
    float out[ROWS * COLUMNS];
    uint32_t order[ROWS];
    for (size_t i = 0; i < sizeof many; i++) {
        many[i] = (uint8_t)(i * 97 + 13);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        order[i] = ROWS - 1 - i;
    }
    const sml_data_view view = {.rows = ROWS, .columns = COLUMNS, .bytes = many, .scale = 0.3f};
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    sml__dataset_gather(data, order, 0, ROWS, out, data->view.columns);
    for (size_t i = 0; i < sizeof many; i++) {
        size_t from = (ROWS - 1 - i / COLUMNS) * COLUMNS + i % COLUMNS;
        assert_true(out[i] == (float)many[from] * 0.3f);
    }
    sml_dataset_free(data);
}

static void a_window_borrows(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    sml_dataset *data = NULL, *window = NULL, *inner = NULL;
    sml_dataset_facts facts;
    float row[3];
    view.class_names = (const char *const[]){"a", "b", "c"};
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    assert_int_equal(sml_dataset_rows(ctx, data, 1, 2, &window), SML_OK);
    assert_int_equal(sml_dataset_rows(ctx, window, 1, 1, &inner), SML_OK);
    sml_dataset_describe(inner, &facts);
    assert_int_equal(facts.rows, 1);
    assert_ptr_equal(facts.name, inner->name);
    assert_int_equal(sml_dataset_label(inner, 0), 2);
    assert_string_equal(sml_dataset_class_name(inner, 2), "c");
    sml_dataset_features(inner, 0, row);
    assert_memory_equal(row, &xs[4], 2 * sizeof *row);
    sml_dataset_free(inner);
    sml_dataset_free(window);
    assert_string_equal(sml_dataset_class_name(data, 0), "a");
    sml_dataset_free(data);
}

static void a_window_outside_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    sml_dataset *data = NULL, *window = NULL;
    const size_t bad[][2] = {{0, 0}, {0, 4}, {3, 1}, {2, 2}, {1, SIZE_MAX}, {SIZE_MAX, 2}};
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sml_dataset_rows(ctx, data, bad[i][0], bad[i][1], &window),
                         SML_BAD_ARGUMENT);
        assert_null(window);
        assert_error_has(ctx, "three", "0…2");
    }
    sml_dataset_free(data);
}

static void nan_and_infinity_are_named_by_place(void **state)
{
    sml_ctx *ctx = *state;
    float spoilt[6] = {1, 2, 3, 4, 5, 6};
    sml_data_view view = three_rows();
    view.features = spoilt;
    spoilt[5] = NAN;
    assert_refused(ctx, view, SML_BAD_DATA, "row 2, column 1 (counted from 0) is nan");
    spoilt[5] = 6;
    spoilt[2] = -INFINITY;
    assert_refused(ctx, view, SML_BAD_DATA, "row 1, column 0 (counted from 0) is infinite");
}

static void a_nan_between_strided_rows_does_not_matter(void **state)
{
    sml_ctx *ctx = *state;
    const float gaps[] = {1, 2, NAN, 3, 4, NAN};
    const sml_data_view view = {.rows = 2, .columns = 2, .features = gaps, .row_stride = 3};
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    sml_dataset_free(data);
}

static void labels_out_of_range_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    int32_t wrong[] = {1, 0, 3};
    sml_data_view view = three_rows();
    view.labels = wrong;
    assert_refused(ctx, view, SML_BAD_DATA, "row 2 (counted from 0) has label 3");
    wrong[2] = 2;
    wrong[1] = -1;
    assert_refused(ctx, view, SML_BAD_DATA, "row 1 (counted from 0) has label -1");
}

static void impossible_shapes_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    view.rows = 0;
    assert_refused(ctx, view, SML_BAD_SHAPE, "0 rows of 2 columns");
    view = three_rows();
    view.columns = 0;
    assert_refused(ctx, view, SML_BAD_SHAPE, "3 rows of 0 columns");
    view = three_rows();
    view.rows = (size_t)UINT32_MAX + 1;
    assert_refused(ctx, view, SML_BAD_SHAPE, "at most 4294967295");
    view = three_rows();
    view.row_stride = SIZE_MAX / 4;
    assert_refused(ctx, view, SML_BAD_SHAPE, "overflow");
    view = three_rows();
    view.row_stride = 1;
    assert_refused(ctx, view, SML_BAD_SHAPE, "row_stride 1");
    view = three_rows();
    view.height = 2;
    view.width = 2;
    assert_refused(ctx, view, SML_BAD_SHAPE, "2 × 2");
    view = three_rows();
    view.height = 2;
    assert_refused(ctx, view, SML_BAD_SHAPE, "2 × 0");
    view = three_rows();
    view.outputs = 0;
    assert_refused(ctx, view, SML_BAD_SHAPE, "0 outputs");
}

static void contradictions_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    view.bytes = bytes;
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "exactly one of features and bytes");
    view = three_rows();
    view.features = NULL;
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "exactly one of features and bytes");
    view = three_rows();
    view.targets = xs;
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "at most one of labels and targets");
    view = three_rows();
    view.task = SML_TASK_REGRESSION;
    assert_refused(ctx, view, SML_BAD_SHAPE, "regression takes targets");
    view = three_rows();
    view.labels = NULL;
    assert_refused(ctx, view, SML_BAD_SHAPE, "no task");
    view.task = SML_TASK_CLASSIFICATION;
    assert_refused(ctx, view, SML_BAD_SHAPE, "needs labels or targets");
    view = (sml_data_view){.name = "b", .rows = 1, .columns = 1, .bytes = bytes, .scale = NAN};
    assert_refused(ctx, view, SML_BAD_ARGUMENT, "scale");
}

static void soft_labels_must_be_distributions(void **state)
{
    sml_ctx *ctx = *state;
    float soft[] = {0.2f, 0.8f, 0.5f, 0.5f, 1.0f, 0.0f};
    sml_data_view view = {.name = "soft",
                          .rows = 3,
                          .columns = 2,
                          .features = xs,
                          .task = SML_TASK_CLASSIFICATION,
                          .outputs = 2,
                          .targets = soft};
    sml_dataset *data = NULL;
    float row[2];
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    assert_int_equal(sml_dataset_label(data, 0), 1);
    assert_int_equal(sml_dataset_label(data, 1), 0);
    sml_dataset_targets(data, 0, row);
    assert_memory_equal(row, soft, sizeof row);
    sml_dataset_free(data);
    soft[3] = 0.49f;
    assert_refused(ctx, view, SML_BAD_DATA, "row 1 sum to 0.99");
    soft[2] = -0.5f;
    soft[3] = 1.5f;
    assert_refused(ctx, view, SML_BAD_DATA, "row 1, class 0 is -0.5");
    soft[2] = NAN;
    assert_refused(ctx, view, SML_BAD_DATA, "target 0 of row 1 (counted from 0) is nan");
}

static void multilabel_targets_lie_between_0_and_1(void **state)
{
    sml_ctx *ctx = *state;
    float yes_no[] = {1, 1, 0, 1, 0.5f, 0};
    sml_data_view view = {.name = "multi",
                          .rows = 3,
                          .columns = 2,
                          .features = xs,
                          .task = SML_TASK_MULTILABEL,
                          .outputs = 2,
                          .targets = yes_no};
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_from_memory(ctx, &view, &data), SML_OK);
    assert_int_equal(sml_dataset_label(data, 0), -1);
    sml_dataset_free(data);
    yes_no[5] = 1.25f;
    assert_refused(ctx, view, SML_BAD_DATA, "row 2, label 1 is 1.25");
    yes_no[5] = INFINITY;
    assert_refused(ctx, view, SML_BAD_DATA, "target 1 of row 2 (counted from 0) is infinite");
}

/* The expected digests come from Python's hashlib and struct over the layout in dataset.c. */
static void sha256_of_small_sets_is_known(void **state)
{
    sml_ctx *ctx = *state;
    const float two[] = {1, 2, 3, 4}, answers[] = {0.25f, -8.0f};
    const uint8_t wide[] = {1, 2, 77, 3, 4, 88};
    const sml_data_view floats = {
        .rows = 2, .columns = 2, .features = two, .outputs = 3, .labels = labels};
    const sml_data_view strided = {.rows = 2,
                                   .columns = 2,
                                   .bytes = wide,
                                   .row_stride = 3,
                                   .scale = 0.5f,
                                   .task = SML_TASK_REGRESSION,
                                   .outputs = 1,
                                   .targets = answers};
    sml_dataset *data = NULL;
    char digest[65];
    assert_int_equal(sml_dataset_from_memory(ctx, &floats, &data), SML_OK);
    assert_int_equal(sml_dataset_sha256(ctx, data, digest), SML_OK);
    assert_string_equal(digest, "fc9ad6264cba52d0b1ea392b70ef57134f420e3964ade301c7b22b2ce55f4cdd");
    sml_dataset_free(data);
    assert_int_equal(sml_dataset_from_memory(ctx, &strided, &data), SML_OK);
    assert_int_equal(sml_dataset_sha256(ctx, data, digest), SML_OK);
    assert_string_equal(digest, "e91932d998a7095982120f504b8ac387446c5cb50cdc7a3b85a51073186b430e");
    sml_dataset_free(data);
}

static void adopted_memory_is_freed_also_on_failure(void **state)
{
    sml_ctx *ctx = *state;
    sml_data_view view = three_rows();
    float *own = sml__alloc(ctx, 6, sizeof *own, "features");
    int32_t *classes = sml__alloc(ctx, 3, sizeof *classes, "labels");
    sml_dataset *data = NULL;
    assert_non_null(own);
    assert_non_null(classes);
    view.features = own;
    view.labels = classes;
    classes[1] = 9; /* the address sanitizer tells when the memory leaks */
    assert_int_equal(sml__dataset_adopt(ctx, &view, own, classes, &data), SML_BAD_DATA);
    assert_null(data);
}

static void tasks_have_names(void **state)
{
    (void)state;
    assert_string_equal(sml_task_name(SML_TASK_NONE), "none");
    assert_string_equal(sml_task_name(SML_TASK_MULTILABEL), "multilabel");
    assert_string_equal(sml_task_name((sml_task)99), "unknown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(facts_and_rows),
        TEST(names_are_copied),
        TEST(a_long_name_is_cut_at_a_character),
        TEST(bytes_are_scaled_and_strides_skipped),
        TEST(gather_follows_the_order),
        TEST(gather_of_bytes_equals_the_formula),
        TEST(a_window_borrows),
        TEST(a_window_outside_is_refused),
        TEST(nan_and_infinity_are_named_by_place),
        TEST(a_nan_between_strided_rows_does_not_matter),
        TEST(labels_out_of_range_are_refused),
        TEST(impossible_shapes_are_refused),
        TEST(contradictions_are_refused),
        TEST(soft_labels_must_be_distributions),
        TEST(multilabel_targets_lie_between_0_and_1),
        TEST(sha256_of_small_sets_is_known),
        TEST(adopted_memory_is_freed_also_on_failure),
        TEST(tasks_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
