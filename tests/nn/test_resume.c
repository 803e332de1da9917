/* A fit that is ended anywhere and goes on from its checkpoint gives the model file, byte for byte,
 * of one that was never interrupted: with any number of threads before and after. */
#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 70, HELD_OUT = 30, COLUMNS = 20, CLASSES = 3, PATH = 200 };

/* Rows with labels and weights to train on, and others to score. */
typedef struct rows {
    float features[(ROWS + HELD_OUT) * COLUMNS], weights[ROWS];
    int32_t labels[ROWS + HELD_OUT];
    sml_dataset *train, *validation;
} rows;

static void open_rows(sml_ctx *ctx, rows *r)
{
    sml__random random;
    sml__random_init(&random, 9, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < sizeof r->features / sizeof r->features[0]; i++) {
        r->features[i] = (float)sml__random_normal(&random);
    }
    for (size_t i = 0; i < ROWS + HELD_OUT; i++) {
        r->labels[i] = (int32_t)sml__random_below(&random, CLASSES);
    }
    for (size_t i = 0; i < ROWS; i++) {
        r->weights[i] = (float)(1 + i % 3);
    }
    sml_data_view view = {.name = "rows",
                          .rows = ROWS,
                          .columns = COLUMNS,
                          .features = r->features,
                          .labels = r->labels,
                          .outputs = CLASSES,
                          .weights = r->weights};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &r->train));
    view.rows = HELD_OUT;
    view.features += ROWS * COLUMNS;
    view.labels += ROWS;
    view.weights = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &r->validation));
}

static void close_rows(rows *r)
{
    sml_dataset_free(r->train);
    sml_dataset_free(r->validation);
}

/* The folder of a test: in memory where there is such a place, since each write is synced. */
static void make_folder(char folder[PATH])
{
    struct stat facts;
    const int has_shm = stat("/dev/shm", &facts) == 0 && access("/dev/shm", W_OK) == 0;
    snprintf(folder, PATH, "%s/scratchml-resume-XXXXXX", has_shm ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
}

/* Also fails where a file is left that has no business there. */
static void remove_folder(const char *folder)
{
    char path[2 * PATH];
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strstr(entry->d_name, ".tmp") != NULL) {
            fail_msg("%s was left behind", entry->d_name);
        }
        snprintf(path, sizeof path, "%s/%.100s", folder, entry->d_name);
        unlink(path);
    }
    closedir(directory);
    assert_int_equal(rmdir(folder), 0);
}

static unsigned char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static void assert_same_files(const char *a, const char *b, const char *what, uint64_t step)
{
    size_t n = 0, m = 0;
    unsigned char *x = read_file(a, &n), *y = read_file(b, &m);
    if (n != m || memcmp(x, y, n) != 0) {
        fail_msg("%s: other bytes after an end at step %llu", what, (unsigned long long)step);
    }
    free(x);
    free(y);
}

/* Ends a fit after a step; 0: never. */
typedef struct ender {
    uint64_t at, seen;
} ender;

static int end_at(void *user, const sml_progress *progress)
{
    ender *e = user;
    (void)progress;
    return ++e->seen == e->at;
}

/* One part of a training in a context of its own: from the checkpoint, where it is there, until
 * `end` steps later (0: to the end, the model is saved then). */
static sml_status run_part(int threads, const char *settings, const char *checkpoint,
                           const char *output, uint64_t end, sml_fit_report *report)
{
    sml_ctx *ctx = new_context(threads);
    static rows r;
    sml_model *model = NULL;
    ender e = {.at = end};
    open_rows(ctx, &r);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    const sml_fit_options options = {.progress = end_at,
                                     .user = &e,
                                     .validation = r.validation,
                                     .checkpoint = checkpoint,
                                     .checkpoint_steps = 1000000,
                                     .resume = 1};
    const sml_status status = sml_model_fit_with(ctx, model, r.train, &options, report);
    if (status == SML_OK) {
        assert_ok(ctx, sml_model_save(ctx, model, output));
    } else if (status != SML_CANCELLED) {
        fail_msg("%s: %s", settings, sml_ctx_error(ctx));
    }
    sml_model_free(model);
    close_rows(&r);
    sml_ctx_free(ctx);
    return status;
}

/* Ended once after every step, and in one run after every single step. */
static void check_everywhere(const char *settings, const char *folder)
{
    char whole[2 * PATH], resumed[2 * PATH], checkpoint[2 * PATH];
    sml_fit_report report;
    snprintf(whole, sizeof whole, "%s/whole", folder);
    snprintf(resumed, sizeof resumed, "%s/resumed", folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    assert_int_equal(run_part(1, settings, NULL, whole, 0, &report), SML_OK);
    const uint64_t steps = report.steps;
    assert_true(steps >= 4);
    for (uint64_t k = 1; k <= steps; k++) {
        unlink(checkpoint);
        assert_int_equal(run_part(1 + (int)(k % 3), settings, checkpoint, resumed, k, &report),
                         SML_CANCELLED);
        assert_int_equal(report.checkpoints, 1);
        assert_int_equal(
            run_part(1 + (int)((k + 1 + k / 3) % 3), settings, checkpoint, resumed, 0, &report),
            SML_OK);
        assert_int_equal(report.resumed_at, k);
        assert_int_equal(report.steps, steps);
        assert_same_files(whole, resumed, settings, k);
    }
    unlink(checkpoint);
    for (uint64_t k = 1;
         run_part(1 + (int)(k % 3), settings, checkpoint, resumed, 1, &report) != SML_OK; k++) {
        assert_true(k <= steps);
    }
    assert_same_files(whole, resumed, settings, 0);
    /* Nothing is left to train: the same file again. */
    unlink(resumed);
    assert_int_equal(run_part(2, settings, checkpoint, resumed, 0, &report), SML_OK);
    assert_same_files(whole, resumed, settings, steps);
}

/* A batch is worth a team (FLOPS_FOR_TEAM in src/nn/network.c). */
#define NETWORK "hidden=200,200 batch_size=20 epochs=3"

static void every_optimiser_resumes_after_every_step(void **state)
{
    static const char *const variants[] = {
        "",
        "dropout=0.3 clip_norm=0.5 l2=1e-3",
        "schedule=plateau plateau_patience=0 gamma=0.3 class_weight=balanced early_stopping=loss "
        "patience=1",
        "schedule=cosine warmup=3 dropout=0.2 early_stopping=accuracy label_smoothing=0.1 "
        "class_weight=1,2,0.5",
    };
    (void)state;
    char folder[PATH], settings[400];
    make_folder(folder);
    for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
        for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
            snprintf(settings, sizeof settings, NETWORK " optimizer=%s %s",
                     sml__kit_for(SML__ISA_PLAIN)->optimizers[i]->name, variants[v]);
            check_everywhere(settings, folder);
        }
    }
    remove_folder(folder);
}

/* A child that trains with a checkpoint after every step. */
static void train_in_child(int threads, const char *settings, const char *checkpoint,
                           const char *output)
{
    sml_ctx *ctx = new_context(threads);
    static rows r;
    sml_model *model = NULL;
    open_rows(ctx, &r);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    const sml_fit_options options = {
        .validation = r.validation, .checkpoint = checkpoint, .checkpoint_steps = 1, .resume = 1};
    sml_status status = sml_model_fit_with(ctx, model, r.train, &options, NULL);
    status = status == SML_OK ? sml_model_check_path(ctx, output) : status;
    status = status == SML_OK ? sml_model_save(ctx, model, output) : status;
    _exit(status == SML_OK ? 0 : 1);
}

static int run_child(int threads, const char *settings, const char *checkpoint, const char *output,
                     unsigned kill_after_us)
{
    const pid_t child = fork();
    int how = 0;
    if (child == 0) {
        train_in_child(threads, settings, checkpoint, output);
    }
    if (kill_after_us > 0) {
        const struct timespec wait = {0, (long)kill_after_us * 1000};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how) && !(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL)) {
        fail_msg("a child ended by signal %d", WTERMSIG(how));
    }
    assert_true(!WIFEXITED(how) || WEXITSTATUS(how) == 0);
    return WIFEXITED(how);
}

/* It must stand first: the library's threads do not survive a fork, so there may be none yet. */
static void a_killed_training_resumes(void **state)
{
    static const char settings[] =
        "hidden=200,200 batch_size=5 epochs=8 optimizer=adam dropout=0.2 schedule=plateau "
        "early_stopping=loss patience=8";
    char folder[PATH], whole[2 * PATH], resumed[2 * PATH], checkpoint[2 * PATH];
    const uint64_t seed = (uint64_t)time(NULL);
    sml__random random;
    unsigned kills = 0;
    (void)state;
    sml__random_init(&random, seed, SML__SAMPLE, 0, 0);
    print_message("seed %llu\n", (unsigned long long)seed);
    make_folder(folder);
    snprintf(whole, sizeof whole, "%s/whole", folder);
    snprintf(resumed, sizeof resumed, "%s/resumed", folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    assert_int_equal(run_child(1, settings, NULL, whole, 0), 1);
    for (int ended = 0; !ended; kills += !ended) {
        /* Longer with time, so that a slow machine gets on, too. */
        const unsigned wait = 2000 + sml__random_below(&random, 20000) + 500 * kills;
        assert_true(kills < 400);
        ended =
            run_child(1 + (int)sml__random_below(&random, 3), settings, checkpoint, resumed, wait);
    }
    print_message("%u kills\n", kills);
    assert_true(kills >= 3);
    assert_same_files(whole, resumed, settings, kills);
    remove_folder(folder);
}

/* What a fit to be resumed must have in common with the one before. */
static void another_training_is_refused(void **state)
{
    static const char base[] = "hidden=6 epochs=3 batch_size=20";
    static const struct {
        const char *settings, *text;
    } others[] = {
        {"hidden=6 epochs=4 batch_size=20", "epochs=3, not 4"},
        {"hidden=7 epochs=3 batch_size=20", "hidden=6, not 7"},
        {"hidden=6 epochs=3 batch_size=20 seed=1", "seed=42, not 1"},
    };
    (void)state;
    char folder[PATH], checkpoint[2 * PATH], output[2 * PATH];
    sml_fit_report report;
    static rows r;
    sml_ctx *ctx = new_context(1);
    make_folder(folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    snprintf(output, sizeof output, "%s/output", folder);
    assert_int_equal(run_part(1, base, checkpoint, output, 5, &report), SML_CANCELLED);
    open_rows(ctx, &r);
    sml_fit_options options = {.validation = r.validation, .checkpoint = checkpoint, .resume = 1};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        sml_model *model = NULL;
        assert_ok(ctx, sml_model_create(ctx, "mlp", others[i].settings, &model));
        assert_int_equal(sml_model_fit_with(ctx, model, r.train, &options, NULL), SML_BAD_ARGUMENT);
        if (strstr(sml_ctx_error(ctx), others[i].text) == NULL) {
            fail_msg("'%s' is not in: %s", others[i].text, sml_ctx_error(ctx));
        }
        assert_int_equal(sml_model_inputs(model), 0);
        sml_model_free(model);
    }
    sml_model *model = NULL;
    assert_int_equal(sml_model_load(ctx, checkpoint, &model), SML_BAD_FILE);
    assert_non_null(strstr(sml_ctx_error(ctx), "a checkpoint, not a model"));
    assert_ok(ctx, sml_model_load_checkpoint(ctx, checkpoint, &model));
    assert_string_equal(sml_model_get(model, "hidden"), "6");
    assert_int_equal(sml_model_fit_with(ctx, model, r.validation, &options, NULL),
                     SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "the training data differs"));
    options.validation = NULL;
    assert_int_equal(sml_model_fit_with(ctx, model, r.train, &options, NULL), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "the validation data differs"));
    options.validation = r.validation;
    assert_ok(ctx, sml_model_fit_with(ctx, model, r.train, &options, &report));
    assert_int_equal(report.resumed_at, 5);
    sml_model_free(model);
    close_rows(&r);
    sml_ctx_free(ctx);
    remove_folder(folder);
}

/* Every byte of a checkpoint is protected, and none of what is left of one crashes. */
static void a_damaged_checkpoint_is_refused(void **state)
{
    (void)state;
    char folder[PATH], checkpoint[2 * PATH], output[2 * PATH];
    sml_fit_report report;
    sml_ctx *ctx = new_context(1);
    size_t length = 0;
    make_folder(folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    snprintf(output, sizeof output, "%s/output", folder);
    assert_int_equal(run_part(1, "hidden=3 epochs=3 batch_size=20", checkpoint, output, 5, &report),
                     SML_CANCELLED);
    unsigned char *bytes = read_file(checkpoint, &length);
    for (size_t i = 0; i < length; i += 37) {
        sml_model *model = NULL;
        FILE *file = fopen(checkpoint, "wb");
        bytes[i] ^= 4;
        assert_int_equal(fwrite(bytes, 1, i % 2 == 0 ? length : i, file), i % 2 == 0 ? length : i);
        fclose(file);
        bytes[i] ^= 4;
        assert_int_equal(sml_model_load_checkpoint(ctx, checkpoint, &model), SML_BAD_FILE);
        assert_null(model);
    }
    free(bytes);
    sml_ctx_free(ctx);
    remove_folder(folder);
}

/* Takes the folder away under the feet of a training. */
static int remove_at_step_2(void *user, const sml_progress *progress)
{
    char checkpoint[2 * PATH];
    if (progress->epoch == 1 && progress->step == 2) {
        snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", (const char *)user);
        assert_int_equal(unlink(checkpoint), 0);
        assert_int_equal(rmdir(user), 0);
    }
    return 0;
}

/* A disk that is full, or a folder that is gone, does not cost the training; before it, it is
 * refused. */
static void a_failed_checkpoint_does_not_end_the_fit(void **state)
{
    (void)state;
    char folder[PATH], checkpoint[2 * PATH];
    static rows r;
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_fit_report report;
    make_folder(folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    open_rows(ctx, &r);
    const sml_fit_options options = {.checkpoint = checkpoint,
                                     .checkpoint_steps = 1,
                                     .progress = remove_at_step_2,
                                     .user = folder};
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=3 epochs=2 batch_size=10", &model));
    assert_ok(ctx, sml_model_fit_with(ctx, model, r.train, &options, &report));
    assert_int_equal(report.steps, 14);
    assert_int_equal(report.checkpoints, 1);
    assert_int_equal(report.failed_checkpoints, 14); /* 13 steps and the end */
    assert_non_null(strstr(sml_ctx_error(ctx), "checkpoint: cannot write"));
    assert_int_equal(sml_model_fit_with(ctx, model, r.train, &options, NULL), SML_IO);
    sml_model_free(model);
    close_rows(&r);
    sml_ctx_free(ctx);
}

static void a_prefix_is_the_same_run(void **state)
{
    (void)state;
    static const char settings[] = NETWORK " optimizer=nesterov schedule=cosine epochs=5";
    char folder[PATH], checkpoint[2 * PATH];
    static rows r;
    sml_ctx *ctx = new_context(2);
    sml_model *whole = NULL, *parts = NULL;
    size_t n = 0, m = 0;
    sml_fit_report report;
    make_folder(folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    open_rows(ctx, &r);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &whole));
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &parts));
    assert_ok(ctx, sml_model_fit(ctx, whole, r.train));
    for (uint64_t until = 1; until <= 5; until += 2) {
        const sml_fit_options options = {
            .checkpoint = checkpoint, .resume = 1, .until_epoch = until};
        assert_ok(ctx, sml_model_fit_with(ctx, parts, r.train, &options, &report));
        assert_int_equal(report.epochs, until);
        sml_model_history(parts, &n);
        assert_int_equal(n, until);
    }
    const sml_epoch_record *a = sml_model_history(whole, &n), *b = sml_model_history(parts, &m);
    assert_true(n == 5 && m == 5);
    for (size_t i = 0; i < n; i++) {
        assert_true(a[i].loss == b[i].loss && a[i].learning_rate == b[i].learning_rate);
        assert_true(i == 0 || b[i].seconds >= b[i - 1].seconds);
    }
    float *x = parameters_of(ctx, whole, &n), *y = parameters_of(ctx, parts, &m);
    assert_memory_equal(x, y, n * sizeof(float));
    free(x);
    free(y);
    sml_model_free(whole);
    sml_model_free(parts);
    close_rows(&r);
    sml_ctx_free(ctx);
    remove_folder(folder);
}

/* As sml_model_record_split notes it in the model. */
static void a_checkpoint_notes_the_split(void **state)
{
    (void)state;
    char folder[PATH], checkpoint[2 * PATH];
    static rows r;
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL, *loaded = NULL, *later = NULL;
    make_folder(folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    open_rows(ctx, &r);
    sml_fit_options options = {.checkpoint = checkpoint, .split_seed = 7, .split_share = 0.25};
    const char *settings = "hidden=3 epochs=2 batch_size=20";
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit_with(ctx, model, r.train, &options, NULL));
    assert_ok(ctx, sml_model_load_checkpoint(ctx, checkpoint, &loaded));
    assert_non_null(strstr(sml_model_receipt(loaded), "\"held_out\":{\"test\":0.25,\"seed\":7}"));
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &later));
    assert_ok(ctx, sml_model_fit(ctx, later, r.train));
    assert_ok(ctx, sml_model_record_split(ctx, later, 7, 0.25));
    assert_string_equal(sml_model_receipt(later), sml_model_receipt(model));
    options.split_share = 1.5;
    assert_int_equal(sml_model_fit_with(ctx, model, r.train, &options, NULL), SML_BAD_ARGUMENT);
    assert_string_equal(sml_model_receipt(later), sml_model_receipt(model)); /* as it was */
    sml_model_free(model);
    sml_model_free(loaded);
    sml_model_free(later);
    close_rows(&r);
    sml_ctx_free(ctx);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_training_resumes),
        cmocka_unit_test(every_optimiser_resumes_after_every_step),
        cmocka_unit_test(another_training_is_refused),
        cmocka_unit_test(a_damaged_checkpoint_is_refused),
        cmocka_unit_test(a_failed_checkpoint_does_not_end_the_fit),
        cmocka_unit_test(a_prefix_is_the_same_run),
        cmocka_unit_test(a_checkpoint_notes_the_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
