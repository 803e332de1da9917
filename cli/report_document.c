/* A report as JSON. */
#include "report.h"

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

static json_t *averages_document(const sml_averages *a)
{
    json_t *averages = json_object();
    document_set(averages, "precision", json_figure(a->precision));
    document_set(averages, "recall", json_figure(a->recall));
    document_set(averages, "f1", json_figure(a->f1));
    return averages;
}

static void add_figures(json_t *object, const report *r)
{
    const class_figures *f = &r->figures;
    document_set(object, "macro", averages_document(&f->macro));
    document_set(object, "weighted", averages_document(&f->weighted));
    document_set(object, "log_loss", json_figure(f->log_loss));
    document_set(object, "roc_auc", json_figure(f->roc_auc));
    document_set(object, "pr_auc", json_figure(f->pr_auc));
    if (r->task == SML_TASK_CLASSIFICATION) {
        document_set(object, "top_k", json_count(r->top_k));
        document_set(object, "top_k_accuracy", json_figure(f->top_k));
        document_set(object, "bins", json_count(r->bins));
        document_set(object, "calibration_error", json_figure(f->calibration));
    }
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
        add_figures(object, r);
        document_set(object, "classes", classes_document(r));
    }
}
