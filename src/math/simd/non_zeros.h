/* The non-zeros of a row, or of two rows together, as a list, found 16 at a time where the
 * processor compresses vectors. */
#ifndef SML_MATH_SIMD_NON_ZEROS_H
#define SML_MATH_SIMD_NON_ZEROS_H

#include "math/isa.h"

#include <stddef.h>
#include <stdint.h>
#if defined(__AVX512BW__)
#include <immintrin.h>
#endif

enum { SML__PAIR = 2 };

/* An entry is a place k, and below it the bytes x[k] of the rows, the first row's lowest:
 *   k · 256 + x0[k], or of a pair  k · 65536 + x1[k] · 256 + x0[k]
 * Of rows of floats it is the place alone, at the same bits. */
SML__INLINE unsigned sml__place_bits(int together)
{
    return 8 * (unsigned)together;
}

#if defined(__AVX512BW__)
/* The lanes that lie below n. */
SML__INLINE __mmask16 sml__lanes_below(size_t n)
{
    return (__mmask16)(n < 16 ? (1 << n) - 1 : 0xFFFF);
}

/* Bytes k…k+15 of the rows, as the lower bits of entries. */
SML__INLINE __m512i sml__bytes_at(int together, const void *const *rows, size_t k, __mmask16 lanes)
{
    __m512i numbers =
        _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, (const uint8_t *)rows[0] + k));
    if (together == SML__PAIR) {
        const __m512i second =
            _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, (const uint8_t *)rows[1] + k));
        numbers = _mm512_or_epi32(numbers, _mm512_slli_epi32(second, 8));
    }
    return numbers;
}

/* Where one of the floats k…k+15 of the rows is not zero. */
SML__INLINE __mmask16 sml__floats_at(int together, const void *const *rows, size_t k,
                                     __mmask16 lanes, size_t ahead)
{
    __mmask16 kept = 0;
#pragma GCC unroll 2
    for (int r = 0; r < together; r++) {
        const float *x = (const float *)rows[r] + k;
        __builtin_prefetch(x + ahead);
        kept |=
            _mm512_cmp_ps_mask(_mm512_maskz_loadu_ps(lanes, x), _mm512_setzero_ps(), _CMP_NEQ_UQ);
    }
    return kept;
}
#else
/* The same for one place: its bytes, or 1 where a float is not zero. */
SML__INLINE uint32_t sml__number_at(int narrow, int together, const void *const *rows, size_t k)
{
    uint32_t number = 0;
    for (int r = 0; r < together; r++) {
        number |= narrow ? (uint32_t)((const uint8_t *)rows[r])[k] << 8 * r
                         : (uint32_t)(((const float *)rows[r])[k] != 0);
    }
    return number;
}
#endif

/* narrow: rows of bytes, not of floats; together: 1 or 2 of them. Writes an entry for each of n
 * places where one of the rows is not zero, by ascending k, and returns their number. entries has
 * room for n and 16 more. ahead: floats from each to the one that is fetched for later. */
SML__INLINE size_t sml__list(int narrow, int together, const void *const *rows, size_t n,
                             size_t ahead, uint32_t *entries)
{
    const unsigned bits = sml__place_bits(together);
    size_t count = 0;
#if defined(__AVX512BW__)
    const __m512i step = _mm512_set1_epi32(16 << bits);
    __m512i places = _mm512_slli_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), bits);
    for (size_t k = 0; k < n; k += 16, places = _mm512_add_epi32(places, step)) {
        const __mmask16 lanes = sml__lanes_below(n - k);
        __m512i numbers = _mm512_setzero_si512();
        __mmask16 kept;
        if (narrow) {
            numbers = sml__bytes_at(together, rows, k, lanes);
            kept = _mm512_test_epi32_mask(numbers, numbers);
        } else {
            kept = sml__floats_at(together, rows, k, lanes, ahead);
        }
        const __m512i packed = _mm512_maskz_compress_epi32(kept, _mm512_or_epi32(places, numbers));
        _mm512_storeu_si512(entries + count, packed);
        count += (size_t)__builtin_popcount(kept);
    }
#else
    (void)ahead;
    for (size_t k = 0; k < n; k++) { /* no branch to guess wrong */
        const uint32_t number = sml__number_at(narrow, together, rows, k);
        entries[count] = (uint32_t)k << bits | (narrow ? number : 0);
        count += number != 0;
    }
#endif
    return count;
}

#endif
