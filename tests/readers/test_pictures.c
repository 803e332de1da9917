/* PNG, JPEG and folders of them, against Pillow. */
#include "support.h"

#include "base/memory.h"
#include "data/readers/picture.h"

static void png_is_what_pillow_sees(void **state)
{
    assert_true(assert_cases(*state, ".png") >= 15);
    assert_true(assert_refusals(*state, ".png") >= 2);
}

static void jpeg_is_what_pillow_sees(void **state)
{
    assert_true(assert_cases(*state, ".jpg") >= 5);
    assert_true(assert_refusals(*state, ".jpg") >= 2);
}

static void folders_name_the_classes(void **state)
{
    assert_true(assert_cases(*state, "") >= 4);
    assert_true(assert_refusals(*state, "") >= 2);
}

/* Every cut is an error or gives a whole picture (behind the last pixel), and none reads beyond. */
static void cut_pictures_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const names[] = {"interlaced.png", "palette.png", "progressive.jpg",
                                        "gray.jpg"};
    for (size_t f = 0; f < sizeof names / sizeof names[0]; f++) {
        size_t length = 0;
        unsigned char *bytes = read_reference(ctx, names[f], &length);
        for (size_t cut = 0; cut + 2 < length; cut++) {
            unsigned char *exact = malloc(cut + (cut == 0));
            sml__picture picture;
            assert_non_null(exact);
            memcpy(exact, bytes, cut);
            if (sml__picture_decode(ctx, names[f], exact, cut, &picture) != SML_BAD_FILE) {
                fail_msg("%s: a cut at %zu of %zu was accepted", names[f], cut, length);
            }
            assert_null(picture.gray);
            assert_error_has(ctx, names[f]);
            free(exact);
        }
        sml__free(bytes);
    }
}

static void sizes_must_be_possible(void **state)
{
    const sml_data_options wrong[] = {{.height = 3}, {.width = 3}, {.height = 3, .width = 99999}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[1024];
        sml_dataset *data = NULL;
        assert_int_equal(
            sml_dataset_open_with(*state, reference_path("gray.png", path), &wrong[i], &data),
            SML_BAD_ARGUMENT);
        assert_int_equal(
            sml_dataset_open_with(*state, reference_path("insects", path), &wrong[i], &data),
            SML_BAD_ARGUMENT);
        assert_error_has(*state, "height and width are 1…16384");
    }
}

static void a_model_says_the_classes(void **state)
{
    static const char *const classes[] = {"bee", "cow", "ant"};
    char path[1024];
    sml_dataset *data = NULL;
    sml_data_options options = {.classes = classes, .n_classes = 3};
    reference_path("insects", path);
    assert_int_equal(sml_dataset_open_with(*state, path, &options, &data), SML_OK);
    assert_int_equal(sml_dataset_label(data, 0), 2);
    assert_int_equal(sml_dataset_label(data, 4), 0);
    assert_string_equal(sml_dataset_class_name(data, 1), "cow");
    sml_dataset_free(data);
    options.n_classes = 2;
    assert_int_equal(sml_dataset_open_with(*state, path, &options, &data), SML_BAD_DATA);
    assert_error_has(*state, "train/ant: no class 'ant' among the 2 of the model");
}

/* Doubling repeats pixels; halving 2 × 2 means of 0, 1, 2, 3 rounds 1.5 up. */
static void areas_are_averaged_exactly(void **state)
{
    uint8_t gray[] = {0, 1, 2, 3}, out[16];
    const sml__picture picture = {2, 2, gray};
    static const uint8_t doubled[] = {0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3};
    (void)state;
    sml__picture_resize(&picture, 4, 4, out);
    assert_memory_equal(out, doubled, sizeof doubled);
    sml__picture_resize(&picture, 1, 1, out);
    assert_int_equal(out[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(png_is_what_pillow_sees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jpeg_is_what_pillow_sees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_name_the_classes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_pictures_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sizes_must_be_possible, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_model_says_the_classes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(areas_are_averaged_exactly, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
