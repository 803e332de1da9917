#include "explain/leaks.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BINS = 256,
    MISSING_BIN = BINS, /* of cells without a value */
    ROWS_LEAST = 100,
    ROWS_MOST = 20000,
    CELLS_MOST = 1 << 22,
    CLASSES_MOST = 1000
};

/* What counts as an answer that is given away: nearly all right (the bin in which two classes meet
 * may cost 1/512), of what a constant answer gets wrong nearly nothing left, and the second best
 * column well below. */
static const double ACCURACY = 0.99, R2 = 0.995, SECOND_R2 = 0.9;
static const double LEFT = 0.1, SECOND_LEFT = 0.2;

typedef struct search {
    size_t rows, columns, classes; /* classes 0: a regression */
    float *x;                      /* [rows, columns] */
    float *y;                      /* [rows] class or target */
    float *sorted;                 /* [rows] scratch */
    double *sums;                  /* [BINS + 1, classes or 1] */
    double *counts;                /* [BINS + 1] */
    float edges[BINS];             /* upper ends of all bins but the last */
} search;

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Bins with equally many of the even rows, cut half way between two of them. */
static void cut(search *s, size_t column)
{
    size_t n = 0;
    for (size_t r = 0; r < s->rows; r += 2) {
        const float value = s->x[r * s->columns + column];
        s->sorted[n] = value;
        n += isnan(value) ? 0 : 1;
    }
    qsort(s->sorted, n, sizeof *s->sorted, compare);
    for (size_t b = 0; b + 1 < BINS; b++) {
        const size_t place = (b + 1) * n / BINS > 0 ? (b + 1) * n / BINS : 1;
        s->edges[b] = n > 1 ? s->sorted[place - 1] / 2 + s->sorted[place] / 2 : 0;
    }
}

/* The first bin whose end lies above the value. */
static size_t bin_of(const search *s, float value)
{
    size_t low = 0, high = BINS - 1;
    if (isnan(value)) {
        return MISSING_BIN;
    }
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (s->edges[middle] > value) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static void fill(search *s, size_t column)
{
    const size_t width = s->classes > 0 ? s->classes : 1;
    memset(s->sums, 0, (BINS + 1) * width * sizeof *s->sums);
    memset(s->counts, 0, (BINS + 1) * sizeof *s->counts);
    for (size_t r = 0; r < s->rows; r += 2) {
        const size_t bin = bin_of(s, s->x[r * s->columns + column]);
        s->counts[bin]++;
        if (s->classes > 0) {
            s->sums[bin * width + (size_t)s->y[r]]++;
        } else {
            s->sums[bin] += (double)s->y[r];
        }
    }
}

/* A bin without rows says what the one below it says. */
static void fill_gaps(search *s)
{
    const size_t width = s->classes > 0 ? s->classes : 1;
    for (size_t b = 1; b < BINS; b++) {
        if (s->counts[b] == 0) {
            s->counts[b] = s->counts[b - 1];
            memcpy(s->sums + b * width, s->sums + (b - 1) * width, width * sizeof *s->sums);
        }
    }
}

static size_t commonest(const double *counts, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return best;
}

/* The share of odd rows whose class is the commonest of their bin. */
static double accuracy_of(search *s, size_t column)
{
    size_t right = 0, n = 0;
    for (size_t r = 1; r < s->rows; r += 2, n++) {
        const size_t bin = bin_of(s, s->x[r * s->columns + column]);
        right += s->counts[bin] > 0 &&
                 commonest(s->sums + bin * s->classes, s->classes) == (size_t)s->y[r];
    }
    return (double)right / (double)n;
}

/* 1 - SSE / SST over the odd rows, by the means of their bins; empty ones have the mean of all. */
static double r2_of(search *s, size_t column)
{
    const size_t odd = s->rows / 2;
    double sum = 0, errors = 0, squares = 0;
    for (size_t r = 1; r < s->rows; r += 2) {
        sum += (double)s->y[r];
    }
    const double mean = sum / (double)odd;
    for (size_t r = 1; r < s->rows; r += 2) {
        const size_t bin = bin_of(s, s->x[r * s->columns + column]);
        const double said = s->counts[bin] > 0 ? s->sums[bin] / s->counts[bin] : mean;
        errors += ((double)s->y[r] - said) * ((double)s->y[r] - said);
        squares += ((double)s->y[r] - mean) * ((double)s->y[r] - mean);
    }
    return squares > 0 ? 1 - errors / squares : 0;
}

/* The share of the commonest class. */
static double constant_of(const search *s)
{
    size_t best = 0, n = 0;
    for (size_t k = 0; k < s->classes; k++) {
        n = 0;
        for (size_t r = 0; r < s->rows; r++) {
            n += (size_t)s->y[r] == k;
        }
        best = n > best ? n : best;
    }
    return (double)best / (double)s->rows;
}

static int is_leak(const search *s, const sml__leak *leak)
{
    if (s->classes == 0) {
        return leak->score >= R2 && leak->second <= SECOND_R2;
    }
    const double wrong = 1 - leak->constant;
    return leak->score >= ACCURACY && 1 - leak->score <= LEFT * wrong &&
           1 - leak->second >= SECOND_LEFT * wrong;
}

static void read_rows(const sml_dataset *data, search *s)
{
    for (size_t r = 0; r < s->rows; r++) {
        const size_t row = r * data->view.rows / s->rows;
        sml_dataset_features(data, row, s->x + r * s->columns);
        if (s->classes > 0) {
            s->y[r] = (float)sml_dataset_label(data, row);
        } else {
            sml_dataset_targets(data, row, &s->y[r]);
        }
    }
}

static int find(search *s, sml__leak *out)
{
    *out = (sml__leak){.score = -INFINITY, .second = -INFINITY};
    for (size_t c = 0; c < s->columns; c++) {
        cut(s, c);
        fill(s, c);
        fill_gaps(s);
        const double score = s->classes > 0 ? accuracy_of(s, c) : r2_of(s, c);
        if (score > out->score) {
            out->second = out->score;
            out->score = score;
            out->column = c;
        } else if (score > out->second) {
            out->second = score;
        }
    }
    out->constant = s->classes > 0 ? constant_of(s) : 0;
    return is_leak(s, out);
}

/* Evenly spaced rows, an even number. */
static size_t rows_of(const sml_dataset *data)
{
    size_t rows = data->view.rows < ROWS_MOST ? data->view.rows : ROWS_MOST;
    const size_t most = CELLS_MOST / data->view.columns;
    rows = rows < most ? rows : most;
    return rows - rows % 2;
}

int sml__find_leak(sml_ctx *ctx, const sml_dataset *data, sml__leak *out)
{
    const sml_data_view *view = &data->view;
    const int has_classes = view->task == SML_TASK_CLASSIFICATION;
    search s = {.rows = rows_of(data),
                .columns = view->columns,
                .classes = has_classes ? view->outputs : 0};
    if (view->columns < 3 || s.rows < ROWS_LEAST || s.classes > CLASSES_MOST ||
        (!has_classes && (view->task != SML_TASK_REGRESSION || view->outputs != 1))) {
        return 0;
    }
    const size_t width = has_classes ? s.classes : 1;
    s.x = sml__alloc(ctx, s.rows, s.columns * sizeof *s.x, "rows to look at");
    s.y = sml__alloc(ctx, s.rows, sizeof *s.y, "targets");
    s.sorted = sml__alloc(ctx, s.rows, sizeof *s.sorted, "a column");
    s.sums = sml__alloc(ctx, (BINS + 1) * width, sizeof *s.sums, "a table of bins");
    s.counts = sml__alloc(ctx, BINS + 1, sizeof *s.counts, "a table of bins");
    int found = 0;
    if (s.x != NULL && s.y != NULL && s.sorted != NULL && s.sums != NULL && s.counts != NULL) {
        read_rows(data, &s);
        found = find(&s, out);
    }
    sml__free(s.counts);
    sml__free(s.sums);
    sml__free(s.sorted);
    sml__free(s.y);
    sml__free(s.x);
    return found;
}
