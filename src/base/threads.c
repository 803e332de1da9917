#include "base/threads.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* A barrier of our own, since OpenMP's spins for milliseconds: on a machine where other programs
 * run too, a member would spend its time waiting for one that is not even running. This one spins
 * for longer than members of an undisturbed team ever wait, and then sleeps. */
struct sml__barrier {
    atomic_int arrived;
    atomic_uint generation; /* grows by one each time the team has gathered */
    atomic_int sleepers;
    int spins; /* before a member sleeps; 0 where the team is larger than the machine */
};

enum { SPINS = 2000 }; /* about 40 µs */

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Sleeps until somebody wakes the barrier's sleepers, unless its generation has moved on. */
static void sleep_at(sml__barrier *barrier, unsigned generation)
{
    atomic_fetch_add(&barrier->sleepers, 1);
#if defined(__linux__)
    syscall(SYS_futex, &barrier->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
#else
    (void)generation;
    sched_yield();
#endif
    atomic_fetch_sub(&barrier->sleepers, 1);
}

static void wake_sleepers(sml__barrier *barrier)
{
#if defined(__linux__)
    if (atomic_load(&barrier->sleepers) > 0) {
        syscall(SYS_futex, &barrier->generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    }
#else
    (void)barrier;
#endif
}

void sml__team_wait(sml__member member)
{
    if (member.size <= 1) {
        return;
    }
    sml__barrier *barrier = member.barrier;
    const unsigned now = atomic_load(&barrier->generation);
    if (atomic_fetch_add(&barrier->arrived, 1) + 1 == member.size) {
        atomic_store(&barrier->arrived, 0);
        atomic_store(&barrier->generation, now + 1);
        wake_sleepers(barrier);
        return;
    }
    for (int spins = 0; atomic_load(&barrier->generation) == now; spins++) {
        if (spins < barrier->spins) {
            relax();
        } else {
            sleep_at(barrier, now);
        }
    }
}

void sml__team_run(int threads, sml__team_task task, void *argument)
{
    if (threads <= 1) {
        task(argument, SML__ALONE);
        return;
    }
    sml__barrier barrier = {.spins = threads <= sml__available_cores() ? SPINS : 0};
#pragma omp parallel num_threads(threads)
    {
        const sml__member member = {omp_get_thread_num(), omp_get_num_threads(), &barrier};
        task(argument, member);
    }
}

int sml__available_cores(void)
{
    int cores = omp_get_num_procs();
    return cores > 0 ? cores : 1;
}
