/* The sparse products against the dense one, whose sums run over the columns upwards from `start`
 * as theirs do: the same bits, for every instruction set and team; and both against the twin in
 * double. */
#include "support.h"

#include "math/ref/gemm.h"

enum { TEAMS = 3, GAP = 5 };

/* What fills the rows: a quarter of the numbers, rows and columns without any; some rows without a
 * zero; nothing at all; no zero anywhere. */
typedef enum filling { QUARTER, FULL_ROWS, NOTHING, EVERYTHING, FILLINGS } filling;

typedef struct sparse_case {
    size_t m, n, columns, rows, stride; /* stride: of W; a row of Z and of Δ is one, too */
    sml__sparse x;
    uint8_t *bytes;
    float *floats, values[256];
    uint32_t *order;          /* [rows] or NULL */
    float *dense;             /* [m, columns] the rows of the order */
    float *w, *delta, *start; /* [columns, stride], [m, stride], [stride] */
    float *found, *want;      /* [columns, stride] or [m, stride] */
    double *expected, *terms; /* the twin's, without gaps */
    uint32_t *entries;
    float *scratch;
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
    const size_t stride = c->columns + gap, length = (c->rows - 1) * stride + c->columns;
    c->bytes = malloc(length);
    c->floats = malloc(length * sizeof(float));
    for (size_t i = 0; i < length; i++) {
        const int skipped = i % stride >= c->columns;
        const int zero = !skipped && is_zero(random, how, i / stride, i % stride);
        c->bytes[i] = zero ? 0 : (uint8_t)(1 + sml__random_below(random, 255));
        c->floats[i] = zero ? (i % 2 == 0 ? 0.0F : -0.0F) : (float)sml__random_normal(random);
    }
    for (size_t b = 0; b < 256; b++) {
        c->values[b] = (float)b * (1.0F / 255.0F);
    }
    c->x.columns = c->columns;
    c->x.stride = stride;
}

static sparse_case new_case(sml__random *random, size_t m, size_t n, size_t columns, filling how)
{
    sparse_case c = {.m = m, .n = n, .columns = columns, .rows = 2 * m + 3};
    const size_t stride = sml__row_stride(n), longer = m > columns ? m : columns;
    const int in_order = (int)sml__random_below(random, 2);
    c.stride = stride;
    fill(random, &c, how, sml__random_below(random, 2) * GAP);
    c.order = in_order ? NULL : malloc(c.rows * sizeof *c.order);
    if (c.order != NULL) {
        sml__random_permutation(random, c.order, c.rows);
    }
    c.dense = malloc(m * columns * sizeof(float));
    c.w = normal_rows(random, columns, n, stride);
    c.delta = normal_rows(random, m, n, stride);
    c.start = normal_rows(random, 1, n, (n + 15) / 16 * 16);
    c.found = malloc(longer * stride * sizeof(float));
    c.want = malloc(longer * stride * sizeof(float));
    c.expected = malloc(longer * n * sizeof(double));
    c.terms = malloc(longer * n * sizeof(double));
    const size_t room = sml__sparse_room(m, columns), alone = TEAMS * sml__sparse_row_room(columns);
    c.entries = malloc((room > alone ? room : alone) * sizeof *c.entries);
    c.scratch = malloc(SML__GEMM_SCRATCH * sizeof(float));
    return c;
}

static void free_case(sparse_case c)
{
    void *all[] = {c.bytes, c.floats, c.order, c.dense,    c.w,       c.delta,  c.start,
                   c.found, c.want,   c.terms, c.expected, c.entries, c.scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

/* Looks at bytes or at floats, and writes down what the rows of the batch are. */
static void choose(sparse_case *c, int narrow)
{
    c->x.bytes = narrow ? c->bytes : NULL;
    c->x.values = narrow ? c->values : NULL;
    c->x.floats = narrow ? NULL : c->floats;
    for (size_t i = 0; i < c->m * c->columns; i++) {
        const size_t row = c->order != NULL ? c->order[i / c->columns] : i / c->columns;
        const size_t at = row * c->x.stride + i % c->columns;
        c->dense[i] = narrow ? c->values[c->bytes[at]] : c->floats[at];
    }
}

static sml__sparse_product product_of(sparse_case *c, float alpha, int accumulate)
{
    const sml__sparse_product product = {.x = &c->x,
                                         .order = c->order,
                                         .upcoming = c->rows,
                                         .ahead = c->m,
                                         .m = c->m,
                                         .n = c->n,
                                         .w = c->w,
                                         .stride = c->stride,
                                         .start = c->start,
                                         .z = c->found,
                                         .z_row = c->stride,
                                         .entries = c->entries,
                                         .delta = c->delta,
                                         .delta_row = c->stride,
                                         .alpha = alpha,
                                         .accumulate = accumulate};
    return product;
}

static sml__gemm dense_forward(const sparse_case *c)
{
    const sml__gemm gemm = {.m = c->m,
                            .n = c->n,
                            .k = c->columns,
                            .a = c->dense,
                            .a_row = c->columns,
                            .a_column = 1,
                            .b = c->w,
                            .b_row = c->stride,
                            .b_column = 1,
                            .b_width = c->stride,
                            .c = c->want,
                            .c_row = c->stride,
                            .c_width = c->n,
                            .alpha = 1,
                            .start = c->start};
    return gemm;
}

static sml__gemm dense_gradient(const sparse_case *c, float alpha, int accumulate)
{
    const sml__gemm gemm = {.m = c->columns,
                            .n = c->n,
                            .k = c->m,
                            .a = c->dense,
                            .a_row = 1,
                            .a_column = c->columns,
                            .b = c->delta,
                            .b_row = c->stride,
                            .b_column = 1,
                            .b_width = c->stride,
                            .c = c->want,
                            .c_row = c->stride,
                            .c_width = c->n,
                            .alpha = alpha,
                            .accumulate = accumulate};
    return gemm;
}

/* |error| ≤ γ_(k+2) · Σ |terms|, as in test_gemm.c. */
static void assert_near_twin(const sparse_case *c, const float *found, size_t rows, size_t k)
{
    const double units = (double)(k + 2) * 0x1p-24;
    for (size_t i = 0; i < rows * c->n; i++) {
        const float value = found[i / c->n * c->stride + i % c->n];
        assert_near((double)value, c->expected[i], 0, units / (1 - units) * c->terms[i], "twin", i);
    }
}

static const float UNTOUCHED = 3e38F;

/* Every number of c->want has been written by one member, and with these bits; beside them is
 * nothing but zeros. `owners` counts the members that wrote each. */
static void note_share(const sparse_case *c, size_t rows, unsigned char *owners)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        const int beside = i % c->stride >= c->n;
        const float found = c->found[i];
        if (found == UNTOUCHED) {
            continue;
        }
        owners[i]++;
        if (beside ? found != 0 : found != c->want[i]) {
            fail_msg("m %zu, n %zu, columns %zu: [%zu] is %.9g, not %.9g", c->m, c->n, c->columns,
                     i, (double)found, beside ? 0 : (double)c->want[i]);
        }
    }
}

static void assert_one_owner(const sparse_case *c, size_t rows, int size,
                             const unsigned char *owners)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        if (i % c->stride < c->n && owners[i] != 1) {
            fail_msg("m %zu, n %zu, columns %zu: %d of %d members write [%zu]", c->m, c->n,
                     c->columns, owners[i], size, i);
        }
    }
}

static void clear(sparse_case *c, size_t rows)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        c->found[i] = UNTOUCHED;
    }
}

static void check_forward(sparse_case *c, const sml__kernels *kernels)
{
    unsigned char *owners = malloc(c->m * c->stride);
    const sml__gemm gemm = dense_forward(c);
    const sml__sparse_product product = product_of(c, 0, 0);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->m, c->columns);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->m * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->m);
            kernels->sparse_forward(&product, rank, size);
            note_share(c, c->m, owners);
        }
        assert_one_owner(c, c->m, size, owners);
    }
    free(owners);
}

static void check_gradient(sparse_case *c, const sml__kernels *kernels)
{
    unsigned char *owners = malloc(c->columns * c->stride);
    const sml__gemm gemm = dense_gradient(c, -0.3F, 0);
    sml__sparse_product product = product_of(c, -0.3F, 0);
    product.w = c->found;
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->columns, c->m);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->columns * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->columns);
            kernels->sparse_gradient(&product, rank, size, c->scratch);
            note_share(c, c->columns, owners);
        }
        assert_one_owner(c, c->columns, size, owners);
    }
    free(owners);
}

/* The gradient added to what is there. */
static void check_step(sparse_case *c, const sml__kernels *kernels)
{
    const size_t bytes = c->columns * c->stride * sizeof(float);
    const sml__gemm gemm = dense_gradient(c, -0.3F, 1);
    sml__sparse_product product = product_of(c, -0.3F, 1);
    product.w = c->found;
    memcpy(c->want, c->w, bytes);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    for (int size = 1; size <= TEAMS; size++) {
        memcpy(c->found, c->w, bytes);
        for (int rank = 0; rank < size; rank++) {
            kernels->sparse_gradient(&product, rank, size, c->scratch);
        }
        for (size_t i = 0; i < c->columns * c->stride; i++) { /* +0 and -0 are one number */
            if (c->found[i] != c->want[i]) {
                fail_msg("m %zu, n %zu, columns %zu: step [%zu] is %.9g, not %.9g", c->m, c->n,
                         c->columns, i, (double)c->found[i], (double)c->want[i]);
            }
        }
    }
}

static void check_case(sparse_case *c, void (*check)(sparse_case *c, const sml__kernels *kernels))
{
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        if (sml__isa_available((sml__isa)isa)) {
            check(c, sml__kernels_for((sml__isa)isa));
        }
    }
}

static void check_all(sparse_case *c)
{
    for (int narrow = 0; narrow < 2; narrow++) {
        choose(c, narrow);
        const sml__gemm forward = dense_forward(c);
        sml__gemm_ref(&forward, c->expected, c->terms);
        check_case(c, check_forward);
    }
    const sml__gemm gradient = dense_gradient(c, -0.3F, 0);
    sml__gemm_ref(&gradient, c->expected, c->terms);
    check_case(c, check_gradient);
    check_case(c, check_step);
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
