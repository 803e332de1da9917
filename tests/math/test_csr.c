/* The products of compressed rows against the dense one on the same numbers: the same bits, for
 * every instruction set and team; and both against the twin in double. */
#include "support.h"

#include "math/ref/gemm.h"

enum { TEAMS = 3 };

/* What the rows list: a tenth of the columns; some rows nothing, some all; nothing at all; few
 * columns again and again, as frequent words. */
typedef enum filling { TENTH, UNEVEN, NOTHING, FEW_COLUMNS, FILLINGS } filling;

typedef struct csr_case {
    size_t m, n, columns, rows, stride; /* stride: of W, Z and Δ */
    size_t *starts;                     /* [rows + 1]; the arrays begin elsewhere than at 0 */
    uint32_t *indices;
    float *values;
    uint32_t *order;          /* [m] or NULL */
    float *dense;             /* [m, columns] the rows of the order */
    float *w, *delta, *start; /* [columns, stride], [m, stride], [stride] */
    float *found, *want;      /* [columns, stride] or [m, stride] */
    double *expected, *terms; /* the twin's, without gaps */
    sml__csr x;
    sml__csr_chains chains;
    float *scratch;
} csr_case;

static int is_listed(sml__random *random, filling how, size_t row, size_t column)
{
    switch (how) {
    case TENTH:
        return sml__random_below(random, 10) == 0;
    case UNEVEN:
        return row % 3 != 0 && (row % 3 == 1 || sml__random_below(random, 20) == 0);
    case NOTHING:
        return 0;
    default:
        return column % 17 == 3 && sml__random_below(random, 3) != 0;
    }
}

/* One listed value in eight is a zero of either sign. */
static float draw_value(sml__random *random)
{
    const uint32_t draw = sml__random_below(random, 16);
    return draw == 0 ? 0.0F : draw == 1 ? -0.0F : (float)sml__random_normal(random);
}

static void fill(sml__random *random, csr_case *c, filling how)
{
    const size_t before = 5;
    size_t entries = before;
    c->starts = malloc((c->rows + 1) * sizeof *c->starts);
    c->indices = calloc(before + c->rows * c->columns, sizeof *c->indices);
    c->values = calloc(before + c->rows * c->columns, sizeof *c->values);
    for (size_t r = 0; r < c->rows; r++) {
        c->starts[r] = entries;
        for (size_t i = 0; i < c->columns; i++) {
            if (is_listed(random, how, r, i)) {
                c->indices[entries] = (uint32_t)i;
                c->values[entries++] = draw_value(random);
            }
        }
    }
    c->starts[c->rows] = entries;
    c->x = (sml__csr){c->starts, c->indices, c->values};
}

/* The rows of the batch as they are without an order and compression. */
static void write_dense(csr_case *c)
{
    c->dense = calloc(c->m * c->columns, sizeof *c->dense);
    for (size_t s = 0; s < c->m; s++) {
        const size_t row = c->order != NULL ? c->order[s] : s;
        for (size_t e = c->starts[row]; e < c->starts[row + 1]; e++) {
            c->dense[s * c->columns + c->indices[e]] = c->values[e];
        }
    }
}

static csr_case new_case(sml__random *random, size_t m, size_t n, size_t columns, filling how)
{
    csr_case c = {.m = m, .n = n, .columns = columns, .rows = m + 3};
    const size_t stride = sml__row_stride(n), longer = m > columns ? m : columns;
    const int in_order = (int)sml__random_below(random, 2);
    c.stride = stride;
    fill(random, &c, how);
    c.order = in_order ? NULL : malloc(m * sizeof *c.order);
    for (size_t s = 0; c.order != NULL && s < m; s++) { /* some rows twice */
        c.order[s] = sml__random_below(random, (uint32_t)c.rows);
    }
    write_dense(&c);
    c.w = normal_rows(random, columns, n, stride);
    c.delta = normal_rows(random, m, n, stride);
    c.start = normal_rows(random, 1, n, (n + 15) / 16 * 16);
    c.found = malloc(longer * stride * sizeof(float));
    c.want = malloc(longer * stride * sizeof(float));
    c.expected = malloc(longer * n * sizeof(double));
    c.terms = malloc(longer * n * sizeof(double));
    c.chains.room = sml__csr_room(m * columns);
    c.chains.heads = calloc(columns, sizeof *c.chains.heads);
    c.chains.links = malloc(TEAMS * c.chains.room * sizeof *c.chains.links);
    c.scratch = malloc(SML__GEMM_SCRATCH * sizeof(float));
    return c;
}

static void free_case(csr_case c)
{
    void *all[] = {c.starts, c.indices,  c.values,       c.order,        c.dense,
                   c.w,      c.delta,    c.start,        c.found,        c.want,
                   c.terms,  c.expected, c.chains.heads, c.chains.links, c.scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static sml__csr_product product_of(csr_case *c, float alpha, int accumulate)
{
    const sml__csr_product product = {.x = &c->x,
                                      .order = c->order,
                                      .m = c->m,
                                      .n = c->n,
                                      .columns = c->columns,
                                      .w = c->w,
                                      .stride = c->stride,
                                      .start = c->start,
                                      .z = c->found,
                                      .z_row = c->stride,
                                      .delta = c->delta,
                                      .delta_row = c->stride,
                                      .alpha = alpha,
                                      .accumulate = accumulate,
                                      .chains = &c->chains};
    return product;
}

static sml__gemm dense_forward(const csr_case *c)
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

static sml__gemm dense_gradient(const csr_case *c, float alpha, int accumulate)
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
static void assert_near_twin(const csr_case *c, const float *found, size_t rows, size_t k)
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
static void note_share(const csr_case *c, size_t rows, unsigned char *owners)
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

static void assert_one_owner(const csr_case *c, size_t rows, int size, const unsigned char *owners)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        if (i % c->stride < c->n && owners[i] != 1) {
            fail_msg("m %zu, n %zu, columns %zu: %d of %d members write [%zu]", c->m, c->n,
                     c->columns, owners[i], size, i);
        }
    }
}

static void clear(csr_case *c, size_t rows)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        c->found[i] = UNTOUCHED;
    }
}

static void check_forward(csr_case *c, const sml__kernels *kernels)
{
    unsigned char *owners = malloc(c->m * c->stride);
    const sml__gemm gemm = dense_forward(c);
    const sml__csr_product product = product_of(c, 0, 0);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->m, c->columns);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->m * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->m);
            kernels->csr_forward(&product, rank, size);
            note_share(c, c->m, owners);
        }
        assert_one_owner(c, c->m, size, owners);
    }
    free(owners);
}

static void check_gradient(csr_case *c, const sml__kernels *kernels)
{
    unsigned char *owners = malloc(c->columns * c->stride);
    const sml__gemm gemm = dense_gradient(c, -0.3F, 0);
    sml__csr_product product = product_of(c, -0.3F, 0);
    product.w = c->found;
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->columns, c->m);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->columns * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->columns);
            kernels->csr_gradient(&product, rank, size);
            note_share(c, c->columns, owners);
        }
        assert_one_owner(c, c->columns, size, owners);
    }
    free(owners);
}

/* The gradient added to what is there. With a factor of 1 the dense product's sums begin there. */
static void check_step(csr_case *c, const sml__kernels *kernels, float alpha)
{
    const size_t bytes = c->columns * c->stride * sizeof(float);
    const sml__gemm gemm = dense_gradient(c, alpha, 1);
    sml__csr_product product = product_of(c, alpha, 1);
    product.w = c->found;
    memcpy(c->want, c->w, bytes);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    for (int size = 1; size <= TEAMS; size++) {
        memcpy(c->found, c->w, bytes);
        for (int rank = 0; rank < size; rank++) {
            kernels->csr_gradient(&product, rank, size);
        }
        for (size_t i = 0; i < c->columns * c->stride; i++) { /* +0 and -0 are one number */
            if (c->found[i] != c->want[i]) {
                fail_msg("m %zu, n %zu, columns %zu: step [%zu] is %.9g, not %.9g", c->m, c->n,
                         c->columns, i, (double)c->found[i], (double)c->want[i]);
            }
        }
    }
    for (size_t i = 0; i < c->columns; i++) {
        assert_int_equal(c->chains.heads[i], 0);
    }
}

static void check_all(csr_case *c)
{
    const sml__gemm forward = dense_forward(c), gradient = dense_gradient(c, -0.3F, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        if (!sml__isa_available((sml__isa)isa)) {
            continue;
        }
        const sml__kernels *kernels = sml__kernels_for((sml__isa)isa);
        sml__gemm_ref(&forward, c->expected, c->terms);
        check_forward(c, kernels);
        sml__gemm_ref(&gradient, c->expected, c->terms);
        check_gradient(c, kernels);
        check_step(c, kernels, -0.3F);
        if (c->m > 1) { /* alone, the layer adds a rounded product instead */
            check_step(c, kernels, 1.0F);
        }
    }
}

static void compressed_equals_dense(void **state)
{
    static const size_t widths[] = {1, 3, 4, 5, 8, 10, 16, 64, 100, 128, 130, 300};
    static const size_t batches[] = {1, 2, 21, 41, 64, 130, 256};
    static const size_t columns[] = {1, 15, 16, 33, 100, 131, 300, 2000};
    enum { BATCHES = sizeof batches / sizeof batches[0], COLUMNS = 8, WORK_MAX = 4000000 };
    sml__random random;
    (void)state;
    sml__random_init(&random, 5, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0] * BATCHES; i++) {
        const size_t n = widths[i / BATCHES], m = batches[i % BATCHES];
        for (size_t k = 0; k < 3; k++) {
            const size_t wanted = columns[(i + 3 * k) % COLUMNS];
            const size_t fitting = m * n * wanted > WORK_MAX ? 131 : wanted;
            const filling how = k == 0 ? TENTH : (filling)((i + k) % FILLINGS);
            csr_case c = new_case(&random, m, n, fitting, how);
            check_all(&c);
            free_case(c);
        }
    }
}

/* More rows than the dense product adds up at once. */
static void long_batches_equal_dense(void **state)
{
    static const size_t batches[] = {511, 512, 513, 1200};
    sml__random random;
    (void)state;
    sml__random_init(&random, 6, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        csr_case c = new_case(&random, batches[i], i % 2 == 0 ? 33 : 5, 50, (filling)(i % 2));
        check_all(&c);
        free_case(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_equals_dense),
        cmocka_unit_test(long_batches_equal_dense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
