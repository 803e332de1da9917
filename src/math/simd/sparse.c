/* Sparse rows against dense matrices. A zero input costs nothing, forward or in the gradient.
 *
 *   forward    z_s = Σ_i x_si w_i + b: one multiply-add of a row of W for each non-zero of s
 *   gradient   w_i ← alpha Σ_s x_si δ_s + …: one of a row of Δ for each non-zero of column i
 *
 * For the gradient, a member first turns its columns of the batch from rows into lists, one for
 * each column; then each row of W is read and written once a batch, whatever the size of the batch.
 * Both keep up to eight vectors of sums in registers; wider matrices go in groups of eight, so that
 * the part of W (or Δ) that all samples share stays in L2: 784 × 128 floats are 400 KB. */
#include "math/sparse.h"

#include "base/threads.h"
#include "math/gemm.h"
#include "math/isa.h"

#include <string.h>

enum { GROUP = 8 };

extern sml__sparse_forward_kernel ISA(sparse_forward);
extern sml__sparse_gradient_kernel ISA(sparse_gradient);

/* Eight vectors of sums, or fewer at the right edge. */
typedef struct column_group {
    size_t j;       /* its first column */
    size_t columns; /* that exist */
    size_t vectors;
} column_group;

static column_group group_at(size_t j, size_t n)
{
    const size_t most = GROUP * VECTOR_FLOATS;
    const size_t columns = n - j < most ? n - j : most;
    const column_group group = {j, columns, (columns + VECTOR_FLOATS - 1) / VECTOR_FLOATS};
    return group;
}

/* The entries of a row whose columns lie below `end`, from entry e on; returns the next entry. */
SML__INLINE size_t add_rows(const sml__sparse_product *product, int vectors, size_t j, size_t e,
                            size_t last, size_t end, sml__vector *sums)
{
    const sml__sparse *x = product->x;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = (sml__vector){0};
    }
    for (; e < last && x->column[e] < end; e++) {
        const float value = x->values[x->byte[e]];
        const sml__vector *row =
            (const sml__vector *)(product->w + x->column[e] * product->stride + j);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[v] += value * row[v];
        }
    }
    return e;
}

/* z[j…] of one sample, with sums in `vectors` registers. */
SML__INLINE void forward_group(const sml__sparse_product *product, int vectors,
                               const column_group *group, size_t s)
{
    const sml__sparse *x = product->x;
    const size_t row = product->order[s], last = x->start[row + 1];
    float totals[GROUP * VECTOR_FLOATS] = {0};
    memcpy(totals, product->start + group->j, group->columns * sizeof(float));
    size_t e = x->start[row];
    for (size_t end = SML__GEMM_DEPTH; end < x->columns + SML__GEMM_DEPTH; end += SML__GEMM_DEPTH) {
        sml__vector sums[GROUP];
        e = add_rows(product, vectors, group->j, e, last, end, sums);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            *((sml__vector *)totals + v) += sums[v];
        }
    }
    memcpy(product->z + s * product->n + group->j, totals, group->columns * sizeof(float));
}

/* Fetches the entries of a row that comes soon: the order is shuffled, so no hardware foresees it.
 */
static void prefetch_row(const sml__sparse_product *product, size_t s)
{
    if (s < product->upcoming) {
        const sml__sparse *x = product->x;
        const size_t begin = x->start[product->order[s]], end = x->start[product->order[s] + 1];
        for (size_t e = begin; e < end; e += 32) {
            __builtin_prefetch(x->column + e);
        }
        for (size_t e = begin; e < end; e += 64) {
            __builtin_prefetch(x->byte + e);
        }
    }
}

void ISA(sparse_forward)(const sml__sparse_product *product, int rank, int size)
{
    const sml__range own = sml__share(product->m, 1, rank, size);
    for (size_t j = 0; j < product->n; j += GROUP * VECTOR_FLOATS) {
        const column_group group = group_at(j, product->n);
        for (size_t s = own.begin; s < own.end; s++) {
            prefetch_row(product, s + 2);
#define FORWARD_GROUP(constant) forward_group(product, constant, &group, s)
            SML__WITH_CONSTANT(group.vectors, FORWARD_GROUP)
        }
    }
}

/* The batch by columns: entries of column i are start[i - first] … start[i - first + 1] - 1. */
typedef struct column_lists {
    uint32_t *start; /* [own columns + 1] */
    uint16_t *row;   /* within the batch */
    uint8_t *byte;
} column_lists;

static column_lists lists_in(void *scratch, const sml__sparse *x, size_t m)
{
    column_lists lists;
    lists.start = scratch;
    lists.row = (uint16_t *)(lists.start + x->columns + 2);
    lists.byte = (uint8_t *)(lists.row + sml__sparse_entries(x, m));
    return lists;
}

/* The first entry of a row, from begin on, whose column is not below `column`. */
static size_t first_entry(const sml__sparse *x, size_t begin, size_t end, size_t column)
{
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        if (x->column[middle] < column) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

static sml__range own_entries(const sml__sparse_product *product, sml__range own, size_t s)
{
    const sml__sparse *x = product->x;
    const size_t begin = x->start[product->order[s]], end = x->start[product->order[s] + 1];
    const sml__range entries = {
        own.begin == 0 ? begin : first_entry(x, begin, end, own.begin),
        own.end == x->columns ? end : first_entry(x, begin, end, own.end),
    };
    return entries;
}

/* Counting sort of the batch's entries by column, samples in order within each. */
static void make_lists(const sml__sparse_product *product, sml__range own, column_lists *lists)
{
    const sml__sparse *x = product->x;
    uint32_t *next =
        lists->start + 1; /* next[c]: where column c continues; start[c + 1] when full */
    memset(lists->start, 0, (own.end - own.begin + 2) * sizeof *lists->start);
    for (size_t s = 0; s < product->m; s++) {
        const sml__range entries = own_entries(product, own, s);
        for (size_t e = entries.begin; e < entries.end; e++) {
            next[x->column[e] - own.begin + 1]++;
        }
    }
    for (size_t c = 1; c <= own.end - own.begin; c++) {
        next[c] += next[c - 1];
    }
    for (size_t s = 0; s < product->m; s++) {
        const sml__range entries = own_entries(product, own, s);
        for (size_t e = entries.begin; e < entries.end; e++) {
            const uint32_t at = next[x->column[e] - own.begin]++;
            lists->row[at] = (uint16_t)s;
            lists->byte[at] = x->byte[e];
        }
    }
}

/* w_i[j…] = alpha Σ_s x_si δ_s[j…] + (w_i or 0). What the sums hold beyond n is cut off: there δ_s
 * runs on into the next sample. */
SML__INLINE void gradient_group(const sml__sparse_product *product, int vectors,
                                const column_group *group, const column_lists *lists, size_t c,
                                float *w)
{
    const float *values = product->x->values;
    sml__vector sums[GROUP];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = (sml__vector){0};
    }
    for (uint32_t e = lists->start[c]; e < lists->start[c + 1]; e++) {
        const float value = values[lists->byte[e]];
        const sml__vector *delta =
            (const sml__vector *)(product->delta + lists->row[e] * product->n + group->j);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[v] += value * delta[v];
        }
    }
    const size_t whole = group->columns / VECTOR_FLOATS;
    for (size_t v = 0; v < whole; v++) {
        const sml__vector base =
            product->accumulate ? *((const sml__vector *)w + v) : (sml__vector){0};
        *((sml__vector *)w + v) = product->alpha * sums[v] + base;
    }
    float tail[VECTOR_FLOATS];
    memcpy(tail, &sums[vectors - 1], sizeof tail);
    for (size_t k = whole * VECTOR_FLOATS; k < group->columns; k++) {
        const float base = product->accumulate ? w[k] : 0.0F;
        w[k] = product->alpha * tail[k - whole * VECTOR_FLOATS] + base;
    }
}

/* w_i + alpha x_i δ for the non-zeros of a single sample: no lists, and no other row of W is read.
 */
static void gradient_of_one(const sml__sparse_product *product, sml__range own)
{
    const sml__sparse *x = product->x;
    const sml__range entries = own_entries(product, own, 0);
    const size_t whole = product->n / VECTOR_FLOATS * VECTOR_FLOATS;
    for (size_t e = entries.begin; e < entries.end; e++) {
        const float value = x->values[x->byte[e]];
        float *w = product->w + x->column[e] * product->stride;
        for (size_t j = 0; j < whole; j += VECTOR_FLOATS) {
            const sml__vector term = value * *(const sml__vector *)(product->delta + j);
            *(sml__vector *)(w + j) += product->alpha * term;
        }
        for (size_t j = whole; j < product->n; j++) {
            w[j] += product->alpha * (value * product->delta[j]);
        }
    }
}

void ISA(sparse_gradient)(const sml__sparse_product *product, int rank, int size, void *scratch)
{
    const sml__range own = sml__share(product->x->columns, 1, rank, size);
    if (product->m == 1 && product->accumulate) {
        gradient_of_one(product, own);
        return;
    }
    column_lists lists = lists_in(scratch, product->x, product->m);
    make_lists(product, own, &lists);
    for (size_t j = 0; j < product->n; j += GROUP * VECTOR_FLOATS) {
        const column_group group = group_at(j, product->n);
        for (size_t c = 0; c < own.end - own.begin; c++) {
            const int is_empty = lists.start[c] == lists.start[c + 1];
            if (!is_empty || !product->accumulate) {
                float *w = product->w + (own.begin + c) * product->stride + j;
#define GRADIENT_GROUP(constant) gradient_group(product, constant, &group, &lists, c, w)
                SML__WITH_CONSTANT(group.vectors, GRADIENT_GROUP)
            }
        }
    }
}
