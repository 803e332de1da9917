/* What a trace holds: rows, layers, parameters, masks and weights, held against the data set, the
 * model file's tensors and closed forms; and what it refuses. */
#include "support.h"

#include "explain/trace.h"
#include "nn/mlp.h"

enum { ROWS = 60, INPUTS = 6, OUTPUTS = 3 };

static const uint32_t SAMPLES[] = {11, 4, 59, 0, 30};
enum { N = sizeof SAMPLES / sizeof SAMPLES[0] };

static const float *vector_of(const sml_trace *trace, sml_vector vector, size_t layer, size_t row,
                              size_t wanted)
{
    size_t n = 99;
    const float *found = sml_trace_vector(trace, vector, layer, row, &n);
    assert_int_equal(n, wanted);
    assert_true((found == NULL) == (wanted == 0));
    return found;
}

static sml_model *fitted(sml_ctx *ctx, const sml_layer *layers, size_t n, const char *settings,
                         const sml_dataset *data)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, n, settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

static sml_trace *traced(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                         int training)
{
    const sml_trace_options options = {
        .samples = SAMPLES, .n = N, .training = training, .epoch = 3};
    sml_trace *trace = NULL;
    assert_ok(ctx, sml_trace_create(ctx, model, data, &options, &trace));
    return trace;
}

/* A network with everything in it: 0 dropout, 1 dense, 2 batch_norm, 3 relu, 4 dropout, 5 dense,
 * 6 layer_norm, 7 dense. */
static sml_model *everything(sml_ctx *ctx, const sml_dataset *data)
{
    const sml_layer layers[] = {sml_dropout(0.25), sml_dense(40),     sml_batch_norm(),
                                sml_relu(),        sml_dropout(0.5),  sml_dense(9),
                                sml_layer_norm(),  sml_dense(OUTPUTS)};
    return fitted(ctx, layers, 8, "epochs=2 scaling=standard", data);
}

static void rows_are_those_of_the_data(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = everything(ctx, made.data);
    sml_trace *trace = traced(ctx, model, made.data, 0);
    (void)state;
    for (size_t r = 0; r < N; r++) {
        const float *raw = vector_of(trace, SML_RAW, 0, r, INPUTS);
        const float *input = vector_of(trace, SML_INPUT, 0, r, INPUTS);
        assert_memory_equal(raw, made.features + SAMPLES[r] * INPUTS, INPUTS * sizeof(float));
        assert_memory_equal(vector_of(trace, SML_TARGET, 0, r, OUTPUTS),
                            made.targets + SAMPLES[r] * OUTPUTS, OUTPUTS * sizeof(float));
        for (size_t c = 0; c < INPUTS; c++) { /* standardised over all rows */
            double mean = 0, variance = 0;
            for (size_t s = 0; s < ROWS; s++) {
                mean += (double)made.features[s * INPUTS + c] / ROWS;
            }
            for (size_t s = 0; s < ROWS; s++) {
                const double gap = (double)made.features[s * INPUTS + c] - mean;
                variance += gap * gap / ROWS;
            }
            assert_near((double)input[c], ((double)raw[c] - mean) / sqrt(variance), 1e-5, 1e-6,
                        "input", c);
        }
    }
    vector_of(trace, SML_RAW, 0, N, 0);
    vector_of(trace, SML_OUTPUT, 8, 0, 0);
    vector_of(trace, SML_MASK, 4, 0, 0); /* off */
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void blocks_are_numbered_as_tensors(void **state)
{
    static const int blocks[] = {-1, 0, 1, 1, 1, 2, 3, 4}, heads[] = {0, 1, 1, 0, 0, 1, 1, 1};
    static const size_t first[] = {1, 2, 5, 6, 7}, end[] = {2, 5, 6, 7, 8};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = everything(ctx, made.data);
    sml_trace *trace = traced(ctx, model, made.data, 0);
    size_t from = 0, to = 0;
    (void)state;
    for (size_t l = 0; l < 8; l++) {
        const sml_trace_layer layer = sml_trace_layer_at(trace, l);
        const sml_layer spec = sml_network_layer(model, l);
        assert_string_equal(layer.type, spec.type);
        assert_true(layer.value == spec.value);
        assert_int_equal(layer.block, blocks[l]);
        assert_int_equal(layer.is_head, heads[l]);
        vector_of(trace, SML_OUTPUT, l, 0, layer.units);
        vector_of(trace, SML_DELTA, l, 0, layer.block >= 0 ? layer.units : 0);
    }
    assert_null(sml_trace_layer_at(trace, 8).type);
    for (size_t b = 0; b < 5; b++) {
        assert_true(sml__trace_block(trace, b, &from, &to));
        assert_int_equal(from, first[b]);
        assert_int_equal(to, end[b]);
    }
    assert_false(sml__trace_block(trace, 5, &from, &to));
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Tensor "layers.0.weight" and the like, as the model file has them. */
static void assert_unit(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t tensor)
{
    const sml_trace_layer facts = sml_trace_layer_at(trace, layer);
    const size_t inputs = strcmp(facts.type, "dense") == 0 ? facts.inputs : 1;
    float *weight = calloc(facts.units * inputs, sizeof(float));
    float *bias = calloc(facts.units, sizeof(float)), *row = calloc(inputs + 1, sizeof(float));
    assert_ok(ctx,
              sml_model_tensor_values(ctx, trace->model, tensor, weight, facts.units * inputs));
    assert_ok(ctx, sml_model_tensor_values(ctx, trace->model, tensor + 1, bias, facts.units));
    for (size_t j = 0; j < facts.units; j++) {
        assert_ok(ctx, sml_trace_weights(ctx, trace, layer, j, 0, row, inputs + 1));
        assert_memory_equal(row, weight + j * inputs, inputs * sizeof(float));
        assert_true(row[inputs] == bias[j]);
        /* db_j = (1/m) Σ_s δ_sj of dense layers and norms alike */
        double sum = 0, size = 0;
        for (size_t r = 0; r < N; r++) {
            const double delta = (double)vector_of(trace, SML_DELTA, layer, r, facts.units)[j];
            sum += delta / N;
            size += fabs(delta);
        }
        assert_ok(ctx, sml_trace_weights(ctx, trace, layer, j, 1, row, inputs + 1));
        assert_near((double)row[inputs], sum, 0, 1e-6 * size, "db", j);
    }
    free(weight);
    free(bias);
    free(row);
}

static void parameters_are_those_of_the_file(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = everything(ctx, made.data);
    sml_trace *trace = traced(ctx, model, made.data, 0);
    float row[41];
    (void)state;
    assert_unit(ctx, trace, 1, 0);
    assert_unit(ctx, trace, 2, 2);
    assert_unit(ctx, trace, 5, 6); /* after running mean and variance */
    assert_unit(ctx, trace, 6, 8);
    assert_unit(ctx, trace, 7, 10);
    assert_int_equal(sml_trace_weights(ctx, trace, 3, 0, 0, row, 41), SML_BAD_ARGUMENT);
    assert_int_equal(sml_trace_weights(ctx, trace, 8, 0, 0, row, 41), SML_BAD_ARGUMENT);
    assert_int_equal(sml_trace_weights(ctx, trace, 5, 9, 0, row, 41), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "layers.2 has units 0…8"));
    assert_int_equal(sml_trace_weights(ctx, trace, 5, 0, 0, row, 40), SML_BAD_ARGUMENT);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Dropout: a = mask · z and δ below = mask · δ above, the masks 0 or 1 / (1 - p) in about the right
 * shares; another epoch draws others. */
static void assert_mask(const sml_trace *trace, size_t layer, double p)
{
    const size_t units = sml_trace_layer_at(trace, layer).units;
    const sml_vector below = layer == 0 ? SML_INPUT : SML_OUTPUT;
    size_t dropped = 0;
    for (size_t r = 0; r < N; r++) {
        const float *mask = vector_of(trace, SML_MASK, layer, r, units);
        const float *z = vector_of(trace, below, layer - 1, r, units);
        const float *a = vector_of(trace, SML_OUTPUT, layer, r, units);
        for (size_t j = 0; j < units; j++) {
            assert_true(mask[j] == 0 || mask[j] == (float)(1 / (1 - p)));
            assert_true(a[j] == mask[j] * z[j]);
            dropped += mask[j] == 0;
        }
        for (size_t j = 0; layer > 0 && j < units; j++) {
            assert_true(vector_of(trace, SML_DELTA, layer - 1, r, units)[j] ==
                        mask[j] * vector_of(trace, SML_DELTA, layer, r, units)[j]);
        }
    }
    const double n = (double)(N * units);
    assert_true(fabs((double)dropped - p * n) < 5 * sqrt(n * p * (1 - p)));
}

static void masks_are_those_of_the_pass(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = everything(ctx, made.data);
    sml_trace *trace = traced(ctx, model, made.data, 1), *other = NULL;
    const sml_trace_options later = {.samples = SAMPLES, .n = N, .training = 1, .epoch = 4};
    (void)state;
    assert_mask(trace, 0, 0.25);
    assert_mask(trace, 4, 0.5);
    vector_of(trace, SML_MASK, 3, 0, 0);
    assert_ok(ctx, sml_trace_create(ctx, model, made.data, &later, &other));
    assert_memory_not_equal(vector_of(trace, SML_MASK, 4, 0, 40),
                            vector_of(other, SML_MASK, 4, 0, 40), 40 * sizeof(float));
    sml_trace_free(other);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* δ of an activation's input is ∂C/∂a · f'(z), and both are there; dropout that is off hands δ on.
 */
static void deltas_of_all_layers(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 4);
    const sml_layer layers[] = {sml_dense(20), sml_tanh(), sml_dropout(0.3), sml_dense(OUTPUTS)};
    sml_model *model = fitted(ctx, layers, 4, "epochs=1", made.data);
    sml_trace *trace = traced(ctx, model, made.data, 0);
    (void)state;
    for (size_t r = 0; r < N; r++) {
        const float *z = vector_of(trace, SML_OUTPUT, 0, r, 20);
        const float *delta = vector_of(trace, SML_DELTA, 0, r, 20);
        const float *above = vector_of(trace, SML_DELTA, 1, r, 20);
        assert_memory_equal(above, vector_of(trace, SML_DELTA, 2, r, 20), 20 * sizeof(float));
        const float *top = vector_of(trace, SML_DELTA, 3, r, OUTPUTS);
        for (size_t j = 0; j < 20; j++) {
            const double a = tanh((double)z[j]);
            double sum = 0, size = 0;
            for (size_t k = 0; k < OUTPUTS; k++) {
                float row[21];
                assert_ok(ctx, sml_trace_weights(ctx, trace, 3, k, 0, row, 21));
                sum += (double)row[j] * (double)top[k];
                size += fabs((double)row[j] * (double)top[k]);
            }
            assert_near((double)above[j], sum, 0, 1e-6 * size, "dC/da", j);
            assert_near((double)delta[j], (double)above[j] * (1 - a * a), 1e-5, 1e-7, "delta", j);
        }
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* The rows of new_test_data with labels, 40 of class 0, 15 of class 1, 5 of class 2, and weights.
 */
typedef struct weighted {
    int32_t labels[ROWS];
    float weights[ROWS];
    sml_dataset *data;
} weighted;

static void label_rows(sml_ctx *ctx, const test_data *made, weighted *w, int with_weights)
{
    sml_data_view view = {
        .rows = ROWS, .columns = INPUTS, .features = made->features, .outputs = OUTPUTS};
    for (size_t r = 0; r < ROWS; r++) {
        w->labels[r] = r % 12 < 8 ? 0 : r % 12 < 11 ? 1 : 2;
        w->weights[r] = (float)(r % 4);
    }
    view.labels = w->labels;
    view.weights = with_weights ? w->weights : NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &w->data));
}

/* δ of a row is w_s times that of the row alone, which is softmax less target; balanced classes are
 * counted on all rows, not on those of the batch: N / (K N_k). */
static void rows_count_as_in_training(void **state)
{
    static const double counts[OUTPUTS] = {40, 15, 5};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 5);
    weighted w;
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    (void)state;
    label_rows(ctx, &made, &w, 1);
    sml_model *model = fitted(ctx, layers, 1, "epochs=1 class_weight=balanced", w.data);
    sml_trace *trace = traced(ctx, model, w.data, 0);
    double total = 0, loss = 0;
    for (size_t r = 0; r < N; r++) {
        const int32_t label = w.labels[SAMPLES[r]];
        const double weight = (double)w.weights[SAMPLES[r]] * ROWS / (OUTPUTS * counts[label]);
        const float *a = vector_of(trace, SML_PREDICTION, 0, r, OUTPUTS);
        const float *delta = vector_of(trace, SML_DELTA, 0, r, OUTPUTS);
        for (size_t k = 0; k < OUTPUTS; k++) {
            assert_near((double)delta[k], weight * ((double)a[k] - (k == (size_t)label)), 1e-5,
                        1e-6, "delta", k);
        }
        total += weight;
        loss -= weight * log((double)a[label]);
    }
    assert_near(trace->batch_weight, total, 1e-6, 0, "weight", 0);
    assert_near(trace->loss, loss / total, 1e-5, 0, "loss", 0);
    sml_trace_free(trace);
    sml_model_free(model);
    sml_dataset_free(w.data);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void assert_forward_only(sml_ctx *ctx, const sml_trace *trace)
{
    float row[INPUTS + 1];
    vector_of(trace, SML_PREDICTION, 0, 0, OUTPUTS);
    vector_of(trace, SML_DELTA, 0, 0, 0);
    assert_true(isnan(trace->loss));
    assert_int_equal(sml_trace_weights(ctx, trace, 0, 0, 1, row, INPUTS + 1), SML_BAD_ARGUMENT);
    assert_ok(ctx, sml_trace_weights(ctx, trace, 0, 0, 0, row, INPUTS + 1));
}

/* Without targets, or with rows that weigh nothing, there is a forward pass alone. */
static void without_targets_or_weight(void **state)
{
    static const uint32_t light[] = {0, 4, 8};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 5);
    weighted w;
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    const sml_data_view view = {.rows = ROWS, .columns = INPUTS, .features = made.features};
    const sml_trace_options options = {.samples = light, .n = 3};
    sml_dataset *bare = NULL;
    sml_trace *trace = NULL;
    (void)state;
    label_rows(ctx, &made, &w, 1);
    sml_model *model = fitted(ctx, layers, 1, "epochs=1 class_weight=balanced", w.data);
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &bare));
    assert_ok(ctx, sml_trace_create(ctx, model, bare, &options, &trace));
    vector_of(trace, SML_TARGET, 0, 0, 0);
    assert_forward_only(ctx, trace);
    sml_trace_free(trace);
    assert_ok(ctx, sml_trace_create(ctx, model, w.data, &options, &trace));
    vector_of(trace, SML_TARGET, 0, 0, OUTPUTS);
    assert_forward_only(ctx, trace);
    sml_trace_free(trace);
    sml_dataset_free(bare);
    sml_model_free(model);
    sml_dataset_free(w.data);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void refuses(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                    const uint32_t *samples, size_t n, sml_status wanted, const char *text)
{
    const sml_trace_options options = {.samples = samples, .n = n};
    sml_trace *trace = (sml_trace *)&options;
    assert_int_equal(sml_trace_create(ctx, model, data, &options, &trace), wanted);
    assert_null(trace);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), text);
    }
}

static void bad_input_is_refused(void **state)
{
    static const uint32_t beyond[] = {3, ROWS}, many[SML_TRACE_ROWS_MAX + 1] = {0};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 5);
    test_data wide = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS + 1, OUTPUTS, 5);
    test_data other = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, 2, 5);
    test_data numbers = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 5);
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    sml_model *model = NULL;
    (void)state;
    assert_ok(ctx, sml_network_create(ctx, layers, 1, "epochs=1", &model));
    refuses(ctx, model, made.data, SAMPLES, N, SML_BAD_ARGUMENT, "not a fitted network");
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    refuses(ctx, model, made.data, SAMPLES, 0, SML_BAD_ARGUMENT, "0 rows");
    refuses(ctx, model, made.data, many, SML_TRACE_ROWS_MAX + 1, SML_BAD_ARGUMENT, "257 rows");
    refuses(ctx, model, made.data, beyond, 2, SML_BAD_ARGUMENT, "60");
    refuses(ctx, model, wide.data, SAMPLES, N, SML_BAD_SHAPE, "7");
    refuses(ctx, model, other.data, SAMPLES, N, SML_BAD_SHAPE, "3 classes");
    refuses(ctx, model, numbers.data, SAMPLES, N, SML_BAD_SHAPE, "regression");
    sml_trace_free(NULL);
    sml_model_free(model);
    free_test_data(numbers);
    free_test_data(other);
    free_test_data(wide);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_data),
        cmocka_unit_test(blocks_are_numbered_as_tensors),
        cmocka_unit_test(parameters_are_those_of_the_file),
        cmocka_unit_test(masks_are_those_of_the_pass),
        cmocka_unit_test(deltas_of_all_layers),
        cmocka_unit_test(rows_count_as_in_training),
        cmocka_unit_test(without_targets_or_weight),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
