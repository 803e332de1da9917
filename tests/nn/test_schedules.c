/* Learning rates against PyTorch's schedulers (tests/reference/make_reference.py), and in a fit. */
#include "nn/reference.h"

#include "nn/schedule.h"

static sml__schedule_settings settings_of(const json_t *json, double rate)
{
    const sml__schedule_settings settings = {
        .schedule = sml__schedule_named(json_string_value(json_object_get(json, "schedule"))),
        .learning_rate = rate,
        .minimum = reference_number(json, "minimum"),
        .gamma = reference_number(json, "gamma"),
        .warmup = (uint64_t)reference_number(json, "warmup"),
        .step_epochs = (uint64_t)reference_number(json, "step_epochs"),
        .patience = (uint64_t)reference_number(json, "patience"),
    };
    assert_non_null(settings.schedule);
    return settings;
}

static void check_case(const json_t *json, double rate, uint64_t epochs, uint64_t steps)
{
    const sml__schedule_settings settings = settings_of(json, rate);
    const json_t *rates = json_object_get(json, "rates"), *losses = json_object_get(json, "losses");
    sml__plateau plateau = {.best = (double)INFINITY, .factor = 1.0};
    assert_int_equal(json_array_size(rates), epochs * steps);
    for (uint64_t t = 0; t < epochs * steps; t++) {
        const sml__schedule_place place = {t, epochs * steps, t / steps, plateau.factor};
        assert_near(sml__learning_rate(&settings, &place),
                    json_number_value(json_array_get(rates, t)), 1e-12, 1e-16,
                    settings.schedule->name, t);
        if (json_array_size(losses) > 0 && (t + 1) % steps == 0) {
            sml__plateau_see(&plateau, &settings,
                             json_number_value(json_array_get(losses, t / steps)));
        }
    }
}

static void rates_are_those_of_pytorch(void **state)
{
    (void)state;
    json_t *json = load_reference("schedules.json");
    const json_t *cases = json_object_get(json, "cases"), *one;
    size_t i;
    assert_true(json_array_size(cases) >= 12);
    json_array_foreach(cases, i, one)
    {
        check_case(one, reference_number(json, "learning_rate"),
                   (uint64_t)reference_number(json, "epochs"),
                   (uint64_t)reference_number(json, "steps"));
    }
    json_decref(json);
}

static void plateau_takes_nan_for_no_progress(void **state)
{
    (void)state;
    const sml__schedule_settings settings = {.gamma = 0.5, .patience = 1};
    sml__plateau plateau = {.best = (double)INFINITY, .factor = 1.0};
    sml__plateau_see(&plateau, &settings, (double)NAN);
    assert_true(plateau.factor == 1.0);
    sml__plateau_see(&plateau, &settings, (double)NAN);
    assert_true(plateau.factor == 0.5);
}

/* Parameters before and after a fit of one model with another schedule. */
static float *fitted(sml_ctx *ctx, const sml_dataset *data, const char *settings, size_t *n)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    float *values = parameters_of(ctx, model, n);
    sml_model_free(model);
    return values;
}

/* Two fits that must agree, near enough or bit by bit. */
static void assert_same_fit(sml_ctx *ctx, const sml_dataset *data, const char *a, const char *b,
                            double tolerance)
{
    size_t n = 0, m = 0;
    float *x = fitted(ctx, data, a, &n), *y = fitted(ctx, data, b, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)x[i], (double)y[i], tolerance, tolerance, a, i);
    }
    free(x);
    free(y);
}

/* The step that is folded into the backward pass, in passes of one and of several rows, has the
 * rate of the schedule: a limit of the gradient's norm that never acts unfolds it. A rate of 0
 * leaves the parameters as they are, and does not overwrite them. */
static void folded_steps_follow_the_schedule(void **state)
{
    static const char *const schedules[] = {
        "schedule=cosine", "schedule=exponential gamma=0.5 warmup=8",
        "schedule=step step_epochs=1 gamma=0", /* a rate of 0 from the second epoch on */
    };
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 40, 6, 3, 1);
    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
        for (int batch = 1; batch <= 7; batch += 6) {
            char folded[200], apart[240];
            snprintf(folded, sizeof folded,
                     "optimizer=sgd hidden=9 activation=tanh epochs=3 batch_size=%d %s", batch,
                     schedules[i]);
            snprintf(apart, sizeof apart, "%s clip_norm=1e30", folded);
            assert_same_fit(ctx, data.data, folded, apart, 1e-5);
        }
    }
    assert_same_fit(ctx, data.data,
                    "optimizer=sgd hidden=9 epochs=3 batch_size=7 schedule=step step_epochs=1 "
                    "gamma=0",
                    "optimizer=sgd hidden=9 epochs=1 batch_size=7", 0);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* So does every optimiser: with γ = 0 the second epoch does nothing. Its state goes on. */
static void every_optimiser_follows_the_schedule(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 40, 6, 2, 1);
    for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
        char stopped[200], short_one[200];
        const char *name = sml__kit_for(SML__ISA_PLAIN)->optimizers[i]->name;
        snprintf(short_one, sizeof short_one, "optimizer=%s hidden=5 batch_size=8 epochs=1", name);
        snprintf(stopped, sizeof stopped,
                 "optimizer=%s hidden=5 batch_size=8 epochs=2 schedule=step step_epochs=1 gamma=0",
                 name);
        assert_same_fit(ctx, data.data, stopped, short_one, 0);
    }
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void a_minimum_above_the_rate_is_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_REGRESSION, 10, 2, 1, 1);
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp",
                                    "schedule=cosine learning_rate=0.1 minimum_learning_rate=0.2",
                                    &model));
    assert_int_equal(sml_model_fit(ctx, model, data.data), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "minimum_learning_rate: 0.2"));
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_those_of_pytorch),
        cmocka_unit_test(plateau_takes_nan_for_no_progress),
        cmocka_unit_test(folded_steps_follow_the_schedule),
        cmocka_unit_test(every_optimiser_follows_the_schedule),
        cmocka_unit_test(a_minimum_above_the_rate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
