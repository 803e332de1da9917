#include "explain/json_writer.h"

#include "base/context.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_ROOM = 4096, NUMBER = 40, TOP = 16 };

static int has_room(sml__json *json, size_t n)
{
    if (json->status != SML_OK || json->room - json->length >= n) {
        return json->status == SML_OK;
    }
    const size_t needed = json->length + n;
    const size_t room = 2 * (needed > LEAST_ROOM ? needed : LEAST_ROOM);
    char *grown = needed >= n && room > needed
                      ? sml__alloc_to_fill(json->ctx, room, "the JSON of a trace")
                      : NULL;
    if (grown == NULL) {
        json->status = SML_NO_MEMORY;
        return 0;
    }
    if (json->length > 0) {
        memcpy(grown, json->text, json->length);
    }
    sml__free(json->text);
    json->text = grown;
    json->room = room;
    return 1;
}

static void put(sml__json *json, const char *text, size_t n)
{
    if (has_room(json, n)) {
        memcpy(json->text + json->length, text, n);
        json->length += n;
    }
}

static void put_text(sml__json *json, const char *text)
{
    put(json, text, strlen(text));
}

/* Bytes of the UTF-8 character at text; 0: it is none. Overlong forms, surrogates and what is
 * beyond U+10FFFF are none. */
static size_t character(const unsigned char *text)
{
    const size_t n = text[0] < 0x80                      ? 1
                     : text[0] >= 0xC2 && text[0] < 0xE0 ? 2
                     : text[0] >= 0xE0 && text[0] < 0xF0 ? 3
                     : text[0] >= 0xF0 && text[0] < 0xF5 ? 4
                                                         : 0;
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    const int is_overlong =
        (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    const int is_beyond =
        (text[0] == 0xED && text[1] >= 0xA0) || (text[0] == 0xF4 && text[1] >= 0x90);
    return is_overlong || is_beyond ? 0 : n;
}

/* text in quotes; what is no UTF-8 becomes '?'. */
static void put_string(sml__json *json, const char *text)
{
    put(json, "\"", 1);
    while (*text != '\0') {
        const unsigned char byte = (unsigned char)*text;
        const size_t n = character((const unsigned char *)text);
        char escape[8];
        if (byte == '"' || byte == '\\') {
            snprintf(escape, sizeof escape, "\\%c", byte);
            put_text(json, escape);
        } else if (byte < 0x20 || byte == 0x7F) {
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            put_text(json, escape);
        } else if (n == 0) {
            put(json, "?", 1);
        } else {
            put(json, text, n);
        }
        text += n > 0 ? n : 1;
    }
    put(json, "\"", 1);
}

/* The comma that is due, and the key. */
static void start(sml__json *json, const char *key)
{
    if (!json->is_first) {
        put(json, ",", 1);
    }
    json->is_first = 0;
    if (key != NULL) {
        put_string(json, key);
        put(json, ":", 1);
    }
}

void sml__json_open(sml__json *json, const char *key, char bracket)
{
    start(json, key);
    put(json, &bracket, 1);
    json->is_first = 1;
}

void sml__json_close(sml__json *json, char bracket)
{
    put(json, bracket == '{' ? "}" : "]", 1);
    json->is_first = 0;
}

static const char *word_of(double value)
{
    return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/* A number without key; null where there is none. */
static void put_number(sml__json *json, double value, int digits)
{
    char text[NUMBER];
    if (!isfinite(value)) {
        put_text(json, "null");
        return;
    }
    snprintf(text, sizeof text, "%.*g", digits, value);
    put_text(json, text);
}

static void put_twin(sml__json *json, const char *key, double value)
{
    char twin[64];
    if (key != NULL && !isfinite(value)) {
        snprintf(twin, sizeof twin, "%s_text", key);
        sml__json_text(json, twin, word_of(value));
    }
}

void sml__json_float(sml__json *json, const char *key, double value)
{
    start(json, key);
    put_number(json, value, 9);
    put_twin(json, key, value);
}

void sml__json_double(sml__json *json, const char *key, double value)
{
    start(json, key);
    put_number(json, value, 17);
    put_twin(json, key, value);
}

void sml__json_optional(sml__json *json, const char *key, double value, int is_there)
{
    if (is_there) {
        sml__json_double(json, key, value);
    }
}

void sml__json_count(sml__json *json, const char *key, uint64_t value)
{
    char text[NUMBER];
    start(json, key);
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    put_text(json, text);
}

void sml__json_flag(sml__json *json, const char *key, int value)
{
    start(json, key);
    put_text(json, value ? "true" : "false");
}

void sml__json_text(sml__json *json, const char *key, const char *text)
{
    start(json, key);
    if (text == NULL) {
        put_text(json, "null");
    } else {
        put_string(json, text);
    }
}

/* The largest by size first, ties by the lower place; a NaN is larger than all. */
static size_t find_top(const float *values, size_t n, size_t *top)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const float size = isnan(values[i]) ? INFINITY : fabsf(values[i]);
        size_t at = used;
        while (at > 0) {
            const float other = values[top[at - 1]];
            if ((isnan(other) ? INFINITY : fabsf(other)) >= size) {
                break;
            }
            at--;
        }
        if (at == TOP) {
            continue;
        }
        used += used < TOP ? 1 : 0;
        memmove(top + at + 1, top + at, (used - 1 - at) * sizeof *top);
        top[at] = i;
    }
    return used;
}

static void put_top(sml__json *json, const char *key, const float *values, size_t n)
{
    size_t top[TOP];
    const size_t used = find_top(values, n, top);
    sml__json_open(json, key, '{');
    sml__json_open(json, "top", '[');
    for (size_t i = 0; i < used; i++) {
        sml__json_open(json, NULL, '{');
        sml__json_count(json, "unit", top[i]);
        sml__json_float(json, "value", (double)values[top[i]]);
        sml__json_close(json, '{');
    }
    sml__json_close(json, '[');
    sml__json_count(json, "left_out", n - used);
    sml__json_close(json, '{');
}

/* What a null of a list stands for; the first one opens the twin. */
static void put_twin_of(sml__json *json, const char *key, size_t i, double value, int *is_open)
{
    char name[64];
    if (isfinite(value)) {
        return;
    }
    if (!*is_open) {
        snprintf(name, sizeof name, "%s_text", key);
        sml__json_open(json, name, '{');
        *is_open = 1;
    }
    snprintf(name, sizeof name, "%zu", i);
    sml__json_text(json, name, word_of(value));
}

void sml__json_floats(sml__json *json, const char *key, const float *values, size_t n, size_t limit)
{
    int is_open = 0;
    if (n > limit) {
        put_top(json, key, values, n);
        return;
    }
    sml__json_open(json, key, '[');
    for (size_t i = 0; i < n; i++) {
        sml__json_float(json, NULL, (double)values[i]);
    }
    sml__json_close(json, '[');
    for (size_t i = 0; i < n; i++) {
        put_twin_of(json, key, i, (double)values[i], &is_open);
    }
    if (is_open) {
        sml__json_close(json, '{');
    }
}

void sml__json_doubles(sml__json *json, const char *key, const double *values, size_t n)
{
    int is_open = 0;
    sml__json_open(json, key, '[');
    for (size_t i = 0; i < n; i++) {
        sml__json_double(json, NULL, values[i]);
    }
    sml__json_close(json, '[');
    for (size_t i = 0; i < n; i++) {
        put_twin_of(json, key, i, values[i], &is_open);
    }
    if (is_open) {
        sml__json_close(json, '{');
    }
}

void sml__json_fail(sml__json *json, sml_status status)
{
    json->status = json->status == SML_OK ? status : json->status;
}

void sml__json_end(sml__json *json)
{
    if (has_room(json, 1)) {
        json->text[json->length] = '\0';
    }
}
