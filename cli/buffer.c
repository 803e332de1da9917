#include "buffer.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many characters, the zero included. */
static void reserve(buffer *b, size_t wanted)
{
    if (wanted <= b->room) {
        return;
    }
    char *larger = allocate(2 * wanted, 1);
    if (b->text != NULL) {
        memcpy(larger, b->text, b->length);
    }
    free(b->text);
    b->text = larger;
    b->room = 2 * wanted;
}

void buffer_print(buffer *b, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    const size_t added = length > 0 ? (size_t)length : 0;
    reserve(b, b->length + added + 1);
    vsnprintf(b->text + b->length, b->room - b->length, format, again);
    b->length += added;
    va_end(again);
    va_end(arguments);
}

void buffer_escape(buffer *b, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '<' || c == '>' || c == '&' || c == '"') {
            buffer_print(b, "&#%d;", c);
        } else {
            reserve(b, b->length + 2);
            b->text[b->length++] = c < 0x20 || c == 0x7F ? '?' : *text;
            b->text[b->length] = '\0';
        }
    }
}

int buffer_save(const session *s, buffer *b, const char *path)
{
    const sml_status status =
        sml_write_file(s->ctx, path, b->text != NULL ? b->text : "", b->length);
    buffer_free(b);
    return status == SML_OK ? 0 : fail_library(s);
}

void buffer_free(buffer *b)
{
    free(b->text);
    *b = (buffer){0};
}
