#include "base/threads.h"

#include <omp.h>

void sml__team_run(int threads, sml__team_task task, void *argument)
{
    if (threads <= 1) {
        task(argument, 0, 1);
        return;
    }
#pragma omp parallel num_threads(threads)
    task(argument, omp_get_thread_num(), omp_get_num_threads());
}

void sml__team_wait(int size)
{
    if (size > 1) {
#pragma omp barrier
    }
}

int sml__available_cores(void)
{
    int cores = omp_get_num_procs();
    return cores > 0 ? cores : 1;
}
