/* Teams of threads, over OpenMP. What a member works on follows from its rank and the shapes
 * alone, never from timing. */
#ifndef SML_BASE_THREADS_H
#define SML_BASE_THREADS_H

#include <stddef.h>

/* Where the members of a team wait for each other. */
typedef struct sml__barrier sml__barrier;

/* One member of a team, as it sees itself. A team of one needs no barrier. */
typedef struct sml__member {
    int rank, size;
    sml__barrier *barrier;
} sml__member;

static const sml__member SML__ALONE = {0, 1, NULL};

typedef void (*sml__team_task)(void *argument, sml__member member);

/* Runs task for every member of a team of up to `threads` threads and waits for all; member.size
 * is the number that really came, and rank 0 is the caller. threads ≤ 1 runs it on the caller
 * alone. */
void sml__team_run(int threads, sml__team_task task, void *argument);

/* Waits until every member of the team has come here; what they wrote before is seen after. */
void sml__team_wait(sml__member member);

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
