/* Numbers and words as people read them, the same in every locale. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A short text by value, so that a call can stand among the arguments of printf. */
typedef struct short_text {
    char text[96];
} short_text;

short_text format_count(uint64_t count);          /* "101,770" */
short_text counted(uint64_t n, const char *noun); /* "1 row", "2,000 classes" */
short_text format_rate(double per_second);        /* "950", "66.7k", "1.2M" */
short_text format_seconds(double seconds);        /* "0.012 s", "0.9 s", "2 min 05 s" */
short_text format_percent(double share);          /* 0.9791 as "97.91%" */
short_text format_bytes(uint64_t bytes);          /* "398 KiB" */
short_text format_value(double value);            /* "5.1"; whole numbers with all their digits */
short_text format_option(const char *name);       /* learning_rate as "--learning-rate" */

/* The locale's character set by its name alone: setlocale would change how numbers look. */
int locale_is_utf8(void);

/* One of our signs ("·", "²", "×", "…"), or its spelling in ASCII where the locale is not UTF-8. */
const char *sign(const char *utf8);

/* Text from anywhere, safe to show: what is no UTF-8, controls the terminal (C0, DEL, C1) or turns
 * the direction of writing becomes '?', and every sign is as the locale can show it. Free it. */
char *safe_text(const char *text);
void print_safe(FILE *stream, const char *text);

/* The same by value. A long text is cut; shorten cuts after most bytes. */
short_text printable(const char *name);
short_text shorten(const char *name, size_t most);

/* A path as a shell reads it: in quotes where it needs them. Free it. */
char *quoted_for_shell(const char *path);

/* Terminal columns of UTF-8 text, one for each code point; the bytes that so many columns hold. */
size_t text_width(const char *text);
size_t text_bytes(const char *text, size_t columns);

/* Prints words to stdout, wrapped at width: from column on, further lines from indent on. */
enum { TEXT_WIDTH = 80 };
void print_wrapped(const char *text, size_t column, size_t indent, size_t width);

/* Zeroed memory; ends the program with a message when there is none. Free with free. */
void *allocate(size_t count, size_t size);

#endif
