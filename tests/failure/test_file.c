/* Files are written to where the user meant: links, permissions, and names that are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/process.h"

enum { NOBODY = 65534 };

static const sml__piece new_text = {"new", 3};

/* The state of every test: a context; the tests run within a folder of their own. */
static int set_up(void **state)
{
    char folder[] = "/tmp/scratchml-file-XXXXXX";
    sml_ctx *ctx = NULL;
    if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0 || chdir(folder) != 0) {
        return -1;
    }
    const sml_ctx_options options = {1, folder};
    sml_status status = sml_ctx_create(&options, &ctx);
    *state = ctx;
    return status != SML_OK;
}

static int tear_down(void **state)
{
    sml_ctx *ctx = *state;
    int failed = chdir("/");
    sml__remove_tree(sml_ctx_data_dir(ctx));
    sml_ctx_free(ctx);
    return failed;
}

static void put_old(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("old", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_holds(sml_ctx *ctx, const char *path, const char *text)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(sml__file_read(ctx, path, 100, &bytes, &length), SML_OK);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(bytes, text, length);
    sml__free(bytes);
}

static int is_link(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
}

static void assert_not_written(sml_ctx *ctx, const char *path, const char *reason)
{
    assert_int_equal(sml__file_write(ctx, path, &new_text, 1), SML_IO);
    assert_non_null(strstr(sml_ctx_error(ctx), path));
    assert_non_null(strstr(sml_ctx_error(ctx), reason));
}

static void a_link_stays_and_its_target_is_written(void **state)
{
    assert_int_equal(mkdir("elsewhere", 0777), 0);
    put_old("elsewhere/file");
    assert_int_equal(symlink("elsewhere/file", "nearer"), 0);
    assert_int_equal(symlink("nearer", "link"), 0);
    assert_int_equal(sml__file_write(*state, "link", &new_text, 1), SML_OK);
    assert_true(is_link("link") && is_link("nearer") && !is_link("elsewhere/file"));
    assert_holds(*state, "elsewhere/file", "new");
}

static void what_cannot_be_replaced_is_refused(void **state)
{
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("/dev/null", "null"), 0);
    assert_not_written(*state, "dangling", "a link to nothing");
    assert_not_written(*state, "null", "not a regular file");
    assert_not_written(*state, "/dev/null", "not a regular file");
    assert_not_written(*state, ".", "not a regular file");
    assert_true(is_link("dangling") && is_link("null"));
    assert_int_not_equal(access("nowhere", F_OK), 0);
}

static void permissions_stay(void **state)
{
    struct stat facts;
    put_old("file");
    assert_int_equal(chmod("file", 0640), 0);
    assert_int_equal(sml__file_write(*state, "file", &new_text, 1), SML_OK);
    assert_int_equal(stat("file", &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0640);
    assert_holds(*state, "file", "new");
}

/* In a process of its own, which gives up root's rights: those pass every check. */
static void a_write_protected_file_is_refused(void **state)
{
    int ended = -1;
    put_old("file");
    assert_int_equal(chmod("file", 0444), 0);
    pid_t child = fork();
    if (child == 0) {
        int failed = geteuid() == 0 && setuid(NOBODY) != 0;
        _exit(failed || sml__file_write(*state, "file", &new_text, 1) != SML_IO ||
              strstr(sml_ctx_error(*state), "Permission denied") == NULL);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_holds(*state, "file", "old");
}

/* The name of the temporary file is no secret: a link planted there is not followed. */
static void a_planted_temporary_is_left_alone(void **state)
{
    char planted[64];
    put_old("victim");
    snprintf(planted, sizeof planted, "file.%ld-0.tmp", (long)getpid());
    assert_int_equal(symlink("victim", planted), 0);
    assert_int_equal(sml__file_write(*state, "file", &new_text, 1), SML_OK);
    assert_holds(*state, "victim", "old");
    assert_holds(*state, "file", "new");
    assert_true(is_link(planted) && !is_link("file"));
}

/* What a killed writer left goes; what is being written, and what only looks similar, stays. */
static void a_sweep_takes_what_nobody_writes(void **state)
{
    static const char *const names[] = {"file.1-0.tmp", "file.99999-12.tmp", "file.7-1.tmp",
                                        "file.x-0.tmp", "file.1-0.tmp2",     "other.1-0.tmp",
                                        "file.-.tmp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put_old(names[i]);
    }
    assert_int_equal(symlink("file.1-0.tmp2", "file.2-0.tmp"), 0);
    const int writer = open("file.7-1.tmp", O_WRONLY);
    assert_int_equal(flock(writer, LOCK_EX), 0);
    sml__file_sweep(*state, "file");
    assert_int_equal(access("file.1-0.tmp", F_OK), -1);
    assert_int_equal(access("file.99999-12.tmp", F_OK), -1);
    for (size_t i = 2; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(access(names[i], F_OK), 0);
    }
    assert_true(is_link("file.2-0.tmp"));
    close(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_stays_and_its_target_is_written),
        TEST(what_cannot_be_replaced_is_refused),
        TEST(permissions_stay),
        TEST(a_write_protected_file_is_refused),
        TEST(a_planted_temporary_is_left_alone),
        TEST(a_sweep_takes_what_nobody_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
