/* scratchml data list, info and fetch: which data sets there are, and what is in them. */
#include "command.h"
#include "data_options.h"
#include "document.h"
#include "interrupt.h"
#include "table.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row *const options_of_list[] = {
    &option_json, &option_threads, &option_data_dir, &option_color, &option_quiet, &option_help,
    NULL,
};

static const option_row *const options_of_info[] = {
    DATA_OPTIONS,  &option_json, &option_seed, &option_threads, &option_data_dir, &option_color,
    &option_quiet, &option_help, NULL,
};

static void list_text(const terminal *out)
{
    enum { INDENT = 16 };
    size_t width = text_room(out);
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        int padding = INDENT - 2 - (int)strlen(entry->name);
        printf("%s%s%s%*s  ", style_on(out, STYLE_BOLD), entry->name, style_off(out, STYLE_BOLD),
               padding, "");
        print_wrapped(entry->help, INDENT, INDENT, width);
        printf("%*s%s", INDENT, "", style_on(out, STYLE_DIM));
        print_wrapped(entry->source, INDENT, INDENT, width);
        fputs(style_off(out, STYLE_DIM), stdout);
    }
}

static void list_json(void)
{
    json_t *document = json_array();
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        json_t *row = json_object();
        document_set(row, "name", json_text(entry->name));
        document_set(row, "source", json_text(entry->source));
        document_set(row, "help", json_text(entry->help));
        document_append(document, row);
    }
    print_document(document);
}

static int run_list(session *s)
{
    if (s->json) {
        list_json();
    } else {
        list_text(&s->out);
    }
    return EXIT_DONE;
}

static int run_fetch(session *s)
{
    const char *name = s->options.operands[0];
    interrupt_watch();
    sml_status status = sml_dataset_fetch(s->ctx, name);
    if (status != SML_OK && interrupt_arrived()) {
        fail(s->program, "interrupted; nothing was kept");
        return EXIT_INTERRUPTED;
    }
    if (status != SML_OK) {
        return fail_library(s);
    }
    if (s->json) {
        json_t *document = json_object();
        document_set(document, "name", json_text(name));
        document_set(document, "data_dir", json_text(sml_ctx_data_dir(s->ctx)));
        print_document(document);
    } else {
        printf("%s is ready (data folder: ", printable(name).text);
        print_safe(stdout, sml_ctx_data_dir(s->ctx));
        puts(")");
    }
    return EXIT_DONE;
}

/* What a pass over all rows of a part finds. */
typedef struct part {
    const char *split; /* as it was asked for */
    sml_dataset *data;
    sml_dataset_facts facts;
    float minimum, maximum;
    double density;   /* share of values that are not zero */
    uint64_t *counts; /* [outputs] rows of each class, or rows that have each label */
    char sha256[65];
} part;

static void count_targets(part *p, size_t row, float *targets)
{
    if (p->facts.task == SML_TASK_CLASSIFICATION) {
        p->counts[sml_dataset_label(p->data, row)]++;
    } else if (p->facts.task == SML_TASK_MULTILABEL) {
        sml_dataset_targets(p->data, row, targets);
        for (size_t k = 0; k < p->facts.outputs; k++) {
            p->counts[k] += targets[k] >= 0.5f;
        }
    }
}

static void measure(part *p)
{
    size_t columns = p->facts.columns;
    float *values = allocate(columns, sizeof *values);
    float *targets = allocate(p->facts.outputs, sizeof *targets);
    uint64_t nonzero = 0;
    p->counts = allocate(p->facts.outputs, sizeof *p->counts);
    p->minimum = INFINITY;
    p->maximum = -INFINITY;
    for (size_t row = 0; row < p->facts.rows; row++) {
        sml_dataset_features(p->data, row, values);
        for (size_t i = 0; i < columns; i++) {
            nonzero += values[i] != 0;
            p->minimum = values[i] < p->minimum ? values[i] : p->minimum;
            p->maximum = values[i] > p->maximum ? values[i] : p->maximum;
        }
        count_targets(p, row, targets);
    }
    p->density = (double)nonzero / ((double)columns * (double)p->facts.rows);
    free(targets);
    free(values);
}

static int open_part(const session *s, part *p, const char *split)
{
    p->split = split;
    int code = open_data(s, s->options.operands[0], split, NULL, &p->data);
    if (code != 0) {
        return code;
    }
    sml_dataset_describe(p->data, &p->facts);
    measure(p);
    return sml_dataset_sha256(s->ctx, p->data, p->sha256) == SML_OK ? 0 : fail_library(s);
}

static void print_part(const part *p)
{
    const sml_dataset_facts *f = &p->facts;
    printf("\n%s: %s rows, values %g%s%g, %s not zero\n", f->split[0] != '\0' ? f->split : "all",
           format_count(f->rows).text, (double)p->minimum, sign("…"), (double)p->maximum,
           format_percent(p->density).text);
    printf("  sha256 %s\n", p->sha256);
}

static void print_class_counts(const part *parts, size_t n, const terminal *out)
{
    const sml_dataset_facts *f = &parts[0].facts;
    table *t = table_create(1 + n, "lr");
    table_cell(t, f->task == SML_TASK_MULTILABEL ? "label" : "class");
    for (size_t i = 0; i < n; i++) {
        table_cell(t, "%s", parts[i].facts.split[0] != '\0' ? parts[i].facts.split : "rows");
    }
    for (size_t k = 0; k < f->outputs; k++) {
        table_cell(t, "%s", printable(sml_dataset_class_name(parts[0].data, k)).text);
        for (size_t i = 0; i < n; i++) {
            table_cell(t, "%s", format_count(parts[i].counts[k]).text);
        }
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

static int has_classes(const sml_dataset_facts *f)
{
    return f->task == SML_TASK_CLASSIFICATION || f->task == SML_TASK_MULTILABEL;
}

static const char *outputs_name(const sml_dataset_facts *f)
{
    if (f->task == SML_TASK_REGRESSION) {
        return f->outputs == 1 ? "target" : "targets";
    }
    return f->task == SML_TASK_CLASSIFICATION ? "classes" : "labels";
}

static void print_text(const part *parts, size_t n, const terminal *out)
{
    const sml_dataset_facts *f = &parts[0].facts;
    printf("%s%s%s: %s, %s column%s", style_on(out, STYLE_BOLD), printable(f->name).text,
           style_off(out, STYLE_BOLD),
           f->task == SML_TASK_NONE ? "no targets" : sml_task_name(f->task),
           format_count(f->columns).text, f->columns == 1 ? "" : "s");
    if (f->height > 0) {
        printf(" (%zu %s %zu pictures)", f->height, sign("×"), f->width);
    }
    if (f->task != SML_TASK_NONE) {
        printf(", %s %s", format_count(f->outputs).text, outputs_name(f));
    }
    printf(", stored as %s\n", f->stored_as_bytes ? "bytes" : "float32");
    for (size_t i = 0; i < n; i++) {
        print_part(&parts[i]);
    }
    if (has_classes(f)) {
        print_class_counts(parts, n, out);
    }
}

static json_t *part_document(const part *p)
{
    json_t *document = json_object(), *classes = json_array();
    for (size_t k = 0; k < p->facts.outputs && has_classes(&p->facts); k++) {
        json_t *row = json_object();
        document_set(row, "name", json_text(sml_dataset_class_name(p->data, k)));
        document_set(row, "count", json_count(p->counts[k]));
        document_append(classes, row);
    }
    document_set(document, "rows", json_count(p->facts.rows));
    document_set(document, "minimum", json_figure((double)p->minimum));
    document_set(document, "maximum", json_figure((double)p->maximum));
    document_set(document, "density", json_figure(p->density));
    document_set(document, "sha256", json_text(p->sha256));
    document_set(document, "classes", classes);
    return document;
}

static void print_json(const part *parts, size_t n)
{
    const sml_dataset_facts *f = &parts[0].facts;
    json_t *document = json_object(), *splits = json_object();
    for (size_t i = 0; i < n; i++) {
        const char *split = parts[i].facts.split;
        document_set(splits, split[0] != '\0' ? split : "all", part_document(&parts[i]));
    }
    document_set(document, "name", json_text(f->name));
    document_set(document, "task", json_text(sml_task_name(f->task)));
    document_set(document, "columns", json_count(f->columns));
    document_set(document, "outputs", json_count(f->outputs));
    document_set(document, "height", json_count(f->height));
    document_set(document, "width", json_count(f->width));
    document_set(document, "stored_as", json_text(f->stored_as_bytes ? "bytes" : "float32"));
    document_set(document, "splits", splits);
    print_document(document);
}

static int run_info(session *s)
{
    part parts[2] = {0};
    size_t n = 1;
    int code = open_part(s, &parts[0], "train");
    /* A single file has no test part. */
    if (code == 0 && parts[0].facts.split[0] != '\0') {
        code = open_part(s, &parts[1], "test");
        n = 2;
    }
    if (code == 0 && s->json) {
        print_json(parts, n);
    } else if (code == 0) {
        print_text(parts, n, &s->out);
    }
    for (size_t i = 0; i < 2; i++) {
        free(parts[i].counts);
        sml_dataset_free(parts[i].data);
    }
    return code;
}

const command command_data_list = {
    .name = "data list",
    .operands = "",
    .help = "List the data sets known by name",
    .options = options_of_list,
    .run = run_list,
};

const command command_data_info = {
    .name = "data info",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .help = "Print rows, classes, value range and SHA-256 of the parts of a data set",
    .options = options_of_info,
    .run = run_info,
};

const command command_data_fetch = {
    .name = "data fetch",
    .operands = "NAME",
    .least = 1,
    .most = 1,
    .help = "Fetch a data set of the list and verify it; do nothing when it is there",
    .options = options_of_list,
    .run = run_fetch,
};
