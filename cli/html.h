/* A page as HTML: its blocks, one after the other. Every number carries its place in the JSON of
 * the trace (data-path) and where it comes from (class). */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include "html_picture.h"

/* The letter of a source, which is the class of its numbers. */
const char *html_source(sml_source source);

/* What the pages of a file share. Zero it; html_parts_free. */
typedef struct html_parts {
    html_pictures pictures;
    buffer formulas; /* a list of those that the pages have, each with the id f-NAME */
} html_parts;
void html_parts_free(html_parts *parts);

typedef struct html_page_options {
    int level;       /* headings of the page are <h1> … <h6>, from this one on */
    int is_untitled; /* without its first heading */
    int is_brief;    /* formulas are a line with a link to the list of them */
    html_parts *parts;
} html_page_options;

void html_page(buffer *b, const sml_page *page, const html_page_options *how);

/* The text of a cell, with its number marked up; tag "span", or "" for the text alone. */
void html_cell(buffer *b, const sml_cell *cell, const char *tag);

/* Cells that follow on each other, with their numbers marked up. */
void html_cells(buffer *b, const sml_cell *cells, size_t n);

/* The same as plain text. Free it. */
char *html_plain(const sml_cell *cells, size_t n);

#endif
