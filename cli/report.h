/* How well a model does on data: scores, confusion matrix, per-class table, as text and as JSON. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "command.h"
#include "document.h"
#include "text.h"

/* Visits the outputs of rows first…first+count-1, in pieces that need little memory. A non-zero
 * return of visit ends it. */
typedef int (*outputs_fn)(void *user, size_t row, const float *outputs);
sml_status visit_outputs(const session *s, const sml_model *model, const sml_dataset *data,
                         size_t first, size_t count, outputs_fn visit, void *user);

enum { TOP_K_DEFAULT = 5 };

/* What is said of classes and labels beside accuracy and loss; NaN where there is none. */
typedef struct class_figures {
    double top_k, log_loss, roc_auc, pr_auc, calibration;
    size_t with_roc, with_pr; /* how many classes or labels the areas are means of */
    sml_averages macro, weighted;
} class_figures;

/* The mean of every target's own figure. */
typedef struct regression_figures {
    double mse, mae, r2;
} regression_figures;

typedef struct report {
    size_t top_k, bins; /* asked for; 0: the defaults */
    sml_task task;
    sml_scores scores;
    size_t outputs;
    uint64_t *confusion;       /* [outputs, outputs], classification; otherwise NULL */
    sml_class_scores *classes; /* [outputs]; NULL for regression */
    class_figures figures;
    regression_figures regression;
    const sml_model *model; /* names the classes */
} report;

/* Fills r, in which only top_k and bins are set. Returns 0 or the exit code after a message. Free
 * with report_free in both cases. After an interrupt the report is incomplete. */
int report_create(const session *s, const sml_model *model, const sml_dataset *data, report *r);
void report_free(report *r);

/* "accuracy 97.91% · loss 0.0712", or for regression "loss 0.0712 · R² 0.9312", with what
 * loss_remark says behind the loss. */
short_text report_headline(const report *r);

void report_print(const report *r, const terminal *out);

/* The matrix confusion[outputs, outputs] alone. */
void report_print_confusion(const sml_model *model, uint64_t *confusion, size_t outputs,
                            const terminal *out);

/* Fills an object with accuracy, loss, samples, and what the task has: confusion, averages, areas,
 * classes, mse … */
void report_document(const report *r, json_t *object);

/* What stands behind a loss of the model: " of scaled targets" where it is, "" elsewhere. */
const char *loss_remark(const sml_model *model);

/* "7", or "9 Ankle boot" where classes have names. */
short_text class_heading(const sml_model *model, size_t class_index);

#endif
