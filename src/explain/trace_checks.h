/* The relations of docs/network.md on a trace, each over all numbers of a layer. */
#ifndef SML_EXPLAIN_TRACE_CHECKS_H
#define SML_EXPLAIN_TRACE_CHECKS_H

#include "explain/trace.h"

/* Where a number stands; what a relation has no use for is 0. */
typedef struct sml__place {
    size_t unit, input, row;
} sml__place;

/* One relation on one layer, under examination. */
typedef struct sml__check {
    const sml_trace *trace;
    size_t layer;
    double *sums, *sizes, *others; /* [widest] each, for whoever needs them */
    sml_loss_class *classes;       /* [n_out] likewise */
    sml_trace_check *worst;        /* so far */
} sml__check;

/* left is the engine's number, right what it should be up to bound. The worst case stays. */
void sml__check_see(sml__check *check, sml__place place, double left, double right, double bound);

/* Those of dense layers. */
void sml__check_z(sml__check *check);
void sml__check_row_identity(sml__check *check);
void sml__check_back(sml__check *check);
void sml__check_weights(sml__check *check);
void sml__check_biases(sml__check *check);
void sml__check_unit_identity(sml__check *check);

/* And of norms: mean and factor, running statistics, dγ. */
void sml__check_means(sml__check *check);
void sml__check_factors(sml__check *check);
void sml__check_running(sml__check *check);
void sml__check_gammas(sml__check *check);

#endif
