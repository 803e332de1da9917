/* Text files of numbers. The format stands in text.c. */
#ifndef SML_DATA_TEXT_H
#define SML_DATA_TEXT_H

#include <scratchml/data.h>

enum {
    SML__TEXT_MAX = 1 << 30,      /* bytes of a file */
    SML__TEXT_LINE_MAX = 1 << 24, /* bytes of a line */
};

/* Parses text[length] as features without targets. path is for messages.
 * Errors: SML_BAD_FILE, SML_BAD_DATA, SML_NO_MEMORY. */
sml_status sml__text_parse(sml_ctx *ctx, const char *path, const char *text, size_t length,
                           sml_dataset **out);

#endif
