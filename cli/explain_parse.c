#include "explain_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_OR_UNITS_MAX = 1000000000 };

/* A whole number at *text, which moves behind it; 0 where there is none, or one beyond most. */
static int number_at(const char **text, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    if (**text < '0' || **text > '9') {
        return 0;
    }
    *out = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && *out <= most;
}

/* A row, or a range of them. */
static int range_at(const char **text, uint64_t *first, uint64_t *last)
{
    if (!number_at(text, UINT32_MAX, first)) {
        return 0;
    }
    *last = *first;
    if (strncmp(*text, "..", 2) != 0) {
        return 1;
    }
    *text += 2;
    return number_at(text, UINT32_MAX, last) && *last >= *first;
}

int parse_rows(const char *text, uint32_t *rows, size_t room, size_t *n)
{
    uint64_t first = 0, last = 0;
    for (*n = 0;; text++) {
        if (!range_at(&text, &first, &last) || last - first >= room - *n) {
            return 0;
        }
        for (uint64_t row = first; row <= last; row++) {
            rows[(*n)++] = (uint32_t)row;
        }
        if (*text != ',') {
            return *text == '\0';
        }
    }
}

int parse_weight(const char *text, unit_weight *out)
{
    *out = (unit_weight){0};
    if (!number_at(&text, LAYERS_OR_UNITS_MAX, &out->unit)) {
        return 0;
    }
    out->is_bias = strcmp(text, ",bias") == 0;
    if (out->is_bias || *text == '\0') {
        return 1;
    }
    out->has_input = *text == ',';
    text += out->has_input;
    return out->has_input && number_at(&text, LAYERS_OR_UNITS_MAX, &out->input) && *text == '\0';
}

int parse_setting(const char *text, size_t *name_length, double *value)
{
    const char *equals = strrchr(text, '=');
    const char *digits = equals != NULL ? equals + 1 : "";
    char *end = NULL;
    if (digits[0] == '\0' || strspn(digits, "0123456789+-.eE") != strlen(digits)) {
        return 0;
    }
    *name_length = (size_t)(equals - text);
    *value = strtod(digits, &end);
    return *end == '\0';
}

int parse_unit(const char *text, uint64_t *layer, uint64_t *unit)
{
    if (!number_at(&text, LAYERS_OR_UNITS_MAX, layer) || *text != ':') {
        return 0;
    }
    text++;
    return number_at(&text, LAYERS_OR_UNITS_MAX, unit) && *text == '\0';
}
