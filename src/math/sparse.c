#include "math/sparse.h"

size_t sml__sparse_scratch(const sml__sparse *x, size_t m)
{
    const size_t entries = sml__sparse_entries(x, m);
    return (x->columns + 2) * sizeof(uint32_t) + entries * (sizeof(uint16_t) + sizeof(uint8_t));
}
