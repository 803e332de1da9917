/* Every call to the system that the library makes fails once, in turn: the k-th of its kind, for
 * k = 1, 2, 3, … until a run has no k-th call any more. Whatever fails, the caller gets a status
 * and a text, no temporary file stays, the model file is the old one or the new one and whole, no
 * file stays open, and nothing leaks (LeakSanitizer says so in the address build).
 *
 * The linker's --wrap (tests/CMakeLists.txt) leads the calls of our own objects here; jansson
 * offers a hook of its own. Calls inside the C library are not touched. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include <scratchml.h>

enum { ROWS = 12, SIDE = 4, CLASSES = 3, FILE_MAX = 1 << 16, CALLS_MAX = 100000 };

/* Kinds of calls, and what to do to one of them. */
typedef enum call {
    CALL_MEMORY,
    CALL_OPEN,
    CALL_READ,
    CALL_WRITE,
    CALL_FSYNC,
    CALL_RENAME,
    CALL_CLOSE_READ,  /* close of a file that was opened for reading */
    CALL_CLOSE_WRITE, /* … for writing */
    CALL_MKDIR
} call;

/* A run may get over a fault that it tries again or does not need: it must then end as if nothing
 * had happened, model file and all. */
typedef enum outcome { MUST_FAIL, MUST_SUCCEED, MAY_DO_EITHER } outcome;

typedef struct fault {
    const char *name; /* of the test */
    call call;
    int error; /* errno; 0: the call moves one byte only */
    outcome outcome;
} fault;

/* Not const, only because cmocka takes a plain pointer to what a test starts with. */
static fault faults[] = {
    {"memory: ENOMEM", CALL_MEMORY, ENOMEM, MAY_DO_EITHER},
    {"open: EMFILE", CALL_OPEN, EMFILE, MUST_FAIL},
    {"read: EIO", CALL_READ, EIO, MUST_FAIL},
    {"read: EINTR", CALL_READ, EINTR, MUST_SUCCEED},
    {"read: one byte", CALL_READ, 0, MUST_SUCCEED},
    {"write: ENOSPC", CALL_WRITE, ENOSPC, MUST_FAIL},
    {"write: EIO", CALL_WRITE, EIO, MUST_FAIL},
    {"write: EINTR", CALL_WRITE, EINTR, MUST_SUCCEED},
    {"write: one byte", CALL_WRITE, 0, MUST_SUCCEED},
    {"fsync: EIO", CALL_FSYNC, EIO, MUST_FAIL},
    {"fsync: ENOSPC", CALL_FSYNC, ENOSPC, MUST_FAIL},
    {"rename: EIO", CALL_RENAME, EIO, MUST_FAIL},
    {"close after writing: EIO", CALL_CLOSE_WRITE, EIO, MUST_FAIL},
    {"close after reading: EIO", CALL_CLOSE_READ, EIO, MAY_DO_EITHER},
    {"mkdir: ENOSPC", CALL_MKDIR, ENOSPC, MUST_FAIL},
};

/* The fault that waits to happen. */
static struct armed {
    const fault *fault; /* NULL: everything works */
    long countdown;     /* the call that brings it to 0 fails */
    int struck;
    int renamed; /* a rename has worked: the new file is in place */
} armed;

/* Calls of fsync that worked: of files before a rename, of folders after it. */
static struct synced {
    int files, folders;
} synced;

/* Calls for memory so far, failing or not. */
static uint64_t memory_calls;

static int strikes(call kind)
{
    memory_calls += kind == CALL_MEMORY;
    if (armed.fault == NULL || armed.fault->call != kind || --armed.countdown != 0) {
        return 0;
    }
    armed.struck = 1;
    errno = armed.fault->error;
    return 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __real_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_close(int fd);
int __real_mkdir(const char *path, mode_t mode);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_close(int fd);
int __wrap_mkdir(const char *path, mode_t mode);

void *__wrap_malloc(size_t size)
{
    return strikes(CALL_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return strikes(CALL_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return strikes(CALL_MEMORY) ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return strikes(CALL_MEMORY) ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return strikes(CALL_OPEN) ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    if (!strikes(CALL_READ)) {
        return __real_read(fd, bytes, length);
    }
    return armed.fault->error != 0 ? -1 : __real_read(fd, bytes, length < 1 ? length : 1);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    if (!strikes(CALL_WRITE)) {
        return __real_write(fd, bytes, length);
    }
    return armed.fault->error != 0 ? -1 : __real_write(fd, bytes, length < 1 ? length : 1);
}

int __wrap_fsync(int fd)
{
    struct stat facts;
    int failed = strikes(CALL_FSYNC) ? -1 : __real_fsync(fd);
    if (failed == 0 && fstat(fd, &facts) == 0) {
        synced.files += S_ISREG(facts.st_mode) && !armed.renamed;
        synced.folders += S_ISDIR(facts.st_mode) && armed.renamed;
    }
    return failed;
}

int __wrap_rename(const char *from, const char *to)
{
    int failed = strikes(CALL_RENAME) ? -1 : __real_rename(from, to);
    armed.renamed = armed.renamed || failed == 0;
    return failed;
}

/* As on Linux, a close that fails has closed the file all the same. */
int __wrap_close(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    int failed = __real_close(fd);
    int reading = (flags & O_ACCMODE) == O_RDONLY;
    return strikes(reading ? CALL_CLOSE_READ : CALL_CLOSE_WRITE) ? -1 : failed;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return strikes(CALL_MKDIR) ? -1 : __real_mkdir(path, mode);
}

/* The folder that everything happens in, and the model files before and after. */
static struct place {
    char folder[128], data[160], model[160], results[160];
    unsigned char old[FILE_MAX], new[FILE_MAX];
    size_t old_length, new_length;
} place;

static size_t read_whole(const char *path, unsigned char *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, FILE_MAX, file);
    assert_true(length < FILE_MAX);
    fclose(file);
    return length;
}

static void write_whole(const char *path, const unsigned char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_split(const char *split)
{
    unsigned char images[16 + ROWS * SIDE * SIDE] = {0, 0, 8, 3,    0, 0, 0, ROWS,
                                                     0, 0, 0, SIDE, 0, 0, 0, SIDE};
    unsigned char labels[8 + ROWS] = {0, 0, 8, 1, 0, 0, 0, ROWS};
    char path[256];
    for (int row = 0; row < ROWS; row++) {
        labels[8 + row] = (unsigned char)(row % CLASSES);
        images[16 + row * SIDE * SIDE + row % CLASSES] = 255;
    }
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", place.data, split);
    write_whole(path, images, sizeof images);
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", place.data, split);
    write_whole(path, labels, sizeof labels);
}

/* What a run holds. All of it is freed at the end, wherever it stopped. */
typedef struct run {
    sml_ctx *ctx;
    sml_dataset *train, *test;
    sml_model *model, *loaded;
    sml_predictor *predictor;
    sml_scores scores;
    float outputs[ROWS * CLASSES], again[ROWS * CLASSES], one_by_one[ROWS * CLASSES];
} run;

static sml_status open_and_fit(run *r)
{
    const sml_ctx_options options = {1, place.folder};
    const char *settings =
        "hidden=4 epochs=1 batch_size=5 optimizer=adam seed=7 normalization=batch";
    sml_status status = sml_ctx_create(&options, &r->ctx);
    if (status == SML_OK) {
        status = sml_dataset_open(r->ctx, place.data, "train", &r->train);
    }
    if (status == SML_OK) {
        status = sml_dataset_open(r->ctx, place.data, "test", &r->test);
    }
    if (status == SML_OK) {
        status = sml_model_create(r->ctx, "mlp", settings, &r->model);
    }
    return status == SML_OK ? sml_model_fit(r->ctx, r->model, r->train) : status;
}

static sml_status use_and_save(run *r)
{
    sml_status status = sml_model_evaluate(r->ctx, r->model, r->test, &r->scores);
    if (status == SML_OK) {
        status = sml_model_record_scores(r->ctx, r->model, r->test, &r->scores);
    }
    if (status == SML_OK) {
        status = sml_model_predict(r->ctx, r->model, r->test, r->outputs, ROWS * CLASSES);
    }
    if (status == SML_OK) {
        status = sml__directory_create(r->ctx, place.results);
    }
    return status == SML_OK ? sml_model_save(r->ctx, r->model, place.model) : status;
}

static sml_status load_and_use(run *r)
{
    sml_status status = sml_model_load(r->ctx, place.model, &r->loaded);
    if (status == SML_OK) {
        status = sml_model_predict(r->ctx, r->loaded, r->test, r->again, ROWS * CLASSES);
    }
    return status;
}

static void predict_one_by_one(run *r)
{
    float features[SIDE * SIDE];
    for (size_t row = 0; row < ROWS; row++) {
        sml_dataset_features(r->test, row, features);
        sml_predictor_run(r->predictor, features, r->one_by_one + row * CLASSES);
    }
}

static sml_status open_predictor(run *r)
{
    sml_status status = sml_predictor_create(r->ctx, r->loaded, &r->predictor);
    if (status == SML_OK) {
        predict_one_by_one(r);
    } else {
        assert_null(r->predictor);
    }
    return status;
}

/* The scenario. error gets the text of a failure. */
static sml_status play(char error[1024])
{
    run r;
    memset(&r, 0, sizeof r);
    sml_status status = open_and_fit(&r);
    if (status == SML_OK) {
        status = use_and_save(&r);
    }
    if (status == SML_OK) {
        status = load_and_use(&r);
    }
    if (status == SML_OK) {
        status = open_predictor(&r);
    }
    armed.fault = NULL;
    snprintf(error, 1024, "%s", sml_ctx_error(r.ctx));
    if (status == SML_OK) {
        assert_memory_equal(r.outputs, r.again, sizeof r.outputs);
        assert_memory_equal(r.outputs, r.one_by_one, sizeof r.outputs);
    }
    sml_predictor_free(r.predictor);
    sml_model_free(r.loaded);
    sml_model_free(r.model);
    sml_dataset_free(r.test);
    sml_dataset_free(r.train);
    sml_ctx_free(r.ctx);
    return status;
}

static size_t count_entries(const char *folder)
{
    size_t n = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        n++;
    }
    closedir(directory);
    return n;
}

static void check_model_file(long k)
{
    static unsigned char found[FILE_MAX];
    size_t length = read_whole(place.model, found);
    size_t wanted = armed.renamed ? place.new_length : place.old_length;
    if (length != wanted || memcmp(found, armed.renamed ? place.new : place.old, wanted) != 0) {
        fail_msg("call %ld: the model file has %zu bytes and is not the %s one of %zu", k, length,
                 armed.renamed ? "new" : "old", wanted);
    }
}

/* One run in which the k-th call fails. Returns 0 when there was no k-th call. */
static int run_with(const fault *strike, long k)
{
    char error[1024];
    write_whole(place.model, place.old, place.old_length);
    rmdir(place.results);
    size_t files = count_entries(place.folder) + count_entries(place.data);
    size_t descriptors = count_entries("/proc/self/fd");
    armed = (struct armed){strike, k, 0, 0};
    sml_status status = play(error);
    if (armed.struck && strike->outcome != MAY_DO_EITHER &&
        (status == SML_OK) != (strike->outcome == MUST_SUCCEED)) {
        fail_msg("call %ld: status %s, text '%s'", k, sml_status_text(status), error);
    }
    if (status != SML_OK && (error[0] == '\0' || !armed.struck)) {
        fail_msg("call %ld: %s, text '%s'", k, sml_status_text(status), error);
    }
    check_model_file(k);
    rmdir(place.results);
    assert_int_equal(count_entries(place.folder) + count_entries(place.data), files);
    assert_int_equal(count_entries("/proc/self/fd"), descriptors);
    return armed.struck;
}

/* LeakSanitizer's own check, where it is linked. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void test_each_call_fails_once(void **state)
{
    const fault *strike = *state;
    long k = 1;
    while (run_with(strike, k)) {
        k++;
        assert_true(k < CALLS_MAX);
    }
    print_message("%s: %ld calls\n", strike->name, k - 1);
    /* A kind that never occurred would prove nothing. */
    assert_true(k > 1);
    if (__lsan_do_recoverable_leak_check != NULL) {
        assert_int_equal(__lsan_do_recoverable_leak_check(), 0);
    }
}

/* Before the rename the new file is safe on the disk, and after it the new name. */
static void test_a_save_is_synced(void **state)
{
    char error[1024];
    (void)state;
    armed = (struct armed){NULL, 0, 0, 0};
    synced = (struct synced){0, 0};
    assert_int_equal(play(error), SML_OK);
    rmdir(place.results);
    assert_true(armed.renamed);
    assert_int_equal(synced.files, 1);
    assert_int_equal(synced.folders, 1);
}

/* What the progress callback saw: calls for memory at its first and its last call. */
typedef struct memory_log {
    uint64_t first, last, calls;
} memory_log;

static int log_memory(void *user, const sml_progress *progress)
{
    memory_log *log = user;
    (void)progress;
    log->first = log->calls++ == 0 ? memory_calls : log->first;
    log->last = memory_calls;
    return 0;
}

/* From the first batch to the last, over three epochs, the library asks for no memory. */
static void test_no_allocation_inside_an_epoch(void **state)
{
    const sml_ctx_options options = {1, place.folder};
    const char *settings =
        "hidden=4,3 epochs=3 batch_size=5 optimizer=adam dropout=0.5 clip_norm=1 "
        "l1=0.01 l2=0.01 label_smoothing=0.1 normalization=batch";
    run r;
    memory_log log = {0, 0, 0};
    const sml_fit_options fit = {.progress = log_memory, .user = &log};
    (void)state;
    memset(&r, 0, sizeof r);
    armed = (struct armed){NULL, 0, 0, 0};
    assert_int_equal(sml_ctx_create(&options, &r.ctx), SML_OK);
    assert_int_equal(sml_dataset_open(r.ctx, place.data, "train", &r.train), SML_OK);
    assert_int_equal(sml_model_create(r.ctx, "mlp", settings, &r.model), SML_OK);
    assert_int_equal(sml_model_fit_with(r.ctx, r.model, r.train, &fit, NULL), SML_OK);
    assert_int_equal(log.calls, 9);
    assert_true(log.first > 0);
    assert_int_equal(log.last, log.first);
    sml_model_free(r.model);
    sml_dataset_free(r.train);
    sml_ctx_free(r.ctx);
}

/* A predictor asks for its memory once. */
static void test_no_allocation_in_a_prediction(void **state)
{
    run r;
    (void)state;
    memset(&r, 0, sizeof r);
    armed = (struct armed){NULL, 0, 0, 0};
    assert_int_equal(open_and_fit(&r), SML_OK);
    uint64_t before = memory_calls;
    assert_int_equal(sml_predictor_create(r.ctx, r.model, &r.predictor), SML_OK);
    assert_true(memory_calls > before);
    before = memory_calls;
    predict_one_by_one(&r);
    assert_int_equal(memory_calls, before);
    sml_predictor_free(r.predictor);
    sml_model_free(r.model);
    sml_dataset_free(r.test);
    sml_dataset_free(r.train);
    sml_ctx_free(r.ctx);
}

static int prepare(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    char error[1024];
    json_set_alloc_funcs(__wrap_malloc, free);
    snprintf(place.folder, sizeof place.folder, "%.80s/scratchml-failure-XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(place.folder) == NULL) {
        return -1;
    }
    snprintf(place.data, sizeof place.data, "%s/data", place.folder);
    snprintf(place.model, sizeof place.model, "%s/model.safetensors", place.folder);
    snprintf(place.results, sizeof place.results, "%s/results", place.folder);
    if (mkdir(place.data, 0777) != 0) {
        return -1;
    }
    write_split("train");
    write_split("t10k");
    /* The new file is what a run without a fault writes; the old one is something else. */
    if (play(error) != SML_OK) {
        print_error("the run without a fault fails: %s\n", error);
        return -1;
    }
    place.new_length = read_whole(place.model, place.new);
    memset(place.old, 'o', place.old_length = 100);
    return 0;
}

static int clean_up(void **state)
{
    static const char *const names[] = {
        "data/train-images-idx3-ubyte",
        "data/train-labels-idx1-ubyte",
        "data/t10k-images-idx3-ubyte",
        "data/t10k-labels-idx1-ubyte",
        "model.safetensors",
        "data",
        "results",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", place.folder, names[i]);
        remove(path);
    }
    return 0;
}

int main(void)
{
    enum { FAULTS = sizeof faults / sizeof faults[0] };
    struct CMUnitTest tests[FAULTS + 3];
    for (size_t i = 0; i < FAULTS; i++) {
        tests[i] =
            (struct CMUnitTest){faults[i].name, test_each_call_fails_once, NULL, NULL, &faults[i]};
    }
    tests[FAULTS] = (struct CMUnitTest)cmocka_unit_test(test_no_allocation_inside_an_epoch);
    tests[FAULTS + 1] = (struct CMUnitTest)cmocka_unit_test(test_a_save_is_synced);
    tests[FAULTS + 2] = (struct CMUnitTest)cmocka_unit_test(test_no_allocation_in_a_prediction);
    return cmocka_run_group_tests_name("every call fails once", tests, prepare, clean_up);
}
