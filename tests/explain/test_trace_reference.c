/* Traces against PyTorch (tests/reference/traces.json): every layer's output and the derivative of
 * the loss by it, down to the inputs, losses row by row, and gradients; dense layers, activations
 * and norms, in both modes, with weights and label smoothing, on every instruction set. */
#include "nn/reference.h"

#include "base/memory.h"
#include "explain/trace.h"
#include "nn/mlp.h"

static const double RELATIVE = 1e-5; /* of the largest number of a tensor */

enum { LAYERS_MAX = 16, ROWS_MAX = 8 };

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    assert_non_null(text);
    return text;
}

static void assert_close(const float *found, const json_t *expected, size_t first, size_t n,
                         const char *what)
{
    double largest = 0;
    for (size_t i = 0; i < json_array_size(expected); i++) {
        largest = fmax(largest, fabs(json_number_value(json_array_get(expected, i))));
    }
    assert_true(json_array_size(expected) >= first + n);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)found[i], json_number_value(json_array_get(expected, first + i)), 0,
                    RELATIVE * largest + 1e-7, what, first + i);
    }
}

/* "dense 6", "tanh" and the like. */
static size_t read_layers(const json_t *network, sml_layer *layers)
{
    const size_t n = json_array_size(network);
    assert_true(n <= LAYERS_MAX);
    for (size_t l = 0; l < n; l++) {
        const char *token = json_string_value(json_array_get(network, l));
        if (strncmp(token, "dense ", 6) == 0) {
            layers[l] = sml_dense(strtoul(token + 6, NULL, 10));
        } else if (strcmp(token, "batch_norm") == 0) {
            layers[l] = sml_batch_norm();
        } else if (strcmp(token, "layer_norm") == 0) {
            layers[l] = sml_layer_norm();
        } else {
            layers[l] = sml_layer_of(token, 0, 0);
        }
    }
    return n;
}

/* Case, data and model that belong together. */
typedef struct reference {
    const json_t *json, *expected;
    float *inputs, *targets, *weights;
    sml_dataset *data;
    sml_model *model;
    sml_trace *trace;
} reference;

static sml__mlp *mlp_of(const reference *r)
{
    return r->model->state;
}

/* Tensor "layers.N.weight" is start[N].weight. */
static void take_parameters(reference *r)
{
    const json_t *start = json_object_get(r->json, "start");
    for (size_t t = 0; t < mlp_of(r)->n_tensors; t++) {
        const sml__tensor_place *place = &mlp_of(r)->tensors[t];
        const size_t layer = strtoul(place->name + strlen("layers."), NULL, 10);
        const char *name = strrchr(place->name, '.') + 1;
        size_t n = 0;
        float *values = reference_floats(json_array_get(start, layer), name, &n);
        assert_int_equal(n, place->shape[0] * (place->rank == 2 ? place->shape[1] : 1));
        sml__tensor_copy_in(mlp_of(r)->network, place, values, mlp_of(r)->network->parameters);
        free(values);
    }
}

static void open_case(sml_ctx *ctx, const json_t *json, sml__isa isa, reference *r)
{
    static const uint32_t rows[ROWS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    sml_layer layers[LAYERS_MAX];
    char settings[128];
    size_t n = 0;
    memset(r, 0, sizeof *r);
    r->json = json;
    r->expected = json_object_get(json, "trace");
    r->inputs = reference_floats(json, "inputs", &n);
    r->targets = reference_floats(json, "targets", &n);
    r->weights = reference_floats(json, "row_weights", &n);
    const sml_data_view view = {
        .rows = n,
        .columns = (size_t)reference_number(json, "n_in"),
        .features = r->inputs,
        .task = sml__loss_named(text_of(json, "loss"))->task,
        .outputs = (size_t)reference_number(json, "width"),
        .targets = r->targets,
        .weights = r->weights,
    };
    snprintf(settings, sizeof settings, "epochs=1 loss=%s label_smoothing=%g",
             text_of(json, "loss"), reference_number(json, "label_smoothing"));
    assert_true(n <= ROWS_MAX);
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &r->data));
    n = read_layers(json_object_get(json, "network"), layers);
    assert_ok(ctx, sml_network_create(ctx, layers, n, settings, &r->model));
    assert_ok(ctx, sml_model_fit(ctx, r->model, r->data));
    take_parameters(r);
    use_instruction_set(mlp_of(r)->network, isa);
    const sml_trace_options options = {
        .samples = rows,
        .n = view.rows,
        .training = json_is_true(json_object_get(json, "is_training")),
    };
    assert_ok(ctx, sml_trace_create(ctx, r->model, r->data, &options, &r->trace));
}

static void close_case(reference *r)
{
    sml_trace_free(r->trace);
    sml_model_free(r->model);
    sml_dataset_free(r->data);
    free(r->inputs);
    free(r->targets);
    free(r->weights);
}

static void assert_layers(const reference *r)
{
    const json_t *layers = json_object_get(r->expected, "layers");
    for (size_t l = 0; l < json_array_size(layers); l++) {
        for (size_t row = 0; row < r->trace->rows; row++) {
            const json_t *layer = json_array_get(layers, l);
            size_t n = 0;
            const float *a = sml_trace_vector(r->trace, SML_OUTPUT, l, row, &n);
            assert_close(a, json_object_get(layer, "output"), row * n, n, "output");
            const float *delta = sml_trace_vector(r->trace, SML_DELTA, l, row, &n);
            assert_true(delta != NULL || sml_trace_layer_at(r->trace, l).block < 0);
            if (delta != NULL) {
                assert_close(delta, json_object_get(layer, "delta"), row * n, n, "delta");
            }
        }
    }
}

static void assert_losses(sml_ctx *ctx, const reference *r)
{
    const json_t *losses = json_object_get(r->expected, "losses");
    const size_t n_in = r->trace->network.n_in;
    for (size_t row = 0; row < r->trace->rows; row++) {
        const double expected = json_number_value(json_array_get(losses, row));
        sml_loss_facts facts;
        assert_ok(ctx, sml_trace_loss(ctx, r->trace, row, &facts));
        assert_near(facts.loss_engine, expected, RELATIVE, 1e-6, "loss", row);
        assert_near(facts.loss_double, expected, RELATIVE, 1e-6, "loss", row);
        sml_loss_facts_clear(&facts);
        double *gradient = sml__trace_input_gradient(ctx, r->trace, row);
        assert_non_null(gradient);
        float *rounded = malloc(n_in * sizeof *rounded);
        for (size_t i = 0; i < n_in; i++) {
            rounded[i] = (float)gradient[i];
        }
        assert_close(rounded, json_object_get(r->expected, "input_gradient"), row * n_in, n_in,
                     "dC/dx");
        sml__free(gradient);
        free(rounded);
    }
    assert_near(r->trace->loss, reference_number(r->expected, "value"), RELATIVE, 1e-7, "C", 0);
}

/* Unit by unit, as PyTorch has them: [n_out, n_in] and [n_out]. */
static void assert_gradients(sml_ctx *ctx, const reference *r)
{
    const json_t *gradients = json_object_get(r->expected, "gradients");
    for (size_t l = 0; sml_trace_layer_at(r->trace, l).type != NULL; l++) {
        const sml_trace_layer layer = sml_trace_layer_at(r->trace, l);
        if (!layer.is_head) {
            continue;
        }
        const json_t *of_layer = json_array_get(gradients, (size_t)layer.block);
        const size_t n = strcmp(layer.type, "dense") == 0 ? layer.inputs : 1;
        float *row = malloc((n + 1) * sizeof *row);
        for (size_t j = 0; j < layer.units; j++) {
            assert_ok(ctx, sml_trace_weights(ctx, r->trace, l, j, 1, row, n + 1));
            assert_close(row, json_object_get(of_layer, "weight"), j * n, n, "dW");
            assert_close(row + n, json_object_get(of_layer, "bias"), j, 1, "db");
        }
        free(row);
    }
}

static void assert_checks(sml_ctx *ctx, const reference *r)
{
    sml_trace_check checks[100];
    size_t n = 0;
    assert_ok(ctx, sml_trace_checks(ctx, r->trace, checks, 100, &n));
    assert_true(n > 0 && n <= 100);
    for (size_t i = 0; i < n; i++) {
        assert_true(checks[i].holds);
    }
}

static void traces_are_those_of_pytorch(void **state)
{
    sml_ctx *ctx = new_context(1);
    json_t *json = load_reference("traces.json");
    const json_t *cases = json_object_get(json, "cases");
    (void)state;
    assert_int_equal(json_array_size(cases), 7);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
            if (sml__isa_available((sml__isa)isa)) {
                reference r;
                open_case(ctx, json_array_get(cases, i), (sml__isa)isa, &r);
                assert_layers(&r);
                assert_losses(ctx, &r);
                assert_gradients(ctx, &r);
                assert_checks(ctx, &r);
                close_case(&r);
            }
        }
    }
    json_decref(json);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
