#include "model/json.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

/* The text so far; bytes is NULL where it is only measured. */
typedef struct sink {
    char *bytes;
    size_t room, used;
} sink;

static int put(const char *bytes, size_t n, void *user)
{
    sink *s = user;
    if (s->bytes != NULL && n <= s->room - s->used) {
        memcpy(s->bytes + s->used, bytes, n);
    }
    s->used += n;
    return 0;
}

static const size_t FLAGS = JSON_COMPACT | JSON_ENCODE_ANY;

size_t sml__json_length(const json_t *json)
{
    sink measured = {NULL, 0, 0};
    json_dump_callback(json, put, &measured, FLAGS);
    return measured.used;
}

/* Measures, then writes: the callback cannot fail, so jansson has no failure to overlook. */
char *sml__json_write(sml_ctx *ctx, const json_t *json)
{
    sink measured = {NULL, 0, 0};
    if (json_dump_callback(json, put, &measured, FLAGS) == 0) {
        char *text = sml__alloc(ctx, measured.used + 1, 1, "a JSON text");
        sink written = {text, measured.used, 0};
        if (text == NULL) {
            return NULL;
        }
        if (json_dump_callback(json, put, &written, FLAGS) == 0) {
            return text;
        }
        sml__free(text);
    }
    sml__fail(ctx, SML_NO_MEMORY, "out of memory: a JSON text");
    return NULL;
}

json_t *sml__json_string(sml_ctx *ctx, const char *text)
{
    json_t *json = json_string(text);
    char *ascii = json == NULL ? sml__copy_text(ctx, text) : NULL;
    if (ascii != NULL) {
        for (char *c = ascii; *c != '\0'; c++) {
            *c = (unsigned char)*c < 0x80 ? *c : '?';
        }
        json = json_string(ascii);
        sml__free(ascii);
    }
    if (json == NULL) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: a JSON text");
    }
    return json;
}
