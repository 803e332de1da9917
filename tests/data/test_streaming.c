/* Rows that stay in their file are the rows that are read into memory: the same numbers, the same
 * models. */
#include "streamed.h"

#include "base/available.h"
#include "base/random.h"

#include <sys/resource.h>

enum { ROWS = 300, HEADER = 16 };

/* A folder "set" of MNIST's layout, both splits alike: pictures of side × side, a share of their
 * bytes zero. */
static void write_set(sml_ctx *ctx, uint32_t side, double zeros)
{
    const size_t pixels = (size_t)side * side;
    unsigned char *images = malloc(HEADER + ROWS * pixels), labels[8 + ROWS];
    char classes[ROWS];
    sml__random random;
    sml__random_init(&random, side, SML__SAMPLE, 0, 0);
    make_images(images, ROWS, side, side);
    for (size_t i = 0; i < ROWS * pixels; i++) {
        const int is_zero = sml__random_uniform(&random) < zeros;
        images[HEADER + i] = is_zero ? 0 : (unsigned char)(1 + sml__random_below(&random, 255));
    }
    for (size_t i = 0; i < ROWS; i++) {
        classes[i] = (char)sml__random_below(&random, 4);
    }
    const size_t length = make_labels(labels, classes, ROWS);
    write_file(ctx, "set/train-images-idx3-ubyte", images, HEADER + ROWS * pixels);
    write_file(ctx, "set/t10k-images-idx3-ubyte", images, HEADER + ROWS * pixels);
    write_file(ctx, "set/train-labels-idx1-ubyte", labels, length);
    write_file(ctx, "set/t10k-labels-idx1-ubyte", labels, length);
    free(images);
}

static sml_dataset *open_set(sml_ctx *ctx, uint64_t memory)
{
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    const sml_data_options options = {.memory = memory};
    OK(ctx, sml_dataset_open_with(ctx, path_in(ctx, "set", path), &options, &data));
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.is_streamed, memory != 0);
    assert_int_equal(facts.stored_as_bytes, 1);
    return data;
}

static void streamed_rows_are_the_loaded_ones(void **state)
{
    sml_ctx *ctx = *state;
    const uint32_t sides[] = {1, 7, 64, 91}; /* rows of 4096 bytes and more come in pieces */
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        write_set(ctx, sides[i], 0.5);
        sml_dataset *loaded = open_set(ctx, 0), *streamed = open_set(ctx, 1);
        assert_same_rows(ctx, streamed, loaded);
        sml_column_facts found, expected;
        sml_data_profile p, q;
        OK(ctx, sml_dataset_column(ctx, streamed, sides[i] * sides[i] - 1, &found));
        OK(ctx, sml_dataset_column(ctx, loaded, sides[i] * sides[i] - 1, &expected));
        assert_true(found.mean == expected.mean && found.deviation == expected.deviation);
        OK(ctx, sml_dataset_profile(ctx, streamed, loaded, &p));
        OK(ctx, sml_dataset_profile(ctx, loaded, NULL, &q));
        assert_int_equal(p.duplicate_rows, q.duplicate_rows);
        assert_int_equal(p.shared_rows, ROWS);
        assert_true(p.density == q.density && p.maximum == q.maximum);
        sml_data_profile_clear(&p);
        sml_data_profile_clear(&q);
        sml_dataset_free(streamed);
        sml_dataset_free(loaded);
    }
}

static void parts_of_streamed_rows(void **state)
{
    sml_ctx *ctx = *state;
    const uint32_t rows[] = {5, 0, 5, 99, 42};
    sml_dataset *whole[2], *window[2], *part[2], *inner[2];
    write_set(ctx, 9, 0.5);
    for (uint64_t i = 0; i < 2; i++) {
        whole[i] = open_set(ctx, i);
        OK(ctx, sml_dataset_rows(ctx, whole[i], 100, 100, &window[i]));
        OK(ctx, sml_dataset_select(ctx, window[i], rows, 5, &part[i]));
        OK(ctx, sml_dataset_rows(ctx, part[i], 2, 3, &inner[i]));
    }
    assert_same_rows(ctx, window[1], window[0]);
    assert_same_rows(ctx, part[1], part[0]);
    assert_same_rows(ctx, inner[1], inner[0]);
    for (size_t i = 0; i < 2; i++) {
        sml_dataset_free(inner[i]);
        sml_dataset_free(part[i]);
        sml_dataset_free(window[i]);
        sml_dataset_free(whole[i]);
    }
}

/* Both take the sparse products where bytes are mostly zero: the loaded run reads them where they
 * lie, the streamed one from where they were staged. */
static void streamed_models_are_the_loaded_ones(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const settings[] = {
        "hidden=24 epochs=2 optimizer=sgd batch_size=1",
        "hidden=32 epochs=2 optimizer=sgd batch_size=50",
        "hidden=400 epochs=2 optimizer=adam batch_size=128 dropout=0.1",
        "hidden=24,16 epochs=2 optimizer=adam batch_size=300 l2=1e-3",
    };
    for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
        write_set(ctx, 12, is_sparse ? 0.85 : 0.2);
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
            outcome *loaded = train(ctx, open_set(ctx, 0), settings[i], 1);
            for (int threads = 1; threads <= 3; threads += 2) {
                outcome *streamed = train(ctx, open_set(ctx, 1), settings[i], threads);
                assert_int_equal(streamed->length, loaded->length);
                assert_memory_equal(streamed->file, loaded->file, loaded->length);
                assert_memory_equal(streamed->outputs, loaded->outputs, sizeof loaded->outputs);
                assert_true(streamed->scores.loss == loaded->scores.loss);
                free_outcome(streamed);
            }
            free_outcome(loaded);
        }
    }
}

static void a_file_of_images_alone_is_streamed(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    write_set(ctx, 5, 0.5);
    const size_t length = HEADER + ROWS * 25;
    for (uint64_t memory = length - 1; memory <= length; memory++) {
        const sml_data_options options = {.memory = memory};
        OK(ctx, sml_dataset_open_with(ctx, path_in(ctx, "set/train-images-idx3-ubyte", path),
                                      &options, &data));
        sml_dataset_describe(data, &facts);
        assert_int_equal(facts.is_streamed, memory < length);
        assert_int_equal(facts.rows, ROWS);
        assert_int_equal(facts.width, 5);
        sml_dataset_free(data);
    }
    const sml_data_options options = {.memory = 1};
    assert_int_equal(sml_dataset_open_with(ctx, path_in(ctx, "set/train-labels-idx1-ubyte", path),
                                           &options, &data),
                     SML_BAD_FILE);
    assert_error_has(ctx, "train-labels", "an IDX file of labels");
    assert_int_equal(truncate(path_in(ctx, "set/train-images-idx3-ubyte", path), 4000), 0);
    assert_int_equal(sml_dataset_open_with(ctx, path, &options, &data), SML_BAD_FILE);
    assert_error_has(ctx, "train-images", "4000 bytes, expected 7516");
    assert_null(data);
}

/* Cuts the file in the third step of the second epoch. */
static int cut_file(void *path, const sml_progress *progress)
{
    return progress->epoch == 2 && progress->step == 3 ? truncate(path, 1000) : 0;
}

static void a_file_that_is_cut_is_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024], digest[65];
    float outputs[ROWS * 4];
    sml_model *model = NULL;
    write_set(ctx, 10, 0.5);
    path_in(ctx, "set/train-images-idx3-ubyte", path);
    sml_dataset *data = open_set(ctx, 1);
    const sml_fit_options options = {.progress = cut_file, .user = path};
    OK(ctx, sml_model_create(ctx, "mlp", "hidden=16 epochs=4 batch_size=30", &model));
    assert_int_equal(sml_model_fit_with(ctx, model, data, &options, NULL), SML_IO);
    assert_error_has(ctx, "train-images-idx3-ubyte", "ends before byte", "do not change");
    assert_int_equal(sml_dataset_sha256(ctx, data, digest), SML_IO);
    sml_dataset_free(data);
    write_set(ctx, 10, 0.5);
    data = open_set(ctx, 1);
    OK(ctx, sml_model_fit(ctx, model, data));
    OK(ctx, sml_model_predict(ctx, model, data, outputs, ROWS * 4));
    assert_int_equal(truncate(path, 20000), 0);
    assert_int_equal(sml_model_predict(ctx, model, data, outputs, ROWS * 4), SML_IO);
    assert_error_has(ctx, "train-images-idx3-ubyte", "ends before byte 20000");
    sml_model_free(model);
    sml_dataset_free(data);
}

static void the_limit_of_address_space_is_seen(void **state)
{
    (void)state;
    enum { ROOM = 64 << 20 };
    struct rlimit before, limited;
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        skip();
    }
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    const rlim_t pages = strtoull(line, NULL, 10);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limited = before;
    limited.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + ROOM;
    assert_int_equal(setrlimit(RLIMIT_AS, &limited), 0);
    const double left = sml__memory_available();
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_true(left > 0 && left <= 1.01 * ROOM);
    assert_true(sml__memory_available() > 2.0 * ROOM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(streamed_rows_are_the_loaded_ones),   TEST(parts_of_streamed_rows),
        TEST(streamed_models_are_the_loaded_ones), TEST(a_file_of_images_alone_is_streamed),
        TEST(a_file_that_is_cut_is_told),          TEST(the_limit_of_address_space_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
