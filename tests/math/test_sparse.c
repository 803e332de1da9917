/* The sparse products against the dense one, whose sums run over the columns upwards from `start`
 * as theirs do: the same bits, for every instruction set and team; and both against the twin in
 * double. */
#include "beside_dense.h"

enum { GAP = 5 };

/* What fills the rows: a quarter of the numbers, rows and columns without any; some rows without a
 * zero; nothing at all; no zero anywhere. */
typedef enum filling { QUARTER, FULL_ROWS, NOTHING, EVERYTHING, FILLINGS } filling;

typedef struct sparse_case {
    beside_dense beside;
    size_t rows;
    sml__sparse x;
    uint8_t *bytes;
    float *floats, values[256];
    uint32_t *order; /* [rows] or NULL */
    uint32_t *entries;
} sparse_case;

static int is_zero(sml__random *random, filling how, size_t row, size_t column)
{
    switch (how) {
    case QUARTER:
        return row % 5 == 2 || column % 7 == 0 || sml__random_below(random, 4) != 0;
    case FULL_ROWS:
        return row % 3 != 0 && (row % 3 == 1 || sml__random_below(random, 4) != 0);
    case NOTHING:
        return 1;
    default:
        return 0;
    }
}

/* The rows, which end where the last number does; what a stride skips is not zero. */
static void fill(sml__random *random, sparse_case *c, filling how, size_t gap)
{
    const size_t stride = c->beside.columns + gap,
                 length = (c->rows - 1) * stride + c->beside.columns;
    c->bytes = malloc(length);
    c->floats = malloc(length * sizeof(float));
    for (size_t i = 0; i < length; i++) {
        const int skipped = i % stride >= c->beside.columns;
        const int zero = !skipped && is_zero(random, how, i / stride, i % stride);
        c->bytes[i] = zero ? 0 : (uint8_t)(1 + sml__random_below(random, 255));
        c->floats[i] = zero ? (i % 2 == 0 ? 0.0F : -0.0F) : (float)sml__random_normal(random);
    }
    for (size_t b = 0; b < 256; b++) {
        c->values[b] = (float)b * (1.0F / 255.0F);
    }
    c->x.columns = c->beside.columns;
    c->x.stride = stride;
}

/* Looks at bytes or at floats, and writes down what the rows of the batch are. */
static void choose(sparse_case *c, int narrow)
{
    c->x.bytes = narrow ? c->bytes : NULL;
    c->x.values = narrow ? c->values : NULL;
    c->x.floats = narrow ? NULL : c->floats;
    for (size_t i = 0; i < c->beside.m * c->beside.columns; i++) {
        const size_t row =
            c->order != NULL ? c->order[i / c->beside.columns] : i / c->beside.columns;
        const size_t at = row * c->x.stride + i % c->beside.columns;
        c->beside.dense[i] = narrow ? c->values[c->bytes[at]] : c->floats[at];
    }
}

static sml__sparse_product product_of(const beside_dense *beside)
{
    const sparse_case *c = (const sparse_case *)beside;
    const sml__sparse_product product = {
        .x = &c->x,
        .order = c->order,
        .upcoming = c->rows,
        .ahead = beside->m,
        .m = beside->m,
        .n = beside->n,
        .w = beside->w,
        .stride = beside->stride,
        .start = beside->start,
        .z = beside->found,
        .z_row = beside->stride,
        .entries = c->entries,
        .delta = beside->delta,
        .delta_row = beside->stride,
    };
    return product;
}

static void forward(const beside_dense *c, const sml__kernels *kernels, int rank, int size)
{
    const sml__sparse_product product = product_of(c);
    kernels->sparse_forward(&product, rank, size);
}

static void gradient(const beside_dense *c, const sml__kernels *kernels, float alpha,
                     int accumulate, int rank, int size)
{
    sml__sparse_product product = product_of(c);
    product.w = c->found;
    product.alpha = alpha;
    product.accumulate = accumulate;
    kernels->sparse_gradient(&product, rank, size, c->scratch);
}

static sparse_case new_case(sml__random *random, size_t m, size_t n, size_t columns, filling how)
{
    const int in_order = (int)sml__random_below(random, 2);
    sparse_case c = {.beside = new_beside_dense(random, m, n, columns), .rows = 2 * m + 3};
    c.beside.forward = forward;
    c.beside.gradient = gradient;
    fill(random, &c, how, sml__random_below(random, 2) * GAP);
    c.order = in_order ? NULL : malloc(c.rows * sizeof *c.order);
    if (c.order != NULL) {
        sml__random_permutation(random, c.order, c.rows);
    }
    const size_t room = sml__sparse_room(m, columns), alone = TEAMS * sml__sparse_row_room(columns);
    c.entries = malloc((room > alone ? room : alone) * sizeof *c.entries);
    return c;
}

static void free_case(sparse_case c)
{
    void *all[] = {c.bytes, c.floats, c.order, c.entries};
    free_beside_dense(&c.beside);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static void check_isas(sparse_case *c, int narrow)
{
    beside_dense *beside = &c->beside;
    const sml__gemm forward_gemm = dense_forward(beside);
    const sml__gemm gradient_gemm = dense_gradient(beside, -0.3F, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        if (!sml__isa_available((sml__isa)isa)) {
            continue;
        }
        const sml__kernels *kernels = sml__kernels_for((sml__isa)isa);
        sml__gemm_ref(&forward_gemm, beside->expected, beside->terms);
        check_forward(beside, kernels);
        if (narrow) { /* the gradient knows bytes only */
            sml__gemm_ref(&gradient_gemm, beside->expected, beside->terms);
            check_gradient(beside, kernels);
            check_step(beside, kernels, -0.3F);
            if (beside->m > 1) { /* alone, the layer adds a rounded product instead */
                check_step(beside, kernels, 1.0F);
            }
        }
    }
}

static void check_all(sparse_case *c)
{
    for (int narrow = 0; narrow < 2; narrow++) {
        choose(c, narrow);
        check_isas(c, narrow);
    }
}

static void sparse_equals_dense(void **state)
{
    static const size_t widths[] = {1, 3, 4, 5, 8, 10, 16, 100, 128, 130, 256, 300};
    static const size_t batches[] = {1, 2, 21, 41, 64, 130, 256};
    static const size_t columns[] = {1, 15, 16, 100, 128, 131, 300, 784};
    enum { BATCHES = sizeof batches / sizeof batches[0], COLUMNS = 8, WORK_MAX = 10000000 };
    sml__random random;
    (void)state;
    sml__random_init(&random, 3, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0] * BATCHES; i++) {
        const size_t n = widths[i / BATCHES], m = batches[i % BATCHES];
        for (size_t k = 0; k < 3; k++) {
            const size_t wanted = columns[(i + 3 * k) % COLUMNS];
            const size_t fitting = m * n * wanted > WORK_MAX ? 131 : wanted;
            const filling how = k == 0 ? QUARTER : (filling)((i + k) % FILLINGS);
            sparse_case c = new_case(&random, m, n, fitting, how);
            check_all(&c);
            free_case(c);
        }
    }
}

/* As many columns as a list of two rows has numbers for, and one more. */
static void widest_pairs_equal_dense(void **state)
{
    static const size_t batches[] = {2, 3};
    sml__random random;
    (void)state;
    sml__random_init(&random, 4, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < 4; i++) {
        sparse_case c =
            new_case(&random, batches[i / 2], 16, SML__PAIR_COLUMNS_MAX + i % 2, QUARTER);
        check_all(&c);
        free_case(c);
    }
}

/* A whole training, on bytes that are mostly zero and on the same numbers as float32: the first
 * takes the sparse products, the second the dense ones. */
static void training_on_bytes_equals_training_on_floats(void **state)
{
    enum { M = 150, D = 600, K = 3 };
    static uint8_t bytes[M * D];
    static float floats[M * D];
    static int32_t labels[M];
    static const char *const settings[] = {
        "hidden=40 epochs=2 batch_size=32 optimizer=sgd", "hidden=40 epochs=2 batch_size=32",
        "hidden=9 epochs=1 batch_size=150 optimizer=momentum l2=0.01 clip_norm=1"};
    sml_ctx *ctx = new_context(2);
    sml__random random;
    (void)state;
    sml__random_init(&random, 3, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < M * D; i++) {
        bytes[i] =
            sml__random_below(&random, 5) == 0 ? (uint8_t)sml__random_below(&random, 256) : 0;
        floats[i] = (float)bytes[i] * (1.0F / 255.0F);
    }
    for (size_t r = 0; r < M; r++) {
        labels[r] = (int32_t)sml__random_below(&random, K);
    }
    const sml_data_view narrow = {.rows = M,
                                  .columns = D,
                                  .bytes = bytes,
                                  .scale = 1.0F / 255.0F,
                                  .outputs = K,
                                  .labels = labels};
    const sml_data_view wide = {
        .rows = M, .columns = D, .features = floats, .outputs = K, .labels = labels};
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
        static float first[40 * D], second[40 * D];
        const sml_data_view *views[] = {&narrow, &wide};
        float *values[] = {first, second};
        for (size_t v = 0; v < 2; v++) {
            sml_dataset *data = NULL;
            sml_model *model = NULL;
            sml_tensor_facts facts;
            assert_ok(ctx, sml_dataset_from_memory(ctx, views[v], &data));
            assert_ok(ctx, sml_model_create(ctx, "mlp", settings[s], &model));
            assert_ok(ctx, sml_model_fit(ctx, model, data));
            assert_ok(ctx, sml_model_tensor(ctx, model, 0, &facts));
            const size_t n = facts.shape[0] * facts.shape[1];
            assert_ok(ctx, sml_model_tensor_values(ctx, model, 0, values[v], n));
            sml_model_free(model);
            sml_dataset_free(data);
        }
        for (size_t i = 0; i < 40 * D; i++) {
            assert_true(first[i] == second[i]);
        }
    }
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_equals_dense),
        cmocka_unit_test(widest_pairs_equal_dense),
        cmocka_unit_test(training_on_bytes_equals_training_on_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
