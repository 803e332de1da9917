/* Names and widths of one instruction set. The kernel sources are compiled once for each set with
 * -DSML_ISA=plain, avx2 or avx512; what they share is named ISA(name), so that all three copies
 * live in one library, and kernels.c picks one at run time. */
#ifndef SML_MATH_ISA_H
#define SML_MATH_ISA_H

#ifndef SML_ISA
#error "a kernel source is compiled with -DSML_ISA=plain, avx2 or avx512"
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

#define SML__INLINE static inline __attribute__((always_inline))

#endif
