/* Rows of numbers: a sample a line, the columns separated by commas, by semicolons or by blanks
 * (blanks around a comma or semicolon do not matter). '#' starts a comment; lines without a number
 * are skipped. Numbers are decimal, with a point in every locale; hexadecimal ones (0x10) are
 * refused. Lines and columns count from 1. */
#include "data/text.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { NUMBER_MAX = 64, SHOWN_MAX = 20, FIRST_CAPACITY = 1024 };

typedef struct parser {
    sml_ctx *ctx;
    const char *path;
    size_t line;    /* of the text, from 1 */
    size_t column;  /* of the line, from 1 */
    char separator; /* ',' or ';' once one was seen, else 0 */
    size_t rows, columns;
    float *values; /* [used] */
    size_t used, capacity;
} parser;

/* What a field looks like in a message: its start, control characters left out. */
typedef struct shown {
    char text[SHOWN_MAX + 8];
} shown;

static shown show(const char *field, size_t length)
{
    shown s = {""};
    size_t n = 0;
    for (; n < length && n < SHOWN_MAX; n++) {
        unsigned char c = (unsigned char)field[n];
        s.text[n] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    memcpy(s.text + n, n < length ? "…" : "", n < length ? sizeof "…" : 1);
    return s;
}

static sml_status fail_field(parser *p, const char *field, size_t length, const char *problem)
{
    return sml__fail(p->ctx, SML_BAD_DATA, "%s:%zu: column %zu: '%s' %s", p->path, p->line,
                     p->column, show(field, length).text, problem);
}

static sml_status parse_number(parser *p, const char *field, size_t length, float *value)
{
    char text[NUMBER_MAX];
    double number = 0.0;
    if (length == 0) {
        return fail_field(p, field, length, "is empty; every column needs a number");
    }
    if (length >= sizeof text || memchr(field, '\0', length) != NULL) {
        return fail_field(p, field, length, "is not a number");
    }
    memcpy(text, field, length);
    text[length] = '\0';
    if (strpbrk(text, "xX") != NULL || !sml__parse_real(p->ctx, text, &number)) {
        return fail_field(p, field, length, "is not a number; a line of names must start with '#'");
    }
    if (isnan(number)) {
        return fail_field(p, field, length, "is refused; put a number or leave the row out");
    }
    *value = (float)number;
    if (!isfinite(*value)) {
        return fail_field(p, field, length, "is beyond the range of float32 (±3.4e38)");
    }
    return SML_OK;
}

/* Doubles the memory for values. */
static sml_status grow(parser *p)
{
    size_t capacity = p->capacity == 0 ? FIRST_CAPACITY : 2 * p->capacity;
    float *values = sml__alloc(p->ctx, capacity, sizeof *values, p->path);
    if (values == NULL) {
        return SML_NO_MEMORY;
    }
    if (p->used > 0) {
        memcpy(values, p->values, p->used * sizeof *values);
    }
    sml__free(p->values);
    p->values = values;
    p->capacity = capacity;
    return SML_OK;
}

static sml_status add_field(parser *p, const char *field, size_t length)
{
    float value = 0.0f;
    p->column++;
    sml_status status = parse_number(p, field, length, &value);
    if (status == SML_OK && p->used == p->capacity) {
        status = grow(p);
    }
    if (status == SML_OK) {
        p->values[p->used++] = value;
    }
    return status;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static int is_separator(char c)
{
    return c == ',' || c == ';';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* A file keeps to one of ',' and ';': both together are most likely decimal commas. */
static sml_status note_separator(parser *p, char c)
{
    if (p->separator != 0 && p->separator != c) {
        return sml__fail(p->ctx, SML_BAD_DATA,
                         "%s:%zu: column %zu: both ',' and ';' separate columns; use one of them, "
                         "and points in decimals",
                         p->path, p->line, p->column);
    }
    p->separator = c;
    return SML_OK;
}

/* Splits a line without comment or outer blanks, at least one character long. */
static sml_status parse_fields(parser *p, const char *at, const char *end)
{
    sml_status status = SML_OK;
    int more = 1;
    p->column = 0;
    while (status == SML_OK && more) {
        const char *start = at;
        while (at < end && !is_blank(*at) && !is_separator(*at)) {
            at++;
        }
        status = add_field(p, start, (size_t)(at - start));
        at = skip_blanks(at, end);
        more = at < end;
        if (status == SML_OK && more && is_separator(*at)) {
            status = note_separator(p, *at);
            at = skip_blanks(at + 1, end);
        }
    }
    return status;
}

static sml_status end_row(parser *p)
{
    if (p->rows == 0) {
        p->columns = p->column;
    }
    p->rows++;
    if (p->column != p->columns) {
        return sml__fail(p->ctx, SML_BAD_DATA,
                         "%s:%zu: %zu columns, expected %zu as in the rows before", p->path,
                         p->line, p->column, p->columns);
    }
    return SML_OK;
}

static sml_status parse_line(parser *p, const char *at, const char *end)
{
    p->line++;
    if (end - at > SML__TEXT_LINE_MAX) {
        return sml__fail(p->ctx, SML_BAD_FILE, "%s:%zu: longer than %d bytes; is it text?", p->path,
                         p->line, SML__TEXT_LINE_MAX);
    }
    const char *comment = at < end ? memchr(at, '#', (size_t)(end - at)) : NULL;
    end = comment != NULL ? comment : end;
    at = skip_blanks(at, end);
    while (end > at && is_blank(end[-1])) {
        end--;
    }
    if (at == end) {
        return SML_OK;
    }
    sml_status status = parse_fields(p, at, end);
    return status == SML_OK ? end_row(p) : status;
}

static sml_status parse_lines(parser *p, const char *text, size_t length)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *at = text, *end = text + length;
    if (length >= 3 && memcmp(at, byte_order_mark, 3) == 0) {
        at += 3;
    }
    sml_status status = SML_OK;
    while (status == SML_OK && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        status = parse_line(p, at, newline != NULL ? newline : end);
        at = newline != NULL ? newline + 1 : end;
    }
    if (status == SML_OK && p->rows == 0) {
        return sml__fail(p->ctx, SML_BAD_FILE, "%s: no row of data in it", p->path);
    }
    return status;
}

sml_status sml__text_parse(sml_ctx *ctx, const char *path, const char *text, size_t length,
                           sml_dataset **out)
{
    parser p = {.ctx = ctx, .path = path};
    *out = NULL;
    sml_status status = parse_lines(&p, text, length);
    if (status != SML_OK) {
        sml__free(p.values);
        return status;
    }
    const sml_data_view view = {
        .name = path,
        .rows = p.rows,
        .columns = p.columns,
        .features = p.values,
    };
    return sml__dataset_adopt(ctx, &view, p.values, NULL, out);
}
