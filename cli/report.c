#include "report.h"

#include "interrupt.h"

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

/* Everything that the outputs of the rows are counted into. */
typedef struct tally {
    const sml_dataset *data;
    report *r;
    size_t rows;
    int32_t *truth, *predicted; /* [rows], classification */
    uint64_t *yes_no;           /* [outputs, 2, 2], multi-label */
    float *true_values;         /* [outputs, rows], regression */
    float *values;              /* the same, predicted */
    float *targets;             /* [outputs], of one row */
} tally;

static int tally_class(void *user, size_t row, const float *outputs)
{
    tally *t = user;
    t->truth[row] = sml_dataset_label(t->data, row);
    t->predicted[row] = (int32_t)sml_argmax(outputs, t->r->outputs);
    return 0;
}

static int tally_labels(void *user, size_t row, const float *outputs)
{
    tally *t = user;
    sml_dataset_targets(t->data, row, t->targets);
    for (size_t k = 0; k < t->r->outputs; k++) {
        size_t truth = t->targets[k] >= 0.5f, predicted = outputs[k] >= 0.5f;
        t->yes_no[4 * k + 2 * truth + predicted]++;
    }
    return 0;
}

static int tally_values(void *user, size_t row, const float *outputs)
{
    tally *t = user;
    sml_dataset_targets(t->data, row, t->targets);
    for (size_t k = 0; k < t->r->outputs; k++) {
        t->true_values[k * t->rows + row] = t->targets[k];
        t->values[k * t->rows + row] = outputs[k];
    }
    return 0;
}

static sml_status score_classes(const session *s, tally *t)
{
    report *r = t->r;
    size_t n = r->outputs;
    t->truth = allocate(t->rows, sizeof *t->truth);
    t->predicted = allocate(t->rows, sizeof *t->predicted);
    r->confusion = allocate(n * n, sizeof *r->confusion);
    r->classes = allocate(n, sizeof *r->classes);
    sml_status status = visit_outputs(s, r->model, t->data, 0, t->rows, tally_class, t);
    if (status == SML_OK) {
        sml_confusion_matrix(t->truth, t->predicted, t->rows, n, r->confusion);
        sml_class_report(r->confusion, n, r->classes);
    }
    return status;
}

static sml_status score_labels(const session *s, tally *t)
{
    report *r = t->r;
    t->yes_no = allocate(4 * r->outputs, sizeof *t->yes_no);
    r->classes = allocate(r->outputs, sizeof *r->classes);
    sml_status status = visit_outputs(s, r->model, t->data, 0, t->rows, tally_labels, t);
    for (size_t k = 0; k < r->outputs && status == SML_OK; k++) {
        sml_class_scores both[2];
        sml_class_report(t->yes_no + 4 * k, 2, both);
        r->classes[k] = both[1];
    }
    return status;
}

static sml_status score_values(const session *s, tally *t)
{
    report *r = t->r;
    size_t n = r->outputs;
    t->true_values = allocate(n * t->rows, sizeof *t->true_values);
    t->values = allocate(n * t->rows, sizeof *t->values);
    sml_status status = visit_outputs(s, r->model, t->data, 0, t->rows, tally_values, t);
    for (size_t k = 0; k < n && status == SML_OK; k++) {
        const float *truth = t->true_values + k * t->rows, *values = t->values + k * t->rows;
        r->regression.mse += sml_mean_squared_error(truth, values, t->rows) / (double)n;
        r->regression.mae += sml_mean_absolute_error(truth, values, t->rows) / (double)n;
        r->regression.r2 += sml_r2(truth, values, t->rows) / (double)n;
    }
    return status;
}

int report_create(const session *s, const sml_model *model, const sml_dataset *data, report *r)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    memset(r, 0, sizeof *r);
    r->model = model;
    r->task = sml_model_task(model);
    r->outputs = sml_model_outputs(model);
    if (sml_model_evaluate(s->ctx, model, data, &r->scores) != SML_OK) {
        return fail_library(s);
    }
    tally t = {.data = data, .r = r, .rows = facts.rows};
    t.targets = allocate(facts.outputs, sizeof *t.targets);
    sml_status status = r->task == SML_TASK_CLASSIFICATION ? score_classes(s, &t)
                        : r->task == SML_TASK_MULTILABEL   ? score_labels(s, &t)
                                                           : score_values(s, &t);
    free(t.truth);
    free(t.predicted);
    free(t.yes_no);
    free(t.true_values);
    free(t.values);
    free(t.targets);
    return status == SML_OK ? 0 : fail_library(s);
}

void report_free(report *r)
{
    free(r->confusion);
    free(r->classes);
}

short_text report_headline(const report *r)
{
    short_text out;
    if (r->task == SML_TASK_REGRESSION) {
        snprintf(out.text, sizeof out.text, "loss %.4f · R² %.4f", r->scores.loss,
                 r->regression.r2);
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
