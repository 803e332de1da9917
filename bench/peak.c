#include "peak.h"

#include "base/clock.h"
#include "fma_loop.h"

#include <string.h>

enum { RUNS = 5 };
static const long ROUNDS = 4000000;

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

double peak_gflops(const char *instruction_set, int threads)
{
    fma_loop *loop = loop_for(instruction_set);
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
