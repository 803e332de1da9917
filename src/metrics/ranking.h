/* Figures of one class or label, read from columns of larger arrays. */
#ifndef SML_METRICS_RANKING_H
#define SML_METRICS_RANKING_H

#include <stddef.h>
#include <stdint.h>

/* n scores in ascending order, with how many are positive. */
typedef struct sml__ranking {
    const uint64_t *entries; /* [n]: the score as a key in the low 32 bits, bit 32 for a positive */
    size_t n, positives;
    int has_nan;
} sml__ranking;

/* An entry of scratch[2 n], of which the caller fills the first n; then they are sorted. */
uint64_t sml__ranking_entry(float score, int positive);
sml__ranking sml__rank(uint64_t *scratch, size_t n);

double sml__roc_auc(const sml__ranking *ranking);
double sml__pr_auc(const sml__ranking *ranking);

#endif
