#include "data/prepare/moments.h"

#include "base/memory.h"
#include "data/rows.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_ROWS = 4096,       /* whose moments are found together */
    SORTED_BYTES = 64 << 20, /* of columns that are sorted at once, where one fits */
};

/* Reads rows first … end - 1 in pieces, and gives each row to visit. */
typedef void row_visitor(void *user, size_t row, const float *cells);

static void visit_rows(const sml_dataset *data, size_t first, size_t end, float *piece,
                       row_visitor *visit, void *user)
{
    const size_t columns = data->view.columns;
    for (size_t r = first; r < end; r += SML__ROWS_READ) {
        const size_t stop = end - r < SML__ROWS_READ ? end : r + SML__ROWS_READ;
        sml__dataset_gather(data, NULL, r, stop - r, piece, columns);
        for (size_t row = r; row < stop; row++) {
            visit(user, row, piece + (row - r) * columns);
        }
    }
}

static float *new_piece(sml_ctx *ctx, const sml_dataset *data)
{
    return sml__alloc(ctx, data->view.columns, SML__ROWS_READ * sizeof(float), "rows of a table");
}

typedef struct summation {
    size_t columns;
    sml__moments *block; /* [columns] of this block; mean holds the sum until it is divided */
    sml__moments *all;   /* [columns] of the blocks before */
} summation;

static void add_values(void *user, size_t row, const float *cells)
{
    const summation *s = user;
    for (size_t c = 0; c < s->columns; c++) {
        const double x = (double)cells[c];
        if (isnan(x)) {
            sml__moments *all = &s->all[c];
            all->first_missing = row < all->first_missing ? row : all->first_missing;
            continue;
        }
        sml__moments *b = &s->block[c];
        b->minimum = b->n == 0 || x < b->minimum ? x : b->minimum;
        b->maximum = b->n == 0 || x > b->maximum ? x : b->maximum;
        b->mean += x;
        b->n++;
    }
}

static void add_squares(void *user, size_t row, const float *cells)
{
    const summation *s = user;
    (void)row;
    for (size_t c = 0; c < s->columns; c++) {
        const double d = (double)cells[c] - s->block[c].mean;
        s->block[c].m2 += isnan(d) ? 0.0 : d * d;
    }
}

/* δ = m_b - m_a;  m = m_a + δ n_b / n;  M₂ = M₂a + M₂b + δ² n_a n_b / n
 * (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm", 1979). */
static void join(sml__moments *a, const sml__moments *b)
{
    if (b->n == 0) {
        return;
    }
    const double n_a = (double)a->n, n_b = (double)b->n, n = n_a + n_b;
    const double delta = b->mean - a->mean;
    a->minimum = a->n == 0 || b->minimum < a->minimum ? b->minimum : a->minimum;
    a->maximum = a->n == 0 || b->maximum > a->maximum ? b->maximum : a->maximum;
    a->m2 += b->m2 + delta * delta * n_a * n_b / n;
    a->mean += delta * n_b / n;
    a->n += b->n;
}

void sml__moments_fill(sml__moments *moments, uint64_t n, double x)
{
    const sml__moments filled = {.n = n, .mean = x, .minimum = x, .maximum = x};
    join(moments, &filled);
}

/* scikit-learn's bound (_is_constant_feature) below which a variance is rounding: then nothing is
 * divided. */
double sml__moments_standard_factor(const sml__moments *moments)
{
    const double n = (double)moments->n, variance = moments->n > 0 ? moments->m2 / n : 0;
    const double rounding = n * moments->mean * DBL_EPSILON;
    return variance <= n * DBL_EPSILON * variance + rounding * rounding ? 1.0
                                                                        : 1.0 / sqrt(variance);
}

sml_status sml__moments_of(sml_ctx *ctx, const sml_dataset *data, sml__moments *out)
{
    const size_t columns = data->view.columns, rows = data->view.rows;
    float *piece = new_piece(ctx, data);
    summation s = {.columns = columns, .all = out};
    s.block = sml__alloc(ctx, columns, sizeof *s.block, "moments");
    const int complete = piece != NULL && s.block != NULL;
    memset(out, 0, columns * sizeof *out);
    for (size_t c = 0; c < columns; c++) {
        out[c].first_missing = rows;
    }
    for (size_t first = 0; complete && first < rows; first += BLOCK_ROWS) {
        const size_t end = rows - first < BLOCK_ROWS ? rows : first + BLOCK_ROWS;
        memset(s.block, 0, columns * sizeof *s.block);
        visit_rows(data, first, end, piece, add_values, &s);
        for (size_t c = 0; c < columns; c++) {
            s.block[c].mean /= s.block[c].n > 0 ? (double)s.block[c].n : 1.0;
        }
        visit_rows(data, first, end, piece, add_squares, &s);
        for (size_t c = 0; c < columns; c++) {
            join(&out[c], &s.block[c]);
        }
    }
    sml__free(s.block);
    sml__free(piece);
    return complete ? sml__dataset_status(ctx, data) : SML_NO_MEMORY;
}

typedef struct counting {
    size_t columns;
    const size_t *starts;
    uint64_t *counts;
} counting;

static void count_categories(void *user, size_t row, const float *cells)
{
    const counting *s = user;
    (void)row;
    for (size_t c = 0; c < s->columns; c++) {
        const size_t n = s->starts[c + 1] - s->starts[c];
        if (cells[c] >= 0 && cells[c] < (float)n) { /* not so for NaN, nor where n is 0 */
            s->counts[s->starts[c] + (size_t)cells[c]]++;
        }
    }
}

sml_status sml__category_counts(sml_ctx *ctx, const sml_dataset *data, const size_t *starts,
                                uint64_t *counts)
{
    counting s = {data->view.columns, starts, counts};
    float *piece = new_piece(ctx, data);
    if (piece == NULL) {
        return SML_NO_MEMORY;
    }
    visit_rows(data, 0, data->view.rows, piece, count_categories, &s);
    sml__free(piece);
    return sml__dataset_status(ctx, data);
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double median(const float *sorted, size_t n)
{
    if (n == 0) {
        return 0;
    }
    return ((double)sorted[(n - 1) / 2] + (double)sorted[n / 2]) / 2;
}

static double mode(const float *sorted, size_t n)
{
    size_t best = 0, longest = 0, run = 0;
    for (size_t i = 0; i < n; i++) {
        run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            best = i;
        }
    }
    return n > 0 ? (double)sorted[best] : 0;
}

typedef struct turning {
    size_t first, count, rows; /* columns first … first + count - 1 */
    size_t *n;                 /* [count] values so far */
    float *values;             /* [count, rows] */
} turning;

static void turn_row(void *user, size_t row, const float *cells)
{
    const turning *s = user;
    (void)row;
    for (size_t c = 0; c < s->count; c++) {
        const float x = cells[s->first + c];
        if (!isnan(x)) {
            s->values[c * s->rows + s->n[c]++] = x;
        }
    }
}

/* Sorts some columns at a time: with all at once a table would lie in memory twice. */
static sml_status of_sorted(sml_ctx *ctx, const sml_dataset *data,
                            double (*find)(const float *, size_t), double *out)
{
    const size_t columns = data->view.columns, rows = data->view.rows;
    const size_t fit = SORTED_BYTES / (rows * sizeof(float)) + 1;
    turning s = {.rows = rows};
    const size_t at_once = fit < columns ? fit : columns;
    float *piece = new_piece(ctx, data);
    s.n = sml__alloc(ctx, at_once, sizeof *s.n, "lengths of columns");
    s.values = sml__alloc(ctx, at_once * rows, sizeof(float), "sorted columns");
    const int complete = piece != NULL && s.n != NULL && s.values != NULL;
    for (s.first = 0; complete && s.first < columns; s.first += at_once) {
        s.count = columns - s.first < at_once ? columns - s.first : at_once;
        memset(s.n, 0, s.count * sizeof *s.n);
        visit_rows(data, 0, rows, piece, turn_row, &s);
        for (size_t c = 0; c < s.count; c++) {
            float *values = s.values + c * rows;
            qsort(values, s.n[c], sizeof *values, compare_floats);
            out[s.first + c] = find(values, s.n[c]);
        }
    }
    sml__free(s.values);
    sml__free(s.n);
    sml__free(piece);
    return complete ? sml__dataset_status(ctx, data) : SML_NO_MEMORY;
}

sml_status sml__column_medians(sml_ctx *ctx, const sml_dataset *data, double *out)
{
    return of_sorted(ctx, data, median, out);
}

sml_status sml__column_modes(sml_ctx *ctx, const sml_dataset *data, double *out)
{
    return of_sorted(ctx, data, mode, out);
}
