/* Square blocks transposed in registers: interleaving rows i and i + n/2 of n, log2 n times. */
#ifndef SML_MATH_SIMD_TRANSPOSE_H
#define SML_MATH_SIMD_TRANSPOSE_H

#include "math/isa.h"

#include <stdint.h>

/* Lanes of two vectors, the second's counted on from the first's: their lower halves and their
 * upper halves interleaved. */
#if defined(__AVX512F__)
enum { SML__TRANSPOSE_ROUNDS = 4 };
#define SML__LOW_HALVES  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SML__HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
enum { SML__TRANSPOSE_ROUNDS = 3 };
#define SML__LOW_HALVES  0, 8, 1, 9, 2, 10, 3, 11
#define SML__HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
enum { SML__TRANSPOSE_ROUNDS = 2 };
#define SML__LOW_HALVES  0, 4, 1, 5
#define SML__HIGH_HALVES 2, 6, 3, 7
#endif

/* VECTOR_FLOATS vectors. */
SML__INLINE void sml__transpose_floats(sml__vector rows[VECTOR_FLOATS])
{
#pragma GCC unroll 4
    for (int round = 0; round < SML__TRANSPOSE_ROUNDS; round++) {
        sml__vector mixed[VECTOR_FLOATS];
#pragma GCC unroll 8
        for (int i = 0; i < VECTOR_FLOATS / 2; i++) {
            const sml__vector a = rows[i], b = rows[i + VECTOR_FLOATS / 2];
            mixed[2 * i] = __builtin_shufflevector(a, b, SML__LOW_HALVES);
            mixed[2 * i + 1] = __builtin_shufflevector(a, b, SML__HIGH_HALVES);
        }
#pragma GCC unroll 16
        for (int i = 0; i < VECTOR_FLOATS; i++) {
            rows[i] = mixed[i];
        }
    }
}

#define SML__LOW_BYTES  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SML__HIGH_BYTES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31

enum { SML__BYTE_ROWS = 16 };
typedef uint8_t sml__bytes __attribute__((vector_size(SML__BYTE_ROWS), aligned(1), may_alias));

/* 16 rows of 16 bytes. */
SML__INLINE void sml__transpose_bytes(sml__bytes rows[SML__BYTE_ROWS])
{
#pragma GCC unroll 4
    for (int round = 0; round < 4; round++) {
        sml__bytes mixed[SML__BYTE_ROWS];
#pragma GCC unroll 8
        for (int i = 0; i < SML__BYTE_ROWS / 2; i++) {
            const sml__bytes a = rows[i], b = rows[i + SML__BYTE_ROWS / 2];
            mixed[2 * i] = __builtin_shufflevector(a, b, SML__LOW_BYTES);
            mixed[2 * i + 1] = __builtin_shufflevector(a, b, SML__HIGH_BYTES);
        }
#pragma GCC unroll 16
        for (int i = 0; i < SML__BYTE_ROWS; i++) {
            rows[i] = mixed[i];
        }
    }
}

#endif
