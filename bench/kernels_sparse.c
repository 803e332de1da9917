/* The products of rows that are mostly zero, on rows that are as sparse as the digits of MNIST. */
#include "kernels.h"

#include "base/random.h"
#include "nn/network.h"

#include <stdio.h>

enum {
    SIDE = 28,
    EDGE = 4, /* of each picture, and almost empty */
    PIXELS = SIDE * SIDE,
    PICTURES = 60000,       /* 47 MB: the next row of a shuffled order is in no cache */
    FLOAT_PICTURES = 20000, /* 63 MB */
    WARM_PICTURES = 256     /* what the forward pass has fetched when the gradient comes */
};

/* Of the pixels in the middle, and of those at the edge; 19% of all. */
static const double MIDDLE_DENSITY = 0.363, EDGE_DENSITY = 0.01;

/* A stroke goes on: how often a pixel behind one that is not 0 is not 0 either. Two neighbours of
 * MNIST need 1.17 times as many entries in a list of pairs as half of their non-zeros. */
static const double AFTER_INK = 0.83;

typedef struct pictures {
    uint8_t *bytes;
    float values[256];
    uint32_t *order;
    double non_zeros; /* in a picture, on average */
    double visits;    /* of rows of W for a picture, when two share the list of both */
} pictures;

typedef struct sparse {
    const sml__kernels *kernels;
    sml__sparse x;
    sml__sparse_product product;
    size_t batches; /* that rounds go through in turn */
    float *scratch;
} sparse;

static int is_middle(size_t pixel)
{
    const size_t x = pixel % SIDE, y = pixel / SIDE;
    return x >= EDGE && x < SIDE - EDGE && y >= EDGE && y < SIDE - EDGE;
}

/* 0, or 1…255: a chain of two states that has ink with the density of the place. */
static uint8_t draw_pixel(sml__random *random, size_t pixel, uint8_t before)
{
    const double density = is_middle(pixel) ? MIDDLE_DENSITY : EDGE_DENSITY;
    const double begins = density * (1.0 - AFTER_INK) / (1.0 - density);
    const double chance = before != 0 ? AFTER_INK : begins;
    const uint32_t draw = sml__random_u32(random);
    return draw < (uint32_t)(chance * 4294967296.0) ? (uint8_t)(1 + draw % 255) : 0;
}

/* Places where picture a or picture b has ink. */
static size_t inked(const pictures *p, size_t a, size_t b)
{
    size_t count = 0;
    for (size_t i = 0; i < PIXELS; i++) {
        count += (p->bytes[a * PIXELS + i] | p->bytes[b * PIXELS + i]) != 0;
    }
    return count;
}

static pictures *draw_pictures(void)
{
    pictures *p = bench_alloc(1, sizeof *p);
    const size_t count = (size_t)PICTURES * PIXELS;
    size_t non_zeros = 0, visits = 0;
    sml__random random;
    p->bytes = bench_alloc(count, 1);
    p->order = bench_alloc(PICTURES, sizeof *p->order);
    sml__random_init(&random, 1, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < count; i++) {
        p->bytes[i] = draw_pixel(&random, i % PIXELS, i % SIDE > 0 ? p->bytes[i - 1] : 0);
        non_zeros += p->bytes[i] != 0;
    }
    for (int b = 0; b < 256; b++) {
        p->values[b] = (float)b / 255.0F;
    }
    p->non_zeros = (double)non_zeros / PICTURES;
    sml__random_permutation(&random, p->order, PICTURES);
    for (size_t i = 0; i < PICTURES; i += 2) {
        visits += inked(p, p->order[i], p->order[i + 1]);
    }
    p->visits = (double)visits / PICTURES;
    return p;
}

static float *floats_of(const pictures *p)
{
    const size_t count = (size_t)FLOAT_PICTURES * PIXELS;
    float *floats = bench_alloc(count, sizeof *floats);
    for (size_t i = 0; i < count; i++) {
        floats[i] = p->values[p->bytes[i]];
    }
    return floats;
}

/* The product on the batch of this round. */
static sml__sparse_product product_at(const sparse *s, size_t round)
{
    const size_t first = round % s->batches * s->product.m;
    sml__sparse_product product = s->product;
    product.order += first;
    product.upcoming -= first;
    return product;
}

static void run_forward(const kernel *k, size_t round, sml__member member)
{
    const sparse *s = k->data;
    const sml__sparse_product product = product_at(s, round);
    s->kernels->sparse_forward(&product, member.rank, member.size);
}

static void run_gradient(const kernel *k, size_t round, sml__member member)
{
    const sparse *s = k->data;
    const sml__sparse_product product = product_at(s, round);
    s->kernels->sparse_gradient(&product, member.rank, member.size,
                                s->scratch + (size_t)member.rank * SML__GEMM_SCRATCH);
}

static void run_both(const kernel *k, size_t round, sml__member member)
{
    run_forward(k, round, member);
    sml__team_wait(member);
    run_gradient(k, round, member);
}

/* Rows of numbers as they lie, batch after batch. */
static void run_floats(const kernel *k, size_t round, sml__member member)
{
    const sparse *s = k->data;
    sml__sparse x = s->x;
    x.floats += round % s->batches * s->product.m * x.stride;
    sml__sparse_product product = s->product;
    product.x = &x;
    s->kernels->sparse_forward(&product, member.rank, member.size);
}

static sparse *layer_of(const bench *b, const pictures *p, size_t m, size_t n)
{
    const size_t row = sml__row_stride(n);
    sparse *s = bench_alloc(1, sizeof *s);
    s->kernels = sml__kernels_for(b->isa);
    s->x =
        (sml__sparse){.columns = PIXELS, .stride = PIXELS, .bytes = p->bytes, .values = p->values};
    s->scratch = b->scratch;
    s->batches = PICTURES / m;
    s->product = (sml__sparse_product){
        .x = &s->x,
        .order = p->order,
        .upcoming = PICTURES,
        .ahead = m,
        .m = m,
        .n = n,
        .w = bench_floats(PIXELS * row),
        .stride = row,
        .start = bench_floats(row),
        .z = bench_floats(m * row),
        .z_row = row,
        .entries = bench_alloc(sml__sparse_room(m, PIXELS) +
                                   (size_t)b->threads[ALL] * sml__sparse_row_room(PIXELS),
                               sizeof(uint32_t)),
        .delta = bench_floats(m * row),
        .delta_row = row,
        .alpha = -1e-12F,
        .accumulate = 1,
    };
    return s;
}

static kernel *add(bench *b, const char *name, kernel_run *run, sparse *s)
{
    kernel *k = bench_add(b, name, run, s);
    snprintf(k->shape, sizeof k->shape, "%zu %d→%zu", s->product.m, (int)PIXELS, s->product.n);
    k->is_sparse = 1;
    return k;
}

/* Forward, a row of W comes from L2 for each entry of a list; in the gradient, each row of W once,
 * or for a single sample those of its non-zeros. */
static void add_layer(bench *b, const pictures *p, size_t m, size_t n)
{
    const double non_zeros = (double)m * p->non_zeros, flops = 2.0 * non_zeros * (double)n;
    sparse *s = layer_of(b, p, m, n), *warm = bench_alloc(1, sizeof *warm);
    const double row_bytes = sizeof(float) * (double)s->product.stride;
    const double visits = m > 1 ? (double)m * p->visits : non_zeros;
    const double forward_bytes = visits * row_bytes;
    const double gradient_bytes = (m > 1 ? (double)PIXELS : non_zeros) * row_bytes;
    *warm = *s;
    warm->batches = WARM_PICTURES / m;
    kernel *forward = add(b, "sparse forward", run_forward, s);
    kernel *gradient = add(b, "sparse gradient", run_gradient, warm);
    kernel *both = add(b, "sparse, both", run_both, s);
    forward->flops = gradient->flops = flops;
    both->flops = 2.0 * flops;
    forward->bytes_in = forward_bytes;
    gradient->bytes_in = gradient_bytes;
    both->bytes_in = forward_bytes + gradient_bytes;
}

/* For inference: here the rows themselves count, which come from memory. */
static void add_floats(bench *b, const pictures *p, size_t m, size_t n)
{
    sparse *s = layer_of(b, p, m, n);
    s->x = (sml__sparse){.columns = PIXELS, .stride = PIXELS, .floats = floats_of(p)};
    s->batches = FLOAT_PICTURES / m;
    s->product.order = NULL;
    kernel *k = add(b, "sparse float32", run_floats, s);
    k->flops = 2.0 * (double)m * p->non_zeros * (double)n;
    k->bytes_in = sizeof(float) * (double)m * PIXELS;
    k->footprint = sizeof(float) * (double)FLOAT_PICTURES * PIXELS;
}

void add_sparse(bench *b)
{
    static const size_t shapes[][2] = {{128, 128}, {16, 100}, {1, 100}, {128, 512}, {256, 1024}};
    const pictures *p = draw_pictures();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        add_layer(b, p, shapes[i][0], shapes[i][1]);
    }
    add_floats(b, p, 64, 128);
}
