/* The way of a table's row to the network's input, for the page of a sample. */
#ifndef SML_EXPLAIN_PAGE_STAGES_H
#define SML_EXPLAIN_PAGE_STAGES_H

#include "explain/page.h"

/* Nothing where the model's columns have no names. */
void sml__add_stages(sml_page *page, const sml_trace *trace, size_t row, size_t top);

#endif
