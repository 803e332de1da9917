/* Findings: what they hold, their order, and which follows from which. */
#include "support.h"

#include "explain/doctor.h"

#include <locale.h>

static sml_doctor *new_doctor(sml_ctx *ctx)
{
    sml_doctor *doctor = NULL;
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_null(sml_doctor_finding(doctor, 0));
    return doctor;
}

static sml_dataset *moons(sml_ctx *ctx)
{
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_open(ctx, "moons", "train", &data));
    return data;
}

/* A watched fit of no epoch: its findings are those of before, in their order. */
static void settle(sml_ctx *ctx, sml_doctor *doctor)
{
    sml_dataset *data = moons(ctx);
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=4 epochs=0", &model));
    static sml_examination what;
    what = (sml_examination){.train = data};
    doctor->examination = &what;
    const sml_fit_options options = {.watch = sml_doctor_watch(doctor)};
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &options, NULL));
    doctor->examination = NULL;
    sml_model_free(model);
    sml_dataset_free(data);
}

static const sml_finding *shown(const sml_doctor *doctor, size_t index, const char *code,
                                const char *cause)
{
    const sml_finding *finding = sml_doctor_finding(doctor, index);
    assert_non_null(finding);
    assert_string_equal(finding->code, code);
    if (cause == NULL) {
        assert_null(finding->suppressed_by);
    } else {
        assert_string_equal(finding->suppressed_by, cause);
    }
    return finding;
}

static void errors_first_and_effects_last(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_doctor *doctor = new_doctor(ctx);
    (void)state;
    sml__doctor_add(doctor, "underfitting", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "dead_relu", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "duplicates", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "leaking_columns", SML_FINDING_ERROR);
    settle(ctx, doctor);
    shown(doctor, 0, "leaking_columns", NULL);
    shown(doctor, 1, "dead_relu", NULL);
    shown(doctor, 2, "duplicates", NULL);
    shown(doctor, 3, "underfitting", NULL); /* a few dead units do not explain it */
    assert_null(sml_doctor_finding(doctor, 4));
    doctor->n_findings = 0;
    sml__doctor_add(doctor, "underfitting", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "dead_relu", SML_FINDING_ERROR);
    sml__doctor_add(doctor, "overfitting", SML_FINDING_WARNING);
    settle(ctx, doctor);
    shown(doctor, 0, "dead_relu", NULL);
    shown(doctor, 1, "overfitting", NULL);
    shown(doctor, 2, "underfitting", "dead_relu");
    sml__doctor_add(doctor, "learning_rate_too_large", SML_FINDING_ERROR);
    settle(ctx, doctor);
    shown(doctor, 0, "learning_rate_too_large", NULL);
    shown(doctor, 1, "dead_relu", "learning_rate_too_large");
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

/* What was there before the first step is the cause of what else follows the other way round. */
static void what_was_there_at_first_is_the_cause(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_doctor *doctor = new_doctor(ctx);
    (void)state;
    sml__doctor_add(doctor, "learning_rate_too_large", SML_FINDING_ERROR);
    sml__doctor_add(doctor, "exploding_gradients", SML_FINDING_WARNING);
    settle(ctx, doctor);
    shown(doctor, 0, "learning_rate_too_large", NULL);
    shown(doctor, 1, "exploding_gradients", "learning_rate_too_large");
    doctor->n_findings = 0;
    sml__doctor_add(doctor, "learning_rate_too_large", SML_FINDING_ERROR);
    sml__doctor_add(doctor, "unscaled_inputs", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "exploding_gradients", SML_FINDING_ERROR);
    settle(ctx, doctor);
    shown(doctor, 0, "exploding_gradients", NULL);
    shown(doctor, 1, "learning_rate_too_large", "exploding_gradients");
    shown(doctor, 2, "unscaled_inputs", "exploding_gradients");
    doctor->n_findings = 0;
    sml__doctor_add(doctor, "dead_relu", SML_FINDING_ERROR);
    sml__doctor_add(doctor, "learning_rate_too_small", SML_FINDING_WARNING);
    sml__doctor_add(doctor, "vanishing_gradients", SML_FINDING_ERROR);
    settle(ctx, doctor);
    shown(doctor, 0, "vanishing_gradients", NULL);
    shown(doctor, 1, "dead_relu", "vanishing_gradients");
    shown(doctor, 2, "learning_rate_too_small", "vanishing_gradients");
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

static void texts_hold_points_and_fit(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_doctor *doctor = new_doctor(ctx);
    char before[64];
    (void)state;
    snprintf(before, sizeof before, "%s", setlocale(LC_NUMERIC, NULL));
    setlocale(LC_NUMERIC, "de_DE.UTF-8"); /* where it is installed */
    sml__finding *f = sml__doctor_add(doctor, "duplicates", SML_FINDING_NOTE);
    sml__finding_say(doctor, f, SML__TITLE, "%g", 0.5);
    sml__finding_say(doctor, f, SML__TITLE, " and %g", 1.5);
    for (int i = 0; i < 100; i++) {
        sml__finding_say(doctor, f, SML__TEXT, "%d twenty characters ", i);
        sml__finding_show(doctor, f, i, "of 100", "thing %d", i);
    }
    setlocale(LC_NUMERIC, before);
    settle(ctx, doctor);
    const sml_finding *found = shown(doctor, 0, "duplicates", NULL);
    assert_string_equal(found->title, "0.5 and 1.5");
    assert_int_equal(strlen(found->text), sizeof f->text - 1);
    assert_int_equal(found->n_evidence, SML__EVIDENCE_MAX);
    assert_string_equal(found->evidence[SML__EVIDENCE_MAX - 1].name, "thing 23");
    assert_string_equal(found->evidence[1].unit, "of 100");
    assert_int_equal(found->block, -1);
    assert_int_equal(found->sample, -1);
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

static void there_is_an_end_to_findings(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_doctor *doctor = new_doctor(ctx);
    (void)state;
    for (int i = 0; i < 2 * SML__FINDINGS_MAX; i++) {
        sml__doctor_add(doctor, "duplicates", SML_FINDING_NOTE);
    }
    settle(ctx, doctor);
    shown(doctor, SML__FINDINGS_MAX - 1, "duplicates", NULL);
    assert_null(sml_doctor_finding(doctor, SML__FINDINGS_MAX));
    sml_doctor_free(doctor);
    sml_doctor_free(NULL);
    sml_ctx_free(ctx);
}

/* Of a fit with these settings: whether its units are found to be equal, and in which block. */
static int64_t equal_block(sml_ctx *ctx, const char *settings)
{
    sml_doctor *doctor = new_doctor(ctx);
    sml_dataset *data = moons(ctx);
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    const sml_examination what = {.train = data};
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
    const sml_finding *finding = sml_doctor_finding(doctor, 0);
    const int64_t block = finding != NULL ? finding->block : -1;
    if (finding != NULL) {
        assert_string_equal(finding->code, "equal_weights");
        assert_int_equal(finding->severity, SML_FINDING_ERROR);
        assert_string_equal(finding->remedy, "init=auto");
    }
    sml_model_free(model);
    sml_dataset_free(data);
    sml_doctor_free(doctor);
    return block;
}

static void equal_units_are_found_where_they_stay_equal(void **state)
{
    sml_ctx *ctx = new_context(1);
    (void)state;
    assert_int_equal(equal_block(ctx, "hidden=8 init=equal epochs=1"), 0);
    assert_int_equal(equal_block(ctx, "hidden=8,8 init=equal normalization=batch epochs=1"), 0);
    assert_int_equal(equal_block(ctx, "hidden=8 epochs=1"), -1);
    assert_int_equal(equal_block(ctx, "hidden=1 init=equal epochs=1"), -1);
    assert_int_equal(equal_block(ctx, "hidden=8 init=equal dropout=0.5 epochs=1"), -1);
    assert_int_equal(equal_block(ctx, "hidden= init=equal epochs=1"), -1);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_first_and_effects_last),
        cmocka_unit_test(what_was_there_at_first_is_the_cause),
        cmocka_unit_test(texts_hold_points_and_fit),
        cmocka_unit_test(there_is_an_end_to_findings),
        cmocka_unit_test(equal_units_are_found_where_they_stay_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
