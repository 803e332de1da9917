/* Metrics against the numbers that scikit-learn 1.2.1 printed (tests/reference/make_metrics.py). */
#include "support.h"

#include <jansson.h>

enum { MOST_ROWS = 300, LEAST_CASES = 60 };

static json_t *cases;

static int load_cases(void **state)
{
    (void)state;
    json_error_t error;
    cases = json_load_file(SML_TEST_DATA "/reference/metrics.json", 0, &error);
    return cases == NULL;
}

static int release_cases(void **state)
{
    (void)state;
    json_decref(cases);
    return 0;
}

static sml_task task_named(const char *name)
{
    const sml_task tasks[] = {SML_TASK_CLASSIFICATION, SML_TASK_MULTILABEL, SML_TASK_REGRESSION};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(sml_task_name(tasks[i]), name) == 0) {
            return tasks[i];
        }
    }
    fail_msg("no task %s", name);
    return SML_TASK_NONE;
}

static float *floats(const json_t *array)
{
    const size_t n = json_array_size(array);
    float *values = calloc(n + 1, sizeof *values);
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)json_number_value(json_array_get(array, i));
    }
    return values;
}

/* A case as the library takes it, every array exactly as long as it must be: a sanitizer sees a
 * step beyond. Free with free_case. */
typedef struct test_case {
    sml_predictions p;
    float *predicted, *targets;
    int32_t *labels;
} test_case;

static test_case case_of(const json_t *one)
{
    test_case c = {.predicted = floats(json_object_get(one, "predicted"))};
    const json_t *labels = json_object_get(one, "labels");
    c.p.task = task_named(json_string_value(json_object_get(one, "task")));
    c.p.n = (size_t)json_integer_value(json_object_get(one, "n"));
    c.p.outputs = (size_t)json_integer_value(json_object_get(one, "outputs"));
    if (labels != NULL) {
        c.labels = calloc(c.p.n, sizeof *c.labels);
        for (size_t i = 0; i < c.p.n; i++) {
            c.labels[i] = (int32_t)json_integer_value(json_array_get(labels, i));
        }
    } else {
        c.targets = floats(json_object_get(one, "targets"));
    }
    c.p.predicted = c.predicted;
    c.p.labels = c.labels;
    c.p.targets = c.targets;
    c.p.scratch = calloc(sml_metric_scratch(c.p.n, c.p.outputs), sizeof *c.p.scratch);
    return c;
}

static void free_case(test_case c)
{
    free(c.predicted);
    free(c.targets);
    free(c.labels);
    free(c.p.scratch);
}

static void assert_figure(double found, const json_t *expected, const char *name, size_t index)
{
    if (json_is_null(expected)) {
        if (!isnan(found)) {
            fail_msg("%s[%zu]: %.9g, expected none", name, index, found);
        }
        return;
    }
    assert_near(found, json_number_value(expected), 1e-6, 1e-6, name, index);
}

static void every_named_metric_is_scikit_learns(void **state)
{
    (void)state;
    size_t index;
    json_t *one, *expected;
    const char *name;
    assert_true(json_array_size(cases) >= LEAST_CASES);
    json_array_foreach(cases, index, one)
    {
        const test_case c = case_of(one);
        const sml_predictions p = c.p;
        assert_true(json_object_size(json_object_get(one, "expected")) >= 4);
        json_object_foreach(json_object_get(one, "expected"), name, expected)
        {
            double found = -1.0;
            assert_int_equal(sml_metric_named(name, p.task, &p, &found, NULL), 1);
            assert_figure(found, expected, name, index);
        }
        free_case(c);
    }
}

static void calibration_error_by_number_of_bins(void **state)
{
    (void)state;
    size_t index, seen = 0;
    json_t *one, *expected;
    const char *bins;
    json_array_foreach(cases, index, one)
    {
        const test_case c = case_of(one);
        const sml_predictions p = c.p;
        json_object_foreach(json_object_get(one, "ece_by_bins"), bins, expected)
        {
            const double found = sml_calibration_error(p.labels, p.predicted, p.n, p.outputs,
                                                       strtoul(bins, NULL, 10));
            assert_near(found, json_number_value(expected), 1e-6, 1e-6, bins, index);
            seen++;
        }
        free_case(c);
    }
    assert_true(seen >= 160);
}

/* The averages of a report come from the confusion matrix, those by name from the rows. */
static void averages_of_the_matrix_are_the_same(void **state)
{
    (void)state;
    size_t index;
    json_t *one;
    json_array_foreach(cases, index, one)
    {
        const test_case c = case_of(one);
        const sml_predictions p = c.p;
        const json_t *expected = json_object_get(one, "expected");
        int32_t said[MOST_ROWS];
        uint64_t *counts = calloc(p.outputs * p.outputs, sizeof *counts);
        sml_averages macro, weighted;
        for (size_t i = 0; p.labels != NULL && i < p.n; i++) {
            said[i] = (int32_t)sml_argmax(p.predicted + i * p.outputs, p.outputs);
        }
        if (p.labels != NULL) {
            sml_confusion_matrix(p.labels, said, p.n, p.outputs, counts);
            sml_class_averages(counts, p.outputs, &macro, &weighted);
            const double found[] = {macro.precision,    macro.recall,    macro.f1,
                                    weighted.precision, weighted.recall, weighted.f1};
            const char *names[] = {"macro_precision",    "macro_recall",    "macro_f1",
                                   "weighted_precision", "weighted_recall", "weighted_f1"};
            for (size_t k = 0; k < 6; k++) {
                assert_figure(found[k], json_object_get(expected, names[k]), names[k], index);
            }
        }
        free(counts);
        free_case(c);
    }
}

/* One column of scores and a byte a row, without the table of names. */
static void areas_of_plain_arrays(void **state)
{
    (void)state;
    size_t index, seen = 0;
    json_t *one;
    json_array_foreach(cases, index, one)
    {
        const test_case c = case_of(one);
        const sml_predictions p = c.p;
        const json_t *expected = json_object_get(one, "expected");
        uint8_t positive[MOST_ROWS];
        float scores[MOST_ROWS];
        if (p.labels != NULL && p.outputs == 2) {
            for (size_t i = 0; i < p.n; i++) {
                positive[i] = p.labels[i] == 1 ? 255 : 0;
                scores[i] = p.predicted[2 * i + 1];
            }
            assert_figure(sml_roc_auc(positive, scores, p.n, p.scratch),
                          json_object_get(expected, "roc_auc"), "roc_auc", index);
            assert_figure(sml_pr_auc(positive, scores, p.n, p.scratch),
                          json_object_get(expected, "pr_auc"), "pr_auc", index);
            seen++;
        }
        free_case(c);
    }
    assert_true(seen >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_named_metric_is_scikit_learns),
        cmocka_unit_test(calibration_error_by_number_of_bins),
        cmocka_unit_test(averages_of_the_matrix_are_the_same),
        cmocka_unit_test(areas_of_plain_arrays),
    };
    return cmocka_run_group_tests(tests, load_cases, release_cases);
}
