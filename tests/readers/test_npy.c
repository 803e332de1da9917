/* NPY: what NumPy wrote is read, and damage is named. */
#include "support.h"

#include "base/memory.h"
#include "data/readers/npy.h"

static void what_numpy_wrote_is_read(void **state)
{
    assert_true(assert_cases(*state, ".npy") > 30);
}

static void what_no_column_holds_is_refused(void **state)
{
    assert_true(assert_refusals(*state, ".npy") > 12);
}

/* A copy of exactly `length` bytes, so that a sanitizer sees a read beyond. */
static sml_status parse_copy(sml_ctx *ctx, const unsigned char *bytes, size_t length)
{
    unsigned char *exact = malloc(length + (length == 0));
    sml__npy npy;
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    const sml_status status = sml__npy_parse(ctx, "a.npy", exact, length, &npy);
    free(exact);
    return status;
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    size_t length = 0;
    unsigned char *bytes = read_reference(ctx, "f4.npy", &length);
    for (size_t cut = 6; cut < length; cut++) {
        assert_int_equal(parse_copy(ctx, bytes, cut), SML_BAD_FILE);
        assert_error_has(ctx, "a.npy: truncated");
    }
    assert_int_equal(parse_copy(ctx, bytes, length), SML_OK);
    sml__free(bytes);
}

/* Puts a header of version 1 and n bytes of zeros together. */
static size_t make(unsigned char *out, const char *header, size_t n)
{
    const size_t length = strlen(header);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (unsigned char)length;
    out[9] = (unsigned char)(length >> 8);
    memcpy(out + 10, header, length);
    memset(out + 10 + length, 0, n);
    return 10 + length + n;
}

static void headers_are_read_as_python_writes_them(void **state)
{
    static const char *const headers[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }     \n",
        "{\"shape\":(2,1),\"descr\":\"<f4\",\"fortran_order\":True}",
        "{'descr': 'f4', 'fortran_order': False, 'shape': (1L, 2L,), }", /* Python 2 */
        "{'descr': '=f4', 'fortran_order': False, 'shape': (2, ), }\n",
    };
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const size_t length = make(bytes, headers[i], 8);
        if (parse_copy(*state, bytes, length) != SML_OK) {
            fail_msg("%s: %s", headers[i], sml_ctx_error(*state));
        }
    }
}

static void damaged_headers_name_the_offset(void **state)
{
    static const struct {
        const char *header, *text;
    } damaged[] = {
        {"['descr']", "offset 10: the NPY header is damaged: expected '{'"},
        {"{descr: '<f4'}", "offset 11: the NPY header is damaged: expected a key"},
        {"{'descr': '<f4', 'descr': '<f4'}", "each once"},
        {"{'descr': '<f4', 'shape': (1, 2)}", "expected 'descr', 'fortran_order' and 'shape'"},
        {"{'descr': '<f4', 'fortran_order': Maybe}", "expected True or False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "expected ',' or ')'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", "expected a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)", "expected ',' or '}'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} x", "nothing behind"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2)}",
         "a dimension below 2^64"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         "with 4294967296 in dimension 2, is of 2^64 values or more"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4294967296)}",
         "truncated: 8 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}", "4 bytes follow"},
        {"{'descr': '<g4', 'fortran_order': False, 'shape': (1, 2)}", "unknown type"},
        {"{'descr': '|f4', 'fortran_order': False, 'shape': (1, 2)}", "unknown type"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1, 2)}", "unknown type"},
        {"", "expected '{'"},
    };
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        const size_t length = make(bytes, damaged[i].header, 8);
        if (parse_copy(*state, bytes, length) != SML_BAD_FILE) {
            fail_msg("accepted: %s", damaged[i].header);
        }
        assert_error_has(*state, "a.npy: ", damaged[i].text);
    }
    const size_t length = make(bytes, "{", 8);
    bytes[6] = 4;
    assert_int_equal(parse_copy(*state, bytes, length), SML_BAD_FILE);
    assert_error_has(*state, "NPY version 4.0");
    memcpy(bytes + 6, "\2\0\0\0\2\0", 6); /* a header of 128 KiB */
    assert_int_equal(parse_copy(*state, bytes, length), SML_BAD_FILE);
    assert_error_has(*state, "131072 bytes long; at most 65536");
}

/* Values that do not lie on a multiple of their size are still read: only NumPy aligns them. */
static void unaligned_values_are_read(void **state)
{
    static const char header[] = "   {'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}";
    const float values[] = {1.5f, -2.0f};
    unsigned char bytes[256];
    sml_dataset *data = NULL;
    float row[2];
    for (size_t skipped = 0; skipped < 4; skipped++) { /* blanks of the header */
        const size_t length = make(bytes, header + skipped, sizeof values);
        memcpy(bytes + length - sizeof values, values, sizeof values);
        assert_int_equal(open_bytes_as(*state, "u.npy", bytes, length, &data), SML_OK);
        sml_dataset_features(data, 0, row);
        assert_memory_equal(row, values, sizeof row);
        sml_dataset_free(data);
    }
}

static void bytes_and_floats_keep_their_form(void **state)
{
    static const struct {
        const char *file;
        int as_bytes;
        float scale;
    } forms[] = {{"u1.npy", 1, 1.0f},
                 {"b1.npy", 1, 1.0f},
                 {"pictures.npy", 1, 1.0f / 255.0f},
                 {"i1.npy", 0, 1.0f},
                 {"f4.npy", 0, 1.0f}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char path[1024];
        sml_dataset *data = NULL;
        sml_dataset_facts facts;
        reference_path(forms[i].file, path);
        assert_int_equal(sml_dataset_open(*state, path, NULL, &data), SML_OK);
        sml_dataset_describe(data, &facts);
        assert_int_equal(facts.stored_as_bytes, forms[i].as_bytes);
        assert_true(facts.scale == forms[i].scale);
        sml_dataset_free(data);
    }
}

static void labels_get_the_numbers_of_a_model(void **state)
{
    static const char *const classes[] = {"7", "other", "3", "-1"};
    char path[1024];
    sml_dataset *data = NULL;
    sml_data_options options = {.target = "labels.npy", .classes = classes, .n_classes = 4};
    reference_path("pictures.npy", path);
    assert_int_equal(sml_dataset_open_with(*state, path, &options, &data), SML_OK);
    const int expected[] = {0, 3, 0, 2};
    for (size_t r = 0; r < 4; r++) {
        assert_int_equal(sml_dataset_label(data, r), expected[r]);
    }
    assert_string_equal(sml_dataset_class_name(data, 1), "other");
    sml_dataset_free(data);
    options.n_classes = 2;
    assert_int_equal(sml_dataset_open_with(*state, path, &options, &data), SML_BAD_DATA);
    assert_error_has(*state, "labels.npy: label -1 of row 1", "1 known classes (7)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_numpy_wrote_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_column_holds_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_are_read_as_python_writes_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_headers_name_the_offset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unaligned_values_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_and_floats_keep_their_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels_get_the_numbers_of_a_model, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
