/* Writes what all contenders read, as raw float32 and int32 in the byte order of the machine.
 *
 * prepare data DIR NAME EPOCHS writes in DIR
 *   - NAME.train.inputs, NAME.test.inputs: float32 [rows, columns]
 *   - NAME.train.targets, NAME.test.targets: int32 labels, or float32 numbers
 *   - NAME.order: uint32 [EPOCHS, rows], our shuffles
 *
 * prepare model DIR NAME SETTINGS FILE writes
 *   - FILE.weights: for each layer W [n_out, n_in] and b [n_out]; with epochs=0 in SETTINGS those
 *     that training starts from
 *   - FILE.safetensors: the same as a model
 *   - FILE.inputs, FILE.targets: the test samples, and int32 the classes that it predicts
 *
 * prepare folder prints the folder of fetched data sets. */
#include "base/random.h"
#include "bench_data.h"
#include "worker.h"

enum { SEED = 42 }; /* the default of docs/defaults.md */

static void *room(size_t bytes)
{
    void *memory = bytes > 0 ? malloc(bytes) : NULL;
    if (memory == NULL) {
        give_up("no memory for", "the data");
    }
    return memory;
}

/* Writes DIR/NAME.inputs and NAME.targets. */
static void write_rows(const char *dir, const char *name, const sml_dataset *data)
{
    char file[256];
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    float *inputs = room(facts.rows * facts.columns * sizeof(float));
    int32_t *labels = room(facts.rows * sizeof(int32_t));
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_features(data, r, inputs + r * facts.columns);
        labels[r] = sml_dataset_label(data, r);
    }
    snprintf(file, sizeof file, "%s.inputs", name);
    write_raw(dir, file, inputs, facts.rows * facts.columns * sizeof(float));
    snprintf(file, sizeof file, "%s.targets", name);
    write_raw(dir, file, labels, facts.rows * sizeof(int32_t));
    free(inputs);
    free(labels);
}

static void write_orders(const char *dir, const char *name, size_t rows, uint32_t epochs)
{
    char file[256];
    uint32_t *orders = room(epochs * rows * sizeof(uint32_t));
    for (uint32_t e = 0; e < epochs; e++) { /* as train_epoch in src/nn/trainer.c */
        sml__random random;
        sml__random_init(&random, SEED, SML__SHUFFLE, e, 0);
        sml__random_permutation(&random, orders + e * rows, rows);
    }
    snprintf(file, sizeof file, "%s.order", name);
    write_raw(dir, file, orders, epochs * rows * sizeof(uint32_t));
    free(orders);
}

static void write_data(sml_ctx *ctx, const char *dir, const char *name, uint32_t epochs)
{
    const char *splits[] = {"test", "train"};
    const int is_ours = strcmp(name, "regression-100") == 0;
    sml_dataset_facts facts = {0};
    if (is_ours) {
        write_regression(dir);
    }
    for (size_t i = 0; i < 2; i++) {
        sml_dataset *data = open_bench_data(ctx, dir, name, splits[i]);
        sml_dataset_describe(data, &facts);
        if (!is_ours) {
            char file[256];
            snprintf(file, sizeof file, "%s.%s", name, splits[i]);
            write_rows(dir, file, data);
        }
        sml_dataset_free(data);
    }
    write_orders(dir, name, facts.rows, epochs);
}

/* Copies tensor `name` to `out` and returns its length. */
static size_t tensor_named(sml_ctx *ctx, const sml_model *model, const char *name, float *out)
{
    sml_tensor_facts facts;
    for (size_t i = 0; sml_model_tensor(NULL, model, i, &facts) == SML_OK; i++) {
        const size_t length = facts.shape[0] * (facts.rank == 2 ? facts.shape[1] : 1);
        if (strcmp(facts.name, name) == 0) {
            must(ctx, sml_model_tensor_values(ctx, model, i, out, length));
            return length;
        }
    }
    give_up("the model has no", name);
    return 0;
}

static size_t all_tensors(const sml_model *model)
{
    size_t total = 0;
    sml_tensor_facts facts;
    for (size_t i = 0; sml_model_tensor(NULL, model, i, &facts) == SML_OK; i++) {
        total += facts.shape[0] * (facts.rank == 2 ? facts.shape[1] : 1);
    }
    return total;
}

static void write_weights(sml_ctx *ctx, const char *dir, const char *file, const sml_model *model)
{
    const char *kinds[] = {"weight", "bias"};
    const size_t total = all_tensors(model);
    float *values = room(total * sizeof(float));
    for (size_t at = 0, l = 0; at < total; l++) {
        for (size_t k = 0; k < 2; k++) {
            char name[64];
            snprintf(name, sizeof name, "layers.%zu.%s", l, kinds[k]);
            at += tensor_named(ctx, model, name, values + at);
        }
    }
    write_raw(dir, file, values, total * sizeof(float));
    free(values);
}

/* The test samples with the classes that the model predicts. */
static void write_classes(sml_ctx *ctx, const char *dir, const char *name, const sml_model *model,
                          const sml_dataset *test)
{
    char file[256];
    sml_dataset_facts facts;
    sml_dataset_describe(test, &facts);
    const size_t n_out = sml_model_outputs(model);
    float *outputs = room(facts.rows * n_out * sizeof(float));
    int32_t *classes = room(facts.rows * sizeof(int32_t));
    must(ctx, sml_model_predict(ctx, model, test, outputs, facts.rows * n_out));
    for (size_t r = 0; r < facts.rows; r++) {
        classes[r] = (int32_t)sml_argmax(outputs + r * n_out, n_out);
    }
    write_rows(dir, name, test);
    snprintf(file, sizeof file, "%s.targets", name);
    write_raw(dir, file, classes, facts.rows * sizeof(int32_t));
    free(outputs);
    free(classes);
}

static void write_model(sml_ctx *ctx, const char *dir, const char *name, const char *settings,
                        const char *file)
{
    char path[PATH_SIZE];
    sml_model *model = NULL;
    sml_dataset *train = open_bench_data(ctx, dir, name, "train");
    sml_dataset *test = open_bench_data(ctx, dir, name, "test");
    must(ctx, sml_model_create(ctx, "mlp", settings, &model));
    must(ctx, sml_model_fit(ctx, model, train));
    snprintf(path, sizeof path, "%s.weights", file);
    write_weights(ctx, dir, path, model);
    if (sml_model_task(model) == SML_TASK_CLASSIFICATION) {
        write_classes(ctx, dir, file, model, test);
    }
    snprintf(path, sizeof path, "%s/%s.safetensors", dir, file);
    must(ctx, sml_model_save(ctx, model, path));
    sml_model_free(model);
    sml_dataset_free(train);
    sml_dataset_free(test);
}

int main(int argc, char **argv)
{
    sml_ctx *ctx = NULL;
    must(NULL, sml_ctx_create(NULL, &ctx));
    if (argc == 5 && strcmp(argv[1], "data") == 0) {
        write_data(ctx, argv[2], argv[3], (uint32_t)strtoul(argv[4], NULL, 10));
    } else if (argc == 6 && strcmp(argv[1], "model") == 0) {
        write_model(ctx, argv[2], argv[3], argv[4], argv[5]);
    } else if (argc == 2 && strcmp(argv[1], "folder") == 0) {
        puts(sml_ctx_data_dir(ctx));
    } else {
        give_up("usage: at the head of", "prepare.c");
    }
    sml_ctx_free(ctx);
    return 0;
}
