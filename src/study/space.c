#include "study/space.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "model/algorithm.h"
#include "model/parameters.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of a number in a setting. */
enum { NUMBER_MAX = 32, ELEMENT_MAX = 4096 };

/* Four digits are more than a search can tell apart; more only where rounding leaves the range. */
static void print_value(sml_ctx *ctx, const sml__dimension *d, double value, char out[NUMBER_MAX])
{
    double back = d->low - 1.0;
    locale_t before = uselocale(ctx->numbers);
    if (d->is_whole) {
        snprintf(out, NUMBER_MAX, "%.0f", value);
    } else {
        for (int digits = 4; digits <= 17 && !(back >= d->low && back <= d->high); digits++) {
            snprintf(out, NUMBER_MAX, "%.*g", digits, value);
            sml__parse_real(ctx, out, &back);
        }
    }
    uselocale(before);
}

/* The value at a share u of the range, 0 ≤ u ≤ 1. */
static double value_at(const sml__dimension *d, double u)
{
    return d->is_log ? d->low * pow(d->high / d->low, u) : d->low + (d->high - d->low) * u;
}

/* Appends a value of NUMBER_MAX bytes at most to the list of a dimension. */
static void add_number(sml_ctx *ctx, sml__dimension *d, double value)
{
    char *place = d->text + d->n * NUMBER_MAX;
    print_value(ctx, d, value, place);
    /* neighbours that round to the same whole number are one value */
    if (d->n == 0 || strcmp(d->values[d->n - 1], place) != 0) {
        d->values[d->n++] = place;
    }
}

static sml_status make_room(sml_ctx *ctx, sml__dimension *d, size_t n, size_t bytes)
{
    sml__free(d->text);
    sml__free(d->values);
    d->text = sml__alloc(ctx, bytes, 1, "values of a search");
    d->values = sml__alloc(ctx, n, sizeof *d->values, "values of a search");
    return d->text != NULL && d->values != NULL ? SML_OK : SML_NO_MEMORY;
}

/* N points of a range, both ends included. */
static sml_status list_points(sml_ctx *ctx, sml__dimension *d, size_t n)
{
    sml_status status = make_room(ctx, d, n, n * NUMBER_MAX);
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        add_number(ctx, d, value_at(d, n > 1 ? (double)i / (double)(n - 1) : 0.0));
    }
    return status;
}

/* The powers of two in the range. */
static sml_status list_powers(sml_ctx *ctx, sml__dimension *d)
{
    enum { MOST = 64 };
    sml_status status = make_room(ctx, d, MOST, (size_t)MOST * NUMBER_MAX);
    for (int e = 0; e < MOST && status == SML_OK; e++) {
        const double power = ldexp(1.0, e);
        if (power >= d->low && power <= d->high) {
            add_number(ctx, d, power);
        }
    }
    if (status == SML_OK && d->n == 0) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT, "%s: no power of two in the range",
                           d->parameter->name);
    }
    return status;
}

static sml_status check_value(sml_ctx *ctx, const sml__dimension *d, const char *text)
{
    char *canonical = NULL;
    double number;
    sml_status status = sml__parameter_check(ctx, d->parameter, text, &canonical, &number);
    sml__free(canonical);
    return status;
}

static sml_status list_words(sml_ctx *ctx, sml__dimension *d, const char *values)
{
    size_t n = 1;
    for (const char *c = values; *c != '\0'; c++) {
        n += *c == '|';
    }
    sml_status status = make_room(ctx, d, n, strlen(values) + 1);
    if (status != SML_OK) {
        return status;
    }
    memcpy(d->text, values, strlen(values) + 1);
    for (char *word = d->text; word != NULL && status == SML_OK;) {
        char *bar = strchr(word, '|');
        if (bar != NULL) {
            *bar = '\0';
        }
        if (strpbrk(word, " \t\r\n") != NULL) {
            return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: '%s' has a blank in it",
                             d->parameter->name, word);
        }
        status = check_value(ctx, d, word);
        d->values[d->n++] = word;
        word = bar != NULL ? bar + 1 : NULL;
    }
    return status;
}

static sml_status fail_range(sml_ctx *ctx, const sml__dimension *d, const char *values,
                             const char *why)
{
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "%s: '%s': %s; expected values such as 64|128 or 1..10, log:1e-4..1e-1, "
                     "int:1..9, log2:16..512, and /N for N points",
                     d->parameter->name, values, why);
}

/* "LOW..HIGH" or "LOW..HIGH/N"; points is 0 without /N. */
static sml_status read_range(sml_ctx *ctx, sml__dimension *d, const char *values, const char *range,
                             size_t *points)
{
    char low[64], high[64];
    const char *dots = strstr(range, ".."), *slash = strchr(range, '/');
    const char *end = slash != NULL ? slash : range + strlen(range);
    int64_t n = 0;
    if (end < dots || (size_t)(dots - range) >= sizeof low ||
        (size_t)(end - dots - 2) >= sizeof high) {
        return fail_range(ctx, d, values, "this is no range");
    }
    snprintf(low, sizeof low, "%.*s", (int)(dots - range), range);
    snprintf(high, sizeof high, "%.*s", (int)(end - dots - 2), dots + 2);
    if (!sml__parse_real(ctx, low, &d->low) || !sml__parse_real(ctx, high, &d->high) ||
        !isfinite(d->low) || !isfinite(d->high)) {
        return fail_range(ctx, d, values, "a bound is no number");
    }
    if (d->low > d->high || (d->is_log && d->low <= 0.0)) {
        return fail_range(ctx, d, values,
                          d->low > d->high ? "the lower bound is above the upper one"
                                           : "a logarithm needs bounds above 0");
    }
    if (d->is_whole && (d->low != floor(d->low) || d->high != floor(d->high))) {
        return fail_range(ctx, d, values, "the bounds are to be whole numbers");
    }
    if (slash != NULL && (!sml__parse_integer(slash + 1, &n) || n < 1 || n > SML__POINTS_MAX)) {
        return fail_range(ctx, d, values, "the number of points is 1 to 10000");
    }
    *points = (size_t)n;
    sml_status status = check_value(ctx, d, low);
    return status == SML_OK ? check_value(ctx, d, high) : status;
}

static sml_status read_values(sml_ctx *ctx, sml__dimension *d, const char *values)
{
    const sml_parameter_type type = d->parameter->type;
    const char *range = values;
    int powers = 0;
    size_t points = 0;
    d->is_whole = type == SML_PARAMETER_INTEGER || type == SML_PARAMETER_INTEGERS;
    if (strncmp(values, "log:", 4) == 0) {
        d->is_log = 1;
        range += 4;
    } else if (strncmp(values, "int:", 4) == 0) {
        d->is_whole = 1;
        range += 4;
    } else if (strncmp(values, "log2:", 5) == 0) {
        d->is_whole = d->is_log = powers = 1;
        range += 5;
    }
    if (range == values && strstr(values, "..") == NULL) {
        return list_words(ctx, d, values);
    }
    if (strstr(range, "..") == NULL) {
        return fail_range(ctx, d, values, "this is no range");
    }
    if (type == SML_PARAMETER_CHOICE) {
        return fail_range(ctx, d, values, "only numbers have a range");
    }
    sml_status status = read_range(ctx, d, values, range, &points);
    if (status == SML_OK && powers) {
        return list_powers(ctx, d);
    }
    return status == SML_OK && points > 0 ? list_points(ctx, d, points) : status;
}

/* "learning-rate" is learning_rate, as on the command line. */
static sml_status read_dimension(sml_ctx *ctx, const sml__space *space, const char *element,
                                 sml__dimension *d)
{
    char name[64];
    size_t row = 0;
    const sml__algorithm *algorithm = space->like->algorithm;
    const char *equals = strchr(element, '=');
    if (equals == NULL || equals == element || equals[1] == '\0' ||
        (size_t)(equals - element) >= sizeof name || strlen(element) > ELEMENT_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "search space: found '%.100s', expected NAME=VALUES such as "
                         "learning_rate=log:1e-4..1e-1",
                         element);
    }
    for (size_t i = 0; element + i <= equals; i++) {
        name[i] = element[i] == '-' ? '_' : element[i];
        name[i] = element + i == equals ? '\0' : name[i];
    }
    sml_status status =
        sml__parameter_find(ctx, algorithm->parameters, algorithm->n_parameters, name, &row);
    if (status == SML_OK && strcmp(name, "epochs") == 0) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT,
                           "search space: epochs are what the search deals out; they are a setting "
                           "of all trials");
    }
    for (const sml__dimension *other = space->dimensions; other < d && status == SML_OK; other++) {
        if (other->parameter == &algorithm->parameters[row]) {
            status = sml__fail(ctx, SML_BAD_ARGUMENT, "search space: %s is there twice", name);
        }
    }
    if (status != SML_OK) {
        return status;
    }
    d->parameter = &algorithm->parameters[row];
    return read_values(ctx, d, equals + 1);
}

sml_status sml__space_read(sml_ctx *ctx, const sml_model *like, const char *const *elements,
                           size_t n, sml__space *space)
{
    *space = (sml__space){.like = like};
    if (n == 0) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "search space: there is nothing to search");
    }
    space->dimensions = sml__alloc(ctx, n, sizeof *space->dimensions, "a search space");
    sml_status status = space->dimensions != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        space->n++;
        status = read_dimension(ctx, space, elements[i], &space->dimensions[i]);
    }
    return status;
}

void sml__space_free(sml__space *space)
{
    for (size_t i = 0; i < space->n; i++) {
        sml__free(space->dimensions[i].text);
        sml__free(space->dimensions[i].values);
    }
    sml__free(space->dimensions);
    *space = (sml__space){0};
}

/* 0 for a range of real numbers. */
static double points_of(const sml__dimension *d)
{
    return d->n > 0 ? (double)d->n : d->is_whole && !d->is_log ? d->high - d->low + 1.0 : 0.0;
}

sml_status sml__space_count(sml_ctx *ctx, const sml__space *space, size_t *count)
{
    double product = 1.0;
    for (size_t i = 0; i < space->n; i++) {
        const sml__dimension *d = &space->dimensions[i];
        if (points_of(d) == 0.0) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "%s: a grid needs single values: list them, or put /N behind the "
                             "range for N points",
                             d->parameter->name);
        }
        product *= points_of(d);
    }
    if (product > SML__POINTS_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "the grid has %.0f combinations, more than %d; search at random", product,
                         SML__POINTS_MAX);
    }
    *count = (size_t)product;
    return SML_OK;
}

size_t sml__space_points(const sml__space *space)
{
    double product = 1.0;
    for (size_t i = 0; i < space->n; i++) {
        product *= points_of(&space->dimensions[i]);
    }
    return product <= SML__POINTS_MAX ? (size_t)product : 0;
}

static void draw_value(sml_ctx *ctx, const sml__dimension *d, double u, char out[NUMBER_MAX])
{
    double value = value_at(d, u);
    if (d->is_whole && d->is_log) {
        value = round(value);
    } else if (d->is_whole) {
        value = fmin(d->high, d->low + floor(u * (d->high - d->low + 1.0)));
    }
    print_value(ctx, d, value, out);
}

/* u < 1 chooses among listed values and within ranges. */
static void append_setting(sml_ctx *ctx, const sml__dimension *d, double u, char *text, size_t room)
{
    char number[NUMBER_MAX];
    const size_t used = strlen(text);
    const char *value = number;
    if (d->n > 0) {
        value = d->values[(size_t)(u * (double)d->n)];
    } else {
        draw_value(ctx, d, u, number);
    }
    snprintf(text + used, room - used, "%s%s=%s", used > 0 ? " " : "", d->parameter->name, value);
}

/* Room for the longest text of a trial. */
static size_t longest(const sml__space *space)
{
    size_t bytes = 1;
    for (size_t i = 0; i < space->n; i++) {
        const sml__dimension *d = &space->dimensions[i];
        size_t value = NUMBER_MAX;
        for (size_t k = 0; k < d->n; k++) {
            const size_t length = strlen(d->values[k]);
            value = length > value ? length : value;
        }
        bytes += strlen(d->parameter->name) + value + 2;
    }
    return bytes;
}

char *sml__space_draw(sml_ctx *ctx, const sml__space *space, uint64_t seed, size_t trial)
{
    const size_t room = longest(space);
    char *text = sml__alloc(ctx, room, 1, "settings of a trial");
    for (size_t i = 0; text != NULL && i < space->n; i++) {
        sml__random random;
        sml__random_init(&random, seed, SML__SEARCH, (uint32_t)trial, (uint32_t)i);
        const double u = sml__random_uniform(&random);
        append_setting(ctx, &space->dimensions[i], u, text, room);
    }
    return text;
}

char *sml__space_point(sml_ctx *ctx, const sml__space *space, size_t trial)
{
    const size_t room = longest(space);
    size_t block = 1;
    char *text = sml__alloc(ctx, room, 1, "settings of a trial");
    for (size_t i = 0; i < space->n; i++) {
        block *= (size_t)points_of(&space->dimensions[i]);
    }
    for (size_t i = 0; text != NULL && i < space->n; i++) {
        const size_t n = (size_t)points_of(&space->dimensions[i]);
        block /= n;
        const size_t digit = trial / block % n;
        /* the middle of the digit's share, so that no rounding moves it */
        append_setting(ctx, &space->dimensions[i], ((double)digit + 0.5) / (double)n, text, room);
    }
    return text;
}
