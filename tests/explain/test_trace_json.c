/* The JSON of a trace: it parses, its numbers are those of the trace to the last bit, in every
 * locale, and what is not finite is null with its word beside it. Called with a folder, the program
 * writes documents there that have every member, for tests/docs/trace.sh. */
#include "members.h"
#include "table.h"

#include "explain/trace.h"
#include "model/json.h"
#include "nn/mlp.h"

#include <locale.h>
#include <unistd.h>

enum { ROWS = 40, INPUTS = 6, OUTPUTS = 3, N = 3 };

static const uint32_t SAMPLES[N] = {7, 0, 33};

static sml_trace *traced(sml_ctx *ctx, const sml_layer *layers, size_t n, const char *settings,
                         const sml_dataset *data, int training, sml_model **model)
{
    const sml_trace_options options = {.samples = SAMPLES, .n = N, .training = training};
    sml_trace *trace = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, n, settings, model));
    assert_ok(ctx, sml_model_fit(ctx, *model, data));
    assert_ok(ctx, sml_trace_create(ctx, *model, data, &options, &trace));
    return trace;
}

/* 0 dropout, 1 dense, 2 batch_norm, 3 relu, 4 dropout, 5 dense, 6 layer_norm, 7 dense. */
static sml_trace *everything(sml_ctx *ctx, const sml_dataset *data, int training, sml_model **model)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    const int is_regression = facts.task == SML_TASK_REGRESSION;
    const sml_layer layers[] = {sml_dropout(0.25), sml_dense(11),     sml_batch_norm(),
                                sml_relu(),        sml_dropout(0.5),  sml_dense(9),
                                sml_layer_norm(),  sml_dense(OUTPUTS)};
    return traced(ctx, layers, 8, is_regression ? "epochs=2 target_scaling=standard" : "epochs=2",
                  data, training, model);
}

static const sml_sum SUMS[] = {
    {.kind = SML_SUM_Z, .layer = 5, .unit = 3, .row = 1},
    {.kind = SML_SUM_BACK, .layer = 5, .input = 3, .row = 2},
    {.kind = SML_SUM_INPUT, .layer = 1, .input = 2},
    {.kind = SML_SUM_WEIGHT, .layer = 7, .unit = 1, .input = 4},
    {.kind = SML_SUM_BIAS, .layer = 1, .unit = 10},
    {.kind = SML_SUM_IDENTITY, .layer = 7, .unit = 2, .row = 2},
    {.kind = SML_SUM_GAMMA, .layer = 2, .unit = 5},
    {.kind = SML_SUM_BETA, .layer = 6, .unit = 8},
};
enum { N_SUMS = sizeof SUMS / sizeof SUMS[0] };

static const sml_trace_place UNITS[] = {{1, 3, 0}, {2, 3, 1}, {3, 3, 2}, {4, 10, 0},
                                        {5, 8, 1}, {6, 8, 2}, {7, 2, 0}, {0, 5, 0}};
enum { N_UNITS = sizeof UNITS / sizeof UNITS[0] };

static const sml_json_options EVERYTHING = {
    .sums = SUMS, .n_sums = N_SUMS, .top = 4, .units = UNITS, .n_units = N_UNITS, .checks = 1};

static json_t *parse(sml_ctx *ctx, const char *text, size_t length)
{
    sml__json_error error = {0};
    json_t *json = NULL;
    if (sml__json_read(ctx, text, length, &error, &json) != SML_OK) {
        fail_msg("at byte %zu: %s", error.position, error.reason);
    }
    return json;
}

static json_t *document(sml_ctx *ctx, const sml_trace *trace, const sml_json_options *options)
{
    char *text = NULL;
    size_t length = 0;
    assert_ok(ctx, sml_trace_json(ctx, trace, options, &text, &length));
    assert_int_equal(strlen(text), length);
    json_t *json = parse(ctx, text, length);
    sml_text_free(text);
    return json;
}

static double number(const json_t *json, const char *key)
{
    const json_t *found = in(json, key);
    assert_true(json_is_number(found));
    return json_number_value(found);
}

static void assert_floats(const json_t *list, const float *values, size_t n)
{
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++) {
        assert_true((float)json_number_value(nth(list, i)) == values[i]);
    }
}

static void assert_vector(const json_t *json, const char *key, const sml_trace *trace,
                          sml_vector vector, size_t l, size_t r)
{
    size_t n = 0;
    const float *values = sml_trace_vector(trace, vector, l, r, &n);
    if (values == NULL) {
        assert_null(json_object_get(json, key));
    } else {
        assert_floats(in(json, key), values, n);
    }
}

static void assert_rows(sml_ctx *ctx, const json_t *samples, const sml_trace *trace)
{
    assert_int_equal(json_array_size(samples), N);
    for (size_t r = 0; r < N; r++) {
        const json_t *row = nth(samples, r);
        sml_loss_facts loss;
        assert_true(number(row, "sample") == SAMPLES[r]);
        assert_vector(row, "raw", trace, SML_RAW, 0, r);
        assert_vector(row, "input", trace, SML_INPUT, 0, r);
        assert_vector(row, "target", trace, SML_TARGET, 0, r);
        assert_vector(row, "predictions", trace, SML_PREDICTION, 0, r);
        for (size_t l = 0; l < trace->network.n_layers; l++) {
            const json_t *layer = nth(in(row, "layers"), l);
            assert_vector(layer, "output", trace, SML_OUTPUT, l, r);
            assert_vector(layer, "delta", trace, SML_DELTA, l, r);
            assert_vector(layer, "mask", trace, SML_MASK, l, r);
        }
        assert_ok(ctx, sml_trace_loss(ctx, trace, r, &loss));
        assert_true(number(in(row, "loss"), "value") == loss.loss_engine);
        assert_true(number(in(row, "loss"), "recomputed") == loss.loss_double);
        for (size_t k = 0; k < OUTPUTS; k++) {
            const json_t *one = nth(in(in(row, "loss"), "classes"), k);
            assert_true((float)number(one, "delta_engine") == (float)loss.classes[k].delta_engine);
            assert_true(number(one, "delta_direct") == loss.classes[k].delta_direct);
            assert_true(number(one, "term") == loss.classes[k].term);
        }
        sml_loss_facts_clear(&loss);
    }
}

static void assert_asked(sml_ctx *ctx, const json_t *json, const sml_trace *trace)
{
    static sml_trace_check checks[100];
    size_t n = 0;
    for (size_t i = 0; i < N_SUMS; i++) {
        const json_t *one = nth(in(json, "sums"), i);
        sml_sum sum;
        assert_ok(ctx, sml_trace_sum(ctx, trace, &SUMS[i], 4, &sum));
        assert_int_equal(json_array_size(in(one, "terms")), sum.n_terms);
        for (size_t t = 0; t < sum.n_terms; t++) {
            const json_t *term = nth(in(one, "terms"), t);
            assert_true(number(term, "index") == (double)sum.terms[t].index);
            assert_true(number(term, "value") == sum.terms[t].value);
        }
        assert_true(number(one, "total") == sum.total && number(one, "rest") == sum.rest);
        assert_true(json_is_null(in(one, "engine")) == isnan(sum.engine));
        assert_true(json_is_true(in(one, "holds")));
        sml_sum_clear(&sum);
    }
    for (size_t i = 0; i < N_UNITS; i++) {
        const json_t *one = nth(in(json, "units"), i);
        sml_unit_facts facts;
        float weights[16];
        sml_trace_unit(trace, UNITS[i].layer, UNITS[i].unit, UNITS[i].row, &facts);
        assert_true((float)number(one, "a") == (float)facts.a);
        assert_true(isnan(facts.f) || number(one, "f") == facts.f);
        const json_t *list = json_object_get(one, "weights");
        assert_int_equal(list != NULL, sml_trace_layer_at(trace, UNITS[i].layer).is_head);
        if (list != NULL) {
            const size_t length = json_array_size(list);
            assert_ok(ctx, sml_trace_weights(ctx, trace, UNITS[i].layer, UNITS[i].unit, 0, weights,
                                             length));
            assert_floats(list, weights, length);
            assert_ok(ctx, sml_trace_weights(ctx, trace, UNITS[i].layer, UNITS[i].unit, 1, weights,
                                             length));
            assert_floats(in(one, "gradient"), weights, length);
        }
    }
    assert_ok(ctx, sml_trace_checks(ctx, trace, checks, 100, &n));
    assert_int_equal(json_array_size(in(json, "checks")), n);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = nth(in(json, "checks"), i);
        assert_string_equal(json_string_value(in(one, "name")), checks[i].name);
        assert_true(number(one, "ratio") == checks[i].ratio);
    }
}

static void numbers_are_those_of_the_trace(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    (void)state;
    for (int training = 0; training < 2; training++) {
        sml_model *model = NULL;
        sml_trace *trace = everything(ctx, made.data, training, &model);
        json_t *json = document(ctx, trace, &EVERYTHING);
        assert_string_equal(json_string_value(in(json, "schema")), "scratchml-trace");
        assert_true(number(json, "version") == 1);
        assert_string_equal(json_string_value(in(json, "mode")),
                            training ? "training" : "evaluation");
        assert_true(number(in(json, "batch"), "loss") == trace->loss);
        assert_true(number(in(json, "data"), "rows") == ROWS);
        assert_string_equal(json_string_value(in(in(in(json, "model"), "settings"), "epochs")),
                            "2");
        assert_int_equal(json_array_size(in(json, "layers")), 8);
        assert_rows(ctx, in(json, "samples"), trace);
        assert_asked(ctx, json, trace);
        json_decref(json);
        json = document(ctx, trace, NULL);
        assert_null(json_object_get(json, "sums"));
        assert_null(json_object_get(json, "checks"));
        json_decref(json);
        sml_trace_free(trace);
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* ∂C/∂x behind dropout and an activation: Wᵀ δ times f' times the mask. */
static void input_gradient_is_complete(void **state)
{
    const sml_layer layers[] = {sml_dropout(0.5), sml_tanh(), sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 3, "epochs=2", made.data, 1, &model);
    json_t *json = document(ctx, trace, NULL);
    (void)state;
    for (size_t r = 0; r < N; r++) {
        const json_t *gradient = in(nth(in(json, "samples"), r), "input_gradient");
        assert_int_equal(json_array_size(gradient), INPUTS);
        for (size_t i = 0; i < INPUTS; i++) {
            size_t n = 0;
            double expected = 0;
            float weights[INPUTS + 1];
            for (size_t k = 0; k < OUTPUTS; k++) {
                assert_ok(ctx, sml_trace_weights(ctx, trace, 2, k, 0, weights, INPUTS + 1));
                expected +=
                    (double)weights[i] * (double)sml_trace_vector(trace, SML_DELTA, 2, r, &n)[k];
            }
            const double mask = (double)sml_trace_vector(trace, SML_MASK, 0, r, &n)[i];
            const double x = (double)sml_trace_vector(trace, SML_INPUT, 0, r, &n)[i];
            const double a = tanh(mask * x);
            assert_near(json_number_value(nth(gradient, i)), expected * (1 - a * a) * mask, 1e-5,
                        1e-9, "dC/dx", i);
        }
    }
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void the_same_in_every_locale(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = everything(ctx, made.data, 1, &model);
    char *plain = NULL, *other = NULL;
    size_t length = 0;
    (void)state;
    assert_ok(ctx, sml_trace_json(ctx, trace, &EVERYTHING, &plain, &length));
    if (setlocale(LC_ALL, "de_DE.UTF-8") != NULL) {
        assert_ok(ctx, sml_trace_json(ctx, trace, &EVERYTHING, &other, &length));
        setlocale(LC_ALL, "C");
        assert_string_equal(plain, other);
    }
    sml_text_free(other);
    sml_text_free(plain);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void what_is_not_finite_is_null(void **state)
{
    const sml_layer layers[] = {sml_dense(4), sml_relu(), sml_dense(OUTPUTS)};
    const sml_sum sum = {.kind = SML_SUM_Z, .layer = 2};
    const sml_json_options options = {.sums = &sum, .n_sums = 1, .checks = 1};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace_free(traced(ctx, layers, 3, "epochs=1", made.data, 0, &model));
    sml__network *network = ((sml__mlp *)model->state)->network;
    network->parameters[network->layers[0].bias + 1] = 3e38F;
    network->parameters[network->layers[2].weight + network->layers[2].stride] = 3.0F;
    const sml_trace_options how = {.samples = SAMPLES, .n = N};
    sml_trace *trace = NULL;
    (void)state;
    assert_ok(ctx, sml_trace_create(ctx, model, made.data, &how, &trace));
    json_t *json = document(ctx, trace, &options);
    const json_t *layer = nth(in(nth(in(json, "samples"), 0), "layers"), 2);
    assert_true(json_is_null(nth(in(layer, "output"), 0)));
    assert_string_equal(json_string_value(in(in(layer, "output_text"), "0")), "inf");
    assert_true(json_is_null(in(layer, "largest")));
    assert_string_equal(json_string_value(in(layer, "largest_text")), "inf");
    assert_true(json_is_null(in(nth(in(json, "sums"), 0), "engine")));
    assert_string_equal(json_string_value(in(nth(in(json, "sums"), 0), "engine_text")), "inf");
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void long_vectors_are_cut(void **state)
{
    enum { WIDTH = 50, LIMIT = 20, TOP = 16 };
    const sml_layer layers[] = {sml_dense(WIDTH), sml_dense(OUTPUTS)};
    const sml_json_options options = {.limit = LIMIT};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 2, "epochs=1", made.data, 0, &model);
    json_t *json = document(ctx, trace, &options);
    const json_t *layer = nth(in(nth(in(json, "samples"), 0), "layers"), 0);
    size_t n = 0;
    const float *z = sml_trace_vector(trace, SML_OUTPUT, 0, 0, &n);
    (void)state;
    assert_true(number(in(layer, "output"), "left_out") == WIDTH - TOP);
    assert_int_equal(json_array_size(in(in(layer, "output"), "top")), TOP);
    for (size_t i = 0; i < TOP; i++) {
        const json_t *one = nth(in(in(layer, "output"), "top"), i);
        const size_t unit = (size_t)number(one, "unit");
        size_t before = 0;
        for (size_t j = 0; j < WIDTH; j++) {
            before += fabsf(z[j]) > fabsf(z[unit]);
        }
        assert_int_equal(before, i);
        assert_true((float)number(one, "value") == z[unit]);
    }
    assert_vector(layer, "no such", trace, SML_MASK, 0, 0);
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Names may hold any byte: what is no UTF-8 becomes '?', and quotes are escaped. */
static void names_are_made_safe(void **state)
{
    const char *names[OUTPUTS] = {"a\"b\\c\n\x01", "Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x98\x80",
                                  "\xFF\xC0\x80 \xED\xA0\x80 \xC3"};
    static int32_t labels[ROWS];
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    const sml_data_view view = {.rows = ROWS,
                                .columns = INPUTS,
                                .features = made.features,
                                .task = SML_TASK_CLASSIFICATION,
                                .outputs = OUTPUTS,
                                .labels = labels,
                                .class_names = names};
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    (void)state;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    sml_trace *trace = traced(ctx, layers, 1, "epochs=1", data, 0, &model);
    json_t *json = document(ctx, trace, NULL);
    const json_t *classes = in(in(json, "model"), "classes");
    assert_string_equal(json_string_value(nth(classes, 0)), names[0]);
    assert_string_equal(json_string_value(nth(classes, 1)), names[1]);
    assert_string_equal(json_string_value(nth(classes, 2)), "??? ??? ?");
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    sml_dataset_free(data);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void bad_questions_are_refused(void **state)
{
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    const sml_sum sum = {.kind = SML_SUM_Z, .layer = 1};
    const sml_trace_place layer = {1, 0, 0}, unit = {0, OUTPUTS, 0};
    const struct {
        sml_json_options options;
        const char *text;
    } cases[] = {{{.sums = &sum, .n_sums = 1}, "layers 0…0"},
                 {{.units = &layer, .n_units = 1}, "layers 0…0"},
                 {{.units = &unit, .n_units = 1}, "units 0…2"}};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 1, "epochs=1", made.data, 0, &model);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = (char *)ctx;
        size_t length = 1;
        assert_int_equal(sml_trace_json(ctx, trace, &cases[i].options, &text, &length),
                         SML_BAD_ARGUMENT);
        assert_non_null(strstr(sml_ctx_error(ctx), cases[i].text));
        assert_true(text == NULL && length == 0);
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void write_document(sml_ctx *ctx, const sml_trace *trace, const sml_json_options *options,
                           const char *folder, const char *name)
{
    char path[1024];
    char *text = NULL;
    size_t length = 0;
    assert_ok(ctx, sml_trace_json(ctx, trace, options, &text, &length));
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    assert_ok(ctx, sml_write_file(ctx, path, text, length));
    sml_text_free(text);
}

static sml_trace *trace_of_table(sml_ctx *ctx, const sml_dataset *table, sml_model **model)
{
    const sml_layer layers[] = {sml_dense(OUTPUTS), sml_relu(), sml_dense(2)};
    return traced(ctx, layers, 3, "epochs=1 missing=median scaling=standard", table, 0, model);
}

/* Row 7 has no size, and is red: (median - shift) factor, and the place of its category. */
static void tables_show_their_stages(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_dataset *table = new_table(ctx, ROWS);
    sml_model *model = NULL;
    sml_trace *trace = trace_of_table(ctx, table, &model);
    json_t *json = document(ctx, trace, NULL);
    const json_t *row = nth(in(json, "samples"), 0), *stages = in(row, "stages");
    const json_t *size = nth(stages, 0), *colour = nth(stages, 1), *input = in(row, "input");
    (void)state;
    assert_int_equal(json_array_size(stages), 2);
    assert_string_equal(json_string_value(in(size, "name")), "size");
    assert_true(json_is_null(in(size, "raw")));
    assert_string_equal(json_string_value(in(size, "raw_text")), "nan");
    const double filled = number(size, "filled");
    assert_true(filled >= 0 && filled <= 1.5);
    assert_near(json_number_value(nth(input, 0)),
                (filled - number(size, "shift")) * number(size, "factor"), 1e-5, 1e-6, "input", 0);
    assert_string_equal(json_string_value(in(colour, "category")), "red");
    assert_true(number(colour, "at") == 1 && number(colour, "width") >= 1);
    assert_string_equal(json_string_value(in(row, "label_name")), "yes");
    json_decref(json);
    sml_trace_free(trace);
    sml_model_free(model);
    sml_dataset_free(table);
    sml_ctx_free(ctx);
}

static const char *folder;

static void documents_for_the_docs(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data classes = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    test_data values = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 3);
    sml_dataset *table = new_table(ctx, ROWS);
    sml_model *first = NULL, *second = NULL, *third = NULL;
    sml_trace *everywhere = everything(ctx, classes.data, 1, &first);
    sml_trace *regression = everything(ctx, values.data, 0, &second);
    sml_trace *columns = trace_of_table(ctx, table, &third);
    (void)state;
    write_document(ctx, everywhere, &EVERYTHING, folder, "classification");
    write_document(ctx, regression, &EVERYTHING, folder, "regression");
    write_document(ctx, columns, NULL, folder, "table");
    sml_trace_free(everywhere);
    sml_trace_free(regression);
    sml_trace_free(columns);
    sml_model_free(first);
    sml_model_free(second);
    sml_model_free(third);
    sml_dataset_free(table);
    free_test_data(classes);
    free_test_data(values);
    sml_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_trace),
        cmocka_unit_test(input_gradient_is_complete),
        cmocka_unit_test(the_same_in_every_locale),
        cmocka_unit_test(what_is_not_finite_is_null),
        cmocka_unit_test(long_vectors_are_cut),
        cmocka_unit_test(names_are_made_safe),
        cmocka_unit_test(tables_show_their_stages),
        cmocka_unit_test(bad_questions_are_refused),
    };
    const struct CMUnitTest documents[] = {cmocka_unit_test(documents_for_the_docs)};
    if (argc > 1) {
        folder = argv[1];
        return cmocka_run_group_tests(documents, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
