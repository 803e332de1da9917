#include "table_facts.h"

#include "document.h"
#include "text.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdlib.h>
#include <string.h>

/* Of fewer rows any column may differ in each by chance; whole numbers that are not in order do so
 * more easily than names. */
enum { ROWS_LEAST = 20, ROWS_LEAST_UNORDERED = 100, NAMED_MOST = 6 };

/* A target of at most so many whole numbers is taken for classes in a table, and may be in an
 * array. */
enum { CLASSES_MOST = 20 };

/* Whole numbers beyond it are not all float32: neighbours of a counted column become equal. */
static const float EXACT = 16777216.0F;

/* What one pass over the rows finds of a column of numbers. */
typedef struct column_range {
    uint64_t n;
    float minimum, maximum, last;
    int is_whole, rises, climbs; /* x > the last one; x >= it */
} column_range;

static void take_value(column_range *c, float x)
{
    if (isnan(x)) {
        return;
    }
    if (c->n == 0) {
        *c = (column_range){.minimum = x, .maximum = x, .is_whole = 1, .rises = 1, .climbs = 1};
    } else {
        c->rises = c->rises && x > c->last;
        c->climbs = c->climbs && x >= c->last;
    }
    c->minimum = fminf(c->minimum, x);
    c->maximum = fmaxf(c->maximum, x);
    c->is_whole = c->is_whole && x == floorf(x);
    c->last = x;
    c->n++;
}

static column_range *ranges_of(const sml_dataset *data, size_t rows, size_t columns)
{
    column_range *ranges = allocate(columns, sizeof *ranges);
    float *cells = allocate(columns, sizeof *cells);
    for (size_t r = 0; r < rows; r++) {
        sml_dataset_features(data, r, cells);
        for (size_t c = 0; c < columns; c++) {
            take_value(&ranges[c], cells[c]);
        }
    }
    free(cells);
    return ranges;
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int all_differ(const sml_dataset *data, size_t rows, size_t columns, size_t column)
{
    float *cells = allocate(columns, sizeof *cells), *values = allocate(rows, sizeof *values);
    for (size_t r = 0; r < rows; r++) {
        sml_dataset_features(data, r, cells);
        values[r] = cells[column];
    }
    qsort(values, rows, sizeof *values, compare_floats);
    int differ = 1;
    for (size_t r = 1; r < rows && differ; r++) {
        differ = values[r] > values[r - 1];
    }
    free(values);
    free(cells);
    return differ;
}

static int is_identifier(const sml_dataset *data, const sml_dataset_facts *facts, size_t column,
                         const column_range *range)
{
    const size_t rows = facts->rows;
    if (rows < ROWS_LEAST || range->n < rows || !range->is_whole) {
        return 0;
    }
    if (sml_dataset_category(data, column, 0) != NULL) {
        return sml_dataset_category(data, column, rows - 1) != NULL;
    }
    const double span = (double)range->maximum - (double)range->minimum;
    return range->rises || (range->climbs && range->minimum >= EXACT && span > 0) ||
           (rows >= ROWS_LEAST_UNORDERED && span >= (double)rows - 1 &&
            all_differ(data, rows, facts->columns, column));
}

/* How many whole numbers are all that the target of a regression has; 0: there are others, or more
 * than classes usually are. */
static size_t count_whole_targets(const sml_dataset *data, const sml_dataset_facts *facts)
{
    float found[CLASSES_MOST], target;
    size_t n = 0;
    if (facts->task != SML_TASK_REGRESSION || facts->outputs != 1) {
        return 0;
    }
    for (size_t r = 0; r < facts->rows; r++) {
        size_t k = 0;
        sml_dataset_targets(data, r, &target);
        while (k < n && found[k] != target) {
            k++;
        }
        if (target != floorf(target) || k == CLASSES_MOST) {
            return 0;
        }
        found[k] = target;
        n += k == n;
    }
    return n;
}

int column_is_mixed(const sml_column_facts *facts)
{
    return facts->texts < facts->numbers;
}

void column_tell_mixed(const session *s, const sml_column_facts *facts)
{
    char *text = quoted_for_shell(facts->first_text);
    const short_text quoted = printable(text);
    free(text);
    note(s,
         "column '%s': %s number%s and %s text%s, the first '%s' in line %s, so all its cells are "
         "taken for categories; mend it, or say --missing-value %s, or --categorical '%s'",
         shorten(facts->name, 40).text, format_count(facts->numbers).text,
         facts->numbers == 1 ? "" : "s", format_count(facts->texts).text,
         facts->texts == 1 ? "" : "s", shorten(facts->first_text, 40).text,
         format_count(facts->first_text_line).text, quoted.text, shorten(facts->name, 40).text);
}

/* Columns of a table without a header are called by their place in the file, as --drop takes it. */
static void name_columns(const session *s, const sml_dataset *data, table_look *look)
{
    for (size_t c = 0; c < look->facts.columns; c++) {
        column_look *column = &look->columns[c];
        sml_column_facts facts;
        column->name = sml_dataset_column_name(data, c);
        if (column->name == NULL && sml_dataset_column(s->ctx, data, c, &facts) == SML_OK) {
            column->name = facts.name;
        }
        column->name = column->name != NULL ? column->name : "";
    }
}

/* Of the columns of names: those that are mostly numbers. */
static void look_for_texts(const session *s, const sml_dataset *data, table_look *look)
{
    for (size_t c = 0; c < look->facts.columns; c++) {
        column_look *column = &look->columns[c];
        if (sml_dataset_category(data, c, 0) != NULL &&
            sml_dataset_column(s->ctx, data, c, &column->facts) == SML_OK &&
            column_is_mixed(&column->facts)) {
            column->is_mixed = 1;
            column->is_identifier = 0; /* as text that is mended they are something else */
        }
    }
}

void table_look_at(const session *s, table_look *look, const sml_dataset *data)
{
    const sml_dataset_facts *facts = &look->facts;
    sml_dataset_describe(data, &look->facts);
    look->columns = NULL;
    look->whole_targets = count_whole_targets(data, &look->facts);
    if (facts->target == NULL) {
        return;
    }
    column_range *ranges = ranges_of(data, facts->rows, facts->columns);
    look->columns = allocate(facts->columns, sizeof *look->columns);
    for (size_t c = 0; c < facts->columns; c++) {
        const column_range *range = &ranges[c];
        const int is_one = range->n == facts->rows && range->minimum >= range->maximum;
        const int is_exact = fabsf(range->minimum) <= EXACT;
        look->columns[c] = (column_look){
            .missing = facts->rows - range->n,
            .is_identifier = is_identifier(data, facts, c, range),
            .is_constant = is_one && is_exact,
            .is_rounded = is_one && !is_exact,
        };
    }
    free(ranges);
    name_columns(s, data, look);
    look_for_texts(s, data, look);
}

void table_look_free(table_look *look)
{
    free(look->columns);
}

/* Which columns a list has, and how it names them. */
typedef enum listing { FILLED, IDENTIFIERS, CONSTANTS, ROUNDED } listing;

static int is_listed(const column_look *c, listing what)
{
    const int flags[] = {
        [FILLED] = c->missing > 0,
        [IDENTIFIERS] = c->is_identifier,
        [CONSTANTS] = c->is_constant,
        [ROUNDED] = c->is_rounded,
    };
    return flags[what];
}

static uint64_t count_listed(const table_look *look, listing what)
{
    uint64_t n = 0;
    for (size_t c = 0; c < look->facts.columns; c++) {
        n += is_listed(&look->columns[c], what) ? 1 : 0;
    }
    return n;
}

/* "length 1, petal 2, … 3 more columns"; free it. */
static char *list_filled(const table_look *look)
{
    char *text = NULL;
    size_t length = 0, named = 0;
    const uint64_t all = count_listed(look, FILLED);
    FILE *out = open_memstream(&text, &length);
    for (size_t c = 0; out != NULL && c < look->facts.columns && named < NAMED_MOST; c++) {
        const column_look *column = &look->columns[c];
        if (is_listed(column, FILLED)) {
            fprintf(out, "%s'%s' %s", named > 0 ? ", " : "", shorten(column->name, 40).text,
                    format_count(column->missing).text);
            named++;
        }
    }
    if (out != NULL && all > named) {
        fprintf(out, " and %s more columns", format_count(all - named).text);
    }
    return out != NULL && fclose(out) == 0 ? text : NULL;
}

/* "id,name" as a shell reads it; free it. */
static char *list_to_drop(const table_look *look, listing what)
{
    char *text = NULL, *quoted = NULL;
    size_t length = 0, named = 0;
    FILE *out = open_memstream(&text, &length);
    for (size_t c = 0; out != NULL && c < look->facts.columns; c++) {
        if (is_listed(&look->columns[c], what)) {
            fprintf(out, "%s%s", named++ > 0 ? "," : "", look->columns[c].name);
        }
    }
    if (out != NULL && fclose(out) == 0) {
        quoted = quoted_for_shell(text);
    }
    free(text);
    return quoted;
}

static void tell_to_drop(const session *s, const table_look *look, listing what)
{
    const uint64_t n = count_listed(look, what);
    if (n == 0) {
        return;
    }
    char *columns = list_to_drop(look, what);
    const char *one = "1 column has the same value in every row";
    const char *many = "columns have the same value in every row";
    if (what == IDENTIFIERS) {
        one = "1 column looks like an identifier, with another value in every row";
        many = "columns look like identifiers, with another value in every row";
    }
    if (what == ROUNDED) {
        one = "1 column has one number in every row as float32, which holds whole numbers up to "
              "16,777,216; subtract a constant from it, or";
        many = "columns have one number in every row as float32, which holds whole numbers up to "
               "16,777,216; subtract a constant from them, or";
    }
    note(s, "%s%s%s: --drop %s", n == 1 ? "" : format_count(n).text, n == 1 ? "" : " ",
         n == 1 ? one : many, columns != NULL ? columns : "");
    free(columns);
}

static void tell_filled(const session *s, const table_look *look, const sml_model *model)
{
    uint64_t cells = 0;
    for (size_t c = 0; c < look->facts.columns; c++) {
        cells += look->columns[c].missing;
    }
    const char *how = sml_model_get(model, "missing");
    if (cells == 0 || how == NULL || strcmp(how, "refuse") == 0) {
        return;
    }
    char *columns = list_filled(look);
    note(s, "%s cell%s without a value %s filled (--missing %s): %s", format_count(cells).text,
         cells == 1 ? "" : "s", cells == 1 ? "is" : "are", how, columns != NULL ? columns : "");
    free(columns);
}

/* Whether a fit on the table will; one that goes on from a fitted model keeps what that does. */
static int scales_targets(const table_look *look, const sml_model *model)
{
    double shift, factor;
    const char *how = sml_model_get(model, "target_scaling");
    if (sml_model_outputs(model) > 0) {
        return sml_model_target_scale(NULL, model, 0, &shift, &factor) == SML_OK;
    }
    return look->facts.task == SML_TASK_REGRESSION && how != NULL && strcmp(how, "none") != 0;
}

static int is_known_by_name(const char *name)
{
    const sml_catalog_entry *entry = NULL;
    size_t i = 0;
    while ((entry = sml_catalog(i)) != NULL && strcmp(entry->name, name) != 0) {
        i++;
    }
    return entry != NULL;
}

/* What was made of a file that is no table: its type of number decides between classes and numbers,
 * which a person need not have meant. */
static void tell_task(const session *s, const table_look *look, int is_new)
{
    const sml_dataset_facts *f = &look->facts;
    if (f->task == SML_TASK_NONE || is_known_by_name(f->name)) {
        return;
    }
    const int is_regression = f->task == SML_TASK_REGRESSION;
    note(s, "%s: %s rows: %s, %s %s%s", f->name, format_count(f->rows).text, sml_task_name(f->task),
         format_count(f->outputs).text,
         is_regression ? "target" : (f->task == SML_TASK_CLASSIFICATION ? "class" : "label"),
         f->outputs == 1 ? "" : (f->task == SML_TASK_CLASSIFICATION ? "es" : "s"));
    if (is_new && look->whole_targets > 1 && !option_given(&s->options, "task")) {
        note(s,
             "%s: its targets are floats, but only %zu different whole numbers; if they are "
             "classes, say --task classification",
             f->name, look->whole_targets);
    }
}

void table_look_tell(const session *s, const table_look *look, const sml_model *model, int is_new)
{
    const sml_dataset_facts *f = &look->facts;
    if (look->columns == NULL) {
        tell_task(s, look, is_new);
        return;
    }
    if (f->task == SML_TASK_CLASSIFICATION) {
        note(s, "%s: %s, target '%s': classification, %s", f->name, counted(f->rows, "row").text,
             f->target, counted(f->outputs, "class").text);
    } else {
        const char *scaled = ", trained as (y - mean) / deviation: losses are of that, MSE, MAE "
                             "and predictions of y";
        note(s, "%s: %s, target '%s': %s%s", f->name, counted(f->rows, "row").text, f->target,
             sml_task_name(f->task), scales_targets(look, model) ? scaled : "");
    }
    tell_filled(s, look, model);
    for (size_t c = 0; c < f->columns && is_new; c++) {
        if (look->columns[c].is_mixed) {
            column_tell_mixed(s, &look->columns[c].facts);
        }
    }
    if (is_new) {
        tell_to_drop(s, look, IDENTIFIERS);
        tell_to_drop(s, look, CONSTANTS);
        tell_to_drop(s, look, ROUNDED);
    }
}

static json_t *names_document(const table_look *look, listing what)
{
    json_t *names = json_array();
    for (size_t c = 0; c < look->facts.columns; c++) {
        if (is_listed(&look->columns[c], what)) {
            document_append(names, json_text(look->columns[c].name));
        }
    }
    return names;
}

static json_t *mixed_document(const table_look *look)
{
    json_t *mixed = json_array();
    for (size_t c = 0; c < look->facts.columns; c++) {
        const sml_column_facts *facts = &look->columns[c].facts;
        if (look->columns[c].is_mixed) {
            json_t *row = json_object();
            document_set(row, "column", json_text(facts->name));
            document_set(row, "numbers", json_count(facts->numbers));
            document_set(row, "texts", json_count(facts->texts));
            document_set(row, "first_text", json_text(facts->first_text));
            document_set(row, "line", json_count(facts->first_text_line));
            document_append(mixed, row);
        }
    }
    return mixed;
}

json_t *table_look_document(const table_look *look)
{
    if (look->columns == NULL) {
        return json_null();
    }
    json_t *document = json_object(), *missing = json_array();
    for (size_t c = 0; c < look->facts.columns; c++) {
        if (is_listed(&look->columns[c], FILLED)) {
            json_t *row = json_object();
            document_set(row, "column", json_text(look->columns[c].name));
            document_set(row, "cells", json_count(look->columns[c].missing));
            document_append(missing, row);
        }
    }
    const int has_classes = look->facts.task == SML_TASK_CLASSIFICATION;
    document_set(document, "rows", json_count(look->facts.rows));
    document_set(document, "target", json_text(look->facts.target));
    document_set(document, "task", json_text(sml_task_name(look->facts.task)));
    document_set(document, "classes", has_classes ? json_count(look->facts.outputs) : json_null());
    document_set(document, "filled", missing);
    document_set(document, "mixed", mixed_document(look));
    document_set(document, "identifiers", names_document(look, IDENTIFIERS));
    document_set(document, "constant", names_document(look, CONSTANTS));
    document_set(document, "rounded", names_document(look, ROUNDED));
    return document;
}
