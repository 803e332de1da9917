#include "math/kernels.h"

#include <scratchml/base.h>

#define DECLARE_KERNELS(isa)                                                                       \
    extern sml__gemm_kernel sml__gemm_##isa;                                                       \
    extern sml__sparse_forward_kernel sml__sparse_forward_##isa;                                   \
    extern sml__sparse_gradient_kernel sml__sparse_gradient_##isa;                                 \
    extern sml__csr_forward_kernel sml__csr_forward_##isa;                                         \
    extern sml__csr_gradient_kernel sml__csr_gradient_##isa;                                       \
    extern sml__widen_kernel sml__widen_##isa;                                                     \
    extern sml__blur_kernel sml__blur_##isa;
#define KERNELS(isa)                                                                               \
    {                                                                                              \
        sml__gemm_##isa, sml__sparse_forward_##isa, sml__sparse_gradient_##isa,                    \
            sml__csr_forward_##isa, sml__csr_gradient_##isa, sml__widen_##isa, sml__blur_##isa     \
    }

DECLARE_KERNELS(plain)
#if SML_HAVE_X86
DECLARE_KERNELS(avx2)
DECLARE_KERNELS(avx512)
#endif

const char *sml__isa_name(sml__isa isa)
{
    static const char *const names[SML__ISA_COUNT] = {"plain", "avx2", "avx512"};
    return names[isa];
}

int sml__isa_available(sml__isa isa)
{
#if SML_HAVE_X86
    if (isa == SML__ISA_AVX2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("popcnt");
    }
    if (isa == SML__ISA_AVX512) {
        return sml__isa_available(SML__ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw");
    }
#endif
    return isa == SML__ISA_PLAIN;
}

sml__isa sml__isa_best(void)
{
    sml__isa isa = SML__ISA_AVX512;
    while (!sml__isa_available(isa)) {
        isa = (sml__isa)(isa - 1);
    }
    return isa;
}

const sml__kernels *sml__kernels_for(sml__isa isa)
{
    static const sml__kernels kernels[SML__ISA_COUNT] = {
        [SML__ISA_PLAIN] = KERNELS(plain),
#if SML_HAVE_X86
        [SML__ISA_AVX2] = KERNELS(avx2),
        [SML__ISA_AVX512] = KERNELS(avx512),
#endif
    };
    return &kernels[isa];
}

const char *scratchml_instruction_set(void)
{
    return sml__isa_name(sml__isa_best());
}
