/* LIBSVM text: what scikit-learn wrote gives its CSR arrays, and mistakes are named by line. */
#include "support.h"

#include "base/memory.h"
#include "data/readers/libsvm.h"

static sml_status parse(sml_ctx *ctx, const char *text, const sml_data_options *options,
                        sml__libsvm *parsed)
{
    static const sml_data_options none;
    return sml__libsvm_parse(ctx, "a.svm", text, strlen(text), options != NULL ? options : &none,
                             parsed);
}

/* The three arrays of CSR. */
static void assert_rows(const json_t *entry, const sml_data_view *view)
{
    const json_t *starts = json_object_get(entry, "row_starts");
    const json_t *indices = json_object_get(entry, "column_indices");
    assert_int_equal(view->rows + 1, json_array_size(starts));
    assert_int_equal(view->columns, size_of(entry, "columns"));
    for (size_t r = 0; r <= view->rows; r++) {
        assert_int_equal(view->row_starts[r], (size_t)number_at(starts, r));
    }
    assert_int_equal(view->row_starts[view->rows], json_array_size(indices));
    for (size_t i = 0; i < json_array_size(indices); i++) {
        assert_int_equal(view->column_indices[i], (uint32_t)number_at(indices, i));
        assert_true((double)view->values[i] == number_at(json_object_get(entry, "values"), i));
    }
}

static void assert_labels_or_targets(const json_t *entry, const sml_data_view *view)
{
    const json_t *labels = json_object_get(entry, "labels");
    const json_t *classes = json_object_get(entry, "classes");
    for (size_t r = 0; r < view->rows; r++) {
        if (labels != NULL) {
            assert_int_equal(view->labels[r], (int)number_at(labels, r));
        } else {
            assert_true((double)view->targets[r] ==
                        number_at(json_object_get(entry, "targets"), r));
        }
    }
    assert_int_equal(view->outputs, labels != NULL ? json_array_size(classes) : 1);
    for (size_t c = 0; view->class_names != NULL && c < view->outputs; c++) {
        assert_string_equal(view->class_names[c], json_string_value(json_array_get(classes, c)));
    }
}

static void what_scikit_learn_wrote_is_read(void **state)
{
    json_t *root = load_reference(), *entry = NULL;
    size_t i = 0, n = 0;
    json_array_foreach(json_object_get(root, "libsvm"), i, entry)
    {
        static const sml_data_options none;
        size_t length = 0;
        sml__libsvm parsed;
        unsigned char *text = read_reference(*state, text_of(entry, "file"), &length);
        assert_int_equal(
            sml__libsvm_parse(*state, "a.svm", (const char *)text, length, &none, &parsed), SML_OK);
        assert_rows(entry, &parsed.view);
        assert_labels_or_targets(entry, &parsed.view);
        sml__libsvm_free(&parsed);
        sml__free(text);
        n++;
    }
    assert_int_equal(n, 3);
    json_decref(root);
}

/* Through the public door: rows as float32, zeros between the entries. */
static void a_file_opens_as_a_data_set(void **state)
{
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    float row[12];
    reference_path("classes.svm", path);
    assert_int_equal(sml_dataset_open(*state, path, NULL, &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.rows, 7);
    assert_int_equal(facts.columns, 12);
    assert_string_equal(sml_dataset_class_name(data, (size_t)sml_dataset_label(data, 1)), "-1");
    sml_dataset_features(data, 0, row);
    assert_true(row[0] == 1.0f && row[11] == -0.25f);
    sml_dataset_features(data, 2, row);
    for (size_t c = 0; c < 12; c++) {
        assert_true(row[c] == 0.0f);
    }
    sml_dataset_free(data);
}

static void blanks_comments_and_zeros(void **state)
{
    sml__libsvm parsed;
    const char *text =
        "\xef\xbb\xbf# of: three rows\r\n+1 1:0.5\t3:0 4:-2e1 # c:d\r\n\n  \n0\n1 2:1";
    assert_int_equal(parse(*state, text, NULL, &parsed), SML_OK);
    const size_t starts[] = {0, 2, 2, 3};
    const uint32_t columns[] = {0, 3, 1};
    const float values[] = {0.5f, -20.0f, 1.0f};
    assert_int_equal(parsed.view.rows, 3);
    assert_int_equal(parsed.view.columns, 4);
    assert_memory_equal(parsed.view.row_starts, starts, sizeof starts);
    assert_memory_equal(parsed.view.column_indices, columns, sizeof columns);
    assert_memory_equal(parsed.view.values, values, sizeof values);
    assert_int_equal(parsed.view.outputs, 2);
    assert_null(parsed.view.class_names);
    sml__libsvm_free(&parsed);
}

static void options_decide_task_and_columns(void **state)
{
    const sml_schema model = {.n = 9};
    sml_data_options options = {.task = SML_TASK_REGRESSION, .like = &model};
    sml__libsvm parsed;
    assert_int_equal(parse(*state, "3 1:1\n4 2:1\n", &options, &parsed), SML_OK);
    assert_int_equal(parsed.view.columns, 9);
    assert_int_equal(parsed.view.task, SML_TASK_REGRESSION);
    assert_true(parsed.view.targets[1] == 4.0f);
    sml__libsvm_free(&parsed);
    assert_int_equal(parse(*state, "3 10:1\n", &options, &parsed), SML_BAD_DATA);
    assert_error_has(*state, "a.svm: the largest index is 10", "9 columns");
    sml__libsvm_free(&parsed);
    options = (sml_data_options){.task = SML_TASK_CLASSIFICATION};
    assert_int_equal(parse(*state, "0.5 1:1\n-2 2:1\n", &options, &parsed), SML_OK);
    assert_string_equal(parsed.view.class_names[1], "0.5");
    assert_int_equal(parsed.view.labels[0], 1);
    sml__libsvm_free(&parsed);
}

/* Whoever says what indices count from is believed, and an index that contradicts is named. */
static void the_base_can_be_said(void **state)
{
    static const struct {
        const char *text;
        sml_index_base said, taken;
        size_t columns;
        uint32_t first;
    } cases[] = {
        {"1 1:1 3:2\n", SML_INDEX_AUTO, SML_INDEX_FROM_1, 3, 0},
        {"1 0:1 3:2\n", SML_INDEX_AUTO, SML_INDEX_FROM_0, 4, 0},
        {"1 1:1 3:2\n", SML_INDEX_FROM_0, SML_INDEX_FROM_0, 4, 1},
        {"1 1:1 3:2\n", SML_INDEX_FROM_1, SML_INDEX_FROM_1, 3, 0},
        {"1 0:1 3:2\n", SML_INDEX_FROM_0, SML_INDEX_FROM_0, 4, 0},
    };
    sml__libsvm parsed;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sml_data_options options = {.index_base = cases[i].said};
        assert_int_equal(parse(*state, cases[i].text, &options, &parsed), SML_OK);
        assert_int_equal(parsed.base, cases[i].taken);
        assert_int_equal(parsed.view.columns, cases[i].columns);
        assert_int_equal(parsed.view.column_indices[0], cases[i].first);
        sml__libsvm_free(&parsed);
    }
    const sml_data_options from_1 = {.index_base = SML_INDEX_FROM_1};
    assert_int_equal(parse(*state, "1 1:1\n\n1 0:0 3:2\n", &from_1, &parsed), SML_BAD_DATA);
    assert_error_has(*state, "a.svm:3: '0:0' has index 0", "--index-base 0");
    sml__libsvm_free(&parsed);
    const sml_schema model = {.n = 3};
    const sml_data_options from_0 = {.index_base = SML_INDEX_FROM_0, .like = &model};
    assert_int_equal(parse(*state, "1 1:1 3:2\n", &from_0, &parsed), SML_BAD_DATA);
    assert_error_has(*state, "the largest index is 3", "--index-base 1");
    sml__libsvm_free(&parsed);
}

static void mistakes_are_named_by_line(void **state)
{
    static const struct {
        const char *text, *place, *problem;
    } mistakes[] = {
        {"1 1:1\n1 2:1 2:2\n", "a.svm:2: '2:2'", "larger index"},
        {"1 3:1 2:2\n", "a.svm:1: '2:2'", "sort the entries"},
        {"1 qid:3 1:1\n", "a.svm:1: 'qid:3'", "ranking"},
        {"1,2 1:1\n", "a.svm:1: '1,2'", "several labels"},
        {"1:1 2:1\n", "a.svm:1: '1:1'", "where the label must"},
        {"cat 1:1\n", "a.svm:1: 'cat'", "not a number"},
        {"1 -1:1\n", "a.svm:1: '-1:1'", "no entry"},
        {"1 2147483648:1\n", "a.svm:1: '2147483648:1'", "below 2147483648"},
        {"1 99999999999999999999999:1\n", "a.svm:1: ", "below 2147483648"},
        {"1 1\n", "a.svm:1: '1'", "no entry"},
        {"1 1:\n", "a.svm:1: '1:'", "no value"},
        {"1 1:1e39\n", "a.svm:1: '1:1e39'", "float32"},
        {"1 1:nan\n", "a.svm:1: '1:nan'", "no value"},
        {"1 1:0x10\n", "a.svm:1: '1:0x10'", "no value"},
        {"1 1:1:1\n", "a.svm:1: '1:1:1'", "no value"},
        {"# nothing\n", "a.svm: ", "no row"},
        {"", "a.svm: ", "no row"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        sml__libsvm parsed;
        if (parse(*state, mistakes[i].text, NULL, &parsed) == SML_OK) {
            fail_msg("accepted: %s", mistakes[i].text);
        }
        assert_error_has(*state, mistakes[i].place, mistakes[i].problem);
        sml__libsvm_free(&parsed);
    }
}

static void the_content_tells_the_format(void **state)
{
    static const struct {
        const char *path, *text;
        int is_libsvm;
    } files[] = {
        {"a.txt", "1 1:0.5\n", 1},
        {"a.txt", "# x\n\n-1.5e3  12:-2 13:1\n", 1},
        {"a.txt", "1 qid:1 2:3\n", 1},
        {"a.svm", "1\n", 1},
        {"a.txt", "1 2 3\n", 0},
        {"a.txt", "2024-01-01 12:30:00,5\n", 0},
        {"a.txt", "2024-01-01 12:30,5\n", 0},
        {"a.txt", "", 0},
        {"a.txt", "a 1:2\n", 0},
        {"a.txt", "1 a:2\n", 0},
        {"a.txt", "1 :", 0},
        {"a.txt", "1 1:", 0},
    };
    static const sml_data_options none;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const size_t length = strlen(files[i].text);
        unsigned char *exact = malloc(length + (length == 0));
        assert_non_null(exact);
        memcpy(exact, files[i].text, length);
        const sml__input input = {files[i].path, exact, length};
        if (sml__libsvm_reader.recognise(&input, &none) != files[i].is_libsvm) {
            fail_msg("%s: %s", files[i].path, files[i].text);
        }
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_scikit_learn_wrote_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_opens_as_a_data_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blanks_comments_and_zeros, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_decide_task_and_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_base_can_be_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_named_by_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_content_tells_the_format, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
