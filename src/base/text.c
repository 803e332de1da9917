#include "base/text.h"

#include "base/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 48 };

/* Edits (insert, delete, change, swap two neighbours) from a to b, both at most WORD_MAX long:
 * the optimal string alignment distance. */
static size_t edits(const char *a, const char *b)
{
    size_t d[WORD_MAX + 1][WORD_MAX + 1], n = strlen(a), m = strlen(b);
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t gap = 1 + (d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] : d[i][j - 1]);
            best = gap < best ? gap : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

/* Whether word is the first letters of the words in name: "lr" of learning_rate. */
static int is_initials(const char *word, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (i == 0 || name[i - 1] == '_' || name[i - 1] == '-') {
            if (word[n++] != name[i]) {
                return 0;
            }
        }
    }
    return n >= 2 && word[n] == '\0';
}

const char *sml_nearest_name(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t length = strlen(word), limit = 2 + length / 3;
    for (size_t i = 0; i < n; i++) {
        if (length > WORD_MAX || strlen(names[i]) > WORD_MAX) {
            continue;
        }
        if (is_initials(word, names[i])) {
            return names[i];
        }
        size_t distance = edits(word, names[i]);
        /* What shares no letter is no slip of the hand. */
        if (distance < limit && distance < length) {
            limit = distance;
            best = names[i];
        }
    }
    return best;
}

sml_status sml__fail_unknown(sml_ctx *ctx, const char *kind, const char *word,
                             const char *const *names, size_t n)
{
    const char *nearest = sml_nearest_name(word, names, n);
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
