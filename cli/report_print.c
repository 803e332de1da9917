/* A report as text. */
#include "report.h"

#include "table.h"

#include <math.h>
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

void report_print_confusion(const sml_model *model, uint64_t *confusion, size_t outputs,
                            const terminal *out)
{
    const report r = {.model = model, .confusion = confusion, .outputs = outputs};
    print_confusion(&r, out);
}

/* A row of the table of figures; a figure that there is none of has no row. */
static void add_figure(table *t, const char *name, double value, const char *remark)
{
    if (isnan(value)) {
        return;
    }
    table_cell(t, "%s", name);
    table_cell(t, "%.4f", value);
    table_cell(t, "%s", remark);
    table_style(t, STYLE_DIM);
}

/* "each class against the rest, mean of 9 of 10" */
static short_text area_remark(const report *r, size_t counted)
{
    const char *noun = r->task == SML_TASK_MULTILABEL ? "label" : "class";
    short_text out;
    if (r->task == SML_TASK_CLASSIFICATION && r->outputs == 2) {
        snprintf(out.text, sizeof out.text, "class %.40s against the other",
                 class_heading(r->model, 1).text);
    } else if (counted == r->outputs) {
        snprintf(out.text, sizeof out.text, "each %s against the rest, mean of %zu", noun, counted);
    } else {
        snprintf(out.text, sizeof out.text, "each %s against the rest, mean of %zu of %zu", noun,
                 counted, r->outputs);
    }
    return out;
}

static void print_figures(const report *r, const terminal *out)
{
    const class_figures *f = &r->figures;
    char text[64];
    table *t = table_create(3, "lrl");
    table_cell(t, "figure");
    table_cell(t, "value");
    table_cell(t, "of");
    if (r->top_k < r->outputs) {
        snprintf(text, sizeof text, "top-%zu accuracy", r->top_k);
        add_figure(t, text, f->top_k, "the class is among the likeliest");
    }
    add_figure(t, "log-loss", f->log_loss, "probabilities kept off 0 and 1 by 1.2e-7");
    add_figure(t, "ROC-AUC", f->roc_auc, area_remark(r, f->with_roc).text);
    add_figure(t, "PR-AUC", f->pr_auc, area_remark(r, f->with_pr).text);
    snprintf(text, sizeof text, "%zu bins of the largest output", r->bins);
    add_figure(t, "calibration error", f->calibration, text);
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

static void add_class(table *t, const char *name, double precision, double recall, double f1)
{
    table_cell(t, "%s", name);
    table_cell(t, "%.4f", precision);
    table_cell(t, "%.4f", recall);
    table_cell(t, "%.4f", f1);
}

static void print_classes(const report *r, const terminal *out)
{
    const class_figures *f = &r->figures;
    uint64_t support = 0;
    table *t = table_create(5, "lr");
    table_cell(t, r->task == SML_TASK_MULTILABEL ? "label" : "class");
    table_cell(t, "precision");
    table_cell(t, "recall");
    table_cell(t, "F1");
    table_cell(t, "support");
    for (size_t i = 0; i < r->outputs; i++) {
        const sml_class_scores *c = &r->classes[i];
        add_class(t, class_heading(r->model, i).text, c->precision, c->recall, c->f1);
        table_cell(t, "%s", format_count(c->support).text);
        support += c->support;
    }
    add_class(t, "macro mean", f->macro.precision, f->macro.recall, f->macro.f1);
    table_cell(t, "%s", format_count(support).text);
    add_class(t, "weighted mean", f->weighted.precision, f->weighted.recall, f->weighted.f1);
    table_cell(t, "%s", format_count(support).text);
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
    print_figures(r, out);
    if (r->confusion != NULL) {
        print_confusion(r, out);
    }
    print_classes(r, out);
}
