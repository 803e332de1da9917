/* The products of compressed rows against the dense one on the same numbers: the same bits, for
 * every instruction set and team; and both against the twin in double. */
#include "beside_dense.h"

/* What the rows list: a tenth of the columns; some rows nothing, some all; nothing at all; few
 * columns again and again, as frequent words. */
typedef enum filling { TENTH, UNEVEN, NOTHING, FEW_COLUMNS, FILLINGS } filling;

typedef struct csr_case {
    beside_dense beside;
    size_t rows;
    size_t *starts; /* [rows + 1]; the arrays begin elsewhere than at 0 */
    uint32_t *indices;
    float *values;
    uint32_t *order; /* [m] or NULL */
    sml__csr x;
    sml__csr_chains chains;
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
    c->indices = calloc(before + c->rows * c->beside.columns, sizeof *c->indices);
    c->values = calloc(before + c->rows * c->beside.columns, sizeof *c->values);
    for (size_t r = 0; r < c->rows; r++) {
        c->starts[r] = entries;
        for (size_t i = 0; i < c->beside.columns; i++) {
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
    for (size_t s = 0; s < c->beside.m; s++) {
        const size_t row = c->order != NULL ? c->order[s] : s;
        for (size_t e = c->starts[row]; e < c->starts[row + 1]; e++) {
            c->beside.dense[s * c->beside.columns + c->indices[e]] = c->values[e];
        }
    }
}

static sml__csr_product product_of(const beside_dense *beside)
{
    const csr_case *c = (const csr_case *)beside;
    const sml__csr_product product = {
        .x = &c->x,
        .order = c->order,
        .m = beside->m,
        .n = beside->n,
        .columns = beside->columns,
        .w = beside->w,
        .stride = beside->stride,
        .start = beside->start,
        .z = beside->found,
        .z_row = beside->stride,
        .delta = beside->delta,
        .delta_row = beside->stride,
        .chains = &c->chains,
    };
    return product;
}

static void forward(const beside_dense *c, const sml__kernels *kernels, int rank, int size)
{
    const sml__csr_product product = product_of(c);
    kernels->csr_forward(&product, rank, size);
}

static void gradient(const beside_dense *c, const sml__kernels *kernels, float alpha,
                     int accumulate, int rank, int size)
{
    sml__csr_product product = product_of(c);
    product.w = c->found;
    product.alpha = alpha;
    product.accumulate = accumulate;
    kernels->csr_gradient(&product, rank, size);
}

static csr_case new_case(sml__random *random, size_t m, size_t n, size_t columns, filling how)
{
    const int in_order = (int)sml__random_below(random, 2);
    csr_case c = {.beside = new_beside_dense(random, m, n, columns), .rows = m + 3};
    c.beside.forward = forward;
    c.beside.gradient = gradient;
    fill(random, &c, how);
    c.order = in_order ? NULL : malloc(m * sizeof *c.order);
    for (size_t s = 0; c.order != NULL && s < m; s++) { /* some rows twice */
        c.order[s] = sml__random_below(random, (uint32_t)c.rows);
    }
    write_dense(&c);
    c.chains.room = sml__csr_room(m * columns);
    c.chains.heads = calloc(columns, sizeof *c.chains.heads);
    c.chains.links = malloc(TEAMS * c.chains.room * sizeof *c.chains.links);
    return c;
}

static void free_case(csr_case c)
{
    void *all[] = {c.starts, c.indices, c.values, c.order, c.chains.heads, c.chains.links};
    free_beside_dense(&c.beside);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static void check_all(csr_case *c)
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
        sml__gemm_ref(&gradient_gemm, beside->expected, beside->terms);
        check_gradient(beside, kernels);
        check_step(beside, kernels, -0.3F);
        if (beside->m > 1) { /* alone, the layer adds a rounded product instead */
            check_step(beside, kernels, 1.0F);
        }
        for (size_t i = 0; i < beside->columns; i++) {
            assert_int_equal(c->chains.heads[i], 0);
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
