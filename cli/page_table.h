/* Tables of a page in the terminal, with bars at the right. */
#ifndef CLI_PAGE_TABLE_H
#define CLI_PAGE_TABLE_H

#include "terminal.h"

#include <scratchml.h>

/* Behind the heading of a column that is recomputed in double. */
enum { PAGE_MARK = '*' };

/* Returns whether columns are marked as recomputed in double; page_legend_print explains the mark.
 */
int page_table_print(const terminal *out, const sml_block *block);

/* The text of cells that follow on each other, as the terminal can show it. Free it. */
char *page_cells(const terminal *out, const sml_cell *cells, size_t n);

#endif
