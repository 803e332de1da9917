#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

short_text format_count(uint64_t count)
{
    short_text digits, out;
    size_t n = (size_t)snprintf(digits.text, sizeof digits.text, "%" PRIu64, count), used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            out.text[used++] = ',';
        }
        out.text[used++] = digits.text[i];
    }
    out.text[used] = '\0';
    return out;
}

short_text counted(uint64_t n, const char *noun)
{
    short_text out;
    const size_t length = strlen(noun);
    const char *ending = length > 0 && noun[length - 1] == 's' ? "es" : "s";
    snprintf(out.text, sizeof out.text, "%.40s %.40s%s", format_count(n).text, noun,
             n == 1 ? "" : ending);
    return out;
}

short_text format_rate(double per_second)
{
    static const char *const suffixes[] = {"", "k", "M", "G"};
    size_t i = 0;
    while (i < 3 && per_second >= 999.5) {
        per_second /= 1000;
        i++;
    }
    short_text out;
    int decimals = i > 0 && per_second < 99.95;
    snprintf(out.text, sizeof out.text, "%.*f%s", decimals, per_second, suffixes[i]);
    return out;
}

short_text format_seconds(double seconds)
{
    short_text out;
    if (seconds < 0.0995) {
        snprintf(out.text, sizeof out.text, "%.3f s", seconds);
    } else if (seconds < 99.95) {
        snprintf(out.text, sizeof out.text, "%.1f s", seconds);
    } else if (seconds < 3600) {
        uint64_t whole = (uint64_t)(seconds + 0.5);
        snprintf(out.text, sizeof out.text, "%" PRIu64 " min %02" PRIu64 " s", whole / 60,
                 whole % 60);
    } else {
        uint64_t minutes = seconds < 1e9 ? (uint64_t)(seconds / 60) : (uint64_t)1e8;
        snprintf(out.text, sizeof out.text, "%" PRIu64 " h %02" PRIu64 " min", minutes / 60,
                 minutes % 60);
    }
    return out;
}

short_text format_percent(double share)
{
    short_text out;
    snprintf(out.text, sizeof out.text, "%.2f%%", 100 * share);
    return out;
}

short_text format_bytes(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t i = 0;
    while (i < 4 && size >= 1024) {
        size /= 1024;
        i++;
    }
    short_text out;
    int decimals = i > 0 && size < 99.95;
    snprintf(out.text, sizeof out.text, "%.*f %s", decimals, size, units[i]);
    return out;
}

short_text format_value(double value)
{
    short_text out;
    const int is_whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;
    snprintf(out.text, sizeof out.text, is_whole ? "%.0f" : "%.6g", value);
    return out;
}

short_text format_option(const char *name)
{
    short_text out;
    snprintf(out.text, sizeof out.text, "--%s", name);
    for (char *c = out.text; *c != '\0'; c++) {
        if (*c == '_') {
            *c = '-';
        }
    }
    return out;
}

static int continues_code_point(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

int locale_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return 0;
}

/* No spelling is longer than its sign: safe_text counts on that. */
static const struct {
    const char *utf8, *ascii;
} SIGNS[] = {{"·", "-"}, {"²", "2"}, {"×", "x"}, {"…", "..."}};

const char *sign(const char *utf8)
{
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0] && !locale_is_utf8(); i++) {
        if (strncmp(utf8, SIGNS[i].utf8, strlen(SIGNS[i].utf8)) == 0) {
            return SIGNS[i].ascii;
        }
    }
    return utf8;
}

/* The code point at text, which is not empty, and its bytes in *n; a byte that begins none is one
 * of the C1 controls to us. */
static uint32_t code_point(const char *text, size_t *n)
{
    static const uint32_t NONE = 0x80, least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *b = (const unsigned char *)text;
    size_t length = b[0] < 0x80 ? 1 : (b[0] < 0xE0 ? 2 : (b[0] < 0xF0 ? 3 : 4));
    uint32_t code = length == 1 ? b[0] : b[0] & (0x7Fu >> length);
    *n = 1;
    for (size_t i = 1; i < length; i++) {
        if (!continues_code_point(text[i])) {
            return NONE;
        }
        code = code << 6 | (b[i] & 0x3Fu);
    }
    int surrogate = code >= 0xD800 && code <= 0xDFFF;
    if ((b[0] >= 0x80 && b[0] < 0xC0) || b[0] > 0xF4 || code < least[length] || surrogate ||
        code > 0x10FFFF) {
        return NONE;
    }
    *n = length;
    return code;
}

static int controls_terminal(uint32_t c)
{
    int turns = c == 0x061C || c == 0x2028 || c == 0x2029 || (c >= 0x200E && c <= 0x200F) ||
                (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || turns;
}

char *safe_text(const char *text)
{
    char *out = allocate(strlen(text) + 1, 1), *end = out;
    for (size_t n; *text != '\0'; text += n) {
        if (controls_terminal(code_point(text, &n))) {
            *end++ = '?';
            continue;
        }
        const char *shown = n > 1 ? sign(text) : text;
        for (size_t length = shown == text ? n : strlen(shown); length > 0; length--) {
            *end++ = *shown++;
        }
    }
    return out;
}

void print_safe(FILE *stream, const char *text)
{
    char *safe = safe_text(text);
    fputs(safe, stream);
    free(safe);
}

short_text shorten(const char *name, size_t most)
{
    short_text out;
    const size_t longest = sizeof out.text - 1, room = most < longest ? most : longest;
    char *safe = safe_text(name);
    const char *ellipsis = "";
    size_t n = strlen(safe);
    if (n > room) {
        ellipsis = sign("…");
        n = room - strlen(ellipsis);
        while (n > 0 && continues_code_point(safe[n])) {
            n--;
        }
    }
    snprintf(out.text, sizeof out.text, "%.*s%s", (int)n, safe, ellipsis);
    free(safe);
    return out;
}

short_text printable(const char *name)
{
    return shorten(name, SIZE_MAX);
}

char *quoted_for_shell(const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_./=:,+@%-";
    char *out = allocate(4 * strlen(path) + 3, 1);
    if (path[0] != '\0' && path[strspn(path, plain)] == '\0') {
        return memcpy(out, path, strlen(path) + 1);
    }
    char *end = out;
    *end++ = '\'';
    for (; *path != '\0'; path++) {
        /* A quote ends the quoted text, stands escaped, and begins it again. */
        end += *path == '\'' ? sprintf(end, "'\\''") : sprintf(end, "%c", *path);
    }
    *end = '\'';
    return out;
}

/* Whether a code point begins here that takes a column: accents over the letter before (U+0300 to
 * U+036F) take none. */
static int takes_column(const char *text)
{
    const unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    const int is_accent = first == 0xCC || (first == 0xCD && second <= 0xAF);
    return !continues_code_point(text[0]) && !is_accent;
}

size_t text_bytes(const char *text, size_t columns)
{
    size_t n = 0;
    for (; text[n] != '\0'; n++) {
        int begins = takes_column(text + n);
        if (begins && columns == 0) {
            break;
        }
        columns -= (size_t)begins;
    }
    return n;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += (size_t)takes_column(text);
    }
    return width;
}

void print_wrapped(const char *text, size_t column, size_t indent, size_t width)
{
    size_t start = column;
    char *safe = safe_text(text), *rest = NULL;
    for (char *word = strtok_r(safe, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (column > start && column + 1 + text_width(word) > width) {
            printf("\n%*s", (int)indent, "");
            column = start = indent;
        }
        printf("%s%s", column > start ? " " : "", word);
        column += (column > start) + text_width(word);
    }
    putchar('\n');
    free(safe);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fprintf(stderr, "scratchml: out of memory for %zu items of %zu bytes\n", count, size);
        exit(EXIT_FAILURE);
    }
    return memory;
}
