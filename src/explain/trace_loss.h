/* Losses, term by term. */
#ifndef SML_EXPLAIN_TRACE_LOSS_H
#define SML_EXPLAIN_TRACE_LOSS_H

#include "explain/trace.h"

/* The name of a loss's output function, "softmax" for one; NULL for a loss that no row of
 * trace_loss.c describes. */
const char *sml__trace_output_name(const char *loss);

/* Where docs/network.md has them, "(7)". */
typedef struct sml__loss_equations {
    const char *prediction, *loss, *jacobian, *direct;
} sml__loss_equations;
sml__loss_equations sml__trace_loss_equations(const char *loss);

/* Fills in facts whose classes [n_out] are there. */
void sml__trace_loss(const sml_trace *trace, size_t row, sml_loss_facts *facts);

#endif
