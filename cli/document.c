#include "document.h"

#include "command.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nine digits give every float32 back. */
enum { DIGITS = 9 };

json_t *json_figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    if (string != NULL) {
        return string;
    }
    char *ascii = allocate(strlen(text) + 1, 1);
    for (size_t i = 0; text[i] != '\0'; i++) {
        ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    string = json_string(ascii);
    free(ascii);
    return string;
}

json_t *json_index_base(sml_index_base base)
{
    return base == SML_INDEX_AUTO ? json_null() : json_count(base == SML_INDEX_FROM_1);
}

static void need_memory(int had_it)
{
    if (!had_it) {
        exit(fail("scratchml", "out of memory for the JSON output"));
    }
}

void document_set(json_t *object, const char *key, json_t *value)
{
    need_memory(json_object_set_new(object, key, value) == 0);
}

void document_append(json_t *array, json_t *value)
{
    need_memory(json_array_append_new(array, value) == 0);
}

static void print_with(json_t *document, size_t flags)
{
    /* A failed write stays visible in the stream: main looks there. */
    json_dumpf(document, stdout, flags | JSON_REAL_PRECISION(DIGITS));
    json_decref(document);
}

void print_document(json_t *document)
{
    print_with(document, JSON_INDENT(2));
    putchar('\n');
}

void print_piece(json_t *piece)
{
    print_with(piece, JSON_COMPACT | JSON_ENCODE_ANY);
}
