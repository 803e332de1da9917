#include "base/threads.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>

/* A barrier of our own, since OpenMP's spins for milliseconds: on a machine where other programs
 * run too, a member would spend its time waiting for one that is not even running. */
struct sml__barrier {
    atomic_int arrived;
    atomic_uint generation; /* grows by one each time the team has gathered */
};

/* About 20 µs: far longer than members of an undisturbed team wait for each other. */
enum { SPINS = 1000 };

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

void sml__team_wait(sml__member member)
{
    if (member.size <= 1) {
        return;
    }
    sml__barrier *barrier = member.barrier;
    const unsigned now = atomic_load_explicit(&barrier->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1 == member.size) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->generation, now + 1, memory_order_release);
        return;
    }
    int spins = 0;
    while (atomic_load_explicit(&barrier->generation, memory_order_acquire) == now) {
        if (spins < SPINS) {
            spins++;
            relax();
        } else {
            sched_yield();
        }
    }
}

void sml__team_run(int threads, sml__team_task task, void *argument)
{
    if (threads <= 1) {
        task(argument, SML__ALONE);
        return;
    }
    sml__barrier barrier = {0, 0};
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
