/* Teams of threads, over OpenMP. What a member works on follows from its rank and the shapes
 * alone, never from timing. */
#ifndef SML_BASE_THREADS_H
#define SML_BASE_THREADS_H

#include <stddef.h>

typedef void (*sml__team_task)(void *argument, int rank, int size);

/* Runs task(argument, rank, size) on up to `threads` threads at once and waits for all; size is
 * the number that really came. threads ≤ 1 runs it on the caller alone. */
void sml__team_run(int threads, sml__team_task task, void *argument);

/* Waits until every member of the team of `size` has come here. Does nothing for size 1, so that one
 * member of a larger team can run a part that a team of one would run. */
void sml__team_wait(int size);

/* The cores that this process may use, at least 1. */
int sml__available_cores(void);

typedef struct sml__range {
    size_t begin, end;
} sml__range;

/* The part of 0…n-1 that belongs to rank: contiguous, cut at multiples of grain. */
static inline sml__range sml__share(size_t n, size_t grain, int rank, int size)
{
    size_t grains = (n + grain - 1) / grain;
    size_t begin = grains * (size_t)rank / (size_t)size * grain;
    size_t end = grains * ((size_t)rank + 1) / (size_t)size * grain;
    sml__range range = {begin < n ? begin : n, end < n ? end : n};
    return range;
}

#endif
