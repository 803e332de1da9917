/* Adds up what it reads, compiled once for each instruction set. */
#include "read_loop.h"

#include "math/isa.h"

/* Independent sums, so that loads alone set the pace. */
enum { CHAINS = 8 };

extern read_loop ISA(read_loop);
void ISA(read_loop)(const float *floats, size_t n, long rounds, volatile float *sink)
{
    sml__vector sums[CHAINS] = {{0}};
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i += (size_t)CHAINS * VECTOR_FLOATS) {
#pragma GCC unroll 8
            for (size_t c = 0; c < CHAINS; c++) {
                sums[c] += *(const sml__vector *)(floats + i + c * VECTOR_FLOATS);
            }
        }
    }
#pragma GCC unroll 8
    for (int c = 1; c < CHAINS; c++) {
        sums[0] += sums[c];
    }
    *sink = sums[0][0];
}
