/* The frame of an HTML file: its head, with the style of all reports, and its end. */
#ifndef CLI_HTML_DOCUMENT_H
#define CLI_HTML_DOCUMENT_H

#include "buffer.h"

/* From the first byte to the main heading, which is the title too; <header> stays open. skip: the
 * text of a hidden link to #main, for those who go by keyboard. */
void html_open(buffer *b, const char *title, const char *skip);

#endif
