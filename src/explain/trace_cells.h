/* A cell of a table's row: as the data has it, and as the model reads it. The two may count columns
 * and categories differently, and meet by name. */
#ifndef SML_EXPLAIN_TRACE_CELLS_H
#define SML_EXPLAIN_TRACE_CELLS_H

#include "explain/trace.h"

#include <scratchml/columns.h>

typedef struct sml__trace_cell {
    sml_model_column_facts facts;
    size_t at;            /* its first place in the input */
    int is_scaled;        /* its number is shifted and scaled; else it is a place of its own */
    float raw;            /* the number that the data has; NaN: missing */
    const char *category; /* its name there; NULL: missing, or no category */
    double filled;        /* the number that the model reads, a missing one filled; NaN: a category
                             that the model does not know */
    const char *filled_category; /* its name */
} sml__trace_cell;

/* Whether the columns have names, so that cells can be told. */
int sml__trace_has_cells(const sml_trace *trace);

/* Of the model's column, in row r of the batch. */
sml__trace_cell sml__trace_cell_at(const sml_trace *trace, size_t r, size_t column);

#endif
