#include "limits.h"

#include "fma_loop.h"
#include "math/kernels.h"
#include "read_loop.h"
#include "team_clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 4000000,    /* of the arithmetic: some 6 ms */
    READ_GRAIN = 128,    /* floats that the reading loop takes at once */
    READ_MOST = 8 << 20, /* floats of a thread */
};

/* Floats in each of three arrays: 64 MiB, so that all three exceed common caches. */
static const size_t STREAM = (size_t)16 << 20;

/* Bytes that each thread reads in a run: some 2 ms from L2. */
static const size_t READ_BYTES = (size_t)1 << 29;

typedef struct loops {
    fma_loop *fma;
    read_loop *read;
} loops;

#define DECLARE_LOOPS(isa)                                                                         \
    extern fma_loop sml__fma_loop_##isa;                                                           \
    extern read_loop sml__read_loop_##isa;
#define LOOPS(isa)                                                                                 \
    {                                                                                              \
        sml__fma_loop_##isa, sml__read_loop_##isa                                                  \
    }

DECLARE_LOOPS(plain)
#if SML_HAVE_X86
DECLARE_LOOPS(avx2)
DECLARE_LOOPS(avx512)
#endif

static loops loops_here(void)
{
    static const loops all[SML__ISA_COUNT] = {
        [SML__ISA_PLAIN] = LOOPS(plain),
#if SML_HAVE_X86
        [SML__ISA_AVX2] = LOOPS(avx2),
        [SML__ISA_AVX512] = LOOPS(avx512),
#endif
    };
    return all[sml__isa_best()];
}

static void multiply_and_add(void *data, sml__member member)
{
    double *operations = data; /* of the whole team */
    volatile float sink = 0;
    const double own = loops_here().fma(ROUNDS, &sink);
    if (member.rank == 0) {
        *operations = own * member.size;
    }
}

double limit_fma(int threads)
{
    double operations = 0;
    const double seconds = team_seconds(threads, multiply_and_add, &operations);
    return operations / seconds / 1e9;
}

float *limit_room(void)
{
    float *room = malloc(3 * STREAM * sizeof(float));
    if (room != NULL) {
        memset(room, 0, 3 * STREAM * sizeof(float));
    }
    return room;
}

typedef struct reading {
    const float *room;
    size_t floats; /* of each member */
    long rounds;
    double bytes; /* of the whole team */
} reading;

static void read_own(void *data, sml__member member)
{
    reading *r = data;
    volatile float sink = 0;
    const size_t places = 3 * STREAM / READ_MOST;
    const float *own = r->room + (size_t)member.rank % places * READ_MOST;
    loops_here().read(own, r->floats, r->rounds, &sink);
    if (member.rank == 0) {
        r->bytes = sizeof(float) * (double)r->floats * (double)r->rounds * member.size;
    }
}

double limit_read(const float *room, int threads, size_t bytes)
{
    size_t floats = bytes / sizeof(float) / READ_GRAIN * READ_GRAIN;
    floats = floats < READ_MOST ? floats : READ_MOST;
    reading r = {
        .room = room,
        .floats = floats,
        .rounds = (long)(READ_BYTES / (floats * sizeof(float))),
    };
    const double seconds = team_seconds(threads, read_own, &r);
    return r.bytes / seconds / 1e9;
}

static void triad(void *data, sml__member member)
{
    float *a = data;
    const float *b = a + STREAM, *c = b + STREAM;
    const sml__range own = sml__share(STREAM, READ_GRAIN, member.rank, member.size);
#pragma omp simd
    for (size_t i = own.begin; i < own.end; i++) {
        a[i] = b[i] + 0.5F * c[i];
    }
}

double limit_triad(float *room, int threads)
{
    return 3.0 * sizeof(float) * (double)STREAM / team_seconds(threads, triad, room) / 1e9;
}
