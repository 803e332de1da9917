/* What may stand before the first record: Excel's "sep=;", and comments. */
#include "data/readers/csv.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Behind the line at `at`. */
static const char *next_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline != NULL ? newline + 1 : end;
}

static int is_blank(const char *at, const char *behind)
{
    while (at < behind && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at == behind;
}

const char *sml__csv_skip_sep(const char *at, const char *end, char *delimiter)
{
    const char *behind = next_line(at, end);
    const int is_quoted = at < end && *at == '"';
    const char *text = at + is_quoted, *rest = text + 5 + is_quoted;
    if (rest > behind || strncasecmp(text, "sep=", 4) != 0 || (is_quoted && text[5] != '"') ||
        (rest < behind && !is_blank(rest, behind))) {
        return at;
    }
    const char found = text[4];
    if (isalnum((unsigned char)found) || (found & 0x80) != 0 ||
        strchr("\"\r\n.+-_ ", found) != NULL) { /* its last sign is 0 */
        return at;
    }
    *delimiter = found;
    return behind;
}

const char *sml__csv_skip_comments(const char *at, const char *end)
{
    for (const char *line = at; line < end;) {
        const char *behind = next_line(line, end);
        if (*line != '#' && !is_blank(line, behind)) {
            return line;
        }
        line = behind;
    }
    return at;
}

/* Delimiters outside quotes in the record at `at`. */
static size_t count_delimiters(const char *at, const char *end, char delimiter)
{
    size_t n = 0;
    int in_quotes = 0;
    for (; at < end && (in_quotes || *at != '\n'); at++) {
        in_quotes ^= *at == '"';
        n += !in_quotes && *at == delimiter;
    }
    return n;
}

const char *sml__csv_first_record(const char *at, const char *first, const char *end,
                                  char delimiter)
{
    const size_t wanted = count_delimiters(first, end, delimiter);
    const char *record = NULL; /* since when all lines could be records */
    for (const char *line = at; line < first; line = next_line(line, end)) {
        if (*line == '#') {
            const int fits = count_delimiters(line, next_line(line, end), delimiter) == wanted;
            record = fits ? (record != NULL ? record : line) : NULL;
        }
    }
    return record != NULL ? record : first;
}
