/* The safetensors reader and writer. Each refusal of the format is a file of its own. */
#include "fake.h"

#include "model/safetensors.h"

enum { FILE_MAX = 4096 };

/* A file of this header and so many bytes of data, 0, 1, 2, …; n is what its prefix claims. */
static size_t make_file(unsigned char *bytes, const char *header, uint64_t n, size_t data)
{
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(n >> 8 * i);
    }
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data; i++) {
        bytes[8 + length + i] = (unsigned char)i;
    }
    return 8 + length + data;
}

static void refuses_bytes(sml_ctx *ctx, const unsigned char *bytes, size_t length, const char *text)
{
    sml__safetensors file;
    /* a copy of just this length, so that AddressSanitizer sees a read beyond it */
    unsigned char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, bytes, length);
    sml_status status = sml__safetensors_read(ctx, "file.st", exact, length, &file);
    sml__safetensors_free(&file);
    free(exact);
    assert_int_equal(status, SML_BAD_FILE);
    assert_error(ctx, "file.st: ");
    assert_error(ctx, text);
}

static void refuses(sml_ctx *ctx, const char *header, size_t data, const char *text)
{
    unsigned char bytes[FILE_MAX];
    size_t length = make_file(bytes, header, strlen(header), data);
    refuses_bytes(ctx, bytes, length, text);
}

static void accepts(sml_ctx *ctx, const char *header, size_t data, size_t n)
{
    unsigned char bytes[FILE_MAX];
    sml__safetensors file;
    size_t length = make_file(bytes, header, strlen(header), data);
    assert_ok(ctx, sml__safetensors_read(ctx, "file.st", bytes, length, &file));
    assert_int_equal(file.n, n);
    sml__safetensors_free(&file);
}

#define TENSOR(name, dtype, shape, begin, end)                                                     \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" #begin        \
    "," #end "]}"

static void legal_files_are_read(void **state)
{
    accepts(*state, "{}", 0, 0);
    accepts(*state, "{}   ", 0, 0);
    accepts(*state, "{\"__metadata__\":{}}", 0, 0);
    accepts(*state, "{\"__metadata__\":{\"a\":\"b\"}," TENSOR("x", "F32", "2", 0, 8) "}", 8, 1);
    accepts(*state, "{" TENSOR("scalar", "F64", "", 0, 8) "}", 8, 1);
    accepts(*state, "{" TENSOR("empty", "F32", "0,5", 0, 0) "}", 0, 1);
    accepts(*state, "{" TENSOR("late", "U8", "3", 4, 7) "," TENSOR("early", "F32", "1", 0, 4) "}",
            7, 2);
    accepts(*state,
            "{" TENSOR("a", "U8", "3", 0, 3) "," TENSOR("empty", "U8", "0", 3,
                                                        3) "," TENSOR("b", "U8", "1", 3, 4) "}",
            4, 3);
    accepts(*state, "{" TENSOR("deep", "U8", "1,1,1,1,1,1,1,2", 0, 2) "}", 2, 1);
}

static void entries_are_in_the_files_order(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[FILE_MAX];
    sml__safetensors file;
    const char *header =
        "{" TENSOR("late", "I16", "1,2", 4, 8) "," TENSOR("early", "F32", "1", 0, 4) "}";
    size_t length = make_file(bytes, header, strlen(header), 8);
    assert_ok(ctx, sml__safetensors_read(ctx, "file.st", bytes, length, &file));
    assert_null(file.metadata);
    assert_string_equal(file.entries[0].name, "early");
    assert_string_equal(file.entries[1].dtype->name, "I16");
    assert_int_equal(file.entries[1].rank, 2);
    assert_int_equal(file.entries[1].shape[1], 2);
    assert_int_equal(file.entries[1].elements, 2);
    assert_int_equal(((const unsigned char *)file.entries[1].bytes)[0], 4);
    sml__safetensors_free(&file);
}

static void every_dtype_has_its_size(void **state)
{
    static const struct {
        const char *name;
        size_t size;
    } known[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
                 {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                 {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char header[256];
        snprintf(header, sizeof header,
                 "{\"x\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}", known[i].name,
                 3 * known[i].size);
        accepts(*state, header, 3 * known[i].size, 1);
    }
    assert_null(sml__dtype_named("f32"));
    refuses(*state, "{" TENSOR("x", "F31", "1", 0, 4) "}", 4, "unknown dtype 'F31'");
}

static void wrong_lengths_are_refused(void **state)
{
    unsigned char bytes[FILE_MAX];
    size_t length = 0;
    make_file(bytes, "{}", 2, 0);
    for (size_t n = 0; n < 8; n++) {
        refuses_bytes(*state, bytes, n, "a safetensors file has at least 8");
    }
    refuses_bytes(*state, bytes, 9, "header of 2 bytes, but only 1 follow");
    length = make_file(bytes, "{}", 3, 0);
    refuses_bytes(*state, bytes, length, "header of 3 bytes, but only 2 follow");
    length = make_file(bytes, "{}", 100000001, 0);
    refuses_bytes(*state, bytes, length, "at most 100000000 are allowed");
    length = make_file(bytes, "{}", 100000000, 0);
    refuses_bytes(*state, bytes, length, "but only 2 follow");
    length = make_file(bytes, "{}", UINT64_MAX, 0);
    refuses_bytes(*state, bytes, length, "at most 100000000 are allowed");
    length = make_file(bytes, "{}", 0, 0);
    refuses_bytes(*state, bytes, length, "does not start with '{'");
}

static void wrong_headers_are_refused(void **state)
{
    refuses(*state, " {}", 0, "byte 8: the header does not start with '{'");
    refuses(*state, "[]", 0, "does not start with '{'");
    refuses(*state, "{} x", 0, "does not end with '}'");
    refuses(*state, "{}\n", 0, "does not end with '}'");
    refuses(*state, "{}{}", 0, "byte 10: the header is not JSON: more text");
    refuses(*state, "{\"a\":}", 0, "byte 13: the header is not JSON");
    refuses(*state, "{\"\xFF\":1}", 0, "byte 10: the header is not JSON: not UTF-8");
    refuses(*state, "{" TENSOR("x", "U8", "1", 0, 1) "," TENSOR("x", "U8", "1", 0, 1) "}", 1,
            "a key that was there before");
    refuses(*state,
            "{\"x\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],"
            "\"data_offsets\":[0,1]}}",
            1, "a key that was there before");
}

static void wrong_metadata_is_refused(void **state)
{
    refuses(*state, "{\"__metadata__\":\"a\"}", 0, "__metadata__ is not an object");
    refuses(*state, "{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ 'a' is not a text");
    refuses(*state, "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "'a' is not a text");
    refuses(*state, "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "there before");
}

static void wrong_entries_are_refused(void **state)
{
    const char *keys = "does not have dtype, shape, data_offsets and nothing else";
    refuses(*state, "{\"x\":1}", 1, keys);
    refuses(*state, "{\"x\":{}}", 1, keys);
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, keys);
    refuses(*state, "{\"x\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, keys);
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"y\":1}}", 1,
            keys);
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1,
            "shape is not a list");
    refuses(*state, "{" TENSOR("x", "U8", "1,1,1,1,1,1,1,1,1", 0, 1) "}", 1, "at most 8");
}

static void wrong_numbers_are_refused(void **state)
{
    refuses(*state, "{" TENSOR("x", "U8", "1.0", 0, 1) "}", 1, "not a whole number");
    refuses(*state, "{" TENSOR("x", "U8", "-1", 0, 1) "}", 1, "not a whole number");
    refuses(*state, "{" TENSOR("x", "U8", "\"1\"", 0, 1) "}", 1, "not a whole number");
    refuses(*state, "{" TENSOR("x", "U8", "true", 0, 1) "}", 1, "not a whole number");
    refuses(*state, "{" TENSOR("x", "U8", "18446744073709551617", 0, 1) "}", 1, "64 bits");
    refuses(*state, "{" TENSOR("x", "U8", "1", -1, 0) "}", 1, "are not [begin, end]");
    refuses(*state, "{" TENSOR("x", "U8", "1", 0.0, 1) "}", 1, "are not [begin, end]");
    refuses(*state, "{" TENSOR("x", "U8", "1", 1, 0) "}", 1, "are not [begin, end]");
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1,
            "are not [begin, end]");
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1,
            "are not [begin, end]");
    refuses(*state, "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":{}}}", 1,
            "are not [begin, end]");
}

static void shapes_that_overflow_are_refused(void **state)
{
    refuses(*state, "{" TENSOR("x", "U8", "4294967296,4294967296", 0, 0) "}", 0,
            "the shape overflows");
    refuses(*state, "{" TENSOR("x", "U8", "9223372036854775807,9223372036854775807,0", 0, 0) "}", 0,
            "the shape overflows");
    refuses(*state, "{" TENSOR("x", "F32", "4611686018427387904", 0, 0) "}", 0,
            "shape and type do not fit its 0 bytes");
    refuses(*state, "{" TENSOR("x", "F64", "2305843009213693953", 0, 8) "}", 8,
            "shape and type do not fit its 8 bytes");
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    refuses(*state, "{" TENSOR("x", "F32", "2", 0, 4) "}", 4, "do not fit its 4 bytes");
    refuses(*state, "{" TENSOR("x", "F32", "1", 0, 8) "}", 8, "do not fit its 8 bytes");
    refuses(*state, "{" TENSOR("x", "F32", "", 0, 0) "}", 0, "do not fit its 0 bytes");
    refuses(*state, "{" TENSOR("x", "F32", "2", 0, 8) "}", 7, "ends at byte 8 of the data");
    refuses(*state, "{" TENSOR("x", "U8", "9", 9223372036854775798, 9223372036854775807) "}", 7,
            "of the data, which has 7");
}

static void holes_and_overlaps_are_refused(void **state)
{
    refuses(*state, "{" TENSOR("x", "U8", "2", 1, 3) "}", 3,
            "starts at byte 1 of the data, "
            "expected 0: a hole");
    refuses(*state, "{" TENSOR("x", "U8", "2", 0, 2) "," TENSOR("y", "U8", "1", 3, 4) "}", 4,
            "'y' starts at byte 3 of the data, expected 2: a hole");
    refuses(*state, "{" TENSOR("x", "U8", "2", 0, 2) "," TENSOR("y", "U8", "2", 1, 3) "}", 3,
            "'y' starts at byte 1 of the data, expected 2: an overlap");
    refuses(*state, "{" TENSOR("x", "U8", "2", 0, 2) "," TENSOR("y", "U8", "2", 0, 2) "}", 2,
            "an overlap");
    refuses(*state, "{" TENSOR("x", "U8", "4", 0, 4) "," TENSOR("y", "U8", "0", 2, 2) "}", 4,
            "an overlap");
    refuses(*state, "{" TENSOR("x", "U8", "2", 0, 2) "}", 5, "3 bytes after the last tensor");
    refuses(*state, "{}", 1, "1 bytes after the last tensor");
}

/* A header for entries of several types, in the wrong order. */
static unsigned char *write_header(sml_ctx *ctx, sml__tensor_entry entries[5], size_t *length)
{
    unsigned char *bytes = NULL;
    json_t *metadata = json_pack("{s:s, s:s}", "zeta", "\"quoted\"", "alpha", "\xC3\xA9");
    const sml__tensor_entry unsorted[5] = {
        {.name = "b", .dtype = sml__dtype_named("U8"), .rank = 1, .shape = {3}},
        {.name = "weight", .dtype = sml__dtype_named("F32"), .rank = 2, .shape = {2, 3}},
        {.name = "bias", .dtype = sml__dtype_named("F32"), .rank = 1, .shape = {2}},
        {.name = "count", .dtype = sml__dtype_named("I64"), .rank = 0},
        {.name = "a", .dtype = sml__dtype_named("BOOL"), .rank = 2, .shape = {4, 0}},
    };
    memcpy(entries, unsorted, sizeof unsorted);
    assert_ok(ctx, sml__safetensors_header(ctx, metadata, entries, 5, &bytes, length));
    json_decref(metadata);
    return bytes;
}

static void the_writer_sorts_and_pads(void **state)
{
    static const char *const order[] = {"count", "bias", "weight", "a", "b"};
    static const size_t begins[] = {0, 8, 16, 40, 40};
    sml__tensor_entry entries[5];
    size_t length = 0;
    unsigned char *bytes = write_header(*state, entries, &length);
    assert_int_equal(length % 8, 0);
    assert_int_equal(bytes[8], '{');
    assert_true(bytes[length - 1] == '}' || bytes[length - 1] == ' ');
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(entries[i].name, order[i]);
        assert_int_equal(entries[i].begin, begins[i]);
        assert_int_equal(entries[i].begin % entries[i].dtype->size, 0);
    }
    assert_int_equal(entries[4].end, 43);
    assert_memory_equal(bytes + 8, "{\"__metadata__\":{\"zeta\":\"\\\"quoted\\\"\"", 36);
    sml__free(bytes);
}

static void what_is_written_is_read(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char whole[FILE_MAX] = {0};
    sml__tensor_entry entries[5];
    sml__safetensors file;
    size_t length = 0;
    unsigned char *bytes = write_header(ctx, entries, &length);
    memcpy(whole, bytes, length);
    whole[length + 8] = 77; /* the first byte of "bias" */
    assert_ok(ctx, sml__safetensors_read(ctx, "file.st", whole, length + 43, &file));
    assert_int_equal(file.n, 5);
    assert_string_equal(json_string_value(json_object_get(file.metadata, "alpha")), "\xC3\xA9");
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(file.entries[i].name, entries[i].name);
        assert_ptr_equal(file.entries[i].dtype, entries[i].dtype);
        assert_int_equal(file.entries[i].rank, entries[i].rank);
        assert_memory_equal(file.entries[i].shape, entries[i].shape,
                            entries[i].rank * sizeof(size_t));
    }
    assert_int_equal(*(const unsigned char *)file.entries[1].bytes, 77);
    sml__safetensors_free(&file);
    sml__free(bytes);
}

static void the_same_input_gives_the_same_header(void **state)
{
    sml__tensor_entry entries[5];
    size_t length = 0, length_again = 0;
    unsigned char *bytes = write_header(*state, entries, &length);
    unsigned char *again = write_header(*state, entries, &length_again);
    assert_int_equal(length, length_again);
    assert_memory_equal(bytes, again, length);
    sml__free(again);
    sml__free(bytes);
}

static void the_writer_refuses_what_overflows(void **state)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    sml__tensor_entry entry = {
        .name = "x", .dtype = sml__dtype_named("F32"), .rank = 2, .shape = {SIZE_MAX / 2, 3}};
    assert_int_equal(sml__safetensors_header(*state, NULL, &entry, 1, &bytes, &length),
                     SML_BAD_SHAPE);
    assert_error((sml_ctx *)*state, "tensor 'x' is too large");
    assert_null(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal_files_are_read),
        cmocka_unit_test(entries_are_in_the_files_order),
        cmocka_unit_test(every_dtype_has_its_size),
        cmocka_unit_test(wrong_lengths_are_refused),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(wrong_metadata_is_refused),
        cmocka_unit_test(wrong_entries_are_refused),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(shapes_that_overflow_are_refused),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(holes_and_overlaps_are_refused),
        cmocka_unit_test(the_writer_sorts_and_pads),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_same_input_gives_the_same_header),
        cmocka_unit_test(the_writer_refuses_what_overflows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
