/* NPZ: what np.savez wrote is read, and every changed byte of an archive is noticed or harmless. */
#include "support.h"

#include "base/memory.h"
#include "data/readers/zip.h"

static void what_numpy_wrote_is_read(void **state)
{
    assert_true(assert_cases(*state, ".npz") >= 8);
}

static void what_is_no_set_of_arrays_is_refused(void **state)
{
    assert_true(assert_refusals(*state, ".npz") >= 3);
}

static void an_archive_cut_anywhere_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const names[] = {"table.npz", "zip64.npz"};
    for (size_t f = 0; f < 2; f++) {
        size_t length = 0;
        unsigned char *bytes = read_reference(ctx, names[f], &length);
        for (size_t cut = 4; cut < length; cut++) {
            unsigned char *exact = malloc(cut); /* so that a sanitizer sees a read beyond */
            sml__zip zip;
            assert_non_null(exact);
            memcpy(exact, bytes, cut);
            assert_int_equal(sml__zip_open(ctx, "a.npz", exact, cut, &zip), SML_BAD_FILE);
            assert_error_has(ctx, "a.npz: truncated");
            sml__free(zip.members);
            free(exact);
        }
        sml__free(bytes);
    }
}

/* Unpacks all members; 1 when every one is as it was written. */
static int all_members_read(sml_ctx *ctx, const unsigned char *bytes, size_t length)
{
    sml__zip zip;
    int all = sml__zip_open(ctx, "a.npz", bytes, length, &zip) == SML_OK && zip.n == 2;
    for (size_t i = 0; all && i < zip.n; i++) {
        unsigned char *member = NULL;
        all = sml__zip_read(ctx, &zip, &zip.members[i], &member) == SML_OK;
        sml__free(member);
    }
    sml__free(zip.members);
    return all;
}

/* Flips each byte of the packed data in turn: the CRC-32, or zlib before it, notices. */
static void a_changed_byte_of_the_data_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const names[] = {"table.npz", "zip64.npz"};
    for (size_t f = 0; f < 2; f++) {
        size_t length = 0;
        unsigned char *bytes = read_reference(ctx, names[f], &length);
        sml__zip zip;
        assert_int_equal(sml__zip_open(ctx, names[f], bytes, length, &zip), SML_OK);
        assert_true(all_members_read(ctx, bytes, length));
        const sml__zip_member *member = sml__zip_find(&zip, "X.npy");
        assert_non_null(member);
        const unsigned char *header = bytes + member->header;
        const size_t begin = (size_t)member->header + 30 + header[26] + header[28];
        for (size_t i = 0; i < member->packed; i++) {
            bytes[begin + i] ^= 0x10;
            assert_false(all_members_read(ctx, bytes, length));
            bytes[begin + i] ^= 0x10;
        }
        sml__free(zip.members);
        sml__free(bytes);
    }
}

/* Damage of the directory: each place, what is put there, and what is said. */
static void a_damaged_directory_is_refused(void **state)
{
    sml_ctx *ctx = *state;
    static const struct {
        size_t at; /* within the first entry of the directory */
        unsigned char byte;
        const char *text;
    } damage[] = {
        {0, 0, "no entry of the directory where one must be"},
        {8, 1, "encrypted"},
        {10, 12, "method that is not read here"},
        {23, 0x7f, "passes the end of the file"},
        {27, 0x7f, "two lengths contradict each other"},
        {29, 0x7f, "passes the end of the directory"},
        {45, 0x7f, "no local header there"},
    };
    for (size_t d = 0; d < sizeof damage / sizeof damage[0]; d++) {
        size_t length = 0;
        unsigned char *bytes = read_reference(ctx, "table.npz", &length);
        const unsigned char *end = bytes + length - 22;
        const size_t directory = (size_t)end[16] | (size_t)end[17] << 8;
        bytes[directory + damage[d].at] = damage[d].byte;
        assert_false(all_members_read(ctx, bytes, length));
        assert_error_has(ctx, "a.npz: ", damage[d].text);
        sml__free(bytes);
    }
}

static void a_missing_split_is_named(void **state)
{
    char path[1024];
    sml_dataset *data = NULL;
    reference_path("split.npz", path);
    assert_int_equal(sml_dataset_open(*state, path, "validation", &data), SML_BAD_FILE);
    assert_error_has(*state, "split.npz: no array x_validation in it; it holds 'x_train'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_numpy_wrote_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_set_of_arrays_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_archive_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_byte_of_the_data_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_directory_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_split_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
