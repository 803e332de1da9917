/* What a trace says of a step: every parameter follows from the optimiser's rule in double, and the
 * loss changes as the gradient predicts. */
#include "steps.h"

/* One parameter by its name; returns |after - after_double| over the bound. */
static double check_parameter(sml_ctx *ctx, const sml_trace *trace, const sml__parameter *p)
{
    char name[SML__PARAMETER_NAME];
    sml_step_parameter found;
    sml__parameter_text(&trace->network, p, name);
    assert_ok(ctx, sml_trace_parameter(ctx, trace, name, &found));
    assert_string_equal(found.name, name);
    if (!found.holds) {
        fail_msg("%s: %.9g, in double %.17g, bound %g", name, found.after, found.after_double,
                 found.bound);
    }
    /* A bound that says something: a small part of the step, or of the parameter. */
    if (!(found.bound <= 1e-4 * fabs(found.step) + 2e-6 * fabs(found.before) + 1e-6)) {
        fail_msg("%s: step %g, bound %g", name, found.step, found.bound);
    }
    return fabs(found.after - found.after_double) / found.bound;
}

/* All of them; returns the worst. */
static double check_parameters(sml_ctx *ctx, const sml_trace *trace)
{
    double worst = 0;
    for (size_t l = 0; l < trace->network.n_layers; l++) {
        const sml__layer *layer = &trace->network.layers[l];
        const int has_some = layer->type->gradient != NULL;
        for (size_t j = 0; has_some && j < layer->n_out; j++) {
            sml__parameter p = {.kind = SML__BIAS, .layer = l, .unit = j};
            worst = fmax(worst, check_parameter(ctx, trace, &p));
            p.kind = SML__WEIGHT;
            for (p.input = 0; p.input < sml__weights_of_unit(layer); p.input++) {
                worst = fmax(worst, check_parameter(ctx, trace, &p));
            }
        }
    }
    return worst;
}

static void rules_hold_for_every_parameter(void **state)
{
    static const char *const also[] = {"", "clip_norm=0.01", "l1=0.01", "l2=0.1 clip_norm=0.1",
                                       "weight_decay=0.1"};
    static const size_t counts[] = {1, 2, ROWS};
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 14);
    const sml_trace_options options = {.training = 1, .epoch = 1};
    double worst = 0;
    (void)state;
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        for (size_t i = 0; i < 3 * 4 * sizeof also / sizeof also[0]; i++) {
            char settings[128];
            snprintf(settings, sizeof settings, "epochs=1 optimizer=%s %s",
                     kit->optimizers[o]->name, also[i / 12]);
            sml_model *model = new_model(ctx, (shape)(i % 4), settings, made.data);
            sml_trace *trace = traced_in_order(ctx, model, made.data, counts[i / 4 % 3], options);
            for (int s = 0; s < 3; s++) {
                assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
                worst = fmax(worst, check_parameters(ctx, trace));
            }
            sml_trace_free(trace);
            sml_model_free(model);
        }
    }
    assert_true(worst > 0.01);
    print_message("worst %.3f of its bound\n", worst);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* A parameter that the rule does not lead to. */
static void a_wrong_step_is_found(void **state)
{
    sml_ctx *ctx = new_context(1);
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 15);
    (void)state;
    for (size_t o = 0; o < SML__OPTIMIZERS; o++) {
        char settings[64];
        snprintf(settings, sizeof settings, "epochs=1 optimizer=%s", kit->optimizers[o]->name);
        sml_model *model = new_model(ctx, SMOOTH, settings, made.data);
        sml_trace *trace = traced_in_order(ctx, model, made.data, ROWS, (sml_trace_options){0});
        sml_step_parameter found;
        assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
        float *theta = trace->network.parameters + network_of(model)->layers[0].bias + 4;
        assert_ok(ctx, sml_trace_parameter(ctx, trace, "layers.0.bias[4]", &found));
        assert_true(found.holds);
        assert_true(found.after == (double)*theta);
        *theta += (float)(0.001 * found.step + copysign(1e-5, found.step));
        assert_ok(ctx, sml_trace_parameter(ctx, trace, "layers.0.bias[4]", &found));
        assert_false(found.holds);
        sml_trace_free(trace);
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Numbers of one parameter by hand: clipping, penalties and Adam's state over two steps. */
static void adam_by_hand(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 16);
    sml_model *model = new_model(ctx, SMOOTH,
                                 "epochs=1 optimizer=adam l1=0.01 l2=0.1 clip_norm=0.05 "
                                 "learning_rate=0.01 weight_decay=0.2",
                                 made.data);
    sml_trace *trace =
        traced_in_order(ctx, model, made.data, 12, (sml_trace_options){.learning_rate = 0.002});
    double m = 0, v = 0;
    (void)state;
    for (int t = 1; t <= 2; t++) {
        float row[INPUTS + 1], gradient[INPUTS + 1];
        sml_step_facts facts;
        sml_step_parameter found;
        assert_ok(ctx, sml_trace_weights(ctx, trace, 0, 3, 0, row, INPUTS + 1));
        assert_ok(ctx, sml_trace_weights(ctx, trace, 0, 3, 1, gradient, INPUTS + 1));
        const double theta = (double)row[2];
        assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        assert_ok(ctx, sml_trace_parameter(ctx, trace, "layers.0.weight[3,2]", &found));
        const double penalty = 0.1 * theta + 0.01 * (theta > 0 ? 1 : -1);
        const double clip = 0.05 / (facts.gradient_norm + 1e-6);
        const double g = clip * ((double)gradient[2] + penalty) + 0.2 * theta;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        const double m_hat = m / (1 - pow(0.9, t)), v_hat = v / (1 - pow(0.999, t));
        assert_true(clip < 1);
        assert_int_equal(facts.step, t);
        assert_true(facts.learning_rate == 0.002);
        assert_int_equal(facts.is_fresh, t == 1);
        assert_near(facts.clip_factor, clip, 1e-6, 0, "clip", 0);
        assert_true(found.before == theta && found.gradient == (double)gradient[2]);
        assert_near(found.penalty, penalty, 1e-9, 0, "penalty", 0);
        assert_near(found.decayed, g, 1e-6, 0, "g", 0);
        assert_int_equal(found.n_states, 2);
        assert_string_equal(found.state_names[0], "m");
        assert_string_equal(found.state_names[1], "v");
        assert_near(found.state_after[0], m, 1e-5, 0, "m", 0);
        assert_near(found.state_after[1], v, 1e-5, 0, "v", 0);
        assert_true(t == 2 || (found.state_before[0] == 0 && found.state_before[1] == 0));
        assert_int_equal(found.n_parts, 2);
        assert_string_equal(found.parts[0].symbol, "m̂");
        assert_near(found.parts[0].value, m_hat, 1e-5, 0, "m_hat", 0);
        assert_string_equal(found.parts[1].symbol, "v̂");
        assert_near(found.parts[1].value, v_hat, 1e-5, 0, "v_hat", 0);
        assert_near(found.step, 0.002 * m_hat / (sqrt(v_hat) + 1e-8), 1e-5, 0, "step", 0);
        assert_near(found.after, theta - found.step, 1e-6, 1e-8, "after", 0);
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* All parameters of the copy and their gradients, as the public functions give them. */
static double predicted_by_hand(sml_ctx *ctx, sml_trace *trace, sml_step_facts *facts)
{
    static const size_t layers[] = {0, 2}, units[] = {9, OUTPUTS}, lengths[] = {INPUTS + 1, 10};
    float before[2][9][10], gradient[2][9][10], after[10];
    double sum = 0, squares = 0, length = 0, steepness = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < units[i]; j++) {
            assert_ok(ctx,
                      sml_trace_weights(ctx, trace, layers[i], j, 0, before[i][j], lengths[i]));
            assert_ok(ctx,
                      sml_trace_weights(ctx, trace, layers[i], j, 1, gradient[i][j], lengths[i]));
        }
    }
    assert_ok(ctx, sml_trace_step(ctx, trace, facts));
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < units[i]; j++) {
            assert_ok(ctx, sml_trace_weights(ctx, trace, layers[i], j, 0, after, lengths[i]));
            for (size_t k = 0; k < lengths[i]; k++) {
                const double gap = (double)after[k] - (double)before[i][j][k];
                sum += (double)gradient[i][j][k] * gap;
                squares += gap * gap;
                length += (double)before[i][j][k] * (double)before[i][j][k];
                steepness += (double)gradient[i][j][k] * (double)gradient[i][j][k];
            }
        }
    }
    assert_near(facts->step_norm, sqrt(squares), 1e-9, 0, "step", 0);
    assert_near(facts->parameter_norm, sqrt(length), 1e-9, 0, "theta", 0);
    assert_near(facts->gradient_norm, sqrt(steepness), 1e-6, 0, "g", 0);
    return sum;
}

/* Σ g Δθ, the loss of the engine and of the twin, and what is left: of second order, so a quarter
 * at half the step. */
static void the_loss_changes_as_predicted(void **state)
{
    static const double rates[] = {0.4, 0.2, 0.1, 0.05};
    sml_ctx *ctx = new_context(1);
    (void)state;
    for (int task = 0; task < 3; task++) {
        const sml_task tasks[] = {SML_TASK_CLASSIFICATION, SML_TASK_REGRESSION,
                                  SML_TASK_MULTILABEL};
        test_data made = new_test_data(ctx, tasks[task], ROWS, INPUTS, OUTPUTS, 17);
        sml_model *model = new_model(ctx, SMOOTH, "epochs=1 optimizer=sgd", made.data);
        for (size_t i = 0; i < 4; i++) {
            sml_trace *trace = traced_in_order(ctx, model, made.data, ROWS / 2,
                                               (sml_trace_options){.learning_rate = rates[i] / 4});
            const double before = trace->loss;
            sml_step_facts facts;
            const double predicted = predicted_by_hand(ctx, trace, &facts);
            assert_near(facts.predicted, predicted, 1e-9, 0, "predicted", i);
            assert_true(facts.loss_before == before && facts.loss_after == trace->loss);
            assert_true(facts.actual == facts.loss_after - facts.loss_before);
            assert_near(facts.actual_double, facts.actual, 0, 1e-6 * before, "actual", i);
            assert_true(facts.predicted < 0 && facts.actual_double < 0);
            /* plain descent: Σ g Δθ = -η ‖g‖² */
            assert_near(predicted, -rates[i] / 4 * facts.gradient_norm * facts.gradient_norm, 1e-4,
                        0, "-η g²", i);
            assert_near(facts.gap, fabs(facts.actual_double - predicted), 1e-9, 1e-15, "gap", i);
            assert_true(facts.gap < 0.2 * fabs(predicted));
            if (!(facts.half_gap > 0.2 * facts.gap && facts.half_gap < 0.3 * facts.gap)) {
                fail_msg("rate %g: %g at the step, %g at half of it", rates[i], facts.gap,
                         facts.half_gap);
            }
            assert_true(isnan(facts.objective_actual) && isnan(facts.objective_predicted));
            sml_trace_free(trace);
        }
        sml_model_free(model);
        free_test_data(made);
    }
    sml_ctx_free(ctx);
}

/* With penalties it is C + l1 Σ|w| + (l2/2) Σ w² that falls. */
static void penalties_are_in_the_objective(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 18);
    sml_model *model = new_model(ctx, SMOOTH, "epochs=1 optimizer=sgd l1=0.001 l2=0.5", made.data);
    sml_trace *trace =
        traced_in_order(ctx, model, made.data, ROWS, (sml_trace_options){.learning_rate = 0.001});
    double penalty[2] = {0};
    float row[2][9][10];
    sml_step_facts facts;
    (void)state;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < 2; i++) {
            const size_t units = i == 0 ? 9 : OUTPUTS, inputs = i == 0 ? INPUTS : 9;
            for (size_t j = 0; j < units; j++) {
                assert_ok(ctx, sml_trace_weights(ctx, trace, 2 * i, j, 0, row[i][j], inputs + 1));
                for (size_t k = 0; k < inputs; k++) {
                    const double w = (double)row[i][j][k];
                    penalty[side] += 0.001 * fabs(w) + 0.25 * w * w;
                }
            }
        }
        if (side == 0) {
            assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        }
    }
    assert_near(facts.objective_actual, facts.actual_double + penalty[1] - penalty[0], 1e-6, 1e-9,
                "objective", 0);
    assert_near(facts.objective_predicted, facts.objective_actual, 0.02, 0, "objective", 1);
    assert_near(facts.objective_predicted, -0.001 * facts.gradient_norm * facts.gradient_norm, 1e-3,
                0, "objective", 2);
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Tensors by the names of the file, without running statistics; their squares add up to those of
 * the whole step. */
static void tensors_add_up(void **state)
{
    static const char *const names[] = {"layers.0.weight", "layers.0.bias",   "layers.1.weight",
                                        "layers.1.bias",   "layers.2.weight", "layers.2.bias",
                                        "layers.3.weight", "layers.3.bias",   "layers.4.weight",
                                        "layers.4.bias"};
    static const size_t numbers[] = {17 * INPUTS, 17, 17, 17,          9 * 17,
                                     9,           9,  9,  OUTPUTS * 9, OUTPUTS};
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 19);
    sml_model *model = new_model(ctx, NORMS, "epochs=1 optimizer=adam", made.data);
    sml_trace *trace =
        traced_in_order(ctx, model, made.data, 5, (sml_trace_options){.training = 1});
    sml_step_facts facts;
    sml_step_tensor tensor;
    double gradient = 0, step = 0, parameter = 0;
    (void)state;
    assert_null(sml_trace_step_taken(trace));
    assert_int_equal(sml_trace_step_tensor(trace, 0, &tensor), 0);
    assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
    assert_int_equal(sml_trace_step_taken(trace)->step, 1);
    assert_true(sml_trace_step_taken(trace)->loss_after == facts.loss_after);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(sml_trace_step_tensor(trace, i, &tensor), 1);
        assert_string_equal(tensor.name, names[i]);
        assert_int_equal(tensor.numbers, numbers[i]);
        gradient += tensor.gradient_norm * tensor.gradient_norm;
        step += tensor.step_norm * tensor.step_norm;
        parameter += tensor.parameter_norm * tensor.parameter_norm;
        assert_true(tensor.step_norm > 0);
    }
    assert_int_equal(sml_trace_step_tensor(trace, 10, &tensor), 0);
    assert_near(sqrt(gradient), facts.gradient_norm, 1e-6, 0, "g", 0);
    assert_near(sqrt(step), facts.step_norm, 1e-9, 0, "step", 0);
    assert_near(sqrt(parameter), facts.parameter_norm, 1e-9, 0, "theta", 0);
    assert_ok(ctx, sml_trace_undo(ctx, trace));
    assert_null(sml_trace_step_taken(trace));
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

/* Without gaps in double where C is another function in training. */
static void dropout_has_no_loss_in_double(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 19);
    (void)state;
    for (int s = NORMS; s <= DROPOUT; s++) {
        sml_model *model = new_model(ctx, (shape)s, "epochs=1 l2=0.1", made.data);
        sml_trace *trace =
            traced_in_order(ctx, model, made.data, 5, (sml_trace_options){.training = 1});
        sml_step_facts facts;
        assert_ok(ctx, sml_trace_step(ctx, trace, &facts));
        assert_true(isnan(facts.actual_double) && isnan(facts.gap) && isnan(facts.half_gap));
        assert_true(isfinite(facts.actual) && isfinite(facts.objective_actual));
        sml_trace_free(trace);
        sml_model_free(model);
    }
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_hold_for_every_parameter),
        cmocka_unit_test(a_wrong_step_is_found),
        cmocka_unit_test(adam_by_hand),
        cmocka_unit_test(the_loss_changes_as_predicted),
        cmocka_unit_test(penalties_are_in_the_objective),
        cmocka_unit_test(tensors_add_up),
        cmocka_unit_test(dropout_has_no_loss_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
