/* NPY arrays that stay in their file: for every type of NumPy the rows, the digest and the models
 * of the array that is read into memory; and what cannot be streamed is told. */
#include "streamed.h"

#include "base/random.h"

#include <math.h>

/* 128 bytes of header, then the values. */
static void write_npy(sml_ctx *ctx, const char *name, const char *type, int is_fortran,
                      const char *shape, const void *values, size_t length)
{
    enum { HEADER = 128 };
    unsigned char *file = malloc(HEADER + length);
    memset(file, ' ', HEADER);
    memcpy(file, "\x93NUMPY\x01\0\x76\0", 10);
    const int used = snprintf((char *)file + 10, HEADER - 10,
                              "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                              is_fortran ? "True" : "False", shape);
    file[10 + used] = ' ';
    file[HEADER - 1] = '\n';
    memcpy(file + HEADER, values, length);
    write_file(ctx, name, file, HEADER + length);
    free(file);
}

static sml_dataset *open_array(sml_ctx *ctx, const char *name, const char *target, uint64_t memory)
{
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    const sml_data_options options = {.target = target, .memory = memory};
    OK(ctx, sml_dataset_open_with(ctx, path_in(ctx, name, path), &options, &data));
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.is_streamed, memory != 0);
    return data;
}

/* Bits at random; floats keep an exponent that is neither all ones nor beyond float32. */
static void fill(unsigned char *values, size_t n, char kind, size_t size, int is_swapped)
{
    sml__random random;
    sml__random_init(&random, n, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < n * size; i++) {
        const size_t within = i % size, place = is_swapped ? size - 1 - within : within;
        values[i] = (unsigned char)sml__random_below(&random, 256);
        if (kind == 'f' && place == size - 1) { /* sign, and the upper bits of the exponent */
            values[i] = (unsigned char)((values[i] & 0x80) | (size == 2 ? 0x39 : 0x3f));
        }
        if (kind == 'f' && size > 2 && place == size - 2) {
            values[i] &= 0xef;
        }
        values[i] = kind == 'b' ? values[i] & 1 : values[i];
    }
}

static void every_type_is_read_as_from_memory(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const types[] = {"|b1", "|i1", "|u1", "<i2", ">i2", "<u2", ">u2",
                                        "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8",
                                        ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"};
    const size_t widths[] = {1, 7, 600, 5000}; /* some in a read, one in a read, more than one */
    enum { ROWS = 70 };
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        const size_t size = (size_t)(types[t][2] - '0');
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            const size_t n = ROWS * widths[w];
            unsigned char *values = malloc(n * size);
            char shape[64];
            snprintf(shape, sizeof shape, "(%d, %zu)", ROWS, widths[w]);
            fill(values, n, types[t][1], size, types[t][0] == '>');
            write_npy(ctx, "x.npy", types[t], 0, shape, values, n * size);
            sml_dataset *loaded = open_array(ctx, "x.npy", NULL, 0);
            sml_dataset *streamed = open_array(ctx, "x.npy", NULL, 1);
            sml_dataset_facts facts, wanted;
            sml_dataset_describe(streamed, &facts);
            sml_dataset_describe(loaded, &wanted);
            assert_int_equal(facts.stored_as_bytes, wanted.stored_as_bytes);
            assert_true(facts.scale == wanted.scale);
            assert_same_rows(ctx, streamed, loaded);
            sml_column_facts found, expected;
            OK(ctx, sml_dataset_column(ctx, streamed, widths[w] - 1, &found));
            OK(ctx, sml_dataset_column(ctx, loaded, widths[w] - 1, &expected));
            assert_true(found.mean == expected.mean && found.deviation == expected.deviation);
            sml_dataset_free(streamed);
            sml_dataset_free(loaded);
            free(values);
        }
    }
}

/* x.npy of 200 rows and y.npy of their classes. */
static void write_pair(sml_ctx *ctx, const char *type, const char *shape, size_t columns)
{
    enum { ROWS = 200 };
    const size_t size = (size_t)(type[2] - '0');
    unsigned char *values = malloc(ROWS * columns * size), labels[ROWS];
    fill(values, ROWS * columns, type[1], size, type[0] == '>');
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = values[r * columns * size] % 3;
    }
    write_npy(ctx, "x.npy", type, 0, shape, values, ROWS * columns * size);
    write_npy(ctx, "y.npy", "|u1", 0, "(200,)", labels, ROWS);
    free(values);
}

static void models_are_those_of_loaded_arrays(void **state)
{
    sml_ctx *ctx = *state;
    static const struct {
        const char *type, *shape, *settings;
    } cases[] = {
        {"<f8", "(200, 36)", "hidden=16 epochs=2 batch_size=20"},
        {"<f4", "(200, 36)", "hidden=16 epochs=2 optimizer=sgd batch_size=1 scaling=standard"},
        {">i2", "(200, 36)", "hidden=16 epochs=2 batch_size=50 scaling=min_max"},
        {"|u1", "(200, 6, 6)", "hidden=16 epochs=2 augment_shift=1 augment_noise=0.1"},
        {"<f2", "(200, 6, 6)", "hidden=16 epochs=2 augment_rotate=10 augment_noise=0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_pair(ctx, cases[i].type, cases[i].shape, 36);
        for (int threads = 1; threads <= 3; threads += 2) {
            assert_same_models(ctx, open_array(ctx, "x.npy", "y.npy", 1),
                               open_array(ctx, "x.npy", "y.npy", 0), cases[i].settings, threads);
        }
    }
}

static void parts_of_arrays_are_parts_of_loaded_ones(void **state)
{
    sml_ctx *ctx = *state;
    const uint32_t rows[] = {5, 6, 0, 7, 5, 99, 42, 43, 44, 1};
    sml_dataset *whole[2], *window[2], *part[2], *inner[2], *halves[2][2];
    const double share = 0.3;
    write_pair(ctx, ">f8", "(200, 36)", 36);
    for (uint64_t i = 0; i < 2; i++) {
        whole[i] = open_array(ctx, "x.npy", "y.npy", i);
        OK(ctx, sml_dataset_rows(ctx, whole[i], 100, 100, &window[i]));
        OK(ctx, sml_dataset_select(ctx, window[i], rows, 10, &part[i]));
        OK(ctx, sml_dataset_rows(ctx, part[i], 2, 8, &inner[i]));
        OK(ctx, sml_dataset_split(ctx, whole[i], 7, &share, 1, halves[i]));
    }
    assert_same_rows(ctx, window[1], window[0]);
    assert_same_rows(ctx, part[1], part[0]);
    assert_same_rows(ctx, inner[1], inner[0]);
    assert_same_rows(ctx, halves[1][0], halves[0][0]);
    assert_same_rows(ctx, halves[1][1], halves[0][1]);
    for (size_t i = 0; i < 2; i++) {
        sml_dataset_free(halves[i][0]);
        sml_dataset_free(halves[i][1]);
        sml_dataset_free(inner[i]);
        sml_dataset_free(part[i]);
        sml_dataset_free(window[i]);
        sml_dataset_free(whole[i]);
    }
}

/* Opens x.npy, which must fail, with and without memory for it: for the same reason. */
static void assert_refused(sml_ctx *ctx, const char *target, const char *text)
{
    char path[1024], said[1024];
    sml_dataset *data = NULL;
    path_in(ctx, "x.npy", path);
    for (uint64_t memory = 0; memory < 2; memory++) {
        const sml_data_options options = {.target = target, .memory = memory};
        assert_int_not_equal(sml_dataset_open_with(ctx, path, &options, &data), SML_OK);
        assert_null(data);
        assert_error_has(ctx, text);
        if (memory == 0) {
            snprintf(said, sizeof said, "%s", sml_ctx_error(ctx));
        }
    }
    assert_string_equal(sml_ctx_error(ctx), said);
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    enum { ROWS = 500, COLUMNS = 3, LAST = ROWS * COLUMNS - 1 };
    static uint16_t halves[ROWS * COLUMNS];
    static float singles[ROWS * COLUMNS];
    static double doubles[ROWS * COLUMNS];
    halves[LAST] = 0x7e00;
    write_npy(ctx, "x.npy", "<f2", 0, "(500, 3)", halves, sizeof halves);
    assert_refused(ctx, NULL, "x.npy: row 499, column 2 (counted from 0) is nan");
    singles[LAST - 3] = -INFINITY;
    write_npy(ctx, "x.npy", "<f4", 0, "(500, 3)", singles, sizeof singles);
    assert_refused(ctx, NULL, "x.npy: row 498, column 2 (counted from 0) is infinite");
    doubles[4] = 1e300; /* beyond float32 */
    write_npy(ctx, "x.npy", "<f8", 0, "(500, 3)", doubles, sizeof doubles);
    assert_refused(ctx, NULL, "x.npy: row 1, column 1 (counted from 0) is infinite");
}

static void what_is_wrong_with_arrays_is_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    sml_dataset *data = NULL;
    const double values[12] = {1};
    const sml_data_options options = {.memory = 1};
    write_npy(ctx, "x.npy", "<f8", 0, "(13,)", values, sizeof values);
    assert_refused(ctx, NULL, "truncated: 96 bytes of values");
    write_npy(ctx, "x.npy", "<f8", 0, "(12,)", values, sizeof values);
    assert_refused(ctx, NULL, "one dimension");
    write_npy(ctx, "x.npy", "<c8", 0, "(12,)", values, sizeof values);
    assert_refused(ctx, NULL, "complex numbers");
    write_npy(ctx, "x.npy", "<f8", 0, "(4, 3)", values, sizeof values);
    write_npy(ctx, "y.npy", "<f8", 0, "(3,)", values, 24);
    assert_refused(ctx, "y.npy", "3 targets for the 4 rows of");
    write_npy(ctx, "x.npy", "<f8", 1, "(4, 3)", values, sizeof values);
    assert_int_equal(sml_dataset_open_with(ctx, path_in(ctx, "x.npy", path), &options, &data),
                     SML_BAD_FILE);
    assert_error_has(ctx, "x.npy", "Fortran's order", "np.ascontiguousarray", "--memory");
    assert_null(data);
}

/* More values, and more classes, than are sorted at once: 5, 6, … by a permutation, some twice. */
static void many_labels_are_numbered_upwards(void **state)
{
    sml_ctx *ctx = *state;
    enum { ROWS = 250000, CLASSES = 150001 };
    static int32_t labels[ROWS];
    static int8_t features[ROWS];
    for (int64_t r = 0; r < ROWS; r++) {
        labels[r] = (int32_t)(r * 7919 % CLASSES) + 5;
    }
    write_npy(ctx, "x.npy", "|i1", 0, "(250000, 1)", features, sizeof features);
    write_npy(ctx, "y.npy", "<i4", 0, "(250000,)", labels, sizeof labels);
    sml_dataset *data = open_array(ctx, "x.npy", "y.npy", 1);
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.outputs, CLASSES);
    assert_string_equal(sml_dataset_class_name(data, 1000), "1005");
    for (size_t r = 0; r < ROWS; r++) {
        assert_int_equal(sml_dataset_label(data, r), labels[r] - 5);
    }
    sml_dataset_free(data);
}

/* Cuts the file in the third step of the second epoch. */
static int cut_file(void *path, const sml_progress *progress)
{
    return progress->epoch == 2 && progress->step == 3 ? truncate(path, 1000) : 0;
}

static void an_array_that_is_cut_is_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    sml_model *model = NULL;
    write_pair(ctx, "<f8", "(200, 36)", 36);
    path_in(ctx, "x.npy", path);
    sml_dataset *data = open_array(ctx, "x.npy", "y.npy", 1);
    const sml_fit_options options = {.progress = cut_file, .user = path};
    OK(ctx, sml_model_create(ctx, "mlp", "hidden=16 epochs=4 batch_size=20", &model));
    assert_int_equal(sml_model_fit_with(ctx, model, data, &options, NULL), SML_IO);
    assert_error_has(ctx, "x.npy", "ends before byte", "do not change");
    sml_model_free(model);
    sml_dataset_free(data);
}

/* Puts a NaN into row 7, column 3 of 36, in the place of the number that was checked. */
static int spoil_file(void *path, const sml_progress *progress)
{
    static const double nan = NAN;
    if (progress->epoch == 2 && progress->step == 3) {
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        fseek(file, -(200 - 7) * 36 * 8 + 3 * 8, SEEK_END);
        assert_int_equal(fwrite(&nan, sizeof nan, 1, file), 1);
        fclose(file);
    }
    return 0;
}

static void an_array_that_is_overwritten_is_told(void **state)
{
    static const char *const settings[] = {
        "hidden=16 epochs=4 batch_size=20",
        "hidden=16 epochs=4 batch_size=20 activation=tanh validation=0.1",
    };
    sml_ctx *ctx = *state;
    char path[1024];
    for (size_t i = 0; i < 2; i++) {
        sml_model *model = NULL;
        write_pair(ctx, "<f8", "(200, 36)", 36);
        path_in(ctx, "x.npy", path);
        sml_dataset *data = open_array(ctx, "x.npy", "y.npy", 1);
        const sml_fit_options options = {.progress = spoil_file, .user = path};
        OK(ctx, sml_model_create(ctx, "mlp", settings[i], &model));
        assert_int_equal(sml_model_fit_with(ctx, model, data, &options, NULL), SML_IO);
        assert_error_has(ctx, "x.npy: row 7, column 3 (counted from 0) has become nan",
                         "do not change");
        sml_model_free(model);
        sml_dataset_free(data);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_read_as_from_memory),
        TEST(models_are_those_of_loaded_arrays),
        TEST(parts_of_arrays_are_parts_of_loaded_ones),
        TEST(numbers_that_are_not_finite_are_refused),
        TEST(what_is_wrong_with_arrays_is_told),
        TEST(many_labels_are_numbered_upwards),
        TEST(an_array_that_is_cut_is_told),
        TEST(an_array_that_is_overwritten_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
