/* Who looks on while a network trains is called when it was promised, sees what there is, and
 * changes no bit. */
#include "support.h"

#include "data/rows.h"
#include "nn/watch.h"

enum { ROWS = 90, INPUTS = 4, CLASSES = 3 };

typedef struct sight {
    int began, epochs, diverged, ended;
    uint64_t batches, samples, update;
    double loss; /* Σ_s C_s over the batches of the epoch so far */
} sight;

static void see_begin(void *user, sml__training *t)
{
    sight *seen = user;
    seen->began++;
    assert_int_equal(t->state->steps, 0);
    assert_non_null(t->order);
}

static void see_batch(void *user, const sml__training *t)
{
    sight *seen = user;
    assert_int_equal(seen->began, 1);
    assert_int_equal(seen->ended, 0);
    assert_int_equal(t->state->steps, seen->batches); /* not counted yet */
    seen->batches++;
    seen->samples += t->batch;
    seen->loss += t->batch_loss;
}

/* The order of the epoch is the rows of the epoch, by their places. */
static void assert_order(const sml__training *t)
{
    uint32_t rows[ROWS];
    uint8_t met[ROWS] = {0};
    sml__training_rows(t, rows);
    for (size_t i = 0; i < t->data->view.rows; i++) {
        assert_true(rows[i] < t->data->view.rows && !met[rows[i]]);
        met[rows[i]] = 1;
        assert_int_equal(t->order[i], sml__dataset_place(t->data, rows[i]));
    }
}

static void see_epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    sight *seen = user;
    seen->epochs++;
    assert_int_equal(record->epoch, seen->epochs);
    assert_int_equal(t->state->epoch, seen->epochs - 1);
    assert_near(record->loss, seen->loss / (double)t->data->view.rows, 1e-12, 0, "loss", 0);
    assert_order(t);
    seen->loss = 0;
}

static void see_divergence(void *user, sml__training *t, uint64_t update)
{
    sight *seen = user;
    seen->diverged++;
    seen->update = update;
    assert_int_equal(seen->ended, 0);
    for (size_t i = 0; i < t->network->n_values; i++) {
        assert_true(isfinite(t->network->parameters[i]));
    }
}

static void see_end(void *user, sml__training *t)
{
    sight *seen = user;
    seen->ended++;
    assert_non_null(t->workspace.outputs);
}

static struct sml_watch watch_of(sight *seen)
{
    const struct sml_watch watch = {.user = seen,
                                    .began = see_begin,
                                    .batch = see_batch,
                                    .epoch = see_epoch,
                                    .diverged = see_divergence,
                                    .ended = see_end};
    memset(seen, 0, sizeof *seen);
    return watch;
}

static sml_model *new_model(sml_ctx *ctx, const char *settings)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    return model;
}

/* seen: NULL, nobody looks on. */
static float *trained(const sml_dataset *data, const char *settings, int threads, sight *seen,
                      size_t *n)
{
    sml_ctx *ctx = new_context(threads);
    sml_model *model = new_model(ctx, settings);
    sight unseen;
    const struct sml_watch watch = watch_of(seen != NULL ? seen : &unseen);
    const sml_fit_options options = {.watch = seen != NULL ? &watch : NULL};
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &options, NULL));
    float *parameters = parameters_of(ctx, model, n);
    sml_model_free(model);
    sml_ctx_free(ctx);
    return parameters;
}

static void no_bit_changes(void **state)
{
    static const char *const settings[] = {
        "hidden=20 epochs=3 batch_size=16 dropout=0.2",
        "hidden=20 epochs=2 batch_size=1 optimizer=sgd",
        "hidden=600,300 epochs=2 batch_size=64 validation=0.2 normalization=batch clip_norm=0.1",
    };
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 1);
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        sight seen;
        size_t n = 0, again = 0;
        float *expected = trained(made.data, settings[i], 1, NULL, &n);
        for (int threads = 1; threads <= 4; threads *= 2) {
            float *found = trained(made.data, settings[i], threads, &seen, &again);
            const size_t rows = i == 2 ? ROWS - ROWS / 5 : ROWS;
            assert_memory_equal(found, expected, n * sizeof(float));
            assert_int_equal(again, n);
            assert_int_equal(seen.began, 1);
            assert_int_equal(seen.epochs, i == 0 ? 3 : 2);
            assert_int_equal(seen.samples, rows * (size_t)seen.epochs);
            assert_int_equal(seen.diverged, 0);
            assert_int_equal(seen.ended, 1);
            free(found);
        }
        free(expected);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* With the number of the update that showed it, which the error names too. */
static void divergence_is_told(void **state)
{
    sml_ctx *ctx = new_context(2);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, CLASSES, 1);
    sml_model *model = new_model(ctx, "optimizer=sgd learning_rate=1000 batch_size=10 epochs=9");
    sight seen;
    const struct sml_watch watch = watch_of(&seen);
    const sml_fit_options options = {.watch = &watch};
    char update[40];
    (void)state;
    assert_int_equal(sml_model_fit_with(ctx, model, made.data, &options, NULL), SML_DIVERGED);
    assert_int_equal(seen.diverged, 1);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.update, seen.batches);
    snprintf(update, sizeof update, "(update %llu)", (unsigned long long)seen.update);
    assert_non_null(strstr(sml_ctx_error(ctx), update));
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static int cancel_in_the_second(void *user, const sml_progress *progress)
{
    (void)user;
    return progress->epoch == 2;
}

/* A fit that is refused did not begin; one that is cancelled ends. */
static void refused_and_cancelled(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, CLASSES, 1);
    sml_model *model = new_model(ctx, "batch_size=30 early_stopping=loss");
    sight seen;
    const struct sml_watch watch = watch_of(&seen);
    const sml_fit_options options = {.watch = &watch, .progress = cancel_in_the_second};
    (void)state;
    assert_int_equal(sml_model_fit_with(ctx, model, made.data, &options, NULL), SML_BAD_ARGUMENT);
    assert_int_equal(seen.began + seen.ended, 0);
    assert_ok(ctx, sml_model_set(ctx, model, "early_stopping", "none"));
    assert_int_equal(sml_model_fit_with(ctx, model, made.data, &options, NULL), SML_CANCELLED);
    assert_int_equal(seen.began, 1);
    assert_int_equal(seen.epochs, 1);
    assert_int_equal(seen.batches, 4);
    assert_int_equal(seen.ended, 1);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_changes),
        cmocka_unit_test(divergence_is_told),
        cmocka_unit_test(refused_and_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
