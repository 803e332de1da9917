/* Sums, units and losses taken apart, held against plain loops over the trace's own vectors and
 * weights, closed forms, and each other. */
#include "support.h"

#include "explain/bounds.h"
#include "explain/trace.h"
#include "explain/trace_loss.h"

enum { ROWS = 60, INPUTS = 37, HIDDEN = 21, OUTPUTS = 5, N = 4 };

static const uint32_t SAMPLES[N] = {11, 4, 59, 0};

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

static const float *vector(const sml_trace *trace, sml_vector which, size_t layer, size_t row)
{
    size_t n = 0;
    const float *found = sml_trace_vector(trace, which, layer, row, &n);
    assert_non_null(found);
    return found;
}

/* terms[n] as the sum should have them. */
static void assert_sum(const sml_sum *sum, const double *left, const double *right, size_t n,
                       double scale, double bias)
{
    double total = bias, absolute = fabs(bias), listed = 0;
    assert_int_equal(sum->n, n);
    for (size_t i = 0; i < n; i++) {
        total += left[i] * right[i] * scale;
        absolute += fabs(left[i] * right[i] * scale);
    }
    for (size_t t = 0; t < sum->n_terms; t++) {
        const sml_term *term = &sum->terms[t];
        assert_true(term->index < n);
        assert_true(term->left == left[term->index]);
        assert_true(term->right == right[term->index]);
        assert_near(term->value, left[term->index] * right[term->index] * scale, 1e-15, 0, "term",
                    t);
        listed += term->value;
    }
    /* No number of them is passed by more than are before it. */
    for (size_t t = 0; t < sum->n_terms; t++) {
        size_t before = 0;
        for (size_t i = 0; i < n; i++) {
            const double size = fabs(left[i] * right[i] * scale), own = fabs(sum->terms[t].value);
            before += size > own || (size == own && i < sum->terms[t].index);
        }
        assert_int_equal(before, t);
    }
    assert_near(sum->total, total, 0, 1e-13 * absolute, "total", 0);
    assert_near(sum->absolute, absolute, 1e-13, 0, "absolute", 0);
    assert_near(listed + sum->rest + sum->bias, total, 0, 1e-13 * absolute, "parts", 0);
    assert_near(sum->engine, total, 0, 1e-5 * absolute, "engine", 0);
    assert_true(sum->difference == fabs(sum->engine - sum->total));
    assert_true(sum->bound < 1e-4 * absolute + 1e-40);
    assert_true(sum->holds);
}

static void dense_of_a_row(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t top)
{
    const sml_trace_layer facts = sml_trace_layer_at(trace, layer);
    double left[64], right[64];
    float weights[64];
    for (size_t j = 0; j < facts.units; j++) {
        for (size_t r = 0; r < N; r++) {
            sml_sum sum = {.kind = SML_SUM_Z, .layer = layer, .unit = j, .row = r};
            const float *x = vector(trace, layer > 0 ? SML_OUTPUT : SML_INPUT, layer - 1, r);
            const double z = (double)vector(trace, SML_OUTPUT, layer, r)[j];
            const double delta = (double)vector(trace, SML_DELTA, layer, r)[j];
            assert_ok(ctx, sml_trace_weights(ctx, trace, layer, j, 0, weights, facts.inputs + 1));
            for (size_t i = 0; i < facts.inputs; i++) {
                left[i] = (double)weights[i];
                right[i] = (double)x[i];
            }
            const double bias = (double)weights[facts.inputs];
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, top, &sum));
            assert_sum(&sum, left, right, facts.inputs, 1, bias);
            assert_true(sum.engine == z);
            assert_int_equal(sum.n_terms, top < facts.inputs ? top : facts.inputs);
            assert_int_equal(sum.gamma_n, facts.inputs + 1);
            sml_sum_clear(&sum);
            sum.kind = SML_SUM_IDENTITY;
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, top, &sum));
            assert_sum(&sum, left, right, facts.inputs, delta, bias * delta);
            assert_true(sum.engine == delta * z);
            sml_sum_clear(&sum);
        }
    }
}

static void back_of_a_row(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t top)
{
    const sml_trace_layer facts = sml_trace_layer_at(trace, layer);
    double left[64], right[64];
    float weights[64];
    for (size_t i = 0; i < facts.inputs; i++) {
        for (size_t r = 0; r < N; r++) {
            sml_sum sum = {.kind = SML_SUM_BACK, .layer = layer, .input = i, .row = r};
            for (size_t k = 0; k < facts.units; k++) {
                assert_ok(ctx,
                          sml_trace_weights(ctx, trace, layer, k, 0, weights, facts.inputs + 1));
                left[k] = (double)weights[i];
                right[k] = (double)vector(trace, SML_DELTA, layer, r)[k];
            }
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, top, &sum));
            assert_sum(&sum, left, right, facts.units, 1, 0);
            assert_true(sum.engine == (double)vector(trace, SML_DELTA, layer - 1, r)[i]);
            sml_sum_clear(&sum);
        }
    }
}

static void gradients(sml_ctx *ctx, const sml_trace *trace, size_t layer, double total)
{
    const sml_trace_layer facts = sml_trace_layer_at(trace, layer);
    double left[N], right[N], ones[N] = {1, 1, 1, 1};
    float weights[64];
    for (size_t j = 0; j < facts.units; j++) {
        assert_ok(ctx, sml_trace_weights(ctx, trace, layer, j, 1, weights, facts.inputs + 1));
        for (size_t r = 0; r < N; r++) {
            left[r] = (double)vector(trace, SML_DELTA, layer, r)[j];
        }
        for (size_t i = 0; i <= facts.inputs; i++) {
            const int is_bias = i == facts.inputs;
            sml_sum sum = {.kind = is_bias ? SML_SUM_BIAS : SML_SUM_WEIGHT,
                           .layer = layer,
                           .unit = j,
                           .input = i};
            for (size_t r = 0; r < N && !is_bias; r++) {
                right[r] =
                    (double)vector(trace, layer > 0 ? SML_OUTPUT : SML_INPUT, layer - 1, r)[i];
            }
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, 3, &sum));
            assert_sum(&sum, left, is_bias ? ones : right, N, 1 / total, 0);
            assert_true(sum.engine == (double)weights[i]);
            sml_sum_clear(&sum);
        }
    }
}

static void sums_of_dense_layers(void **state)
{
    const sml_layer layers[] = {sml_dense(HIDDEN), sml_relu(), sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 3, "epochs=3", made.data, 0, &model);
    sml_sum input = {.kind = SML_SUM_INPUT, .input = 3, .row = 1};
    (void)state;
    for (size_t top = 0; top < 50; top += 7) {
        dense_of_a_row(ctx, trace, 0, top);
        dense_of_a_row(ctx, trace, 2, top);
        back_of_a_row(ctx, trace, 2, top);
    }
    gradients(ctx, trace, 0, N);
    gradients(ctx, trace, 2, N);
    assert_ok(ctx, sml_trace_sum(ctx, trace, &input, 2, &input));
    assert_int_equal(input.n, HIDDEN);
    assert_true(isnan(input.engine) && isnan(input.bound) && input.holds);
    sml_sum_clear(&input);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void question_is_checked(void **state)
{
    static const struct {
        sml_sum question;
        const char *text;
    } cases[] = {
        {{.kind = SML_SUM_Z, .layer = 4}, "layers 0…3"},
        {{.kind = SML_SUM_Z, .layer = 1}, "layer 1 is layer_norm; only a dense layer"},
        {{.kind = SML_SUM_GAMMA, .layer = 0}, "layer 0 is dense; only a norm"},
        {{.kind = SML_SUM_Z, .unit = HIDDEN}, "unit 21; there are 0…20"},
        {{.kind = SML_SUM_Z, .row = N}, "row 4; there are 0…3"},
        {{.kind = SML_SUM_BACK, .layer = 3, .input = HIDDEN}, "input 21; there are 0…20"},
        {{.kind = SML_SUM_BACK}, "ask for SML_SUM_INPUT"},
        {{.kind = SML_SUM_INPUT, .layer = 3}, "ask for SML_SUM_BACK"},
        {{.kind = (sml_sum_kind)99}, "no such kind"},
    };
    const sml_layer layers[] = {sml_dense(HIDDEN), sml_layer_norm(), sml_relu(),
                                sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 4, "epochs=1", made.data, 0, &model);
    sml_loss_facts loss;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_sum out;
        assert_int_equal(sml_trace_sum(ctx, trace, &cases[i].question, 3, &out), SML_BAD_ARGUMENT);
        if (strstr(sml_ctx_error(ctx), cases[i].text) == NULL) {
            fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), cases[i].text);
        }
        sml_sum_clear(&out);
    }
    assert_int_equal(sml_trace_loss(ctx, trace, N, &loss), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "rows 0…3"));
    sml_loss_facts_clear(&loss);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Without targets the forward pass can be taken apart, and nothing else. */
static void forward_alone(void **state)
{
    const sml_layer layers[] = {sml_dense(OUTPUTS)};
    const sml_trace_options options = {.samples = SAMPLES, .n = N};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    const sml_data_view view = {.rows = ROWS, .columns = INPUTS, .features = made.features};
    sml_model *model = NULL;
    sml_trace_free(traced(ctx, layers, 1, "epochs=1", made.data, 0, &model));
    sml_dataset *bare = NULL;
    sml_trace *trace = NULL;
    sml_sum sum = {.kind = SML_SUM_Z};
    sml_loss_facts loss;
    (void)state;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &bare));
    assert_ok(ctx, sml_trace_create(ctx, model, bare, &options, &trace));
    assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, 3, &sum));
    assert_true(sum.holds);
    sml_sum_clear(&sum);
    for (sml_sum_kind kind = SML_SUM_BACK; kind <= SML_SUM_IDENTITY; kind++) {
        sum.kind = kind;
        assert_int_equal(sml_trace_sum(ctx, trace, &sum, 3, &sum), SML_BAD_ARGUMENT);
        assert_non_null(strstr(sml_ctx_error(ctx), "no targets"));
    }
    assert_ok(ctx, sml_trace_loss(ctx, trace, 0, &loss));
    assert_near(loss.sum_of_a, 1, 1e-6, 0, "sum of a", 0);
    assert_near(loss.classes[2].a_double, loss.classes[2].a, 1e-5, 0, "a", 2);
    assert_true(isnan(loss.loss_double) && isnan(loss.loss_engine) && isnan(loss.classes[0].y));
    sml_loss_facts_clear(&loss);
    sml_trace_free(trace);
    sml_dataset_free(bare);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void assert_holds(const sml_unit_facts *facts)
{
    assert_true(sml__agrees(facts->a, facts->f, facts->bound_f));
    assert_true(sml__agrees(facts->delta_in, facts->product, facts->bound_delta));
}

/* Of units[n] over the rows or over the units of row 0. */
static void assert_normalised(const sml_unit_facts *facts, size_t n, double epsilon)
{
    double mean = 0, variance = 0, g = 0, product = 0;
    for (size_t i = 0; i < n; i++) {
        mean += facts[i].z / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        variance += (facts[i].z - mean) * (facts[i].z - mean) / (double)n;
    }
    const double r = 1 / sqrt(variance + epsilon);
    for (size_t i = 0; i < n; i++) {
        g += facts[i].gamma * facts[i].delta_out / (double)n;
        product += facts[i].gamma * facts[i].delta_out * (facts[i].z - mean) * r / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const sml_unit_facts *one = &facts[i];
        const double x = (one->z - mean) * r;
        assert_near(one->mean, mean, 1e-12, 1e-14, "mean", i);
        assert_near(one->factor, r, 1e-12, 0, "factor", i);
        assert_near(one->normalised, x, 1e-10, 1e-13, "normalised", i);
        assert_near(one->f, one->gamma * x + one->beta, 1e-10, 1e-13, "f", i);
        assert_near(one->product, r * (one->gamma * one->delta_out - g - x * product), 1e-9, 1e-13,
                    "product", i);
        assert_near(one->a, one->f, 1e-4, 1e-5, "a", i);
        assert_near(one->delta_in, one->product, 1e-4, 1e-6, "delta", i);
        assert_true(isnan(one->slope) && isnan(one->mask));
        assert_holds(one);
    }
}

static void units_on_their_way(void **state)
{
    const sml_layer layers[] = {sml_dense(HIDDEN), sml_batch_norm(), sml_relu(),
                                sml_layer_norm(),  sml_dropout(0.5), sml_tanh(),
                                sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = NULL;
    sml_trace *trace = traced(ctx, layers, 7, "epochs=2", made.data, 1, &model);
    sml_unit_facts facts[HIDDEN];
    (void)state;
    for (size_t j = 0; j < HIDDEN; j++) {
        for (size_t r = 0; r < N; r++) {
            sml_trace_unit(trace, 1, j, r, &facts[r]);
        }
        assert_normalised(facts, N, 1e-5);
    }
    for (size_t j = 0; j < HIDDEN; j++) {
        sml_trace_unit(trace, 3, j, 0, &facts[j]);
    }
    assert_normalised(facts, HIDDEN, sml_trace_layer_at(trace, 3).value);
    for (size_t j = 0; j < HIDDEN; j++) {
        sml_unit_facts one;
        sml_trace_unit(trace, 2, j, 1, &one);
        assert_holds(&one);
        assert_true(one.a == fmax(0, one.z) && one.gate_closed == (one.z <= 0));
        assert_true(one.delta_in == (one.gate_closed ? 0 : one.delta_out));
        sml_trace_unit(trace, 4, j, 1, &one);
        assert_holds(&one);
        assert_true((one.mask == 0 || one.mask == 2) && one.a == one.mask * one.z);
        assert_true(one.gate_closed == (one.mask == 0));
        sml_trace_unit(trace, 5, j, 1, &one);
        assert_holds(&one);
        assert_near(one.f, tanh(one.z), 1e-15, 0, "tanh", j);
        assert_near(one.slope, 1 - tanh(one.z) * tanh(one.z), 1e-12, 1e-13, "slope", j);
        assert_true(isnan(one.mean) && isnan(one.mask));
        sml_trace_unit(trace, 6, j, 1, &one);
        assert_true(isnan(one.z) && isnan(one.f));
        sml_trace_unit(trace, 5, j, N, &one);
        assert_true(isnan(one.a));
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* γ and β of both norms, in both modes. */
static void sums_of_norms(void **state)
{
    const sml_layer layers[] = {sml_dense(HIDDEN), sml_batch_norm(), sml_layer_norm(),
                                sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_MULTILABEL, ROWS, INPUTS, OUTPUTS, 3);
    (void)state;
    for (int training = 0; training < 2; training++) {
        sml_model *model = NULL;
        sml_trace *trace = traced(ctx, layers, 4, "epochs=2", made.data, training, &model);
        for (size_t i = 0; i < 2 * (size_t)HIDDEN; i++) {
            const size_t layer = 1 + i % 2, j = i / 2;
            double delta[N], x[N], ones[N] = {1, 1, 1, 1};
            sml_sum sum = {.kind = SML_SUM_GAMMA, .layer = layer, .unit = j};
            for (size_t r = 0; r < N; r++) {
                sml_unit_facts one;
                sml_trace_unit(trace, layer, j, r, &one);
                delta[r] = one.delta_out;
                x[r] = one.normalised;
            }
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, 3, &sum));
            assert_sum(&sum, delta, x, N, 1.0 / N, 0);
            sml_sum_clear(&sum);
            sum.kind = SML_SUM_BETA;
            assert_ok(ctx, sml_trace_sum(ctx, trace, &sum, 3, &sum));
            assert_sum(&sum, delta, ones, N, 1.0 / N, 0);
            sml_sum_clear(&sum);
        }
        sml_trace_free(trace);
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* C and δ of one class, by formulas of their own. */
static double plain_loss(const char *loss, const sml_loss_class *one)
{
    const double r = one->z - one->y, p = 1 / (1 + exp(-one->z));
    if (strcmp(loss, "cross_entropy") == 0) {
        return -one->y * log(one->a_double);
    }
    if (strcmp(loss, "binary_cross_entropy") == 0) {
        return (-one->y * log(p) - (1 - one->y) * log(1 - p)) / OUTPUTS;
    }
    return (strcmp(loss, "huber") == 0 ? fmin(fabs(r), 1) * (fabs(r) - fmin(fabs(r), 1) / 2)
            : strcmp(loss, "mean_squared_error") == 0 ? r * r
                                                      : fabs(r)) /
           OUTPUTS;
}

static void assert_loss(const sml_trace *trace, const sml_loss_facts *facts, size_t row)
{
    const int is_softmax = strcmp(facts->output, "softmax") == 0;
    double loss = 0, a = 0, delta = 0;
    assert_int_equal(facts->n, OUTPUTS);
    for (size_t k = 0; k < OUTPUTS; k++) {
        const sml_loss_class *one = &facts->classes[k];
        assert_true(one->z == (double)vector(trace, SML_OUTPUT, 2, row)[k]);
        assert_true(one->a == (double)vector(trace, SML_PREDICTION, 2, row)[k]);
        assert_true(one->delta_engine == (double)vector(trace, SML_DELTA, 2, row)[k]);
        assert_near(one->term, plain_loss(facts->loss, one), 1e-9, 1e-12, "term", k);
        assert_near(one->delta_jacobian, one->delta_direct, 1e-12, 1e-14, "delta", k);
        assert_true(sml__agrees(one->delta_engine, one->delta_direct, one->bound_delta));
        assert_true(sml__agrees(one->a, one->a_double, one->bound_a));
        assert_true(isnan(one->residual) == (strcmp(facts->output, "identity") != 0));
        assert_true(isnan(one->shifted) == !is_softmax && isnan(one->exponential) == !is_softmax);
        loss += facts->weight * one->term;
        a += one->a;
        delta += one->delta_engine;
    }
    assert_near(facts->loss_double, loss, 1e-14, 0, "loss", 0);
    assert_near(facts->sum_of_a, a, 0, 1e-14, "sum of a", 0);
    assert_near(facts->sum_of_delta, delta, 0, 1e-14, "sum of delta", 0);
    assert_true(sml__agrees(facts->loss_engine, facts->loss_double, facts->bound_loss));
    assert_near(facts->loss_engine, facts->loss_double, 1e-5, 1e-6, "loss", 1);
    if (is_softmax) {
        assert_true(sml__agrees(facts->sum_of_a, 1, facts->bound_sum_of_a));
        assert_true(sml__agrees(facts->sum_of_delta, 0, facts->bound_sum_of_delta));
        assert_near(facts->log_sum, log(facts->sum), 1e-15, 0, "log", 0);
    }
}

static void every_loss(void **state)
{
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    const sml_layer layers[] = {sml_dense(HIDDEN), sml_relu(), sml_dense(OUTPUTS)};
    (void)state;
    for (size_t i = 0; i < SML__LOSSES; i++) {
        const sml__loss *loss = kit->losses[i];
        const int smooths = strcmp(loss->name, "cross_entropy") == 0;
        char settings[96];
        assert_non_null(sml__trace_output_name(loss->name));
        test_data made = new_test_data(ctx, loss->task, ROWS, INPUTS, OUTPUTS, 3 + i);
        float weights[ROWS];
        sml_data_view view = {.rows = ROWS, .columns = INPUTS, .features = made.features};
        view.task = loss->task;
        view.outputs = OUTPUTS;
        view.targets = made.targets;
        view.weights = weights;
        for (size_t r = 0; r < ROWS; r++) {
            weights[r] = 0.3F + (float)(r % 4);
        }
        sml_dataset *weighted = NULL;
        assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &weighted));
        snprintf(settings, sizeof settings, "epochs=2 loss=%s%s", loss->name,
                 smooths ? " label_smoothing=0.1" : "");
        sml_model *model = NULL;
        sml_trace *trace = traced(ctx, layers, 3, settings, weighted, 0, &model);
        double sum = 0, weight = 0;
        for (size_t r = 0; r < N; r++) {
            sml_loss_facts facts;
            assert_ok(ctx, sml_trace_loss(ctx, trace, r, &facts));
            assert_string_equal(facts.loss, loss->name);
            assert_true(facts.weight == (double)weights[SAMPLES[r]]);
            assert_true(facts.smoothing == (smooths ? 0.1 : 0));
            assert_loss(trace, &facts, r);
            sum += facts.loss_engine;
            weight += facts.weight;
            sml_loss_facts_clear(&facts);
        }
        assert_near(trace->loss, sum / weight, 1e-14, 0, "C", 0);
        sml_trace_free(trace);
        sml_model_free(model);
        sml_dataset_free(weighted);
        free_test_data(made);
    }
    sml_ctx_free(ctx);
}

static void every_activation_has_a_bound(void **state)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    (void)state;
    for (size_t i = 0; i < SML__LAYERS; i++) {
        const sml__layer_type *type = kit->layers[i];
        assert_int_equal(sml__activation_accuracy(type->name) != NULL, type->f != NULL);
        /* and every other layer is one that the trace knows */
        assert_true(type->f != NULL || type->has_units || type->is_random ||
                    type->normalise != NULL);
    }
}

static void what_is_not_finite_agrees_with_nothing(void **state)
{
    const double inf = (double)INFINITY, nan = (double)NAN;
    (void)state;
    assert_false(sml__agrees(nan, nan, nan));
    assert_false(sml__agrees(nan, nan, inf));
    assert_false(sml__agrees(inf, inf, inf));
    assert_true(sml__agrees(1, 2, 1));
    assert_false(sml__agrees(1, 2, 0.9));
    assert_false(sml__agrees(inf, -inf, 1));
    assert_false(sml__agrees(nan, 1, 1));
    assert_false(sml__agrees(1, nan, inf));
    assert_false(sml__agrees(1, 2, nan));
    assert_true(sml__agrees(1, 1, nan));
    assert_false(sml__agrees(inf, 1e39, sml__sum_bound(3, 1e39, 0))); /* it overflowed */
    assert_true(sml__agrees(1, 2, sml__sum_bound(3, 1e39, 0)));       /* it might have */
    assert_true(isinf(sml__gamma((size_t)1 << 24)));
    assert_near(sml__gamma(1000), 1000 * 0x1p-24, 1e-4, 0, "gamma", 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_dense_layers),
        cmocka_unit_test(question_is_checked),
        cmocka_unit_test(forward_alone),
        cmocka_unit_test(units_on_their_way),
        cmocka_unit_test(sums_of_norms),
        cmocka_unit_test(every_loss),
        cmocka_unit_test(every_activation_has_a_bound),
        cmocka_unit_test(what_is_not_finite_agrees_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
