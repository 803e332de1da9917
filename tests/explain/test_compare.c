/* Two traces are of the same rows where their numbers are the same; what lies between two rows,
 * which are apart where they are wide, is in no trace. */
#include "support.h"

#include "explain/trace.h"

enum { ROWS = 8, WIDE = 101, CLASSES = 3 };

static void what_lies_between_rows_is_not_compared(void **state)
{
    const uint32_t samples[] = {2, 5};
    const sml_trace_options options = {.samples = samples, .n = 2};
    const sml_layer layers[] = {sml_dense(CLASSES)};
    sml_ctx *ctx = new_context(1);
    const test_data made = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, WIDE, CLASSES, 3);
    sml_model *model = NULL;
    sml_trace *base = NULL, *other = NULL;
    sml_difference found;
    (void)state;
    assert_true(sml__row_stride(WIDE) > WIDE);
    assert_ok(ctx, sml_network_create(ctx, layers, 1, "epochs=1", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, made.data));
    assert_ok(ctx, sml_trace_create(ctx, model, made.data, &options, &base));
    assert_ok(ctx, sml_trace_create(ctx, model, made.data, &options, &other));
    base->workspace.input[WIDE] = 1;
    other->workspace.input[WIDE] = 2;
    assert_ok(ctx, sml_trace_compare(ctx, base, other, 0, 1, &found));
    sml_difference_clear(&found);
    other->workspace.input[sml__row_stride(WIDE)] += 1; /* the second row's first number */
    assert_int_equal(sml_trace_compare(ctx, base, other, 0, 1, &found), SML_BAD_ARGUMENT);
    assert_non_null(strstr(sml_ctx_error(ctx), "rows"));
    sml_trace_free(base);
    sml_trace_free(other);
    sml_model_free(model);
    free_test_data(made);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_between_rows_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
