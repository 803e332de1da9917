/* The two halves of a unit's page. */
#ifndef SML_EXPLAIN_PAGE_UNIT_H
#define SML_EXPLAIN_PAGE_UNIT_H

#include "explain/page_parts.h"

/* A unit of a row at a network layer. */
typedef struct sml__place {
    const sml_trace *trace;
    size_t layer, unit, row, top;
} sml__place;

/* a against f(z), or δ against the product, for facts that are "units" number of the page. */
void sml__add_unit_verdict(sml_page *page, const sml_unit_facts *facts, size_t number,
                           int is_delta);

/* Whether a norm takes the statistics of the batch. */
int sml__uses_batch(const sml__place *at);

/* δ from above down through the layers end - 1 … first of the block, then the gradients of the
 * first one's parameters. */
void sml__add_backward(sml_page *page, const sml__place *at, size_t first, size_t end);

#endif
