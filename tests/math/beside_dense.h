/* Products of rows that skip zeros, beside the dense product on the same numbers: the same bits,
 * for every team; and both near the twin in double. */
#ifndef TESTS_MATH_BESIDE_DENSE_H
#define TESTS_MATH_BESIDE_DENSE_H

#include "support.h"

#include "math/ref/gemm.h"

enum { TEAMS = 3 };

typedef struct beside_dense beside_dense;

struct beside_dense {
    size_t m, n, columns, stride; /* stride: of W, Z and Δ */
    float *dense;                 /* [m, columns] the rows of the batch */
    float *w, *delta, *start;     /* [columns, stride], [m, stride], [stride] */
    float *found, *want;          /* [columns, stride] or [m, stride] */
    double *expected, *terms;     /* the twin's, without gaps */
    float *scratch;
    /* The products under test, one member's share of them; they write `found`. */
    void (*forward)(const beside_dense *c, const sml__kernels *kernels, int rank, int size);
    void (*gradient)(const beside_dense *c, const sml__kernels *kernels, float alpha,
                     int accumulate, int rank, int size);
};

/* All but the products, and without numbers in `dense`. */
static beside_dense new_beside_dense(sml__random *random, size_t m, size_t n, size_t columns)
{
    const size_t stride = sml__row_stride(n), longer = m > columns ? m : columns;
    const beside_dense c = {
        .m = m,
        .n = n,
        .columns = columns,
        .stride = stride,
        .dense = calloc(m * columns, sizeof(float)),
        .w = normal_rows(random, columns, n, stride),
        .delta = normal_rows(random, m, n, stride),
        .start = normal_rows(random, 1, n, (n + 15) / 16 * 16),
        .found = malloc(longer * stride * sizeof(float)),
        .want = malloc(longer * stride * sizeof(float)),
        .expected = malloc(longer * n * sizeof(double)),
        .terms = malloc(longer * n * sizeof(double)),
        .scratch = malloc(SML__GEMM_SCRATCH * sizeof(float)),
    };
    return c;
}

static void free_beside_dense(const beside_dense *c)
{
    void *all[] = {c->dense, c->w,        c->delta, c->start,  c->found,
                   c->want,  c->expected, c->terms, c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static sml__gemm dense_forward(const beside_dense *c)
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

static sml__gemm dense_gradient(const beside_dense *c, float alpha, int accumulate)
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
static void assert_near_twin(const beside_dense *c, const float *found, size_t rows, size_t k)
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
static void note_share(const beside_dense *c, size_t rows, unsigned char *owners)
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

static void assert_one_owner(const beside_dense *c, size_t rows, int size,
                             const unsigned char *owners)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        if (i % c->stride < c->n && owners[i] != 1) {
            fail_msg("m %zu, n %zu, columns %zu: %d of %d members write [%zu]", c->m, c->n,
                     c->columns, owners[i], size, i);
        }
    }
}

static void clear(beside_dense *c, size_t rows)
{
    for (size_t i = 0; i < rows * c->stride; i++) {
        c->found[i] = UNTOUCHED;
    }
}

static void check_forward(beside_dense *c, const sml__kernels *kernels)
{
    unsigned char *owners = calloc(c->m * c->stride, 1);
    const sml__gemm gemm = dense_forward(c);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->m, c->columns);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->m * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->m);
            c->forward(c, kernels, rank, size);
            note_share(c, c->m, owners);
        }
        assert_one_owner(c, c->m, size, owners);
    }
    free(owners);
}

static void check_gradient(beside_dense *c, const sml__kernels *kernels)
{
    unsigned char *owners = calloc(c->columns * c->stride, 1);
    const sml__gemm gemm = dense_gradient(c, -0.3F, 0);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    assert_near_twin(c, c->want, c->columns, c->m);
    for (int size = 1; size <= TEAMS; size++) {
        memset(owners, 0, c->columns * c->stride);
        for (int rank = 0; rank < size; rank++) {
            clear(c, c->columns);
            c->gradient(c, kernels, -0.3F, 0, rank, size);
            note_share(c, c->columns, owners);
        }
        assert_one_owner(c, c->columns, size, owners);
    }
    free(owners);
}

/* The gradient added to what is there. With a factor of 1 the dense product's sums begin there. */
static void check_step(beside_dense *c, const sml__kernels *kernels, float alpha)
{
    const size_t bytes = c->columns * c->stride * sizeof(float);
    const sml__gemm gemm = dense_gradient(c, alpha, 1);
    memcpy(c->want, c->w, bytes);
    kernels->gemm(&gemm, 0, 1, c->scratch);
    for (int size = 1; size <= TEAMS; size++) {
        memcpy(c->found, c->w, bytes);
        for (int rank = 0; rank < size; rank++) {
            c->gradient(c, kernels, alpha, 1, rank, size);
        }
        for (size_t i = 0; i < c->columns * c->stride; i++) { /* +0 and -0 are one number */
            if (c->found[i] != c->want[i]) {
                fail_msg("m %zu, n %zu, columns %zu: step [%zu] is %.9g, not %.9g", c->m, c->n,
                         c->columns, i, (double)c->found[i], (double)c->want[i]);
            }
        }
    }
}

#endif
