/* Decimal numbers to float32: the value is (float)strtod(text), bit by bit, for
 *     [+-] digits [. digits] [e [+-] digits]      (at least one digit, "5." and ".5" included)
 * with a decimal point or comma that the caller names; no locale is asked.
 *
 * The digits are a whole number w, the exponent is e: x = w · 10^e, w < 10^19.
 * 1. w ≤ 2^53 and |e| ≤ 22: both are doubles, so w · 10^e or w / 10^-e is the correctly rounded
 *    double (Clinger, "How to read floating point numbers accurately", 1990).
 * 2. Else d = w · 10^e or w / 10^-e in doubles has at most three roundings, |d - x| < 4u|x| with
 *    u = 2^-53. If (float)(d(1 - 8u)) and (float)(d(1 + 8u)) are one float, it is the answer:
 *    rounding is monotone, and the correctly rounded double lies between the two.
 * 3. Else, about once in 10^8 numbers, strtod decides. */
#ifndef SML_DATA_READERS_NUMBER_H
#define SML_DATA_READERS_NUMBER_H

#include <float.h>
#include <math.h>
#include <scratchml/base.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    SML__DIGITS_MAX = 19,     /* 10^19 - 1 < 2^64 */
    SML__POWER_MAX = 64,      /* float32 needs no more of w · 10^e */
    SML__NUMBER_LENGTH = 1000 /* bytes of a number: longer ones are none */
};

/* 10^0 … 10^64, correctly rounded; exact up to 10^22. */
extern const double sml__powers_of_ten[SML__POWER_MAX + 1];

/* Where the number at `at` stops by the grammar; NULL: none begins here. */
const char *sml__number_end(const char *at, const char *end, char decimal);

/* The number at `at`, which ends before `end`, in every form of the grammar; returns where it
 * stops. NULL: none begins here, or it is longer than SML__NUMBER_LENGTH. *value may be infinite.
 */
const char *sml__number_read(sml_ctx *ctx, const char *at, const char *end, char decimal,
                             float *value);

/* Whether eight bytes are digits: each byte is 0x3_, and stays so when 6 is added. */
static inline int sml__are_digits(uint64_t eight)
{
    return ((eight & 0xF0F0F0F0F0F0F0F0U) |
            (((eight + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) >> 4)) == 0x3333333333333333U;
}

/* The number that eight digits are, the first in the lowest byte: pairs, fours, then all. */
static inline uint64_t sml__eight_digits(uint64_t eight)
{
    eight = (eight & 0x0F0F0F0F0F0F0F0FU) * (10 * (1U << 8) + 1) >> 8;
    eight = (eight & 0x00FF00FF00FF00FFU) * (100 * (1U << 16) + 1) >> 16;
    return (eight & 0x0000FFFF0000FFFFU) * (10000 * (1ULL << 32) + 1) >> 32;
}

/* Digits at `at` appended to *w (which wraps past 19 of them); returns where they stop. */
static inline const char *sml__digits(const char *at, const char *end, uint64_t *w)
{
    uint64_t eight;
    while (end - at >= 8 && (memcpy(&eight, at, 8), sml__are_digits(eight))) {
        *w = *w * 100000000 + sml__eight_digits(eight);
        at += 8;
    }
    for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
        *w = *w * 10 + digit;
    }
    return at;
}

/* w · 10^e as a float, steps 1 and 2; 0 where strtod has to decide. |e| ≤ SML__POWER_MAX. */
static inline int sml__scale(uint64_t w, int e, float *value)
{
    const double power = sml__powers_of_ten[e < 0 ? -e : e];
    const double d = e < 0 ? (double)w / power : (double)w * power;
    if (w <= 1ULL << 53 && e >= -22 && e <= 22) {
        *value = (float)d;
        return d <= (double)FLT_MAX;
    }
    const float low = (float)(d * (1 - 4 * DBL_EPSILON)), high = (float)(d * (1 + 4 * DBL_EPSILON));
    *value = low;
    return low == high && high <= FLT_MAX;
}

/* How many of the n digits at `at` (with a decimal point between) stand behind leading zeros. */
static inline size_t sml__significant(const char *at, size_t n, char decimal)
{
    for (; n > 0 && (*at == '0' || *at == decimal); at++) {
        n -= *at == '0';
    }
    return n;
}

/* Adds the one or two digits of an exponent to *e; returns where they stop, NULL for others. */
static inline const char *sml__exponent(const char *at, int *e)
{
    const int down = *at == '-';
    at += down || *at == '+';
    const unsigned ten = (unsigned)(unsigned char)at[0] - '0';
    if (ten > 9) {
        return NULL;
    }
    const unsigned one = (unsigned)(unsigned char)at[1] - '0';
    const int k = (int)(one <= 9 ? 10 * ten + one : ten);
    *e += down ? -k : k;
    at += one <= 9 ? 2 : 1;
    return *at >= '0' && *at <= '9' ? NULL : at;
}

/* The number at `at` where it is an ordinary one. NULL: none, or one for sml__number_read. Some
 * byte before `end` must be no part of a number, such as a newline. */
static inline const char *sml__number_fast(const char *at, const char *end, char decimal,
                                           float *value)
{
    const int negative = *at == '-';
    uint64_t w = 0;
    at += negative || *at == '+';
    const char *begin = at;
    for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++) {
        w = w * 10 + digit;
    }
    size_t n = (size_t)(at - begin);
    int e = 0;
    if (*at == decimal) {
        const char *fraction = ++at;
        at = sml__digits(at, end, &w);
        n += (size_t)(at - fraction);
        if (at - fraction > SML__POWER_MAX) {
            return NULL;
        }
        e = -(int)(at - fraction);
    }
    if (n == 0) {
        return NULL;
    }
    at = (*at | 0x20) == 'e' ? sml__exponent(at + 1, &e) : at;
    if (at == NULL) {
        return NULL;
    }
    if (n > SML__DIGITS_MAX && sml__significant(begin, n, decimal) > SML__DIGITS_MAX) {
        return NULL;
    }
    if (e == 0) {
        *value = (float)(double)w;
    } else if (e < -SML__POWER_MAX || e > SML__POWER_MAX || !sml__scale(w, e, value)) {
        return NULL;
    }
    *value = negative ? -*value : *value;
    return at;
}

#endif
