/* Fits on augmented pictures through the public door. */
#include "support.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, ROWS = 300, CLASSES = 3 };

typedef struct pictures {
    uint8_t bytes[ROWS * PIXELS];
    int32_t labels[ROWS];
    sml_dataset *data;
} pictures;

/* A bar at one of three heights, mostly zeros, so that a fit without augmentation is sparse. */
static int new_state(void **state)
{
    pictures *p = calloc(1, sizeof *p);
    sml_ctx *ctx = new_context(1);
    *state = p;
    for (size_t r = 0; r < ROWS; r++) {
        p->labels[r] = (int32_t)(r % CLASSES);
        for (size_t x = 2; x < 6; x++) {
            p->bytes[r * PIXELS + (1 + 2 * (r % CLASSES)) * SIDE + x] = (uint8_t)(100 + r % 150);
        }
    }
    const sml_data_view view = {.name = "bars",
                                .rows = ROWS,
                                .columns = PIXELS,
                                .bytes = p->bytes,
                                .height = SIDE,
                                .width = SIDE,
                                .outputs = CLASSES,
                                .labels = p->labels};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &p->data));
    sml_ctx_free(ctx);
    return 0;
}

static int free_all(void **state)
{
    pictures *p = *state;
    sml_dataset_free(p->data);
    free(p);
    return 0;
}

/* The outputs of a model that was fitted by so many threads. */
static void outputs_of(const pictures *p, const char *settings, int threads, float *outputs)
{
    sml_ctx *ctx = new_context(threads);
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, p->data));
    assert_ok(ctx, sml_model_predict(ctx, model, p->data, outputs, ROWS * CLASSES));
    sml_model_free(model);
    sml_ctx_free(ctx);
}

#define ALL                                                                                        \
    "augment_shift=0.5 augment_rotate=5 augment_scale=0.1 augment_elastic=6 augment_sigma=2 "      \
    "augment_noise=0.02 "

static void threads_change_no_bit(void **state)
{
    static const char *const settings[] = {
        ALL "hidden=32 epochs=2 batch_size=128",
        ALL "hidden=32 epochs=1 batch_size=300",
        ALL "hidden=32 epochs=1 batch_size=64 scaling=standard optimizer=sgd",
    };
    float one[ROWS * CLASSES], several[ROWS * CLASSES];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        outputs_of(*state, settings[i], 1, one);
        for (int threads = 2; threads <= 3; threads++) {
            outputs_of(*state, settings[i], threads, several);
            assert_memory_equal(one, several, sizeof one);
        }
    }
}

/* Nothing asked for: the bits of a run that never heard of it, sparse rows and all. */
static void zeros_are_no_augmentation(void **state)
{
    float plain[ROWS * CLASSES], zeros[ROWS * CLASSES], bent[ROWS * CLASSES];
    outputs_of(*state, "hidden=8 epochs=2", 1, plain);
    outputs_of(*state, "hidden=8 epochs=2 augment_shift=0 augment_sigma=9", 1, zeros);
    outputs_of(*state, "hidden=8 epochs=2 augment_shift=0.5", 1, bent);
    assert_memory_equal(plain, zeros, sizeof plain);
    assert_memory_not_equal(plain, bent, sizeof plain);
}

/* Only rows that are trained on are bent: what was learnt fits the pictures as they are. */
static void it_learns_all_the_same(void **state)
{
    const pictures *p = *state;
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_scores scores;
    assert_ok(ctx, sml_model_create(ctx, "mlp", ALL "hidden=32 epochs=30", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, p->data));
    assert_ok(ctx, sml_model_evaluate(ctx, model, p->data, &scores));
    assert_true(scores.accuracy > 0.97);
    sml_model_free(model);
    sml_ctx_free(ctx);
}

static void other_rows_are_refused(void **state)
{
    const pictures *p = *state;
    const float cells[] = {1, 2, 3, 4};
    const int32_t labels[] = {0, 1};
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_dataset *data = NULL;
    const sml_data_view view = {
        .name = "rows", .rows = 2, .columns = 2, .features = cells, .outputs = 2, .labels = labels};
    (void)p;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "augment_rotate=10", &model));
    assert_int_equal(sml_model_fit(ctx, model, data), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "augment_rotate: only pictures"));
    assert_int_equal(sml_model_inputs(model), 0);
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(zeros_are_no_augmentation),
        cmocka_unit_test(it_learns_all_the_same),
        cmocka_unit_test(other_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, new_state, free_all);
}
