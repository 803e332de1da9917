/* Names and widths of one instruction set. The kernel sources are compiled once for each set with
 * -DSML_ISA=plain, avx2 or avx512; what they share is named ISA(name), so that all three copies
 * live in one library, and kernels.c picks one at run time. */
#ifndef SML_MATH_ISA_H
#define SML_MATH_ISA_H

#ifndef SML_ISA
#error "a kernel source is compiled with -DSML_ISA=plain, avx2 or avx512"
#endif

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define SML__JOIN(name, isa)     sml__##name##_##isa
#define SML__ISA_NAME(name, isa) SML__JOIN(name, isa)
#define ISA(name)                SML__ISA_NAME(name, SML_ISA)

#if defined(__AVX512F__)
enum { VECTOR_FLOATS = 16 };
#elif defined(__AVX2__)
enum { VECTOR_FLOATS = 8 };
#else
enum { VECTOR_FLOATS = 4 };
#endif

/* A vector register of floats, loadable from any address. */
typedef float sml__vector
    __attribute__((vector_size(VECTOR_FLOATS * sizeof(float)), aligned(4), may_alias));

/* a · b + c, rounded once where the instruction set can. A compiler makes the same of a product and
 * a sum that stand together, but not where it moves them apart, as around a condition. */
static inline __attribute__((always_inline)) sml__vector
sml__multiply_add(sml__vector a, sml__vector b, sml__vector c)
{
#if defined(__AVX512F__)
    return (sml__vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (sml__vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

/* CALL(vectors) for 1 ≤ vectors ≤ 8, with a constant in the call, so that its loops unroll. */
#define SML__WITH_CONSTANT(vectors, CALL)                                                          \
    switch (vectors) {                                                                             \
    case 1:                                                                                        \
        CALL(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        CALL(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        CALL(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        CALL(4);                                                                                   \
        break;                                                                                     \
    case 5:                                                                                        \
        CALL(5);                                                                                   \
        break;                                                                                     \
    case 6:                                                                                        \
        CALL(6);                                                                                   \
        break;                                                                                     \
    case 7:                                                                                        \
        CALL(7);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        CALL(8);                                                                                   \
        break;                                                                                     \
    }

/* Keeps the compiler from holding an address as several sums of others, one register each. */
#define SML__IN_ONE_REGISTER(address) __asm__("" : "+r"(address))

/* Has a vector ready in a register: it is not loaded again where it is used twice. */
#if defined(__AVX512F__)
#define SML__IN_A_VECTOR(vector) __asm__("" : "+v"(vector))
#elif defined(__x86_64__)
#define SML__IN_A_VECTOR(vector) __asm__("" : "+x"(vector))
#else
#define SML__IN_A_VECTOR(vector) ((void)(vector))
#endif

#define SML__INLINE static inline __attribute__((always_inline))

#endif
