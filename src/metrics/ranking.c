/* Figures that depend on the order of scores alone: areas under the ROC curve and under the curve
 * of precision over recall. P positives, N negatives. */
#include "metrics/ranking.h"

#include <math.h>
#include <scratchml/metrics.h>
#include <string.h>

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 32 };

static const uint64_t POSITIVE = (uint64_t)1 << KEY_BITS;
static const uint32_t NAN_KEY = 0xFFFFFFFFU; /* above the key of every number */

/* A float's bits ascend with its magnitude: set the sign bit of the positive ones, turn over all
 * bits of the negative ones. Adding 0 makes -0 a +0. */

uint64_t sml__ranking_entry(float score, int positive)
{
    uint32_t bits;
    score += 0.0F;
    memcpy(&bits, &score, sizeof bits);
    uint32_t key = bits ^ (bits >> 31 ? 0xFFFFFFFFU : 0x80000000U);
    return (isnan(score) ? NAN_KEY : key) | (positive ? POSITIVE : 0);
}

/* One pass of a radix sort, by the digit that begins at bit `shift`; stable. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
    size_t begins[DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++) {
        begins[(from[i] >> shift) % DIGITS + 1]++;
    }
    for (size_t digit = 1; digit < DIGITS; digit++) {
        begins[digit] += begins[digit - 1];
    }
    for (size_t i = 0; i < n; i++) {
        to[begins[(from[i] >> shift) % DIGITS]++] = from[i];
    }
}

sml__ranking sml__rank(uint64_t *scratch, size_t n)
{
    uint64_t *from = scratch, *to = scratch + n;
    sml__ranking ranking = {.entries = scratch, .n = n};
    for (size_t i = 0; i < n; i++) {
        ranking.positives += scratch[i] >> KEY_BITS;
        ranking.has_nan |= (uint32_t)scratch[i] == NAN_KEY;
    }
    /* an even number of passes: the result is where it began */
    for (unsigned shift = 0; shift < KEY_BITS; shift += DIGIT_BITS) {
        uint64_t *swap = from;
        sort_by_digit(from, to, n, shift);
        from = to;
        to = swap;
    }
    return ranking;
}

/* AUC = (1 / PN) Σ over positives of (negatives below + ½ negatives level): the statistic of Mann
 * and Whitney, equal to the trapezoids over distinct thresholds. The sum of halves is at most
 * 2 PN ≤ n² / 2, exact in 64 bits for n ≤ 2^32. */
double sml__roc_auc(const sml__ranking *ranking)
{
    size_t negatives = ranking->n - ranking->positives;
    if (ranking->has_nan || ranking->positives == 0 || negatives == 0) {
        return (double)NAN;
    }
    uint64_t halves = 0, below = 0;
    for (size_t i = 0; i < ranking->n;) {
        const uint32_t key = (uint32_t)ranking->entries[i];
        uint64_t positive = 0, level = 0;
        for (; i < ranking->n && (uint32_t)ranking->entries[i] == key; i++) {
            const uint64_t is_positive = ranking->entries[i] >> KEY_BITS;
            positive += is_positive;
            level += 1 - is_positive;
        }
        halves += positive * (2 * below + level);
        below += level;
    }
    return (double)halves / (2.0 * (double)ranking->positives * (double)negatives);
}

/* AP = Σ (R_i - R_(i-1)) P_i over distinct thresholds downwards; R = TP / P, P_i = TP / (TP + FP).
 */
double sml__pr_auc(const sml__ranking *ranking)
{
    if (ranking->has_nan) {
        return (double)NAN;
    }
    double sum = 0.0;
    uint64_t hits = 0;
    for (size_t i = ranking->n; i > 0;) {
        const uint32_t key = (uint32_t)ranking->entries[i - 1];
        uint64_t more = 0;
        for (; i > 0 && (uint32_t)ranking->entries[i - 1] == key; i--) {
            more += ranking->entries[i - 1] >> KEY_BITS;
        }
        hits += more;
        sum += (double)more * (double)hits / (double)(ranking->n - i);
    }
    return ranking->positives > 0 ? sum / (double)ranking->positives : 0.0;
}

static sml__ranking rank_scores(const uint8_t *positive, const float *scores, size_t n,
                                uint64_t *scratch)
{
    for (size_t i = 0; i < n; i++) {
        scratch[i] = sml__ranking_entry(scores[i], positive[i] != 0);
    }
    return sml__rank(scratch, n);
}

double sml_roc_auc(const uint8_t *positive, const float *scores, size_t n, uint64_t *scratch)
{
    const sml__ranking ranking = rank_scores(positive, scores, n, scratch);
    return sml__roc_auc(&ranking);
}

double sml_pr_auc(const uint8_t *positive, const float *scores, size_t n, uint64_t *scratch)
{
    const sml__ranking ranking = rank_scores(positive, scores, n, scratch);
    return sml__pr_auc(&ranking);
}
