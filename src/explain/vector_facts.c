#include "explain/vector_facts.h"

#include <math.h>

sml__vector_facts sml__vector_facts_of(const float *values, size_t n)
{
    sml__vector_facts facts = {.n = values != NULL ? n : 0};
    double squares = 0;
    if (facts.n == 0) {
        facts.norm = facts.largest = (double)NAN;
        return facts;
    }
    for (size_t i = 0; i < n; i++) {
        const double v = (double)values[i];
        squares += v * v;
        facts.zeros += v == 0;
        if (!isnan(facts.largest) && (isnan(v) || fabs(v) > fabs(facts.largest))) {
            facts.largest = v;
            facts.largest_at = i;
        }
    }
    facts.norm = sqrt(squares);
    return facts;
}

static float size_of(float key)
{
    return isnan(key) ? (float)INFINITY : key;
}

size_t sml__next_largest(const float *keys, size_t n, size_t at)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        const float key = size_of(keys[i]);
        const int is_left =
            at == n || (i > at ? key <= size_of(keys[at]) : key < size_of(keys[at]));
        if (is_left && (best == n || key > size_of(keys[best]))) {
            best = i;
        }
    }
    return best;
}
