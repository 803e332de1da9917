/* Every number of a model file has a name, and the name leads back to it. */
#include "support.h"

#include "nn/mlp.h"
#include "nn/parameter_name.h"

enum { INPUTS = 5, OUTPUTS = 3 };

static sml_model *new_model(sml_ctx *ctx)
{
    const sml_layer layers[] = {sml_dropout(0.1), sml_dense(9),     sml_batch_norm(),  sml_relu(),
                                sml_dense(4),     sml_layer_norm(), sml_dense(OUTPUTS)};
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, 30, INPUTS, OUTPUTS, 1);
    sml_model *model = NULL;
    assert_ok(ctx, sml_network_create(ctx, layers, 7, "epochs=1", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    free_test_data(made);
    return model;
}

static const sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

static void assert_leads_to(sml_ctx *ctx, const sml__network *network, const char *name,
                            float value)
{
    char text[SML__PARAMETER_NAME];
    sml__parameter place;
    assert_ok(ctx, sml__parameter_parse(ctx, network, name, &place));
    assert_true(network->parameters[sml__parameter_position(network, &place)] == value);
    sml__parameter_text(network, &place, text);
    assert_string_equal(text, name);
}

static void every_number_of_the_file(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_model *model = new_model(ctx);
    sml_tensor_facts facts;
    size_t all = 0;
    (void)state;
    for (size_t t = 0; sml_model_tensor(NULL, model, t, &facts) == SML_OK; t++) {
        const size_t columns = facts.rank == 2 ? facts.shape[1] : 1, n = facts.shape[0] * columns;
        float values[64];
        assert_ok(ctx, sml_model_tensor_values(ctx, model, t, values, n));
        for (size_t i = 0; i < n; i++) {
            char name[128];
            if (facts.rank == 2) {
                snprintf(name, sizeof name, "%s[%zu,%zu]", facts.name, i / columns, i % columns);
            } else {
                snprintf(name, sizeof name, "%s[%zu]", facts.name, i);
            }
            assert_leads_to(ctx, network_of(model), name, values[i]);
        }
        all += n;
    }
    assert_int_equal(all, 9 * INPUTS + 9 + 4 * 9 + 4 * 9 + 4 + 2 * 4 + OUTPUTS * 4 + OUTPUTS);
    sml_model_free(model);
    sml_ctx_free(ctx);
}

static void what_is_not_there_is_refused(void **state)
{
    static const struct {
        const char *name, *answer;
    } wrong[] = {
        {"", "is no parameter"},
        {"layers.0.weight", "is no parameter"},
        {"layers.0.weight[1,2", "is no parameter"},
        {"layers.0.weight[1,2]x", "is no parameter"},
        {"layers.0.weight[1, 2]", "is no parameter"},
        {"layers.0.weight[13,]", "is no parameter"},
        {"layers.0.weight[-1,2]", "is no parameter"},
        {"layers.0.weight[+1,2]", "is no parameter"},
        {"layers.0.weights[1,2]", "is no parameter"},
        {"layers..weight[1,2]", "is no parameter"},
        {"layer.0.weight[1,2]", "is no parameter"},
        {"layers.5.bias[0]", "layers.0…layers.4"},
        {"layers.99999999999999999999999.bias[0]", "layers.0…layers.4"},
        {"layers.0.weight[9,0]", "layers.0 has units 0…8"},
        {"layers.0.weight[18446744073709551616,0]", "layers.0 has units 0…8"},
        {"layers.0.weight[0,5]", "layers.0 has inputs 0…4"},
        {"layers.0.weight[0]", "write layers.0.weight[UNIT,INPUT]"},
        {"layers.1.weight[0,0]", "write layers.1.weight[UNIT]"},
        {"layers.0.bias[0,0]", "write layers.0.bias[UNIT]"},
        {"layers.0.running_mean[0]", "layers.0 is dense and has no running_mean"},
        {"layers.3.running_var[0]", "layers.3 is layer_norm and has no running_var"},
    };
    sml_ctx *ctx = new_context(1);
    sml_model *model = new_model(ctx);
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sml__parameter place;
        assert_int_equal(sml__parameter_parse(ctx, network_of(model), wrong[i].name, &place),
                         SML_BAD_ARGUMENT);
        if (strstr(sml_ctx_error(ctx), wrong[i].answer) == NULL) {
            fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), wrong[i].answer);
        }
    }
    sml_model_free(model);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_the_file),
        cmocka_unit_test(what_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
