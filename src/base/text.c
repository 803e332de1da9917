#include "base/text.h"

#include "base/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 };

/* Levenshtein distance; words longer than WORD_MAX count as far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[WORD_MAX + 1];
    if (n > WORD_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            size_t shift = 1 + (row[j] < row[j + 1] ? row[j] : row[j + 1]);
            diagonal = row[j + 1];
            row[j + 1] = change < shift ? change : shift;
        }
    }
    return row[n];
}

const char *sml__nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = 2 + strlen(word) / 3;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, names[i]);
        if (d < best_distance) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}

sml_status sml__fail_unknown(sml_ctx *ctx, const char *kind, const char *word,
                             const char *const *names, size_t n)
{
    const char *nearest = sml__nearest(word, names, n);
    if (nearest != NULL) {
        return sml__fail(ctx, SML_UNKNOWN_NAME, "unknown %s '%s'; did you mean '%s'?", kind, word,
                         nearest);
    }
    char list[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list; i++) {
        int length = snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
        used += (size_t)length;
    }
    return sml__fail(ctx, SML_UNKNOWN_NAME, "unknown %s '%s'; known: %s", kind, word, list);
}

int sml__parse_real(sml_ctx *ctx, const char *text, double *value)
{
    char *end = NULL;
    *value = strtod_l(text, &end, ctx->numbers);
    return end != text && *end == '\0';
}

int sml__parse_integer(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}
