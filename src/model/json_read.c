/* A JSON reader (RFC 8259) by recursive descent. Each function leaves reader->at behind what it
 * has read, or says where and why it is wrong. */
#include "model/json.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { LEVELS_MAX = 32, NUMBER_MAX = 64 };

typedef struct reader {
    sml_ctx *ctx;
    const char *begin, *at, *end;
    char *scratch; /* as long as the text: a text that is being decoded */
    size_t levels, values;
    sml__json_error *error;
} reader;

static sml_status read_value(reader *r, json_t **out);

static sml_status wrong(const reader *r, const char *at, const char *reason)
{
    r->error->reason = reason;
    r->error->position = (size_t)(at - r->begin);
    return SML_BAD_FILE;
}

static sml_status no_memory(const reader *r)
{
    return sml__fail(r->ctx, SML_NO_MEMORY, "out of memory: a JSON text");
}

/* The next byte; 0 at the end. A zero byte in the text fits nothing, so it is no other case. */
static char peek(const reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static int skip(reader *r, char wanted)
{
    int found = r->at < r->end && *r->at == wanted;
    r->at += found;
    return found;
}

static void skip_spaces(reader *r)
{
    while (skip(r, ' ') || skip(r, '\n') || skip(r, '\t') || skip(r, '\r')) {
    }
}

/* Length of the UTF-8 sequence at s[n], shortest form only and no surrogates (RFC 3629); 0 where
 * it is wrong. */
static size_t sequence_length(const unsigned char *s, size_t n)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (length == 0 || length > n || s[0] > 0xF4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    int bad = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
              (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return bad ? 0 : length;
}

static sml_status check_utf8(const reader *r)
{
    for (const char *at = r->begin; at < r->end;) {
        size_t length = sequence_length((const unsigned char *)at, (size_t)(r->end - at));
        if (length == 0) {
            return wrong(r, at, "not UTF-8");
        }
        at += length;
    }
    return SML_OK;
}

static size_t encode_utf8(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)((0xF00u >> length & 0xFF) | code);
    return length;
}

/* Four hexadecimal digits. */
static int read_unit(reader *r, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdef";
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(r);
        const char *digit = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
        if (digit == NULL) {
            return 0;
        }
        *unit = *unit << 4 | (uint32_t)(digit - digits);
        r->at++;
    }
    return 1;
}

/* What follows "\u": one UTF-16 unit, or two that make a pair. */
static sml_status read_code(reader *r, uint32_t *code)
{
    uint32_t low = 0;
    if (!read_unit(r, code) || *code == 0) {
        return wrong(r, r->at, "\\u needs four hexadecimal digits, not all zero");
    }
    if (*code < 0xD800 || *code > 0xDFFF) {
        return SML_OK;
    }
    if (*code > 0xDBFF || !skip(r, '\\') || !skip(r, 'u') || !read_unit(r, &low) || low < 0xDC00 ||
        low > 0xDFFF) {
        return wrong(r, r->at, "half of a surrogate pair");
    }
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return SML_OK;
}

/* What follows a backslash, decoded to out; *length bytes. */
static sml_status read_escape(reader *r, char out[4], size_t *length)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t code = 0;
    if (skip(r, 'u')) {
        sml_status status = read_code(r, &code);
        *length = encode_utf8(code, out);
        return status;
    }
    char c = peek(r);
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    if (known == NULL) {
        return wrong(r, r->at, "unknown escape");
    }
    r->at++;
    out[0] = to[known - from];
    *length = 1;
    return SML_OK;
}

static sml_status read_string(reader *r, json_t **out)
{
    size_t used = 0;
    r->at++;
    while (r->at < r->end && *r->at != '"') {
        size_t length = 1;
        if ((unsigned char)*r->at < 0x20) {
            return wrong(r, r->at, "a control character in a text");
        }
        if (skip(r, '\\')) {
            sml_status status = read_escape(r, r->scratch + used, &length);
            if (status != SML_OK) {
                return status;
            }
        } else {
            r->scratch[used] = *r->at++;
        }
        used += length;
    }
    if (!skip(r, '"')) {
        return wrong(r, r->at, "a text without an end");
    }
    *out = json_stringn_nocheck(r->scratch, used);
    return *out != NULL ? SML_OK : no_memory(r);
}

static int skip_digits(reader *r)
{
    const char *start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9') {
        r->at++;
    }
    return r->at > start;
}

/* -? (0 | [1-9] digits) [. digits] [(e | E) [+ | -] digits]; *real: more than an integer. */
static int skip_number(reader *r, int *real)
{
    skip(r, '-');
    int good = skip(r, '0') || skip_digits(r);
    *real = 0;
    if (good && skip(r, '.')) {
        *real = 1;
        good = skip_digits(r);
    }
    if (good && (skip(r, 'e') || skip(r, 'E'))) {
        *real = 1;
        if (!skip(r, '+')) {
            skip(r, '-');
        }
        good = skip_digits(r);
    }
    return good;
}

static sml_status read_number(reader *r, json_t **out)
{
    char text[NUMBER_MAX];
    int real = 0;
    int64_t integer = 0;
    double value = 0.0;
    const char *start = r->at;
    if (!skip_number(r, &real)) {
        return wrong(r, r->at, "a value is expected");
    }
    size_t length = (size_t)(r->at - start);
    if (length >= sizeof text) {
        return wrong(r, start, "a number of too many digits");
    }
    memcpy(text, start, length);
    text[length] = '\0';
    int fits = real ? sml__parse_real(r->ctx, text, &value) && isfinite(value)
                    : sml__parse_integer(text, &integer);
    if (!fits) {
        return wrong(r, start, "a number that does not fit 64 bits");
    }
    *out = real ? json_real(value) : json_integer(integer);
    return *out != NULL ? SML_OK : no_memory(r);
}

static sml_status read_array(reader *r, json_t **out)
{
    json_t *array = *out = json_array();
    r->at++;
    skip_spaces(r);
    if (array == NULL) {
        return no_memory(r);
    }
    if (skip(r, ']')) {
        return SML_OK;
    }
    do {
        json_t *value = NULL;
        sml_status status = read_value(r, &value);
        if (status == SML_OK) {
            status = json_array_append_new(array, value) == 0 ? SML_OK : no_memory(r);
        } else {
            json_decref(value);
        }
        if (status != SML_OK) {
            return status;
        }
    } while (skip(r, ','));
    return skip(r, ']') ? SML_OK : wrong(r, r->at, "',' or ']' is expected");
}

/* "key" : value, into object. */
static sml_status read_member(reader *r, json_t *object)
{
    json_t *key = NULL, *value = NULL;
    const char *start = r->at;
    if (peek(r) != '"') {
        return wrong(r, start, "a key is expected");
    }
    sml_status status = read_string(r, &key);
    const char *name = json_string_value(key);
    if (status == SML_OK && json_object_get(object, name) != NULL) {
        status = wrong(r, start, "a key that was there before");
    }
    skip_spaces(r);
    if (status == SML_OK && !skip(r, ':')) {
        status = wrong(r, r->at, "':' is expected");
    }
    if (status == SML_OK) {
        status = read_value(r, &value);
    }
    if (status == SML_OK && json_object_set_nocheck(object, name, value) != 0) {
        status = no_memory(r);
    }
    json_decref(key);
    json_decref(value);
    return status;
}

static sml_status read_object(reader *r, json_t **out)
{
    json_t *object = *out = json_object();
    r->at++;
    skip_spaces(r);
    if (object == NULL) {
        return no_memory(r);
    }
    if (skip(r, '}')) {
        return SML_OK;
    }
    do {
        skip_spaces(r);
        sml_status status = read_member(r, object);
        if (status != SML_OK) {
            return status;
        }
    } while (skip(r, ','));
    return skip(r, '}') ? SML_OK : wrong(r, r->at, "',' or '}' is expected");
}

/* true, false, null; otherwise it must be a number. */
static sml_status read_word(reader *r, json_t **out)
{
    const char *const words[] = {"true", "false", "null"};
    json_t *const values[] = {json_true(), json_false(), json_null()};
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(r->end - r->at) >= length && memcmp(r->at, words[i], length) == 0) {
            r->at += length;
            *out = values[i]; /* jansson does not count references to these */
            return SML_OK;
        }
    }
    return read_number(r, out);
}

/* A value and the spaces around it. *out is to be released in any case. */
static sml_status read_value(reader *r, json_t **out)
{
    sml_status status;
    skip_spaces(r);
    if (++r->values > SML__JSON_VALUES_MAX || ++r->levels > LEVELS_MAX) {
        return wrong(r, r->at, "too many values, or values within values");
    }
    switch (peek(r)) {
    case '{':
        status = read_object(r, out);
        break;
    case '[':
        status = read_array(r, out);
        break;
    case '"':
        status = read_string(r, out);
        break;
    default:
        status = read_word(r, out);
    }
    r->levels--;
    skip_spaces(r);
    return status;
}

sml_status sml__json_read(sml_ctx *ctx, const char *text, size_t length, sml__json_error *error,
                          json_t **out)
{
    reader r = {.ctx = ctx, .begin = text, .at = text, .end = text + length, .error = error};
    *out = NULL;
    sml_status status = check_utf8(&r);
    if (status == SML_OK) {
        r.scratch = sml__alloc(ctx, length + 4, 1, "a JSON text");
        status = r.scratch != NULL ? read_value(&r, out) : SML_NO_MEMORY;
    }
    if (status == SML_OK && r.at != r.end) {
        status = wrong(&r, r.at, "more text after the end");
    }
    if (status != SML_OK) {
        json_decref(*out);
        *out = NULL;
    }
    sml__free(r.scratch);
    return status;
}
