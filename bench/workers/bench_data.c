#include "bench_data.h"

#include "base/random.h"
#include "worker.h"

#include <math.h>

enum { FEATURES = 100, TRAIN_ROWS = 200000, TEST_ROWS = 20000, WAVES = 4 };
static const char REGRESSION[] = "regression-100";

void must(const sml_ctx *ctx, sml_status status)
{
    if (status != SML_OK) {
        give_up("scratchml:", sml_ctx_error(ctx));
    }
}

void write_raw(const char *dir, const char *name, const void *values, size_t bytes)
{
    char path[PATH_SIZE], temporary[PATH_SIZE + 8];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    snprintf(temporary, sizeof temporary, "%s.part", path);
    FILE *file = fopen(temporary, "wb");
    if (file == NULL || fwrite(values, 1, bytes, file) != bytes || fclose(file) != 0 ||
        rename(temporary, path) != 0) {
        give_up("cannot write", path);
    }
}

/* x standard normal; y = Σ_k sin(w_k·x) with |w_k| about 1, plus noise of a tenth. Standardised by
 * what is known of it: each sine has variance (1 - e^-2)/2. */
static void draw_row(sml__random *random, const float *waves, float *x, float *y)
{
    double sum = 0;
    for (size_t i = 0; i < FEATURES; i++) {
        x[i] = (float)sml__random_normal(random);
    }
    for (size_t k = 0; k < WAVES; k++) {
        double angle = 0;
        for (size_t i = 0; i < FEATURES; i++) {
            angle += (double)waves[k * FEATURES + i] * (double)x[i];
        }
        sum += sin(angle);
    }
    *y = (float)(sum / sqrt(WAVES * (1 - exp(-2)) / 2) + 0.1 * sml__random_normal(random));
}

static void write_split(const char *dir, const char *split, uint32_t lane, size_t rows,
                        const float *waves)
{
    char name[64];
    float *x = malloc(rows * FEATURES * sizeof(float)), *y = malloc(rows * sizeof(float));
    sml__random random;
    if (x == NULL || y == NULL) {
        give_up("no memory for", REGRESSION);
    }
    sml__random_init(&random, 1, SML__GENERATE, 0, lane);
    for (size_t r = 0; r < rows; r++) {
        draw_row(&random, waves, x + r * FEATURES, y + r);
    }
    snprintf(name, sizeof name, "%s.%s.inputs", REGRESSION, split);
    write_raw(dir, name, x, rows * FEATURES * sizeof(float));
    snprintf(name, sizeof name, "%s.%s.targets", REGRESSION, split);
    write_raw(dir, name, y, rows * sizeof(float));
    free(x);
    free(y);
}

void write_regression(const char *dir)
{
    float waves[WAVES * FEATURES];
    sml__random random;
    sml__random_init(&random, 1, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < WAVES * FEATURES; i++) {
        waves[i] = (float)(sml__random_normal(&random) / sqrt(FEATURES));
    }
    write_split(dir, "train", 1, TRAIN_ROWS, waves);
    write_split(dir, "test", 2, TEST_ROWS, waves);
}

sml_dataset *open_bench_data(sml_ctx *ctx, const char *dir, const char *name, const char *split)
{
    sml_dataset *data = NULL;
    if (strcmp(name, REGRESSION) != 0) {
        must(ctx, sml_dataset_open(ctx, name, split, &data));
        return data;
    }
    char path[PATH_SIZE];
    size_t cells = 0, rows = 0;
    snprintf(path, sizeof path, "%s/%s.%s", dir, name, split);
    const float *features = read_raw(path, ".inputs", sizeof(float), &cells);
    const float *targets = read_raw(path, ".targets", sizeof(float), &rows);
    const sml_data_view view = {.name = name,
                                .rows = rows,
                                .columns = cells / rows,
                                .features = features,
                                .targets = targets,
                                .task = SML_TASK_REGRESSION,
                                .outputs = 1};
    must(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}
