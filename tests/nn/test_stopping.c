/* Validation rows, early stopping, history, and the ends of a fit that are no error. */
#include "support.h"

#include "nn/stopping.h"

#include <scratchml/metrics.h>

static sml_model *new_model(sml_ctx *ctx, const char *settings)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    return model;
}

/* The best score stays on a tie, NaN is never the best, and a change must be larger than asked. */
static void the_best_epoch_is_the_first_of_the_best(void **state)
{
    (void)state;
    const sml__stopping_metric *loss = sml__stopping_named("loss");
    const sml__stopping_metric *accuracy = sml__stopping_named("accuracy");
    sml__stopping s = {0};
    assert_null(sml__stopping_named("none"));
    assert_int_equal(sml__stopping_see(&s, loss, 0, 1, (double)NAN), 0);
    assert_int_equal(s.best_epoch, 0);
    assert_int_equal(sml__stopping_see(&s, loss, 0, 2, 0.5), 1);
    assert_int_equal(sml__stopping_see(&s, loss, 0, 3, 0.5), 0);
    assert_int_equal(sml__stopping_see(&s, loss, 0.1, 4, 0.41), 0);
    assert_int_equal(s.waited, 2);
    assert_int_equal(sml__stopping_see(&s, loss, 0.1, 5, 0.375), 1);
    assert_int_equal(sml__stopping_see(&s, loss, 0, 6, (double)NAN), 0);
    assert_int_equal(s.best_epoch, 5);
    s = (sml__stopping){0};
    assert_int_equal(sml__stopping_see(&s, accuracy, 0, 1, 0.5), 1);
    assert_int_equal(sml__stopping_see(&s, accuracy, 0, 2, 0.4), 0);
    assert_int_equal(sml__stopping_see(&s, accuracy, 0, 3, 0.6), 1);
    assert_true(s.best == 0.6 && s.best_epoch == 3 && s.waited == 0);
}

typedef struct recorder {
    sml_ctx *ctx;
    const sml_model *model;
    const sml_dataset *validation;
    sml_epoch_record records[64];
    sml_scores scores[64];
    float *parameters[64];
    size_t n;
} recorder;

/* Scores by hand what the record says of the epoch. */
static void record(void *user, const sml_epoch_record *one)
{
    recorder *seen = user;
    size_t length = 0;
    assert_ok(seen->ctx,
              sml_model_evaluate(seen->ctx, seen->model, seen->validation, &seen->scores[seen->n]));
    seen->parameters[seen->n] = parameters_of(seen->ctx, seen->model, &length);
    seen->records[seen->n++] = *one;
}

static void forget(recorder *seen)
{
    for (size_t i = 0; i < seen->n; i++) {
        free(seen->parameters[i]);
    }
}

/* Noise can be learned by heart but not predicted: the validation loss soon grows. */
static void check_stopping(const char *metric, int larger_is_better)
{
    char settings[200];
    sml_ctx *ctx = new_context(1);
    test_data train = new_test_data(ctx, SML_TASK_CLASSIFICATION, 60, 8, 3, 1);
    test_data other = new_test_data(ctx, SML_TASK_CLASSIFICATION, 50, 8, 3, 2);
    snprintf(settings, sizeof settings,
             "hidden=30 epochs=60 batch_size=16 learning_rate=0.01 early_stopping=%s patience=4",
             metric);
    recorder seen = {
        .ctx = new_context(1), .model = new_model(ctx, settings), .validation = other.data};
    const sml_fit_options options = {.validation = other.data, .epoch = record, .user = &seen};
    sml_fit_report report;
    size_t n = 0, length = 0, best = 0;
    assert_ok(ctx, sml_model_fit_with(ctx, (sml_model *)seen.model, train.data, &options, &report));
    assert_int_equal(report.ended, SML_FIT_STOPPED_EARLY);
    for (size_t i = 0; i < seen.n; i++) {
        const sml_scores *s = &seen.scores[i], *b = &seen.scores[best];
        assert_true(seen.records[i].validation_loss == s->loss);
        assert_true(seen.records[i].validation_accuracy == s->accuracy);
        best = larger_is_better ? (s->accuracy > b->accuracy ? i : best)
                                : (s->loss < b->loss ? i : best);
    }
    assert_int_equal(report.best_epoch, best + 1);
    assert_int_equal(report.epochs, best + 1 + 4);
    assert_int_equal(seen.n, report.epochs);
    assert_true(report.best_score == (larger_is_better ? seen.records[best].validation_accuracy
                                                       : seen.records[best].validation_loss));
    float *values = parameters_of(ctx, seen.model, &length);
    assert_memory_equal(values, seen.parameters[best], length * sizeof(float));
    const sml_epoch_record *history = sml_model_history(seen.model, &n);
    assert_int_equal(n, seen.n);
    assert_memory_equal(history, seen.records, n * sizeof *history);
    assert_non_null(strstr(sml_model_receipt(seen.model), "\"ended\":\"stopped early\""));
    assert_non_null(strstr(sml_model_receipt(seen.model), "\"best_epoch\":"));
    free(values);
    forget(&seen);
    sml_model_free((sml_model *)seen.model);
    sml_ctx_free(seen.ctx);
    free_test_data(train);
    free_test_data(other);
    sml_ctx_free(ctx);
}

static void training_ends_without_progress_and_keeps_the_best(void **state)
{
    (void)state;
    check_stopping("loss", 0);
    check_stopping("accuracy", 1);
}

/* ---- metrics of all outputs */

enum { JUDGED_ROWS = 50, JUDGED_OUTPUTS = 3, MOST_EPOCHS = 64 };

typedef struct judge {
    sml_ctx *ctx;
    const sml_model *model;
    const sml_dataset *validation;
    const char *metric;
    double scores[MOST_EPOCHS], recorded[MOST_EPOCHS];
    size_t n;
} judge;

/* Mean over the classes of 2 TP / (2 TP + FP + FN); every class occurs. */
static double macro_f1_by_hand(const sml_dataset *data, const float *outputs)
{
    double sum = 0;
    for (size_t k = 0; k < JUDGED_OUTPUTS; k++) {
        double hits = 0, wrong = 0;
        for (size_t r = 0; r < JUDGED_ROWS; r++) {
            const int truly = sml_dataset_label(data, r) == (int32_t)k;
            const int said = sml_argmax(outputs + r * JUDGED_OUTPUTS, JUDGED_OUTPUTS) == k;
            hits += truly && said;
            wrong += truly != said;
        }
        sum += 2 * hits / (2 * hits + wrong);
    }
    return sum / JUDGED_OUTPUTS;
}

static double mean_absolute_by_hand(const sml_dataset *data, const float *outputs, size_t width)
{
    double sum = 0;
    for (size_t r = 0; r < JUDGED_ROWS; r++) {
        float targets[JUDGED_OUTPUTS];
        sml_dataset_targets(data, r, targets);
        for (size_t k = 0; k < width; k++) {
            sum += fabs((double)targets[k] - (double)outputs[r * width + k]);
        }
    }
    return sum / (double)(JUDGED_ROWS * width);
}

static void judge_epoch(void *user, const sml_epoch_record *one)
{
    judge *j = user;
    float outputs[JUDGED_ROWS * JUDGED_OUTPUTS];
    const size_t width = sml_model_outputs(j->model);
    assert_ok(j->ctx,
              sml_model_predict(j->ctx, j->model, j->validation, outputs, JUDGED_ROWS * width));
    j->scores[j->n] = strcmp(j->metric, "mae") == 0
                          ? mean_absolute_by_hand(j->validation, outputs, width)
                          : macro_f1_by_hand(j->validation, outputs);
    j->recorded[j->n++] = one->validation_metric;
}

/* The best epoch is the one that scoring by hand after each epoch finds. */
static void check_judged(sml_task task, const char *metric, int larger_is_better)
{
    char settings[200];
    sml_ctx *ctx = new_context(1);
    test_data train = new_test_data(ctx, task, 60, 8, JUDGED_OUTPUTS, 1);
    test_data other = new_test_data(ctx, task, JUDGED_ROWS, 8, JUDGED_OUTPUTS, 2);
    snprintf(settings, sizeof settings,
             "hidden=30 epochs=60 batch_size=16 learning_rate=0.01 early_stopping=%s patience=6",
             metric);
    judge j = {.ctx = new_context(1),
               .model = new_model(ctx, settings),
               .validation = other.data,
               .metric = metric};
    const sml_fit_options options = {.validation = other.data, .epoch = judge_epoch, .user = &j};
    sml_fit_report report;
    size_t best = 0;
    assert_ok(ctx, sml_model_fit_with(ctx, (sml_model *)j.model, train.data, &options, &report));
    assert_true(j.n > 6);
    for (size_t i = 0; i < j.n; i++) {
        const double gain = j.scores[i] - j.scores[best];
        assert_near(j.recorded[i], j.scores[i], 1e-6, 0, metric, i);
        best = (larger_is_better ? gain : -gain) > 1e-9 ? i : best;
    }
    assert_int_equal(report.best_epoch, best + 1);
    assert_near(report.best_score, j.scores[best], 1e-6, 0, metric, best);
    sml_model_free((sml_model *)j.model);
    sml_ctx_free(j.ctx);
    free_test_data(train);
    free_test_data(other);
    sml_ctx_free(ctx);
}

static void any_metric_stops(void **state)
{
    (void)state;
    check_judged(SML_TASK_CLASSIFICATION, "macro_f1", 1);
    check_judged(SML_TASK_REGRESSION, "mae", 0);
}

/* Every name has a metric of some task, in the same direction; and every metric has a name. */
static void names_are_those_of_the_metrics(void **state)
{
    static const sml_task tasks[] = {SML_TASK_CLASSIFICATION, SML_TASK_MULTILABEL,
                                     SML_TASK_REGRESSION};
    (void)state;
    for (size_t t = 0; t < sizeof tasks / sizeof tasks[0]; t++) {
        const char *name;
        for (size_t i = 0; (name = sml_metric_name(tasks[t], i)) != NULL; i++) {
            const sml__stopping_metric *metric = sml__stopping_named(name);
            int larger_is_better = -1;
            if (metric == NULL) {
                fail_msg("early_stopping has no %s", name);
            }
            assert_int_equal(sml_metric_named(name, tasks[t], NULL, NULL, &larger_is_better), 1);
            assert_int_equal(metric->larger_is_better, larger_is_better);
        }
    }
}

/* A share of the rows is those that sml_dataset_split gives, and training sees the others only. */
static void a_share_is_a_split(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 90, 5, 3, 1);
    sml_dataset *parts[2] = {NULL, NULL};
    const double share = 0.2;
    sml_model *by_share = new_model(ctx, "epochs=3 batch_size=10 validation=0.2 seed=7");
    sml_model *by_hand = new_model(ctx, "epochs=3 batch_size=10 seed=7");
    size_t n = 0, m = 0;
    assert_ok(ctx, sml_dataset_split(ctx, data.data, 7, &share, 1, parts));
    const sml_fit_options options = {.validation = parts[1]};
    assert_ok(ctx, sml_model_fit(ctx, by_share, data.data));
    assert_ok(ctx, sml_model_fit_with(ctx, by_hand, parts[0], &options, NULL));
    float *a = parameters_of(ctx, by_share, &n), *b = parameters_of(ctx, by_hand, &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof(float));
    const sml_epoch_record *x = sml_model_history(by_share, &n),
                           *y = sml_model_history(by_hand, &m);
    assert_true(n == 3 && m == 3);
    for (size_t i = 0; i < n; i++) {
        assert_true(x[i].validation_loss == y[i].validation_loss && isfinite(x[i].validation_loss));
    }
    assert_string_equal(sml_model_receipt(by_share), sml_model_receipt(by_hand));
    free(a);
    free(b);
    sml_dataset_free(parts[1]);
    sml_dataset_free(parts[0]);
    sml_model_free(by_share);
    sml_model_free(by_hand);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void ignore(void *user, const sml_epoch_record *one)
{
    (void)one;
    ++*(size_t *)user;
}

/* To look at a run does not change it: the gradient is taken apart from the parameters. */
static void watching_changes_no_bit(void **state)
{
    static const char *const settings[] = {
        "optimizer=sgd hidden=20 epochs=3 batch_size=8",
        "optimizer=sgd hidden=20 epochs=3 batch_size=1",
        "optimizer=adam hidden=20 epochs=3 batch_size=300 dropout=0.3",
    };
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 400, 7, 3, 1);
    test_data other = new_test_data(ctx, SML_TASK_CLASSIFICATION, 30, 7, 3, 2);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        size_t calls = 0, n = 0, m = 0;
        const sml_fit_options options = {.validation = other.data, .epoch = ignore, .user = &calls};
        sml_model *plain = new_model(ctx, settings[i]), *watched = new_model(ctx, settings[i]);
        assert_ok(ctx, sml_model_fit(ctx, plain, data.data));
        assert_ok(ctx, sml_model_fit_with(ctx, watched, data.data, &options, NULL));
        float *a = parameters_of(ctx, plain, &n), *b = parameters_of(ctx, watched, &m);
        assert_int_equal(calls, 3);
        assert_memory_equal(a, b, n * sizeof(float));
        free(a);
        free(b);
        sml_model_free(plain);
        sml_model_free(watched);
    }
    free_test_data(data);
    free_test_data(other);
    sml_ctx_free(ctx);
}

/* With a rate of 0 what training saw is what evaluation sees; and the norm of the gradient is the
 * length of a step of plain descent on the same rows with rate 1. */
static void records_say_what_happened(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 7, 3, 1);
    recorder seen = {.ctx = new_context(1), .validation = data.data};
    sml_model *model =
        new_model(ctx, "optimizer=sgd learning_rate=0 hidden=9 epochs=2 batch_size=7");
    const sml_fit_options options = {.epoch = record, .user = &seen};
    const sml_fit_options warm = {.warm_start = 1};
    size_t n = 0;
    seen.model = model;
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &options, NULL));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(seen.records[i].epoch, i + 1);
        assert_near(seen.records[i].loss, seen.scores[i].loss, 1e-6, 0, "loss", i);
        assert_near(seen.records[i].accuracy, seen.scores[i].accuracy, 1e-12, 0, "accuracy", i);
        assert_true(seen.records[i].learning_rate == 0 && isnan(seen.records[i].validation_loss));
    }
    forget(&seen);
    seen.n = 0;
    assert_ok(ctx, sml_model_set(ctx, model, "batch_size", "100"));
    assert_ok(ctx, sml_model_set(ctx, model, "epochs", "1"));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &options, NULL));
    float *before = parameters_of(ctx, model, &n);
    assert_ok(ctx, sml_model_set(ctx, model, "learning_rate", "1"));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &warm, NULL));
    float *after = parameters_of(ctx, model, &n);
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        squares += ((double)after[i] - (double)before[i]) * ((double)after[i] - (double)before[i]);
    }
    assert_near(seen.records[0].gradient_norm, sqrt(squares), 1e-4, 0, "norm", 0);
    free(before);
    free(after);
    forget(&seen);
    sml_model_free(model);
    sml_ctx_free(seen.ctx);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void a_run_may_end_before(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 100, 7, 3, 1);
    sml_model *model = new_model(ctx, "epochs=1000000 batch_size=10");
    sml_fit_report report;
    const sml_fit_options timed = {.time_budget = 0.05}, some = {.until_epoch = 3};
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &timed, &report));
    assert_int_equal(report.ended, SML_FIT_OUT_OF_TIME);
    assert_true(report.seconds >= 0.05 && report.seconds < 30);
    assert_non_null(strstr(sml_model_receipt(model), "\"ended\":\"out of time\""));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data.data, &some, &report));
    assert_int_equal(report.epochs, 3);
    assert_int_equal(report.ended, SML_FIT_FINISHED);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

static void refuse(sml_ctx *ctx, const char *settings, const sml_dataset *train,
                   const sml_dataset *validation, sml_status expected, const char *text)
{
    sml_model *model = new_model(ctx, settings);
    const sml_fit_options options = {.validation = validation};
    assert_int_equal(sml_model_fit_with(ctx, model, train, &options, NULL), expected);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' is not in: %s", text, sml_ctx_error(ctx));
    }
    assert_int_equal(sml_model_inputs(model), 0);
    sml_model_free(model);
}

static void what_cannot_be_scored_is_refused(void **state)
{
    (void)state;
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 4, 7, 3, 1);
    test_data narrow = new_test_data(ctx, SML_TASK_CLASSIFICATION, 20, 6, 3, 1);
    test_data regression = new_test_data(ctx, SML_TASK_REGRESSION, 20, 7, 3, 1);
    refuse(ctx, "early_stopping=loss", data.data, NULL, SML_BAD_ARGUMENT, "no validation rows");
    refuse(ctx, "validation=0.1", data.data, NULL, SML_BAD_ARGUMENT, "is none");
    refuse(ctx, "", data.data, narrow.data, SML_BAD_SHAPE, "expects 7 columns, the data has 6");
    refuse(ctx, "", data.data, regression.data, SML_BAD_SHAPE, "regression");
    refuse(ctx, "early_stopping=accuracy", regression.data, regression.data, SML_BAD_ARGUMENT,
           "try loss");
    refuse(ctx, "early_stopping=r2", data.data, data.data, SML_BAD_ARGUMENT,
           "r2 has no meaning for classification");
    free_test_data(data);
    free_test_data(narrow);
    free_test_data(regression);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_epoch_is_the_first_of_the_best),
        cmocka_unit_test(training_ends_without_progress_and_keeps_the_best),
        cmocka_unit_test(any_metric_stops),
        cmocka_unit_test(names_are_those_of_the_metrics),
        cmocka_unit_test(a_share_is_a_split),
        cmocka_unit_test(watching_changes_no_bit),
        cmocka_unit_test(records_say_what_happened),
        cmocka_unit_test(a_run_may_end_before),
        cmocka_unit_test(what_cannot_be_scored_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
