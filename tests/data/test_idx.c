/* IDX files: whole ones are read, and every kind of damage is refused with its reason. */
#include "support.h"

#include "base/memory.h"
#include "data/idx.h"

#include <zlib.h>

enum { ROWS = 6, SIDE = 5, IMAGES = 16 + ROWS * SIDE * SIDE, PACKED_MAX = 4096 };

static const char six_labels[] = {0, 1, 2, 3, 1, 0};

/* Packs as gzip; returns the packed length. */
static size_t pack(const unsigned char *bytes, size_t length, unsigned char *out, size_t room)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed = room - stream.avail_out;
    deflateEnd(&stream);
    return packed;
}

static void assert_parse_refuses(sml_ctx *ctx, const unsigned char *bytes, size_t length,
                                 const char *text)
{
    sml__idx idx;
    assert_int_equal(sml__idx_parse(ctx, "a.idx", bytes, length, &idx), SML_BAD_FILE);
    assert_error_has(ctx, "a.idx: ", text);
}

static void assert_unpack_refuses(sml_ctx *ctx, const unsigned char *bytes, size_t length,
                                  const char *text)
{
    unsigned char *plain = NULL;
    size_t plain_length = 0;
    assert_int_equal(sml__idx_unpack(ctx, "a.gz", bytes, length, &plain, &plain_length),
                     SML_BAD_FILE);
    assert_null(plain);
    assert_error_has(ctx, "a.gz: ", text);
}

static void a_whole_file_parses(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES], more[16];
    sml__idx idx;
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    assert_int_equal(sml__idx_parse(ctx, "a.idx", bytes, length, &idx), SML_OK);
    assert_int_equal(idx.rank, 3);
    assert_int_equal(idx.dimensions[0], ROWS);
    assert_int_equal(idx.dimensions[1], SIDE);
    assert_int_equal(idx.count, ROWS * SIDE * SIDE);
    assert_ptr_equal(idx.values, bytes + 16);
    length = make_labels(more, six_labels, ROWS);
    assert_int_equal(sml__idx_parse(ctx, "a.idx", more, length, &idx), SML_OK);
    assert_int_equal(idx.rank, 1);
    assert_int_equal(idx.count, ROWS);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES];
    char found[64];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    for (size_t cut = 0; cut < length; cut++) {
        unsigned char *exact = malloc(cut + 1); /* so that a sanitizer sees a read beyond */
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        snprintf(found, sizeof found, "truncated: %zu bytes", cut);
        assert_parse_refuses(ctx, exact, cut, found);
        free(exact);
    }
    assert_parse_refuses(ctx, bytes, length - 1, "expected 166");
}

static void an_oversized_file_is_refused(void **state)
{
    unsigned char bytes[IMAGES + 1] = {0};
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    assert_parse_refuses(*state, bytes, length + 1, "bytes follow after the 166");
}

static void a_wrong_magic_is_refused(void **state)
{
    unsigned char bytes[IMAGES];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    const uint32_t wrong[] = {0, 0x00000d03, 0x00000802, 0x00000804, 0x01000803, 0x03080000};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char shown[32];
        put_big_endian(bytes, wrong[i]);
        snprintf(shown, sizeof shown, "starts with 0x%08x", wrong[i]);
        assert_parse_refuses(*state, bytes, length, shown);
    }
}

static void impossible_dimensions_are_refused(void **state)
{
    unsigned char bytes[IMAGES];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    for (size_t i = 0; i < 3; i++) {
        make_images(bytes, ROWS, SIDE, SIDE);
        put_big_endian(bytes + 4 + 4 * i, 0);
        assert_parse_refuses(*state, bytes, length, "is 0");
    }
    for (size_t i = 0; i < 3; i++) {
        put_big_endian(bytes + 4 + 4 * i, UINT32_MAX); /* the product passes 2^64 */
    }
    assert_parse_refuses(*state, bytes, length, "more than 4 GiB");
    put_big_endian(bytes + 4, 1u << 16);
    put_big_endian(bytes + 8, 1u << 16);
    put_big_endian(bytes + 12, 2);
    assert_parse_refuses(*state, bytes, length, "more than 4 GiB");
    put_big_endian(bytes + 12, 1);
    assert_parse_refuses(*state, bytes, length, "expected 4294967312");
}

static void a_packed_file_unpacks(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES], packed[PACKED_MAX], *plain = NULL;
    size_t length = make_images(bytes, ROWS, SIDE, SIDE), plain_length = 0;
    size_t first = pack(bytes, 100, packed, sizeof packed);
    size_t second = pack(bytes + 100, length - 100, packed + first, sizeof packed - first);
    /* Two members one after the other are one file (RFC 1952, 2.2). */
    assert_int_equal(sml__idx_unpack(ctx, "a.gz", packed, first + second, &plain, &plain_length),
                     SML_OK);
    assert_int_equal(plain_length, length);
    assert_memory_equal(plain, bytes, length);
    sml__free(plain);
}

static void a_packed_file_cut_anywhere_is_refused(void **state)
{
    unsigned char bytes[IMAGES], packed[PACKED_MAX];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    size_t packed_length = pack(bytes, length, packed, sizeof packed);
    for (size_t cut = 0; cut < packed_length; cut++) {
        assert_unpack_refuses(*state, packed, cut, "truncated");
    }
}

static void a_changed_packed_byte_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES], packed[PACKED_MAX], *plain = NULL;
    size_t length = make_images(bytes, ROWS, SIDE, SIDE), plain_length = 0;
    size_t packed_length = pack(bytes, length, packed, sizeof packed);
    for (size_t i = 10; i < packed_length; i++) { /* the CRC guards all after the gzip header */
        packed[i] ^= 0x10;
        assert_int_not_equal(
            sml__idx_unpack(ctx, "a.gz", packed, packed_length, &plain, &plain_length), SML_OK);
        assert_null(plain);
        packed[i] ^= 0x10;
    }
}

static void packed_files_of_wrong_length_are_refused(void **state)
{
    unsigned char bytes[IMAGES + 1] = {0}, packed[PACKED_MAX];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    size_t packed_length = pack(bytes, length + 1, packed, sizeof packed);
    assert_unpack_refuses(*state, packed, packed_length, "bytes follow after the 166");
    packed_length = pack(bytes, length - 1, packed, sizeof packed);
    assert_unpack_refuses(*state, packed, packed_length, "truncated: 165 bytes, expected 166");
    packed_length = pack(bytes, length, packed, sizeof packed);
    memcpy(packed + packed_length, "xy", 2);
    assert_unpack_refuses(*state, packed, packed_length + 1, "after 166 unpacked bytes");
    assert_unpack_refuses(*state, packed, packed_length + 2, "damaged gzip data after 166");
}

/* 64 MiB of zeros in 64 KiB: unpacking stops at the 166 bytes that the header declares. */
static void a_gzip_bomb_stops_at_its_header(void **state)
{
    enum { BOMB = 64 << 20, ROOM = 1 << 17 };
    unsigned char *bytes = calloc(BOMB, 1), *packed = malloc(ROOM);
    assert_non_null(bytes);
    assert_non_null(packed);
    make_images(bytes, ROWS, SIDE, SIDE);
    size_t packed_length = pack(bytes, BOMB, packed, ROOM);
    assert_unpack_refuses(*state, packed, packed_length, "bytes follow after the 166");
    free(packed);
    free(bytes);
}

static void a_header_that_promises_too_much_takes_no_memory(void **state)
{
    unsigned char bytes[IMAGES], packed[PACKED_MAX];
    make_images(bytes, ROWS, SIDE, SIDE);
    put_big_endian(bytes + 4, 1u << 16);
    put_big_endian(bytes + 8, 1u << 12);
    size_t packed_length = pack(bytes, IMAGES, packed, sizeof packed);
    assert_unpack_refuses(*state, packed, packed_length, "cannot hold");
}

static void write_folder(sml_ctx *ctx, const char *test_labels)
{
    unsigned char bytes[IMAGES], labels[16];
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    write_file(ctx, "set/train-images-idx3-ubyte", bytes, length);
    length = make_labels(labels, six_labels, ROWS);
    write_file(ctx, "set/train-labels-idx1-ubyte", labels, length);
    length = make_images(bytes, 2, SIDE, SIDE);
    write_file(ctx, "set/t10k-images-idx3-ubyte", bytes, length);
    length = make_labels(labels, test_labels, 2);
    write_file(ctx, "set/t10k-labels-idx1-ubyte", labels, length);
}

static sml_status open_set(sml_ctx *ctx, const char *split, sml_dataset **data)
{
    char path[1024];
    return sml_dataset_open(ctx, path_in(ctx, "set", path), split, data);
}

static void assert_set_refused(sml_ctx *ctx, const char *split, sml_status status, const char *file,
                               const char *text)
{
    sml_dataset *data = NULL;
    assert_int_equal(open_set(ctx, split, &data), status);
    assert_null(data);
    assert_error_has(ctx, file, text);
}

static void a_folder_opens(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    float row[SIDE * SIDE];
    write_folder(ctx, "\1\0");
    assert_int_equal(open_set(ctx, "train", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_string_equal(facts.split, "train");
    assert_int_equal(facts.rows, ROWS);
    assert_int_equal(facts.columns, SIDE * SIDE);
    assert_int_equal(facts.height, SIDE);
    assert_int_equal(facts.outputs, 4);
    assert_int_equal(facts.stored_as_bytes, 1);
    sml_dataset_features(data, 2, row);
    assert_true(row[3] == 53.0f * (1.0f / 255.0f));
    assert_int_equal(sml_dataset_label(data, 3), 3);
    sml_dataset_free(data);
    assert_int_equal(open_set(ctx, "test", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_string_equal(facts.split, "test");
    assert_int_equal(facts.rows, 2);
    assert_int_equal(facts.outputs, 4); /* as in the training labels */
    sml_dataset_free(data);
}

static void other_spellings_and_packed_files_open(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES], packed[PACKED_MAX], labels[16];
    sml_dataset *data = NULL;
    size_t length = make_images(bytes, ROWS, SIDE, SIDE);
    length = pack(bytes, length, packed, sizeof packed);
    write_file(ctx, "set/train-images.idx3-ubyte.gz", packed, length);
    length = make_labels(labels, six_labels, ROWS);
    length = pack(labels, length, packed, sizeof packed);
    write_file(ctx, "set/train-labels.idx1-ubyte", packed, length); /* packed, though not .gz */
    assert_int_equal(open_set(ctx, "train", &data), SML_OK);
    assert_int_equal(sml_dataset_label(data, 2), 2);
    sml_dataset_free(data);
}

static void folders_that_do_not_fit_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[IMAGES], labels[16];
    char path[1024];
    write_folder(ctx, "\1\4");
    assert_set_refused(ctx, "test", SML_BAD_DATA, "t10k-labels-idx1-ubyte",
                       "label 4 of row 1 (counted from 0); the classes are 0…3");
    size_t length = make_labels(labels, six_labels, 5);
    write_file(ctx, "set/train-labels-idx1-ubyte", labels, length);
    assert_set_refused(ctx, "train", SML_BAD_FILE, "train-labels-idx1-ubyte",
                       "5 labels for the 6 images");
    length = make_images(bytes, 1, 2, 3);
    write_file(ctx, "set/train-labels-idx1-ubyte", bytes, length);
    assert_set_refused(ctx, "train", SML_BAD_FILE, "train-labels-idx1-ubyte", "holds images");
    assert_int_equal(remove(path_in(ctx, "set/train-labels-idx1-ubyte", path)), 0);
    assert_set_refused(ctx, "train", SML_NOT_FOUND, "train-labels-idx1-ubyte", "no file");
    assert_set_refused(ctx, "tset", SML_UNKNOWN_NAME, "'tset'", "'test'");
}

static void one_file_of_images_has_no_task(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    write_folder(ctx, "\1\0");
    path_in(ctx, "set/t10k-images-idx3-ubyte", path);
    assert_int_equal(sml_dataset_open(ctx, path, "any", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_NONE);
    assert_int_equal(facts.outputs, 0);
    assert_int_equal(facts.rows, 2);
    assert_int_equal(facts.width, SIDE);
    sml_dataset_free(data);
    path_in(ctx, "set/t10k-labels-idx1-ubyte", path);
    assert_int_equal(sml_dataset_open(ctx, path, "any", &data), SML_BAD_FILE);
    assert_error_has(ctx, "t10k-labels-idx1-ubyte", "labels", "folder");
    write_file(ctx, "cut", "\0\0\10\3\0", 5);
    assert_int_equal(sml_dataset_open(ctx, path_in(ctx, "cut", path), "", &data), SML_BAD_FILE);
    assert_error_has(ctx, "cut: truncated: 5 bytes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_file_parses),
        TEST(a_file_cut_anywhere_is_refused),
        TEST(an_oversized_file_is_refused),
        TEST(a_wrong_magic_is_refused),
        TEST(impossible_dimensions_are_refused),
        TEST(a_packed_file_unpacks),
        TEST(a_packed_file_cut_anywhere_is_refused),
        TEST(a_changed_packed_byte_is_refused),
        TEST(packed_files_of_wrong_length_are_refused),
        TEST(a_gzip_bomb_stops_at_its_header),
        TEST(a_header_that_promises_too_much_takes_no_memory),
        TEST(a_folder_opens),
        TEST(other_spellings_and_packed_files_open),
        TEST(folders_that_do_not_fit_are_refused),
        TEST(one_file_of_images_has_no_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
