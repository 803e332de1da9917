/* A table of text, printed with its columns aligned. The first row is the heading. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "terminal.h"

typedef struct table table;

/* alignment: a letter for each column, 'l' or 'r'; of many columns, the last letter holds on. */
table *table_create(size_t columns, const char *alignment);
void table_free(table *t);

/* Appends the next cell, row by row from the left. */
void table_cell(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The style of the cell that was appended last. */
void table_style(table *t, style wanted);

/* A table that is too wide for the terminal gets its words cut. */
void table_print(const table *t, const terminal *out);

#endif
