#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char ELLIPSIS[] = "…";

short_text shorten(const char *name, size_t most)
{
    short_text out;
    const size_t longest = sizeof out.text - 1, room = most < longest ? most : longest;
    size_t n = 0;
    while (n < room && name[n] != '\0') {
        unsigned char c = (unsigned char)name[n];
        out.text[n++] = c < 0x20 || c == 0x7F ? '?' : (char)c;
    }
    out.text[n] = '\0';
    if (name[n] != '\0') {
        n -= sizeof ELLIPSIS - 1;
        while (n > 0 && continues_code_point(name[n])) {
            n--;
        }
        memcpy(out.text + n, ELLIPSIS, sizeof ELLIPSIS);
    }
    return out;
}

short_text printable(const char *name)
{
    return shorten(name, SIZE_MAX);
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += !continues_code_point(*text);
    }
    return width;
}

void print_wrapped(const char *text, size_t column, size_t indent)
{
    size_t start = column;
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        char word[TEXT_WIDTH + 1];
        snprintf(word, sizeof word, "%.*s", n, text);
        size_t width = text_width(word);
        if (column > start && column + 1 + width > TEXT_WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = start = indent;
        }
        if (column > start) {
            putchar(' ');
            column++;
        }
        printf("%.*s", n, text);
        column += width;
        text += n + (text[n] == ' ');
    }
    putchar('\n');
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
