/* Metrics by name, in one table. The arrays are [n, outputs], row by row. */
#include "metrics/ranking.h"
#include "metrics/regression.h"
#include "metrics/tally.h"

#include <math.h>
#include <string.h>

/* f of a task's predictions; which comes from the table, or is the number in "top_5". */
typedef double metric_fn(const sml_predictions *p, size_t which);

static int is_set(const sml_predictions *p, size_t i)
{
    return p->targets[i] >= 0.5F;
}

/* ---- rows of one class each */

static double accuracy(const sml_predictions *p, size_t which)
{
    size_t hits = 0;
    (void)which;
    for (size_t i = 0; i < p->n; i++) {
        hits += sml_argmax(p->predicted + i * p->outputs, p->outputs) == (size_t)p->labels[i];
    }
    return (double)hits / (double)p->n;
}

static double top_k(const sml_predictions *p, size_t k)
{
    return sml_top_k_accuracy(p->labels, p->predicted, p->n, p->outputs, k);
}

static double log_loss(const sml_predictions *p, size_t which)
{
    (void)which;
    return sml_log_loss(p->labels, p->predicted, p->n, p->outputs);
}

static double ece(const sml_predictions *p, size_t bins)
{
    return sml_calibration_error(p->labels, p->predicted, p->n, p->outputs, bins);
}

/* ---- rows of several yes/no labels */

/* Every label right, as accuracy_score says of an indicator matrix. */
static double all_right(const sml_predictions *p, size_t which)
{
    size_t hits = 0;
    (void)which;
    for (size_t i = 0; i < p->n; i++) {
        size_t right = 0;
        for (size_t j = i * p->outputs; j < (i + 1) * p->outputs; j++) {
            right += is_set(p, j) == (p->predicted[j] >= 0.5F);
        }
        hits += right == p->outputs;
    }
    return (double)hits / (double)p->n;
}

/* The mean over rows and labels of the log-loss of {1 - p, p}. */
static double label_log_loss(const sml_predictions *p, size_t which)
{
    const size_t cells = p->n * p->outputs;
    double sum = 0.0;
    (void)which;
    for (size_t i = 0; i < cells; i++) {
        const float both[2] = {1.0F - p->predicted[i], p->predicted[i]};
        const int32_t label = is_set(p, i);
        sum += sml_log_loss(&label, both, 1, 2);
    }
    return sum / (double)cells;
}

/* ---- both: areas of each output against the rest */

static sml__ranking rank_output(const sml_predictions *p, size_t output)
{
    for (size_t i = 0; i < p->n; i++) {
        const size_t cell = i * p->outputs + output;
        const int positive = p->labels != NULL ? (size_t)p->labels[i] == output : is_set(p, cell);
        p->scratch[i] = sml__ranking_entry(p->predicted[cell], positive);
    }
    return sml__rank(p->scratch, p->n);
}

/* The mean over the outputs that have positives and, for the ROC curve, negatives. */
static double mean_area(const sml_predictions *p, double (*area)(const sml__ranking *),
                        int needs_negatives, double otherwise)
{
    double sum = 0.0;
    size_t first = p->labels != NULL && p->outputs == 2 ? 1 : 0, counted = 0;
    for (size_t output = first; output < p->outputs; output++) {
        const sml__ranking ranking = rank_output(p, output);
        if (ranking.positives > 0 && !(needs_negatives && ranking.positives == p->n)) {
            sum += area(&ranking);
            counted++;
        }
    }
    return counted > 0 ? sum / (double)counted : otherwise;
}

static double roc_auc(const sml_predictions *p, size_t which)
{
    (void)which;
    return mean_area(p, sml__roc_auc, 1, (double)NAN);
}

static double pr_auc(const sml_predictions *p, size_t which)
{
    (void)which;
    return mean_area(p, sml__pr_auc, 0, 0.0);
}

/* ---- both: averages of precision, recall and F1 */

/* tallies[outputs] lie in the scratch. */
static void count_classes(const sml_predictions *p, sml__tally *tallies)
{
    for (size_t i = 0; i < p->n; i++) {
        const size_t truth = (size_t)p->labels[i];
        const size_t said = sml_argmax(p->predicted + i * p->outputs, p->outputs);
        tallies[truth].truly++;
        tallies[said].said++;
        tallies[truth].hits += truth == said;
    }
}

static void count_labels(const sml_predictions *p, sml__tally *tallies)
{
    for (size_t i = 0; i < p->n * p->outputs; i++) {
        sml__tally *tally = &tallies[i % p->outputs];
        const int truth = is_set(p, i), said = p->predicted[i] >= 0.5F;
        tally->truly += (uint64_t)truth;
        tally->said += (uint64_t)said;
        tally->hits += (uint64_t)(truth && said);
    }
}

static sml_averages averages(const sml_predictions *p, int weighted)
{
    sml__tally *tallies = (sml__tally *)(void *)p->scratch;
    sml_averages sum = {0};
    double total = 0.0;
    memset(tallies, 0, p->outputs * sizeof *tallies);
    if (p->labels != NULL) {
        count_classes(p, tallies);
    } else {
        count_labels(p, tallies);
    }
    for (size_t k = 0; k < p->outputs; k++) {
        const sml_class_scores scores = sml__class_scores(tallies[k]);
        /* scikit-learn averages over the classes that occur, but over every label */
        const int occurs = p->labels == NULL || tallies[k].truly + tallies[k].said > 0;
        const double weight = weighted ? (double)scores.support : (double)occurs;
        sml__averages_add(&sum, &scores, weight);
        total += weight;
    }
    const double scale = total > 0.0 ? 1.0 / total : 0.0;
    return (sml_averages){sum.precision * scale, sum.recall * scale, sum.f1 * scale};
}

/* Which of the six: precision, recall, F1; from 3 on weighted. */
static double average(const sml_predictions *p, size_t which)
{
    const sml_averages found = averages(p, which >= 3);
    return which % 3 == 0 ? found.precision : which % 3 == 1 ? found.recall : found.f1;
}

/* ---- numbers */

static double mse(const sml_predictions *p, size_t which)
{
    (void)which;
    return sml_mean_squared_error(p->targets, p->predicted, p->n * p->outputs);
}

static double rmse(const sml_predictions *p, size_t which)
{
    return sqrt(mse(p, which));
}

static double mae(const sml_predictions *p, size_t which)
{
    (void)which;
    return sml_mean_absolute_error(p->targets, p->predicted, p->n * p->outputs);
}

static double r2(const sml_predictions *p, size_t which)
{
    double sum = 0.0;
    (void)which;
    for (size_t k = 0; k < p->outputs; k++) {
        sum += sml__r2_of_column(p->targets + k, p->predicted + k, p->n, p->outputs);
    }
    return sum / (double)p->outputs;
}

/* ---- the table */

typedef struct metric {
    const char *name;
    metric_fn *classes, *labels, *values; /* for each task; NULL: it has no such metric */
    size_t which;                         /* passed to them */
    int larger_is_better;
} metric;

static const metric METRICS[] = {
    {"accuracy", accuracy, all_right, NULL, 0, 1},
    {"top_5", top_k, NULL, NULL, 5, 1},
    {"log_loss", log_loss, label_log_loss, NULL, 0, 0},
    {"ece", ece, NULL, NULL, SML_BINS_DEFAULT, 0},
    {"roc_auc", roc_auc, roc_auc, NULL, 0, 1},
    {"pr_auc", pr_auc, pr_auc, NULL, 0, 1},
    {"macro_precision", average, average, NULL, 0, 1},
    {"macro_recall", average, average, NULL, 1, 1},
    {"macro_f1", average, average, NULL, 2, 1},
    {"f1", average, average, NULL, 2, 1},
    {"weighted_precision", average, average, NULL, 3, 1},
    {"weighted_recall", average, average, NULL, 4, 1},
    {"weighted_f1", average, average, NULL, 5, 1},
    {"mse", NULL, NULL, mse, 0, 0},
    {"rmse", NULL, NULL, rmse, 0, 0},
    {"mae", NULL, NULL, mae, 0, 0},
    {"r2", NULL, NULL, r2, 0, 1},
    {"loss", log_loss, label_log_loss, mse, 0, 0},
};

static metric_fn *function_of(const metric *row, sml_task task)
{
    return task == SML_TASK_CLASSIFICATION ? row->classes
           : task == SML_TASK_MULTILABEL   ? row->labels
           : task == SML_TASK_REGRESSION   ? row->values
                                           : NULL;
}

/* K of "top_K", from 1 to 9999; 0 for another name. */
static size_t number_of_top(const char *name)
{
    size_t k = 0;
    if (strncmp(name, "top_", 4) != 0 || strlen(name) > 8) {
        return 0;
    }
    for (const char *digit = name + 4; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') {
            return 0;
        }
        k = 10 * k + (size_t)(*digit - '0');
    }
    return k;
}

size_t sml_metric_scratch(size_t n, size_t outputs)
{
    const size_t tallies = sizeof(sml__tally) / sizeof(uint64_t) * outputs;
    return 2 * n > tallies ? 2 * n : tallies;
}

int sml_metric_named(const char *name, sml_task task, const sml_predictions *p, double *value,
                     int *larger_is_better)
{
    const size_t k = number_of_top(name);
    for (size_t i = 0; i < sizeof METRICS / sizeof METRICS[0]; i++) {
        const metric *row = &METRICS[i];
        metric_fn *function = function_of(row, task);
        const int is_row = k > 0 ? row->classes == top_k : strcmp(row->name, name) == 0;
        if (!is_row || function == NULL) {
            continue;
        }
        if (larger_is_better != NULL) {
            *larger_is_better = row->larger_is_better;
        }
        if (p != NULL) {
            *value = p->n > 0 ? function(p, k > 0 ? k : row->which) : (double)NAN;
        }
        return 1;
    }
    return 0;
}

const char *sml_metric_name(sml_task task, size_t index)
{
    for (size_t i = 0; i < sizeof METRICS / sizeof METRICS[0]; i++) {
        if (function_of(&METRICS[i], task) != NULL && index-- == 0) {
            return METRICS[i].name;
        }
    }
    return NULL;
}
