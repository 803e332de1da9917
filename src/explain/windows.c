/* The losses of a training's batches, in windows; and what the best constant answer would lose. */
#include "base/memory.h"
#include "data/rows.h"
#include "explain/vitals.h"

#include <math.h>
#include <stdlib.h>

void sml__windows_add(sml__windows *w, double loss)
{
    if (w->n == 0) {
        w->length = 1;
    }
    w->first = w->batches == 0 ? loss : w->first;
    w->batches++;
    if (w->n > 0 && w->at[w->n - 1].n < w->length) {
        sml__window *last = &w->at[w->n - 1];
        last->sum += loss;
        last->largest = loss > last->largest ? loss : last->largest;
        last->n++;
        return;
    }
    if (w->n == SML__WINDOWS) {
        for (size_t i = 0; i < SML__WINDOWS / 2; i++) {
            const sml__window a = w->at[2 * i], b = w->at[2 * i + 1];
            w->at[i] = (sml__window){.sum = a.sum + b.sum,
                                     .largest = a.largest > b.largest ? a.largest : b.largest,
                                     .n = a.n + b.n};
        }
        w->n = SML__WINDOWS / 2;
        w->length *= 2;
    }
    w->at[w->n++] = (sml__window){.sum = loss, .largest = loss, .n = 1};
}

double sml__window_mean(const sml__windows *w, size_t i)
{
    return i < w->n ? w->at[i].sum / (double)w->at[i].n : (double)NAN;
}

double sml__windows_mean(const sml__windows *w, size_t first, size_t end)
{
    double sum = 0;
    uint64_t n = 0;
    for (size_t i = first; i < end; i++) {
        sum += w->at[i].sum;
        n += w->at[i].n;
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

double sml__windows_start(const sml__windows *w)
{
    return sml__windows_mean(w, 0, w->n < 16 ? (w->n > 0) : w->n / 16);
}

/* The last window may have begun just now. */
double sml__windows_end(const sml__windows *w)
{
    const size_t part = w->n < 8 ? 1 : w->n / 8 + 1;
    return sml__windows_mean(w, w->n > part ? w->n - part : 0, w->n);
}

double sml__windows_best(const sml__windows *w)
{
    double best = sml__windows_end(w);
    for (size_t k = 0; k < 8 && w->n >= 8; k++) {
        best = fmin(best, sml__windows_mean(w, k * w->n / 8, (k + 1) * w->n / 8));
    }
    return best;
}

double sml__windows_peak(const sml__windows *w)
{
    double peak = (double)NAN;
    for (size_t i = 0; i < w->n; i++) {
        const double mean = sml__window_mean(w, i);
        peak = i == 0 || mean > peak ? mean : peak;
    }
    return peak;
}

/* The targets of a few rows, and how much each counts. */
typedef struct answers {
    size_t rows, n;
    float *y, *weights; /* [rows, n], [rows] */
    double total;
} answers;

static int gather(sml_ctx *ctx, const sml__training *t, answers *a)
{
    const size_t all = t->data->view.rows;
    const float *class_weights = t->settings->class_weights;
    a->rows = all < SML__CONFIRM_ROWS ? all : SML__CONFIRM_ROWS;
    a->n = t->network->n_out;
    a->y = sml__alloc(ctx, a->rows * a->n, sizeof *a->y, "targets");
    a->weights = sml__alloc(ctx, a->rows, sizeof *a->weights, "weights");
    if (a->y == NULL || a->weights == NULL) {
        return 0;
    }
    for (size_t r = 0; r < a->rows; r++) {
        const size_t place = sml__dataset_place(t->data, (2 * r + 1) * all / (2 * a->rows));
        sml__dataset_targets_at(t->data, place, a->y + r * a->n);
        a->weights[r] = sml__dataset_weight_at(t->data, place);
        if (class_weights != NULL) {
            a->weights[r] *= class_weights[sml__dataset_label_at(t->data, place)];
        }
        a->total += (double)a->weights[r];
    }
    return a->total > 0;
}

static int is_less(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The logits that say the mean target, or for regression with is_median its median, of every row.
 */
static void constant_answer(const sml__training *t, const answers *a, int is_median, float *column,
                            float *z)
{
    const double smoothing = t->settings->label_smoothing, least = 1e-12;
    for (size_t k = 0; k < a->n; k++) {
        double mean = 0;
        for (size_t r = 0; r < a->rows; r++) {
            column[r] = a->y[r * a->n + k];
            mean += (double)a->weights[r] * (double)column[r] / a->total;
        }
        switch (t->network->loss->task) {
        case SML_TASK_CLASSIFICATION:
            mean = (1 - smoothing) * mean + smoothing / (double)a->n;
            z[k] = (float)log(mean > least ? mean : least);
            break;
        case SML_TASK_MULTILABEL:
            mean = mean < least ? least : mean > 1 - least ? 1 - least : mean;
            z[k] = (float)log(mean / (1 - mean));
            break;
        default:
            qsort(column, a->rows, sizeof *column, is_less);
            z[k] = is_median ? column[a->rows / 2] : (float)mean;
        }
    }
}

static double loss_of(const sml__training *t, const answers *a, const float *z)
{
    double sum = 0;
    for (size_t r = 0; r < a->rows; r++) {
        if (a->weights[r] > 0) {
            sum +=
                (double)a->weights[r] *
                t->network->loss->row(z, a->y + r * a->n, a->n, t->settings->label_smoothing, NULL);
        }
    }
    return sum / a->total;
}

double sml__constant_loss(sml_ctx *ctx, const sml__training *t)
{
    answers a = {0};
    double loss = (double)NAN;
    const int complete = gather(ctx, t, &a);
    float *column = sml__alloc(ctx, a.rows, sizeof *column, "targets");
    float *z = sml__alloc(ctx, a.n, sizeof *z, "an answer");
    if (complete && column != NULL && z != NULL) {
        constant_answer(t, &a, 0, column, z);
        loss = loss_of(t, &a, z);
    }
    if (complete && column != NULL && z != NULL && t->network->loss->task == SML_TASK_REGRESSION) {
        constant_answer(t, &a, 1, column, z);
        loss = fmin(loss, loss_of(t, &a, z));
    }
    sml__free(z);
    sml__free(column);
    sml__free(a.weights);
    sml__free(a.y);
    return loss;
}
