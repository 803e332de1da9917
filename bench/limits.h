/* The limits of this machine, for the instruction set that runs here: 10^9 float32 operations, or
 * 10^9 bytes, a second. Each call is one short run; who wants the limit takes the best of several.
 */
#ifndef SML_BENCH_LIMITS_H
#define SML_BENCH_LIMITS_H

#include <stddef.h>

/* Fused multiply-adds on registers alone. */
double limit_fma(int threads);

/* Memory for the two below, to be freed; NULL where there is none. */
float *limit_room(void);

/* Reads `bytes`, at most 32 MiB, again and again, each thread its own: the bandwidth of the cache
 * that holds them. */
double limit_read(const float *room, int threads, size_t bytes);

/* The triad a = b + 0.5 c over arrays that exceed common caches: three floats pass for each
 * element. McCalpin's STREAM, 1995. */
double limit_triad(float *room, int threads);

#endif
