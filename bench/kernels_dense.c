/* The dense products, as src/nn/layers/dense.c calls them for a batch. */
#include "kernels.h"

#include "nn/network.h"

#include <stdio.h>

typedef struct shape {
    size_t rows, n_in, n_out;
} shape;

static const shape SHAPES[] = {
    {128, 784, 128}, {128, 512, 512}, {256, 1024, 1024}, {256, 100, 256}, {256, 256, 256},
    {128, 784, 256}, {16, 100, 100},  {128, 512, 10},    {256, 256, 1},
};

/* A layer of that shape, rows as far apart as in a network. */
typedef struct layer {
    size_t in_row, out_row;
    float *input, *weight, *output, *d_input;
} layer;

typedef struct dense {
    sml__gemm product;
    sml__gemm_kernel *kernel;
    float *scratch;
} dense;

static void run(const kernel *k, size_t round, sml__member member)
{
    const dense *d = k->data;
    (void)round;
    d->kernel(&d->product, member.rank, member.size,
              d->scratch + (size_t)member.rank * SML__GEMM_SCRATCH);
}

static layer layer_of(shape s)
{
    const size_t in_row = sml__row_stride(s.n_in), out_row = sml__row_stride(s.n_out);
    const layer l = {
        .in_row = in_row,
        .out_row = out_row,
        .input = bench_floats(s.rows * in_row),
        .weight = bench_floats(s.n_in * out_row),
        .output = bench_floats(s.rows * out_row),
        .d_input = bench_floats(s.rows * in_row),
    };
    return l;
}

static sml__gemm forward(shape s, const layer *l)
{
    const sml__gemm product = {
        .m = s.rows,
        .n = s.n_out,
        .k = s.n_in,
        .a = l->input,
        .a_row = l->in_row,
        .a_column = 1,
        .b = l->weight,
        .b_row = l->out_row,
        .b_column = 1,
        .b_width = l->out_row,
        .c = l->output,
        .c_row = l->out_row,
        .c_width = l->out_row,
        .alpha = 1.0F,
        .start = l->weight, /* as good as any bias */
    };
    return product;
}

static sml__gemm backward(shape s, const layer *l)
{
    const sml__gemm product = {
        .m = s.rows,
        .n = s.n_in,
        .k = s.n_out,
        .a = l->output,
        .a_row = l->out_row,
        .a_column = 1,
        .b = l->weight,
        .b_row = 1,
        .b_column = l->out_row,
        .b_width = s.n_in,
        .c = l->d_input,
        .c_row = l->in_row,
        .c_width = l->in_row,
        .alpha = 1.0F,
    };
    return product;
}

/* With a step so small that the weights stay as they are. */
static sml__gemm gradient(shape s, const layer *l)
{
    const sml__gemm product = {
        .m = s.n_in,
        .n = s.n_out,
        .k = s.rows,
        .a = l->input,
        .a_row = 1,
        .a_column = l->in_row,
        .b = l->output,
        .b_row = l->out_row,
        .b_column = 1,
        .b_width = l->out_row,
        .c = l->weight,
        .c_row = l->out_row,
        .c_width = l->out_row,
        .alpha = -1e-12F,
        .accumulate = 1,
    };
    return product;
}

static void add(bench *b, const char *name, shape s, const layer *l, sml__gemm product)
{
    dense *d = bench_alloc(1, sizeof *d);
    d->product = product;
    d->kernel = sml__kernels_for(b->isa)->gemm;
    d->scratch = b->scratch;
    const size_t floats = s.rows * l->in_row + s.n_in * l->out_row + s.rows * l->out_row;
    kernel *k = bench_add(b, name, run, d);
    snprintf(k->shape, sizeof k->shape, "%zu %zu→%zu", s.rows, s.n_in, s.n_out);
    k->flops = 2.0 * (double)s.rows * (double)s.n_in * (double)s.n_out;
    k->bytes_in = sizeof(float) * (double)floats; /* each operand once */
    k->footprint = k->bytes_in;
}

void add_dense(bench *b)
{
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const shape s = SHAPES[i];
        const layer l = layer_of(s);
        add(b, "dense forward", s, &l, forward(s, &l));
        add(b, "dense backward", s, &l, backward(s, &l));
        add(b, "dense gradient", s, &l, gradient(s, &l));
    }
}
