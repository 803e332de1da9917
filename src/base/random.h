/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", 2011). A draw is a function of seed, purpose, epoch and index, so there is no
 * hidden position that could be lost, and threads can draw in any order. */
#ifndef SML_BASE_RANDOM_H
#define SML_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef enum sml__purpose {
    SML__INITIALISE = 1,
    SML__SHUFFLE,
    SML__DROPOUT,
    SML__GENERATE,
    SML__SAMPLE,
    SML__SPLIT,
    SML__FOLD,
    SML__AUGMENT,
    SML__SEARCH,
    SML__REPEAT
} sml__purpose;

/* Ten rounds over counter with key; out may be counter. */
static inline void sml__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* A sequence of draws: key = seed, counter = (index low, index high, epoch, purpose + 16 lane). */
typedef struct sml__random {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int left; /* unread words of block */
} sml__random;

/* lane separates sequences of one purpose, such as layers: below 2^24. */
void sml__random_init(sml__random *random, uint64_t seed, sml__purpose purpose, uint32_t epoch,
                      uint32_t lane);

uint32_t sml__random_u32(sml__random *random);

/* Uniform in [0, 1), 53 bits. */
double sml__random_uniform(sml__random *random);

/* Standard normal, by Box and Muller; two uniforms a draw. */
double sml__random_normal(sml__random *random);

/* Uniform in 0…bound-1 without bias (Lemire 2019); 1 ≤ bound. */
uint32_t sml__random_below(sml__random *random, uint32_t bound);

/* order[n] becomes a uniformly random permutation of 0…n-1 (Fisher and Yates). */
void sml__random_permutation(sml__random *random, uint32_t *order, size_t n);

#endif
