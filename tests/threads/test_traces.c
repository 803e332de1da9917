/* Two threads trace one model at once, each in a context of its own, while a third one predicts:
 * the texts and numbers are those of one after the other. ThreadSanitizer looks on. */
#include "support.h"

enum { ROWS = 120, INPUTS = 20, OUTPUTS = 4, N = 30, THREADS = 3, ROUNDS = 5 };

static sml_status write_trace(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                              char **text)
{
    static const sml_sum question = {.kind = SML_SUM_Z, .unit = 3, .row = 2};
    static const sml_json_options asked = {.sums = &question, .n_sums = 1, .checks = 1};
    uint32_t samples[N];
    for (uint32_t i = 0; i < N; i++) {
        samples[i] = 4 * i;
    }
    const sml_trace_options options = {.samples = samples, .n = N, .training = 1};
    sml_trace *trace = NULL;
    size_t length = 0;
    sml_status status = sml_trace_create(ctx, model, data, &options, &trace);
    if (status == SML_OK) {
        status = sml_trace_json(ctx, trace, &asked, text, &length);
    }
    sml_trace_free(trace);
    return status;
}

/* What one thread does; cmocka's assertions are for the main thread alone. */
static int works(int rank, const sml_model *model, const sml_dataset *data, const char *text,
                 const float *predictions)
{
    static float found[THREADS][ROWS * OUTPUTS];
    const sml_ctx_options options = {1, NULL};
    sml_ctx *ctx = NULL;
    int is_well = sml_ctx_create(&options, &ctx) == SML_OK;
    for (int round = 0; is_well && round < ROUNDS; round++) {
        if (rank == THREADS - 1) {
            is_well = sml_model_predict(ctx, model, data, found[rank], ROWS * OUTPUTS) == SML_OK &&
                      memcmp(found[rank], predictions, sizeof found[rank]) == 0;
            continue;
        }
        char *mine = NULL;
        is_well = write_trace(ctx, model, data, &mine) == SML_OK && strcmp(mine, text) == 0;
        sml_text_free(mine);
    }
    sml_ctx_free(ctx);
    return is_well;
}

static void traces_at_once(void **state)
{
    static float predictions[ROWS * OUTPUTS];
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 5);
    sml_model *model = NULL;
    char *text = NULL;
    int well[THREADS] = {0};
    (void)state;
    assert_ok(ctx, sml_model_create(ctx, "mlp",
                                    "hidden=50,9 epochs=1 normalization=batch dropout=0.2 "
                                    "scaling=standard",
                                    &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    assert_ok(ctx, sml_model_predict(ctx, model, made.data, predictions, ROWS * OUTPUTS));
    assert_ok(ctx, write_trace(ctx, model, made.data, &text));
#pragma omp parallel for num_threads(THREADS) schedule(static, 1)
    for (int rank = 0; rank < THREADS; rank++) {
        well[rank] = works(rank, model, made.data, text, predictions);
    }
    for (int rank = 0; rank < THREADS; rank++) {
        assert_true(well[rank]);
    }
    sml_text_free(text);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
