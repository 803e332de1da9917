/* What a text says about itself: delimiter, decimal sign, header, from its first 64 KiB. */
#include "base/context.h"
#include "base/memory.h"
#include "data/readers/csv.h"
#include "data/readers/number.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { N_CANDIDATES = 4 };

static const char CANDIDATES[N_CANDIDATES] = {',', ';', '\t', '|'};

/* How often a candidate stands in a record, outside quotes. */
typedef struct delimiter_count {
    size_t first, least, most, now;
} delimiter_count;

/* ------------------------------------------------------------------------ Is it a table? */

static int is_separator(char c)
{
    return c == ',' || c == ';' || c == ' ' || c == '\t' || c == '\r';
}

/* Whether the reader of bare numbers would take a word, if only to refuse it by name. */
static int is_bare_number(const char *word, size_t length)
{
    const size_t sign = *word == '-' || *word == '+', rest = length - sign;
    const char *at = word + sign;
    return sml__number_end(word, word + length, '.') == word + length ||
           (rest == 3 && strncasecmp(at, "nan", 3) == 0) ||
           (rest >= 3 && strncasecmp(at, "inf", 3) == 0) ||
           (rest >= 2 && strncasecmp(at, "0x", 2) == 0);
}

/* Where the first line begins that is neither blank nor a comment; *end: that of the sample. */
static const char *first_line(const unsigned char *bytes, size_t length, const char **end)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *at = (const char *)bytes;
    *end = at + length;
    at += length >= 3 && memcmp(at, byte_order_mark, 3) == 0 ? 3 : 0;
    if (*end - at > SML__CSV_SAMPLE) {
        *end = at + SML__CSV_SAMPLE;
    }
    return sml__csv_skip_comments(at, *end);
}

int sml__csv_has_spaced_numbers(const unsigned char *bytes, size_t length)
{
    const char *end, *at = first_line(bytes, length, &end);
    size_t numbers = 0;
    while (at < end && *at != '\n') {
        const char *word = at;
        while (at < end && *at != '\n' && *at != '\r' && *at != ' ') {
            at++;
        }
        if (at > word && !is_bare_number(word, (size_t)(at - word))) {
            return 0;
        }
        numbers += at > word;
        at += at < end && *at != '\n';
    }
    return numbers >= 2;
}

int sml__csv_has_words(const unsigned char *bytes, size_t length, int *has_delimiter)
{
    const char *end, *at = first_line(bytes, length, &end);
    int has_words = 0;
    *has_delimiter = 0;
    while (at < end && *at != '\n') {
        const char *word = at;
        while (at < end && *at != '\n' && !is_separator(*at)) {
            *has_delimiter |= *at == '|';
            at++;
        }
        if (at > word && *word == '#') {
            return has_words;
        }
        has_words |= at > word && !is_bare_number(word, (size_t)(at - word));
        if (at < end && *at != '\n') {
            *has_delimiter |= *at != ' ' && *at != '\r';
            at++;
        }
    }
    return has_words;
}

/* ------------------------------------------------------------------------ Delimiter */

static void note_record(delimiter_count *counts, int is_first)
{
    for (size_t i = 0; i < N_CANDIDATES; i++) {
        delimiter_count *c = &counts[i];
        c->first = is_first ? c->now : c->first;
        c->least = is_first || c->now < c->least ? c->now : c->least;
        c->most = c->now > c->most ? c->now : c->most;
        c->now = 0;
    }
}

/* Counts in all records that end within the sample, at least one. */
static void count_delimiters(const char *begin, const char *end, delimiter_count *counts)
{
    int in_quotes = 0, at_start = 1, is_first = 1, is_blank = 1;
    for (const char *at = begin; at < end && (at - begin < SML__CSV_SAMPLE || is_first); at++) {
        if (in_quotes || (*at == '"' && at_start)) {
            in_quotes ^= *at == '"'; /* a doubled quote ends one and begins another */
            at_start = 0;
            is_blank = 0;
            continue;
        }
        const char *candidate = memchr(CANDIDATES, *at, N_CANDIDATES);
        if (*at == '\n' || *at == '\r') {
            if (!is_blank) {
                note_record(counts, is_first);
                is_first = 0;
            }
            is_blank = 1;
        } else if (candidate != NULL) {
            counts[candidate - CANDIDATES].now++;
        }
        is_blank &= *at == '\n' || *at == '\r' || *at == ' ' || *at == '\t';
        at_start = candidate != NULL || *at == '\n' || *at == '\r' || (at_start && *at == ' ');
    }
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What may follow a number beside the delimiter. */
static const char BEHIND_A_NUMBER[] = {'\n', '\r', '"', ' ', 'e', 'E'};

/* Fields of the sample that are numbers with this decimal sign in them. */
static size_t count_decimals(const char *at, const char *end, char delimiter, char decimal)
{
    size_t n = 0;
    end = end - at > SML__CSV_SAMPLE ? at + SML__CSV_SAMPLE : end;
    while (at < end) {
        at += *at == ' ' || *at == '"';
        at += at < end && (*at == '-' || *at == '+');
        const char *digits = at;
        while (at < end && is_digit(*at)) {
            at++;
        }
        const char *sign = at;
        if (at > digits && at < end && *at == decimal) {
            at++;
            while (at < end && is_digit(*at)) {
                at++;
            }
        }
        n += at > sign + 1 && at < end &&
             memchr(BEHIND_A_NUMBER, *at, sizeof BEHIND_A_NUMBER) != NULL;
        n += at > sign + 1 && at < end && *at == delimiter;
        while (at < end && *at != delimiter && *at != '\n') {
            at++;
        }
        at += at < end;
    }
    return n;
}

/* The candidate that all records have equally often; most columns first. But ',' stands back behind
 * another one between whose fields it is a decimal comma. */
static int most_regular(const sml__csv *csv, const char *begin, const delimiter_count *counts)
{
    int best = -1;
    for (int i = 0; i < N_CANDIDATES; i++) {
        const int is_regular = counts[i].least > 0 && counts[i].least == counts[i].most;
        if (!is_regular) {
            continue;
        }
        if (best < 0 || counts[i].most > counts[best].most ||
            (best == 0 && count_decimals(begin, csv->end, CANDIDATES[i], ',') > 0)) {
            best = i;
        }
    }
    return best;
}

/* Where no candidate is regular, some record is too short or too long; it is named later. */
static int most_frequent(const delimiter_count *counts)
{
    int best = 0;
    for (int i = 1; i < N_CANDIDATES; i++) {
        const delimiter_count *a = &counts[i], *b = &counts[best];
        best = a->first > b->first || (a->first == b->first && a->most > b->most) ? i : best;
    }
    return best;
}

/* told: the delimiter that the text names, or 0. */
static sml_status choose_signs(sml__csv *csv, const char *begin, char told)
{
    const sml_data_options *options = csv->options;
    const char asked = options->delimiter != 0 ? options->delimiter : told;
    if (asked != 0 && (strchr("\"\n\r.+-", asked) != NULL || (asked & 0x80) != 0 ||
                       is_digit(asked) || (asked | 0x20) == 'e')) {
        return sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                         "%s: '%c' cannot be a delimiter; use one such as ',', ';', '|' or a tab",
                         csv->path, asked);
    }
    if (options->decimal != 0 && options->decimal != '.' && options->decimal != ',') {
        return sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                         "%s: '%c' cannot be a decimal sign; use '.' or ','", csv->path,
                         options->decimal);
    }
    delimiter_count counts[N_CANDIDATES] = {{0, 0, 0, 0}};
    count_delimiters(begin, csv->end, counts);
    int best = most_regular(csv, begin, counts);
    best = best >= 0 ? best : most_frequent(counts);
    csv->delimiter = asked != 0 ? asked : CANDIDATES[best];
    csv->decimal = options->decimal;
    if (csv->decimal == 0) {
        const int comma = csv->delimiter != ',' &&
                          count_decimals(begin, csv->end, csv->delimiter, ',') > 0 &&
                          count_decimals(begin, csv->end, csv->delimiter, '.') == 0;
        csv->decimal = comma ? ',' : '.';
    }
    return SML_OK;
}

/* ------------------------------------------------------------------------ Columns, header */

/* Room for one more column. */
static sml_status grow_columns(sml__csv *csv, size_t *room)
{
    if (csv->n == SML__CSV_COLUMNS_MAX) {
        return sml__fail(csv->ctx, SML_BAD_FILE, "%s:1: more than %d columns", csv->path,
                         SML__CSV_COLUMNS_MAX);
    }
    if (csv->n < *room) {
        return SML_OK;
    }
    *room = *room > 0 ? 2 * *room : 64;
    uint32_t *larger = sml__alloc(csv->ctx, *room, sizeof *larger, "columns");
    if (larger == NULL) {
        return SML_NO_MEMORY;
    }
    if (csv->n > 0) {
        memcpy(larger, csv->first_field, csv->n * sizeof *larger);
    }
    sml__free(csv->first_field);
    csv->first_field = larger;
    return SML_OK;
}

/* Adds a text to a dictionary of names. */
static sml_status add_name(sml__csv *csv, sml__dictionary *names, const char *text, size_t length,
                           uint32_t *number)
{
    sml_status status = sml__dictionary_add(csv->ctx, names, text, length, number);
    return status != SML_BAD_DATA
               ? status
               : sml__fail(csv->ctx, SML_BAD_DATA, "%s:1: names of more than %d bytes", csv->path,
                           SML__CATEGORY_TEXT_MAX);
}

/* The fields of the first record; their number is that of the columns. */
static sml_status read_first(sml__csv *csv, const char *at, const char **behind)
{
    sml__csv_field field = {.ends_record = 0, .next = at};
    size_t room = 0;
    while (!field.ends_record) {
        sml_status status = grow_columns(csv, &room);
        if (status == SML_OK) {
            status = sml__csv_read_field(csv, field.next, csv->n, &field);
        }
        if (status == SML_OK) {
            status =
                add_name(csv, &csv->first, field.text, field.length, &csv->first_field[csv->n]);
        }
        if (status != SML_OK) {
            return status;
        }
        csv->n++;
    }
    *behind = field.next;
    return SML_OK;
}

const char *sml__csv_first_field(const sml__csv *csv, size_t column)
{
    return sml__dictionary_text(&csv->first, csv->first_field[column]);
}

static void note_cell(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    float value;
    sml__csv_column *c = &csv->columns[column];
    const char *first = sml__csv_first_field(csv, column);
    const sml__csv_cell cell = sml__csv_classify(csv, field, &value);
    c->has_number |= cell == SML__CELL_NUMBER;
    c->has_text |= cell == SML__CELL_TEXT;
    c->first_recurs |=
        strlen(first) == field->length && memcmp(first, field->text, field->length) == 0;
}

/* Reads the records of the sample from `at` on; *n_records is their number. */
static sml_status read_sample(sml__csv *csv, const char *at, size_t *n_records)
{
    sml__csv_field field;
    *n_records = 0;
    for (const char *begin = at; at < csv->end && at - begin < SML__CSV_SAMPLE;) {
        const char *next = sml__csv_skip_blank_line(csv, at);
        if (next != NULL) {
            at = next;
            continue;
        }
        size_t column = 0;
        do {
            sml_status status = sml__csv_read_field(csv, at, column, &field);
            if (status != SML_OK) {
                return status;
            }
            if (column < csv->n) {
                note_cell(csv, column, &field);
            }
            column++;
            at = field.next;
        } while (!field.ends_record);
        ++*n_records;
    }
    csv->sampled = at;
    return SML_OK;
}

/* In a header "-" or "none" is a name. */
static sml__csv_cell classify_name(sml__csv *csv, size_t column)
{
    float value;
    const char *text = sml__csv_first_field(csv, column);
    const sml__csv_field field = {.text = text, .length = strlen(text)};
    const sml__csv_cell cell = sml__csv_classify(csv, &field, &value);
    return cell == SML__CELL_MISSING && !sml__csv_is_missing(text, field.length) ? SML__CELL_TEXT
                                                                                 : cell;
}

static sml__csv_cell classify_first(sml__csv *csv, size_t column)
{
    float value;
    const char *text = sml__csv_first_field(csv, column);
    const sml__csv_field field = {.text = text, .length = strlen(text)};
    return sml__csv_classify(csv, &field, &value);
}

static int first_has(const sml__csv *csv, const char *name)
{
    for (size_t i = 0; name != NULL && i < csv->first.n; i++) {
        if (strcmp(sml__dictionary_text(&csv->first, i), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A column that was asked for by name, or is one of a model's, makes the first line a header. */
static int has_known_name(const sml__csv *csv)
{
    const sml_data_options *options = csv->options;
    int found = first_has(csv, options->target) || first_has(csv, options->weight);
    if (options->like != NULL && options->like->has_names) {
        for (size_t i = 0; !found && i < options->like->n; i++) {
            found = first_has(csv, options->like->columns[i].name);
        }
    }
    return found;
}

/* A header is text over numbers; or, where all is text, names of which none comes again. A lone
 * line of text is one too, unless a model looks for rows: it may be one. */
static int guess_header(sml__csv *csv, size_t n_records)
{
    int names_numbers = 0, has_number = 0, recurs = 0;
    const int is_distinct = csv->first.n == csv->n;
    for (size_t i = 0; i < csv->n; i++) {
        const sml__csv_column *c = &csv->columns[i];
        const sml__csv_cell first = classify_name(csv, i);
        names_numbers |= first == SML__CELL_TEXT && c->has_number && !c->has_text;
        has_number |= first != SML__CELL_TEXT && first != SML__CELL_MISSING;
        recurs |= first != SML__CELL_MISSING && c->first_recurs;
    }
    const int may_be_alone = n_records > 0 || csv->options->like == NULL;
    return names_numbers || (is_distinct && !has_number && !recurs && may_be_alone);
}

static sml_status name_columns(sml__csv *csv)
{
    char number[24];
    for (size_t i = 0; i < csv->n; i++) {
        uint32_t at = 0;
        snprintf(number, sizeof number, "%zu", i + 1);
        const char *name = csv->has_header ? sml__csv_first_field(csv, i) : "";
        name = name[0] != '\0' ? name : number;
        sml_status status = add_name(csv, &csv->names, name, strlen(name), &at);
        if (status == SML_OK && at != i) {
            return sml__fail(csv->ctx, SML_BAD_DATA,
                             "%s:%zu: columns %u and %zu are both named '%.60s'; rename one of "
                             "them, or say --no-header if this is no header",
                             csv->path, sml__csv_line(csv, csv->begin), at + 1, i + 1, name);
        }
        if (status != SML_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < csv->n; i++) {
        csv->columns[i].name = sml__dictionary_text(&csv->names, i);
    }
    return SML_OK;
}

/* The first record of a file without a header is data like the others. */
static void count_first(sml__csv *csv)
{
    for (size_t i = 0; i < csv->n; i++) {
        const sml__csv_cell cell = classify_first(csv, i);
        csv->columns[i].has_number |= cell == SML__CELL_NUMBER;
        csv->columns[i].has_text |= cell == SML__CELL_TEXT;
    }
}

static sml_status fail_empty(sml__csv *csv)
{
    return sml__fail(csv->ctx, SML_BAD_FILE, "%s: no row of data in it%s", csv->path,
                     csv->has_header ? ", only a header" : "");
}

static sml_status read_columns(sml__csv *csv, const char *first)
{
    const char *second = NULL;
    size_t n_records = 0;
    sml_status status = read_first(csv, first, &second);
    if (status != SML_OK) {
        return status;
    }
    csv->columns = sml__alloc(csv->ctx, csv->n, sizeof *csv->columns, "columns");
    if (csv->columns == NULL) {
        return SML_NO_MEMORY;
    }
    status = read_sample(csv, second, &n_records);
    if (status != SML_OK) {
        return status;
    }
    const int told = csv->options->header;
    csv->has_header = told != 0 ? told > 0 : has_known_name(csv) || guess_header(csv, n_records);
    csv->body = csv->has_header ? second : first;
    if (!csv->has_header) {
        count_first(csv);
    }
    return csv->has_header && n_records == 0 ? fail_empty(csv) : name_columns(csv);
}

sml_status sml__csv_sniff(sml__csv *csv)
{
    const char *at = csv->begin;
    const size_t length = (size_t)(csv->end - at);
    if (length >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0)) {
        return sml__fail(csv->ctx, SML_BAD_FILE,
                         "%s: begins with the mark of UTF-16; convert it: iconv -f utf-16 -t utf-8",
                         csv->path);
    }
    at += length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    char told = 0;
    at = sml__csv_skip_sep(at, csv->end, &told);
    const char *first = sml__csv_skip_comments(at, csv->end);
    sml_status status = choose_signs(csv, first, told);
    if (status != SML_OK) {
        return status;
    }
    sml__csv_prepare_fields(csv);
    at = sml__csv_first_record(at, first, csv->end, csv->delimiter);
    for (const char *next = at; next != NULL && at < csv->end;) {
        next = sml__csv_skip_blank_line(csv, at);
        at = next != NULL ? next : at;
    }
    return at < csv->end ? read_columns(csv, at) : fail_empty(csv);
}
