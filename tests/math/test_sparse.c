/* The sparse products against the dense one: the same bits, for every instruction set and team. */
#include "support.h"

#include "math/kernels.h"

enum { ROWS = 60, COLUMNS = 700, N_MAX = 300, SCRATCH = 1 << 20 };

typedef struct sparse_case {
    sml__sparse x;
    uint32_t order[ROWS];
    float *dense;                /* [m, COLUMNS] the rows of the order */
    float *w, *delta, *z, *want; /* [COLUMNS, stride], [m, n] + 16, outputs */
    float start[N_MAX];
    size_t m, n, stride;
} sparse_case;

static float *normals(sml__random *random, size_t n)
{
    float *values = calloc(n, sizeof(float));
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)sml__random_normal(random);
    }
    return values;
}

/* Random bytes, a fifth of them not zero; some rows and columns are empty. */
static void fill_sparse(sml__random *random, sml__sparse *x)
{
    x->rows = ROWS;
    x->columns = COLUMNS;
    x->start = calloc(ROWS + 1, sizeof *x->start);
    x->column = calloc(ROWS * COLUMNS, sizeof *x->column);
    x->byte = calloc(ROWS * COLUMNS, 1);
    for (size_t b = 0; b < 256; b++) {
        x->values[b] = (float)b / 255.0F;
    }
    size_t at = 0;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            if (r % 9 != 0 && c % 7 != 0 && sml__random_below(random, 4) == 0) {
                x->column[at] = (uint16_t)c;
                x->byte[at++] = (uint8_t)(1 + sml__random_below(random, 255));
            }
        }
        x->start[r + 1] = at;
        const size_t length = at - x->start[r];
        x->longest = length > x->longest ? length : x->longest;
    }
}

static sparse_case new_case(sml__random *random, size_t m, size_t n)
{
    sparse_case made = {.m = m, .n = n, .stride = n < 8 ? n : (n + 15) / 16 * 16};
    fill_sparse(random, &made.x);
    made.dense = calloc(m * COLUMNS, sizeof(float));
    made.w = normals(random, COLUMNS * made.stride + 16);
    made.delta = normals(random, m * n + 16);
    made.z = calloc(m * n, sizeof(float));
    made.want = calloc(COLUMNS * made.stride + m * n, sizeof(float));
    for (size_t j = 0; j < n; j++) {
        made.start[j] = (float)sml__random_normal(random);
    }
    for (size_t i = 0; i < COLUMNS * made.stride; i++) {
        made.w[i] = i % made.stride < n ? made.w[i] : 0;
    }
    for (size_t s = 0; s < m; s++) {
        made.order[s] = (uint32_t)((7 * s + 3) % ROWS);
        const size_t row = made.order[s];
        for (size_t e = made.x.start[row]; e < made.x.start[row + 1]; e++) {
            made.dense[s * COLUMNS + made.x.column[e]] = made.x.values[made.x.byte[e]];
        }
    }
    return made;
}

static void free_case(sparse_case made)
{
    free(made.x.start);
    free(made.x.column);
    free(made.x.byte);
    free(made.dense);
    free(made.w);
    free(made.delta);
    free(made.z);
    free(made.want);
}

static sml__sparse_product product_of(sparse_case *c, float alpha, int accumulate)
{
    const sml__sparse_product product = {.x = &c->x,
                                         .order = c->order,
                                         .upcoming = c->m,
                                         .m = c->m,
                                         .n = c->n,
                                         .w = c->w,
                                         .stride = c->stride,
                                         .start = c->start,
                                         .z = c->z,
                                         .delta = c->delta,
                                         .alpha = alpha,
                                         .accumulate = accumulate};
    return product;
}

static void check_forward(sparse_case *c, const sml__kernels *kernels, float *scratch)
{
    const sml__gemm gemm = {.m = c->m,
                            .n = c->n,
                            .k = COLUMNS,
                            .a = c->dense,
                            .a_row = COLUMNS,
                            .a_column = 1,
                            .b = c->w,
                            .b_row = c->stride,
                            .b_column = 1,
                            .b_width = c->stride,
                            .c = c->want,
                            .c_row = c->n,
                            .c_width = c->n,
                            .alpha = 1,
                            .start = c->start};
    kernels->gemm(&gemm, 0, 1, scratch);
    const sml__sparse_product product = product_of(c, 0, 0);
    for (int size = 1; size <= 3; size++) {
        memset(c->z, 0x7F, c->m * c->n * sizeof(float));
        for (int rank = 0; rank < size; rank++) {
            kernels->sparse_forward(&product, rank, size);
        }
        for (size_t i = 0; i < c->m * c->n; i++) {
            assert_memory_equal(&c->z[i], &c->want[i], sizeof(float));
        }
    }
}

static void check_gradient(sparse_case *c, const sml__kernels *kernels, int accumulate,
                           float *scratch)
{
    const size_t length = COLUMNS * c->stride;
    float *before = malloc(length * sizeof(float));
    memcpy(before, c->w, length * sizeof(float));
    memcpy(c->want, c->w, length * sizeof(float));
    const sml__gemm gemm = {.m = COLUMNS,
                            .n = c->n,
                            .k = c->m,
                            .a = c->dense,
                            .a_row = 1,
                            .a_column = COLUMNS,
                            .b = c->delta,
                            .b_row = c->n,
                            .b_column = 1,
                            .b_width = c->n,
                            .c = c->want,
                            .c_row = c->stride,
                            .c_width = c->stride,
                            .alpha = -0.3F,
                            .accumulate = accumulate};
    kernels->gemm(&gemm, 0, 1, scratch);
    const sml__sparse_product product = product_of(c, -0.3F, accumulate);
    for (int size = 1; size <= 3; size++) {
        memcpy(c->w, before, length * sizeof(float));
        for (int rank = 0; rank < size; rank++) {
            kernels->sparse_gradient(&product, rank, size, scratch);
        }
        for (size_t i = 0; i < length; i++) { /* +0 and -0 are one number */
            assert_true(c->w[i] == c->want[i]);
        }
    }
    memcpy(c->w, before, length * sizeof(float));
    free(before);
}

static void sparse_equals_dense(void **state)
{
    static const size_t widths[] = {1, 3, 8, 10, 16, 100, 128, 130, 256, 300};
    float *scratch = malloc(SCRATCH);
    sml__random random;
    (void)state;
    sml__random_init(&random, 3, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        for (size_t m = 1; m <= 41; m += 20) {
            sparse_case c = new_case(&random, m, widths[i]);
            assert_true(sml__sparse_scratch(&c.x, m) <= SCRATCH);
            for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
                if (sml__isa_available((sml__isa)isa)) {
                    check_forward(&c, sml__kernels_for((sml__isa)isa), scratch);
                    check_gradient(&c, sml__kernels_for((sml__isa)isa), 0, scratch);
                    check_gradient(&c, sml__kernels_for((sml__isa)isa), 1, scratch);
                }
            }
            free_case(c);
        }
    }
    free(scratch);
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
        cmocka_unit_test(training_on_bytes_equals_training_on_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
