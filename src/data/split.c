/* Cutting a data set by chance into parts, class by class ("stratified").
 *
 * The N_k rows of class k, upwards, are permuted by the random numbers of lane k, and the permuted
 * rows cut into pieces; what is left belongs to part 0. Other tasks have one class of all rows.
 *
 * Shares: part i gets round(N p_i) rows, of class k ⌊N_k p_i⌋ and one more where the remainder
 * N_k p_i - ⌊N_k p_i⌋ is among the largest; equal ones: the lower class first.
 *
 * Folds: the rows sorted by class are dealt round to the n folds, so fold i gets of a class at the
 * sorted places s … e-1 those that are i modulo n. The classes are sorted by their first rows. This
 * is the table of scikit-learn's StratifiedKFold (sklearn/model_selection/_split.py), and with one
 * class that of KFold. */
#include "data/dataset.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shares such as 0.7 + 0.2 + 0.1 may sum to a little more than 1. */
static const double SHARE_TOLERANCE = 1e-9;

typedef struct cutting {
    const sml_dataset *data;
    size_t rows, classes;
    uint32_t *members;   /* [rows] class by class, upwards */
    size_t *starts;      /* [classes + 1] of members */
    size_t pieces;       /* of each class; the rest is one more */
    size_t *sizes;       /* [classes, pieces] */
    uint32_t first_part; /* piece p is part first_part + p; the rest is part 0 */
    uint32_t *part_of;   /* [rows] */
    uint32_t *order;     /* [rows of the largest class] scratch: a permutation */
} cutting;

static size_t class_of(const cutting *c, size_t row)
{
    return c->classes > 1 ? (size_t)sml_dataset_label(c->data, row) : 0;
}

static size_t count_of(const cutting *c, size_t k)
{
    return c->starts[k + 1] - c->starts[k];
}

/* Sorts the rows by class, by counting. */
static void sort_members(cutting *c)
{
    for (size_t r = 0; r < c->rows; r++) {
        c->starts[class_of(c, r) + 1]++;
    }
    for (size_t k = 0; k < c->classes; k++) {
        c->starts[k + 1] += c->starts[k];
    }
    for (size_t r = 0; r < c->rows; r++) { /* starts[k] runs to where class k + 1 starts */
        c->members[c->starts[class_of(c, r)]++] = (uint32_t)r;
    }
    memmove(c->starts + 1, c->starts, c->classes * sizeof *c->starts);
    c->starts[0] = 0;
}

static size_t largest_class(const cutting *c)
{
    size_t largest = 0;
    for (size_t k = 0; k < c->classes; k++) {
        largest = count_of(c, k) > largest ? count_of(c, k) : largest;
    }
    return largest;
}

static sml_status begin(sml_ctx *ctx, const sml_dataset *data, size_t pieces, cutting *c)
{
    const sml_data_view *view = &data->view;
    *c = (cutting){.data = data, .rows = view->rows, .pieces = pieces};
    c->classes = view->task == SML_TASK_CLASSIFICATION ? view->outputs : 1;
    const size_t row = (pieces + 1) * sizeof *c->sizes; /* one more: there may be no piece */
    c->members = sml__alloc(ctx, c->rows, sizeof *c->members, "rows by class");
    c->starts = sml__alloc(ctx, c->classes + 1, sizeof *c->starts, "rows by class");
    c->sizes = sml__alloc(ctx, c->classes, row, "the sizes of parts");
    c->part_of = sml__alloc(ctx, c->rows, sizeof *c->part_of, "the parts of rows");
    if (c->members == NULL || c->starts == NULL || c->sizes == NULL || c->part_of == NULL) {
        return SML_NO_MEMORY;
    }
    sort_members(c);
    c->order = sml__alloc(ctx, largest_class(c), sizeof *c->order, "a permutation");
    return c->order != NULL ? SML_OK : SML_NO_MEMORY;
}

/* What is not needed once each row has its part: there may be many rows. */
static void drop_members(cutting *c)
{
    sml__free(c->members);
    sml__free(c->order);
    c->members = c->order = NULL;
}

static void end(cutting *c)
{
    drop_members(c);
    sml__free(c->starts);
    sml__free(c->sizes);
    sml__free(c->part_of);
}

/* Says of each row which part it is in. */
static void deal(cutting *c, uint64_t seed, sml__purpose purpose)
{
    for (size_t k = 0; k < c->classes; k++) {
        const uint32_t *members = c->members + c->starts[k];
        const size_t *sizes = c->sizes + k * c->pieces;
        sml__random random;
        sml__random_init(&random, seed, purpose, 0, (uint32_t)k);
        sml__random_permutation(&random, c->order, count_of(c, k));
        size_t i = 0;
        for (size_t p = 0; p < c->pieces; p++) {
            for (size_t taken = 0; taken < sizes[p]; taken++) {
                c->part_of[members[c->order[i++]]] = c->first_part + (uint32_t)p;
            }
        }
    }
}

/* The rows of one part, upwards; NULL where there are none. */
static sml_status collect(sml_ctx *ctx, const cutting *c, uint32_t part, sml_dataset **out)
{
    size_t n = 0;
    for (size_t r = 0; r < c->rows; r++) {
        n += c->part_of[r] == part;
    }
    if (n == 0) {
        return SML_OK;
    }
    uint32_t *rows = sml__alloc_to_fill(ctx, n * sizeof *rows, "the rows of a part");
    if (rows == NULL) {
        return SML_NO_MEMORY;
    }
    size_t at = 0;
    for (size_t r = 0; r < c->rows && at < n; r++) {
        rows[at] = (uint32_t)r;
        at += c->part_of[r] == part;
    }
    return sml__dataset_adopt_selection(ctx, c->data, rows, n, out);
}

/* All parts, or none. */
static sml_status collect_all(sml_ctx *ctx, cutting *c, size_t n_parts, sml_dataset **parts)
{
    drop_members(c);
    sml_status status = SML_OK;
    for (size_t i = 0; i < n_parts && status == SML_OK; i++) {
        status = collect(ctx, c, (uint32_t)i, &parts[i]);
    }
    for (size_t i = 0; i < n_parts && status != SML_OK; i++) {
        sml_dataset_free(parts[i]);
        parts[i] = NULL;
    }
    return status;
}

typedef struct leftover {
    double value;
    size_t class_index;
} leftover;

/* Largest first, then the lower class. */
static int compare_remainders(const void *a, const void *b)
{
    const leftover *x = a, *y = b;
    const int by_value = (x->value < y->value) - (x->value > y->value);
    return by_value != 0 ? by_value
                         : (x->class_index > y->class_index) - (x->class_index < y->class_index);
}

/* Up to n more rows of class k for a piece, as long as one stays for part 0; returns how many. */
static size_t enlarge(cutting *c, size_t k, size_t piece, size_t n)
{
    size_t *sizes = c->sizes + k * c->pieces;
    size_t room = count_of(c, k);
    for (size_t p = 0; p <= piece; p++) {
        room -= sizes[p];
    }
    const size_t more = room <= n ? room - (room > 0) : n;
    sizes[piece] += more;
    return more;
}

/* How many rows of each class a piece gets by its share. left: scratch, [classes]. */
static void size_piece(cutting *c, size_t piece, double share, leftover *left)
{
    const size_t wanted = (size_t)round((double)c->rows * share);
    size_t found = 0, more = 1;
    for (size_t k = 0; k < c->classes; k++) {
        const double quota = (double)count_of(c, k) * share;
        left[k] = (leftover){quota - floor(quota), k};
        found += enlarge(c, k, piece, (size_t)quota);
    }
    qsort(left, c->classes, sizeof *left, compare_remainders);
    while (found < wanted && more > 0) { /* a second round where a class could give no more */
        more = 0;
        for (size_t i = 0; i < c->classes && found + more < wanted; i++) {
            more += enlarge(c, left[i].class_index, piece, 1);
        }
        found += more;
    }
}

static sml_status check_shares(sml_ctx *ctx, const sml_dataset *data, const double *shares,
                               size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(shares[i] >= 0)) {
            return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: share %zu is %g; a share is at least 0",
                             data->name, i, shares[i]);
        }
        sum += shares[i];
    }
    if (sum > 1 + SHARE_TOLERANCE) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: the shares sum to %g; they may sum to 1",
                         data->name, sum);
    }
    return SML_OK;
}

sml_status sml_dataset_split(sml_ctx *ctx, const sml_dataset *data, uint64_t seed,
                             const double *shares, size_t n, sml_dataset **parts)
{
    cutting c = {0};
    for (size_t i = 0; i <= n; i++) {
        parts[i] = NULL;
    }
    sml_status status = check_shares(ctx, data, shares, n);
    if (status == SML_OK) {
        status = begin(ctx, data, n, &c);
    }
    leftover *left =
        status == SML_OK ? sml__alloc(ctx, c.classes, sizeof *left, "remainders") : NULL;
    if (left != NULL) {
        c.first_part = 1;
        for (size_t p = 0; p < n; p++) {
            size_piece(&c, p, shares[p], left);
        }
        deal(&c, seed, SML__SPLIT);
        status = collect_all(ctx, &c, n + 1, parts);
    } else if (status == SML_OK) {
        status = SML_NO_MEMORY;
    }
    sml__free(left);
    end(&c);
    return status;
}

/* How many of the numbers 0…x-1 are i modulo n. */
static size_t dealt(size_t x, size_t i, size_t n)
{
    return x / n + (x % n > i);
}

/* Of each class the pieces of the folds before fold i, and that of fold i. */
static void size_folds(cutting *c, size_t i, size_t n)
{
    size_t s = 0;
    for (size_t r = 0; r < c->rows; r++) {
        const size_t k = class_of(c, r), e = s + count_of(c, k);
        if (c->members[c->starts[k]] != r) {
            continue; /* not the first row of its class */
        }
        for (size_t before = 0; before < i; before++) {
            c->sizes[2 * k] += dealt(e, before, n) - dealt(s, before, n);
        }
        c->sizes[2 * k + 1] = dealt(e, i, n) - dealt(s, i, n);
        s = e;
    }
}

static sml_status check_folds(sml_ctx *ctx, const cutting *c, size_t k, size_t n)
{
    const size_t largest = largest_class(c);
    if (n < 2 || n > largest) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: %zu folds; it can be cut into 2…%zu, the %s",
                         c->data->name, n, largest,
                         c->classes > 1 ? "rows of its largest class" : "number of its rows");
    }
    if (k >= n) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: fold %zu; with %zu folds they are 0…%zu",
                         c->data->name, k, n, n - 1);
    }
    return SML_OK;
}

/* Says of each row whether it is before fold k, part 0; in it, 1; or behind it, 0. */
static sml_status cut_fold(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, size_t k, size_t n,
                           cutting *c)
{
    sml_status status = begin(ctx, data, 2, c);
    if (status == SML_OK) {
        status = check_folds(ctx, c, k, n);
    }
    if (status == SML_OK) {
        size_folds(c, k, n);
        deal(c, seed, SML__FOLD);
    }
    return status;
}

sml_status sml_dataset_fold(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, size_t k,
                            size_t n, sml_dataset *parts[2])
{
    cutting c;
    parts[0] = parts[1] = NULL;
    sml_status status = cut_fold(ctx, data, seed, k, n, &c);
    if (status == SML_OK) {
        status = collect_all(ctx, &c, 2, parts);
    }
    end(&c);
    return status;
}

sml_status sml__dataset_folds(sml_ctx *ctx, const sml_dataset *data, uint64_t seed, size_t n,
                              uint32_t *out)
{
    sml_status status = SML_OK;
    for (size_t k = 0; k < n && status == SML_OK; k++) {
        cutting c;
        status = cut_fold(ctx, data, seed, k, n, &c);
        for (size_t r = 0; status == SML_OK && r < c.rows; r++) {
            out[r] = c.part_of[r] == 1 ? (uint32_t)k : out[r];
        }
        end(&c);
    }
    return status;
}
