/* The instruction sets of this processor, best first: the one place that selects. */
#ifndef SML_MATH_KERNELS_H
#define SML_MATH_KERNELS_H

#include "math/blur.h"
#include "math/csr.h"
#include "math/gemm.h"
#include "math/sparse.h"
#include "math/widen.h"

typedef enum sml__isa { SML__ISA_PLAIN, SML__ISA_AVX2, SML__ISA_AVX512, SML__ISA_COUNT } sml__isa;

/* "plain", "avx2", "avx512". */
const char *sml__isa_name(sml__isa isa);

/* 1 when this build and this processor have the set. */
int sml__isa_available(sml__isa isa);

/* The widest available set. */
sml__isa sml__isa_best(void);

typedef struct sml__kernels {
    sml__gemm_kernel *gemm;
    sml__sparse_forward_kernel *sparse_forward;
    sml__sparse_gradient_kernel *sparse_gradient;
    sml__csr_forward_kernel *csr_forward;
    sml__csr_gradient_kernel *csr_gradient;
    sml__widen_kernel *widen;
    sml__blur_kernel *blur;
} sml__kernels;

/* The kernels of an available set, for data, tests and benchmarks. Layers call those of their set.
 */
const sml__kernels *sml__kernels_for(sml__isa isa);

#endif
