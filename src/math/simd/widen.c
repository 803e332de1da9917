#include "math/widen.h"

#include "math/isa.h"

extern sml__widen_kernel ISA(widen);

void ISA(widen)(const uint8_t *bytes, size_t n, float scale, float *out)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)bytes[i] * scale;
    }
}
