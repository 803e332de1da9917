/* The optimisers, each member its share as in src/nn/trainer.c. */
#include "kernels.h"

#include "nn/registry.h"

#include <stdio.h>
#include <string.h>

enum { GRAIN = 64 }; /* floats at which shares are cut */

typedef struct optimizer {
    const sml__optimizer *type;
    sml__update update;
} optimizer;

static void run(const kernel *k, size_t round, sml__member member)
{
    const optimizer *o = k->data;
    const sml__range own = sml__share(o->update.n, GRAIN, member.rank, member.size);
    sml__update update = o->update;
    (void)round;
    update.n = own.end - own.begin;
    update.theta += own.begin;
    update.gradient += own.begin;
    for (int s = 0; s < o->type->n_states; s++) {
        update.state[s] += own.begin;
    }
    o->type->update(&update);
}

static const sml__optimizer *find(const bench *b, const char *name)
{
    const sml__optimizer *const *type = sml__kit_for(b->isa)->optimizers;
    while (strcmp((*type)->name, name) != 0) {
        type++;
    }
    return *type;
}

/* Steps so small that the parameters stay as they are. */
static void add(bench *b, const char *name, size_t n)
{
    optimizer *o = bench_alloc(1, sizeof *o);
    o->type = find(b, name);
    o->update = (sml__update){
        .n = n,
        .theta = bench_floats(n),
        .gradient = bench_floats(n),
        .gradient_scale = 1,
        .learning_rate = 1e-9,
        .momentum = 0.9,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .step = 1000,
    };
    for (int s = 0; s < o->type->n_states; s++) {
        o->update.state[s] = bench_alloc(n, sizeof(float));
    }
    const double array = sizeof(float) * (double)n;
    kernel *k = bench_add(b, name, run, o);
    snprintf(k->shape, sizeof k->shape, "%zu", n);
    k->bytes_in = (2 + o->type->n_states) * array;  /* θ, g and the state */
    k->bytes_out = (1 + o->type->n_states) * array; /* θ and the state */
    k->footprint = k->bytes_in;
    k->is_split = 1;
}

void add_optimizers(bench *b)
{
    static const size_t sizes[] = {101770, 2000000}; /* 784-128-10; many times L2 */
    static const char *const names[] = {"sgd", "momentum", "adam"};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            add(b, names[i], sizes[s]);
        }
    }
}
