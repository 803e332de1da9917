/* The journal of a search, and what interrupted, killed and damaged ones leave. */
#include "searching.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- each test has a folder of its own */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sml-search-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static const char *path_of(const char *name)
{
    static char path[384];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path_of("plan.json"));
    unlink(path_of("results.jsonl"));
    return rmdir(folder);
}

static void append(const char *text)
{
    FILE *file = fopen(path_of("results.jsonl"), "a");
    fputs(text, file);
    fclose(file);
}

static size_t count_lines(void)
{
    FILE *file = fopen(path_of("results.jsonl"), "r");
    size_t lines = 0;
    for (int c; file != NULL && (c = getc(file)) != EOF;) {
        lines += c == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
    return lines;
}

/* Interrupted after every possible number of trainings, each time with a torn line behind. */
static void a_search_goes_on_from_its_journal(void **state)
{
    const sml_study plain = {0};
    fixture *whole = usual_fixture(2);
    assert_ok(whole->ctx, run(whole, &plain, NULL));
    for (size_t k = 1; k < JOBS; k++) {
        counter c = {.end_at = k}, again = {0};
        const sml_study broken = {.row = count_rows, .user = &c};
        const sml_study resumed = {.row = count_rows, .user = &again};
        fixture *f = usual_fixture(1);
        assert_int_equal(run(f, &broken, folder), SML_CANCELLED);
        assert_int_equal(count_lines(), k);
        free_fixture(f);
        append("{\"trial\":3,\"rung\":0,\"ep");
        f = usual_fixture(1);
        assert_ok(f->ctx, run(f, &resumed, folder));
        assert_same_ranking(f->search, whole->search);
        assert_int_equal(again.seen, JOBS);
        assert_int_equal(count_lines(), JOBS);
        free_fixture(f);
        assert_int_equal(remove_folder(state), 0);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    free_fixture(whole);
}

/* Killed at batches all over the search. Five kills in a row bring it to its end as well. This
 * process has had no team of threads before, since those do not live on in a forked one. */
static void a_killed_search_ends_in_the_same_ranking(void **state)
{
    const sml_study plain = {0};
    fixture *whole = new_fixture(1, &PLAN, SCHEDULED);
    size_t kills = 0;
    assert_ok(whole->ctx, run(whole, &plain, NULL));
    for (size_t at = 1; at <= 120; at += 17) {
        for (int again = 0; again < 5; again++) {
            const pid_t child = fork();
            if (child == 0) {
                fixture *f = new_fixture(1 + again % 2, &PLAN, SCHEDULED);
                batches b = {.kill_at = at};
                const sml_study study = {.cancelled = count_batches, .user = &b};
                _exit(run(f, &study, folder) == SML_OK ? 0 : 1);
            }
            int ended = -1;
            assert_int_equal(waitpid(child, &ended, 0), child);
            assert_true(ended == 0 || (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL));
            kills += ended != 0;
        }
        fixture *f = new_fixture(1, &PLAN, SCHEDULED);
        assert_ok(f->ctx, run(f, &plain, folder));
        assert_same_ranking(f->search, whole->search);
        free_fixture(f);
        assert_int_equal(remove_folder(state), 0); /* no checkpoint is left in it */
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    assert_true(kills > 8);
    free_fixture(whole);
}

/* Entries of the folder; with damaged, each checkpoint becomes a file that is none. */
static size_t visit_folder(const char *beginning, int damaged)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL) {
        if (strncmp(entry->d_name, beginning, strlen(beginning)) == 0) {
            n++;
            if (damaged) {
                FILE *file = fopen(path_of(entry->d_name), "r+");
                assert_non_null(file);
                assert_int_equal(fseek(file, 200, SEEK_SET), 0);
                fputs("damage", file);
                fclose(file);
            }
        }
    }
    closedir(list);
    return n;
}

/* What a killed search without a journal left is gone with the next one; what lives stays. */
static void a_killed_search_leaves_nothing_for_long(void **state)
{
    const char *before = getenv("TMPDIR");
    char kept[256] = "";
    const sml_study plain = {0};
    (void)state;
    snprintf(kept, sizeof kept, "%s", before != NULL ? before : "");
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    for (int i = 0; i < 3; i++) {
        const pid_t child = fork();
        if (child == 0) {
            fixture *f = usual_fixture(1);
            batches b = {.kill_at = 100};
            const sml_study study = {.cancelled = count_batches, .user = &b};
            _exit(run(f, &study, NULL) == SML_OK ? 0 : 1);
        }
        int ended = -1;
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
        assert_int_equal(visit_folder("scratchml-search-", 0), 1); /* its own, not the last one's */
    }
    assert_int_equal(mkdir(path_of("scratchml-search-abcdef"), 0700), 0);
    const int lock = open(path_of("scratchml-search-abcdef"), O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    fixture *f = usual_fixture(1);
    assert_ok(f->ctx, run(f, &plain, NULL));
    free_fixture(f);
    assert_int_equal(visit_folder("scratchml-search-", 0), 1);
    close(lock);
    assert_int_equal(rmdir(path_of("scratchml-search-abcdef")), 0);
    assert_int_equal(kept[0] != '\0' ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR"), 0);
}

static void take_note(void *user, const char *text)
{
    size_t *notes = user;
    ++*notes;
    if (strstr(text, folder) == NULL || strstr(text, ".checkpoint") == NULL ||
        strstr(text, "trained anew") == NULL) {
        fail_msg("%s", text);
    }
}

/* Its trial is trained anew, with the same result. */
static void a_damaged_checkpoint_ends_nothing(void **state)
{
    (void)state;
    const sml_study plain = {0};
    size_t notes = 0;
    fixture *whole = usual_fixture(1);
    assert_ok(whole->ctx, run(whole, &plain, NULL));
    counter c = {.end_at = JOBS - 1};
    const sml_study broken = {.row = count_rows, .user = &c};
    fixture *f = usual_fixture(1);
    assert_int_equal(run(f, &broken, folder), SML_CANCELLED);
    free_fixture(f);
    assert_true(visit_folder("trial-", 1) >= 1);
    const sml_study telling = {.note = take_note, .user = &notes};
    f = usual_fixture(1);
    assert_ok(f->ctx, run(f, &telling, folder));
    assert_same_ranking(f->search, whole->search);
    assert_int_equal(notes, 1);
    free_fixture(f);
    free_fixture(whole);
}

/* Results that went lost while the checkpoints stayed: the trials are further than their rung. */
static void a_journal_without_results_is_no_trap(void **state)
{
    (void)state;
    fixture *whole = usual_fixture(1);
    const sml_study plain = {0};
    assert_ok(whole->ctx, run(whole, &plain, NULL));
    counter c = {.end_at = JOBS - 1}; /* every trial of rung 1 has a checkpoint then */
    const sml_study broken = {.row = count_rows, .user = &c};
    fixture *f = usual_fixture(1);
    assert_int_equal(run(f, &broken, folder), SML_CANCELLED);
    free_fixture(f);
    unlink(path_of("results.jsonl"));
    f = usual_fixture(1);
    assert_ok(f->ctx, run(f, &plain, folder));
    assert_same_ranking(f->search, whole->search);
    free_fixture(f);
    free_fixture(whole);
}

static void assert_refused(fixture *f, sml_status status, const char *text)
{
    const sml_study study = {0};
    const sml_status found = run(f, &study, folder);
    if (found != status || strstr(sml_ctx_error(f->ctx), text) == NULL) {
        fail_msg("%d: %s; expected %s", found, sml_ctx_error(f->ctx), text);
    }
}

static void a_foreign_journal_is_refused(void **state)
{
    (void)state;
    const sml_study study = {0};
    sml_search_plan plan = PLAN;
    fixture *f = usual_fixture(1);
    assert_ok(f->ctx, run(f, &study, folder));
    free_fixture(f);

    plan.seed = 5;
    f = new_fixture(1, &plan, "epochs=9 batch_size=16 seed=2");
    assert_refused(f, SML_BAD_ARGUMENT,
                   "plan.json: the journal is of another search: seed differs");
    free_fixture(f);
    f = new_fixture(1, &PLAN, "epochs=9 batch_size=32 seed=2");
    assert_refused(f, SML_BAD_ARGUMENT, "settings differs");
    free_fixture(f);
    f = usual_fixture(1);
    f->features[7] += 1.0F;
    assert_refused(f, SML_BAD_ARGUMENT, "sha256 differs");
    free_fixture(f);
}

static void a_damaged_journal_is_refused(void **state)
{
    (void)state;
    const sml_study study = {0};
    const char *const lines[] = {"rubbish\n",
                                 "{}\n",
                                 "[]\n",
                                 "{\"trial\":-1,\"rung\":0,\"epochs\":1,\"ended\":\"finished\"}\n",
                                 "{\"trial\":99,\"rung\":0,\"epochs\":1,\"ended\":\"finished\"}\n",
                                 "{\"trial\":0,\"rung\":9,\"epochs\":1,\"ended\":\"finished\"}\n",
                                 "{\"trial\":0,\"rung\":0,\"epochs\":7,\"ended\":\"finished\"}\n",
                                 "{\"trial\":0,\"rung\":0,\"epochs\":1,\"ended\":\"maybe\"}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        fixture *f = usual_fixture(1);
        assert_ok(f->ctx, run(f, &study, folder));
        append(lines[i]);
        assert_refused(f, SML_BAD_FILE, "results.jsonl");
        free_fixture(f);
        unlink(path_of("results.jsonl"));
    }
}

/* A lock belongs to a process, so it takes another one to see it. */
static void two_searches_do_not_share_a_journal(void **state)
{
    (void)state;
    const sml_study study = {0};
    fixture *f = usual_fixture(1);
    assert_ok(f->ctx, run(f, &study, folder));
    const int fd = open(path_of("results.jsonl"), O_RDWR);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_SETLK, &whole), 0);
    const pid_t child = fork();
    if (child == 0) {
        const sml_status found = run(f, &study, folder);
        _exit(found == SML_BAD_ARGUMENT &&
                      strstr(sml_ctx_error(f->ctx), "another search is at work") != NULL
                  ? 0
                  : 1);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    close(fd);
    free_fixture(f);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_folder(a_killed_search_ends_in_the_same_ranking), /* the first: see there */
        with_folder(a_killed_search_leaves_nothing_for_long),  /* and the second */
        with_folder(a_search_goes_on_from_its_journal),
        with_folder(a_journal_without_results_is_no_trap),
        with_folder(a_damaged_checkpoint_ends_nothing),
        with_folder(a_foreign_journal_is_refused),
        with_folder(a_damaged_journal_is_refused),
        with_folder(two_searches_do_not_share_a_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
