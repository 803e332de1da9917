/* Training on rows of a data set by number, or on compressed rows, is training on a copy of them:
 * the same bits, whatever the form, the batch and the team. */
#include "support.h"

enum { ROWS = 700, COLUMNS = 37, STRIDE = 41, CLASSES = 5, CHOSEN = 301, ENTRIES = ROWS * COLUMNS };

typedef struct arrays {
    float features[ROWS * STRIDE];
    uint8_t bytes[ROWS * STRIDE];
    int32_t labels[ROWS];
    size_t row_starts[ROWS + 1];
    uint32_t column_indices[ENTRIES];
    float values[ENTRIES];
} arrays;

typedef enum form { FLOATS, BYTES, COMPRESSED } form;

/* zeros: the share of zeros among the numbers. */
static arrays *random_arrays(double zeros, uint64_t seed)
{
    arrays *a = calloc(1, sizeof *a);
    sml__random random;
    sml__random_init(&random, seed, SML__GENERATE, 0, 0);
    size_t entries = 0;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < STRIDE; c++) {
            const int is_zero = c < COLUMNS && sml__random_uniform(&random) < zeros;
            const uint8_t byte = is_zero ? 0 : (uint8_t)(1 + sml__random_below(&random, 255));
            a->bytes[r * STRIDE + c] = byte;
            a->features[r * STRIDE + c] = (float)byte * (1.0F / 255.0F);
            if (c < COLUMNS && byte > 0) {
                a->column_indices[entries] = (uint32_t)c;
                a->values[entries++] = (float)byte * (1.0F / 255.0F);
            }
        }
        a->row_starts[r + 1] = entries;
        a->labels[r] = (int32_t)sml__random_below(&random, CLASSES);
    }
    return a;
}

static sml_data_view view_of(const arrays *a, form f)
{
    sml_data_view view = {
        .rows = ROWS, .columns = COLUMNS, .outputs = CLASSES, .labels = a->labels};
    view.row_stride = STRIDE;
    view.features = f == FLOATS ? a->features : NULL;
    view.bytes = f == BYTES ? a->bytes : NULL;
    if (f == COMPRESSED) {
        view.row_starts = a->row_starts;
        view.column_indices = a->column_indices;
        view.values = a->values;
    }
    return view;
}

/* The chosen rows as arrays of their own. */
static arrays *copy_rows(const arrays *a, const uint32_t *rows)
{
    arrays *copy = calloc(1, sizeof *copy);
    for (size_t i = 0; i < CHOSEN; i++) {
        memcpy(copy->features + i * STRIDE, a->features + rows[i] * STRIDE, STRIDE * sizeof(float));
        memcpy(copy->bytes + i * STRIDE, a->bytes + rows[i] * STRIDE, STRIDE);
        copy->labels[i] = a->labels[rows[i]];
    }
    return copy;
}

typedef struct outcome {
    float *parameters;
    size_t n;
    float outputs[CHOSEN * CLASSES];
    sml_scores scores;
} outcome;

static outcome *train_on(const sml_dataset *data, const char *settings, int threads)
{
    sml_ctx *ctx = new_context(threads);
    sml_model *model = NULL;
    outcome *o = calloc(1, sizeof *o);
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    o->parameters = parameters_of(ctx, model, &o->n);
    assert_ok(ctx, sml_model_predict(ctx, model, data, o->outputs, CHOSEN * CLASSES));
    assert_ok(ctx, sml_model_evaluate(ctx, model, data, &o->scores));
    sml_model_free(model);
    sml_ctx_free(ctx);
    return o;
}

static void free_outcome(outcome *o)
{
    free(o->parameters);
    free(o);
}

static void assert_same(const outcome *found, const outcome *expected, const char *what)
{
    if (found->n != expected->n ||
        memcmp(found->parameters, expected->parameters, found->n * sizeof(float)) != 0 ||
        memcmp(found->outputs, expected->outputs, sizeof found->outputs) != 0 ||
        found->scores.loss != expected->scores.loss ||
        found->scores.accuracy != expected->scores.accuracy) {
        fail_msg("%s: other bits", what);
    }
}

static const char *const SETTINGS[] = {
    "hidden=24 epochs=2 optimizer=sgd batch_size=1",
    "hidden=24 epochs=2 optimizer=sgd batch_size=33",
    "hidden=24,16 epochs=2 optimizer=adam batch_size=64 dropout=0.2",
    "hidden=24 epochs=2 optimizer=momentum batch_size=300 l2=1e-3 clip_norm=1",
    "hidden=700 epochs=1 optimizer=adam batch_size=128", /* by a team */
    "hidden=500 epochs=1 optimizer=sgd batch_size=200",
};

static void assert_same_training(const sml_dataset *found, const sml_dataset *expected)
{
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        outcome *one = train_on(expected, SETTINGS[i], 1);
        for (int threads = 1; threads <= 5; threads += 2) {
            outcome *o = train_on(found, SETTINGS[i], threads);
            assert_same(o, one, SETTINGS[i]);
            free_outcome(o);
        }
        free_outcome(one);
    }
}

/* Any order, some rows more than once. */
static void choose_rows(uint32_t *rows)
{
    sml__random random;
    sml__random_init(&random, 3, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < CHOSEN; i++) {
        rows[i] = sml__random_below(&random, ROWS);
    }
}

static void a_selection_trains_as_a_copy(form f, form copied, double zeros)
{
    sml_ctx *ctx = new_context(1);
    uint32_t rows[CHOSEN];
    choose_rows(rows);
    arrays *all = random_arrays(zeros, 1), *copy = copy_rows(all, rows);
    sml_data_view view = view_of(all, f), copy_view = view_of(copy, copied);
    copy_view.rows = CHOSEN;
    sml_dataset *data = NULL, *part = NULL, *expected = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_dataset_select(ctx, data, rows, CHOSEN, &part));
    assert_ok(ctx, sml_dataset_from_memory(ctx, &copy_view, &expected));
    assert_same_training(part, expected);
    sml_dataset_free(expected);
    sml_dataset_free(part);
    sml_dataset_free(data);
    free(copy);
    free(all);
    sml_ctx_free(ctx);
}

static void selected_floats(void **state)
{
    (void)state;
    a_selection_trains_as_a_copy(FLOATS, FLOATS, 0.1);
}

static void selected_floats_that_are_mostly_zero(void **state)
{
    (void)state;
    a_selection_trains_as_a_copy(FLOATS, FLOATS, 0.9);
}

static void selected_bytes(void **state)
{
    (void)state;
    a_selection_trains_as_a_copy(BYTES, BYTES, 0.1);
}

static void selected_bytes_that_are_mostly_zero(void **state)
{
    (void)state;
    a_selection_trains_as_a_copy(BYTES, BYTES, 0.9);
}

static void selected_compressed_rows(void **state)
{
    (void)state;
    a_selection_trains_as_a_copy(COMPRESSED, FLOATS, 0.9);
}

/* A selection of a selection's window, on a model of whole data. */
static void parts_of_parts_predict_as_their_rows(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(2);
    for (form f = FLOATS; f <= COMPRESSED; f++) {
        arrays *all = random_arrays(0.8, 2);
        const sml_data_view view = view_of(all, f);
        uint32_t rows[CHOSEN], inner[100];
        sml_dataset *data = NULL, *part = NULL, *window = NULL, *nested = NULL;
        sml_model *model = NULL;
        static float outputs[ROWS * CLASSES], found[100 * CLASSES];
        choose_rows(rows);
        for (uint32_t i = 0; i < 100; i++) {
            inner[i] = (7 * i) % 200;
        }
        assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
        assert_ok(ctx, sml_dataset_select(ctx, data, rows, CHOSEN, &part));
        assert_ok(ctx, sml_dataset_rows(ctx, part, 50, 200, &window));
        assert_ok(ctx, sml_dataset_select(ctx, window, inner, 100, &nested));
        assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=20 epochs=1", &model));
        assert_ok(ctx, sml_model_fit(ctx, model, data));
        assert_ok(ctx, sml_model_predict(ctx, model, data, outputs, ROWS * CLASSES));
        assert_ok(ctx, sml_model_predict(ctx, model, nested, found, 100 * CLASSES));
        for (size_t i = 0; i < 100; i++) {
            assert_memory_equal(found + i * CLASSES, outputs + rows[50 + inner[i]] * CLASSES,
                                CLASSES * sizeof(float));
        }
        sml_model_free(model);
        sml_dataset_free(nested);
        sml_dataset_free(window);
        sml_dataset_free(part);
        sml_dataset_free(data);
        free(all);
    }
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selected_floats),
        cmocka_unit_test(selected_floats_that_are_mostly_zero),
        cmocka_unit_test(selected_bytes),
        cmocka_unit_test(selected_bytes_that_are_mostly_zero),
        cmocka_unit_test(selected_compressed_rows),
        cmocka_unit_test(parts_of_parts_predict_as_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
