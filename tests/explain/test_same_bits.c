/* A trace shows what the engine computes: its outputs have the bits of a prediction, its gradient
 * those of the engine's, and a workspace that keeps all deltas gives those of training's. For every
 * layer and loss, on every instruction set. */
#include "support.h"

#include "explain/trace.h"
#include "nn/engine_gradient.h"
#include "nn/mlp.h"

enum { ROWS = 300, INPUTS = 13, OUTPUTS = 4 };

static const char *settings_for(const sml__loss *loss)
{
    static char text[128];
    const int smooths = strcmp(loss->name, "cross_entropy") == 0;
    snprintf(text, sizeof text, "epochs=1 batch_size=100 loss=%s%s", loss->name,
             smooths ? " label_smoothing=0.1" : "");
    return text;
}

static sml_layer layer_of(const sml__layer_type *type, size_t units)
{
    return sml_layer_of(type->name, type->has_units ? units : 0, type->maximum > 0 ? 0.3 : 0);
}

/* Two hidden layers, each followed by the layer under test; unless it may come first. */
static sml_model *fitted_model(sml_ctx *ctx, const sml__layer_type *type, const sml__loss *loss,
                               const sml_dataset *data)
{
    const sml_layer layers[] = {sml_dense(17), layer_of(type, 17), sml_dense(9), layer_of(type, 3),
                                sml_dense(OUTPUTS)};
    sml_model *model = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, 5, settings_for(loss), &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

static sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

/* n rows in an order that is not theirs. */
static const uint32_t *some_rows(size_t n)
{
    static uint32_t rows[SML_TRACE_ROWS_MAX];
    for (size_t i = 0; i < n; i++) {
        rows[i] = (uint32_t)((7 * i + 3) % ROWS);
    }
    return rows;
}

static sml_trace *new_trace(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, size_t n,
                            int training)
{
    const sml_trace_options options = {
        .samples = some_rows(n), .n = n, .training = training, .epoch = 2};
    sml_trace *trace = NULL;
    assert_ok(ctx, sml_trace_create(ctx, model, data, &options, &trace));
    return trace;
}

static void assert_predictions(sml_ctx *ctx, const sml_trace *trace, const sml_dataset *rows)
{
    static float expected[SML_TRACE_ROWS_MAX * OUTPUTS];
    assert_ok(ctx, sml_model_predict(ctx, trace->model, rows, expected, trace->rows * OUTPUTS));
    for (size_t r = 0; r < trace->rows; r++) {
        size_t n = 0;
        const float *found = sml_trace_vector(trace, SML_PREDICTION, 0, r, &n);
        assert_int_equal(n, OUTPUTS);
        assert_memory_equal(found, expected + r * OUTPUTS, OUTPUTS * sizeof(float));
    }
}

static void assert_gradient(sml_ctx *ctx, const sml_trace *trace, const sml_dataset *rows)
{
    const sml__network *network = network_of(trace->model);
    float *expected = calloc(network->n_parameters, sizeof(float));
    double loss = 0;
    assert_ok(ctx, sml__engine_gradient(ctx, network, rows, trace->settings.label_smoothing,
                                        expected, &loss));
    assert_memory_equal(trace->gradient, expected, network->n_parameters * sizeof(float));
    assert_memory_equal(&trace->loss, &loss, sizeof loss);
    free(expected);
}

static void check_evaluation(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                             size_t n)
{
    sml_trace *trace = new_trace(ctx, model, data, n, 0);
    sml_dataset *rows = NULL;
    assert_ok(ctx, sml_dataset_select(ctx, data, some_rows(n), n, &rows));
    assert_predictions(ctx, trace, rows);
    assert_gradient(ctx, trace, rows);
    sml_dataset_free(rows);
    sml_trace_free(trace);
}

/* The same pass in a workspace such as the trainer has. */
static void check_sharing(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, size_t n,
                          int training)
{
    sml_trace *trace = new_trace(ctx, model, data, n, training);
    const sml__pass_settings pass = sml__trace_pass(trace);
    sml__network plain = *trace->original;
    sml__workspace shared;
    float *gradient = calloc(plain.n_parameters, sizeof(float));
    const sml__workspace_plan plan = {.rows = n, .members = 1, .with_deltas = SML__DELTAS};
    plain.parameters = malloc(plain.n_values * sizeof(float));
    memcpy(plain.parameters, trace->original->parameters, plain.n_values * sizeof(float));
    assert_ok(ctx, sml__workspace_create(ctx, &plain, &plan, &shared));
    memcpy(shared.input, trace->workspace.input, n * sml__row_stride(INPUTS) * sizeof(float));
    memcpy(shared.target, trace->workspace.target, n * OUTPUTS * sizeof(float));
    sml__network_forward(&plain, &shared, &pass, SML__ALONE);
    sml__network_loss(&plain, &shared, &pass, SML__ALONE);
    sml__network_backward(&plain, &shared, &pass, gradient, SML__ALONE);
    for (size_t l = 0; l < plain.n_layers; l++) {
        const size_t width = plain.layers[l].n_out, stride = sml__row_stride(width);
        for (size_t r = 0; r < n; r++) {
            assert_memory_equal(trace->workspace.outputs[l] + r * stride,
                                shared.outputs[l] + r * stride, width * sizeof(float));
        }
        if (sml__has_own_deltas(&plain, l)) { /* the last that is written there is its own */
            assert_memory_equal(trace->workspace.deltas[l], shared.deltas[l],
                                n * stride * sizeof(float));
        }
    }
    assert_memory_equal(trace->gradient, gradient, plain.n_parameters * sizeof(float));
    assert_memory_equal(trace->network.parameters, plain.parameters,
                        plain.n_values * sizeof(float));
    sml__workspace_free(&shared, &plain);
    free(plain.parameters);
    free(gradient);
    sml_trace_free(trace);
}

static void check_model(sml_ctx *ctx, const sml_model *model, const sml_dataset *data)
{
    static const size_t counts[] = {1, 2, 5, SML_TRACE_ROWS_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        check_evaluation(ctx, model, data, counts[i]);
        check_sharing(ctx, model, data, counts[i], 0);
        check_sharing(ctx, model, data, counts[i], 1);
    }
}

static void every_layer_and_loss(void **state)
{
    sml_ctx *ctx = new_context(2);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    (void)state;
    for (size_t i = 0; i < SML__LAYERS; i++) {
        for (size_t k = 0; k < SML__LOSSES; k++) {
            const sml__loss *loss = kit->losses[k];
            test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 100 + k);
            sml_model *model = fitted_model(ctx, kit->layers[i], loss, made.data);
            for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
                if (sml__isa_available((sml__isa)isa)) {
                    use_instruction_set(network_of(model), (sml__isa)isa);
                    check_model(ctx, model, made.data);
                }
            }
            sml_model_free(model);
            free_test_data(made);
        }
    }
    sml_ctx_free(ctx);
}

/* Widths around vectors, a single unit, rows wider than a page; and layers without parameters that
 * come first. */
static void every_width(void **state)
{
    static const size_t widths[] = {1, 3, 7, 8, 64, 100, 513, 4099};
    sml_ctx *ctx = new_context(2);
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 7);
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const sml_layer layers[] = {sml_dropout(0.2),   sml_tanh(),       sml_dense(widths[i]),
                                    sml_batch_norm(),   sml_gelu(),       sml_dropout(0.5),
                                    sml_dense(OUTPUTS), sml_layer_norm(), sml_dense(OUTPUTS)};
        sml_model *model = NULL;
        assert_ok(ctx, sml_network_create(ctx, layers, 9, settings_for(loss), &model));
        assert_ok(ctx, sml_model_fit(ctx, model, made.data));
        check_model(ctx, model, made.data);
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A traced model is not changed, also not its running statistics; and a trace that runs again gives
 * the same. */
static void nothing_drifts(void **state)
{
    sml_ctx *ctx = new_context(1);
    const sml__loss *loss = sml__loss_named("cross_entropy");
    test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 8);
    sml_model *model = fitted_model(ctx, sml__layer_named("batch_norm"), loss, made.data);
    const sml__network *network = network_of(model);
    const size_t bytes = network->n_values * sizeof(float);
    float *before = malloc(bytes), *after = malloc(bytes);
    (void)state;
    memcpy(before, network->parameters, bytes);
    sml_trace *trace = new_trace(ctx, model, made.data, 5, 1);
    assert_memory_equal(network->parameters, before, bytes);
    memcpy(after, trace->network.parameters, bytes);
    assert_memory_not_equal(after, before, bytes); /* the copy's statistics have moved */
    assert_ok(ctx, sml__trace_run(ctx, trace));
    assert_memory_equal(trace->network.parameters, after, bytes);
    sml_trace_free(trace);
    free(before);
    free(after);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_and_loss),
        cmocka_unit_test(every_width),
        cmocka_unit_test(nothing_drifts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
