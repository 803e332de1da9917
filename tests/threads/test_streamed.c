/* Rows on disk are read by all threads at once: several of them train to the bits of one on rows in
 * memory. */
#include "data/streamed.h"

#include "base/random.h"

enum { ROWS = 320, COLUMNS = 49, HEADER = 128 };

/* Writes an array of NPY, `size` bytes of values of a type such as "|u1". */
static void write_array(sml_ctx *ctx, const char *name, const char *type, const char *shape,
                        const void *values, size_t size)
{
    unsigned char *file = malloc(HEADER + size);
    memset(file, ' ', HEADER);
    memcpy(file, "\x93NUMPY\x01\0\x76\0", 10);
    const int used =
        snprintf((char *)file + 10, HEADER - 10,
                 "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    file[10 + used] = ' ';
    file[HEADER - 1] = '\n';
    memcpy(file + HEADER, values, size);
    write_file(ctx, name, file, HEADER + size);
    free(file);
}

/* x.npy and y.npy: bytes of which a share is zero, or the same numbers as float64. */
static void write_pair(sml_ctx *ctx, double zeros, int are_bytes)
{
    static uint8_t bytes[ROWS * COLUMNS], labels[ROWS];
    static double numbers[ROWS * COLUMNS];
    sml__random random;
    sml__random_init(&random, 1, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        const int is_zero = sml__random_uniform(&random) < zeros;
        bytes[i] = is_zero ? 0 : (uint8_t)sml__random_below(&random, 256);
        numbers[i] = bytes[i] / 256.0;
        labels[i % ROWS] = (uint8_t)(i % ROWS % 3);
    }
    write_array(ctx, "x.npy", are_bytes ? "|u1" : "<f8", "(320, 49)",
                are_bytes ? (const void *)bytes : numbers,
                are_bytes ? sizeof bytes : sizeof numbers);
    write_array(ctx, "y.npy", "|u1", "(320,)", labels, sizeof labels);
}

static sml_dataset *open_pair(sml_ctx *ctx, uint64_t memory)
{
    char path[1024];
    sml_dataset *data = NULL;
    const sml_data_options options = {.target = "y.npy", .memory = memory};
    OK(ctx, sml_dataset_open_with(ctx, path_in(ctx, "x.npy", path), &options, &data));
    return data;
}

static void threads_share_rows_on_disk(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const settings[] = {
        "hidden=24 epochs=2 optimizer=sgd batch_size=40",
        "hidden=24,16 epochs=2 batch_size=300 scaling=standard",
        "hidden=24 epochs=2 batch_size=64 dropout=0.1 validation=0.2",
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        for (int kind = 0; kind < 3; kind++) { /* mostly zero, dense, float64 */
            write_pair(ctx, kind == 0 ? 0.85 : 0.1, kind < 2);
            assert_same_models(ctx, open_pair(ctx, 1), open_pair(ctx, 0), settings[i], 4);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_share_rows_on_disk, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
