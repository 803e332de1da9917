/* Memory ends at the k-th call, for k = 1, 2, 3, … until a run has no k-th call any more: a
 * training with a doctor beside it, and examinations of a network that dies and of one that
 * diverges. A training that the doctor looks at ends as it would alone; an examination says all or
 * that it could not; and nothing leaks (LeakSanitizer says so in the address build). */
#include "memory_ends.h"
#include "support.h"

enum { CALLS_MAX = 100000, ROWS = 150 };

/* One run in which call k fails: the status of the fit, and what it left. */
static sml_status run(sml_ctx *ctx, const sml_dataset *data, const char *settings, int examines,
                      long k, char *found, size_t size, float *first)
{
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    sml_tensor_facts facts;
    float values[64] = {0};
    countdown = k;
    struck = 0;
    sml_status status = sml_doctor_create(ctx, &doctor);
    if (status == SML_OK) {
        status = sml_model_create(ctx, "mlp", settings, &model);
    }
    if (status == SML_OK && examines) {
        const sml_examination what = {.train = data};
        status = sml_doctor_examine(ctx, doctor, model, &what, NULL);
    } else if (status == SML_OK) {
        const sml_fit_options options = {.watch = sml_doctor_watch(doctor)};
        status = sml_model_fit_with(ctx, model, data, &options, NULL);
    }
    countdown = 0;
    const sml_finding *f = status == SML_OK ? sml_doctor_finding(doctor, 0) : NULL;
    snprintf(found, size, "%s", f != NULL ? f->text : "");
    if (status == SML_OK && sml_model_tensor(NULL, model, 0, &facts) == SML_OK) {
        assert_ok(ctx,
                  sml_model_tensor_values(ctx, model, 0, values, facts.shape[0] * facts.shape[1]));
    }
    memcpy(first, values, sizeof values);
    sml_model_free(model);
    sml_doctor_free(doctor);
    return status;
}

static void until_nothing_fails(const char *settings, int examines)
{
    sml_ctx *ctx = new_context(1);
    sml_dataset *all = NULL, *data = NULL;
    assert_ok(ctx, sml_dataset_open(ctx, "moons", "train", &all));
    assert_ok(ctx, sml_dataset_rows(ctx, all, 0, ROWS, &data));
    char wanted[700], found[700];
    float right[64], left[64];
    long k = 1;
    assert_int_equal(run(ctx, data, settings, examines, 0, wanted, sizeof wanted, right), SML_OK);
    for (; k < CALLS_MAX; k++) {
        const sml_status status = run(ctx, data, settings, examines, k, found, sizeof found, left);
        if (!struck) {
            break;
        }
        if (status == SML_OK) {
            assert_memory_equal(left, right, sizeof right);
        } else {
            assert_int_equal(status, SML_NO_MEMORY);
            assert_true(sml_ctx_error(ctx)[0] != '\0');
        }
        if (status == SML_OK && examines) {
            assert_string_equal(found, wanted);
        }
    }
    assert_true(k > 20 && k < CALLS_MAX);
    sml_dataset_free(data);
    sml_dataset_free(all);
    sml_ctx_free(ctx);
}

static void a_training_beside_it_ends_as_alone(void **state)
{
    (void)state;
    until_nothing_fails("hidden=8 epochs=2 batch_size=16", 0);
}

static void an_examination_is_whole_or_says_so(void **state)
{
    (void)state;
    until_nothing_fails("hidden=16,16 epochs=2 batch_size=1 optimizer=sgd learning_rate=3", 1);
    until_nothing_fails("hidden=16 epochs=2 batch_size=16 optimizer=sgd learning_rate=1e30", 1);
    until_nothing_fails("hidden=8 epochs=2 batch_size=32", 1); /* and models that judge labels */
    until_nothing_fails("hidden=2 epochs=4 batch_size=16 learning_rate=1e-6", 1); /* and others */
}

/* Every row's score, each row by a model that has not seen it, and suspects. */
static sml_status score(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, long k,
                        sml_sample_score *scores)
{
    float p[2 * ROWS];
    int32_t labels[ROWS];
    sml_label_summary summary;
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = sml_dataset_label(data, r);
    }
    countdown = k;
    struck = 0;
    sml_status status = sml_model_scores_each(ctx, model, data, 1, scores, ROWS);
    if (status == SML_OK) {
        status = sml_held_out_predictions(ctx, model, data, 3, 1, NULL, p, sizeof p / sizeof *p);
    }
    if (status == SML_OK) {
        status = sml_suspect_labels(ctx, p, labels, ROWS, 2, scores, &summary);
    }
    countdown = 0;
    return status;
}

static void scores_are_whole_or_say_so(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_dataset *all = NULL, *data = NULL;
    sml_model *model = NULL;
    sml_sample_score wanted[ROWS], scores[ROWS];
    long k = 1;
    (void)state;
    memset(wanted, 0, sizeof wanted);
    memset(scores, 0, sizeof scores);
    assert_ok(ctx, sml_dataset_open(ctx, "moons", "train", &all));
    assert_ok(ctx, sml_dataset_rows(ctx, all, 0, ROWS, &data));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=4 epochs=1 scaling=standard", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    assert_int_equal(score(ctx, model, data, 0, wanted), SML_OK);
    for (; k < CALLS_MAX; k++) {
        const sml_status status = score(ctx, model, data, k, scores);
        if (!struck) {
            break;
        }
        if (status != SML_OK) {
            assert_int_equal(status, SML_NO_MEMORY);
            assert_true(sml_ctx_error(ctx)[0] != '\0');
        }
    }
    assert_true(k > 20 && k < CALLS_MAX);
    for (size_t r = 0; r < ROWS; r++) {
        assert_true(scores[r].gradient_norm == wanted[r].gradient_norm);
        assert_int_equal(scores[r].suspect_of, wanted[r].suspect_of);
    }
    sml_model_free(model);
    sml_dataset_free(data);
    sml_dataset_free(all);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_training_beside_it_ends_as_alone),
        cmocka_unit_test(an_examination_is_whole_or_says_so),
        cmocka_unit_test(scores_are_whole_or_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
