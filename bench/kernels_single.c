/* The products of a batch of one sample in the backward pass, as src/nn/layers/dense.c calls them.
 * In a network the layers take turns, so each finds its weights in L2: here rounds go through
 * several copies. */
#include "kernels.h"

#include "math/vector_products.h"
#include "nn/network.h"

#include <stdio.h>

typedef struct single_kernels {
    sml__gemm_kernel *dot, *outer;
    sml__step_kernel *step;
} single_kernels;

#define DECLARE_SINGLE(isa)                                                                        \
    extern sml__gemm_kernel sml__dot_product_##isa, sml__outer_product_##isa;                      \
    extern sml__step_kernel sml__step_of_one_##isa;
#define SINGLE(isa)                                                                                \
    {                                                                                              \
        sml__dot_product_##isa, sml__outer_product_##isa, sml__step_of_one_##isa                   \
    }

DECLARE_SINGLE(plain)
#if SML_HAVE_X86
DECLARE_SINGLE(avx2)
DECLARE_SINGLE(avx512)
#endif

static const single_kernels KERNELS[SML__ISA_COUNT] = {
    [SML__ISA_PLAIN] = SINGLE(plain),
#if SML_HAVE_X86
    [SML__ISA_AVX2] = SINGLE(avx2),
    [SML__ISA_AVX512] = SINGLE(avx512),
#endif
};

/* So small a step that the weights stay as they are. */
static const float ALPHA = -1e-12F;

typedef struct single {
    const single_kernels *kernels;
    size_t n_in, n_out, stride;
    size_t copies;  /* of the weights */
    float *weights; /* [copies, n_in, stride] */
    float *input, *delta, *d_input;
} single;

static float *weights_at(const single *s, size_t round)
{
    return s->weights + round % s->copies * s->n_in * s->stride;
}

static void run_dot(const kernel *k, size_t round, sml__member member)
{
    const single *s = k->data;
    const sml__gemm product = {
        .m = 1,
        .n = s->n_in,
        .k = s->stride,
        .a = s->delta,
        .a_row = s->stride,
        .a_column = 1,
        .b = weights_at(s, round),
        .b_row = 1,
        .b_column = s->stride,
        .b_width = s->n_in,
        .c = s->d_input,
        .c_row = s->n_in,
        .c_width = s->n_in,
        .alpha = 1.0F,
    };
    s->kernels->dot(&product, member.rank, member.size, NULL);
}

static void run_outer(const kernel *k, size_t round, sml__member member)
{
    const single *s = k->data;
    const sml__gemm product = {
        .m = s->n_in,
        .n = s->n_out,
        .k = 1,
        .a = s->input,
        .a_row = 1,
        .a_column = s->n_in,
        .b = s->delta,
        .b_row = s->stride,
        .b_column = 1,
        .b_width = s->stride,
        .c = weights_at(s, round),
        .c_row = s->stride,
        .c_width = s->stride,
        .alpha = ALPHA,
        .accumulate = 1,
    };
    s->kernels->outer(&product, member.rank, member.size, NULL);
}

static void run_step(const kernel *k, size_t round, sml__member member)
{
    const single *s = k->data;
    const sml__step step = {
        .n_in = s->n_in,
        .stride = s->stride,
        .w = weights_at(s, round),
        .input = s->input,
        .delta = s->delta,
        .d_input = s->d_input,
        .alpha = ALPHA,
    };
    (void)member;
    s->kernels->step(&step);
}

static single *layer_of(const bench *b, size_t n_in, size_t n_out)
{
    single *s = bench_alloc(1, sizeof *s);
    const size_t stride = sml__row_stride(n_out), floats = n_in * stride;
    const size_t copies = b->l2 / 2 / (floats * sizeof(float));
    s->kernels = &KERNELS[b->isa];
    s->n_in = n_in;
    s->n_out = n_out;
    s->stride = stride;
    s->copies = copies > 0 ? copies : 1;
    s->weights = bench_floats(s->copies * floats);
    s->input = bench_floats(n_in);
    s->delta = bench_floats(stride);
    s->d_input = bench_alloc(n_in, sizeof(float));
    return s;
}

static kernel *add(bench *b, const char *name, kernel_run *run, single *s)
{
    kernel *k = bench_add(b, name, run, s);
    snprintf(k->shape, sizeof k->shape, "1 %zu→%zu", s->n_in, s->n_out);
    k->bytes_in = sizeof(float) * (double)(s->n_in * s->stride);
    k->footprint = (double)s->copies * k->bytes_in;
    return k;
}

void add_single(bench *b)
{
    static const size_t shapes[][2] = {{100, 100}, {784, 128}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        single *s = layer_of(b, shapes[i][0], shapes[i][1]);
        add(b, "dot product", run_dot, s);
        add(b, "outer product", run_outer, s);
        add(b, "step of one", run_step, s)->alone = 1;
    }
}
