/* One field. RFC 4180: a field in quotes may hold delimiters and newlines, and a quote twice.
 * Blanks around a field do not belong to it; those in quotes do. */
#include "base/context.h"
#include "base/memory.h"
#include "data/readers/csv_stream.h"
#include "data/readers/number.h"

#include <stdio.h>
#include <string.h>

enum { ORDINARY, STOP, CHECKED }; /* classes of bytes; CHECKED: zero, and all of UTF-8 but ASCII */

enum { SHOWN_MAX = 20 };

/* What a field looks like in a message: its start, without control characters or broken UTF-8. */
typedef struct shown {
    char text[SHOWN_MAX + 8];
} shown;

void sml__csv_prepare_fields(sml__csv *csv)
{
    memset(csv->class_of, ORDINARY, sizeof csv->class_of);
    memset(csv->class_of + 0x80, CHECKED, 0x80);
    csv->class_of[0] = CHECKED;
    csv->class_of['\n'] = STOP;
    csv->class_of['\r'] = STOP;
    csv->class_of[(unsigned char)csv->delimiter] = STOP;
}

/* Bytes of the UTF-8 character at `at`; 0 where it is none (RFC 3629). */
static size_t character_length(const unsigned char *at, const unsigned char *end)
{
    if (at[0] < 0x80) {
        return 1;
    }
    const size_t n = at[0] >= 0xF0 ? 4 : (at[0] >= 0xE0 ? 3 : 2);
    if (at[0] < 0xC2 || at[0] > 0xF4 || (size_t)(end - at) < n) {
        return 0;
    }
    /* No second way to write a character, no surrogates, nothing above U+10FFFF. */
    const unsigned low = at[0] == 0xE0 ? 0xA0 : (at[0] == 0xF0 ? 0x90 : 0x80);
    const unsigned high = at[0] == 0xED ? 0x9F : (at[0] == 0xF4 ? 0x8F : 0xBF);
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return n;
}

static shown show(const char *field, size_t length)
{
    shown s = {""};
    size_t used = 0, at = 0;
    const unsigned char *bytes = (const unsigned char *)field;
    while (at < length && used < SHOWN_MAX) {
        const size_t n = character_length(bytes + at, bytes + length);
        if (n == 0 || bytes[at] < 0x20 || bytes[at] == 0x7F) {
            s.text[used++] = '?';
            at++;
            continue;
        }
        memcpy(s.text + used, field + at, n);
        used += n;
        at += n;
    }
    memcpy(s.text + used, at < length ? "…" : "", at < length ? sizeof "…" : 1);
    return s;
}

size_t sml__csv_line(const sml__csv *csv, const char *at)
{
    size_t line = csv->stream != NULL ? 1 + sml__csv_lines_before(csv->stream) : 1;
    for (const char *c = csv->begin; c < at; c++) {
        line += *c == '\n' || (*c == '\r' && c[1] != '\n');
    }
    return line;
}

/* " 'name'" where there is a header. */
static const char *name_of(const sml__csv *csv, size_t column, char *text, size_t room)
{
    text[0] = '\0';
    if (csv->has_header && csv->columns != NULL && column < csv->n &&
        csv->columns[column].name != NULL) {
        const char *name = csv->columns[column].name;
        snprintf(text, room, " '%s'", show(name, strlen(name)).text);
    }
    return text;
}

sml_status sml__csv_fail(sml__csv *csv, size_t column, const sml__csv_field *field,
                         const char *problem)
{
    char name[SHOWN_MAX + 16];
    return sml__fail(csv->ctx, SML_BAD_DATA, "%s:%zu: column %zu%s: '%s' %s", csv->path,
                     sml__csv_line(csv, field->begin), column + 1,
                     name_of(csv, column, name, sizeof name), show(field->text, field->length).text,
                     problem);
}

/* Byte of the file. */
static size_t offset_of(const sml__csv *csv, const char *at)
{
    return (size_t)(at - csv->begin) + (csv->stream != NULL ? (size_t)csv->stream->at : 0);
}

/* Names the first byte of a field that is zero or no UTF-8. */
static sml_status check_encoding(sml__csv *csv, size_t column, const sml__csv_field *field,
                                 const char *in_file, size_t length)
{
    char problem[160];
    const unsigned char *at = (const unsigned char *)in_file, *end = at + length;
    while (at < end && *at != 0) {
        const size_t n = character_length(at, end);
        if (n == 0) {
            snprintf(problem, sizeof problem,
                     "has byte 0x%02X at offset %zu, which is not UTF-8; is it Latin-1? Convert "
                     "it: iconv -f latin1 -t utf-8",
                     *at, offset_of(csv, (const char *)at));
            return sml__csv_fail(csv, column, field, problem);
        }
        at += n;
    }
    if (at < end) {
        snprintf(problem, sizeof problem,
                 "has a zero byte at offset %zu; text has none (UTF-16? Convert it: iconv -f "
                 "utf-16 -t utf-8)",
                 offset_of(csv, (const char *)at));
        return sml__csv_fail(csv, column, field, problem);
    }
    return SML_OK;
}

/* Behind the delimiter or the end of the line at `at`. */
static void end_field(const sml__csv *csv, const char *at, sml__csv_field *field)
{
    field->ends_record = *at != csv->delimiter;
    field->next = at + 1 + (*at == '\r' && at + 1 < csv->end && at[1] == '\n');
}

static sml_status read_plain(sml__csv *csv, const char *at, size_t column, sml__csv_field *field)
{
    int seen = ORDINARY;
    const char *stop = at;
    for (unsigned char class; (class = csv->class_of[(unsigned char)*stop]) != STOP; stop++) {
        seen |= class;
    }
    const char *last = stop;
    while (last > at && sml__csv_is_blank(csv, last[-1])) {
        last--;
    }
    field->text = at;
    field->length = (size_t)(last - at);
    end_field(csv, stop, field);
    if (field->length > SML__CSV_FIELD_MAX) {
        return sml__csv_fail(csv, column, field, "is longer than 16 MiB; is this a table?");
    }
    return seen == ORDINARY ? SML_OK : check_encoding(csv, column, field, at, field->length);
}

/* Grows the scratch to `room` bytes. */
static sml_status make_scratch(sml__csv *csv, size_t room)
{
    if (room <= csv->scratch_room) {
        return SML_OK;
    }
    sml__free(csv->scratch);
    csv->scratch = sml__alloc(csv->ctx, 2 * room, 1, "a quoted field");
    csv->scratch_room = csv->scratch != NULL ? 2 * room : 0;
    return csv->scratch != NULL ? SML_OK : SML_NO_MEMORY;
}

/* The text between the quotes with doubled ones made single. */
static sml_status halve_quotes(sml__csv *csv, const char *text, size_t length,
                               sml__csv_field *field)
{
    sml_status status = make_scratch(csv, length + 1);
    if (status != SML_OK) {
        return status;
    }
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        csv->scratch[used++] = text[i];
        i += text[i] == '"';
    }
    csv->scratch[used] = '\n';
    field->text = csv->scratch;
    field->length = used;
    return SML_OK;
}

/* at: behind the opening quote. */
static sml_status read_quoted(sml__csv *csv, const char *at, size_t column, sml__csv_field *field)
{
    int doubled = 0;
    const char *close = memchr(at, '"', (size_t)(csv->end - at));
    while (close != NULL && close[1] == '"') { /* end[-1] is a newline, so close[1] is there */
        doubled = 1;
        close = memchr(close + 2, '"', (size_t)(csv->end - close - 2));
    }
    field->text = at;
    field->length = close != NULL ? (size_t)(close - at) : (size_t)(csv->end - at) - 1;
    if (close == NULL || field->length > SML__CSV_FIELD_MAX) {
        return sml__csv_fail(csv, column, field,
                             field->length > SML__CSV_FIELD_MAX
                                 ? "is longer than 16 MiB; does its quote end?"
                                 : "begins with a quote that never ends");
    }
    const char *stop = close + 1;
    while (sml__csv_is_blank(csv, *stop)) {
        stop++;
    }
    if (csv->class_of[(unsigned char)*stop] != STOP) {
        return sml__csv_fail(csv, column, field,
                             "goes on after its closing quote; a quote inside is written twice");
    }
    end_field(csv, stop, field);
    const size_t length = field->length;
    sml__csv_count_lines(csv, at, length);
    sml_status status = check_encoding(csv, column, field, at, length);
    return status == SML_OK && doubled ? halve_quotes(csv, at, length, field) : status;
}

sml_status sml__csv_read_field(sml__csv *csv, const char *at, size_t column, sml__csv_field *field)
{
    field->begin = at;
    while (sml__csv_is_blank(csv, *at)) {
        at++;
    }
    return *at == '"' ? read_quoted(csv, at + 1, column, field)
                      : read_plain(csv, at, column, field);
}

int sml__csv_is_missing(const char *text, size_t length)
{
    static const char *const words[] = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"};
    if (length > 4) {
        return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether bytes are a word in any letters, which is in lower case. */
static int is_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;
    while (i < length && word[i] != '\0' &&
           (text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]) == word[i]) {
        i++;
    }
    return i == length && word[i] == '\0';
}

int sml__csv_is_marker(const char *text, size_t length)
{
    static const char *const words[] = {"", "na", "n/a", "nan", "null", "none", "?", "-"};
    for (size_t i = 0; length <= 4 && i < sizeof words / sizeof words[0]; i++) {
        if (is_word(text, length, words[i])) {
            return 1;
        }
    }
    return 0;
}

int sml__csv_is_told_missing(const sml__csv *csv, const char *text, size_t length)
{
    const sml_data_options *options = csv->options;
    for (size_t i = 0; i < options->n_missing; i++) {
        if (strlen(options->missing[i]) == length &&
            memcmp(options->missing[i], text, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* "inf", "-Infinity" and so on. */
static int is_infinity(const char *text, size_t length)
{
    static const char word[] = "infinity";
    const size_t sign = length > 0 && (*text == '-' || *text == '+');
    text += sign;
    length -= sign;
    if (length != 3 && length != 8) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if ((text[i] | 0x20) != word[i]) {
            return 0;
        }
    }
    return 1;
}

/* The whole field as a number. */
static int is_number(sml__csv *csv, const sml__csv_field *field, char decimal, float *value)
{
    const char *end = field->text + field->length;
    return field->length > 0 && sml__number_read(csv->ctx, field->text, end, decimal, value) == end;
}

sml__csv_cell sml__csv_classify(sml__csv *csv, const sml__csv_field *field, float *value)
{
    float other;
    *value = NAN;
    if (sml__csv_is_told_missing(csv, field->text, field->length)) {
        return SML__CELL_MISSING;
    }
    if (is_number(csv, field, csv->decimal, value)) {
        return isfinite(*value) ? SML__CELL_NUMBER : SML__CELL_INFINITE;
    }
    *value = NAN;
    if (sml__csv_is_marker(field->text, field->length)) {
        return SML__CELL_MISSING;
    }
    if (is_infinity(field->text, field->length)) {
        return SML__CELL_INFINITE;
    }
    return csv->decimal == '.' && is_number(csv, field, ',', &other) ? SML__CELL_COMMA
                                                                     : SML__CELL_TEXT;
}

const char *sml__csv_skip_blank_line(const sml__csv *csv, const char *at)
{
    while (sml__csv_is_blank(csv, *at)) {
        at++;
    }
    return *at == '\n' ? at + 1 : (*at == '\r' ? at + 1 + (at[1] == '\n') : NULL);
}
