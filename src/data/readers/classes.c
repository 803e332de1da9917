#include "data/readers/classes.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAX = 1 << 24, NAME_MAX_LENGTH = 28, SHOWN = 5, BLOCK = 1 << 16 };

int sml__are_whole(const double *values, size_t n)
{
    int whole = 1;
    for (size_t i = 0; i < n; i++) {
        whole &= floor(values[i]) == values[i];
    }
    return whole;
}

static int by_value(const void *a, const void *b)
{
    const double x = ((const sml__class *)a)->value, y = ((const sml__class *)b)->value;
    return (x > y) - (x < y);
}

static void print_value(double value, char name[NAME_MAX_LENGTH])
{
    snprintf(name, NAME_MAX_LENGTH, fabs(value) < 1e15 ? "%.15g" : "%.17g", value);
}

/* Names for classes that are not simply 0…n-1, in one block: the pointers, then the texts. */
static sml_status name_classes(sml_ctx *ctx, sml__classes *classes)
{
    const size_t n = classes->n;
    size_t same = 0;
    while (same < n && classes->sorted[same].value == (double)same) {
        same++;
    }
    if (same == n) {
        return SML_OK;
    }
    char **names = sml__alloc(ctx, n, sizeof *names + NAME_MAX_LENGTH, "class names");
    if (names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = (char *)(names + n) + i * NAME_MAX_LENGTH;
        print_value(classes->sorted[i].value, names[i]);
    }
    classes->owned_names = names;
    classes->names = (const char *const *)names;
    return SML_OK;
}

/* Whether the names say no more than the numbers 0…n-1 do. Then there are none, as in the file that
 * the model was trained on: a training that is resumed writes the same bytes. */
static int are_plain(const char *const *names, size_t n)
{
    char number[NAME_MAX_LENGTH];
    size_t same = 0;
    do {
        snprintf(number, sizeof number, "%zu", same);
    } while (same < n && strcmp(names[same], number) == 0 && ++same < n);
    return same == n;
}

/* A model's classes; those whose names are no numbers match no value. */
static sml_status take_classes(sml_ctx *ctx, const sml_data_options *options, sml__classes *classes)
{
    classes->names = are_plain(options->classes, options->n_classes) ? NULL : options->classes;
    classes->outputs = options->n_classes;
    classes->sorted = sml__alloc(ctx, options->n_classes, sizeof *classes->sorted, "classes");
    if (classes->sorted == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < options->n_classes; i++) {
        double value = 0.0;
        if (sml__parse_real(ctx, options->classes[i], &value) && !isnan(value)) {
            classes->sorted[classes->n++] = (sml__class){value, (int32_t)i};
        }
    }
    qsort(classes->sorted, classes->n, sizeof *classes->sorted, by_value);
    return SML_OK;
}

/* Sorts list[n] and keeps one of each value; returns how many. */
static size_t keep_distinct(sml__class *list, size_t n)
{
    size_t kept = 0;
    if (n > 0) {
        qsort(list, n, sizeof *list, by_value);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || list[i].value != list[kept - 1].value) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

/* Room for as many values as are distinct so far, and for at least BLOCK more. */
static sml_status make_room(sml_ctx *ctx, sml__classes *classes, size_t *room)
{
    *room = 2 * classes->n + BLOCK;
    sml__class *larger = sml__alloc(ctx, *room, sizeof *larger, "classes");
    if (larger == NULL) {
        return SML_NO_MEMORY;
    }
    if (classes->n > 0) {
        memcpy(larger, classes->sorted, classes->n * sizeof *larger);
    }
    sml__free(classes->sorted);
    classes->sorted = larger;
    return SML_OK;
}

/* Sorts the values and keeps one of each: block after block, for there may be many more values than
 * classes. */
static sml_status sort_values(sml_ctx *ctx, const char *path, const double *values, size_t n,
                              sml__classes *classes)
{
    size_t used = 0, room = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return sml__fail(ctx, SML_BAD_DATA,
                             "%s: the label of row %zu (counted from 0) is %s; leave the row out",
                             path, i, isnan(values[i]) ? "nan" : "infinite");
        }
        if (used == room) {
            classes->n = used = keep_distinct(classes->sorted, used);
            sml_status status = room < 2 * used + BLOCK ? make_room(ctx, classes, &room) : SML_OK;
            if (status != SML_OK) {
                return status;
            }
        }
        classes->sorted[used++] = (sml__class){values[i], 0};
    }
    classes->n = keep_distinct(classes->sorted, used);
    if (classes->n > CLASSES_MAX) {
        return sml__fail(ctx, SML_BAD_DATA,
                         "%s: %zu different labels; at most %d are classes. Are they numbers to "
                         "predict? Then say the task is regression",
                         path, classes->n, CLASSES_MAX);
    }
    for (size_t i = 0; i < classes->n; i++) {
        classes->sorted[i].number = (int32_t)i;
    }
    classes->outputs = classes->n;
    return SML_OK;
}

sml_status sml__classes_find(sml_ctx *ctx, const char *path, const double *values, size_t n,
                             const sml_data_options *options, sml__classes *classes)
{
    memset(classes, 0, sizeof *classes);
    if (options->classes != NULL) {
        return take_classes(ctx, options, classes);
    }
    sml_status status = sort_values(ctx, path, values, n, classes);
    return status == SML_OK ? name_classes(ctx, classes) : status;
}

/* Names the value, and some of the classes that there are. */
static sml_status fail_unknown_label(sml_ctx *ctx, const char *path, const sml__classes *classes,
                                     double value, size_t row)
{
    char found[NAME_MAX_LENGTH], name[NAME_MAX_LENGTH], list[160] = "";
    size_t used = 0;
    print_value(value, found);
    for (size_t i = 0; i < classes->n && i < SHOWN; i++) {
        print_value(classes->sorted[i].value, name);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", name);
    }
    return sml__fail(ctx, SML_BAD_DATA,
                     "%s: label %s of row %zu (counted from 0) is none of the %zu known classes "
                     "(%s%s)",
                     path, found, row, classes->n, list, classes->n > SHOWN ? ", …" : "");
}

sml_status sml__classes_number(sml_ctx *ctx, const char *path, const sml__classes *classes,
                               const double *values, size_t n, int32_t **labels)
{
    int32_t *numbers = sml__alloc(ctx, n, sizeof *numbers, "labels");
    *labels = NULL;
    if (numbers == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const sml__class key = {values[i], 0};
        const sml__class *found = bsearch(&key, classes->sorted, classes->n, sizeof key, by_value);
        /* NaN compares as equal to all, and is no class. */
        if (found == NULL || found->value != values[i]) {
            sml__free(numbers);
            return fail_unknown_label(ctx, path, classes, values[i], i);
        }
        numbers[i] = found->number;
    }
    *labels = numbers;
    return SML_OK;
}

void sml__classes_free(sml__classes *classes)
{
    sml__free(classes->sorted);
    sml__free(classes->owned_names);
    memset(classes, 0, sizeof *classes);
}
