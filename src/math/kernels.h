/* The instruction sets of this processor, best first: the one place that selects. */
#ifndef SML_MATH_KERNELS_H
#define SML_MATH_KERNELS_H

#include "math/gemm.h"

typedef enum sml__isa { SML__ISA_PLAIN, SML__ISA_AVX2, SML__ISA_AVX512, SML__ISA_COUNT } sml__isa;

/* "plain", "avx2", "avx512". */
const char *sml__isa_name(sml__isa isa);

/* 1 when this build and this processor have the set. */
int sml__isa_available(sml__isa isa);

/* The widest available set. */
sml__isa sml__isa_best(void);

/* The product for an available set, for tests and benchmarks. */
sml__gemm_kernel *sml__gemm_for(sml__isa isa);

#endif
