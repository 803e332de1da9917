/* The page of a step of one parameter: each formula has a number for each of its signs, and the
 * numbers obey it. */
#include "steps.h"

/* A number that a line tells by its sign. */
typedef struct told {
    char sign[32];
    double value;
    int is_made; /* behind the colon: what the formula makes of those before it */
} told;

enum { MOST = 12 };

typedef struct line {
    const char *formula;
    told told[MOST];
    size_t n;
} line;

static line line_of(const sml_block *formula, const sml_block *text)
{
    line l = {.formula = formula->formula->name};
    int is_made = 0;
    assert_int_equal(text->kind, SML_BLOCK_TEXT);
    assert_true(text->columns > 1 && text->columns <= MOST);
    for (; l.n < text->columns; l.n++) {
        const sml_cell *cell = &text->cells[l.n];
        const char *words = cell->before.utf8;
        told *one = &l.told[l.n];
        words += strncmp(words, ", ", 2) == 0 ? 2 : 0;
        const char *end = strstr(words, " = ");
        const size_t length = end != NULL ? (size_t)(end - words) : strlen(words);
        snprintf(one->sign, sizeof one->sign, "%.*s", (int)length, words);
        one->value = cell->value;
        one->is_made = is_made;
        is_made = is_made || strcmp(cell->after.utf8, ": ") == 0;
        assert_true(cell->is_number);
    }
    assert_true(is_made);
    return l;
}

static double number(const line *l, const char *sign, int is_made)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->told[i].sign, sign) == 0 && l->told[i].is_made == is_made) {
            return l->told[i].value;
        }
    }
    fail_msg("%s: no %s %s the colon", l->formula, sign, is_made ? "behind" : "before");
    return 0;
}

#define GIVEN(sign) number(l, sign, 0)

static void assert_made(const line *l, const char *sign, double value)
{
    assert_near(number(l, sign, 1), value, 1e-12, 1e-300, l->formula, 0);
}

/* Of docs/network.md §8, §10 and §11. */
static void assert_line(const line *l)
{
#define IS(name) (strcmp(l->formula, name) == 0)
    if (IS("penalties")) {
        const double w = GIVEN("w_ji");
        assert_made(l, "g", GIVEN("dW_ji") + GIVEN("λ₁") * (w > 0 ? 1 : -1) + GIVEN("λ₂") * w);
    } else if (IS("clipping")) {
        const double factor = fmin(1, GIVEN("c") / (GIVEN("‖g‖") + 1e-6));
        assert_near(number(l, "factor", 1), factor, 1e-6, 0, "factor", 0); /* ‖g‖ in float */
        assert_made(l, "g", GIVEN("g") * number(l, "factor", 1));
    } else if (IS("decay")) {
        assert_made(l, "g", GIVEN("g") + GIVEN("λ") * GIVEN("θ"));
    } else if (IS("momentum_v") || IS("nesterov_v")) {
        assert_made(l, "v", GIVEN("μ") * GIVEN("v") + GIVEN("g"));
    } else if (IS("rmsprop_v")) {
        assert_made(l, "v", GIVEN("α") * GIVEN("v") + (1 - GIVEN("α")) * GIVEN("g") * GIVEN("g"));
    } else if (IS("adagrad_v")) {
        assert_made(l, "v", GIVEN("v") + GIVEN("g") * GIVEN("g"));
    } else if (IS("adam_m")) {
        assert_made(l, "m", GIVEN("β₁") * GIVEN("m") + (1 - GIVEN("β₁")) * GIVEN("g"));
    } else if (IS("adam_v")) {
        assert_made(l, "v", GIVEN("β₂") * GIVEN("v") + (1 - GIVEN("β₂")) * GIVEN("g") * GIVEN("g"));
    } else if (IS("adam_m_hat")) {
        assert_made(l, "m\u0302", GIVEN("m") / (1 - pow(GIVEN("β₁"), GIVEN("t"))));
    } else if (IS("adam_v_hat")) {
        assert_made(l, "v\u0302", GIVEN("v") / (1 - pow(GIVEN("β₂"), GIVEN("t"))));
    } else if (IS("sgd")) {
        assert_made(l, "step", GIVEN("η") * GIVEN("g"));
    } else if (IS("momentum_step")) {
        assert_made(l, "step", GIVEN("η") * GIVEN("v"));
    } else if (IS("nesterov_step")) {
        assert_made(l, "step", GIVEN("η") * (GIVEN("g") + GIVEN("μ") * GIVEN("v")));
    } else if (IS("rmsprop_step") || IS("adagrad_step")) {
        assert_made(l, "step", GIVEN("η") * GIVEN("g") / (sqrt(GIVEN("v")) + GIVEN("ε")));
    } else if (IS("adam_step")) {
        assert_made(l, "step",
                    GIVEN("η") * GIVEN("m\u0302") / (sqrt(GIVEN("v\u0302")) + GIVEN("ε")));
    } else if (IS("adamw_step")) {
        assert_made(l, "step",
                    GIVEN("η") * (GIVEN("λ") * GIVEN("θ") +
                                  GIVEN("m\u0302") / (sqrt(GIVEN("v\u0302")) + GIVEN("ε"))));
    } else {
        fail_msg("no such line: %s", l->formula);
    }
#undef IS
}

/* Returns θ before the step; *n lines. */
static double assert_lines(const sml_page *page, size_t *n, double *after)
{
    const sml_block *block;
    double theta = (double)NAN;
    *n = 0;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        if (block->kind == SML_BLOCK_FORMULA) {
            const line l = line_of(block, sml_page_block(page, i + 1));
            assert_line(&l);
            *after = l.told[l.n - 1].value;
            ++*n;
        } else if (block->kind == SML_BLOCK_TEXT && isnan(theta)) {
            theta = block->cells[0].value;
            assert_string_equal(block->cells[0].before.utf8, "θ = ");
        }
    }
    return theta;
}

/* All numbers of the lines differ from 0 and 1 in the second step; the parameter and what it is
 * after the step are the trace's. */
static void check_optimizer(sml_ctx *ctx, const sml_dataset *data, const char *name, size_t lines)
{
    static const uint32_t rows[] = {3, 0, 17, 5, 9};
    static const char parameter[] = "layers.0.weight[1,2]";
    char settings[256];
    sml_step_facts step;
    sml_step_parameter facts;
    sml_page *page = NULL;
    size_t n = 0;
    double after = 0;
    snprintf(settings, sizeof settings,
             "epochs=1 batch_size=8 optimizer=%s weight_decay=0.02 l1=0.003 l2=0.01 clip_norm=0.3 "
             "momentum=0.8 alpha=0.95 beta1=0.85 beta2=0.98",
             name);
    sml_model *model = new_model(ctx, PLAIN, settings, data);
    sml_trace *trace = traced(ctx, model, data, rows, 5, (sml_trace_options){.training = 1});
    assert_ok(ctx, sml_trace_step(ctx, trace, NULL));
    assert_ok(ctx, sml_trace_step(ctx, trace, &step));
    const sml_page_options how = {.kind = SML_PAGE_UPDATE, .step = &step, .parameter = parameter};
    assert_ok(ctx, sml_page_create(ctx, trace, &how, &page));
    assert_ok(ctx, sml_trace_parameter(ctx, trace, parameter, &facts));
    const double theta = assert_lines(page, &n, &after);
    assert_int_equal(n, lines);
    assert_true(theta == facts.before && after == facts.after_double);
    assert_near(facts.after, after, 1e-6, 0, name, 0);
    sml_page_free(page);
    sml_trace_free(trace);
    sml_model_free(model);
}

static void every_number_has_its_formula(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, ROWS, INPUTS, OUTPUTS, 7);
    (void)state;
    /* Penalties, clipping and, but for adamw, decay; then the rule. */
    check_optimizer(ctx, data.data, "sgd", 3 + 1);
    check_optimizer(ctx, data.data, "momentum", 3 + 2);
    check_optimizer(ctx, data.data, "nesterov", 3 + 2);
    check_optimizer(ctx, data.data, "rmsprop", 3 + 2);
    check_optimizer(ctx, data.data, "adagrad", 3 + 2);
    check_optimizer(ctx, data.data, "adam", 3 + 5);
    check_optimizer(ctx, data.data, "adamw", 2 + 5);
    free_test_data(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_number_has_its_formula)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
