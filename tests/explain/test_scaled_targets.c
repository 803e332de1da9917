/* A regression with scaled targets: predictions, targets and loss of a trace, its relation (51) and
 * its page against mean and deviation of the targets, computed here. */
#include "members.h"

enum { ROWS = 40, INPUTS = 3, K = 2, N = 3 };

static const uint32_t SAMPLES[N] = {11, 0, 38};

typedef struct scene {
    sml_ctx *ctx;
    sml_dataset *data;
    sml_model *model;
    sml_trace *trace;
    float x[ROWS * INPUTS], t[ROWS * K];
    double mean[K], deviation[K]; /* over the rows, by the formulas */
} scene;

/* Prices in the hundred thousands, and thousandths. */
static void make_rows(scene *s)
{
    sml__random random;
    sml__random_init(&random, 5, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        float *x = s->x + r * INPUTS, *t = s->t + r * K;
        for (size_t i = 0; i < INPUTS; i++) {
            x[i] = (float)sml__random_normal(&random);
        }
        t[0] = 240000.0F + 31000.0F * x[0] - 9000.0F * x[1] * x[1];
        t[1] = 0.004F * x[2] - 0.001F * x[0];
    }
    for (size_t k = 0; k < K; k++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < ROWS; r++) {
            sum += (double)s->t[r * K + k];
        }
        s->mean[k] = sum / ROWS;
        for (size_t r = 0; r < ROWS; r++) {
            squares += pow((double)s->t[r * K + k] - s->mean[k], 2);
        }
        s->deviation[k] = sqrt(squares / ROWS);
    }
}

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    s->ctx = new_context(1);
    make_rows(s);
    const sml_data_view view = {.rows = ROWS,
                                .columns = INPUTS,
                                .features = s->x,
                                .task = SML_TASK_REGRESSION,
                                .outputs = K,
                                .targets = s->t};
    const sml_trace_options how = {.samples = SAMPLES, .n = N};
    assert_ok(s->ctx, sml_dataset_from_memory(s->ctx, &view, &s->data));
    assert_ok(s->ctx, sml_model_create(s->ctx, "mlp",
                                       "hidden=7 epochs=5 batch_size=8 target_scaling=standard",
                                       &s->model));
    assert_ok(s->ctx, sml_model_fit(s->ctx, s->model, s->data));
    assert_ok(s->ctx, sml_trace_create(s->ctx, s->model, s->data, &how, &s->trace));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    sml_trace_free(s->trace);
    sml_model_free(s->model);
    sml_dataset_free(s->data);
    sml_ctx_free(s->ctx);
    free(s);
    return 0;
}

static const float *vector(const scene *s, sml_vector which, size_t r)
{
    size_t n = 0, last = 0;
    while (sml_trace_layer_at(s->trace, last + 1).type != NULL) {
        last++;
    }
    const float *values = sml_trace_vector(s->trace, which, last, r, &n);
    assert_int_equal(n, K);
    return values;
}

/* a = z d + μ in the units of the data; y = (t - μ) / d and the loss in those of training. */
static void numbers_of_a_trace(void **state)
{
    const scene *s = *state;
    double loss = 0;
    for (size_t r = 0; r < N; r++) {
        const float *z = vector(s, SML_OUTPUT, r), *y = vector(s, SML_TARGET, r);
        const float *a = vector(s, SML_PREDICTION, r), *t = s->t + SAMPLES[r] * K;
        for (size_t k = 0; k < K; k++) {
            const double wanted = (double)z[k] * s->deviation[k] + s->mean[k];
            const double scaled = ((double)t[k] - s->mean[k]) / s->deviation[k];
            assert_near((double)a[k], wanted, 1e-6, 1e-8, "prediction", k);
            assert_near((double)y[k], scaled, 1e-6, 1e-6, "target", k);
            loss += pow((double)z[k] - scaled, 2) / K / N;
        }
    }
    char *text = NULL;
    size_t length = 0;
    assert_ok(s->ctx, sml_trace_json(s->ctx, s->trace, NULL, &text, &length));
    json_t *json = json_loadb(text, length, 0, NULL);
    assert_near(json_number_value(in(in(json, "batch"), "loss")), loss, 1e-5, 0, "loss", 0);
    for (size_t r = 0; r < N; r++) {
        const json_t *row = nth(in(json, "samples"), r);
        for (size_t k = 0; k < K; k++) {
            assert_true((float)json_number_value(nth(in(row, "data_target"), k)) ==
                        s->t[SAMPLES[r] * K + k]);
            assert_true((float)json_number_value(nth(in(row, "predictions"), k)) ==
                        vector(s, SML_PREDICTION, r)[k]);
        }
    }
    json_decref(json);
    sml_text_free(text);
}

/* Its worst case lies where it says, and is what these numbers say. */
static void relation_51(void **state)
{
    const scene *s = *state;
    sml_trace_check checks[64];
    size_t n = 0, found = 0;
    assert_ok(s->ctx, sml_trace_checks(s->ctx, s->trace, checks, 64, &n));
    for (size_t i = 0; i < n; i++) {
        const sml_trace_check *c = &checks[i];
        if (strcmp(c->name, "prediction") != 0) {
            assert_string_not_equal(c->equation, "(51)");
            continue;
        }
        const double z = (double)vector(s, SML_OUTPUT, c->row)[c->unit];
        const double wanted = z * s->deviation[c->unit] + s->mean[c->unit];
        found++;
        assert_string_equal(c->equation, "(51)");
        assert_int_equal(c->n, N * K);
        assert_true(c->holds);
        assert_near(c->right, wanted, 1e-12, 1e-15, "(51)", 0);
        assert_true(c->left == (double)vector(s, SML_PREDICTION, c->row)[c->unit]);
        /* Three operations in double, rounded to float32 once. */
        assert_true(c->bound >= fabs(c->left - wanted));
        assert_true(c->bound <=
                    4 * 0x1p-24 * (fabs(z) * s->deviation[c->unit] + fabs(s->mean[c->unit])));
    }
    assert_int_equal(found, 1);
}

/* The rows of its table: z, q, μ and a of each output. */
static void page_51(void **state)
{
    const scene *s = *state;
    const sml_page_options how = {.kind = SML_PAGE_LOSS, .row = 1};
    const sml_block *block;
    sml_page *page = NULL;
    size_t i = 0;
    assert_ok(s->ctx, sml_page_create(s->ctx, s->trace, &how, &page));
    while ((block = sml_page_block(page, i)) != NULL &&
           (block->kind != SML_BLOCK_FORMULA || block->formula->equation == NULL ||
            strcmp(block->formula->equation, "51") != 0)) {
        i++;
    }
    assert_non_null(block);
    assert_string_equal(block->formula->text.utf8, "a_k = z_k / q_k + μ_k, y_k = (t_k - μ_k) q_k");
    block = sml_page_block(page, i + 1);
    assert_int_equal(block->kind, SML_BLOCK_TABLE);
    assert_int_equal(block->rows, 1 + K);
    for (size_t row = 1; row <= K; row++) {
        const sml_cell *cells = block->cells + row * block->columns;
        const double z = cells[1].value, a = cells[4].value;
        const float *logits = vector(s, SML_OUTPUT, 1);
        const size_t k = z == (double)logits[0] ? 0 : 1;
        assert_true(z == (double)logits[k]);
        assert_near(cells[2].value, 1 / s->deviation[k], 1e-12, 0, "q", k);
        assert_near(cells[3].value, s->mean[k], 1e-12, 1e-15, "μ", k);
        assert_near(a, z * s->deviation[k] + s->mean[k], 1e-6, 1e-8, "a", k);
    }
    sml_page_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_a_trace),
        cmocka_unit_test(relation_51),
        cmocka_unit_test(page_51),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
