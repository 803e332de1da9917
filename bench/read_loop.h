/* The reading loop behind limits.c: goes through floats[n] `rounds` times. n is a multiple of 128.
 */
#ifndef SML_BENCH_READ_LOOP_H
#define SML_BENCH_READ_LOOP_H

#include <stddef.h>

typedef void read_loop(const float *floats, size_t n, long rounds, volatile float *sink);

#endif
