#include "math/kernels.h"

#include <scratchml/base.h>

extern sml__gemm_kernel sml__gemm_plain;
#if SML_HAVE_X86
extern sml__gemm_kernel sml__gemm_avx2;
extern sml__gemm_kernel sml__gemm_avx512;
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
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
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

sml__gemm_kernel *sml__gemm_for(sml__isa isa)
{
    static sml__gemm_kernel *const kernels[SML__ISA_COUNT] = {
        sml__gemm_plain,
#if SML_HAVE_X86
        sml__gemm_avx2,
        sml__gemm_avx512,
#endif
    };
    return kernels[isa];
}

const char *scratchml_instruction_set(void)
{
    return sml__isa_name(sml__isa_best());
}
