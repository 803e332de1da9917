/* How long a team takes for some work. */
#ifndef SML_BENCH_TEAM_CLOCK_H
#define SML_BENCH_TEAM_CLOCK_H

#include "base/threads.h"

typedef void team_work(void *data, sml__member member);

/* Seconds from when all members are there until the last is done: starting the threads does not
 * count. */
double team_seconds(int threads, team_work *work, void *data);

#endif
