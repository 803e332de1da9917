/* The products of compressed rows, on rows as a bag of words gives them: few entries among many
 * columns. */
#include "kernels.h"

#include "base/random.h"
#include "nn/network.h"

#include <stdio.h>

enum { ROWS = 20000, COLUMNS = 20000, LISTED = 50, ENTRIES = ROWS * LISTED };

typedef struct words {
    sml__csr x;
    sml__csr_product product;
    sml__csr_chains chains;
    const sml__kernels *kernels;
    size_t batches;
} words;

/* Columns ascend: one of each stretch of COLUMNS / LISTED. */
static sml__csr draw_rows(void)
{
    size_t *starts = bench_alloc(ROWS + 1, sizeof *starts);
    uint32_t *columns = bench_alloc(ENTRIES, sizeof *columns);
    float *values = bench_floats(ENTRIES);
    sml__random random;
    sml__random_init(&random, 1, SML__GENERATE, 0, 0);
    for (size_t e = 0; e < ENTRIES; e++) {
        const size_t stretch = COLUMNS / LISTED;
        columns[e] =
            (uint32_t)(e % LISTED * stretch) + sml__random_below(&random, (uint32_t)stretch);
        starts[e / LISTED + 1] = e + 1;
    }
    const sml__csr rows = {starts, columns, values};
    return rows;
}

/* The product on the batch of this round. */
static sml__csr_product product_at(const words *w, size_t round)
{
    sml__csr_product product = w->product;
    product.order += round % w->batches * product.m;
    return product;
}

static void run_forward(const kernel *k, size_t round, sml__member member)
{
    const words *w = k->data;
    const sml__csr_product product = product_at(w, round);
    w->kernels->csr_forward(&product, member.rank, member.size);
}

static void run_gradient(const kernel *k, size_t round, sml__member member)
{
    const words *w = k->data;
    const sml__csr_product product = product_at(w, round);
    w->kernels->csr_gradient(&product, member.rank, member.size);
}

static words *layer_of(const bench *b, size_t m, size_t n)
{
    words *w = bench_alloc(1, sizeof *w);
    const size_t row = sml__row_stride(n), room = sml__csr_room(m * LISTED);
    uint32_t *order = bench_alloc(ROWS, sizeof *order);
    sml__random random;
    sml__random_init(&random, 2, SML__GENERATE, 0, 0);
    sml__random_permutation(&random, order, ROWS);
    w->x = draw_rows();
    w->kernels = sml__kernels_for(b->isa);
    w->batches = ROWS / m;
    w->chains = (sml__csr_chains){
        .heads = bench_alloc(COLUMNS, sizeof(uint32_t)),
        .links = bench_alloc((size_t)b->threads[ALL] * room, sizeof(sml__csr_link)),
        .room = room,
    };
    w->product = (sml__csr_product){
        .x = &w->x,
        .order = order,
        .m = m,
        .n = n,
        .columns = COLUMNS,
        .w = bench_floats(COLUMNS * row),
        .stride = row,
        .start = bench_floats(row),
        .z = bench_floats(m * row),
        .z_row = row,
        .delta = bench_floats(m * row),
        .delta_row = row,
        .alpha = -1e-12F,
        .accumulate = 1,
        .chains = &w->chains,
    };
    return w;
}

/* A row of W comes from the cache for each entry; in the gradient about as many, since few columns
 * have two. */
static void add(bench *b, const char *name, kernel_run *run, words *w)
{
    const double entries = (double)w->product.m * LISTED;
    kernel *k = bench_add(b, name, run, w);
    snprintf(k->shape, sizeof k->shape, "%zu %d→%zu", w->product.m, (int)COLUMNS, w->product.n);
    k->is_sparse = 1;
    k->flops = 2.0 * entries * (double)w->product.n;
    k->bytes_in = sizeof(float) * entries * (double)w->product.stride;
    k->footprint = sizeof(float) * (double)COLUMNS * (double)w->product.stride;
}

void add_csr(bench *b)
{
    words *w = layer_of(b, 128, 64);
    add(b, "csr forward", run_forward, w);
    add(b, "csr gradient", run_gradient, w);
}
