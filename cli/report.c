#include "report.h"

#include "interrupt.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_ROWS = 1024 };

static sml_status predict_piece(const session *s, const sml_model *model, const sml_dataset *data,
                                size_t first, size_t count, float *outputs)
{
    sml_dataset *piece = NULL;
    sml_status status = sml_dataset_rows(s->ctx, data, first, count, &piece);
    if (status == SML_OK) {
        size_t length = count * sml_model_outputs(model);
        status = sml_model_predict(s->ctx, model, piece, outputs, length);
    }
    sml_dataset_free(piece);
    return status;
}

sml_status visit_outputs(const session *s, const sml_model *model, const sml_dataset *data,
                         size_t first, size_t count, outputs_fn visit, void *user)
{
    size_t width = sml_model_outputs(model), end = first + count;
    float *outputs = allocate(PIECE_ROWS * width, sizeof *outputs);
    sml_status status = SML_OK;
    int stopped = 0;
    for (size_t row = first; row < end && status == SML_OK && !stopped; row += PIECE_ROWS) {
        size_t n = end - row < PIECE_ROWS ? end - row : PIECE_ROWS;
        status = predict_piece(s, model, data, row, n, outputs);
        for (size_t i = 0; i < n && status == SML_OK && !stopped; i++) {
            stopped = visit(user, row + i, outputs + i * width);
        }
        stopped |= interrupt_arrived();
    }
    free(outputs);
    return status;
}

/* Truth and outputs of all rows: the metrics want them together. */
typedef struct tally {
    const sml_dataset *data;
    sml_predictions p;
    int32_t *labels;  /* [rows], classification */
    float *targets;   /* [rows, outputs], the other tasks */
    float *predicted; /* [rows, outputs] */
} tally;

static int collect(void *user, size_t row, const float *outputs)
{
    tally *t = user;
    size_t n = t->p.outputs;
    memcpy(t->predicted + row * n, outputs, n * sizeof *outputs);
    if (t->labels != NULL) {
        t->labels[row] = sml_dataset_label(t->data, row);
    } else {
        sml_dataset_targets(t->data, row, t->targets + row * n);
    }
    return 0;
}

static void open_tally(tally *t, const report *r, const sml_dataset *data, size_t rows)
{
    size_t cells = rows * r->outputs;
    int has_classes = r->task == SML_TASK_CLASSIFICATION;
    t->data = data;
    t->predicted = allocate(cells, sizeof *t->predicted);
    t->labels = has_classes ? allocate(rows, sizeof *t->labels) : NULL;
    t->targets = has_classes ? NULL : allocate(cells, sizeof *t->targets);
    t->p.scratch = allocate(sml_metric_scratch(rows, r->outputs), sizeof *t->p.scratch);
    t->p.task = r->task;
    t->p.n = rows;
    t->p.outputs = r->outputs;
    t->p.predicted = t->predicted;
    t->p.labels = t->labels;
    t->p.targets = t->targets;
}

static void close_tally(tally *t)
{
    free(t->p.scratch);
    free(t->targets);
    free(t->labels);
    free(t->predicted);
}

/* NaN where the task has no such metric. */
static double figure(const tally *t, const char *name)
{
    double value = NAN;
    sml_metric_named(name, t->p.task, &t->p, &value, NULL);
    return value;
}

static void score_confusion(report *r, const tally *t)
{
    size_t n = r->outputs;
    int32_t *said = allocate(t->p.n, sizeof *said);
    r->confusion = allocate(n * n, sizeof *r->confusion);
    for (size_t i = 0; i < t->p.n; i++) {
        said[i] = (int32_t)sml_argmax(t->predicted + i * n, n);
    }
    sml_confusion_matrix(t->labels, said, t->p.n, n, r->confusion);
    sml_class_report(r->confusion, n, r->classes);
    r->figures.calibration = sml_calibration_error(t->labels, t->predicted, t->p.n, n, r->bins);
    r->figures.top_k = sml_top_k_accuracy(t->labels, t->predicted, t->p.n, n, r->top_k);
    free(said);
}

static void score_labels(report *r, const tally *t)
{
    for (size_t k = 0; k < r->outputs; k++) {
        uint64_t yes_no[4] = {0};
        sml_class_scores both[2];
        for (size_t cell = k; cell < t->p.n * r->outputs; cell += r->outputs) {
            yes_no[2 * (t->targets[cell] >= 0.5f) + (t->predicted[cell] >= 0.5f)]++;
        }
        sml_class_report(yes_no, 2, both);
        r->classes[k] = both[1];
    }
    r->figures.calibration = r->figures.top_k = NAN;
}

static void score_classes(report *r, const tally *t)
{
    class_figures *f = &r->figures;
    r->classes = allocate(r->outputs, sizeof *r->classes);
    if (r->task == SML_TASK_CLASSIFICATION) {
        score_confusion(r, t);
    } else {
        score_labels(r, t);
    }
    f->log_loss = figure(t, "log_loss");
    f->roc_auc = figure(t, "roc_auc");
    f->pr_auc = figure(t, "pr_auc");
    f->macro.precision = figure(t, "macro_precision");
    f->macro.recall = figure(t, "macro_recall");
    f->macro.f1 = figure(t, "macro_f1");
    f->weighted.precision = figure(t, "weighted_precision");
    f->weighted.recall = figure(t, "weighted_recall");
    f->weighted.f1 = figure(t, "weighted_f1");
    for (size_t k = 0; k < r->outputs; k++) {
        f->with_pr += r->classes[k].support > 0;
        f->with_roc += r->classes[k].support > 0 && r->classes[k].support < t->p.n;
    }
}

static void score_values(report *r, const tally *t)
{
    r->regression.mse = figure(t, "mse");
    r->regression.mae = figure(t, "mae");
    r->regression.r2 = figure(t, "r2");
}

int report_create(const session *s, const sml_model *model, const sml_dataset *data, report *r)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    r->top_k = r->top_k > 0 ? r->top_k : TOP_K_DEFAULT;
    r->bins = r->bins > 0 ? r->bins : SML_BINS_DEFAULT;
    r->model = model;
    r->task = sml_model_task(model);
    r->outputs = sml_model_outputs(model);
    if (sml_model_evaluate(s->ctx, model, data, &r->scores) != SML_OK) {
        return fail_library(s);
    }
    tally t = {0};
    open_tally(&t, r, data, facts.rows);
    sml_status status = visit_outputs(s, model, data, 0, facts.rows, collect, &t);
    if (status == SML_OK && r->task == SML_TASK_REGRESSION) {
        score_values(r, &t);
    } else if (status == SML_OK) {
        score_classes(r, &t);
    }
    close_tally(&t);
    return status == SML_OK ? 0 : fail_library(s);
}

void report_free(report *r)
{
    free(r->confusion);
    free(r->classes);
}

const char *loss_remark(const sml_model *model)
{
    double shift, factor;
    const sml_status status = sml_model_target_scale(NULL, model, 0, &shift, &factor);
    return status == SML_OK ? " of scaled targets" : "";
}

short_text report_headline(const report *r)
{
    short_text out;
    if (r->task == SML_TASK_REGRESSION) {
        snprintf(out.text, sizeof out.text, "loss %.4f%s · R² %.4f", r->scores.loss,
                 loss_remark(r->model), r->regression.r2);
    } else {
        snprintf(out.text, sizeof out.text, "accuracy %.8s · loss %.4f",
                 format_percent(r->scores.accuracy).text, r->scores.loss);
    }
    return printable(out.text);
}

short_text class_heading(const sml_model *model, size_t class_index)
{
    enum { NAME_MOST = 24 };
    const char *name = sml_model_class_name(model, class_index);
    short_text out;
    snprintf(out.text, sizeof out.text, "%zu", class_index);
    if (strcmp(out.text, name) != 0) {
        snprintf(out.text, sizeof out.text, "%zu %.*s", class_index, NAME_MOST,
                 shorten(name, NAME_MOST).text);
    }
    return out;
}
