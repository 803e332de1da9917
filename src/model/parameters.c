#include "model/parameters.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/algorithm.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SPACES[] = " \t\r\n";

/* The largest text that a number becomes: sign, 17 digits, point, exponent. */
enum { NUMBER_MAX = 32 };

/* The text of a number of a message, in the "C" locale. */
static void print_real(sml_ctx *ctx, double value, int digits, char out[NUMBER_MAX])
{
    locale_t before = uselocale(ctx->numbers);
    snprintf(out, NUMBER_MAX, "%.*g", digits, value);
    uselocale(before);
}

/* The fewest digits that read back as value, 17 always do (IEEE 754-2008, 5.12.2); but all of those
 * before the point up to 10^15, so that 10 is not 1e+01. */
static void print_shortest(sml_ctx *ctx, double value, char out[NUMBER_MAX])
{
    double back = NAN, size = fabs(value);
    int before_point = size >= 1.0 && size < 1e15 ? 1 + (int)log10(size) : 1;
    for (int digits = before_point; digits <= 17 && back != value; digits++) {
        print_real(ctx, value, digits, out);
        sml__parse_real(ctx, out, &back);
    }
}

/* Fails where value is outside the parameter's range; word is how the user wrote it. */
static sml_status check_range(sml_ctx *ctx, const sml_parameter *parameter, const char *word,
                              double value)
{
    char minimum[NUMBER_MAX], maximum[NUMBER_MAX];
    if (value >= parameter->minimum && value <= parameter->maximum) {
        return SML_OK;
    }
    print_shortest(ctx, parameter->minimum, minimum);
    print_shortest(ctx, parameter->maximum, maximum);
    int below = value < parameter->minimum;
    return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: '%s' is %s %s; it may be %s to %s",
                     parameter->name, word, below ? "below" : "above", below ? minimum : maximum,
                     minimum, maximum);
}

static sml_status check_integer(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                                int64_t *value)
{
    char minimum[NUMBER_MAX], maximum[NUMBER_MAX];
    if (!sml__parse_integer(text, value)) {
        print_shortest(ctx, parameter->minimum, minimum);
        print_shortest(ctx, parameter->maximum, maximum);
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: '%s' is not a whole number from %s to %s",
                         parameter->name, text, minimum, maximum);
    }
    return check_range(ctx, parameter, text, (double)*value);
}

static sml_status check_real(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                             double *value)
{
    if (!sml__parse_real(ctx, text, value) || !isfinite(*value)) {
        char minimum[NUMBER_MAX], maximum[NUMBER_MAX];
        print_shortest(ctx, parameter->minimum, minimum);
        print_shortest(ctx, parameter->maximum, maximum);
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: '%s' is not a finite number from %s to %s",
                         parameter->name, text, minimum, maximum);
    }
    *value += 0.0; /* -0 becomes 0 */
    return check_range(ctx, parameter, text, *value);
}

/* Cuts text at each separator, in place: returns the number of words, at most max of them kept. */
static size_t split(char *text, char separator, const char **words, size_t max)
{
    size_t n = 0;
    for (char *word = text; word != NULL; n++) {
        char *end = strchr(word, separator);
        if (end != NULL) {
            *end++ = '\0';
        }
        if (n < max) {
            words[n] = word;
        }
        word = end;
    }
    return n;
}

static sml_status check_choice(sml_ctx *ctx, const sml_parameter *parameter, const char *text)
{
    const char *names[64];
    char *choices = sml__copy_text(ctx, parameter->choices);
    if (choices == NULL) {
        return SML_NO_MEMORY;
    }
    size_t n = split(choices, '|', names, sizeof names / sizeof names[0]);
    assert(n <= sizeof names / sizeof names[0]);
    sml_status status = SML_UNKNOWN_NAME;
    for (size_t i = 0; i < n && status != SML_OK; i++) {
        status = strcmp(names[i], text) == 0 ? SML_OK : SML_UNKNOWN_NAME;
    }
    if (status != SML_OK) {
        status = sml__fail_unknown(ctx, parameter->name, text, names, n);
    }
    sml__free(choices);
    return status;
}

/* Whether a text can only be meant as numbers. */
static int starts_number(const char *text)
{
    return text[0] != '\0' && strchr("+-.,0123456789", text[0]) != NULL;
}

/* canonical holds a copy of text; the canonical list, as long or shorter, is written over it. */
static sml_status check_integers(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                                 char *canonical)
{
    const char *words[SML__SETTING_MAX];
    size_t used = 0, room = strlen(text) + 1;
    if (text[0] == '\0') {
        return SML_OK;
    }
    size_t n = split(canonical, ',', words, SML__SETTING_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t value = 0;
        if (words[i][0] == '\0') {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "%s: an empty place in '%s'; write numbers with commas between them",
                             parameter->name, text);
        }
        sml_status status = check_integer(ctx, parameter, words[i], &value);
        if (status != SML_OK) {
            return status;
        }
        used += (size_t)snprintf(canonical + used, room - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)value);
    }
    return SML_OK;
}

/* As check_integers, for numbers; canonical has room for NUMBER_MAX bytes a word. */
static sml_status check_reals(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                              char *canonical)
{
    char copy[SML__SETTING_MAX];
    const char *words[SML__SETTING_MAX];
    size_t used = 0;
    if (parameter->choices != NULL && !starts_number(text)) {
        return check_choice(ctx, parameter, text);
    }
    memcpy(copy, text, strlen(text) + 1);
    const size_t n = split(copy, ',', words, SML__SETTING_MAX);
    for (size_t i = 0; i < n; i++) {
        double value = NAN;
        char number[NUMBER_MAX];
        sml_status status = check_real(ctx, parameter, words[i], &value);
        if (status != SML_OK) {
            return status;
        }
        print_shortest(ctx, value, number);
        used += (size_t)sprintf(canonical + used, "%s%s", i > 0 ? "," : "", number);
    }
    if (used >= SML__SETTING_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: a list of %zu bytes, at most %d are accepted",
                         parameter->name, used, SML__SETTING_MAX - 1);
    }
    return SML_OK;
}

/* canonical holds a copy of text and has the room of canonical_room. */
static sml_status check_typed(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                              char *canonical, double *value)
{
    sml_status status = SML_OK;
    int64_t integer = 0;
    switch (parameter->type) {
    case SML_PARAMETER_INTEGER:
        status = check_integer(ctx, parameter, text, &integer);
        *value = (double)integer;
        snprintf(canonical, NUMBER_MAX, "%lld", (long long)integer);
        break;
    case SML_PARAMETER_REAL:
        status = check_real(ctx, parameter, text, value);
        if (status == SML_OK) {
            print_shortest(ctx, *value, canonical);
        }
        break;
    case SML_PARAMETER_CHOICE:
        status = check_choice(ctx, parameter, text);
        break;
    case SML_PARAMETER_INTEGERS:
        status = check_integers(ctx, parameter, text, canonical);
        break;
    case SML_PARAMETER_REALS:
        status = check_reals(ctx, parameter, text, canonical);
        break;
    }
    return status;
}

/* Bytes for the text or its canonical form: a list of numbers may grow. */
static size_t canonical_room(const sml_parameter *parameter, const char *text)
{
    size_t words = 1;
    for (const char *c = text; parameter->type == SML_PARAMETER_REALS && *c != '\0'; c++) {
        words += *c == ',';
    }
    return strlen(text) + words * NUMBER_MAX;
}

sml_status sml__parameter_check(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                                char **canonical, double *value)
{
    size_t length = strlen(text);
    *canonical = NULL;
    *value = NAN;
    if (length >= SML__SETTING_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: a text of %zu bytes, at most %d are accepted",
                         parameter->name, length, SML__SETTING_MAX - 1);
    }
    char *memory = sml__alloc(ctx, canonical_room(parameter, text), 1, "a setting");
    if (memory == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(memory, text, length + 1);
    int automatic = strcmp(text, "auto") == 0 && strcmp(parameter->default_text, "auto") == 0;
    sml_status status = automatic ? SML_OK : check_typed(ctx, parameter, text, memory, value);
    if (status != SML_OK) {
        sml__free(memory);
        return status;
    }
    *canonical = memory;
    return SML_OK;
}

size_t sml__parameter_index(const sml_parameter *parameters, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(parameters[i].name, name) != 0) {
        i++;
    }
    return i;
}

sml_status sml__parameter_find(sml_ctx *ctx, const sml_parameter *parameters, size_t n,
                               const char *name, size_t *index)
{
    *index = sml__parameter_index(parameters, n, name);
    if (*index < n) {
        return SML_OK;
    }
    const char **names = sml__alloc(ctx, n, sizeof *names, "a list of names");
    if (names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = parameters[i].name;
    }
    sml_status status = sml__fail_unknown(ctx, "setting", name, names, n);
    sml__free(names);
    return status;
}

sml_status sml__settings_parse(sml_ctx *ctx, sml_model *model, const char *text)
{
    char *copy = sml__copy_text(ctx, text), *rest = NULL;
    sml_status status = copy != NULL ? SML_OK : SML_NO_MEMORY;
    char *word = copy != NULL ? strtok_r(copy, SPACES, &rest) : NULL;
    while (status == SML_OK && word != NULL) {
        char *equals = strchr(word, '=');
        if (equals == NULL) {
            status = sml__fail(ctx, SML_BAD_ARGUMENT,
                               "settings: '%s' has no '='; write name=value, without spaces", word);
        } else {
            *equals = '\0';
            status = sml_model_set(ctx, model, word, equals + 1);
        }
        word = strtok_r(NULL, SPACES, &rest);
    }
    sml__free(copy);
    return status;
}

/* Row of a setting that the algorithm itself asks for. */
static size_t row_of(const sml_model *model, const char *name)
{
    const sml__algorithm *algorithm = model->algorithm;
    size_t row = sml__parameter_index(algorithm->parameters, algorithm->n_parameters, name);
    assert(row < algorithm->n_parameters);
    return row;
}

double sml__setting_real(const sml_model *model, const char *name)
{
    return model->setting_values[row_of(model, name)];
}

int64_t sml__setting_integer(const sml_model *model, const char *name)
{
    int64_t value = 0;
    int whole = sml__parse_integer(model->settings[row_of(model, name)], &value);
    assert(whole);
    (void)whole;
    return value;
}

size_t sml__setting_integers(const sml_model *model, const char *name, int64_t *values, size_t max)
{
    size_t n = 0;
    const char *text = model->settings[row_of(model, name)];
    assert(strcmp(text, "auto") != 0);
    while (*text != '\0') {
        char *end = NULL;
        long long value = strtoll(text, &end, 10);
        if (n < max) {
            values[n] = value;
        }
        n++;
        text = *end == ',' ? end + 1 : "";
    }
    return n;
}

size_t sml__setting_reals(sml_ctx *ctx, const sml_model *model, const char *name, double *values,
                          size_t max)
{
    size_t n = 0;
    const char *text = model->settings[row_of(model, name)];
    while (starts_number(text)) {
        const size_t length = strcspn(text, ",");
        char word[SML__SETTING_MAX];
        memcpy(word, text, length);
        word[length] = '\0';
        if (n < max) {
            sml__parse_real(ctx, word, &values[n]);
        }
        n++;
        text += length + (text[length] == ',');
    }
    return n;
}

const char *sml__setting_text(const sml_model *model, const char *name)
{
    return model->settings[row_of(model, name)];
}

int sml__setting_is(const sml_model *model, const char *name, const char *text)
{
    return strcmp(sml__setting_text(model, name), text) == 0;
}
