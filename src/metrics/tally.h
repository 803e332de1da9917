/* Counts of one class, or of one label of several. */
#ifndef SML_METRICS_TALLY_H
#define SML_METRICS_TALLY_H

#include <scratchml/metrics.h>

typedef struct sml__tally {
    uint64_t hits;  /* TP */
    uint64_t said;  /* TP + FP */
    uint64_t truly; /* TP + FN */
} sml__tally;

sml_class_scores sml__class_scores(sml__tally tally);

/* sum += weight * scores */
void sml__averages_add(sml_averages *sum, const sml_class_scores *scores, double weight);

#endif
