/* The column to predict: class labels with sorted names, or numbers. */
#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/readers/csv.h"
#include "data/readers/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_PER_CLASS = 10,    /* fewer rows a value: it is a measurement, not a class */
    LARGEST_CLASS = 1 << 24 /* float32 tells whole numbers apart up to here */
};

/* The whole of text as a number. */
static int parse(sml_ctx *ctx, const char *text, char decimal, double *value)
{
    char copy[SML__NUMBER_LENGTH + 1];
    const size_t length = strlen(text);
    if (length > SML__NUMBER_LENGTH || length == 0 ||
        sml__number_end(text, text + length, decimal) != text + length) {
        return 0;
    }
    memcpy(copy, text, length + 1);
    char *point = memchr(copy, decimal, length);
    if (point != NULL) {
        *point = '.';
    }
    return sml__parse_real(ctx, copy, value);
}

/* ------------------------------------------------------------------------ Classes of a model */

sml_status sml__csv_start_classes(sml__csv *csv)
{
    if (csv->options->classes != NULL && csv->class_of_entry == NULL) {
        csv->class_room = csv->options->n_classes + 16;
        csv->class_of_entry =
            sml__alloc(csv->ctx, csv->class_room, sizeof *csv->class_of_entry, "classes");
        return csv->class_of_entry != NULL ? SML_OK : SML_NO_MEMORY;
    }
    return SML_OK;
}

/* The class of this name, or of this value: "1" and "1.0" are one. n_classes: there is none. */
static size_t find_class(const sml__csv *csv, const char *text)
{
    const sml_data_options *options = csv->options;
    double wanted = 0, value = 0;
    for (size_t k = 0; k < options->n_classes; k++) {
        if (strcmp(options->classes[k], text) == 0) {
            return k;
        }
    }
    const int is_number = parse(csv->ctx, text, csv->decimal, &wanted);
    for (size_t k = 0; is_number && k < options->n_classes; k++) {
        if (parse(csv->ctx, options->classes[k], '.', &value) && value == wanted) {
            return k;
        }
    }
    return options->n_classes;
}

static sml_status fail_unknown_class(sml__csv *csv, const sml__csv_field *field, const char *text)
{
    const sml_data_options *options = csv->options;
    char problem[512];
    const char *nearest = sml_nearest_name(text, options->classes, options->n_classes);
    int used = snprintf(problem, sizeof problem, "is no class of the model");
    if (nearest != NULL) {
        snprintf(problem + used, sizeof problem - (size_t)used, "; did you mean '%.60s'?", nearest);
        return sml__csv_fail(csv, csv->target, field, problem);
    }
    for (size_t k = 0; k < options->n_classes && used < (int)sizeof problem - 80; k++) {
        used += snprintf(problem + used, sizeof problem - (size_t)used, "%s%.60s",
                         k > 0 ? ", " : "; its classes: ", options->classes[k]);
    }
    return sml__csv_fail(csv, csv->target, field, problem);
}

sml_status sml__csv_new_class(sml__csv *csv, const sml__csv_field *field, uint32_t number)
{
    if (csv->options->classes == NULL) {
        return SML_OK;
    }
    const char *text = sml__dictionary_text(&csv->columns[csv->target].entries, number);
    const size_t class = find_class(csv, text);
    if (class == csv->options->n_classes) {
        return fail_unknown_class(csv, field, text);
    }
    if (number >= csv->class_room) {
        const size_t room = 2 * csv->class_room;
        uint32_t *larger = sml__alloc(csv->ctx, room, sizeof *larger, "classes");
        if (larger == NULL) {
            return SML_NO_MEMORY;
        }
        memcpy(larger, csv->class_of_entry, csv->class_room * sizeof *larger);
        sml__free(csv->class_of_entry);
        csv->class_of_entry = larger;
        csv->class_room = room;
    }
    csv->class_of_entry[number] = (uint32_t) class;
    return SML_OK;
}

/* ------------------------------------------------------------------------ Classes of the file */

typedef struct entry {
    double value; /* where all are numbers, else 0 */
    const char *text;
    size_t number;
} entry;

/* By value, the shortest text of a value first; else bytewise. */
static int compare(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    const size_t m = strlen(a->text), n = strlen(b->text);
    return a->value != 0 && m != n ? (m < n ? -1 : 1) : strcmp(a->text, b->text);
}

static int are_numbers(sml__csv *csv, entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!parse(csv->ctx, entries[i].text, csv->decimal, &entries[i].value)) {
            for (size_t k = 0; k < n; k++) {
                entries[k].value = 0;
            }
            return 0;
        }
    }
    return 1;
}

/* Sorts the texts of the target and numbers its classes: class_of_entry, names[*n_classes]. */
static sml_status sort_classes(sml__csv *csv, const char **names, size_t *n_classes)
{
    const sml__dictionary *texts = &csv->columns[csv->target].entries;
    entry *entries = sml__alloc(csv->ctx, texts->n, sizeof *entries, "classes");
    csv->class_of_entry = sml__alloc(csv->ctx, texts->n, sizeof *csv->class_of_entry, "classes");
    if (entries == NULL || csv->class_of_entry == NULL) {
        sml__free(entries);
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < texts->n; i++) {
        entries[i] = (entry){0, sml__dictionary_text(texts, i), i};
    }
    const int by_value = are_numbers(csv, entries, texts->n);
    qsort(entries, texts->n, sizeof *entries, compare);
    *n_classes = 0;
    for (size_t i = 0; i < texts->n; i++) {
        if (i == 0 || !by_value || entries[i].value != entries[i - 1].value) {
            names[(*n_classes)++] = entries[i].text;
        }
        csv->class_of_entry[entries[i].number] = (uint32_t)*n_classes - 1;
    }
    sml__free(entries);
    return SML_OK;
}

static int compare_floats(const void *left, const void *right)
{
    const float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* Whether numbers look like classes: whole, few, and each in many rows. values[*n], upwards. */
static int look_like_classes(const float *targets, size_t rows, float *values, size_t *n)
{
    *n = 0;
    for (size_t r = 0; r < rows; r++) {
        const float value = targets[r] == 0 ? 0 : targets[r]; /* -0 is 0 */
        size_t k = 0;
        while (k < *n && values[k] != value) {
            k++;
        }
        if (k < *n) {
            continue;
        }
        if (*n == SML__CSV_GUESSED_CLASSES || fabsf(value) > LARGEST_CLASS ||
            value != truncf(value)) {
            return 0;
        }
        values[(*n)++] = value;
    }
    qsort(values, *n, sizeof *values, compare_floats);
    return *n * ROWS_PER_CLASS < rows;
}

/* ------------------------------------------------------------------------ Into the view */

static void label_by_entry(const sml__csv *csv, int32_t *labels)
{
    for (size_t r = 0; r < csv->rows; r++) {
        labels[r] = (int32_t)csv->class_of_entry[(size_t)csv->targets[r]];
    }
}

static void label_by_value(sml__csv *csv, const float *values, size_t n, int32_t *labels,
                           const char **names)
{
    for (size_t r = 0; r < csv->rows; r++) {
        size_t k = 0;
        while (values[k] != csv->targets[r]) {
            k++;
        }
        labels[r] = (int32_t)k;
    }
    for (size_t k = 0; k < n; k++) {
        snprintf(csv->numbers[k], sizeof csv->numbers[k], "%.0f", (double)values[k]);
        names[k] = csv->numbers[k];
    }
}

/* Labels or numbers into block[rows]. */
static sml_status fill_target(sml__csv *csv, sml_data_view *view, void *block, const char **names)
{
    const sml_data_options *options = csv->options;
    float values[SML__CSV_GUESSED_CLASSES];
    size_t n = 0;
    view->labels = block;
    view->task = SML_TASK_CLASSIFICATION;
    view->class_names = names;
    if (csv->columns[csv->target].is_categorical) {
        sml_status status = SML_OK;
        if (options->classes != NULL) {
            n = options->n_classes;
            memcpy(names, options->classes, n * sizeof *names);
        } else {
            status = sort_classes(csv, names, &n);
        }
        if (status == SML_OK) {
            label_by_entry(csv, block);
        }
        view->outputs = n;
        return status;
    }
    if (options->task == SML_TASK_NONE && options->like == NULL &&
        look_like_classes(csv->targets, csv->rows, values, &n)) {
        label_by_value(csv, values, n, block, names);
        view->outputs = n;
        return SML_OK;
    }
    memcpy(block, csv->targets, csv->rows * sizeof(float));
    view->labels = NULL;
    view->targets = block;
    view->class_names = NULL;
    view->task = SML_TASK_REGRESSION;
    view->outputs = 1;
    return SML_OK;
}

static sml_status check_missing(sml__csv *csv)
{
    if (csv->missing_targets == 0) {
        return SML_OK;
    }
    return sml__fail(csv->ctx, SML_BAD_DATA,
                     "%s:%zu: column %zu '%.60s': the target is missing (in %zu of %zu rows); put "
                     "a value, or leave such rows out",
                     csv->path, csv->missing_target_line, csv->target + 1,
                     csv->columns[csv->target].name, csv->missing_targets, csv->rows);
}

static sml_status copy_weights(sml__csv *csv, float *out)
{
    double sum = 0;
    for (size_t r = 0; r < csv->rows; r++) {
        sum += (double)csv->weights[r];
        out[r] = csv->weights[r];
    }
    return sum > 0 ? SML_OK
                   : sml__fail(csv->ctx, SML_BAD_DATA,
                               "%s: column %zu '%.60s': all weights are 0; no row would count",
                               csv->path, csv->weight + 1, csv->columns[csv->weight].name);
}

sml_status sml__csv_finish_target(sml__csv *csv, sml_data_view *view, void **block,
                                  const char ***names)
{
    const sml_data_options *options = csv->options;
    const int weighs = csv->weight < csv->n;
    /* A file for prediction may have the column of the target and leave it empty. */
    const int is_empty = options->like != NULL && csv->missing_targets == csv->rows;
    const int aims = csv->target < csv->n && !is_empty;
    const size_t entries = aims ? csv->columns[csv->target].entries.n : 0;
    if (!aims && !weighs) {
        return SML_OK;
    }
    *block = sml__alloc(csv->ctx, csv->rows, (size_t)(aims + weighs) * sizeof(float), "targets");
    *names = sml__alloc(csv->ctx, entries + options->n_classes + SML__CSV_GUESSED_CLASSES,
                        sizeof **names, "class names");
    if (*block == NULL || *names == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = aims ? check_missing(csv) : SML_OK;
    if (status == SML_OK && aims) {
        status = fill_target(csv, view, *block, *names);
    }
    if (status == SML_OK && weighs) {
        float *weights = (float *)*block + (aims ? csv->rows : 0);
        view->weights = weights;
        status = copy_weights(csv, weights);
    }
    return status;
}
