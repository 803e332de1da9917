/* The limits of this machine, as "NAME VALUE" lines: fused multiply-adds on registers alone, 10^9
 * float32 operations a second with one thread and with all, and the bandwidth of memory, 10^9 bytes
 * a second with all. Each is the best of several short runs. */
#include "limits.h"

#include "base/threads.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5 };

static double best_fma(int threads)
{
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        const double rate = limit_fma(threads);
        best = rate > best ? rate : best;
    }
    return best;
}

static double best_triad(int threads)
{
    double best = 0;
    float *room = limit_room();
    for (int run = 0; run < RUNS && room != NULL; run++) {
        const double rate = limit_triad(room, threads);
        best = rate > best ? rate : best;
    }
    free(room);
    return best;
}

int main(void)
{
    const int all = sml__available_cores();
    printf("gflops_one %.1f\n", best_fma(1));
    printf("gflops_all %.1f\n", best_fma(all));
    printf("gbytes_all %.1f\n", best_triad(all));
    return 0;
}
