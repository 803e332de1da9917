/* What an output stream can show: colour, Unicode, and how wide it is. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

typedef enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD } style;

typedef struct terminal {
    FILE *stream;
    int is_terminal;
    int colour;
    int unicode;
} terminal;

/* colour: "auto", "always" or "never". */
terminal terminal_of(FILE *stream, const char *colour);

/* Columns of the terminal now; where it is none, what COLUMNS says, else 80. */
size_t terminal_width(const terminal *out);

/* The same for words, which are hard to read in longer lines: at most TEXT_WIDTH. */
size_t text_room(const terminal *out);

/* The escape that starts a style and the one that ends it; "" without colour. */
const char *style_on(const terminal *out, style wanted);
const char *style_off(const terminal *out, style wanted);

#endif
