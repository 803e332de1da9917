/* A vector of a trace in a few numbers. */
#ifndef SML_EXPLAIN_VECTOR_FACTS_H
#define SML_EXPLAIN_VECTOR_FACTS_H

#include <stddef.h>

typedef struct sml__vector_facts {
    size_t n, zeros;
    double norm;       /* √Σ v², in double */
    size_t largest_at; /* the first of the largest |v|; a NaN is larger than all */
    double largest;    /* v there, with its sign */
} sml__vector_facts;

/* values NULL: n is 0, and the others are NaN. */
sml__vector_facts sml__vector_facts_of(const float *values, size_t n);

/* The place of the next of the largest keys after that at `at`, ties upwards; at = n: the largest.
 * n where none is left; a NaN is as large as infinity. */
size_t sml__next_largest(const float *keys, size_t n, size_t at);

#endif
