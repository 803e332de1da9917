/* scratchml data info: what is in the parts of a data set, and what to beware of. */
#include "command.h"
#include "data_options.h"
#include "document.h"
#include "table.h"
#include "table_facts.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row *const options_of_info[] = {
    DATA_OPTIONS,  &option_json, &option_seed, &option_threads, &option_data_dir, &option_color,
    &option_quiet, &option_help, NULL,
};

/* Columns that are told one by one: of a table all in JSON and so many as text, of bare numbers
 * only where they are few. */
enum { COLUMNS_AS_TEXT = 40, NAMELESS_COLUMNS = 32, CATEGORIES_AS_TEXT = 12 };

/* |mean| / deviation from which float32 no longer holds a column's differences well: of seven
 * digits four are the same in all rows. */
static const double FAR_FROM_ZERO = 1e4;

/* Beyond it float32 does not hold every whole number, so different ones may have become equal. */
static const double EXACT = 16777216;

typedef struct part {
    sml_dataset *data;
    sml_dataset_facts facts;
    sml_data_profile profile;
    uint64_t shared;  /* rows that are in the first part, too */
    uint64_t *labels; /* [outputs] rows that have each label, multi-label; otherwise NULL */
    char sha256[65];
} part;

typedef struct info {
    const session *s;
    part parts[2];
    size_t n;                  /* parts */
    sml_column_facts *columns; /* [n_columns], of the first part */
    size_t n_columns;          /* 0: they are not told one by one */
} info;

/* Of a number to predict. */
typedef struct target_facts {
    double minimum, maximum, mean, deviation;
} target_facts;

static void count_labels(part *p)
{
    if (p->facts.task != SML_TASK_MULTILABEL) {
        return;
    }
    float *targets = allocate(p->facts.outputs, sizeof *targets);
    p->labels = allocate(p->facts.outputs, sizeof *p->labels);
    for (size_t row = 0; row < p->facts.rows; row++) {
        sml_dataset_targets(p->data, row, targets);
        for (size_t k = 0; k < p->facts.outputs; k++) {
            p->labels[k] += targets[k] >= 0.5f;
        }
    }
    free(targets);
}

static int open_part(info *i, const char *split)
{
    part *p = &i->parts[i->n++];
    int code = open_data(i->s, i->s->options.operands[0], split, NULL, &p->data);
    if (code == 0) {
        sml_dataset_describe(p->data, &p->facts);
        count_labels(p);
        code = sml_dataset_sha256(i->s->ctx, p->data, p->sha256) == SML_OK ? 0 : fail_library(i->s);
    }
    return code;
}

/* Looks at all rows; the first part also for those of the second one. */
static int profile_parts(info *i)
{
    part *first = &i->parts[0], *second = i->n == 2 ? &i->parts[1] : NULL;
    const int comparable = second != NULL && second->facts.columns == first->facts.columns;
    sml_status status = sml_dataset_profile(i->s->ctx, first->data,
                                            comparable ? second->data : NULL, &first->profile);
    if (status == SML_OK && second != NULL) {
        second->shared = first->profile.shared_rows;
        status = sml_dataset_profile(i->s->ctx, second->data, NULL, &second->profile);
    }
    return status == SML_OK ? 0 : fail_library(i->s);
}

static int look_at_columns(info *i)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    const int is_table = f->has_column_names || f->n_categorical > 0;
    if (f->height > 0 || (!is_table && f->columns > NAMELESS_COLUMNS)) {
        return 0;
    }
    i->n_columns = f->columns;
    i->columns = allocate(f->columns, sizeof *i->columns);
    for (size_t c = 0; c < i->n_columns; c++) {
        if (sml_dataset_column(i->s->ctx, i->parts[0].data, c, &i->columns[c]) != SML_OK) {
            return fail_library(i->s);
        }
    }
    return 0;
}

static int has_classes(const sml_dataset_facts *f)
{
    return f->task == SML_TASK_CLASSIFICATION || f->task == SML_TASK_MULTILABEL;
}

static uint64_t count_of(const part *p, size_t k)
{
    return p->labels != NULL ? p->labels[k] : p->profile.class_counts[k];
}

static double share_of(const part *p, size_t k)
{
    return (double)count_of(p, k) / (double)p->facts.rows;
}

/* Of one. */
static const char *outputs_name(const sml_dataset_facts *f)
{
    if (f->task == SML_TASK_REGRESSION) {
        return "target";
    }
    return f->task == SML_TASK_CLASSIFICATION ? "class" : "label";
}

static const char *storage_name(const sml_dataset_facts *f)
{
    if (f->is_compressed) {
        return "float32, rows compressed";
    }
    return f->stored_as_bytes ? "bytes" : "float32";
}

static void print_heading(const sml_dataset_facts *f, const terminal *out)
{
    const short_text name = printable(f->name);
    char pictures[96] = "", targets[96] = "", base[32] = "", text[400];
    if (f->height > 0) {
        snprintf(pictures, sizeof pictures, " (%zu %s %zu pictures)", f->height, sign("×"),
                 f->width);
    }
    if (f->task != SML_TASK_NONE) {
        snprintf(targets, sizeof targets, ", %.80s", counted(f->outputs, outputs_name(f)).text);
    }
    if (f->index_base != SML_INDEX_AUTO) {
        snprintf(base, sizeof base, ", indices from %d", f->index_base == SML_INDEX_FROM_1);
    }
    snprintf(text, sizeof text, "%s, %s column%s%s%s, stored as %s%s%s",
             f->task == SML_TASK_NONE ? "no targets" : sml_task_name(f->task),
             format_count(f->columns).text, f->columns == 1 ? "" : "s", pictures, targets,
             storage_name(f), base, f->has_weights ? ", rows have weights" : "");
    printf("%s%s%s: ", style_on(out, STYLE_BOLD), name.text, style_off(out, STYLE_BOLD));
    print_wrapped(text, text_width(name.text) + 2, 2, text_room(out));
}

/* "no missing values", "1 row also in train": bold where there are some, since a person must know.
 */
static void print_count(uint64_t count, const char *noun, const char *more, const terminal *out)
{
    const style look = count > 0 ? STYLE_BOLD : STYLE_PLAIN;
    printf("%s%s %s%s%s%s", style_on(out, look), count > 0 ? format_count(count).text : "no", noun,
           count == 1 ? "" : "s", more, style_off(out, look));
}

static int may_be_rounded(double minimum, double maximum)
{
    return fmax(fabs(minimum), fabs(maximum)) > EXACT;
}

static void print_part(const info *i, const part *p, const terminal *out)
{
    const sml_dataset_facts *f = &p->facts;
    const char *dot = sign("·");
    printf("\n%s: %s", f->split[0] != '\0' ? f->split : "all", counted(f->rows, "row").text);
    /* Columns of a table have units of their own: one range over all of them says nothing. */
    if (!f->has_column_names) {
        printf(", values %g%s%g", p->profile.minimum, sign("…"), p->profile.maximum);
    }
    printf(", %s not zero\n", format_percent(p->profile.density).text);
    fputs("  ", stdout);
    print_count(p->profile.missing, "missing value", "", out);
    printf(" %s ", dot);
    const int is_rounded = may_be_rounded(p->profile.minimum, p->profile.maximum);
    const uint64_t twins = p->profile.duplicate_rows;
    print_count(twins, "duplicate row", is_rounded && twins > 0 ? " as float32" : "", out);
    if (p != &i->parts[0]) {
        printf(" %s ", dot);
        print_count(p->shared, "row", " also in train", out);
    }
    printf("\n  sha256 %s\n", p->sha256);
}

static void print_class_counts(const info *i, const terminal *out)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    table *t = table_create(1 + 2 * i->n, "lr");
    table_cell(t, f->task == SML_TASK_MULTILABEL ? "label" : "class");
    for (size_t p = 0; p < i->n; p++) {
        const char *split = i->parts[p].facts.split;
        table_cell(t, "%s", split[0] != '\0' ? split : "rows");
        table_cell(t, "share");
    }
    for (size_t k = 0; k < f->outputs; k++) {
        table_cell(t, "%s", printable(sml_dataset_class_name(i->parts[0].data, k)).text);
        for (size_t p = 0; p < i->n; p++) {
            table_cell(t, "%s", format_count(count_of(&i->parts[p], k)).text);
            table_cell(t, "%s", format_percent(share_of(&i->parts[p], k)).text);
            table_style(t, STYLE_DIM);
        }
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

/* "4.3…7.9", or the first categories in the order of their numbers. */
static void values_cell(const info *i, size_t column, table *t)
{
    const sml_column_facts *c = &i->columns[column];
    if (!c->is_categorical) {
        const short_text low = format_value(c->minimum), high = format_value(c->maximum);
        if (isnan(c->minimum)) {
            table_cell(t, "none");
        } else if (c->minimum < c->maximum) {
            table_cell(t, "%s%s%s", low.text, sign("…"), high.text);
        } else {
            const int is_rounded = may_be_rounded(c->minimum, c->maximum);
            table_cell(t, "%s in every row%s", low.text, is_rounded ? " as float32" : "");
        }
        return;
    }
    char list[400];
    size_t used = 0;
    list[0] = '\0';
    for (size_t k = 0; k < c->n_categories && k < CATEGORIES_AS_TEXT; k++) {
        const char *name = sml_dataset_category(i->parts[0].data, column, k);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "",
                                 shorten(name, 24).text);
    }
    table_cell(t, "%s%s", list, c->n_categories > CATEGORIES_AS_TEXT ? sign("…") : "");
}

static short_text column_name(const info *i, size_t column)
{
    const char *name = i->columns[column].name;
    return name != NULL ? printable(name) : format_count(column + 1);
}

static void column_row(const info *i, size_t column, table *t)
{
    const sml_column_facts *c = &i->columns[column];
    table_cell(t, "%s", column_name(i, column).text);
    if (c->is_categorical) {
        table_cell(t, "%s categor%s", format_count(c->n_categories).text,
                   c->n_categories == 1 ? "y" : "ies");
    } else {
        table_cell(t, "%s", c->is_integer ? "whole numbers" : "numbers");
    }
    table_cell(t, "%s", format_count(c->missing).text);
    table_style(t, c->missing > 0 ? STYLE_BOLD : STYLE_DIM);
    if (c->is_categorical || isnan(c->mean)) {
        table_cell(t, "%s", "");
        table_cell(t, "%s", "");
    } else {
        table_cell(t, "%.4g", c->mean);
        table_cell(t, "%.4g", c->deviation);
    }
    values_cell(i, column, t);
}

static void print_columns(const info *i, const terminal *out)
{
    static const char *const headings[] = {"column", "kind", "missing", "mean", "sd", "values"};
    if (i->n_columns == 0) {
        return;
    }
    const size_t shown = i->n_columns < COLUMNS_AS_TEXT ? i->n_columns : COLUMNS_AS_TEXT;
    table *t = table_create(6, "llrrrl");
    for (size_t h = 0; h < 6; h++) {
        table_cell(t, "%s", headings[h]);
    }
    for (size_t c = 0; c < shown; c++) {
        column_row(i, c, t);
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
    if (shown < i->n_columns) {
        printf("and %s more columns; --json tells all of them\n",
               format_count(i->n_columns - shown).text);
    }
}

/* Mean and the like of each target, of all rows of the first part; [outputs], to free. */
static target_facts *look_at_targets(const part *p)
{
    const size_t n = p->facts.outputs, rows = p->facts.rows;
    target_facts *found = allocate(n, sizeof *found);
    float *targets = allocate(n, sizeof *targets);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t r = 0; r < rows; r++) {
            sml_dataset_targets(p->data, r, targets);
            for (size_t k = 0; k < n; k++) {
                const double y = (double)targets[k], d = y - found[k].mean / (double)rows;
                target_facts *f = &found[k];
                f->minimum = r == 0 || y < f->minimum ? y : f->minimum;
                f->maximum = r == 0 || y > f->maximum ? y : f->maximum;
                f->mean += pass == 0 ? y : 0;
                f->deviation += pass == 1 ? d * d : 0;
            }
        }
    }
    for (size_t k = 0; k < n; k++) {
        found[k].mean /= (double)rows;
        found[k].deviation = sqrt(found[k].deviation / (double)rows);
    }
    free(targets);
    return found;
}

static void print_targets(const info *i, const terminal *out)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    const size_t shown = f->outputs < COLUMNS_AS_TEXT ? f->outputs : COLUMNS_AS_TEXT;
    target_facts *found = look_at_targets(&i->parts[0]);
    table *t = table_create(4, "lrrl");
    table_cell(t, "target");
    table_cell(t, "mean");
    table_cell(t, "sd");
    table_cell(t, "values");
    for (size_t k = 0; k < shown; k++) {
        table_cell(t, "%s",
                   f->target != NULL ? printable(f->target).text : format_count(k + 1).text);
        table_cell(t, "%.4g", found[k].mean);
        table_cell(t, "%.4g", found[k].deviation);
        table_cell(t, "%s%s%s", format_value(found[k].minimum).text, sign("…"),
                   format_value(found[k].maximum).text);
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
    free(found);
    if (shown < f->outputs) {
        printf("and %s more; --json tells all of them\n", format_count(f->outputs - shown).text);
    }
}

static json_t *targets_document(const info *i)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    json_t *all = json_array();
    if (f->task != SML_TASK_REGRESSION) {
        return all;
    }
    target_facts *found = look_at_targets(&i->parts[0]);
    for (size_t k = 0; k < f->outputs; k++) {
        json_t *row = json_object();
        document_set(row, "name", f->target != NULL ? json_text(f->target) : json_null());
        document_set(row, "minimum", json_figure(found[k].minimum));
        document_set(row, "maximum", json_figure(found[k].maximum));
        document_set(row, "mean", json_figure(found[k].mean));
        document_set(row, "deviation", json_figure(found[k].deviation));
        document_append(all, row);
    }
    free(found);
    return all;
}

/* Text among numbers; what float32 cannot hold well. */
static void warn(const info *i)
{
    for (size_t c = 0; c < i->n_columns; c++) {
        const sml_column_facts *facts = &i->columns[c];
        if (column_is_mixed(facts)) {
            column_tell_mixed(i->s, facts);
        }
        if (!facts->is_categorical && facts->deviation > 0 &&
            fabs(facts->mean) > FAR_FROM_ZERO * facts->deviation) {
            note(i->s,
                 "column '%s': its mean is %.1e times its deviation, so float32 keeps few digits "
                 "of what differs; subtract a constant from it first",
                 column_name(i, c).text, fabs(facts->mean) / facts->deviation);
        } else if (!facts->is_categorical && facts->deviation <= 0 &&
                   may_be_rounded(facts->minimum, facts->maximum)) {
            note(i->s,
                 "column '%s': float32 holds whole numbers up to 16,777,216, so it has one number "
                 "in every row here, whatever the file says; subtract a constant from it first",
                 column_name(i, c).text);
        }
    }
}

static void print_text(const info *i, const terminal *out)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    print_heading(f, out);
    for (size_t p = 0; p < i->n; p++) {
        print_part(i, &i->parts[p], out);
    }
    if (has_classes(f)) {
        print_class_counts(i, out);
    } else if (f->task == SML_TASK_REGRESSION) {
        print_targets(i, out);
    }
    print_columns(i, out);
}

static json_t *part_document(const info *i, const part *p)
{
    json_t *document = json_object(), *classes = json_array();
    for (size_t k = 0; k < p->facts.outputs && has_classes(&p->facts); k++) {
        json_t *row = json_object();
        document_set(row, "name", json_text(sml_dataset_class_name(p->data, k)));
        document_set(row, "count", json_count(count_of(p, k)));
        document_set(row, "share", json_figure(share_of(p, k)));
        document_append(classes, row);
    }
    document_set(document, "rows", json_count(p->facts.rows));
    document_set(document, "minimum", json_figure(p->profile.minimum));
    document_set(document, "maximum", json_figure(p->profile.maximum));
    document_set(document, "density", json_figure(p->profile.density));
    document_set(document, "missing", json_count(p->profile.missing));
    document_set(document, "duplicate_rows", json_count(p->profile.duplicate_rows));
    document_set(document, "may_be_rounded",
                 json_boolean(may_be_rounded(p->profile.minimum, p->profile.maximum)));
    if (p != &i->parts[0]) {
        document_set(document, "rows_of_train", json_count(p->shared));
    }
    document_set(document, "sha256", json_text(p->sha256));
    document_set(document, "classes", classes);
    return document;
}

static json_t *column_document(const info *i, size_t column)
{
    const sml_column_facts *c = &i->columns[column];
    json_t *document = json_object();
    document_set(document, "name", c->name != NULL ? json_text(c->name) : json_null());
    document_set(document, "kind", json_text(c->is_categorical ? "category" : "number"));
    document_set(document, "missing", json_count(c->missing));
    if (c->is_categorical) {
        json_t *categories = json_array();
        for (size_t k = 0; k < c->n_categories; k++) {
            document_append(categories,
                            json_text(sml_dataset_category(i->parts[0].data, column, k)));
        }
        document_set(document, "categories", categories);
        document_set(document, "numbers", json_count(c->numbers));
        document_set(document, "texts", json_count(c->texts));
        return document;
    }
    document_set(document, "whole", json_boolean(c->is_integer));
    document_set(document, "minimum", json_figure(c->minimum));
    document_set(document, "maximum", json_figure(c->maximum));
    document_set(document, "mean", json_figure(c->mean));
    document_set(document, "deviation", json_figure(c->deviation));
    return document;
}

static void print_json(const info *i)
{
    const sml_dataset_facts *f = &i->parts[0].facts;
    json_t *document = json_object(), *splits = json_object(), *columns = json_array();
    for (size_t p = 0; p < i->n; p++) {
        const char *split = i->parts[p].facts.split;
        document_set(splits, split[0] != '\0' ? split : "all", part_document(i, &i->parts[p]));
    }
    for (size_t c = 0; c < i->n_columns; c++) {
        document_append(columns, column_document(i, c));
    }
    document_set(document, "name", json_text(f->name));
    document_set(document, "task", json_text(sml_task_name(f->task)));
    document_set(document, "columns", json_count(f->columns));
    document_set(document, "outputs", json_count(f->outputs));
    document_set(document, "height", json_count(f->height));
    document_set(document, "width", json_count(f->width));
    document_set(document, "stored_as",
                 json_text(f->is_compressed ? "csr" : (f->stored_as_bytes ? "bytes" : "float32")));
    document_set(document, "index_base", json_index_base(f->index_base));
    document_set(document, "weights", json_boolean(f->has_weights));
    document_set(document, "splits", splits);
    document_set(document, "column_facts", columns);
    document_set(document, "target_facts", targets_document(i));
    print_document(document);
}

static int look(info *i)
{
    int code = open_part(i, "train");
    /* A single file has no test part. */
    if (code == 0 && i->parts[0].facts.split[0] != '\0') {
        code = open_part(i, "test");
    }
    code = code == 0 ? profile_parts(i) : code;
    return code == 0 ? look_at_columns(i) : code;
}

static int run(session *s)
{
    info i = {.s = s};
    const int code = look(&i);
    if (code == 0 && s->json) {
        print_json(&i);
    } else if (code == 0) {
        print_text(&i, &s->out);
    }
    if (code == 0) {
        warn(&i);
    }
    for (size_t p = 0; p < 2; p++) {
        sml_data_profile_clear(&i.parts[p].profile);
        free(i.parts[p].labels);
        sml_dataset_free(i.parts[p].data);
    }
    free(i.columns);
    return code;
}

const command command_data_info = {
    .name = "data info",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .help = "Print rows, classes, columns, duplicates and SHA-256 of the parts of a data set",
    .options = options_of_info,
    .run = run,
    .notes = "Rows are equal where all features are; their targets do not matter. Rows of the\n"
             "test part that are in the train part make a test score too good.\n"
             "\n"
             "Example:\n"
             "  scratchml data info table.csv --target species --json\n",
};
