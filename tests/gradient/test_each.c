/* The check of single parameters: by name and one after the other they say the same, for any team;
 * a kink is named where it lies. */
#include "support.h"

#include "nn/mlp.h"

enum { ROWS = 30, INPUTS = 5, OUTPUTS = 4, PARAMETERS_MAX = 400 };

static const int TEAMS[] = {1, 2, 4};

typedef struct list {
    sml_parameter_check found[PARAMETERS_MAX];
    size_t n;
    size_t calls, stop_at; /* 0: never */
    uint64_t reported;
} list;

static int keep(void *user, const sml_parameter_check *one)
{
    list *to = user;
    assert_true(to->n < PARAMETERS_MAX);
    to->found[to->n++] = *one;
    return to->n == to->stop_at;
}

static int count_calls(void *user, const sml_progress *progress)
{
    list *to = user;
    to->calls++;
    to->reported = progress->step;
    return 0;
}

static sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

static sml_model *fitted(sml_ctx *ctx, const char *settings, const sml_dataset *data)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

/* Fields, as padding has no value; texts to their ends. */
static void assert_same(const sml_parameter_check *a, const sml_parameter_check *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->kink, b->kink);
    assert_int_equal(a->crossed, b->crossed);
    assert_memory_equal(&a->value, &b->value, sizeof a->value);
    assert_memory_equal(&a->analytic, &b->analytic, sizeof a->analytic);
    assert_memory_equal(&a->numeric, &b->numeric, sizeof a->numeric);
    assert_memory_equal(&a->engine, &b->engine, sizeof a->engine);
    assert_true(a->relative_error == b->relative_error ||
                (isnan(a->relative_error) && isnan(b->relative_error)));
    assert_true(a->step == b->step);
}

static void all_are_checked_in_order(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = fitted(ctx,
                              "hidden=9,7 activation=relu normalization=layer epochs=2 l1=0.01 "
                              "l2=0.1 label_smoothing=0.1",
                              made.data);
    const size_t total = sml__network_parameter_count(network_of(model));
    static list first;
    (void)state;
    for (size_t t = 0; t < sizeof TEAMS / sizeof TEAMS[0]; t++) {
        sml_ctx *other = new_context(TEAMS[t]);
        static list seen;
        sml_gradient_check all, plain;
        double worst = 0;
        size_t kinks = 0;
        memset(&seen, 0, sizeof seen);
        assert_ok(other,
                  sml_network_check_each(other, model, made.data, keep, count_calls, &seen, &all));
        assert_ok(other, sml_network_check(other, model, made.data, NULL, NULL, &plain));
        assert_int_equal(seen.n, total);
        assert_int_equal(seen.reported, total);
        for (size_t i = 0; i < total; i++) {
            sml_parameter_check alone;
            const sml_parameter_check *one = &seen.found[i];
            assert_ok(other,
                      sml_network_check_parameter(other, model, made.data, one->name, &alone));
            assert_same(one, &alone);
            if (t > 0) {
                assert_same(one, &first.found[i]);
            }
            kinks += one->crossed != 0;
            worst = fmax(worst, one->crossed ? 0 : one->relative_error);
            assert_true(one->crossed == isnan(one->relative_error));
            assert_near(one->engine, one->analytic, 1e-4, 1e-6, one->name, i);
        }
        assert_int_equal(all.parameters_checked, total - kinks);
        assert_int_equal(all.kinks_skipped, kinks);
        assert_true(all.max_relative_error == worst);
        assert_true(plain.max_relative_error == worst);
        assert_true(worst <= 1e-6);
        first = seen;
        sml_ctx_free(other);
    }
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Values are those of the tensors, in the order of the file: rows of W, and the bias of the unit
 * behind its row. */
static void values_are_those_of_the_file(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = fitted(ctx, "hidden= epochs=1", made.data);
    float weight[OUTPUTS * INPUTS], bias[OUTPUTS];
    static list seen;
    sml_gradient_check all;
    (void)state;
    memset(&seen, 0, sizeof seen);
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, weight, OUTPUTS * INPUTS));
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 1, bias, OUTPUTS));
    assert_ok(ctx, sml_network_check_each(ctx, model, made.data, keep, NULL, &seen, &all));
    for (size_t j = 0; j < OUTPUTS; j++) {
        for (size_t i = 0; i <= INPUTS; i++) {
            const sml_parameter_check *one = &seen.found[j * (INPUTS + 1) + i];
            char name[64];
            if (i < INPUTS) {
                snprintf(name, sizeof name, "layers.0.weight[%zu,%zu]", j, i);
            } else {
                snprintf(name, sizeof name, "layers.0.bias[%zu]", j);
            }
            assert_string_equal(one->name, name);
            assert_true(one->value == (double)(i < INPUTS ? weight[j * INPUTS + i] : bias[j]));
        }
    }
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void assert_kink(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                        const char *name, const char *kink)
{
    sml_parameter_check found;
    assert_ok(ctx, sml_network_check_parameter(ctx, model, data, name, &found));
    assert_string_equal(found.kink, kink);
    assert_int_equal(found.crossed, kink[0] != '\0');
    assert_true(isnan(found.relative_error) == (kink[0] != '\0'));
}

/* A relu whose input is 0 for one sample, a weight of 0 under l1, a residual of 1 under Huber. */
static void kinks_are_named(void **state)
{
    const sml_layer layers[] = {sml_dense(6), sml_tanh(), sml_dense(7), sml_relu(),
                                sml_dense(OUTPUTS)};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_REGRESSION, ROWS, INPUTS, OUTPUTS, 3);
    sml_dataset *rows = NULL;
    sml_model *model = NULL;
    (void)state;
    assert_ok(ctx, sml_dataset_rows(ctx, made.data, 0, 3, &rows));
    assert_ok(ctx, sml_network_create(ctx, layers, 5, "epochs=1 l1=0.1", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    sml__network *network = network_of(model);
    const sml__layer *middle = &network->layers[2];
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 7; j++) { /* all other units are far from 0 */
            network->parameters[middle->bias + j] = j == 4 ? 0 : 20;
        }
        if (i < 6) {
            network->parameters[middle->weight + i * middle->stride + 4] = 0;
        }
    }
    const sml__layer *first = &network->layers[0];
    network->parameters[first->weight + 2 * first->stride + 1] = 0;
    assert_kink(ctx, model, rows, "layers.1.bias[4]", "relu of layers.1 unit 4, sample 0");
    assert_kink(ctx, model, rows, "layers.1.weight[4,2]", "relu of layers.1 unit 4, sample 0");
    assert_kink(ctx, model, rows, "layers.1.weight[3,2]", "");
    assert_kink(ctx, model, rows, "layers.0.weight[1,2]", "l1 at 0");
    assert_kink(ctx, model, rows, "layers.0.bias[1]", ""); /* w_41 is 0: unit 4 stays at its kink */
    assert_kink(ctx, model, rows, "layers.2.bias[0]", "");
    sml_model_free(model);
    model = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers + 4, 1, "epochs=1 loss=huber", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    network = network_of(model);
    memset(network->parameters, 0, network->n_values * sizeof(float));
    for (size_t k = 0; k < OUTPUTS; k++) { /* z - y of sample 2 is 1 for output 3 */
        network->parameters[network->layers[0].bias + k] = k == 3 ? 0 : 50;
    }
    network->parameters[network->layers[0].bias + 3] = made.targets[2 * OUTPUTS + 3] + 1;
    assert_kink(ctx, model, rows, "layers.0.bias[3]", "huber of output 3, sample 2");
    assert_kink(ctx, model, rows, "layers.0.bias[2]", "");
    sml_model_free(model);
    sml_dataset_free(rows);
    free_test_data(made);
    sml_ctx_free(ctx);
}

static void refused(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, const char *name,
                    const char *text)
{
    sml_parameter_check found;
    assert_int_equal(sml_network_check_parameter(ctx, model, data, name, &found), SML_BAD_ARGUMENT);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), text);
    }
}

static void wrong_names_and_cancelling(void **state)
{
    sml_ctx *ctx = new_context(2);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 3);
    sml_model *model = fitted(ctx, "hidden=9 normalization=batch epochs=1", made.data),
              *empty = NULL;
    static list seen;
    sml_gradient_check all;
    (void)state;
    refused(ctx, model, made.data, "layers.0.weight[9,0]", "units 0…8");
    refused(ctx, model, made.data, "layers.0.weight[0]", "[UNIT,INPUT]");
    refused(ctx, model, made.data, "layers.0.weight[13,", "no parameter");
    refused(ctx, model, made.data, "layers.0.weight[-1,2]", "no parameter");
    refused(ctx, model, made.data, "layers.0.weight[9999999999999999999,0]", "units 0…8");
    refused(ctx, model, made.data, "", "no parameter");
    refused(ctx, model, made.data, "layers.1.running_var[0]", "running statistic");
    assert_ok(ctx, sml_model_create(ctx, "mlp", NULL, &empty));
    refused(ctx, empty, made.data, "layers.0.bias[0]", "not a fitted network");
    memset(&seen, 0, sizeof seen);
    seen.stop_at = 17;
    assert_int_equal(sml_network_check_each(ctx, model, made.data, keep, NULL, &seen, &all),
                     SML_CANCELLED);
    assert_int_equal(seen.n, 17);
    assert_non_null(strstr(sml_ctx_error(ctx), "after 17 of"));
    sml_model_free(empty);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_checked_in_order),
        cmocka_unit_test(values_are_those_of_the_file),
        cmocka_unit_test(kinks_are_named),
        cmocka_unit_test(wrong_names_and_cancelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
