/* Every relation of docs/network.md on random networks, rows and settings: all layers and losses,
 * widths from one unit to thousands, batches, both modes, weights, smoothing, soft labels and
 * penalties, on every instruction set. And an error that is planted is found by the relation that
 * it breaks. */
#include "support.h"

#include "explain/trace.h"
#include "nn/mlp.h"

enum { CHECKS = 200, ROWS = 300, CASES = 40, DEEPEST = 9 };

static const size_t WIDTHS[] = {1, 3, 7, 8, 17, 64, 100, 513, 4099};
enum { N_WIDTHS = sizeof WIDTHS / sizeof WIDTHS[0] };

static size_t draw(sml__random *random, size_t n)
{
    return sml__random_below(random, (uint32_t)n);
}

/* One of the widths; two wide layers do not meet. */
static size_t draw_width(sml__random *random, size_t before)
{
    return WIDTHS[draw(random, before > 100 ? N_WIDTHS - 3 : N_WIDTHS)];
}

/* Layers of all types in any order, the last one dense. */
static size_t draw_layers(sml__random *random, size_t outputs, size_t width, sml_layer *layers)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    const size_t n = 1 + draw(random, DEEPEST);
    for (size_t l = 0; l + 1 < n; l++) {
        const sml__layer_type *type = kit->layers[draw(random, SML__LAYERS)];
        const double value = type->maximum > 0 ? 0.01 + 0.3 * (double)draw(random, 3) : 0;
        if (type->has_units || l == 0) {
            width = draw_width(random, width);
            layers[l] = sml_dense(width);
        } else {
            layers[l] = sml_layer_of(type->name, 0, value);
        }
    }
    layers[n - 1] = sml_dense(outputs);
    return n;
}

/* Parameters of any size, so that gates close and sums cancel; running statistics as well. */
static void shake(sml__random *random, const sml_model *model)
{
    sml__network *network = ((sml__mlp *)model->state)->network;
    for (size_t t = 0; t < sml__network_tensor_count(network); t++) {
        const sml__tensor_place *place = &((sml__mlp *)model->state)->tensors[t];
        const size_t n = place->shape[0] * (place->rank == 2 ? place->shape[1] : 1);
        float *values = normal_floats(random, n);
        const float size = place->rank == 2 ? 1.5F / sqrtf((float)place->shape[1]) : 1.0F;
        for (size_t i = 0; i < n; i++) {
            values[i] = place->is_variance ? values[i] * values[i] : values[i] * size;
        }
        sml__tensor_copy_in(network, place, values, network->parameters);
        free(values);
    }
}

/* What a case is made of. */
typedef struct made {
    test_data data;
    float *weights;
    int32_t *labels;
    sml_dataset *rows;
    sml_model *model;
    sml_trace *trace;
} made;

static void draw_rows(sml_ctx *ctx, sml__random *random, const sml__loss *loss, size_t columns,
                      size_t outputs, made *out)
{
    out->data = new_test_data(ctx, loss->task, ROWS, columns, outputs, draw(random, 1000));
    out->weights = malloc(ROWS * sizeof *out->weights);
    out->labels = malloc(ROWS * sizeof *out->labels);
    for (size_t i = 0; i < ROWS; i++) {
        out->weights[i] = i % 7 == 0 ? 0.0F : 0.1F + (float)draw(random, 20);
        out->labels[i] = (int32_t)draw(random, outputs);
    }
    for (size_t i = 0; i < ROWS * columns; i++) {
        out->data.features[i] = draw(random, 3) == 0 ? 0.0F : out->data.features[i];
    }
    sml_data_view view = {
        .rows = ROWS, .columns = columns, .features = out->data.features, .outputs = outputs};
    if (loss->task == SML_TASK_CLASSIFICATION && draw(random, 2)) {
        view.labels = out->labels;
    } else {
        view.targets = out->data.targets;
    }
    view.task = loss->task;
    view.weights = draw(random, 2) ? out->weights : NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &out->rows));
}

static const char *draw_settings(sml__random *random, const sml__loss *loss)
{
    static char text[200];
    const int smooths = strcmp(loss->name, "cross_entropy") == 0 && draw(random, 2);
    const int scales = loss->task == SML_TASK_REGRESSION && draw(random, 2);
    snprintf(text, sizeof text, "epochs=1 batch_size=100 loss=%s%s%s%s", loss->name,
             scales ? " target_scaling=standard" : "", smooths ? " label_smoothing=0.1" : "",
             draw(random, 2) ? " l2=0.01 l1=0.001 clip_norm=1" : "");
    return text;
}

/* Some rows of which one weighs something. */
static const uint32_t *draw_samples(sml__random *random, size_t n)
{
    static uint32_t samples[SML_TRACE_ROWS_MAX];
    for (size_t i = 0; i < n; i++) {
        samples[i] = (uint32_t)draw(random, ROWS);
    }
    samples[0] = 1;
    return samples;
}

static void make(sml_ctx *ctx, sml__random *random, sml__isa isa, made *out)
{
    static const size_t batches[] = {1, 1, 2, 5, 31, SML_TRACE_ROWS_MAX};
    const sml__loss *loss = sml__kit_for(isa)->losses[draw(random, SML__LOSSES)];
    const size_t columns = draw_width(random, 0), outputs = 2 + draw(random, 40);
    const size_t batch = batches[draw(random, columns > 1000 ? 4 : 6)];
    sml_layer layers[DEEPEST];
    memset(out, 0, sizeof *out);
    draw_rows(ctx, random, loss, columns, outputs, out);
    const size_t n = draw_layers(random, outputs, columns, layers);
    assert_ok(ctx, sml_network_create(ctx, layers, n, draw_settings(random, loss), &out->model));
    assert_ok(ctx, sml_model_fit(ctx, out->model, out->rows));
    shake(random, out->model);
    use_instruction_set(((sml__mlp *)out->model->state)->network, isa);
    const sml_trace_options options = {.samples = draw_samples(random, batch),
                                       .n = batch,
                                       .training = (int)draw(random, 2),
                                       .epoch = 3};
    assert_ok(ctx, sml_trace_create(ctx, out->model, out->rows, &options, &out->trace));
}

static void forget(made *out)
{
    sml_trace_free(out->trace);
    sml_model_free(out->model);
    sml_dataset_free(out->rows);
    free_test_data(out->data);
    free(out->weights);
    free(out->labels);
}

/* The worst share of its bound that each relation has reached. */
typedef struct worst {
    const char *name;
    double ratio;
    uint64_t n;
} worst;

static void note(worst *list, const sml_trace_check *check)
{
    size_t i = 0;
    while (list[i].name != NULL && strcmp(list[i].name, check->name) != 0) {
        i++;
    }
    list[i].name = check->name;
    list[i].ratio = fmax(list[i].ratio, check->ratio);
    list[i].n += check->n;
}

static void assert_all_hold(sml_ctx *ctx, const sml_trace *trace, worst *list)
{
    static sml_trace_check checks[CHECKS];
    size_t n = 0, counted = 0;
    assert_ok(ctx, sml_trace_checks(ctx, trace, checks, CHECKS, &n));
    assert_ok(ctx, sml_trace_checks(ctx, trace, NULL, 0, &counted));
    assert_int_equal(n, counted);
    assert_true(n <= CHECKS);
    for (size_t i = 0; i < n; i++) {
        const sml_trace_check *one = &checks[i];
        if (!one->holds || !(one->ratio <= 1)) {
            fail_msg("%s of layer %zu (%s), unit %zu, input %zu, row %zu: %.17g, not %.17g, bound "
                     "%.3g, %d rows, training %d",
                     one->name, one->layer, sml_trace_layer_at(trace, one->layer).type, one->unit,
                     one->input, one->row, one->left, one->right, one->bound, (int)trace->rows,
                     trace->training);
        }
        note(list, one);
    }
}

/* Each relation is met, and by numbers that are not all the same as the engine's: a ratio of 0
 * everywhere would mean that left was held against itself. */
static void random_networks(void **state)
{
    static worst list[CHECKS];
    sml_ctx *ctx = new_context(1);
    sml__random random;
    (void)state;
    sml__random_init(&random, 7, SML__GENERATE, 0, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (int i = 0; sml__isa_available((sml__isa)isa) && i < CASES; i++) {
            made one;
            make(ctx, &random, (sml__isa)isa, &one);
            assert_all_hold(ctx, one.trace, list);
            forget(&one);
        }
    }
    for (size_t i = 0; list[i].name != NULL; i++) {
        const int is_exact = strcmp(list[i].name, "batch_loss") == 0;
        if (!is_exact && !(list[i].ratio > 0.001)) {
            fail_msg("%s: %.3g of its bound at most", list[i].name, list[i].ratio);
        }
    }
    sml_ctx_free(ctx);
}

/* A network with everything in it: 0 dense, 1 batch_norm, 2 relu, 3 dropout, 4 dense, 5 layer_norm,
 * 6 tanh, 7 dense. */
enum { UNITS = 11, OUTPUTS = 4, BATCH = 5 };

static void make_everything(sml_ctx *ctx, made *out)
{
    const sml_layer layers[] = {sml_dense(UNITS), sml_batch_norm(), sml_relu(), sml_dropout(0.3),
                                sml_dense(UNITS), sml_layer_norm(), sml_tanh(), sml_dense(OUTPUTS)};
    sml__random random;
    memset(out, 0, sizeof *out);
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    draw_rows(ctx, &random, sml__loss_named("cross_entropy"), 7, OUTPUTS, out);
    assert_ok(ctx, sml_network_create(ctx, layers, 8, "epochs=1", &out->model));
    assert_ok(ctx, sml_model_fit(ctx, out->model, out->rows));
    shake(&random, out->model);
    const sml_trace_options options = {
        .samples = draw_samples(&random, BATCH), .n = BATCH, .training = 1};
    assert_ok(ctx, sml_trace_create(ctx, out->model, out->rows, &options, &out->trace));
}

/* One number that the engine has computed. */
typedef enum where {
    OUTPUT,
    DELTA, /* of the layer below */
    TOP_DELTA,
    GRADIENT,
    BIAS_GRADIENT,
    WEIGHT, /* of the copy, after the pass */
    MEAN,   /* statistics of a norm, in double */
    FACTOR,
    RUNNING,
    PREDICTION,
    LOSS,
    BATCH_LOSS
} where;

/* Off by a part in 1,000. */
static void spoil(float *value)
{
    *value += 0.001F * (fabsf(*value) + 0.01F);
}

static void spoil_double(double *value)
{
    *value += 1e-9 * (fabs(*value) + 0.01);
}

static void plant(sml_trace *trace, where which, size_t l, size_t unit, size_t row)
{
    const sml__layer *layer = &trace->network.layers[l];
    const size_t at = row * sml__row_stride(layer->n_out) + unit;
    double *stats = trace->workspace.stats[l];
    switch (which) {
    case OUTPUT:
        spoil(&trace->workspace.outputs[l][at]);
        break;
    case DELTA:
        spoil(&trace->workspace.deltas[l - 1][row * sml__row_stride(layer->n_in) + unit]);
        break;
    case TOP_DELTA:
        spoil(&trace->workspace.deltas[l][at]);
        break;
    case GRADIENT:
        spoil(&trace->gradient[layer->weight + unit]);
        break;
    case BIAS_GRADIENT:
        spoil(&trace->gradient[layer->bias + unit]);
        break;
    case WEIGHT:
        spoil(&trace->network.parameters[layer->weight + unit]);
        break;
    case MEAN:
        spoil_double(&stats[layer->type->row_stats > 0 ? row * 2 : unit]);
        break;
    case FACTOR:
        spoil_double(&stats[layer->type->row_stats > 0 ? row * 2 + 1 : layer->n_out + unit]);
        break;
    case RUNNING:
        spoil(&trace->network.parameters[layer->buffers[1] + unit]);
        break;
    case PREDICTION:
        spoil(&trace->predictions[row * layer->n_out + unit]);
        break;
    case LOSS:
        spoil_double(&trace->workspace.losses[row]);
        trace->workspace.losses[row] *= 1.001;
        break;
    case BATCH_LOSS:
        spoil_double(&trace->loss);
        break;
    }
}

/* A relation that must fail, and where: unit 2 of row 3, if it has both. */
typedef struct planted {
    const char *relation;
    where which;
    size_t layer;
    int has_unit, has_row;
} planted;

static const planted PLANTED[] = {
    {"z", OUTPUT, 0, 1, 1},
    {"z", OUTPUT, 7, 1, 1},
    {"z", WEIGHT, 4, 1, 0},
    {"row_identity", OUTPUT, 4, 1, 1},
    {"row_identity", WEIGHT, 4, 1, 0},
    {"activation", OUTPUT, 6, 1, 1},
    {"activation", OUTPUT, 2, 1, 1},
    {"activation_delta", DELTA, 2, 1, 1},
    {"activation_delta", DELTA, 6, 1, 1},
    {"dropout", OUTPUT, 3, 1, 1},
    {"dropout_delta", DELTA, 3, 1, 1},
    {"norm_mean", MEAN, 1, 1, 0},
    {"norm_mean", MEAN, 5, 0, 1},
    {"norm_factor", FACTOR, 1, 1, 0},
    {"norm_factor", FACTOR, 5, 0, 1},
    {"norm_running", RUNNING, 1, 1, 0},
    {"norm", OUTPUT, 1, 1, 1},
    {"norm", OUTPUT, 5, 1, 1},
    {"norm", WEIGHT, 5, 1, 0},
    {"norm_delta", DELTA, 1, 1, 1},
    {"norm_delta", DELTA, 5, 1, 1},
    {"prediction", PREDICTION, 7, 1, 1},
    {"sum_of_a", PREDICTION, 7, 0, 1},
    {"loss", LOSS, 7, 0, 1},
    {"batch_loss", BATCH_LOSS, 7, 0, 0},
    {"output_delta_jacobian", TOP_DELTA, 7, 1, 1},
    {"output_delta", TOP_DELTA, 7, 1, 1},
    {"sum_of_delta", TOP_DELTA, 7, 0, 1},
    {"delta_back", DELTA, 7, 0, 1},
    {"delta_back", DELTA, 4, 0, 1},
    {"delta_back", WEIGHT, 4, 0, 0},
    {"weight_gradient", GRADIENT, 0, 1, 0},
    {"weight_gradient", GRADIENT, 7, 1, 0},
    {"bias_gradient", BIAS_GRADIENT, 4, 1, 0},
    {"gamma_gradient", GRADIENT, 1, 1, 0},
    {"gamma_gradient", GRADIENT, 5, 1, 0},
    {"beta_gradient", BIAS_GRADIENT, 5, 1, 0},
    {"unit_identity", GRADIENT, 4, 1, 0},
    {"unit_identity", WEIGHT, 4, 1, 0},
    {"unit_identity", OUTPUT, 4, 1, 0},
};

static const sml_trace_check *find(const sml_trace_check *checks, size_t n, const planted *error)
{
    for (size_t i = 0; i < n; i++) {
        if (checks[i].layer == error->layer && strcmp(checks[i].name, error->relation) == 0) {
            return &checks[i];
        }
    }
    fail_msg("no %s of layer %zu", error->relation, error->layer);
    return NULL;
}

static void planted_errors_are_found(void **state)
{
    static sml_trace_check checks[CHECKS];
    const size_t unit = 2, row = 3;
    sml_ctx *ctx = new_context(1);
    int met[CHECKS] = {0};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof PLANTED / sizeof PLANTED[0]; i++) {
        const planted *error = &PLANTED[i];
        made one;
        make_everything(ctx, &one);
        assert_ok(ctx, sml_trace_checks(ctx, one.trace, checks, CHECKS, &n));
        assert_true(find(checks, n, error)->holds);
        plant(one.trace, error->which, error->layer, unit, row);
        assert_ok(ctx, sml_trace_checks(ctx, one.trace, checks, CHECKS, &n));
        const sml_trace_check *found = find(checks, n, error);
        if (found->holds) {
            fail_msg("%s of layer %zu holds: %.3f of its bound", error->relation, error->layer,
                     found->ratio);
        }
        assert_true(found->ratio > 1);
        assert_true(!error->has_unit || found->unit == unit);
        assert_true(!error->has_row || found->row == row);
        for (size_t k = 0; k < n; k++) {
            met[k] |= strcmp(checks[k].name, error->relation) == 0;
        }
        forget(&one);
    }
    for (size_t k = 0; k < n; k++) {
        if (!met[k]) {
            fail_msg("nothing breaks %s", checks[k].name);
        }
    }
    sml_ctx_free(ctx);
}

/* Weights at the end of float32's range: sums overflow. What is not finite holds nothing, and what
 * is finite holds. Returns how many relations do not hold. */
static size_t only_finite_ones_hold(sml_ctx *ctx, const sml_trace *trace)
{
    static sml_trace_check checks[CHECKS];
    size_t n = 0, failing = 0;
    assert_ok(ctx, sml_trace_checks(ctx, trace, checks, CHECKS, &n));
    assert_true(n > 0 && n <= CHECKS);
    for (size_t i = 0; i < n; i++) {
        const int are_finite = isfinite(checks[i].left) && isfinite(checks[i].right);
        if (checks[i].holds != are_finite) {
            fail_msg("%s of layer %zu: %g and %g, bound %g", checks[i].name, checks[i].layer,
                     checks[i].left, checks[i].right, checks[i].bound);
        }
        assert_true(checks[i].holds ? checks[i].ratio <= 1 : isinf(checks[i].ratio));
        failing += !checks[i].holds;
    }
    return failing;
}

static void what_overflows_does_not_hold(void **state)
{
    static const uint32_t samples[] = {1, 2, 3};
    sml_ctx *ctx = new_context(1);
    size_t failing = 0;
    (void)state;
    for (size_t l = 0; l < 8; l++) {
        made one;
        make_everything(ctx, &one);
        const sml__layer *layer = &((sml__mlp *)one.model->state)->network->layers[l];
        float *values = ((sml__mlp *)one.model->state)->network->parameters;
        if (layer->type->gradient != NULL) {
            values[layer->weight + 1] = 3e38F;
            values[layer->weight + 2] = -3e38F;
            const sml_trace_options options = {.samples = samples, .n = 3, .training = l % 2 == 0};
            sml_trace *huge = NULL;
            assert_ok(ctx, sml_trace_create(ctx, one.model, one.rows, &options, &huge));
            failing += only_finite_ones_hold(ctx, huge);
            sml_trace_free(huge);
        }
        forget(&one);
    }
    assert_true(failing > 0);
    sml_ctx_free(ctx);
}

/* With a silent unit, another temperature or changed parameters the relations hold as well. */
static void what_if_breaks_none(void **state)
{
    sml_ctx *ctx = new_context(1);
    worst list[CHECKS] = {{0}};
    made one;
    (void)state;
    make_everything(ctx, &one);
    for (size_t block = 0; block < 4; block++) {
        assert_ok(ctx, sml_trace_silence(ctx, one.trace, block, 2));
        assert_all_hold(ctx, one.trace, list);
    }
    assert_ok(ctx, sml_trace_set(ctx, one.trace, "layers.0.weight[1,2]", 3.5));
    assert_ok(ctx, sml_trace_set(ctx, one.trace, "layers.1.running_var[3]", 0.01));
    assert_all_hold(ctx, one.trace, list);
    assert_ok(ctx, sml_trace_temperature(ctx, one.trace, 2.7));
    assert_all_hold(ctx, one.trace, list);
    forget(&one);
    sml_ctx_free(ctx);
}

/* Compressed rows have the trace of the same rows with their zeros, to the bit. */
static void compressed_rows_have_the_same_trace(void **state)
{
    enum { COLUMNS = 700, ENTRIES = 5 };
    static float features[ROWS * COLUMNS], values[ROWS * ENTRIES];
    static uint32_t indices[ROWS * ENTRIES];
    static size_t starts[ROWS + 1];
    static int32_t labels[ROWS];
    static const uint32_t samples[] = {5, 299, 17};
    const sml_layer layers[] = {sml_dense(UNITS), sml_relu(), sml_dense(OUTPUTS)};
    const sml_trace_options options = {.samples = samples, .n = 3};
    sml_ctx *ctx = new_context(1);
    sml__random random;
    worst list[CHECKS] = {{0}};
    (void)state;
    sml__random_init(&random, 9, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t e = 0; e < ENTRIES; e++) {
            const size_t column = e * (COLUMNS / ENTRIES) + draw(&random, COLUMNS / ENTRIES);
            values[r * ENTRIES + e] = (float)sml__random_normal(&random);
            indices[r * ENTRIES + e] = (uint32_t)column;
            features[r * COLUMNS + column] = values[r * ENTRIES + e];
        }
        starts[r + 1] = (r + 1) * ENTRIES;
        labels[r] = (int32_t)draw(&random, OUTPUTS);
    }
    sml_data_view view = {.rows = ROWS,
                          .columns = COLUMNS,
                          .features = features,
                          .outputs = OUTPUTS,
                          .labels = labels};
    sml_dataset *dense = NULL, *sparse = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &dense));
    view.features = NULL;
    view.row_starts = starts;
    view.column_indices = indices;
    view.values = values;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &sparse));
    sml_model *model = NULL;
    sml_trace *one = NULL, *other = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, 3, "epochs=1 class_weight=balanced", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, sparse));
    assert_ok(ctx, sml_trace_create(ctx, model, dense, &options, &one));
    assert_ok(ctx, sml_trace_create(ctx, model, sparse, &options, &other));
    assert_all_hold(ctx, other, list);
    for (size_t l = 0; l < 3; l++) {
        const size_t n = 3 * sml__row_stride(one->network.layers[l].n_out) * sizeof(float);
        assert_memory_equal(other->workspace.outputs[l], one->workspace.outputs[l], n);
        assert_memory_equal(other->workspace.deltas[l], one->workspace.deltas[l], n);
    }
    assert_memory_equal(other->gradient, one->gradient, one->network.n_parameters * sizeof(float));
    for (size_t r = 0; r < 3; r++) {
        size_t n = 0;
        const float *raw = sml_trace_vector(other, SML_RAW, 0, r, &n);
        assert_int_equal(n, COLUMNS);
        assert_memory_equal(raw, features + samples[r] * COLUMNS, n * sizeof(float));
    }
    sml_trace_free(one);
    sml_trace_free(other);
    sml_model_free(model);
    sml_dataset_free(dense);
    sml_dataset_free(sparse);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),
        cmocka_unit_test(planted_errors_are_found),
        cmocka_unit_test(what_overflows_does_not_hold),
        cmocka_unit_test(what_if_breaks_none),
        cmocka_unit_test(compressed_rows_have_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
