/* What kernels.c times: a list of kernels, each on one shape, with what they cost at least. */
#ifndef SML_BENCH_KERNELS_H
#define SML_BENCH_KERNELS_H

#include "base/threads.h"
#include "math/kernels.h"

#include <stddef.h>

/* Where a kernel finds its numbers again in its next run. */
typedef enum place { L2, L3, MEMORY, PLACES } place;

/* The best of several short runs, and the best limits of the moments beside them. */
typedef struct timing {
    int threads;
    long rounds;          /* of the kernel in a run */
    double seconds;       /* of a round; 0 where there is none */
    double fma, transfer; /* 10^9 operations and bytes a second */
    place from;           /* which the bytes come from */
} timing;

enum { ONE, ALL, TEAMS }; /* threads */

typedef struct kernel kernel;

/* Round number `round` of the kernel, as one member does its share. */
typedef void kernel_run(const kernel *k, size_t round, sml__member member);

struct kernel {
    char name[24], shape[24];
    kernel_run *run;
    void *data;
    int alone;     /* it has no share for others */
    double flops;  /* of a round; 0 where nobody counts them */
    int is_sparse; /* its flops are what is wanted, even where bytes take longer */
    /* Bytes of a round. In a cache only those count that come into the core, numbers that are
     * overwritten too; the way back is another one: an update in place moved 1.4 to 1.8 times the
     * bytes that reading L2 did. In memory both ways count, as in STREAM. */
    double bytes_in, bytes_out;
    double footprint; /* bytes that rounds come back to */
    int is_split;     /* of which each member has its own part */
    size_t rounds_done;
    timing timings[TEAMS];
};

enum { KERNELS_MAX = 128 };

typedef struct bench {
    sml__isa isa;
    int threads[TEAMS];
    size_t l2;      /* bytes of a core */
    float *scratch; /* [threads, SML__GEMM_SCRATCH] */
    size_t n_kernels;
    kernel kernels[KERNELS_MAX];
} bench;

/* Another kernel of the list, to be filled in. */
kernel *bench_add(bench *b, const char *name, kernel_run *run, void *data);

/* Zeroed memory that stays until the program ends; ends it where there is none. */
void *bench_alloc(size_t count, size_t size);

/* Uniform numbers in -0.5…0.5. */
float *bench_floats(size_t count);

void add_dense(bench *b);
void add_sparse(bench *b);
void add_csr(bench *b);    /* compressed rows */
void add_single(bench *b); /* a batch of one sample */
void add_optimizers(bench *b);
void add_elementwise(bench *b); /* activations and the loss */

/* The least seconds that the limit allows, and which one that is. */
typedef struct bound {
    double seconds;
    int is_fma;
} bound;

bound bound_of(const kernel *k, const timing *t);
double bytes_of(const kernel *k, place from);
const char *place_name(place where);

void print_table(const bench *b);
void print_json(const bench *b);

#endif
