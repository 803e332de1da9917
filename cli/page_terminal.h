/* A page in the terminal. */
#ifndef CLI_PAGE_TERMINAL_H
#define CLI_PAGE_TERMINAL_H

#include "terminal.h"

#include <scratchml.h>

/* Prints all blocks to stdout, no line wider than the terminal. What does not fit beside the
 * numbers is left out: first bars, then pictures; a table that is still too wide is told row by
 * row. */
/* Returns whether there are marks that page_legend_print explains, once below all pages. */
int page_print(const terminal *out, const sml_page *page);
void page_legend_print(const terminal *out);

#endif
