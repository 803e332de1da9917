/* Every instruction set's product against its twin in double, on random shapes, transposed views,
 * strides and misaligned pointers; and the same bits for every team and every neighbourhood. */
#include "support.h"

#include "math/ref/gemm.h"

enum { MARGIN = 3, CASES = 400 };

typedef struct product {
    sml__gemm gemm;
    float *a, *b, *c, *start, *scratch;
    size_t c_length;
} product;

static float *random_floats(sml__random *random, size_t n)
{
    float *values = malloc((n + MARGIN) * sizeof(float));
    for (size_t i = 0; i < n + MARGIN; i++) {
        values[i] = (float)sml__random_normal(random);
    }
    return values;
}

/* A view [rows, columns] of fresh memory, either way round, with a stride beyond its width. */
static float *random_view(sml__random *random, size_t rows, size_t columns, size_t *row_stride,
                          size_t *column_stride)
{
    const size_t extra = sml__random_below(random, 4);
    const int transposed = (int)sml__random_below(random, 2);
    *row_stride = transposed ? 1 : columns + extra;
    *column_stride = transposed ? rows + extra : 1;
    return random_floats(random, transposed ? columns * *column_stride : rows * *row_stride);
}

static product random_product(sml__random *random, size_t m, size_t n, size_t k)
{
    product p = {.gemm = {.m = m, .n = n, .k = k}};
    sml__gemm *g = &p.gemm;
    p.a = random_view(random, m, k, &g->a_row, &g->a_column);
    p.b = random_view(random, k, n, &g->b_row, &g->b_column);
    g->b_width = n;
    g->c_row = n + sml__random_below(random, 5);
    g->c_width = n;
    p.c_length = m * g->c_row;
    p.c = random_floats(random, p.c_length);
    p.start = random_floats(random, n);
    p.scratch = malloc(5 * SML__GEMM_SCRATCH * sizeof(float));
    g->a = p.a + sml__random_below(random, MARGIN);
    g->b = p.b + sml__random_below(random, MARGIN);
    g->c = p.c + sml__random_below(random, MARGIN);
    g->alpha = sml__random_below(random, 2) ? 1.0F : 0.125F;
    g->accumulate = (int)sml__random_below(random, 2);
    g->start = sml__random_below(random, 2) ? p.start : NULL;
    return p;
}

static void free_product(product p)
{
    free(p.a);
    free(p.b);
    free(p.c);
    free(p.start);
    free(p.scratch);
}

/* |error| ≤ γ_(k+2) · Σ |terms|: Higham, "Accuracy and stability", 2002, section 3.1. */
static void compare_with_twin(product p, sml__gemm_kernel *kernel)
{
    const size_t m = p.gemm.m, n = p.gemm.n;
    double *expected = malloc(m * n * sizeof(double)), *terms = malloc(m * n * sizeof(double));
    const double units = (double)(p.gemm.k + 2) * 0x1p-24;
    sml__gemm_ref(&p.gemm, expected, terms);
    float *before = malloc((p.c_length + MARGIN) * sizeof(float));
    memcpy(before, p.c, (p.c_length + MARGIN) * sizeof(float));
    kernel(&p.gemm, 0, 1, p.scratch);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            const double found = (double)p.gemm.c[i * p.gemm.c_row + j];
            assert_near(found, expected[i * n + j], 0, units / (1 - units) * terms[i * n + j],
                        "product", i * n + j);
        }
    }
    for (size_t x = 0; x < p.c_length + MARGIN; x++) { /* what lies outside C is not touched */
        const ptrdiff_t at = (ptrdiff_t)x - (p.gemm.c - p.c);
        const int inside =
            at >= 0 && (size_t)at < (m - 1) * p.gemm.c_row + n && (size_t)at % p.gemm.c_row < n;
        assert_true(inside || memcmp(&before[x], &p.c[x], sizeof(float)) == 0);
    }
    free(before);
    free(expected);
    free(terms);
}

static void for_each_set(void (*test)(sml__gemm_kernel *kernel))
{
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        if (sml__isa_available((sml__isa)isa)) {
            test(sml__kernels_for((sml__isa)isa)->gemm);
        } else {
            print_message("this processor has no %s\n", sml__isa_name((sml__isa)isa));
        }
    }
}

static void random_shapes(sml__gemm_kernel *kernel)
{
    sml__random random;
    sml__random_init(&random, 11, SML__SAMPLE, 0, 0);
    for (int i = 0; i < CASES; i++) {
        const size_t m = 1 + sml__random_below(&random, 40), n = 1 + sml__random_below(&random, 80);
        product p = random_product(&random, m, n, 1 + sml__random_below(&random, 60));
        compare_with_twin(p, kernel);
        free_product(p);
    }
    product deep = random_product(&random, 9, 35, 2 * SML__GEMM_DEPTH + 17);
    compare_with_twin(deep, kernel);
    free_product(deep);
    for (int i = 0; i < CASES; i++) { /* matrix by vector, and vector by vector */
        const size_t long_side = 1 + sml__random_below(&random, 300);
        const size_t n = 1 + sml__random_below(&random, 300);
        const int outer = (int)sml__random_below(&random, 2);
        product thin = random_product(&random, outer ? long_side : 1, n, outer ? 1 : long_side);
        thin.a[sml__random_below(&random, (uint32_t)long_side)] = 0;
        compare_with_twin(thin, kernel);
        free_product(thin);
    }
}

/* Rows of B and C that are filled up with zeros to whole vectors, as weights are: the same product,
 * and zeros again beside it. */
static void padded_rows(sml__gemm_kernel *kernel)
{
    enum { WIDTH = 112, N = 100, K = 37, M_MAX = 41 };
    static float a[M_MAX * K], b[K * WIDTH], c[M_MAX * WIDTH], scratch[SML__GEMM_SCRATCH];
    static double expected[M_MAX * N], terms[M_MAX * N];
    sml__random random;
    sml__random_init(&random, 13, SML__SAMPLE, 0, 0);
    for (size_t m = 1; m <= M_MAX; m++) {
        memset(c, 0, sizeof c);
        for (size_t i = 0; i < M_MAX * K; i++) {
            a[i] = (float)sml__random_normal(&random);
        }
        for (size_t i = 0; i < K * WIDTH; i++) {
            b[i] = i % WIDTH < N ? (float)sml__random_normal(&random) : 0;
        }
        const sml__gemm gemm = {.m = m,
                                .n = N,
                                .k = m == M_MAX ? 1 : K,
                                .a = a,
                                .a_row = K,
                                .a_column = 1,
                                .b = b,
                                .b_row = WIDTH,
                                .b_column = 1,
                                .b_width = WIDTH,
                                .c = c,
                                .c_row = WIDTH,
                                .c_width = WIDTH,
                                .alpha = 0.5F,
                                .accumulate = 1};
        sml__gemm_ref(&gemm, expected, terms);
        kernel(&gemm, 0, 1, scratch);
        for (size_t i = 0; i < m * WIDTH; i++) {
            const size_t at = i / WIDTH * N + i % WIDTH;
            assert_near((double)c[i], i % WIDTH < N ? expected[at] : 0, 0,
                        i % WIDTH < N ? 1e-5 * terms[at] : 0, "padded", i);
        }
    }
}

/* A row alone has the bits that it has among others, when B is read as it lies: one sample is
 * predicted as in a batch. */
static void rows_alone(sml__gemm_kernel *kernel)
{
    enum { K = 1100, STRIDE = 144, M = 3 };
    static float a[M * K], b[K * STRIDE], together[M * STRIDE], alone[STRIDE], start[STRIDE];
    static float scratch[SML__GEMM_SCRATCH];
    sml__random random;
    sml__random_init(&random, 14, SML__SAMPLE, 0, 0);
    for (size_t i = 0; i < M * K; i++) {
        a[i] = sml__random_below(&random, 3) == 0 ? 0 : (float)sml__random_normal(&random);
    }
    for (size_t n = 1; n <= 130; n += n < 20 ? 1 : 37) {
        const size_t stride = n < 8 ? n : (n + 15) / 16 * 16;
        for (size_t i = 0; i < K * stride; i++) {
            b[i] = i % stride < n ? (float)sml__random_normal(&random) : 0;
        }
        sml__gemm gemm = {.m = M,
                          .n = n,
                          .k = K,
                          .a = a,
                          .a_row = K,
                          .a_column = 1,
                          .b = b,
                          .b_row = stride,
                          .b_column = 1,
                          .b_width = stride,
                          .c = together,
                          .c_row = n,
                          .c_width = n,
                          .alpha = 1,
                          .start = start};
        kernel(&gemm, 0, 1, scratch);
        gemm.m = 1;
        gemm.c = alone;
        for (size_t r = 0; r < M; r++) {
            gemm.a = a + r * K;
            kernel(&gemm, 0, 1, scratch);
            assert_memory_equal(alone, together + r * n, n * sizeof(float));
        }
    }
}

static void a_row_alone_has_the_bits_of_a_batch(void **state)
{
    (void)state;
    for_each_set(rows_alone);
}

static void padding_stays_zero(void **state)
{
    (void)state;
    for_each_set(padded_rows);
}

static void agrees_with_twin(void **state)
{
    (void)state;
    for_each_set(random_shapes);
}

static void run_team(const product *p, sml__gemm_kernel *kernel, int size)
{
    for (int rank = 0; rank < size; rank++) {
        kernel(&p->gemm, rank, size, p->scratch + rank * SML__GEMM_SCRATCH);
    }
}

/* The same bits for every size of the team. */
static void teams(sml__gemm_kernel *kernel)
{
    sml__random random;
    sml__random_init(&random, 12, SML__SAMPLE, 0, 0);
    for (int i = 0; i < 40; i++) {
        const size_t m = i % 4 == 0 ? 1 : 1 + sml__random_below(&random, 70);
        product p = random_product(&random, m, 1 + sml__random_below(&random, 300), 700);
        p.gemm.accumulate = 0;
        const size_t bytes = p.c_length * sizeof(float);
        float *alone = malloc(bytes);
        run_team(&p, kernel, 1);
        memcpy(alone, p.gemm.c, bytes - (size_t)(p.gemm.c_row - p.gemm.n) * sizeof(float));
        for (int size = 2; size <= 5; size++) {
            for (size_t r = 0; r < m; r++) {
                memset(p.gemm.c + r * p.gemm.c_row, 0x7F, p.gemm.n * sizeof(float));
            }
            run_team(&p, kernel, size);
            for (size_t r = 0; r < m; r++) {
                assert_memory_equal(p.gemm.c + r * p.gemm.c_row, alone + r * p.gemm.c_row,
                                    p.gemm.n * sizeof(float));
            }
        }
        free(alone);
        free_product(p);
    }
}

static void bits_do_not_depend_on_the_team(void **state)
{
    (void)state;
    for_each_set(teams);
}

/* Σ_p a_ip b_pj from `sum` on, p upwards, a multiply-add rounded once (fused) or twice. */
static float chain(const sml__gemm *g, size_t i, size_t j, float sum, int fused)
{
    for (size_t p = 0; p < g->k; p++) {
        const float a = g->a[i * g->a_row + p * g->a_column];
        const float b = g->b[p * g->b_row + j * g->b_column];
        const float term = a * b;
        sum = fused ? fmaf(a, b, sum) : sum + term;
    }
    return sum;
}

/* c_ij as gemm.h describes it, c being what C held. */
static float sum_of(const sml__gemm *g, const float *c, size_t i, size_t j, int fused)
{
    const float base = g->accumulate ? c[i * g->c_row + j] : g->start != NULL ? g->start[j] : 0.0F;
    if (g->alpha == 1.0F) {
        return chain(g, i, j, base, fused);
    }
    float sum = 0; /* alpha times the sums of each stretch, added one after the other */
    sml__gemm stretch = *g;
    float total = base;
    for (size_t p = 0; p < g->k; p += SML__GEMM_DEPTH) {
        stretch.a = g->a + p * g->a_column;
        stretch.b = g->b + p * g->b_row;
        stretch.k = g->k - p < SML__GEMM_DEPTH ? g->k - p : SML__GEMM_DEPTH;
        sum = chain(&stretch, i, j, 0, fused);
        const float scaled = g->alpha * sum;
        total = fused ? fmaf(g->alpha, sum, total) : total + scaled;
    }
    return total;
}

static size_t one_of(sml__random *random, const size_t *values, size_t n)
{
    return values[sml__random_below(random, (uint32_t)n)];
}

/* Whether all of C has the bits of such sums. */
static int has_sums(const product *p, const float *before, int fused)
{
    const sml__gemm *g = &p->gemm;
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            const float wanted = sum_of(g, before, i, j, fused);
            if (memcmp(&g->c[i * g->c_row + j], &wanted, sizeof wanted) != 0) {
                return 0;
            }
        }
    }
    return 1;
}

/* Each number of C has the bits of its own sum, written down here without any tiles: they do not
 * depend on m, on n, on the neighbours, on the team, or on how rows are split. The sizes are those
 * around tiles, vectors and panels of every instruction set. */
static void chains(sml__gemm_kernel *kernel)
{
    static const size_t ms[] = {1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 41};
    static const size_t ns[] = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65};
    static const size_t ks[] = {1,  2,  3,  4,  5,  7,   8,   9,   15,  16,
                                17, 31, 33, 64, 65, 511, 512, 513, 1041};
    sml__random random;
    int kind = -1; /* 1: fused, 0: not, as the instruction set has it */
    sml__random_init(&random, 15, SML__SAMPLE, 0, 0);
    for (int i = 0; i < CASES; i++) {
        const size_t m = one_of(&random, ms, sizeof ms / sizeof ms[0]);
        const size_t n = one_of(&random, ns, sizeof ns / sizeof ns[0]);
        product p = random_product(&random, m, n, one_of(&random, ks, sizeof ks / sizeof ks[0]));
        p.gemm.alpha = i % 4 == 0 ? 0.3F : 1.0F;
        float *before = malloc(p.c_length * sizeof(float));
        memcpy(before, p.gemm.c, (p.c_length - (p.gemm.c_row - n)) * sizeof(float));
        run_team(&p, kernel, 1 + i % 5);
        kind = kind < 0 ? has_sums(&p, before, 1) : kind;
        if (!has_sums(&p, before, kind)) {
            fail_msg("case %d: m %zu, n %zu, k %zu, alpha %g: other bits", i, m, n, p.gemm.k,
                     (double)p.gemm.alpha);
        }
        free(before);
        free_product(p);
    }
}

static void a_sum_is_one_chain(void **state)
{
    (void)state;
    for_each_set(chains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_one_chain),
        cmocka_unit_test(agrees_with_twin),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(a_row_alone_has_the_bits_of_a_batch),
        cmocka_unit_test(bits_do_not_depend_on_the_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
