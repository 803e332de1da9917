/* Scores of rows one by one: gradient norms against the gradient that a trace of that row alone
 * has, losses and predictions against those of evaluation, and the same numbers for any number of
 * threads. */
#include "support.h"

#include "explain/trace.h"

enum { ROWS = 150, INPUTS = 6, OUTPUTS = 3 };

static sml_sample_score *scored(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                size_t rows)
{
    sml_sample_score *scores = calloc(rows, sizeof *scores);
    assert_ok(ctx, sml_model_scores_each(ctx, model, data, 1, scores, rows));
    return scores;
}

/* √Σ over every parameter of every unit, as the trace gives them. */
static double norm_by_trace(sml_ctx *ctx, const sml_trace *trace)
{
    double sum = 0;
    sml_trace_layer layer;
    for (size_t l = 0; (layer = sml_trace_layer_at(trace, l)).type != NULL; l++) {
        const size_t n = (strcmp(layer.type, "dense") == 0 ? layer.inputs : 1) + 1;
        float *row = malloc(n * sizeof *row);
        for (size_t j = 0; layer.is_head && j < layer.units; j++) {
            assert_ok(ctx, sml_trace_weights(ctx, trace, l, j, 1, row, n));
            for (size_t i = 0; i < n; i++) {
                sum += (double)row[i] * (double)row[i];
            }
        }
        free(row);
    }
    return sqrt(sum);
}

static void check_rows(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, size_t rows)
{
    sml_sample_score *scores = scored(ctx, model, data, rows);
    for (uint32_t r = 0; r < rows; r++) {
        const sml_trace_options options = {.samples = &r, .n = 1};
        sml_trace *trace = NULL;
        assert_ok(ctx, sml_trace_create(ctx, model, data, &options, &trace));
        assert_int_equal(scores[r].row, r);
        assert_near(scores[r].loss, trace->loss, 2e-5, 1e-7, "loss", r);
        assert_near(scores[r].gradient_norm, norm_by_trace(ctx, trace), 2e-5, 1e-7, "norm", r);
        sml_trace_free(trace);
    }
    free(scores);
}

static const struct {
    sml_task task;
    const char *settings;
} CASES[] = {
    {SML_TASK_CLASSIFICATION, "epochs=2 scaling=standard"},
    {SML_TASK_CLASSIFICATION, "epochs=2 label_smoothing=0.1"},
    {SML_TASK_MULTILABEL, "epochs=2"},
    {SML_TASK_REGRESSION, "epochs=2 loss=huber"},
    {SML_TASK_REGRESSION, "epochs=2 l2=0.1"},
    {SML_TASK_REGRESSION, "epochs=2 target_scaling=standard"},
};

/* Every layer type with parameters, batch norm by its running statistics, and dropout, also first.
 */
static void norms_are_those_of_the_gradient_of_one_row(void **state)
{
    const sml_layer layers[] = {sml_dropout(0.25), sml_dense(40),     sml_batch_norm(),
                                sml_relu(),        sml_dropout(0.5),  sml_dense(9),
                                sml_layer_norm(),  sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(2);
    (void)state;
    for (size_t c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
        test_data made = new_test_data(ctx, CASES[c].task, ROWS, INPUTS, OUTPUTS, c);
        for (size_t first = 0; first < 2; first++) { /* with the dropout before all, and without */
            sml_model *model = NULL;
            assert_ok(
                ctx, sml_network_create(ctx, layers + first, 8 - first, CASES[c].settings, &model));
            assert_ok(ctx, sml_model_fit(ctx, model, made.data));
            check_rows(ctx, model, made.data, ROWS);
            sml_model_free(model);
        }
        free_test_data(made);
    }
    sml_ctx_free(ctx);
}

/* Whether a model scales its targets or not: from predictions and from the targets of the data. */
static void residuals_are_in_the_units_of_the_data(void **state)
{
    static const char *const settings[] = {"epochs=2", "epochs=2 target_scaling=standard"};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 6);
    float *predictions = malloc(ROWS * OUTPUTS * sizeof *predictions);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sml_model *model = NULL;
        assert_ok(ctx, sml_model_create(ctx, "mlp", settings[i], &model));
        assert_ok(ctx, sml_model_fit(ctx, model, made.data));
        assert_ok(ctx, sml_model_predict(ctx, model, made.data, predictions, ROWS * OUTPUTS));
        sml_sample_score *scores = scored(ctx, model, made.data, ROWS);
        for (size_t r = 0; r < ROWS; r++) {
            float y[OUTPUTS];
            double square = 0;
            sml_dataset_targets(made.data, r, y);
            for (size_t k = 0; k < OUTPUTS; k++) {
                const double gap = (double)predictions[r * OUTPUTS + k] - (double)y[k];
                square += gap * gap;
            }
            assert_near(scores[r].residual, sqrt(square), 1e-4, 1e-5, "residual", r);
        }
        free(scores);
        sml_model_free(model);
    }
    free(predictions);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Rows that list only their entries, which the first layer reads where they lie; and a selection of
 * them. */
static void compressed_rows_have_norms_too(void **state)
{
    enum { COLUMNS = 3000, ENTRIES = 5 };
    size_t starts[ROWS + 1];
    uint32_t columns[ROWS * ENTRIES];
    float values[ROWS * ENTRIES];
    int32_t labels[ROWS];
    sml_ctx *ctx = new_context(1);
    sml_model *model = NULL;
    sml_dataset *data = NULL, *part = NULL;
    sml__random random;
    (void)state;
    sml__random_init(&random, 5, SML__GENERATE, 0, 0);
    for (size_t r = 0; r <= ROWS; r++) {
        starts[r] = r * ENTRIES;
    }
    for (size_t i = 0; i < ROWS * ENTRIES; i++) {
        columns[i] = (uint32_t)(i % ENTRIES * (COLUMNS / ENTRIES)) +
                     sml__random_below(&random, COLUMNS / ENTRIES);
        values[i] = (float)sml__random_normal(&random);
        labels[i / ENTRIES] = (int32_t)(i / ENTRIES % 3);
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .row_starts = starts,
                                .column_indices = columns,
                                .values = values,
                                .labels = labels,
                                .outputs = 3};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=8 epochs=2", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    check_rows(ctx, model, data, ROWS);
    const uint32_t chosen[] = {7, 149, 7, 0};
    assert_ok(ctx, sml_dataset_select(ctx, data, chosen, 4, &part));
    check_rows(ctx, model, part, 4);
    sml_dataset_free(part);
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

/* Row by row what evaluation and prediction say of all, whatever the number of threads. */
static void scores_add_up_to_the_evaluation(void **state)
{
    sml_ctx *one = new_context(1), *four = new_context(4);
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    sml_scores all;
    sml_dataset_facts facts;
    double loss = 0, hits = 0;
    (void)state;
    assert_ok(one, sml_dataset_open(one, "spirals", "train", &data));
    sml_dataset_describe(data, &facts);
    assert_ok(one, sml_model_create(one, "mlp", "hidden=512,512 epochs=1", &model));
    assert_ok(one, sml_model_fit(one, model, data));
    assert_ok(one, sml_model_evaluate(one, model, data, &all));
    sml_sample_score *scores = scored(one, model, data, facts.rows);
    sml_sample_score *by_four = scored(four, model, data, facts.rows);
    float *outputs = malloc(facts.rows * facts.outputs * sizeof *outputs);
    assert_ok(one, sml_model_predict(one, model, data, outputs, facts.rows * facts.outputs));
    for (size_t r = 0; r < facts.rows; r++) {
        const float *p = outputs + r * facts.outputs;
        const size_t said = sml_argmax(p, facts.outputs);
        assert_int_equal(scores[r].predicted, said);
        assert_true(scores[r].probability == p[said]);
        assert_true(scores[r].own == p[sml_dataset_label(data, r)]);
        assert_true(scores[r].loss == by_four[r].loss);
        assert_true(scores[r].gradient_norm == by_four[r].gradient_norm);
        assert_int_equal(scores[r].suspect_of, -1);
        loss += scores[r].loss / (double)facts.rows;
        hits += !scores[r].is_mistake;
    }
    assert_near(loss, all.loss, 1e-12, 0, "loss", 0);
    assert_near(hits / (double)facts.rows, all.accuracy, 1e-12, 0, "accuracy", 0);
    free(outputs);
    free(by_four);
    free(scores);
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(four);
    sml_ctx_free(one);
}

static void what_cannot_be_scored_is_refused(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    const sml_data_view view = {.rows = ROWS, .columns = INPUTS, .features = made.features};
    sml_dataset *bare = NULL;
    sml_sample_score scores[ROWS];
    sml_model *model = NULL;
    (void)state;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &bare));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=4 epochs=1", &model));
    assert_int_equal(sml_model_scores_each(ctx, model, made.data, 0, scores, ROWS),
                     SML_BAD_ARGUMENT);
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    assert_int_equal(sml_model_scores_each(ctx, model, bare, 0, scores, ROWS), SML_BAD_DATA);
    assert_int_equal(sml_model_scores_each(ctx, model, made.data, 0, scores, ROWS - 1),
                     SML_BAD_ARGUMENT);
    assert_ok(ctx, sml_model_scores_each(ctx, model, made.data, 0, scores, ROWS));
    assert_true(isnan(scores[0].gradient_norm));
    sml_model_free(model);
    sml_dataset_free(bare);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_the_gradient_of_one_row),
        cmocka_unit_test(residuals_are_in_the_units_of_the_data),
        cmocka_unit_test(compressed_rows_have_norms_too),
        cmocka_unit_test(scores_add_up_to_the_evaluation),
        cmocka_unit_test(what_cannot_be_scored_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
