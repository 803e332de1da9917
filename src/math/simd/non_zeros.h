/* The non-zeros of a row as a list, found 16 at a time where the processor compresses vectors. */
#ifndef SML_MATH_SIMD_NON_ZEROS_H
#define SML_MATH_SIMD_NON_ZEROS_H

#include "math/isa.h"

#include <stddef.h>
#include <stdint.h>
#if defined(__AVX512BW__)
#include <immintrin.h>
#endif

#if defined(__AVX512BW__)
/* Places k…k+15 as entries without a byte. */
SML__INLINE __m512i sml__first_places(void)
{
    return _mm512_slli_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), 8);
}

/* The lanes that lie below n. */
SML__INLINE __mmask16 sml__lanes_below(size_t n)
{
    return (__mmask16)(n < 16 ? (1 << n) - 1 : 0xFFFF);
}
#endif

/* Writes an entry, k · 256 + x[k], for each of n bytes that is not zero, by ascending k, and
 * returns their number. entries has room for n and 16 more. */
SML__INLINE size_t sml__list_bytes(const uint8_t *x, size_t n, uint32_t *entries)
{
    size_t count = 0;
#if defined(__AVX512BW__)
    const __m512i step = _mm512_set1_epi32(16 << 8);
    __m512i places = sml__first_places();
    for (size_t k = 0; k < n; k += 16, places = _mm512_add_epi32(places, step)) {
        const __m128i bytes = _mm_maskz_loadu_epi8(sml__lanes_below(n - k), x + k);
        const __m512i numbers = _mm512_cvtepu8_epi32(bytes);
        const __mmask16 kept = _mm512_test_epi32_mask(numbers, numbers);
        const __m512i packed = _mm512_maskz_compress_epi32(kept, _mm512_or_epi32(places, numbers));
        _mm512_storeu_si512(entries + count, packed);
        count += (size_t)__builtin_popcount(kept);
    }
#else
    for (size_t k = 0; k < n; k++) { /* no branch to guess wrong */
        entries[count] = (uint32_t)k << 8 | x[k];
        count += x[k] != 0;
    }
#endif
    return count;
}

/* The same for floats; an entry is k · 256. ahead: floats from each to the one that is fetched for
 * later. */
SML__INLINE size_t sml__list_floats(const float *x, size_t n, size_t ahead, uint32_t *entries)
{
    size_t count = 0;
#if defined(__AVX512BW__)
    const __m512i step = _mm512_set1_epi32(16 << 8);
    __m512i places = sml__first_places();
    for (size_t k = 0; k < n; k += 16, places = _mm512_add_epi32(places, step)) {
        const __m512 numbers = _mm512_maskz_loadu_ps(sml__lanes_below(n - k), x + k);
        const __mmask16 kept = _mm512_cmp_ps_mask(numbers, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        __builtin_prefetch(x + k + ahead);
        _mm512_storeu_si512(entries + count, _mm512_maskz_compress_epi32(kept, places));
        count += (size_t)__builtin_popcount(kept);
    }
#else
    (void)ahead;
    for (size_t k = 0; k < n; k++) {
        entries[count] = (uint32_t)k << 8;
        count += x[k] != 0;
    }
#endif
    return count;
}

#endif
