/* What every worker in C and C++ shares: its job, raw arrays, and the protocol.
 *
 * A worker is told its job by arguments KEY=VALUE (jobs_of in prepare.py lists them), loads what it
 * needs and prints "ready VERSION". For each line "run" it does one unit of work, an epoch or a
 * pass over the test samples, and prints the seconds it took; for "score" its score on the test
 * samples in per cent; "quit", or the end of the input, ends it. */
#ifndef SML_BENCH_WORKER_H
#define SML_BENCH_WORKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WIDTHS_MAX = 8,
    PATH_SIZE = 4096,
    SAMPLE_STEP =
        7919 /* prime: r · SAMPLE_STEP modulo the rows visits each sample once, and jumps */
};

typedef enum command { RUN, SCORE, QUIT } command;

typedef struct job {
    int argc;
    char **argv;
    size_t widths[WIDTHS_MAX]; /* inputs, hidden, outputs */
    size_t n_layers;           /* dense layers: one less than widths */
} job;

static inline void give_up(const char *what, const char *name)
{
    fprintf(stderr, "%s %s\n", what, name);
    exit(1);
}

static inline const char *job_text(const job *j, const char *key)
{
    const size_t length = strlen(key);
    for (int i = 1; i < j->argc; i++) {
        if (strncmp(j->argv[i], key, length) == 0 && j->argv[i][length] == '=') {
            return j->argv[i] + length + 1;
        }
    }
    give_up("the job lacks", key);
    return NULL;
}

static inline int job_is(const job *j, const char *key, const char *value)
{
    return strcmp(job_text(j, key), value) == 0;
}

static inline double job_number(const job *j, const char *key)
{
    return strtod(job_text(j, key), NULL);
}

static inline job read_job(int argc, char **argv)
{
    job j = {argc, argv, {0}, 0};
    size_t n = 0;
    const char *text = job_text(&j, "widths");
    while (n < WIDTHS_MAX && *text != '\0') {
        char *end = NULL;
        j.widths[n++] = strtoul(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    j.n_layers = n - 1;
    return j;
}

/* The whole of a raw file, which ends with `ending`; *count elements of `size` bytes. */
static inline void *read_raw(const char *path, const char *ending, size_t size, size_t *count)
{
    char name[PATH_SIZE + 32];
    snprintf(name, sizeof name, "%s%s", path, ending);
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        give_up("cannot read", name);
    }
    const size_t bytes = (size_t)ftell(file);
    rewind(file);
    void *values = malloc(bytes);
    if (values == NULL || fread(values, 1, bytes, file) != bytes) {
        give_up("cannot read all of", name);
    }
    fclose(file);
    *count = bytes / size;
    return values;
}

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline void say_ready(const char *version)
{
    printf("ready %s\n", version);
    fflush(stdout);
}

static inline void answer(double value)
{
    printf("%.9g\n", value);
    fflush(stdout);
}

static inline command next_command(void)
{
    char line[16];
    if (fgets(line, sizeof line, stdin) == NULL) {
        return QUIT;
    }
    return line[0] == 'r' ? RUN : line[0] == 's' ? SCORE : QUIT;
}

/* 100 R² = 100 (1 - SSE/SST). */
static inline double r2_percent(const float *truth, const float *predicted, size_t n)
{
    double mean = 0, sse = 0, sst = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)truth[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const double error = (double)truth[i] - (double)predicted[i];
        const double spread = (double)truth[i] - mean;
        sse += error * error;
        sst += spread * spread;
    }
    return 100 * (1 - sse / sst);
}

/* The share, in per cent, of rows whose largest output is that of their label. */
static inline double accuracy_percent(const int *labels, const float *outputs, size_t n,
                                      size_t classes)
{
    size_t right = 0;
    for (size_t r = 0; r < n; r++) {
        const float *row = outputs + r * classes;
        size_t best = 0;
        for (size_t k = 1; k < classes; k++) {
            best = row[k] > row[best] ? k : best;
        }
        right += best == (size_t)labels[r];
    }
    return 100.0 * (double)right / (double)n;
}

#endif
