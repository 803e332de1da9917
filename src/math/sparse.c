#include "math/sparse.h"

size_t sml__sparse_scratch(const sml__sparse *x, size_t m)
{
    const size_t entries = m * x->longest; /* at most so many in a batch */
    return (x->columns + 2) * sizeof(uint32_t) + entries * (sizeof(uint16_t) + sizeof(uint8_t));
}
