#include "base/random.h"

#include <math.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586;

void sml__random_init(sml__random *random, uint64_t seed, sml__purpose purpose, uint32_t epoch,
                      uint32_t lane)
{
    memset(random, 0, sizeof *random);
    random->key[0] = (uint32_t)seed;
    random->key[1] = (uint32_t)(seed >> 32);
    random->counter[2] = epoch;
    random->counter[3] = (uint32_t)purpose + 16 * lane;
}

uint32_t sml__random_u32(sml__random *random)
{
    if (random->left == 0) {
        sml__philox(random->counter, random->key, random->block);
        random->left = 4;
        random->counter[0]++;
        random->counter[1] += random->counter[0] == 0;
    }
    return random->block[4 - random->left--];
}

double sml__random_uniform(sml__random *random)
{
    uint64_t high = sml__random_u32(random) >> 5; /* 27 bits */
    uint64_t low = sml__random_u32(random) >> 6;  /* 26 bits */
    return (double)(high << 26 | low) * 0x1p-53;
}

double sml__random_normal(sml__random *random)
{
    double radius = sqrt(-2.0 * log(1.0 - sml__random_uniform(random)));
    return radius * cos(TWO_PI * sml__random_uniform(random));
}

uint32_t sml__random_below(sml__random *random, uint32_t bound)
{
    uint64_t product = (uint64_t)sml__random_u32(random) * bound;
    uint32_t rejected = (uint32_t)-bound % bound; /* 2^32 mod bound low words are over-full */
    while ((uint32_t)product < rejected) {
        product = (uint64_t)sml__random_u32(random) * bound;
    }
    return (uint32_t)(product >> 32);
}

void sml__random_permutation(sml__random *random, uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t i = n; i > 1; i--) {
        uint32_t j = sml__random_below(random, (uint32_t)i);
        uint32_t held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}
