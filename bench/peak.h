/* The speed limit of the arithmetic: fused multiply-adds on registers alone. */
#ifndef SML_BENCH_PEAK_H
#define SML_BENCH_PEAK_H

/* Measured float32 operations a second, in 10^9, with `threads` threads running the instruction
 * set ("avx512", "avx2" or "plain") at once: the best of several short runs. */
double peak_gflops(const char *instruction_set, int threads);

#endif
