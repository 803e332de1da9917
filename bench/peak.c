/* The limits of this machine, as "NAME VALUE" lines: fused multiply-adds on registers alone, 10^9
 * float32 operations a second with one thread and with all, and the bandwidth of memory, 10^9 bytes
 * a second with all. Each is the best of several short runs. */
#include "base/clock.h"
#include "fma_loop.h"

#include <omp.h>
#include <scratchml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5 };
static const long ROUNDS = 4000000;

/* Floats in each of three arrays: 64 MiB, so that all three exceed common caches. */
static const size_t STREAM = (size_t)16 << 20;

extern fma_loop sml__fma_loop_plain;
#if SML_HAVE_X86
extern fma_loop sml__fma_loop_avx2;
extern fma_loop sml__fma_loop_avx512;
#endif

static fma_loop *loop_for(const char *instruction_set)
{
#if SML_HAVE_X86
    if (strcmp(instruction_set, "avx512") == 0) {
        return sml__fma_loop_avx512;
    }
    if (strcmp(instruction_set, "avx2") == 0) {
        return sml__fma_loop_avx2;
    }
#endif
    return sml__fma_loop_plain;
}

static double peak_gflops(int threads)
{
    fma_loop *loop = loop_for(scratchml_instruction_set());
    double best = 0;
    for (int attempt = 0; attempt < RUNS; attempt++) {
        double operations = 0;
        const double start = sml__seconds_now();
#pragma omp parallel num_threads(threads) reduction(+ : operations)
        {
            volatile float sink = 0;
            operations += loop(ROUNDS, &sink);
        }
        const double gflops = operations / (sml__seconds_now() - start) / 1e9;
        best = gflops > best ? gflops : best;
    }
    return best;
}

/* The triad a = b + 0.5 c: three floats pass for each element. McCalpin's STREAM, 1995. */
static double bandwidth(int threads)
{
    float *a = malloc(3 * STREAM * sizeof(float));
    double best = 0;
    if (a == NULL) {
        return 0;
    }
    const float *b = a + STREAM, *c = b + STREAM;
    memset(a, 0, 3 * STREAM * sizeof(float));
    for (int attempt = 0; attempt < RUNS; attempt++) {
        const double start = sml__seconds_now();
#pragma omp parallel for simd schedule(static) num_threads(threads)
        for (size_t i = 0; i < STREAM; i++) {
            a[i] = b[i] + 0.5F * c[i];
        }
        const double rate = 3.0 * sizeof(float) * (double)STREAM / (sml__seconds_now() - start);
        best = rate / 1e9 > best ? rate / 1e9 : best;
    }
    free(a);
    return best;
}

int main(void)
{
    const int all = omp_get_num_procs();
    printf("gflops_one %.1f\n", peak_gflops(1));
    printf("gflops_all %.1f\n", peak_gflops(all));
    printf("gbytes_all %.1f\n", bandwidth(all));
    return 0;
}
