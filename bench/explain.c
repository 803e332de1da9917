/* What an explanation costs: one sample of a network 784-512-512-10, in milliseconds, the median
 * and the slowest of 20. In the library: a trace, the page of the sample and that of a unit,
 * forward and backward. Whole processes: `scratchml explain` with its start, reading model and
 * data, and text to nowhere.
 *
 *   build/bench/explain [PROGRAM [DATA]]   build/scratchml, mnist */
#include <scratchml.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { RUNS = 20, COLUMNS = 784, ROWS = 64, CLASSES = 10 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, double *times)
{
    qsort(times, RUNS, sizeof *times, compare);
    printf("%-28s median %7.2f ms, slowest %7.2f ms\n", name, times[RUNS / 2], times[RUNS - 1]);
}

static int one_page(sml_ctx *ctx, const sml_trace *trace, const sml_page_options *options)
{
    sml_page *page = NULL;
    const int failed = sml_page_create(ctx, trace, options, &page) != SML_OK;
    sml_page_free(page);
    return failed;
}

static int in_library(sml_ctx *ctx, const sml_model *model, const sml_dataset *data)
{
    static const sml_page_options sample = {.kind = SML_PAGE_SAMPLE};
    static const sml_page_options unit = {.kind = SML_PAGE_UNIT, .unit = 13, .with_backward = 1};
    double times[RUNS];
    int failed = 0;
    for (uint32_t run = 0; run < RUNS && !failed; run++) {
        const sml_trace_options how = {.samples = &run, .n = 1};
        sml_trace *trace = NULL;
        const double begin = now();
        failed = sml_trace_create(ctx, model, data, &how, &trace) != SML_OK ||
                 one_page(ctx, trace, &sample) || one_page(ctx, trace, &unit);
        sml_trace_free(trace);
        times[run] = now() - begin;
    }
    if (!failed) {
        print("trace and two pages", times);
    }
    return failed;
}

static int run(char **arguments)
{
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ) == 0) {
        waitpid(child, &status, 0);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static int whole_process(const char *name, char **arguments)
{
    double times[RUNS];
    int failed = 0;
    for (int i = 0; i < RUNS && !failed; i++) {
        const double begin = now();
        failed = run(arguments);
        times[i] = now() - begin;
    }
    if (!failed) {
        print(name, times);
    }
    return failed;
}

static int processes(char *program, char *model, char *data)
{
    char *sample[] = {program, "explain", model, data, "--sample", "7", "-q", NULL};
    char *unit[] = {program,   "explain", model,    data, "--sample",   "7",
                    "--layer", "0",       "--unit", "13", "--backward", NULL};
    char *json[] = {program, "explain", model, data, "--sample", "7", "--json", NULL};
    return whole_process("process, a sample", sample) || whole_process("process, a unit", unit) ||
           whole_process("process, --json", json);
}

static sml_status make_model(sml_ctx *ctx, sml_dataset **data, sml_model **model)
{
    static float features[ROWS * COLUMNS];
    static int32_t labels[ROWS];
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        features[i] = (float)(i * 2654435761U % 1000) / 1000;
    }
    for (int r = 0; r < ROWS; r++) {
        labels[r] = r % CLASSES;
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .height = 28,
                                .width = 28,
                                .features = features,
                                .outputs = CLASSES,
                                .labels = labels};
    sml_status status = sml_dataset_from_memory(ctx, &view, data);
    status =
        status == SML_OK ? sml_model_create(ctx, "mlp", "hidden=512,512 epochs=1", model) : status;
    return status == SML_OK ? sml_model_fit(ctx, *model, *data) : status;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/explain-bench-XXXXXX";
    sml_ctx *ctx = NULL;
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    const int file = mkstemp(path);
    int failed =
        file < 0 || sml_ctx_create(NULL, &ctx) != SML_OK ||
        make_model(ctx, &data, &model) != SML_OK || sml_model_save(ctx, model, path) != SML_OK ||
        in_library(ctx, model, data) ||
        processes(argc > 1 ? argv[1] : "build/scratchml", path, argc > 2 ? argv[2] : "mnist");
    if (failed && ctx != NULL) {
        fprintf(stderr, "explain: %s\n", sml_ctx_error(ctx));
    }
    if (file >= 0) {
        close(file);
        unlink(path);
    }
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return failed;
}
