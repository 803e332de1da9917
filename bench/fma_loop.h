/* The arithmetic loop behind limits.c: runs `rounds` rounds and returns the operations in them. */
#ifndef SML_BENCH_FMA_LOOP_H
#define SML_BENCH_FMA_LOOP_H

typedef double fma_loop(long rounds, volatile float *sink);

#endif
