/* Two programs in one, to prove that ThreadSanitizer sees what it should: with an argument two
 * threads add to one number unguarded, which must be reported; without it they share numbers
 * across barriers only, which must not be. */
#include <omp.h>
#include <stdio.h>

enum { THREADS = 2, ROUNDS = 1000 };

static long shared_sum;

static void member(long *part, int racing)
{
    int rank = omp_get_thread_num();
    part[rank] = rank + 1;
    for (int i = 0; i < ROUNDS && racing; i++) {
        shared_sum++;
    }
#pragma omp barrier
    if (rank == 0) {
        shared_sum += part[THREADS - 1];
    }
#pragma omp barrier
    part[rank] = shared_sum;
}

int main(int argc, char **argv)
{
    long part[THREADS] = {0};
    (void)argv;
#pragma omp parallel num_threads(THREADS)
    member(part, argc > 1);
    printf("%ld %ld %ld\n", shared_sum, part[0], part[1]);
    return part[0] != part[1];
}
