/* JSON texts to and from jansson's trees. Only its trees are used: jansson 2.14's reader does not
 * survive the end of memory. lex_save ignores that its buffer could not grow, so a byte is lost,
 * and lex_scan_string then looks for a closing quote that is not there and writes beyond its block.
 * To reproduce: json_set_alloc_funcs with a malloc whose 4th call returns NULL, then json_loads of
 * ["aaaaaaaaaaaaaa"] (14 letters: the quote is the 16th byte) ends by SIGSEGV; 15 letters are read
 * as 14, without an error. */
#ifndef SML_MODEL_JSON_H
#define SML_MODEL_JSON_H

#include <jansson.h>
#include <scratchml/base.h>

/* Where and why a text is not JSON. */
typedef struct sml__json_error {
    const char *reason;
    size_t position; /* bytes from the start */
} sml__json_error;

/* What the reader takes, and so what a writer may write: about 40 bytes of memory a value. */
enum { SML__JSON_VALUES_MAX = 8000000 };

/* Reads text[length], UTF-8, one value of any kind: no duplicate keys, no \u0000, numbers that fit
 * 64 bits, at most 32 levels and SML__JSON_VALUES_MAX values. *out is a new reference.
 * Errors: SML_BAD_FILE (*error says more, ctx has no text), SML_NO_MEMORY. */
sml_status sml__json_read(sml_ctx *ctx, const char *text, size_t length, sml__json_error *error,
                          json_t **out);

/* The compact text of a value, members in the order of insertion (sml__free it). NULL with an error
 * in ctx. */
char *sml__json_write(sml_ctx *ctx, const json_t *json);

/* Bytes that sml__json_write takes for it. */
size_t sml__json_length(const json_t *json);

/* text as a JSON string; bytes above 127 become '?' where it is not UTF-8. NULL with an error in
 * ctx. */
json_t *sml__json_string(sml_ctx *ctx, const char *text);

#endif
