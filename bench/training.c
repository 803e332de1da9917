/* How fast training is here: samples a second, operations a second, and their share of the FMA
 * peak of the same cores, for three shapes. An operation is one multiplication or addition of the
 * dense products: 6 a weight and sample, 4 in the first layer. Products with zeros that the engine
 * skips count as done: a share can exceed 100%. What it does besides does not count.
 *
 * The rows are generated, as bytes with a fifth of them non-zero like MNIST's, or as float32; what
 * they say does not matter for the speed. Epochs are timed one by one: the median is printed. */
#include "peak.h"

#include <scratchml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 6, LAYERS_MAX = 8 };

typedef struct network_shape {
    const char *name, *settings;
    size_t widths[LAYERS_MAX]; /* inputs, hidden, outputs; 0 ends them */
    size_t rows;
    sml_task task;
} network_shape;

static const network_shape SHAPES[] = {
    {"784-128-10, batch 128, SGD",
     "hidden=128 batch_size=128 optimizer=sgd learning_rate=0.1",
     {784, 128, 10},
     60000,
     SML_TASK_CLASSIFICATION},
    {"784-512-512-10, batch 128, Adam",
     "hidden=512,512 batch_size=128 optimizer=adam",
     {784, 512, 512, 10},
     60000,
     SML_TASK_CLASSIFICATION},
    {"100-256-256-1, batch 256, Adam",
     "hidden=256,256 batch_size=256 optimizer=adam",
     {100, 256, 256, 1},
     200000,
     SML_TASK_REGRESSION},
};

static uint32_t draw(uint32_t *state) /* xorshift: Marsaglia, 2003 */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

typedef struct row_memory {
    uint8_t *bytes;
    float *features, *targets;
    int32_t *labels;
    sml_dataset *data;
} row_memory;

static int make_rows(sml_ctx *ctx, const network_shape *shape, size_t outputs, row_memory *out)
{
    const size_t cells = shape->rows * shape->widths[0];
    const int bytes = shape->task == SML_TASK_CLASSIFICATION;
    uint32_t state = 1;
    memset(out, 0, sizeof *out);
    out->bytes = bytes ? calloc(cells, 1) : NULL;
    out->labels = bytes ? calloc(shape->rows, sizeof(int32_t)) : NULL;
    out->features = bytes ? NULL : calloc(cells, sizeof(float));
    out->targets = bytes ? NULL : calloc(shape->rows, sizeof(float));
    if (bytes ? out->bytes == NULL || out->labels == NULL
              : out->features == NULL || out->targets == NULL) {
        return 1;
    }
    for (size_t i = 0; i < cells; i++) {
        const uint32_t value = draw(&state);
        if (bytes) {
            out->bytes[i] = value % 5 == 0 ? (uint8_t)(value >> 24) : 0;
        } else {
            out->features[i] = (float)(value >> 8) / 8388608.0F - 1.0F;
        }
    }
    for (size_t r = 0; bytes && r < shape->rows; r++) {
        out->labels[r] = (int32_t)(draw(&state) % outputs);
    }
    for (size_t r = 0; !bytes && r < shape->rows; r++) {
        out->targets[r] = out->features[r * shape->widths[0]];
    }
    const sml_data_view view = {.rows = shape->rows,
                                .columns = shape->widths[0],
                                .bytes = out->bytes,
                                .features = out->features,
                                .labels = out->labels,
                                .targets = out->targets,
                                .task = shape->task,
                                .outputs = outputs};
    return sml_dataset_from_memory(ctx, &view, &out->data) != SML_OK;
}

static void free_rows(row_memory *rows)
{
    sml_dataset_free(rows->data);
    free(rows->bytes);
    free(rows->features);
    free(rows->targets);
    free(rows->labels);
}

static int note_epoch(void *user, const sml_progress *progress)
{
    double *ends = user;
    if (progress->step == progress->steps) {
        ends[progress->epoch] = progress->seconds;
    }
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of an epoch, the first left out; negative on failure. */
static double time_epoch(sml_ctx *ctx, const network_shape *shape, const sml_dataset *data)
{
    double ends[EPOCHS + 1] = {0}, lengths[EPOCHS];
    sml_model *model = NULL;
    const sml_fit_options options = {note_epoch, ends, 0};
    char epochs[16];
    snprintf(epochs, sizeof epochs, "%d", EPOCHS);
    const int failed = sml_model_create(ctx, "mlp", shape->settings, &model) ||
                       sml_model_set(ctx, model, "epochs", epochs) ||
                       sml_model_fit_with(ctx, model, data, &options, NULL);
    sml_model_free(model);
    for (int e = 1; e < EPOCHS; e++) {
        lengths[e - 1] = ends[e + 1] - ends[e];
    }
    qsort(lengths, EPOCHS - 1, sizeof lengths[0], by_size);
    return failed ? -1 : lengths[(EPOCHS - 1) / 2];
}

static double flops_of(const network_shape *shape)
{
    double flops = 0;
    for (size_t l = 1; l < LAYERS_MAX && shape->widths[l] > 0; l++) {
        flops += (l == 1 ? 4.0 : 6.0) * (double)shape->widths[l - 1] * (double)shape->widths[l];
    }
    return flops;
}

static size_t outputs_of(const network_shape *shape)
{
    size_t last = 0;
    while (last + 1 < LAYERS_MAX && shape->widths[last + 1] > 0) {
        last++;
    }
    return shape->widths[last];
}

/* One shape with so many threads, one line. The peak is measured before and after, since the speed
 * of a machine wanders; the better one counts. */
static int report_shape(const network_shape *shape, int threads, const char *set)
{
    const double peak_before = peak_gflops(set, threads);
    const sml_ctx_options options = {threads, NULL};
    sml_ctx *ctx = NULL;
    row_memory rows = {0};
    double seconds = -1;
    if (sml_ctx_create(&options, &ctx) == SML_OK &&
        make_rows(ctx, shape, outputs_of(shape), &rows) == 0) {
        seconds = time_epoch(ctx, shape, rows.data);
    }
    if (seconds < 0) {
        fprintf(stderr, "%s: %s\n", shape->name, sml_ctx_error(ctx));
    } else {
        const double rate = (double)shape->rows / seconds;
        const double gflops = rate * flops_of(shape) / 1e9;
        const double peak_after = peak_gflops(set, threads);
        const double peak = peak_before > peak_after ? peak_before : peak_after;
        printf("%-32s %7d %9.3f %9.0f k %8.1f %6.1f %% of %.0f\n", shape->name, threads, seconds,
               rate / 1e3, gflops, 100 * gflops / peak, peak);
        fflush(stdout);
    }
    free_rows(&rows);
    sml_ctx_free(ctx);
    return seconds < 0;
}

int main(void)
{
    sml_ctx *ctx = NULL;
    if (sml_ctx_create(NULL, &ctx) != SML_OK) {
        fprintf(stderr, "%s\n", sml_ctx_error(NULL));
        return 1;
    }
    const int all = sml_ctx_threads(ctx);
    const char *set = scratchml_instruction_set();
    sml_ctx_free(ctx);
    int failed = 0;
    printf("scratchml %s, kernels %s, float32\n\n", scratchml_version(), set);
    printf("%-32s %7s %9s %11s %8s %s\n", "network", "threads", "s/epoch", "samples/s", "GFLOP/s",
           "of the FMA peak");
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        failed |= report_shape(&SHAPES[i], 1, set);
        if (all > 1) {
            failed |= report_shape(&SHAPES[i], all, set);
        }
    }
    return failed;
}
