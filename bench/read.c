/* How fast data sets are read from files, on one core: megabytes of the file a second, the best of
 * some runs. Without files, tables are written to $TMPDIR and read.
 *
 *   build/bench/read [FILE…] */
#include "base/clock.h"

#include <scratchml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNS = 5, FILE_BYTES = 64 << 20, PIXELS = 784 };

/* A linear congruential generator (Knuth's MMIX): the files are the same everywhere. */
static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

static double uniform(uint64_t *state)
{
    return (double)next(state) / 2147483648.0;
}

static void write_6_digits(FILE *file, uint64_t *state)
{
    for (int i = 0; i < 20; i++) {
        fprintf(file, "%s%.6f", i > 0 ? "," : "", uniform(state));
    }
}

static void write_17_digits(FILE *file, uint64_t *state)
{
    for (int i = 0; i < 20; i++) {
        fprintf(file, "%s%.17g", i > 0 ? "," : "", 20 * (uniform(state) - 0.5));
    }
}

/* A digit and its pixels, of which about a fifth are not zero. */
static void write_picture(FILE *file, uint64_t *state)
{
    fprintf(file, "%d", (int)(next(state) % 10));
    for (int i = 0; i < PIXELS; i++) {
        const int in_stroke = i / 28 > 4 && i / 28 < 24 && i % 28 > 9 && i % 28 < 18;
        fprintf(file, ",%d", in_stroke ? (int)(next(state) % 256) : 0);
    }
}

/* 14 numbers and 6 columns of words, one in quotes. */
static void write_words(FILE *file, uint64_t *state)
{
    static const char *const words[] = {"red",      "green", "Iris-setosa", "New York", "yes",
                                        "\"a, b\"", "no",    "professor",   "x",        "Monday"};
    for (int i = 0; i < 20; i++) {
        fputs(i > 0 ? "," : "", file);
        if (i % 10 < 3) {
            fputs(words[next(state) % 10], file);
        } else {
            fprintf(file, "%.6f", uniform(state));
        }
    }
}

typedef struct sample {
    const char *name;
    void (*write_row)(FILE *file, uint64_t *state);
} sample;

static const sample samples[] = {
    {"20 numbers of 6 digits", write_6_digits},
    {"20 numbers of 17 digits", write_17_digits},
    {"MNIST as CSV", write_picture},
    {"30% columns of words", write_words},
};

/* Reads a file some times; prints its best speed. */
static int time_file(sml_ctx *ctx, const char *name, const char *path)
{
    struct stat facts;
    double best = 0;
    const sml_data_options options = {.header = 0};
    for (int run = 0; run < RUNS && stat(path, &facts) == 0; run++) {
        sml_dataset *data = NULL;
        const double begin = sml__seconds_now();
        if (sml_dataset_open_with(ctx, path, &options, &data) != SML_OK) {
            fprintf(stderr, "%s\n", sml_ctx_error(ctx));
            return 1;
        }
        const double speed = (double)facts.st_size / 1e6 / (sml__seconds_now() - begin);
        best = speed > best ? speed : best;
        sml_dataset_free(data);
    }
    printf("%-28s %6.0f MB/s\n", name, best);
    return 0;
}

static int time_sample(sml_ctx *ctx, const sample *s)
{
    char path[1024];
    uint64_t state = 1;
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/scratchml-read-%d.csv", folder != NULL ? folder : "/tmp",
             (int)getpid());
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    for (int i = 0; i < (s->write_row == write_picture ? PIXELS + 1 : 20); i++) {
        fprintf(file, "%scolumn%d", i > 0 ? "," : "", i);
    }
    while (fputc('\n', file), ftell(file) < FILE_BYTES) {
        s->write_row(file, &state);
    }
    const int failed = fclose(file) != 0 || time_file(ctx, s->name, path);
    remove(path);
    return failed;
}

int main(int argc, char **argv)
{
    const sml_ctx_options options = {1, NULL};
    sml_ctx *ctx = NULL;
    int failed = sml_ctx_create(&options, &ctx) != SML_OK;
    for (int i = 1; i < argc && !failed; i++) {
        failed = time_file(ctx, argv[i], argv[i]);
    }
    for (size_t i = 0; argc == 1 && i < sizeof samples / sizeof samples[0] && !failed; i++) {
        failed = time_sample(ctx, &samples[i]);
    }
    sml_ctx_free(ctx);
    return failed;
}
