/* Ailments of data: columns that give the answer away, numbers that are none, and labels of mnist
 * of which a tenth was changed. */
#include "support.h"

#include "explain/doctor.h"
#include "explain/leaks.h"

enum { ROWS = 1000, COLUMNS = 4 };

/* x[., 0 … 2] by chance, x[., 3] as asked for; the class is whether x0 + x1 > 1. */
typedef struct table {
    float x[ROWS][COLUMNS];
    int32_t labels[ROWS];
    float targets[ROWS];
    sml_dataset *data;
} table;

static table *new_table(sml_ctx *ctx, int is_regression, float (*last)(size_t row, float sum))
{
    table *t = calloc(1, sizeof *t);
    sml__random random;
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            t->x[r][c] = (float)sml__random_below(&random, 10000) / 10000.0F;
        }
        const float sum = t->x[r][0] + t->x[r][1];
        t->labels[r] = sum > 1;
        t->targets[r] = sum;
        t->x[r][3] = last(r, sum) + 0.01F * t->x[r][3];
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .features = &t->x[0][0],
                                .labels = is_regression ? NULL : t->labels,
                                .targets = is_regression ? t->targets : NULL,
                                .task =
                                    is_regression ? SML_TASK_REGRESSION : SML_TASK_CLASSIFICATION,
                                .outputs = is_regression ? 1 : 2};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &t->data));
    return t;
}

static void free_table(table *t)
{
    sml_dataset_free(t->data);
    free(t);
}

static float nothing(size_t row, float sum)
{
    (void)row;
    (void)sum;
    return 0;
}
static float class_of(size_t row, float sum)
{
    (void)row;
    return sum > 1;
}
static float often_class_of(size_t row, float sum)
{
    return row % 7 == 0 ? sum < 1 : sum > 1;
}
static float same(size_t row, float sum)
{
    (void)row;
    return sum;
}
static float number_of(size_t row, float sum)
{
    (void)sum;
    return (float)(row % 2 == 0 ? row : ROWS - row);
}

static const struct {
    int is_regression, is_leak;
    float (*last)(size_t row, float sum);
} LEAKS[] = {
    {0, 0, nothing}, {0, 1, class_of}, {0, 0, often_class_of}, {0, 1, same},
    {1, 0, nothing}, {1, 0, class_of}, {1, 1, same},           {0, 0, number_of},
};

static void a_column_that_is_the_answer_is_found(void **state)
{
    sml_ctx *ctx = new_context(1);
    (void)state;
    for (size_t i = 0; i < sizeof LEAKS / sizeof LEAKS[0]; i++) {
        table *t = new_table(ctx, LEAKS[i].is_regression, LEAKS[i].last);
        sml__leak leak;
        assert_int_equal(sml__find_leak(ctx, t->data, &leak), LEAKS[i].is_leak);
        if (LEAKS[i].is_leak) {
            assert_int_equal(leak.column, 3);
            assert_true(leak.score > leak.second);
        }
        free_table(t);
    }
    sml_ctx_free(ctx);
}

static void a_refusal_for_a_number_that_is_none_is_a_finding(void **state)
{
    sml_ctx *ctx = new_context(1);
    float x[] = {1, 2, NAN, 4};
    const int32_t labels[] = {0, 1};
    sml_data_view view = {.rows = 2, .columns = 2, .features = x, .labels = labels, .outputs = 2};
    sml_dataset *data = NULL;
    sml_doctor *doctor = NULL;
    (void)state;
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    sml_status status = sml_dataset_from_memory(ctx, &view, &data);
    assert_int_equal(status, SML_BAD_DATA);
    assert_int_equal(sml_doctor_refused(ctx, doctor, status), 1);
    const sml_finding *finding = sml_doctor_finding(doctor, 0);
    assert_string_equal(finding->code, "nan_in_data");
    assert_int_equal(finding->severity, SML_FINDING_ERROR);
    assert_non_null(strstr(finding->text, "row 1, column 0"));
    sml_doctor_free(doctor);
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    x[2] = 3;
    view.outputs = 1;
    status = sml_dataset_from_memory(ctx, &view, &data);
    assert_int_not_equal(status, SML_OK);
    assert_int_equal(sml_doctor_refused(ctx, doctor, status), 0);
    assert_null(sml_doctor_finding(doctor, 0));
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

enum { DIGITS = 6000 };

/* The first digits; of a tenth of them, by chance, another label. */
static sml_dataset *digits(sml_ctx *ctx, const sml_dataset *mnist, int32_t *labels, float *pixels,
                           int is_sick, size_t *changed)
{
    sml__random random;
    sml_dataset *data = NULL;
    *changed = 0;
    sml__random_init(&random, 7, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < DIGITS; r++) {
        const int changes = is_sick && sml__random_below(&random, 10) == 0;
        const int32_t by = 1 + (int32_t)sml__random_below(&random, 9);
        sml_dataset_features(mnist, r, pixels + r * 784);
        labels[r] = (sml_dataset_label(mnist, r) + (changes ? by : 0)) % 10;
        *changed += (size_t)changes;
    }
    const sml_data_view view = {
        .rows = DIGITS, .columns = 784, .features = pixels, .labels = labels, .outputs = 10};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

/* How many of the rows that the finding names were changed; none is named of what is sound. */
static void check_names(const sml_finding *finding, const sml_dataset *mnist, const int32_t *labels)
{
    size_t named = 0, right = 0;
    for (size_t i = 0; i < finding->n_evidence; i++) {
        const char *name = finding->evidence[i].name;
        if (strncmp(name, "row ", 4) == 0) {
            const uint32_t row = (uint32_t)strtoul(name + 4, NULL, 10);
            named++;
            right += labels[row] != sml_dataset_label(mnist, row);
        }
    }
    assert_int_equal(named, 10);
    assert_true(right >= 9);
}

static void changed_labels_of_mnist_are_found(void **state)
{
    sml_ctx *ctx = new_context(4);
    sml_dataset *mnist = NULL;
    (void)state;
    if (sml_dataset_open(ctx, "mnist", "train", &mnist) != SML_OK) {
        print_message("mnist is not there: skipped\n");
        sml_ctx_free(ctx);
        skip();
    }
    int32_t *labels = calloc(DIGITS, sizeof *labels);
    float *pixels = calloc((size_t)DIGITS * 784, sizeof *pixels);
    for (int is_sick = 0; is_sick < 2; is_sick++) {
        size_t changed = 0;
        sml_doctor *doctor = NULL;
        sml_model *model = NULL;
        sml_dataset *data = digits(ctx, mnist, labels, pixels, is_sick, &changed);
        assert_ok(ctx, sml_doctor_create(ctx, &doctor));
        assert_ok(ctx, sml_model_create(ctx, "mlp", "hidden=64 epochs=6", &model));
        const sml_examination what = {.train = data};
        assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
        const sml_finding *finding = sml_doctor_finding(doctor, 0);
        assert_int_equal(finding != NULL, is_sick);
        if (is_sick) {
            assert_string_equal(finding->code, "wrong_labels");
            print_message("%zu labels changed, %g found\n", changed, finding->evidence[0].value);
            assert_true(finding->evidence[0].value >= 0.8 * (double)changed);
            assert_true(finding->evidence[0].value <= 1.3 * (double)changed);
            check_names(finding, mnist, labels);
        }
        sml_model_free(model);
        sml_doctor_free(doctor);
        sml_dataset_free(data);
    }
    free(pixels);
    free(labels);
    sml_dataset_free(mnist);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_that_is_the_answer_is_found),
        cmocka_unit_test(a_refusal_for_a_number_that_is_none_is_a_finding),
        cmocka_unit_test(changed_labels_of_mnist_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
