/* Each kernel of the engine against the limit of the machine that it meets first, with one thread
 * and with all:
 *
 *   kernels [--json]
 *
 * The kernels take turns, a short run each, and the limits are measured beside each of them; of
 * both the best of the same number of runs is taken. So a disturbance of some seconds falls out. */
#include "kernels.h"

#include "base/memory.h"
#include "base/random.h"
#include "limits.h"
#include "team_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RUNS = 7,
    L2_USUAL = 1 << 20, /* where the system does not tell */
    L3_OVER_L2 = 32     /* a guess: systems tell of an L3 that is not all within reach */
};

static const double RUN_SECONDS = 0.01;

kernel *bench_add(bench *b, const char *name, kernel_run *run, void *data)
{
    if (b->n_kernels == KERNELS_MAX) {
        fprintf(stderr, "kernels: more than %d\n", (int)KERNELS_MAX);
        exit(1);
    }
    kernel *k = &b->kernels[b->n_kernels++];
    snprintf(k->name, sizeof k->name, "%s", name);
    k->run = run;
    k->data = data;
    return k;
}

void *bench_alloc(size_t count, size_t size)
{
    void *memory = sml__alloc(NULL, count, size, "the benchmark");
    if (memory == NULL) {
        fprintf(stderr, "kernels: no memory for %zu × %zu bytes\n", count, size);
        exit(1);
    }
    return memory;
}

float *bench_floats(size_t count)
{
    float *floats = bench_alloc(count, sizeof *floats);
    sml__random random;
    sml__random_init(&random, 1, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < count; i++) {
        floats[i] = (float)(sml__random_u32(&random) >> 8) / (float)(1 << 24) - 0.5F;
    }
    return floats;
}

static size_t l2_bytes(void)
{
    long bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return bytes > 0 ? (size_t)bytes : L2_USUAL;
}

/* What a core comes back to. */
static double own_footprint(const kernel *k, int threads)
{
    return k->footprint / (k->is_split ? threads : 1);
}

static place place_of(const bench *b, const kernel *k, int threads)
{
    const double bytes = own_footprint(k, threads), l2 = (double)b->l2;
    return bytes <= l2 ? L2 : bytes <= L3_OVER_L2 * l2 ? L3 : MEMORY;
}

double bytes_of(const kernel *k, place from)
{
    return k->bytes_in + (from == MEMORY ? k->bytes_out : 0);
}

bound bound_of(const kernel *k, const timing *t)
{
    const double flops = k->flops > 0 ? k->flops / t->fma / 1e9 : 0;
    const double bytes = bytes_of(k, t->from) / t->transfer / 1e9;
    const bound b = {flops > bytes ? flops : bytes, flops > bytes};
    return b;
}

typedef struct sample {
    const kernel *kernel;
    long rounds;
} sample;

static void run_rounds(void *data, sml__member member)
{
    const sample *s = data;
    for (long i = 0; i < s->rounds; i++) {
        s->kernel->run(s->kernel, s->kernel->rounds_done + (size_t)i, member);
        sml__team_wait(member);
    }
}

static double run_seconds(kernel *k, int threads, long rounds)
{
    sample s = {k, rounds};
    const double seconds = team_seconds(threads, run_rounds, &s);
    k->rounds_done += (size_t)rounds;
    return seconds;
}

/* Rounds of about RUN_SECONDS. */
static long rounds_for(kernel *k, int threads)
{
    long rounds = 1;
    double seconds = run_seconds(k, threads, rounds);
    while (seconds < RUN_SECONDS / 8) {
        rounds *= 4;
        seconds = run_seconds(k, threads, rounds);
    }
    const double wanted = (double)rounds * RUN_SECONDS / seconds;
    return wanted > 1 ? (long)wanted : 1;
}

/* Beyond L2 a cache is the slower the more of it is in use, so as much is read as the kernel has.
 */
static double transfer_limit(const bench *b, const kernel *k, const timing *t, float *room)
{
    switch (t->from) {
    case L2:
        return limit_read(room, t->threads, b->l2 / 2);
    case L3:
        return limit_read(room, t->threads, (size_t)own_footprint(k, t->threads));
    default:
        return limit_triad(room, t->threads);
    }
}

static void keep_larger(double *best, double value)
{
    *best = value > *best ? value : *best;
}

/* One run of the kernel, with the limits beside it. */
static void take_turn(const bench *b, kernel *k, timing *t, float *room)
{
    if (k->flops > 0) {
        keep_larger(&t->fma, limit_fma(t->threads));
    }
    keep_larger(&t->transfer, transfer_limit(b, k, t, room));
    if (t->rounds == 0) {
        t->rounds = rounds_for(k, t->threads);
    }
    const double seconds = run_seconds(k, t->threads, t->rounds) / (double)t->rounds;
    t->seconds = t->seconds == 0 || seconds < t->seconds ? seconds : t->seconds;
}

static void measure(bench *b, float *room)
{
    for (int run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < b->n_kernels; i++) {
            kernel *k = &b->kernels[i];
            for (int team = ONE; team < TEAMS; team++) {
                timing *t = &k->timings[team];
                if (team == ONE || (!k->alone && b->threads[ALL] > 1)) {
                    t->threads = b->threads[team];
                    t->from = place_of(b, k, t->threads);
                    take_turn(b, k, t, room);
                }
            }
        }
    }
}

static void set_up(bench *b)
{
    b->isa = sml__isa_best();
    b->threads[ONE] = 1;
    b->threads[ALL] = sml__available_cores();
    b->l2 = l2_bytes();
    b->scratch = bench_alloc((size_t)b->threads[ALL] * SML__GEMM_SCRATCH, sizeof(float));
    add_dense(b);
    add_sparse(b);
    add_csr(b);
    add_single(b);
    add_optimizers(b);
    add_elementwise(b);
}

int main(int argc, char **argv)
{
    static bench b;
    const int wants_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !wants_json) {
        fprintf(stderr, "usage: kernels [--json]\n");
        return 2;
    }
    float *room = limit_room();
    if (room == NULL) {
        fprintf(stderr, "kernels: no memory to measure the limits\n");
        return 1;
    }
    set_up(&b);
    measure(&b, room);
    free(room);
    if (wants_json) {
        print_json(&b);
    } else {
        print_table(&b);
    }
    return 0;
}
