/* Search by successive halving, and its journal. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 120, COLUMNS = 4, CLASSES = 3, TRIALS = 9, JOBS = 9 + 3 + 1 };

static const char *const SPACE[] = {"learning_rate=log:1e-3..1e-1", "hidden=2|4|8"};

typedef struct fixture {
    sml_ctx *ctx;
    float features[ROWS * COLUMNS];
    int32_t labels[ROWS];
    sml_dataset *data, *parts[2];
    sml_model *like;
    sml_search *search;
} fixture;

static const sml_search_plan PLAN = {.space = SPACE, .n_space = 2, .trials = TRIALS, .seed = 4};

static fixture *new_fixture(int threads, const sml_search_plan *plan, const char *settings)
{
    fixture *f = calloc(1, sizeof *f);
    const double share = 0.25;
    sml__random random;
    sml__random_init(&random, 9, SML__GENERATE, 0, 0);
    f->ctx = new_context(threads);
    for (size_t r = 0; r < ROWS; r++) {
        f->labels[r] = (int32_t)(r % CLASSES);
        for (size_t c = 0; c < COLUMNS; c++) {
            f->features[r * COLUMNS + c] =
                (float)sml__random_normal(&random) + (c == r % CLASSES ? 1.5F : 0.0F);
        }
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .features = f->features,
                                .outputs = CLASSES,
                                .labels = f->labels};
    assert_ok(f->ctx, sml_dataset_from_memory(f->ctx, &view, &f->data));
    assert_ok(f->ctx, sml_dataset_split(f->ctx, f->data, 1, &share, 1, f->parts));
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &f->like));
    assert_ok(f->ctx, sml_search_create(f->ctx, f->like, plan, &f->search));
    return f;
}

static fixture *usual_fixture(int threads)
{
    return new_fixture(threads, &PLAN, "epochs=9 batch_size=16 seed=2");
}

static void free_fixture(fixture *f)
{
    sml_search_free(f->search);
    sml_model_free(f->like);
    sml_dataset_free(f->parts[0]);
    sml_dataset_free(f->parts[1]);
    sml_dataset_free(f->data);
    sml_ctx_free(f->ctx);
    free(f);
}

static sml_status run(fixture *f, const sml_study *study, const char *journal)
{
    return sml_search_run(f->ctx, f->search, f->parts[0], f->parts[1], study, journal);
}

/* What two rankings have in common must be everything but the time. */
static void assert_same_ranking(const sml_search *found, const sml_search *expected)
{
    size_t n = 0;
    for (const sml_study_row *a; (a = sml_search_rank(found, n)) != NULL; n++) {
        const sml_study_row *b = sml_search_rank(expected, n);
        assert_non_null(b);
        assert_int_equal(a->trial, b->trial);
        assert_int_equal(a->rung, b->rung);
        assert_int_equal(a->epochs, b->epochs);
        assert_int_equal(a->status, b->status);
        assert_near(a->metric, b->metric, 0, 0, "metric", n);
        assert_near(a->loss, b->loss, 0, 0, "loss", n);
        assert_string_equal(a->settings, b->settings);
    }
    assert_int_equal(n, TRIALS);
    assert_null(sml_search_rank(expected, n));
}

typedef struct counter {
    size_t seen, end_at;
    size_t field[8];
    uint64_t epochs[8];
} counter;

static int count_rows(void *user, const sml_study_row *row)
{
    counter *c = user;
    assert_true(row->rung < 8);
    c->field[row->rung]++;
    c->epochs[row->rung] = row->epochs;
    return ++c->seen == c->end_at;
}

/* Fields and epochs of the rungs, by the formula at the head of search.c. */
static void rungs_are_as_planned(void **state)
{
    (void)state;
    const struct {
        size_t trials;
        uint64_t eta, min_epochs;
        const char *epochs;
        size_t rungs, field[5];
        uint64_t until[5];
    } cases[] = {
        {27, 0, 0, "epochs=27", 4, {27, 9, 3, 1}, {1, 3, 9, 27}},
        {27, 3, 0, "epochs=10", 4, {27, 9, 3, 1}, {1, 3, 9, 10}},
        {27, 3, 0, "epochs=81", 4, {27, 9, 3, 1}, {3, 9, 27, 81}},
        {27, 3, 9, "epochs=27", 2, {27, 9}, {9, 27}},
        {10, 3, 0, "epochs=9", 3, {10, 3, 1}, {1, 3, 9}},
        {8, 2, 0, "epochs=8", 4, {8, 4, 2, 1}, {1, 2, 4, 8}},
        {8, 1, 0, "epochs=8", 1, {8}, {8}},
        {1, 3, 0, "epochs=8", 1, {1}, {8}},
        {27, 3, 0, "epochs=1", 1, {27}, {1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_search_plan plan = PLAN;
        counter c = {0};
        size_t trials, rungs, jobs, sum = 0;
        plan.trials = cases[i].trials;
        plan.eta = cases[i].eta;
        plan.min_epochs = cases[i].min_epochs;
        fixture *f = new_fixture(1, &plan, cases[i].epochs);
        const sml_study study = {.row = count_rows, .user = &c};
        assert_ok(f->ctx, run(f, &study, NULL));
        sml_search_size(f->search, &trials, &rungs, &jobs);
        assert_int_equal(trials, cases[i].trials);
        assert_int_equal(rungs, cases[i].rungs);
        for (size_t rung = 0; rung < rungs; rung++) {
            assert_int_equal(c.field[rung], cases[i].field[rung]);
            assert_int_equal(c.epochs[rung], cases[i].until[rung]);
            sum += c.field[rung];
        }
        assert_int_equal(jobs, sum);
        assert_int_equal(c.seen, sum);
        free_fixture(f);
    }
}

/* The best of a rung go on, and the winner's score is that of a training by hand. */
static void the_ranking_is_earned(void **state)
{
    (void)state;
    fixture *f = usual_fixture(2);
    const sml_study study = {0};
    sml_model *model = NULL;
    sml_scores scores;
    char settings[256];
    assert_ok(f->ctx, run(f, &study, NULL));
    const sml_study_row *best = sml_search_rank(f->search, 0);
    assert_int_equal(best->rung, 2);
    assert_int_equal(best->epochs, 9);
    for (size_t i = 1; i < TRIALS; i++) {
        const sml_study_row *above = sml_search_rank(f->search, i - 1);
        const sml_study_row *row = sml_search_rank(f->search, i);
        assert_int_equal(row->rung, i < 3 ? 1 : 0);
        assert_true(row->rung < above->rung || row->metric <= above->metric);
    }
    snprintf(settings, sizeof settings, "epochs=9 batch_size=16 seed=2 %s", best->settings);
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &model));
    assert_ok(f->ctx, sml_model_fit(f->ctx, model, f->parts[0]));
    assert_ok(f->ctx, sml_model_evaluate(f->ctx, model, f->parts[1], &scores));
    assert_near(best->metric, scores.accuracy, 0, 0, "accuracy", 0);
    assert_near(best->loss, scores.loss, 0, 0, "loss", 0);
    sml_model_free(model);
    free_fixture(f);
}

/* Asked after every batch; kills its process at one of them where that is wanted. */
typedef struct batches {
    atomic_size_t asked;
    size_t kill_at; /* 0: never */
} batches;

static int count_batches(void *user)
{
    batches *b = user;
    if (atomic_fetch_add(&b->asked, 1) + 1 == b->kill_at) {
        kill(getpid(), SIGKILL);
    }
    return 0;
}

static const char SCHEDULED[] =
    "epochs=9 batch_size=16 seed=2 schedule=cosine early_stopping=macro_f1 patience=20 "
    "validation=0.2";

/* Takes the row of each trial's first rung. */
static int take_first_rung(void *user, const sml_study_row *row)
{
    sml_study_row *rows = user;
    if (row->rung == 0) {
        rows[row->trial] = *row;
    }
    return 0;
}

static void check_prefix(fixture *f, const sml_study_row *row)
{
    sml_model *model = NULL;
    sml_scores scores;
    const sml_fit_options options = {.until_epoch = row->epochs};
    char settings[512];
    snprintf(settings, sizeof settings, "%s %s", SCHEDULED, row->settings);
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &model));
    assert_ok(f->ctx, sml_model_fit_with(f->ctx, model, f->parts[0], &options, NULL));
    assert_ok(f->ctx, sml_model_evaluate(f->ctx, model, f->parts[1], &scores));
    assert_near(row->loss, scores.loss, 0, 0, "loss", row->trial);
    assert_near(row->accuracy, scores.accuracy, 0, 0, "accuracy", row->trial);
    sml_model_free(model);
}

/* Every rung is the beginning of a run of all nine epochs, to the bit. */
static void a_rung_is_a_prefix_of_the_whole_run(void **state)
{
    (void)state;
    fixture *f = new_fixture(2, &PLAN, SCHEDULED);
    sml_study_row first[TRIALS];
    const sml_study study = {.row = take_first_rung, .user = first};
    assert_ok(f->ctx, run(f, &study, NULL));
    for (size_t i = 0; i < TRIALS; i++) {
        check_prefix(f, &first[i]);
        check_prefix(f, sml_search_rank(f->search, i));
    }
    free_fixture(f);
}

/* 90 rows are 6 batches. 9 trials until epoch 1, 3 until 3 and 1 until 9 are 9 + 6 + 6 epochs;
 * trained anew they would be 27. */
static void no_epoch_is_trained_twice(void **state)
{
    enum { EPOCHS = 9 * 1 + 3 * 2 + 1 * 6, BATCHES = 6 };
    (void)state;
    fixture *f = usual_fixture(1);
    batches b = {.kill_at = 0};
    const sml_study study = {.cancelled = count_batches, .user = &b};
    assert_ok(f->ctx, run(f, &study, NULL));
    /* The runner asks once before each training, and once at the end of a rung. */
    assert_in_range(b.asked, EPOCHS * BATCHES, EPOCHS * BATCHES + 2 * JOBS);
    free_fixture(f);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    const sml_study study = {.metric = "loss"};
    fixture *alone = usual_fixture(1);
    assert_ok(alone->ctx, run(alone, &study, NULL));
    for (int threads = 2; threads <= 4; threads++) {
        fixture *team = usual_fixture(threads);
        assert_ok(team->ctx, run(team, &study, NULL));
        assert_same_ranking(team->search, alone->search);
        free_fixture(team);
    }
    free_fixture(alone);
}

/* Trials that diverge rank last, ties by number. */
static void what_diverges_ranks_last(void **state)
{
    (void)state;
    const char *const space[] = {"learning_rate=1e30|0.1|2e30|0.01"};
    const sml_search_plan plan = {.space = space, .n_space = 1, .grid = 1, .eta = 1};
    const size_t last[] = {0, 2};
    fixture *f = new_fixture(2, &plan, "epochs=3 optimizer=sgd batch_size=8");
    const sml_study study = {0};
    assert_ok(f->ctx, run(f, &study, NULL));
    for (size_t i = 0; i < 4; i++) {
        const sml_study_row *row = sml_search_rank(f->search, i);
        assert_int_equal(row->status, i < 2 ? SML_OK : SML_DIVERGED);
        assert_true(i < 2 || row->trial == last[i - 2]);
    }
    free_fixture(f);
}

/* ---- the journal, in a folder of its own */

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

static void plans_are_checked(void **state)
{
    (void)state;
    fixture *f = usual_fixture(1);
    sml_search *search = NULL;
    const sml_search_plan plans[] = {
        {.space = SPACE, .n_space = 2, .trials = 0},
        {.space = SPACE, .n_space = 2, .trials = 100000},
        {.space = SPACE, .n_space = 0, .trials = 3},
        {.space = SPACE, .n_space = 2, .grid = 1},
        {.space = SPACE + 1, .n_space = 1, .grid = 1, .trials = 2},
        {.space = SPACE, .n_space = 2, .trials = 3, .min_epochs = 10},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        assert_int_equal(sml_search_create(f->ctx, f->like, &plans[i], &search), SML_BAD_ARGUMENT);
        assert_null(search);
    }
    free_fixture(f);
}

/* No combination is trained twice where the space has an end that the trials reach. */
static void a_small_space_is_a_grid(void **state)
{
    (void)state;
    static const char *const spaces[][2] = {
        {"hidden=4", NULL},      {"hidden=2|4|8", NULL}, {"hidden=2|4", "dropout=0..0.5/3"},
        {"warmup=0..26", NULL},  /* 27 whole numbers */
        {"warmup=0..27", NULL},  /* 28: drawn */
        {"dropout=0..0.5", NULL} /* no end */
    };
    const size_t wanted[] = {1, 3, 6, 27, 27, 27};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const sml_search_plan plan = {
            .space = spaces[i], .n_space = spaces[i][1] != NULL ? 2 : 1, .trials = 27};
        size_t trials, rungs, jobs;
        fixture *f = new_fixture(1, &plan, "epochs=1");
        assert_ok(f->ctx, run(f, &(sml_study){0}, NULL));
        sml_search_size(f->search, &trials, &rungs, &jobs);
        assert_int_equal(trials, wanted[i]);
        for (size_t a = 0; i < 4 && a < trials; a++) {
            for (size_t b = 0; b < a; b++) {
                assert_string_not_equal(sml_search_rank(f->search, a)->settings,
                                        sml_search_rank(f->search, b)->settings);
            }
        }
        free_fixture(f);
    }
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_folder(a_killed_search_ends_in_the_same_ranking), /* the first: see there */
        with_folder(a_killed_search_leaves_nothing_for_long),  /* and the second */
        cmocka_unit_test(rungs_are_as_planned),
        cmocka_unit_test(the_ranking_is_earned),
        cmocka_unit_test(a_rung_is_a_prefix_of_the_whole_run),
        cmocka_unit_test(no_epoch_is_trained_twice),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_diverges_ranks_last),
        with_folder(a_search_goes_on_from_its_journal),
        with_folder(a_journal_without_results_is_no_trap),
        with_folder(a_damaged_checkpoint_ends_nothing),
        with_folder(a_foreign_journal_is_refused),
        with_folder(a_damaged_journal_is_refused),
        with_folder(two_searches_do_not_share_a_journal),
        cmocka_unit_test(plans_are_checked),
        cmocka_unit_test(a_small_space_is_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
