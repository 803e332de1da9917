/* Fused multiply-adds on registers alone, compiled once for each instruction set. */
#include "fma_loop.h"

#include "math/isa.h"

/* Independent sums: enough to fill two pipes of latency 4. */
enum { CHAINS = 12 };

double ISA(fma_loop)(long rounds, volatile float *sink);
double ISA(fma_loop)(long rounds, volatile float *sink)
{
    sml__vector sums[CHAINS];
    sml__vector factor = {0}, term = {0};
    factor += 0.9999F;
    term += 1e-4F;
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++) {
        sums[c] = term * (float)c;
    }
    for (long round = 0; round < rounds; round++) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++) {
            sums[c] = sums[c] * factor + term;
        }
    }
    sml__vector total = {0};
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++) {
        total += sums[c];
    }
    *sink = total[0];
    return 2.0 * CHAINS * VECTOR_FLOATS * (double)rounds;
}
