/* Columns that predict the answer by themselves. */
#ifndef SML_EXPLAIN_LEAKS_H
#define SML_EXPLAIN_LEAKS_H

#include "data/dataset.h"

typedef struct sml__leak {
    size_t column;
    double score;    /* accuracy, or R², of a table of this column alone */
    double second;   /* the same of the second best column */
    double constant; /* accuracy of the commonest class; 0 for regression */
} sml__leak;

/* Whether one of three or more columns gives the answer away. A table of a column has 256 bins with
 * equally many of the even rows, each with the commonest class or the mean target of its rows; it
 * is scored on the odd rows, so that a column with a value of its own in every row does not pass.
 */
int sml__find_leak(sml_ctx *ctx, const sml_dataset *data, sml__leak *out);

#endif
