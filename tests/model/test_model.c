/* The uniform verbs on an algorithm of a few lines: shapes, refusals, receipts. */
#include "fake.h"

enum { ROWS = 8, COLUMNS = 4, CLASSES = 2 };

static const float features[ROWS * COLUMNS] = {1, 2, 3, 4};
static const int32_t labels[ROWS] = {0, 1, 0, 0, 1, 0, 0, 1};
static const char *const class_names[CLASSES] = {"cat", "d\xC3\xB6g"};

static sml_dataset *wrap(sml_ctx *ctx, const sml_data_view *view)
{
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, view, &data));
    return data;
}

static sml_dataset *new_pets(sml_ctx *ctx)
{
    const sml_data_view view = {.name = "pets",
                                .rows = ROWS,
                                .columns = COLUMNS,
                                .features = features,
                                .height = 2,
                                .width = 2,
                                .outputs = CLASSES,
                                .labels = labels,
                                .class_names = class_names};
    return wrap(ctx, &view);
}

/* Data of another shape or task; targets for regression are features. */
static sml_dataset *new_other(sml_ctx *ctx, size_t columns, sml_task task, size_t outputs)
{
    const sml_data_view view = {.name = "other",
                                .rows = 2,
                                .columns = columns,
                                .features = features,
                                .task = task,
                                .outputs = outputs,
                                .labels = task == SML_TASK_CLASSIFICATION ? labels : NULL,
                                .targets = task == SML_TASK_REGRESSION ? features : NULL};
    return wrap(ctx, &view);
}

static void a_fit_takes_the_shape_of_its_data(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = new_pets(ctx);
    sml_model *model = new_fake(ctx, NULL);
    sml_fit_report report;
    assert_int_equal(sml_model_inputs(model), 0);
    assert_int_equal(sml_model_task(model), SML_TASK_NONE);
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, NULL, &report));
    assert_int_equal(report.epochs, 3);
    assert_string_equal(sml_model_algorithm(model), "fake");
    assert_int_equal(sml_model_task(model), SML_TASK_CLASSIFICATION);
    assert_int_equal(sml_model_inputs(model), COLUMNS);
    assert_int_equal(sml_model_outputs(model), CLASSES);
    assert_string_equal(sml_model_class_name(model, 1), "d\xC3\xB6g");
    assert_string_equal(sml_model_class_name(model, 2), "");
    sml_dataset_free(data);
    assert_string_equal(sml_model_class_name(model, 0), "cat");
    sml_model_free(model);
}

static void another_fit_takes_another_shape(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *pets = new_pets(ctx), *other = new_other(ctx, 3, SML_TASK_REGRESSION, 5);
    sml_model *model = new_fake(ctx, NULL);
    assert_ok(ctx, sml_model_fit(ctx, model, pets));
    assert_ok(ctx, sml_model_fit(ctx, model, other));
    assert_int_equal(sml_model_inputs(model), 3);
    assert_int_equal(sml_model_outputs(model), 5);
    assert_int_equal(sml_model_task(model), SML_TASK_REGRESSION);
    assert_string_equal(sml_model_class_name(model, 4), "4");
    sml_model_free(model);
    sml_dataset_free(other);
    sml_dataset_free(pets);
}

/* The state of a fitted model as far as it can be seen. */
static void assert_is_pets_model(sml_ctx *ctx, const sml_model *model, const char *receipt)
{
    float mean[CLASSES];
    assert_int_equal(sml_model_inputs(model), COLUMNS);
    assert_int_equal(sml_model_outputs(model), CLASSES);
    assert_int_equal(sml_model_task(model), SML_TASK_CLASSIFICATION);
    assert_string_equal(sml_model_class_name(model, 0), "cat");
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, mean, CLASSES));
    assert_true(mean[0] == 0.625F && mean[1] == 0.375F);
    assert_string_equal(sml_model_receipt(model), receipt);
}

static void a_refused_fit_leaves_the_model(void **state)
{
    sml_ctx *ctx = *state;
    const sml_fit_options warm = {.warm_start = 1};
    sml_dataset *pets = new_pets(ctx), *other = new_other(ctx, 3, SML_TASK_REGRESSION, 5);
    sml_dataset *none = new_other(ctx, COLUMNS, SML_TASK_NONE, 0);
    sml_model *model = new_fake(ctx, NULL);
    assert_ok(ctx, sml_model_fit(ctx, model, pets));
    char *receipt = strdup(sml_model_receipt(model));
    assert_ok(ctx, sml_model_set(ctx, model, "outcome", "refused"));
    assert_int_equal(sml_model_fit(ctx, model, other), SML_BAD_DATA);
    assert_error(ctx, "as it was asked for");
    assert_is_pets_model(ctx, model, receipt);
    assert_int_equal(sml_model_fit(ctx, model, none), SML_BAD_DATA);
    assert_error(ctx, "other: no labels or targets to train on");
    assert_is_pets_model(ctx, model, receipt);
    assert_int_equal(sml_model_fit_with(ctx, model, pets, &warm, NULL), SML_BAD_DATA);
    assert_is_pets_model(ctx, model, receipt);
    free(receipt);
    sml_model_free(model);
    sml_dataset_free(none);
    sml_dataset_free(other);
    sml_dataset_free(pets);
}

static void a_refused_first_fit_leaves_it_unfitted(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *pets = new_pets(ctx);
    sml_model *model = new_fake(ctx, "outcome=refused");
    assert_int_equal(sml_model_fit(ctx, model, pets), SML_BAD_DATA);
    assert_int_equal(sml_model_inputs(model), 0);
    assert_int_equal(sml_model_outputs(model), 0);
    assert_string_equal(sml_model_class_name(model, 0), "");
    assert_string_equal(sml_model_receipt(model), "{}");
    sml_model_free(model);
    sml_dataset_free(pets);
}

static void assert_warm_start_refused(sml_ctx *ctx, sml_model *model, sml_dataset *data,
                                      const char *text)
{
    const sml_fit_options warm = {.warm_start = 1};
    assert_int_equal(sml_model_fit_with(ctx, model, data, &warm, NULL), SML_BAD_SHAPE);
    assert_error(ctx, text);
    assert_int_equal(sml_model_inputs(model), COLUMNS);
    sml_dataset_free(data);
}

static void a_warm_start_needs_the_same_shape(void **state)
{
    sml_ctx *ctx = *state;
    const sml_fit_options warm = {.warm_start = 1};
    sml_dataset *pets = new_pets(ctx);
    sml_model *model = new_fake(ctx, NULL);
    assert_int_equal(sml_model_fit_with(ctx, model, pets, &warm, NULL), SML_BAD_ARGUMENT);
    assert_error(ctx, "warm start: the model was never fitted");
    assert_ok(ctx, sml_model_fit(ctx, model, pets));
    assert_ok(ctx, sml_model_fit_with(ctx, model, pets, &warm, NULL));
    assert_string_equal(sml_model_class_name(model, 0), "cat");
    assert_warm_start_refused(ctx, model, new_other(ctx, 3, SML_TASK_CLASSIFICATION, CLASSES),
                              "other: the model expects 4 columns, the data has 3");
    assert_warm_start_refused(ctx, model, new_other(ctx, COLUMNS, SML_TASK_CLASSIFICATION, 7),
                              "other: the model has 2 classes, the data has 7");
    assert_warm_start_refused(ctx, model, new_other(ctx, COLUMNS, SML_TASK_REGRESSION, CLASSES),
                              "the model does classification, the data is for regression");
    sml_model_free(model);
    sml_dataset_free(pets);
}

static void predict_checks_shapes(void **state)
{
    sml_ctx *ctx = *state;
    float outputs[ROWS * CLASSES];
    sml_dataset *pets = new_pets(ctx), *narrow = new_other(ctx, 2, SML_TASK_NONE, 0);
    sml_dataset *bare = new_other(ctx, COLUMNS, SML_TASK_NONE, 0);
    sml_model *model = new_fake(ctx, NULL);
    assert_int_equal(sml_model_predict(ctx, model, pets, outputs, ROWS * CLASSES),
                     SML_BAD_ARGUMENT);
    assert_error(ctx, "predict: the model was never fitted");
    assert_ok(ctx, sml_model_fit(ctx, model, pets));
    assert_ok(ctx, sml_model_predict(ctx, model, pets, outputs, ROWS * CLASSES));
    assert_true(outputs[ROWS * CLASSES - 1] == 0.375F);
    assert_ok(ctx, sml_model_predict(ctx, model, bare, outputs, 2 * CLASSES));
    assert_int_equal(sml_model_predict(ctx, model, pets, outputs, ROWS), SML_BAD_ARGUMENT);
    assert_error(ctx, "room for 8 numbers, 8 rows × 2 outputs are needed");
    assert_int_equal(sml_model_predict(ctx, model, narrow, outputs, 2 * CLASSES), SML_BAD_SHAPE);
    assert_error(ctx, "the model expects 4 columns, the data has 2");
    sml_model_free(model);
    sml_dataset_free(bare);
    sml_dataset_free(narrow);
    sml_dataset_free(pets);
}

static void evaluate_checks_targets(void **state)
{
    sml_ctx *ctx = *state;
    sml_scores scores;
    sml_dataset *pets = new_pets(ctx), *bare = new_other(ctx, COLUMNS, SML_TASK_NONE, 0);
    sml_dataset *numbers = new_other(ctx, COLUMNS, SML_TASK_REGRESSION, CLASSES);
    sml_dataset *many = new_other(ctx, COLUMNS, SML_TASK_CLASSIFICATION, 3);
    sml_model *model = new_fake(ctx, NULL);
    assert_int_equal(sml_model_evaluate(ctx, model, pets, &scores), SML_BAD_ARGUMENT);
    assert_ok(ctx, sml_model_fit(ctx, model, pets));
    assert_ok(ctx, sml_model_evaluate(ctx, model, pets, &scores));
    assert_int_equal(scores.samples, ROWS);
    assert_int_equal(sml_model_evaluate(ctx, model, bare, &scores), SML_BAD_SHAPE);
    assert_error(ctx, "no labels or targets to compare with");
    assert_int_equal(sml_model_evaluate(ctx, model, numbers, &scores), SML_BAD_SHAPE);
    assert_error(ctx, "the data is for regression");
    assert_int_equal(sml_model_evaluate(ctx, model, many, &scores), SML_BAD_SHAPE);
    assert_error(ctx, "the model has 2 classes, the data has 3");
    sml_model_free(model);
    sml_dataset_free(many);
    sml_dataset_free(numbers);
    sml_dataset_free(bare);
    sml_dataset_free(pets);
}

/* The receipt, with the digest of the data that sml_dataset_sha256 gives. */
static void assert_receipt(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           const char *rest)
{
    char sha256[65], expected[1024];
    assert_ok(ctx, sml_dataset_sha256(ctx, data, sha256));
    snprintf(expected, sizeof expected,
             "{\"library_version\":\"%s\",\"seed\":7,\"data\":\"pets\",\"rows\":8,"
             "\"data_sha256\":\"%s\",%s}",
             scratchml_version(), sha256, rest);
    assert_string_equal(sml_model_receipt(model), expected);
}

static void the_receipt_says_what_was_done(void **state)
{
    sml_ctx *ctx = *state;
    const sml_fit_options warm = {.warm_start = 1};
    const sml_scores scores = {0.5, 0.25, 8}, no_accuracy = {(double)NAN, 0.25, 8};
    sml_dataset *data = new_pets(ctx);
    sml_model *model = new_fake(ctx, "seed=7 rounds=5");
    assert_string_equal(sml_model_receipt(model), "{}");
    assert_int_equal(sml_model_record_scores(ctx, model, data, &scores), SML_BAD_ARGUMENT);
    assert_error(ctx, "never fitted");
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    assert_receipt(ctx, model, data,
                   "\"epochs\":5,\"steps\":10,\"loss\":0.25,\"ended\":\"finished\"");
    assert_ok(ctx, sml_model_record_scores(ctx, model, data, &no_accuracy));
    assert_ok(ctx, sml_model_record_scores(ctx, model, data, &scores));
    assert_receipt(ctx, model, data,
                   "\"epochs\":5,\"steps\":10,\"loss\":0.25,\"ended\":\"finished\",\"scores\":{"
                   "\"data\":\"pets\",\"accuracy\":0.5,"
                   "\"loss\":0.25,\"samples\":8}");
    assert_ok(ctx, sml_model_record_scores(ctx, model, data, &no_accuracy));
    assert_non_null(strstr(sml_model_receipt(model), "\"accuracy\":null"));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &warm, NULL));
    assert_receipt(
        ctx, model, data,
        "\"epochs_before\":5,\"epochs\":5,\"steps\":10,\"loss\":0.25,\"ended\":\"finished\"");
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &warm, NULL));
    assert_receipt(
        ctx, model, data,
        "\"epochs_before\":10,\"epochs\":5,\"steps\":10,\"loss\":0.25,\"ended\":\"finished\"");
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    assert_receipt(ctx, model, data,
                   "\"epochs\":5,\"steps\":10,\"loss\":0.25,\"ended\":\"finished\"");
    sml_model_free(model);
    sml_dataset_free(data);
}

static void a_fit_that_ends_early_has_a_receipt(void **state)
{
    sml_ctx *ctx = *state;
    sml_fit_report report;
    sml_dataset *data = new_pets(ctx);
    sml_model *model = new_fake(ctx, "seed=7 outcome=cancelled rounds=1");
    assert_int_equal(sml_model_fit_with(ctx, model, data, NULL, &report), SML_CANCELLED);
    assert_error(ctx, "ended early");
    assert_int_equal(report.epochs, 1);
    assert_int_equal(sml_model_inputs(model), COLUMNS);
    assert_receipt(ctx, model, data,
                   "\"epochs\":1,\"steps\":2,\"loss\":0.25,\"ended\":\"cancelled\"");
    assert_ok(ctx, sml_model_set(ctx, model, "outcome", "diverged"));
    assert_int_equal(sml_model_fit(ctx, model, data), SML_DIVERGED);
    assert_receipt(ctx, model, data,
                   "\"epochs\":1,\"steps\":2,\"loss\":null,\"ended\":\"diverged\"");
    sml_model_free(model);
    sml_dataset_free(data);
}

static void tensors_are_listed_and_copied(void **state)
{
    sml_ctx *ctx = *state;
    sml_tensor_facts facts;
    float values[CLASSES * COLUMNS];
    sml_dataset *data = new_pets(ctx);
    sml_model *model = new_fake(ctx, NULL);
    assert_int_equal(sml_model_tensor(NULL, model, 0, &facts), SML_NOT_FOUND);
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    assert_ok(ctx, sml_model_tensor(ctx, model, 1, &facts));
    assert_string_equal(facts.name, "table");
    assert_int_equal(facts.rank, 2);
    assert_int_equal(facts.shape[1], COLUMNS);
    assert_int_equal(sml_model_tensor(NULL, model, 2, &facts), SML_NOT_FOUND);
    assert_ok(ctx, sml_model_tensor_values(ctx, model, 1, values, CLASSES * COLUMNS));
    assert_int_equal(sml_model_tensor_values(ctx, model, 1, values, 3), SML_BAD_ARGUMENT);
    assert_error(ctx, "table: room for 3 numbers, 8 are needed");
    assert_int_equal(sml_model_tensor_values(ctx, model, 2, values, 3), SML_NOT_FOUND);
    sml_model_free(model);
    sml_model_free(NULL);
    sml_dataset_free(data);
}

/* Such a model could not be loaded. */
static void classes_of_one_name_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const names[] = {"cat", "cat"};
    const sml_data_view view = {.name = "cats",
                                .rows = ROWS,
                                .columns = COLUMNS,
                                .features = features,
                                .outputs = CLASSES,
                                .labels = labels,
                                .class_names = names};
    sml_dataset *data = wrap(ctx, &view);
    sml_model *model = new_fake(ctx, NULL);
    assert_int_equal(sml_model_fit(ctx, model, data), SML_BAD_DATA);
    assert_error(ctx, "cats: two classes have the same name");
    assert_int_equal(sml_model_inputs(model), 0);
    sml_model_free(model);
    sml_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_takes_the_shape_of_its_data),
        cmocka_unit_test(another_fit_takes_another_shape),
        cmocka_unit_test(a_refused_fit_leaves_the_model),
        cmocka_unit_test(a_refused_first_fit_leaves_it_unfitted),
        cmocka_unit_test(a_warm_start_needs_the_same_shape),
        cmocka_unit_test(predict_checks_shapes),
        cmocka_unit_test(evaluate_checks_targets),
        cmocka_unit_test(the_receipt_says_what_was_done),
        cmocka_unit_test(a_fit_that_ends_early_has_a_receipt),
        cmocka_unit_test(tensors_are_listed_and_copied),
        cmocka_unit_test(classes_of_one_name_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
