/* A report as text and as JSON. */
#include "report.h"

#include "table.h"

#include <stdio.h>

/* The first classes that fit side by side, with two columns between neighbours. */
static size_t classes_that_fit(const report *r, const terminal *out)
{
    uint64_t largest = r->outputs - 1;
    size_t heading = text_width("true");
    for (size_t i = 0; i < r->outputs * r->outputs; i++) {
        largest = r->confusion[i] > largest ? r->confusion[i] : largest;
    }
    for (size_t i = 0; i < r->outputs; i++) {
        size_t width = text_width(class_heading(r->model, i).text);
        heading = width > heading ? width : heading;
    }
    size_t cell = 2 + text_width(format_count(largest).text), width = terminal_width(out);
    size_t fitting = width > heading ? (width - heading) / cell : 1;
    return fitting < r->outputs ? fitting : r->outputs;
}

static void print_confusion(const report *r, const terminal *out)
{
    size_t n = classes_that_fit(r, out);
    table *t = table_create(n + 1, "lr");
    table_cell(t, "true");
    for (size_t column = 0; column < n; column++) {
        table_cell(t, "%zu", column);
    }
    for (size_t row = 0; row < n; row++) {
        table_cell(t, "%s", class_heading(r->model, row).text);
        for (size_t column = 0; column < n; column++) {
            uint64_t count = r->confusion[row * r->outputs + column];
            table_cell(t, "%s", count > 0 ? format_count(count).text : ".");
            style look = count > 0 ? STYLE_BAD : STYLE_DIM;
            table_style(t, row == column ? STYLE_GOOD : look);
        }
    }
    fputc('\n', out->stream);
    print_wrapped("Confusion matrix: a row for each true class, a column for each predicted one", 0,
                  0, text_room(out));
    table_print(t, out);
    table_free(t);
    if (n < r->outputs) {
        fprintf(out->stream, "(cut: classes 0%s%zu of %zu; --json has all)\n", sign("…"), n - 1,
                r->outputs);
    }
}

static void print_classes(const report *r, const terminal *out)
{
    table *t = table_create(5, "lr");
    table_cell(t, r->task == SML_TASK_MULTILABEL ? "label" : "class");
    table_cell(t, "precision");
    table_cell(t, "recall");
    table_cell(t, "F1");
    table_cell(t, "support");
    for (size_t i = 0; i < r->outputs; i++) {
        const sml_class_scores *c = &r->classes[i];
        table_cell(t, "%s", class_heading(r->model, i).text);
        table_cell(t, "%.4f", c->precision);
        table_cell(t, "%.4f", c->recall);
        table_cell(t, "%.4f", c->f1);
        table_cell(t, "%s", format_count(c->support).text);
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

void report_print(const report *r, const terminal *out)
{
    char line[256];
    snprintf(line, sizeof line, "%s · %s samples", report_headline(r).text,
             format_count(r->scores.samples).text);
    fputs(style_on(out, STYLE_BOLD), out->stream);
    print_wrapped(line, 0, 0, text_room(out));
    fputs(style_off(out, STYLE_BOLD), out->stream);
    if (r->task == SML_TASK_REGRESSION) {
        snprintf(line, sizeof line, "mean squared error %.6g · mean absolute error %.6g",
                 r->regression.mse, r->regression.mae);
        print_wrapped(line, 0, 0, text_room(out));
        return;
    }
    if (r->confusion != NULL) {
        print_confusion(r, out);
    }
    print_classes(r, out);
}

static json_t *confusion_document(const report *r)
{
    if (r->confusion == NULL) {
        return json_null();
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < r->outputs; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < r->outputs; j++) {
            document_append(row, json_count(r->confusion[i * r->outputs + j]));
        }
        document_append(rows, row);
    }
    return rows;
}

static json_t *classes_document(const report *r)
{
    json_t *classes = json_array();
    for (size_t i = 0; i < r->outputs; i++) {
        const sml_class_scores *c = &r->classes[i];
        json_t *row = json_object();
        document_set(row, "name", json_text(sml_model_class_name(r->model, i)));
        document_set(row, "precision", json_figure(c->precision));
        document_set(row, "recall", json_figure(c->recall));
        document_set(row, "f1", json_figure(c->f1));
        document_set(row, "support", json_count(c->support));
        document_append(classes, row);
    }
    return classes;
}

void report_document(const report *r, json_t *object)
{
    document_set(object, "task", json_text(sml_task_name(r->task)));
    document_set(object, "accuracy", json_figure(r->scores.accuracy));
    document_set(object, "loss", json_figure(r->scores.loss));
    document_set(object, "samples", json_count(r->scores.samples));
    document_set(object, "confusion", confusion_document(r));
    if (r->task == SML_TASK_REGRESSION) {
        document_set(object, "mse", json_figure(r->regression.mse));
        document_set(object, "mae", json_figure(r->regression.mae));
        document_set(object, "r2", json_figure(r->regression.r2));
    } else {
        document_set(object, "classes", classes_document(r));
    }
}
