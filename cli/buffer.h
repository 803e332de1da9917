/* Text that grows while it is written: pictures and documents that become a file. */
#ifndef CLI_BUFFER_H
#define CLI_BUFFER_H

#include "command.h"

/* Zero it before; buffer_save or buffer_free ends it. */
typedef struct buffer {
    char *text; /* [length], then a zero; NULL where nothing was written */
    size_t length, room;
} buffer;

void buffer_print(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text between tags of SVG or HTML, or in an attribute's double quotes: < > & " by their numbers,
 * control characters as '?'. */
void buffer_escape(buffer *b, const char *text);

/* Writes the file whole or not at all, and frees the buffer. Returns 0, or the exit code after a
 * message. */
int buffer_save(const session *s, buffer *b, const char *path);

void buffer_free(buffer *b);

#endif
