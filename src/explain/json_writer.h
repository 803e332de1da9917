/* JSON written piece by piece, without a tree: what is written may be long. Floats of the engine
 * have nine digits, which tell each from its neighbours, doubles have 17. JSON has no word for a
 * number that is not finite: it is null, and a twin member says what it was, "a": null, "a_text":
 * "inf"; of a list of numbers "a_text": {"3": "nan"}. After a failure nothing more is written. */
#ifndef SML_EXPLAIN_JSON_WRITER_H
#define SML_EXPLAIN_JSON_WRITER_H

#include <scratchml/base.h>

typedef struct sml__json {
    sml_ctx *ctx;
    sml_status status;
    char *text; /* [length], sml__free it */
    size_t length, room;
    int is_first; /* no comma is due */
} sml__json;

/* Members have a key; what stands in a list has none: NULL. bracket: '{' or '['. */
void sml__json_open(sml__json *json, const char *key, char bracket);
void sml__json_close(sml__json *json, char bracket); /* the one that was opened */

void sml__json_float(sml__json *json, const char *key, double value); /* of the engine */
void sml__json_double(sml__json *json, const char *key, double value);
/* Nothing where the number is not there: not all layers, or all steps, have it. */
void sml__json_optional(sml__json *json, const char *key, double value, int is_there);
void sml__json_count(sml__json *json, const char *key, uint64_t value);
void sml__json_flag(sml__json *json, const char *key, int value);
void sml__json_text(sml__json *json, const char *key, const char *text); /* NULL: null */

/* Lists of numbers. Of floats, more than `limit` are left out but for the largest by size, 16 at
 * most: {"top": [{"unit": 3, "value": 0.5}, …], "left_out": 4999}. */
void sml__json_floats(sml__json *json, const char *key, const float *values, size_t n,
                      size_t limit);
void sml__json_doubles(sml__json *json, const char *key, const double *values, size_t n);

/* The first status that is not SML_OK stays. */
void sml__json_fail(sml__json *json, sml_status status);

/* Ends the text by a zero byte. */
void sml__json_end(sml__json *json);

#endif
