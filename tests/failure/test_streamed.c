/* Every call that reading rows from disk makes fails once, in turn: the k-th of its kind, for k =
 * 1, 2, 3, … until a run has no k-th call any more. A table and an array that are larger than the
 * memory for them are opened, trained on and predicted. Whatever fails, the caller gets a status
 * and a text, no file stays open, and nothing leaks (LeakSanitizer says so in the address build).
 * The linker's --wrap (tests/CMakeLists.txt) leads the calls of our own objects here. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <scratchml.h>

enum { ROWS = 60, CLASSES = 2, COLUMNS = 3, CALLS_MAX = 100000 };

typedef enum call { CALL_MEMORY, CALL_READ, CALL_WRITE, CALL_CREATE } call;

typedef struct fault {
    const char *name;
    call call;
    int error; /* errno; 0: the call moves one byte only */
    int must_succeed;
    sml_status status; /* where it fails */
    long least;        /* calls of this kind in a run */
} fault;

static fault faults[] = {
    {"memory: ENOMEM", CALL_MEMORY, ENOMEM, 0, SML_NO_MEMORY, 100},
    {"pread: EIO", CALL_READ, EIO, 0, SML_IO, 20},
    {"pread: EINTR", CALL_READ, EINTR, 1, SML_OK, 20},
    {"pread: one byte", CALL_READ, 0, 1, SML_OK, 20},
    {"pwrite: ENOSPC", CALL_WRITE, ENOSPC, 0, SML_IO, 2},
    {"pwrite: EINTR", CALL_WRITE, EINTR, 1, SML_OK, 2},
    {"pwrite: one byte", CALL_WRITE, 0, 1, SML_OK, 2},
    {"mkstemp: EACCES", CALL_CREATE, EACCES, 0, SML_IO, 1},
};

static const fault *armed; /* NULL: everything works */
static long countdown;     /* the call that brings it to 0 fails */
static int struck;
static char folder[160];

static int strikes(call kind)
{
    if (armed == NULL || armed->call != kind || countdown == 0 || --countdown != 0) {
        return 0;
    }
    struck = 1;
    errno = armed->error;
    return 1;
}

void *__real_aligned_alloc(size_t alignment, size_t size);
ssize_t __real_pread(int fd, void *out, size_t n, off_t at);
ssize_t __real_pwrite(int fd, const void *bytes, size_t n, off_t at);
int __real_mkstemp(char *name);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
ssize_t __wrap_pread(int fd, void *out, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at);
int __wrap_mkstemp(char *name);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return strikes(CALL_MEMORY) ? NULL : __real_aligned_alloc(alignment, size);
}

ssize_t __wrap_pread(int fd, void *out, size_t n, off_t at)
{
    if (!strikes(CALL_READ)) {
        return __real_pread(fd, out, n, at);
    }
    return errno == 0 ? __real_pread(fd, out, 1, at) : -1;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (!strikes(CALL_WRITE)) {
        return __real_pwrite(fd, bytes, n, at);
    }
    return errno == 0 ? __real_pwrite(fd, bytes, 1, at) : -1;
}

int __wrap_mkstemp(char *name)
{
    return strikes(CALL_CREATE) ? -1 : __real_mkstemp(name);
}

static size_t count_in(const char *path)
{
    size_t n = 0;
    DIR *entries = opendir(path);
    while (entries != NULL && readdir(entries) != NULL) {
        n++;
    }
    closedir(entries);
    return n;
}

static FILE *create(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "wb");
}

static void write_files(void)
{
    FILE *table = create("x.csv"), *array = create("x.npy");
    fprintf(table, "a,b,colour,kind\n");
    fwrite("\x93NUMPY\x01\0\x76\0", 1, 10, array);
    fprintf(array, "%-117s\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (60, 3), }");
    for (int r = 0; r < ROWS; r++) {
        const double row[COLUMNS] = {r, r * r, 0.5};
        fprintf(table, "%d.5,%d,\"%s\",k%d\n", r, r * r, r % 3 == 0 ? "red\n" : "blue",
                r % CLASSES);
        fwrite(row, sizeof *row, COLUMNS, array);
    }
    fclose(table);
    fclose(array);
}

typedef struct run {
    sml_ctx *ctx;
    sml_dataset *table, *array;
    sml_model *model;
    float outputs[ROWS * CLASSES];
    char digest[65];
} run;

static sml_status open_both(run *r)
{
    char path[256];
    const sml_ctx_options context = {1, folder};
    const sml_data_options options = {.target = "kind", .memory = 1}, plain = {.memory = 1};
    sml_status status = sml_ctx_create(&context, &r->ctx);
    snprintf(path, sizeof path, "%s/x.csv", folder);
    if (status == SML_OK) {
        status = sml_dataset_open_with(r->ctx, path, &options, &r->table);
    }
    snprintf(path, sizeof path, "%s/x.npy", folder);
    return status == SML_OK ? sml_dataset_open_with(r->ctx, path, &plain, &r->array) : status;
}

static sml_status use_both(run *r)
{
    sml_status status = sml_dataset_sha256(r->ctx, r->array, r->digest);
    if (status == SML_OK) {
        status = sml_model_create(r->ctx, "mlp", "hidden=3 epochs=1 batch_size=4", &r->model);
    }
    if (status == SML_OK) {
        status = sml_model_fit(r->ctx, r->model, r->table);
    }
    return status == SML_OK
               ? sml_model_predict(r->ctx, r->model, r->table, r->outputs, (size_t)ROWS * CLASSES)
               : status;
}

static sml_status play(char error[1024], run *r)
{
    memset(r, 0, sizeof *r);
    sml_status status = open_both(r);
    if (status == SML_OK) {
        status = use_both(r);
    }
    countdown = 0;
    snprintf(error, 1024, "%s", r->ctx != NULL ? sml_ctx_error(r->ctx) : "no context");
    sml_model_free(r->model);
    sml_dataset_free(r->table);
    sml_dataset_free(r->array);
    sml_ctx_free(r->ctx);
    return status;
}

static void each_call_fails_in_turn(void **state)
{
    char error[1024];
    run undisturbed, r;
    armed = NULL;
    assert_int_equal(play(error, &undisturbed), SML_OK);
    armed = *state;
    const size_t open_files = count_in("/proc/self/fd"), files = count_in(folder);
    long k = 0;
    do {
        struck = 0;
        countdown = ++k;
        const sml_status status = play(error, &r);
        if (status == SML_OK) { /* tried again, or not needed, or no k-th call any more */
            assert_memory_equal(r.outputs, undisturbed.outputs, sizeof r.outputs);
            assert_string_equal(r.digest, undisturbed.digest);
        } else {
            if (armed->must_succeed || status != armed->status || error[0] == '\0') {
                fail_msg("call %ld: %s: %s", k, sml_status_text(status), error);
            }
        }
        assert_int_equal(count_in("/proc/self/fd"), open_files);
        assert_int_equal(count_in(folder), files);
    } while (struck && k < CALLS_MAX);
    if (k <= armed->least || k == CALLS_MAX) {
        fail_msg("%ld calls", k);
    }
}

static int prepare(void **state)
{
    const char *parent = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%.80s/scratchml-streamed-XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL || setenv("TMPDIR", folder, 1) != 0) {
        return -1;
    }
    write_files();
    return 0;
}

static int clean_up(void **state)
{
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/x.csv", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    struct CMUnitTest tests[sizeof faults / sizeof faults[0]];
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        tests[i] =
            (struct CMUnitTest){faults[i].name, each_call_fails_in_turn, NULL, NULL, &faults[i]};
    }
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
