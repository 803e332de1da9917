/* Pages of rows that weigh something: formulas, numbers and tables say what is computed. The same
 * rows without weights are the reference. */
#include "support.h"

#include <scratchml/page.h>

enum { ROWS = 24, INPUTS = 5, OUTPUTS = 3, BATCH = 5, FIRST = 4 };

/* Of row FIRST 1, of the others something else. */
static void fill_weights(float *weights)
{
    for (int r = 0; r < ROWS; r++) {
        weights[r] = r == FIRST ? 1.0F : 0.25F + 0.5F * (float)((r * 7) % 5);
    }
}

typedef struct fixture {
    sml_ctx *ctx;
    test_data plain;
    sml_dataset *weighted;
    float weights[ROWS];
    sml_model *model;
    sml_trace *with, *without; /* weights */
} fixture;

static sml_task task_of(const char *loss)
{
    return strcmp(loss, "cross_entropy") == 0          ? SML_TASK_CLASSIFICATION
           : strcmp(loss, "binary_cross_entropy") == 0 ? SML_TASK_MULTILABEL
                                                       : SML_TASK_REGRESSION;
}

static fixture open_fixture(const char *loss, const char *norm, int training)
{
    fixture f = {.ctx = new_context(1)};
    char settings[128];
    uint32_t rows[BATCH];
    const sml_layer layers[] = {sml_dense(6), sml_layer_of(norm, 0, 0.1), sml_tanh(),
                                sml_dense(OUTPUTS)};
    fill_weights(f.weights);
    f.plain = new_test_data(f.ctx, task_of(loss), ROWS, INPUTS, OUTPUTS, 7);
    const sml_data_view view = {.rows = ROWS,
                                .columns = INPUTS,
                                .features = f.plain.features,
                                .task = task_of(loss),
                                .outputs = OUTPUTS,
                                .targets = f.plain.targets,
                                .weights = f.weights};
    assert_ok(f.ctx, sml_dataset_from_memory(f.ctx, &view, &f.weighted));
    snprintf(settings, sizeof settings, "epochs=3 batch_size=8 loss=%s", loss);
    assert_ok(f.ctx, sml_network_create(f.ctx, layers, 4, settings, &f.model));
    assert_ok(f.ctx, sml_model_fit(f.ctx, f.model, f.plain.data));
    for (uint32_t i = 0; i < BATCH; i++) {
        rows[i] = FIRST + i;
    }
    const sml_trace_options how = {.samples = rows, .n = BATCH, .training = training};
    assert_ok(f.ctx, sml_trace_create(f.ctx, f.model, f.weighted, &how, &f.with));
    assert_ok(f.ctx, sml_trace_create(f.ctx, f.model, f.plain.data, &how, &f.without));
    return f;
}

static void close_fixture(fixture *f)
{
    sml_trace_free(f->with);
    sml_trace_free(f->without);
    sml_model_free(f->model);
    sml_dataset_free(f->weighted);
    free_test_data(f->plain);
    sml_ctx_free(f->ctx);
}

static sml_page *page_of(const fixture *f, const sml_trace *trace, sml_page_options options)
{
    sml_page *page = NULL;
    options.top = 2 * ROWS;
    assert_ok(f->ctx, sml_page_create(f->ctx, trace, &options, &page));
    return page;
}

/* The place of the block behind the formula of that name, or -1. */
static long behind(const sml_page *page, const char *formula)
{
    const sml_block *block;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        if (block->kind == SML_BLOCK_FORMULA && strcmp(block->formula->name, formula) == 0) {
            return (long)i + 1;
        }
    }
    return -1;
}

static size_t behind_formula(const sml_page *page, const char *formula)
{
    const long at = behind(page, formula);
    if (at < 0) {
        fail_msg("no formula %s", formula);
    }
    return (size_t)at;
}

/* The first block of a kind from a place on. */
static const sml_block *next(const sml_page *page, size_t at, sml_block_kind kind)
{
    const sml_block *block;
    while ((block = sml_page_block(page, at)) != NULL && block->kind != kind) {
        at++;
    }
    assert_non_null(block);
    return block;
}

/* The number that stands behind these words; NaN: none does. */
static double told(const sml_block *block, const char *words)
{
    double found = (double)NAN;
    for (size_t c = 0; c < block->columns; c++) {
        const char *before = block->cells[c].before.utf8;
        const size_t length = strlen(before), wanted = strlen(words);
        if (length >= wanted && strcmp(before + length - wanted, words) == 0 &&
            block->cells[c].is_number) {
            found = block->cells[c].value;
        }
    }
    return found;
}

/* The column under a heading. */
static size_t column(const sml_block *table, const char *head)
{
    for (size_t c = 0; c < table->columns; c++) {
        if (strcmp(table->cells[c].before.utf8, head) == 0) {
            return c;
        }
    }
    fail_msg("no column %s", head);
    return 0;
}

static const sml_cell *in(const sml_block *table, size_t row, const char *head)
{
    return &table->cells[row * table->columns + column(table, head)];
}

/* The row of a table whose first cell is this number. */
static size_t row_of(const sml_block *table, double first)
{
    for (size_t r = 1; r < table->rows; r++) {
        if (table->cells[r * table->columns].value == first) {
            return r;
        }
    }
    fail_msg("no row %g", first);
    return 0;
}

typedef struct parameter {
    const char *name, *formula, *right, *product, *product_of_plain;
} parameter;

/* Each product is w_s δ_s right / Σw, with δ_s of the row without its weight. */
static void check_parameter(const fixture *f, const parameter *p)
{
    const sml_page_options options = {.kind = SML_PAGE_WEIGHT, .parameter = p->name};
    char name[64];
    double sum = 0, total = 0;
    snprintf(name, sizeof name, "weighted_%s", p->formula);
    sml_page *page = page_of(f, f->with, options), *plain = page_of(f, f->without, options);
    const size_t at = behind_formula(page, name);
    for (int i = 0; i < BATCH; i++) {
        sum += (double)f->weights[FIRST + i];
    }
    assert_near(told(sml_page_block(page, at), "Σ w_s = "), sum, 1e-15, 0, p->name, 0);
    const sml_block *table = next(page, at, SML_BLOCK_TABLE);
    const sml_block *reference = next(plain, behind_formula(plain, p->formula), SML_BLOCK_TABLE);
    for (uint32_t s = FIRST; s < FIRST + BATCH; s++) {
        const size_t r = row_of(table, s), other = row_of(reference, s);
        const double w = (double)f->weights[s],
                     right = p->right ? in(table, r, p->right)->value : 1;
        const double delta = in(reference, other, "δ_sj")->value;
        const double product = in(table, r, p->product)->value;
        assert_true(in(table, r, "w_s")->value == w);
        assert_near(in(table, r, "δ_sj")->value, w * delta, 1e-5, 1e-7, p->name, s);
        assert_near(product, in(table, r, "δ_sj")->value * right / sum, 1e-12, 0, p->name, s);
        assert_near(in(reference, other, p->product_of_plain)->value, delta * right / BATCH, 1e-6,
                    1e-12, p->name, s);
        total += product;
    }
    assert_near(in(table, BATCH + 1, p->product)->value, total, 1e-12, 1e-300, p->name, 0);
    sml_page_free(page);
    sml_page_free(plain);
}

static const parameter PARAMETERS[] = {
    {"layers.0.weight[2,3]", "gradient_of_batch", "x_si", "δ x / Σ w_s", "δ x / m"},
    {"layers.0.bias[2]", "bias_of_batch", NULL, "δ / Σ w_s", "δ / m"},
    {"layers.1.weight[2]", "gamma_of_batch", "x\u0302_sj", "δ x\u0302 / Σ w_s", "δ x\u0302 / m"},
    {"layers.1.bias[2]", "beta_of_batch", NULL, "δ / Σ w_s", "δ / m"},
    {"layers.2.weight[1,0]", "gradient_of_batch", "x_si", "δ x / Σ w_s", "δ x / m"},
};

static void gradients(void **state)
{
    fixture f = open_fixture("cross_entropy", "layer_norm", 0);
    (void)state;
    for (size_t i = 0; i < sizeof PARAMETERS / sizeof PARAMETERS[0]; i++) {
        check_parameter(&f, &PARAMETERS[i]);
    }
    close_fixture(&f);
}

/* A norm's unit has the tables of its two parameters, which differ in what they divide by alone. */
static void gradients_of_a_norm(void **state)
{
    fixture f = open_fixture("cross_entropy", "batch_norm", 1);
    const sml_page_options options = {
        .kind = SML_PAGE_UNIT, .block = 1, .unit = 3, .with_backward = 1};
    (void)state;
    for (size_t i = 2; i < 4; i++) {
        const parameter *p = &PARAMETERS[i];
        sml_page *page = page_of(&f, f.without, options);
        const sml_block *table = next(page, behind_formula(page, p->formula), SML_BLOCK_TABLE);
        for (uint32_t s = FIRST; s < FIRST + BATCH; s++) {
            const size_t r = row_of(table, s);
            const double right = p->right ? in(table, r, p->right)->value : 1;
            assert_near(in(table, r, p->product_of_plain)->value,
                        in(table, r, "δ_sj")->value * right / BATCH, 1e-12, 0, p->name, s);
        }
        sml_page_free(page);
    }
    close_fixture(&f);
}

/* δ_k of (9), (13) to (16), without w_s and 1/K. */
static double slope_of(const char *loss, double a, double y)
{
    const double r = a - y;
    return strcmp(loss, "mean_squared_error") == 0    ? 2 * r
           : strcmp(loss, "mean_absolute_error") == 0 ? (double)((r > 0) - (r < 0))
           : strcmp(loss, "huber") == 0               ? fmax(-1, fmin(1, r))
                                                      : r;
}

static const char *weighed(const char *prefix, const char *loss, double w, char name[64])
{
    snprintf(name, 64, "%s%s%s", w != 1 ? "weighted_" : "", prefix, loss);
    return name;
}

static void check_loss_page(const fixture *f, const char *loss, size_t row)
{
    const sml_page_options options = {.kind = SML_PAGE_LOSS, .row = row};
    const double w = (double)f->weights[FIRST + row];
    const int is_softmax = strcmp(loss, "cross_entropy") == 0, n = is_softmax ? 1 : OUTPUTS;
    char name[64];
    double parts = 0;
    sml_page *page = page_of(f, f->with, options), *plain = page_of(f, f->without, options);
    const size_t at = behind_formula(page, weighed("", loss, w, name)) - 1;
    const sml_block *value = sml_page_block(page, at), *table = next(page, at, SML_BLOCK_TABLE);
    const sml_block *reference = sml_page_block(plain, behind_formula(plain, loss) - 1);
    assert_true((strstr(value->formula->text.utf8, "w_s") != NULL) == (w != 1));
    assert_near(value->cells[0].value, w * reference->cells[0].value, 1e-6, 0, loss, row);
    assert_true(w != 1 ? told(value, "w_s = ") == w : isnan(told(value, "w_s = ")));
    const sml_block *outputs =
        next(page,
             behind_formula(page, is_softmax                                  ? "softmax"
                                  : strcmp(loss, "binary_cross_entropy") == 0 ? "sigmoids"
                                                                              : "identities"),
             SML_BLOCK_TABLE);
    const sml_block *deltas =
        next(page, behind_formula(page, weighed("delta_", loss, w, name)), SML_BLOCK_TABLE);
    for (size_t r = 1; r < table->rows; r++) {
        const double a = in(outputs, r, "a_k")->value, y = in(table, r, "y_k")->value;
        const char *head = !is_softmax ? "by the formula" : w != 1 ? "by w_s (a - y)" : "by a - y";
        parts += in(table, r, "its part of C")->value;
        assert_near(in(deltas, r, head)->value, w * slope_of(loss, a, y) / n, 1e-5, 1e-6, loss, r);
    }
    assert_near(parts, value->cells[0].value, 1e-5, 1e-7, loss, row);
    sml_page_free(page);
    sml_page_free(plain);
}

/* The numbers on the line of an output's unit make its δ. */
static void check_output_page(const fixture *f, const char *loss, size_t row)
{
    const sml_page_options options = {
        .kind = SML_PAGE_UNIT, .row = row, .block = 2, .unit = 1, .with_backward = 1};
    const double w = (double)f->weights[FIRST + row];
    char name[64];
    sml_page *page = page_of(f, f->with, options);
    const size_t at = behind_formula(page, weighed("delta_", loss, w, name));
    const sml_block *line = sml_page_block(page, at), *check = next(page, at, SML_BLOCK_CHECK);
    const double r = told(line, "r_k = "), k = told(line, "K = ");
    const double slope =
        isnan(r) ? told(line, "a_k = ") - told(line, "y_k = ") : slope_of(loss, r, 0);
    assert_true(isnan(k) ? strcmp(loss, "cross_entropy") == 0 : k == OUTPUTS);
    assert_near(told(check, "engine "),
                (w != 1 ? told(line, "w_s = ") : 1) * slope / (isnan(k) ? 1 : k), 1e-5, 1e-6, loss,
                row);
    assert_true(w != 1 || isnan(told(line, "w_s = ")));
    sml_page_free(page);
}

static void losses(void **state)
{
    static const char *const names[] = {"cross_entropy", "binary_cross_entropy",
                                        "mean_squared_error", "mean_absolute_error", "huber"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture f = open_fixture(names[i], "layer_norm", 0);
        for (size_t row = 0; row < BATCH; row++) {
            check_loss_page(&f, names[i], row);
            check_output_page(&f, names[i], row);
        }
        close_fixture(&f);
    }
}

/* ∂C/∂z by (45), (48) or (50), from the numbers of the line. */
static void check_norm(const char *norm, int training, const char *formula)
{
    fixture f = open_fixture("cross_entropy", norm, training);
    for (size_t unit = 0; unit < 6; unit++) {
        const sml_page_options options = {
            .kind = SML_PAGE_UNIT, .row = 1, .block = 0, .unit = unit, .with_backward = 1};
        sml_page *page = page_of(&f, f.with, options);
        const sml_block *line = sml_page_block(page, behind_formula(page, formula));
        const double delta = told(line, "∂C/∂a_j = "), gamma = told(line, "γ_j = ");
        const double r = told(line, "r = "), x = told(line, "x\u0302 = ");
        double wanted = gamma * r * delta;
        if (strcmp(formula, "delta_batch_norm") == 0) {
            wanted = gamma * r *
                     (delta - told(line, "the mean of δ is ") - x * told(line, "of δ x\u0302 "));
        } else if (strcmp(formula, "delta_layer_norm") == 0) {
            wanted = r * (gamma * delta - told(line, "the mean of g is ") -
                          x * told(line, "of g x\u0302 "));
        }
        assert_near(told(line, "∂C/∂z_j = "), wanted, 1e-4, 1e-7, formula, unit);
        sml_page_free(page);
    }
    close_fixture(&f);
}

static void norms(void **state)
{
    (void)state;
    check_norm("batch_norm", 0, "delta_norm_fixed");
    check_norm("batch_norm", 1, "delta_batch_norm");
    check_norm("layer_norm", 0, "delta_layer_norm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(gradients_of_a_norm),
        cmocka_unit_test(losses),
        cmocka_unit_test(norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
