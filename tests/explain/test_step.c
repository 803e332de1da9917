/* A step of training on a trace: it has the bits of a fit on the same rows, also from a checkpoint,
 * and goes back to the bit. */
#include "steps.h"

#include <unistd.h>

static void check_against_fit(sml_ctx *ctx, shape which, size_t n, const char *settings,
                              const sml_dataset *rows, int is_folded)
{
    sml_model *model = new_model(ctx, which, settings, rows);
    const sml_fit_options warm = {.warm_start = 1};
    const sml_trace_options options = {.training = 1, .epoch = 1};
    sml__network *network = network_of(model);
    const size_t bytes = network->n_values * sizeof(float);
    float *before = malloc(bytes);
    sml_step_facts facts;
    sml_trace *trace = traced_in_order(ctx, model, rows, n, options);
    memcpy(before, network->parameters, bytes);
    assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
    assert_memory_equal(network->parameters, before, bytes);
    assert_int_equal(facts.is_folded, is_folded);
    assert_int_equal(facts.is_fresh, 1);
    sml_trace_free(trace); /* before the fit, which may replace the network */
    trace = traced_in_order(ctx, model, rows, n, options);
    assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
    assert_ok(ctx, sml_model_fit_with(ctx, model, rows, &warm, NULL));
    network = network_of(model);
    assert_memory_equal(trace->network.parameters, network->parameters,
                        network->n_parameters * sizeof(float));
    assert_memory_equal(trace->running, network->parameters + network->n_parameters,
                        (network->n_values - network->n_parameters) * sizeof(float));
    assert_memory_not_equal(before, network->parameters, bytes);
    sml_trace_free(trace);
    free(before);
    sml_model_free(model);
}

/* Seven optimisers and everything that joins in a step, for one row and for many. */
static void a_step_is_that_of_a_fit(void **state)
{
    static const char *const also[] = {"",
                                       "clip_norm=0.01",
                                       "l1=0.01",
                                       "l2=0.1 clip_norm=0.1",
                                       "weight_decay=0.1",
                                       "label_smoothing=0.1",
                                       "schedule=constant class_weight=balanced"};
    sml_ctx *ctx = new_context(2);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 11);
    int32_t labels[ROWS];
    sml_dataset *labelled = NULL, *one = NULL;
    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (int32_t)(r % 5) / 2;
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = INPUTS,
                                .features = made.features,
                                .outputs = OUTPUTS,
                                .labels = labels};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &labelled));
    assert_ok(ctx, sml_dataset_rows(ctx, labelled, 3, 1, &one));
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        const int is_plain = kit->optimizers[o]->is_plain;
        for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
            for (int s = PLAIN; s <= DROPOUT; s++) {
                const int is_folded = is_plain && (also[i][0] == '\0' || i == 5 || i == 6);
                char settings[160];
                snprintf(settings, sizeof settings,
                         "epochs=1 batch_size=64 optimizer=%s learning_rate=0.05 %s",
                         kit->optimizers[o]->name, also[i]);
                check_against_fit(ctx, (shape)s, ROWS, settings, labelled, is_folded);
                check_against_fit(ctx, (shape)s, 1, settings, one, is_folded);
            }
        }
    }
    sml_dataset_free(one);
    sml_dataset_free(labelled);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Other losses and tasks, and inputs and targets that are scaled before the network sees them. */
static void tasks_and_scaling(void **state)
{
    static const struct {
        sml_task task;
        const char *settings;
    } cases[] = {
        {SML_TASK_REGRESSION, "epochs=1 batch_size=64 optimizer=sgd loss=huber scaling=standard"},
        {SML_TASK_REGRESSION, "epochs=1 batch_size=64 optimizer=adam target_scaling=standard"},
        {SML_TASK_REGRESSION, "epochs=1 batch_size=64 optimizer=sgd target_scaling=standard"},
        {SML_TASK_MULTILABEL, "epochs=1 batch_size=64 optimizer=adamw scaling=min_max"},
    };
    sml_ctx *ctx = new_context(1);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_data made = new_test_data(ctx, cases[i].task, ROWS, INPUTS, OUTPUTS, 21);
        const int is_folded = strstr(cases[i].settings, "optimizer=sgd") != NULL;
        for (int s = PLAIN; s <= DROPOUT; s++) {
            check_against_fit(ctx, (shape)s, ROWS, cases[i].settings, made.data, is_folded);
        }
        free_test_data(made);
    }
    sml_ctx_free(ctx);
}

/* Everything that a step changes. */
typedef struct snapshot {
    float *values[4];
    uint64_t steps;
    double loss;
} snapshot;

static float *copy_of(const float *values, size_t n)
{
    float *copy = malloc((n + 1) * sizeof(float));
    if (n > 0) {
        memcpy(copy, values, n * sizeof(float));
    }
    return copy;
}

static snapshot take_snapshot(const sml_trace *trace)
{
    const size_t n = trace->network.n_parameters;
    const snapshot taken = {{copy_of(trace->network.parameters, trace->network.n_values),
                             copy_of(trace->running, trace->network.n_values - n),
                             copy_of(trace->state[0], trace->state[0] != NULL ? n : 0),
                             copy_of(trace->state[1], trace->state[1] != NULL ? n : 0)},
                            trace->steps,
                            trace->loss};
    return taken;
}

static void assert_snapshot(const sml_trace *trace, const snapshot *taken)
{
    const size_t n = trace->network.n_parameters, all = trace->network.n_values;
    assert_memory_equal(trace->network.parameters, taken->values[0], all * sizeof(float));
    assert_memory_equal(trace->running, taken->values[1], (all - n) * sizeof(float));
    for (int s = 0; s < 2; s++) {
        if (trace->state[s] != NULL) {
            assert_memory_equal(trace->state[s], taken->values[2 + s], n * sizeof(float));
        }
    }
    assert_int_equal(trace->steps, taken->steps);
    assert_memory_equal(&trace->loss, &taken->loss, sizeof taken->loss);
}

static void free_snapshot(snapshot *taken)
{
    for (int i = 0; i < 4; i++) {
        free(taken->values[i]);
    }
}

/* Three steps and three steps back, twice; edits wait until the steps are taken back. */
static void steps_go_back_to_the_bit(void **state)
{
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 12);
    const sml_trace_options options = {.training = 1, .epoch = 1};
    (void)state;
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        char settings[64];
        snprintf(settings, sizeof settings, "epochs=1 optimizer=%s", kit->optimizers[o]->name);
        sml_model *model = new_model(ctx, NORMS, settings, made.data);
        sml_trace *trace = traced_in_order(ctx, model, made.data, 9, options);
        snapshot taken[3];
        assert_ok(ctx, sml_trace_set(ctx, trace, "layers.1.running_mean[2]", 0.25));
        for (int round = 0; round < 2; round++) {
            for (size_t s = 0; s < 3; s++) {
                taken[s] = take_snapshot(trace);
                assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
                assert_memory_not_equal(trace->network.parameters, taken[s].values[0],
                                        trace->network.n_values * sizeof(float));
            }
            assert_int_equal(sml_trace_set(ctx, trace, "layers.0.bias[0]", 1), SML_BAD_ARGUMENT);
            assert_int_equal(sml_trace_reset(ctx, trace), SML_BAD_ARGUMENT);
            assert_int_equal(sml_trace_take_back(ctx, trace, 0), SML_BAD_ARGUMENT);
            for (size_t s = 3; s-- > 0;) {
                assert_ok(ctx, sml_trace_undo(ctx, trace));
                assert_snapshot(trace, &taken[s]);
                free_snapshot(&taken[s]);
            }
        }
        assert_int_equal(sml_trace_undo(ctx, trace), SML_BAD_ARGUMENT);
        assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
        sml_trace_free(trace); /* with a step taken */
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A training of two epochs, one step each, against one of one epoch, whose checkpoint knows the
 * optimiser's state, and a step. */
static void a_checkpoint_has_the_state(void **state)
{
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 13);
    char path[] = "/tmp/test_step_XXXXXX";
    (void)state;
    close(mkstemp(path));
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        const sml_layer layers[] = {sml_dense(17), sml_batch_norm(), sml_relu(),
                                    sml_dense(OUTPUTS)};
        char settings[128];
        sml_model *model = NULL, *half = NULL, *through = NULL;
        const sml_fit_options keep = {.checkpoint = path};
        const sml_trace_options options = {.training = 1, .epoch = 1, .checkpoint = path};
        sml_step_facts facts;
        snprintf(settings, sizeof settings, "epochs=1 batch_size=64 optimizer=%s",
                 kit->optimizers[o]->name);
        assert_ok(ctx, sml_network_create(ctx, layers, 4, settings, &model));
        unlink(path);
        assert_ok(ctx, sml_model_fit_with(ctx, model, made.data, &keep, NULL));
        assert_ok(ctx, sml_model_load_checkpoint(ctx, path, &half));
        assert_ok(ctx, sml_network_create(ctx, layers, 4, settings, &through));
        assert_ok(ctx, sml_model_set(ctx, through, "epochs", "2"));
        assert_ok(ctx, sml_model_fit(ctx, through, made.data));
        sml_trace *trace = traced_in_order(ctx, half, made.data, ROWS, options);
        assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        assert_int_equal(facts.step, 2);
        assert_int_equal(facts.is_fresh, 0);
        const sml__network *network = network_of(through);
        assert_memory_equal(trace->network.parameters, network->parameters,
                            network->n_parameters * sizeof(float));
        assert_memory_equal(trace->running, network->parameters + network->n_parameters,
                            (network->n_values - network->n_parameters) * sizeof(float));
        sml_trace_free(trace);
        /* The model has the same parameters; one step further it has not. */
        trace = traced_in_order(ctx, model, made.data, ROWS, options);
        sml_trace_free(trace);
        trace = NULL;
        const uint32_t row = 0;
        sml_trace_options other = options;
        other.samples = &row;
        other.n = 1;
        assert_int_equal(sml_trace_create(ctx, through, made.data, &other, &trace),
                         SML_BAD_ARGUMENT);
        assert_null(trace);
        assert_non_null(strstr(sml_ctx_error(ctx), "other parameters"));
        assert_ok(ctx, sml_model_set(ctx, model, "optimizer", o == 0 ? "adam" : "sgd"));
        assert_int_equal(sml_trace_create(ctx, model, made.data, &other, &trace), SML_BAD_ARGUMENT);
        assert_non_null(strstr(sml_ctx_error(ctx), "another optimizer"));
        other.checkpoint = "/tmp/no/such/file";
        assert_int_equal(sml_trace_create(ctx, model, made.data, &other, &trace), SML_NOT_FOUND);
        sml_model_free(model);
        sml_model_free(half);
        sml_model_free(through);
    }
    unlink(path);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void bad_steps_are_refused(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 20);
    const sml_data_view view = {.rows = ROWS, .columns = INPUTS, .features = made.features};
    const uint32_t row = 0;
    sml_model *model = new_model(ctx, NORMS, "epochs=1", made.data);
    sml_trace *trace = traced(ctx, model, made.data, &row, 1, (sml_trace_options){0}), *bad = NULL;
    sml_dataset *bare = NULL;
    sml_step_parameter found;
    (void)state;
    refused(ctx, sml_trace_step(ctx, trace, NULL), SML_BAD_ARGUMENT, "one of training");
    sml_trace_free(trace);
    trace = traced(ctx, model, made.data, &row, 1, (sml_trace_options){.training = 1});
    refused(ctx, sml_trace_parameter(ctx, trace, "layers.0.bias[0]", &found), SML_BAD_ARGUMENT,
            "no step");
    assert_ok(ctx, sml_trace_silence(ctx, trace, 0, 3));
    refused(ctx, sml_trace_step(ctx, trace, NULL), SML_BAD_ARGUMENT, "layers.0 unit 3");
    assert_ok(ctx, sml_trace_reset(ctx, trace));
    assert_ok(ctx, sml_trace_temperature(ctx, trace, 2));
    refused(ctx, sml_trace_step(ctx, trace, NULL), SML_BAD_ARGUMENT, "temperature");
    assert_ok(ctx, sml_trace_reset(ctx, trace));
    assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
    refused(ctx, sml_trace_parameter(ctx, trace, "layers.1.running_var[0]", &found),
            SML_BAD_ARGUMENT, "batch");
    refused(ctx, sml_trace_parameter(ctx, trace, "layers.0.bias[17]", &found), SML_BAD_ARGUMENT,
            "units 0…16");
    sml_trace_free(trace);
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &bare));
    trace = traced(ctx, model, bare, &row, 1, (sml_trace_options){.training = 1});
    refused(ctx, sml_trace_step(ctx, trace, NULL), SML_BAD_DATA, "no targets");
    sml_trace_free(trace);
    sml_trace_options options = {.samples = &row, .n = 1, .learning_rate = -1};
    refused(ctx, sml_trace_create(ctx, model, made.data, &options, &bad), SML_BAD_ARGUMENT, "-1");
    options.learning_rate = (double)NAN;
    refused(ctx, sml_trace_create(ctx, model, made.data, &options, &bad), SML_BAD_ARGUMENT, "nan");
    sml_dataset_free(bare);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_that_of_a_fit),  cmocka_unit_test(tasks_and_scaling),
        cmocka_unit_test(steps_go_back_to_the_bit), cmocka_unit_test(a_checkpoint_has_the_state),
        cmocka_unit_test(bad_steps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
