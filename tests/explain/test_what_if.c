/* What if: edits in any order leave the copy as it was, a model that has the edited value computes
 * the same, a silent unit is missing from the next sum, also before layer norm, and a temperature
 * divides the logits. The model's own numbers never change. */
#include "support.h"

#include "explain/trace.h"
#include "nn/mlp.h"

enum { ROWS = 60, INPUTS = 6, OUTPUTS = 3 };

static const uint32_t SAMPLES[] = {11, 4, 59, 0, 30};
enum { N = sizeof SAMPLES / sizeof SAMPLES[0] };

static const float *row_of(const sml_trace *trace, sml_vector vector, size_t layer, size_t row)
{
    size_t n = 0;
    return sml_trace_vector(trace, vector, layer, row, &n);
}

static sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

/* 0 dense, 1 batch_norm, 2 relu, 3 dropout, 4 dense, 5 layer_norm, 6 tanh, 7 dense: layers.0 to
 * layers.4 are 0, 1, 4, 5 and 7. */
static sml_model *everything(sml_ctx *ctx, const sml_dataset *data, const char *settings)
{
    const sml_layer layers[] = {sml_dense(20), sml_batch_norm(), sml_relu(), sml_dropout(0.5),
                                sml_dense(9),  sml_layer_norm(), sml_tanh(), sml_dense(OUTPUTS)};
    sml_model *model = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, 8, settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

typedef struct fixture {
    sml_ctx *ctx;
    test_data made;
    sml_model *model;
} fixture;

static fixture new_fixture(sml_task task)
{
    fixture f = {.ctx = new_context(1)};
    f.made = new_test_data(f.ctx, task, ROWS, INPUTS, OUTPUTS, 3);
    f.model = everything(f.ctx, f.made.data, "epochs=2");
    return f;
}

static void free_fixture(fixture f)
{
    sml_model_free(f.model);
    free_test_data(f.made);
    sml_ctx_free(f.ctx);
}

static sml_trace *traced(const fixture *f, int training)
{
    const sml_trace_options options = {
        .samples = SAMPLES, .n = N, .training = training, .epoch = 3};
    sml_trace *trace = NULL;
    assert_ok(f->ctx, sml_trace_create(f->ctx, f->model, f->made.data, &options, &trace));
    return trace;
}

/* Every number that two traces hold. */
static void assert_same(const sml_trace *a, const sml_trace *b)
{
    const sml__network *network = &a->network;
    assert_memory_equal(a->network.parameters, b->network.parameters,
                        network->n_values * sizeof(float));
    assert_memory_equal(a->running, b->running,
                        (network->n_values - network->n_parameters) * sizeof(float));
    for (size_t l = 0; l < network->n_layers; l++) {
        const size_t n = a->rows * sml__row_stride(network->layers[l].n_out);
        assert_memory_equal(a->workspace.outputs[l], b->workspace.outputs[l], n * sizeof(float));
        if (sml__trace_has_backward(a)) {
            assert_memory_equal(a->workspace.deltas[l], b->workspace.deltas[l], n * sizeof(float));
        }
    }
    assert_memory_equal(a->predictions, b->predictions, a->rows * OUTPUTS * sizeof(float));
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    if (sml__trace_has_backward(a)) {
        assert_memory_equal(a->gradient, b->gradient, network->n_parameters * sizeof(float));
    }
}

/* Edits to choose from: parameters of every kind, silent units, a temperature. */
enum { EDITS = 10 };

static void make_edit(sml_ctx *ctx, sml_trace *trace, size_t which)
{
    static const char *const names[] = {
        "layers.0.weight[13,4]", "layers.0.bias[2]",         "layers.1.weight[7]",
        "layers.1.bias[0]",      "layers.1.running_mean[3]", "layers.1.running_var[3]",
        "layers.4.weight[2,8]",
    };
    if (which < 7) {
        assert_ok(ctx, sml_trace_set(ctx, trace, names[which], 0.1 * (double)(which + 1)));
    } else if (which < 9) {
        assert_ok(ctx, sml_trace_silence(ctx, trace, which == 7 ? 1 : 3, which));
    } else {
        assert_ok(ctx, sml_trace_temperature(ctx, trace, 2));
    }
}

static void take_back(sml_ctx *ctx, sml_trace *trace, const char *name)
{
    size_t i = 0;
    while (sml_trace_edit_at(trace, i) != NULL &&
           strcmp(sml_trace_edit_at(trace, i)->name, name) != 0) {
        i++;
    }
    assert_ok(ctx, sml_trace_take_back(ctx, trace, i));
}

static void shuffle(sml__random *random, size_t *order)
{
    for (size_t i = 0; i < EDITS; i++) {
        const size_t j = sml__random_below(random, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

/* Edits made and taken back in random orders: at every moment the trace is one with just the edits
 * that are left, and at the end one without. */
static void edits_in_any_order(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml__random random;
    (void)state;
    sml__random_init(&random, 5, SML__GENERATE, 0, 0);
    for (int round = 0; round < 20; round++) {
        sml_trace *plain = traced(&f, round % 2), *trace = traced(&f, round % 2);
        size_t in[EDITS], out[EDITS];
        char names[EDITS][64];
        shuffle(&random, in);
        shuffle(&random, out);
        for (size_t i = 0; i < EDITS; i++) {
            make_edit(f.ctx, trace, in[i]);
            snprintf(names[in[i]], sizeof names[0], "%s", sml_trace_edit_at(trace, i)->name);
        }
        for (size_t i = 0; i < EDITS; i++) {
            sml_trace *fresh = traced(&f, round % 2);
            take_back(f.ctx, trace, names[out[i]]);
            for (size_t k = i + 1; k < EDITS; k++) {
                make_edit(f.ctx, fresh, out[k]);
            }
            assert_same(trace, fresh);
            sml_trace_free(fresh);
        }
        assert_same(trace, plain);
        for (size_t i = 0; i < EDITS; i++) {
            make_edit(f.ctx, trace, in[i]);
        }
        assert_ok(f.ctx, sml_trace_reset(f.ctx, trace));
        assert_null(sml_trace_edit_at(trace, 0));
        assert_same(trace, plain);
        sml_trace_free(trace);
        sml_trace_free(plain);
    }
    free_fixture(f);
}

/* The same edit again takes the place of the first one, which keeps what was before. */
static void the_last_value_counts(void **state)
{
    static const char name[] = "layers.0.weight[13,4]";
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *trace = traced(&f, 0), *once = traced(&f, 0);
    const sml__layer *dense = &network_of(f.model)->layers[0];
    const double before =
        (double)network_of(f.model)->parameters[dense->weight + 4 * dense->stride + 13];
    (void)state;
    assert_ok(f.ctx, sml_trace_set(f.ctx, trace, name, 7));
    assert_ok(f.ctx, sml_trace_set(f.ctx, trace, name, 0.2));
    assert_ok(f.ctx, sml_trace_set(f.ctx, once, name, 0.2));
    assert_same(trace, once);
    assert_null(sml_trace_edit_at(trace, 1));
    assert_string_equal(sml_trace_edit_at(trace, 0)->name, name);
    assert_true(sml_trace_edit_at(trace, 0)->before == before);
    assert_true(sml_trace_edit_at(trace, 0)->value == (double)0.2F);
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 1, 5));
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 1, 5));
    assert_null(sml_trace_edit_at(trace, 2));
    assert_ok(f.ctx, sml_trace_temperature(f.ctx, trace, 3));
    assert_ok(f.ctx, sml_trace_temperature(f.ctx, trace, 1));
    assert_null(sml_trace_edit_at(trace, 2));
    sml_trace_free(once);
    sml_trace_free(trace);
    free_fixture(f);
}

/* A model that has the value predicts what the trace says; the one that was traced does not. */
static void a_set_value_is_that_of_a_model(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *trace = traced(&f, 0);
    sml__network *network = network_of(f.model);
    const size_t bytes = network->n_values * sizeof(float);
    float *before = malloc(bytes), found[N * OUTPUTS];
    sml_dataset *rows = NULL;
    (void)state;
    memcpy(before, network->parameters, bytes);
    for (size_t i = 0; i < 7; i++) {
        make_edit(f.ctx, trace, i);
    }
    assert_memory_equal(before, network->parameters, bytes);
    network->parameters[network->layers[0].weight + 4 * network->layers[0].stride + 13] = 0.1F;
    network->parameters[network->layers[0].bias + 2] = 0.2F;
    network->parameters[network->layers[1].weight + 7] = (float)(0.1 * 3);
    network->parameters[network->layers[1].bias] = 0.4F;
    network->parameters[network->layers[1].buffers[0] + 3] = 0.5F;
    network->parameters[network->layers[1].buffers[1] + 3] = (float)(0.1 * 6);
    network->parameters[network->layers[7].weight + 8 * network->layers[7].stride + 2] =
        (float)(0.1 * 7);
    assert_memory_equal(network->parameters, trace->network.parameters, bytes);
    assert_ok(f.ctx, sml_dataset_select(f.ctx, f.made.data, SAMPLES, N, &rows));
    assert_ok(f.ctx, sml_model_predict(f.ctx, f.model, rows, found, N * OUTPUTS));
    assert_memory_equal(found, trace->predictions, sizeof found);
    sml_dataset_free(rows);
    free(before);
    sml_trace_free(trace);
    free_fixture(f);
}

/* Weights of a unit and its bias, double. */
static double unit_of(sml_ctx *ctx, const sml_trace *trace, size_t layer, size_t unit, float *row)
{
    const size_t n = sml_trace_layer_at(trace, layer).inputs;
    const int is_dense = strcmp(sml_trace_layer_at(trace, layer).type, "dense") == 0;
    assert_ok(ctx, sml_trace_weights(ctx, trace, layer, unit, 0, row, is_dense ? n + 1 : 2));
    return (double)row[is_dense ? n : 1];
}

/* Silent unit 5 of layers.1, behind relu and dropout: the sums of layers.2 have lost w_j5 a_5. */
static void silence_before_a_sum(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    float w[21];
    (void)state;
    for (int training = 0; training < 2; training++) {
        sml_trace *plain = traced(&f, training), *trace = traced(&f, training);
        assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 1, 5));
        assert_true(sml__trace_is_silent(trace, 3, 5));
        assert_false(sml__trace_is_silent(trace, 3, 4));
        assert_false(sml__trace_is_silent(trace, 2, 5));
        double lost = 0;
        int others = 0;
        for (size_t r = 0; r < N; r++) {
            const float *a = row_of(plain, SML_OUTPUT, 3, r);
            assert_true(row_of(trace, SML_OUTPUT, 3, r)[5] == 0);
            assert_true(row_of(trace, SML_DELTA, 3, r)[5] == 0);
            assert_true(row_of(trace, SML_DELTA, 0, r)[5] == 0 || training);
            for (size_t j = 0; j < 9; j++) {
                double z = unit_of(f.ctx, trace, 4, j, w);
                for (size_t i = 0; i < 20; i++) {
                    z += i == 5 ? 0 : (double)w[i] * (double)a[i];
                }
                lost += fabs((double)(w[5] * a[5]));
                assert_near((double)row_of(trace, SML_OUTPUT, 4, r)[j], z, 1e-5, 1e-5, "z", j);
            }
        }
        assert_true(lost > 0.1);
        for (size_t j = 0; j < 9; j++) { /* dW_j5 = mean of δ_j · 0 */
            assert_ok(f.ctx, sml_trace_weights(f.ctx, trace, 4, j, 1, w, 21));
            assert_true(w[5] == 0);
            for (size_t i = 0; i < 20; i++) {
                others += w[i] != 0;
            }
        }
        assert_true(others > 60);
        sml_trace_free(plain);
        sml_trace_free(trace);
    }
    free_fixture(f);
}

/* Silent unit 4 of layers.2, a dense layer before layer norm: the norm reads 0, so the mean and the
 * deviation of the row change too, which weights of 0 behind it would not do. */
static void silence_before_layer_norm(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *plain = traced(&f, 0), *trace = traced(&f, 0);
    double moved = 0;
    (void)state;
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 2, 4));
    for (size_t r = 0; r < N; r++) {
        const float *before = row_of(plain, SML_OUTPUT, 4, r);
        double z[9], mean = 0, variance = 1e-5;
        for (size_t j = 0; j < 9; j++) {
            z[j] = j == 4 ? 0 : (double)before[j];
            mean += z[j] / 9;
        }
        for (size_t j = 0; j < 9; j++) {
            variance += (z[j] - mean) * (z[j] - mean) / 9;
        }
        for (size_t j = 0; j < 9; j++) {
            float gamma[2];
            const double beta = unit_of(f.ctx, trace, 5, j, gamma);
            const double a = (double)gamma[0] * (z[j] - mean) / sqrt(variance) + beta;
            assert_near((double)row_of(trace, SML_OUTPUT, 5, r)[j], a, 1e-5, 1e-5, "norm", j);
            moved += fabs(a - (double)row_of(plain, SML_OUTPUT, 5, r)[j]);
        }
        assert_true(row_of(trace, SML_DELTA, 4, r)[4] == 0);
        assert_true(row_of(trace, SML_DELTA, 4, r)[3] != 0);
    }
    assert_true(moved > 0.1);
    sml_trace_free(plain);
    sml_trace_free(trace);
    free_fixture(f);
}

/* The gradient with a silent unit against central differences: of parameters below, above and
 * beside it. */
static void gradients_know_of_silence(void **state)
{
    static const char *const names[] = {"layers.0.weight[3,1]", "layers.0.bias[5]",
                                        "layers.2.weight[4,5]", "layers.2.weight[1,0]",
                                        "layers.3.weight[2]",   "layers.4.weight[1,7]"};
    static const size_t layer[] = {0, 0, 4, 4, 5, 7}, unit[] = {3, 5, 4, 1, 2, 1},
                        place[] = {1, 6, 5, 0, 0, 7}, length[] = {7, 7, 21, 21, 2, 10};
    const double h = 0.01;
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *trace = traced(&f, 0);
    (void)state;
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 1, 5));
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 2, 3));
    assert_ok(f.ctx, sml_trace_silence(f.ctx, trace, 3, 7));
    for (size_t i = 0; i < sizeof layer / sizeof layer[0]; i++) {
        float row[21];
        double loss[2];
        assert_ok(f.ctx, sml_trace_weights(f.ctx, trace, layer[i], unit[i], 0, row, length[i]));
        const double theta = (double)row[place[i]];
        assert_ok(f.ctx, sml_trace_weights(f.ctx, trace, layer[i], unit[i], 1, row, length[i]));
        const double gradient = (double)row[place[i]];
        for (int side = 0; side < 2; side++) {
            assert_ok(f.ctx,
                      sml_trace_set(f.ctx, trace, names[i], side == 0 ? theta - h : theta + h));
            loss[side] = trace->loss;
        }
        take_back(f.ctx, trace, names[i]);
        assert_near((loss[1] - loss[0]) / (2 * h), gradient, 0.01, 2e-4, names[i], i);
    }
    sml_trace_free(trace);
    free_fixture(f);
}

static void assert_relations(sml_ctx *ctx, const sml_trace *trace)
{
    sml_trace_check found[64];
    size_t n = 0;
    assert_ok(ctx, sml_trace_checks(ctx, trace, found, 64, &n));
    assert_true(n > 5 && n <= 64);
    for (size_t i = 0; i < n; i++) {
        if (!found[i].holds) {
            fail_msg("%s %s: layer %zu, unit %zu, row %zu: %.9g, not %.9g", found[i].name,
                     found[i].equation, found[i].layer, found[i].unit, found[i].row, found[i].left,
                     found[i].right);
        }
    }
}

/* Whatever was edited: what is left is a network's pass, of which every relation holds. */
static void relations_hold_after_edits(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    (void)state;
    for (int training = 0; training < 2; training++) {
        sml_trace *trace = traced(&f, training);
        assert_relations(f.ctx, trace);
        for (size_t i = 0; i < EDITS; i++) {
            make_edit(f.ctx, trace, i);
            assert_relations(f.ctx, trace);
        }
        assert_ok(f.ctx, sml_trace_reset(f.ctx, trace));
        for (int s = 0; training && s < 3; s++) {
            assert_ok(f.ctx, sml_trace_step(f.ctx, trace, NULL));
            assert_relations(f.ctx, trace);
        }
        sml_trace_free(trace);
    }
    free_fixture(f);
}

static double softmax_of(const float *z, size_t k, double temperature)
{
    double sum = 0;
    for (size_t j = 0; j < OUTPUTS; j++) {
        sum += exp((double)(z[j] - z[k]) / temperature);
    }
    return 1 / sum;
}

/* softmax(z / T) and σ(z / T); logits and what is before them stay. */
static void temperature_divides_the_logits(void **state)
{
    static const double temperatures[] = {0.25, 1.5, 100};
    (void)state;
    for (int task = 0; task < 2; task++) {
        fixture f = new_fixture(task == 0 ? SML_TASK_CLASSIFICATION : SML_TASK_MULTILABEL);
        sml_trace *plain = traced(&f, 0), *trace = traced(&f, 0);
        for (size_t t = 0; t < 3; t++) {
            assert_ok(f.ctx, sml_trace_temperature(f.ctx, trace, temperatures[t]));
            for (size_t r = 0; r < N; r++) {
                const float *z = row_of(plain, SML_OUTPUT, 7, r);
                assert_memory_equal(row_of(trace, SML_OUTPUT, 7, r), z, OUTPUTS * sizeof(float));
                for (size_t k = 0; k < OUTPUTS; k++) {
                    const double expected = task == 0
                                                ? softmax_of(z, k, temperatures[t])
                                                : 1 / (1 + exp(-(double)z[k] / temperatures[t]));
                    assert_near((double)row_of(trace, SML_PREDICTION, 0, r)[k], expected, 1e-5,
                                1e-7, "a", k);
                }
            }
            assert_null(row_of(trace, SML_DELTA, 7, 0));
            assert_true(isnan(trace->loss));
        }
        assert_ok(f.ctx, sml_trace_temperature(f.ctx, trace, 1));
        assert_same(trace, plain);
        sml_trace_free(plain);
        sml_trace_free(trace);
        free_fixture(f);
    }
}

static void assert_block(const sml_trace *base, const sml_trace *other, size_t row,
                         const sml_block_change *block)
{
    double total = 0, rest = 0;
    size_t changed = 0;
    for (size_t j = 0; j < block->n_units; j++) {
        const double gap = (double)row_of(other, SML_OUTPUT, block->layer, row)[j] -
                           (double)row_of(base, SML_OUTPUT, block->layer, row)[j];
        int is_top = 0;
        for (size_t i = 0; i < block->n_top; i++) {
            is_top = is_top || block->top[i].unit == j;
        }
        total += fabs(gap);
        rest += is_top ? 0 : fabs(gap);
        changed += gap != 0;
        assert_true(is_top || block->n_top == 0 ||
                    fabs(gap) <= fabs(block->top[block->n_top - 1].after -
                                      block->top[block->n_top - 1].before));
    }
    assert_int_equal(block->changed, changed);
    assert_int_equal(block->n_top, changed < 4 ? changed : 4);
    assert_near(block->total, total, 1e-12, 0, "total", 0);
    assert_near(block->rest, rest, 1e-12, 1e-12, "rest", 0);
    for (size_t i = 1; i < block->n_top; i++) {
        assert_true(fabs(block->top[i - 1].after - block->top[i - 1].before) >=
                    fabs(block->top[i].after - block->top[i].before));
    }
}

static void traces_are_compared(void **state)
{
    static const size_t layers[] = {0, 3, 4, 6};
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *base = traced(&f, 0), *other = traced(&f, 0);
    sml_difference found;
    (void)state;
    assert_ok(f.ctx, sml_trace_set(f.ctx, other, "layers.1.bias[13]", 2));
    assert_ok(f.ctx, sml_trace_temperature(f.ctx, other, 2));
    for (size_t r = 0; r < N; r++) {
        double loss[2] = {0};
        assert_ok(f.ctx, sml_trace_compare(f.ctx, base, other, r, 4, &found));
        assert_int_equal(found.n_outputs, OUTPUTS);
        assert_int_equal(found.n_blocks, 4);
        for (size_t b = 0; b < 4; b++) {
            assert_int_equal(found.blocks[b].block, b);
            assert_int_equal(found.blocks[b].layer, layers[b]);
            assert_block(base, other, r, &found.blocks[b]);
        }
        assert_int_equal(found.blocks[0].changed, 0);
        assert_int_equal(found.blocks[1].changed, 1);
        assert_int_equal(found.blocks[1].top[0].unit, 13);
        for (size_t k = 0; k < OUTPUTS; k++) {
            const float *z[] = {row_of(base, SML_OUTPUT, 7, r), row_of(other, SML_OUTPUT, 7, r)};
            const double y = (double)row_of(base, SML_TARGET, 0, r)[k];
            assert_true(found.outputs[k].logit_before == (double)z[0][k]);
            assert_true(found.outputs[k].logit_after == (double)z[1][k]);
            assert_near(found.outputs[k].before, softmax_of(z[0], k, 1), 1e-5, 1e-7, "before", k);
            assert_near(found.outputs[k].after, softmax_of(z[1], k, 2), 1e-5, 1e-7, "after", k);
            loss[0] -= y * log(softmax_of(z[0], k, 1));
            loss[1] -= y * log(softmax_of(z[1], k, 2));
        }
        assert_near(found.loss_before, loss[0], 1e-6, 1e-7, "loss", 0);
        assert_near(found.loss_after, loss[1], 1e-6, 1e-7, "loss", 1);
        sml_difference_clear(&found);
    }
    sml_trace_free(base);
    sml_trace_free(other);
    free_fixture(f);
}

static void refused(sml_ctx *ctx, sml_status status, const char *text)
{
    assert_int_equal(status, SML_BAD_ARGUMENT);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), text);
    }
}

static void bad_edits_are_refused(void **state)
{
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_trace *plain = traced(&f, 0), *trace = traced(&f, 0);
    (void)state;
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.9.bias[0]", 1), "layers.0…layers.4");
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.0.weight[20,0]", 1), "units 0…19");
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.0.bias[0]", (double)INFINITY), "finite");
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.0.bias[0]", 1e39), "1e+39");
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.0.bias[0]", (double)NAN), "nan");
    refused(f.ctx, sml_trace_set(f.ctx, trace, "layers.1.running_var[0]", -0.5), "variance");
    refused(f.ctx, sml_trace_silence(f.ctx, trace, 5, 0), "no layers.5");
    refused(f.ctx, sml_trace_silence(f.ctx, trace, 4, 0), "output");
    refused(f.ctx, sml_trace_silence(f.ctx, trace, 1, 20), "units 0…19");
    refused(f.ctx, sml_trace_silence(f.ctx, trace, SIZE_MAX, SIZE_MAX), "no layers.");
    refused(f.ctx, sml_trace_temperature(f.ctx, trace, 0), "positive");
    refused(f.ctx, sml_trace_temperature(f.ctx, trace, -1), "-1");
    refused(f.ctx, sml_trace_temperature(f.ctx, trace, (double)NAN), "nan");
    refused(f.ctx, sml_trace_take_back(f.ctx, trace, 0), "edit 0 of 0");
    assert_same(plain, trace);
    sml_trace_free(plain);
    sml_trace_free(trace);
    free_fixture(f);
    f = new_fixture(SML_TASK_REGRESSION);
    trace = traced(&f, 0);
    refused(f.ctx, sml_trace_temperature(f.ctx, trace, 2), "regression");
    sml_trace_free(trace);
    free_fixture(f);
}

static void other_rows_are_not_compared(void **state)
{
    static const uint32_t others[] = {11, 4, 58, 0, 30};
    fixture f = new_fixture(SML_TASK_CLASSIFICATION);
    sml_model *model = everything(f.ctx, f.made.data, "epochs=1");
    const sml_trace_options options = {.samples = others, .n = N},
                            fewer = {.samples = SAMPLES, .n = 4},
                            same = {.samples = SAMPLES, .n = N};
    sml_trace *trace = traced(&f, 0), *training = traced(&f, 1), *other = NULL;
    sml_difference found;
    (void)state;
    refused(f.ctx, sml_trace_compare(f.ctx, trace, training, 0, 1, &found), "mode");
    refused(f.ctx, sml_trace_compare(f.ctx, trace, trace, N, 1, &found), "row 5 of 5");
    assert_ok(f.ctx, sml_trace_create(f.ctx, f.model, f.made.data, &options, &other));
    refused(f.ctx, sml_trace_compare(f.ctx, trace, other, 0, 1, &found), "rows");
    sml_trace_free(other);
    assert_ok(f.ctx, sml_trace_create(f.ctx, f.model, f.made.data, &fewer, &other));
    refused(f.ctx, sml_trace_compare(f.ctx, trace, other, 0, 1, &found), "rows");
    sml_trace_free(other);
    assert_ok(f.ctx, sml_trace_create(f.ctx, model, f.made.data, &same, &other));
    refused(f.ctx, sml_trace_compare(f.ctx, trace, other, 0, 1, &found), "same model");
    assert_null(found.blocks);
    sml_difference_clear(&found);
    sml_trace_free(other);
    sml_trace_free(training);
    sml_trace_free(trace);
    sml_model_free(model);
    free_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_in_any_order),
        cmocka_unit_test(the_last_value_counts),
        cmocka_unit_test(a_set_value_is_that_of_a_model),
        cmocka_unit_test(silence_before_a_sum),
        cmocka_unit_test(silence_before_layer_norm),
        cmocka_unit_test(gradients_know_of_silence),
        cmocka_unit_test(relations_hold_after_edits),
        cmocka_unit_test(temperature_divides_the_logits),
        cmocka_unit_test(traces_are_compared),
        cmocka_unit_test(bad_edits_are_refused),
        cmocka_unit_test(other_rows_are_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
