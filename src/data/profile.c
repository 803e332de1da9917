/* Facts about all rows. Equal rows are found by a table of hashes: the rows that differ from all
 * before them stand in it, at the slot that their hash says or at the next free one; rows with
 * equal hashes are compared number by number.
 *
 * A hash is of the cells that are not 0, each with its column, so that it does not depend on how
 * rows are held; -0 is 0 then, too. All missing cells count as the same number. */
#include "data/rows.h"

#include "base/context.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static const uint32_t NO_ROW = UINT32_MAX; /* data sets have at most that many rows */

typedef struct distinct {
    const sml_dataset *data;
    uint64_t *hashes; /* [slots] */
    uint32_t *rows;   /* [slots]: numbers of rows, or NO_ROW */
    size_t slots;     /* a power of two, at least twice the rows */
    float *cells[2];  /* [columns]: two rows that are compared */
} distinct;

static uint32_t bits_of(float x)
{
    uint32_t bits;
    x = isnan(x) ? NAN : x;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Multiplication and shift, after "splitmix64" (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t h)
{
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}

static uint64_t hash_row(const sml_dataset *data, size_t row, float *scratch)
{
    const sml__cells cells = sml__dataset_cells(data, sml__dataset_place(data, row), scratch);
    uint64_t h = 0;
    for (size_t i = 0; i < cells.n; i++) {
        if (cells.values[i] != 0) {
            const uint64_t column = cells.columns != NULL ? cells.columns[i] : i;
            h = (h ^ (column << 32 | bits_of(cells.values[i]))) * 0x9E3779B97F4A7C15u;
            h ^= h >> 32;
        }
    }
    return mix(h);
}

static int are_equal(const distinct *d, size_t row, const sml_dataset *other, size_t other_row)
{
    const size_t columns = d->data->view.columns;
    const float *x = d->cells[0], *y = d->cells[1];
    sml_dataset_features(d->data, row, d->cells[0]);
    sml_dataset_features(other, other_row, d->cells[1]);
    size_t i = 0;
    while (i < columns && (x[i] == y[i] || (isnan(x[i]) && isnan(y[i])))) {
        i++;
    }
    return i == columns;
}

/* The slot of a row of `other` that equals one of the table, or the free one where it would stand.
 */
static size_t find(const distinct *d, const sml_dataset *other, size_t row, uint64_t hash)
{
    size_t slot = hash & (d->slots - 1);
    while (d->rows[slot] != NO_ROW &&
           !(d->hashes[slot] == hash && are_equal(d, d->rows[slot], other, row))) {
        slot = (slot + 1) & (d->slots - 1);
    }
    return slot;
}

static sml_status distinct_create(sml_ctx *ctx, const sml_dataset *data, distinct *d)
{
    *d = (distinct){.data = data, .slots = 2};
    while (d->slots < 2 * data->view.rows) {
        d->slots *= 2;
    }
    d->hashes = sml__alloc_to_fill(ctx, d->slots * sizeof *d->hashes, "hashes of rows");
    d->rows = sml__alloc_to_fill(ctx, d->slots * sizeof *d->rows, "a table of rows");
    for (int i = 0; i < 2; i++) {
        d->cells[i] = sml__alloc(ctx, data->view.columns, sizeof(float), "a row");
    }
    if (d->hashes == NULL || d->rows == NULL || d->cells[0] == NULL || d->cells[1] == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < d->slots; i++) {
        d->rows[i] = NO_ROW;
    }
    return SML_OK;
}

static void distinct_free(distinct *d)
{
    sml__free(d->hashes);
    sml__free(d->rows);
    sml__free(d->cells[0]);
    sml__free(d->cells[1]);
}

/* Fills the table; returns how many rows equal an earlier one. */
static uint64_t add_rows(distinct *d)
{
    uint64_t duplicates = 0;
    for (size_t r = 0; r < d->data->view.rows; r++) {
        const uint64_t hash = hash_row(d->data, r, d->cells[0]);
        const size_t slot = find(d, d->data, r, hash);
        duplicates += d->rows[slot] != NO_ROW;
        if (d->rows[slot] == NO_ROW) {
            d->rows[slot] = (uint32_t)r;
            d->hashes[slot] = hash;
        }
    }
    return duplicates;
}

static uint64_t count_shared(const distinct *d, const sml_dataset *other)
{
    uint64_t shared = 0;
    for (size_t r = 0; r < other->view.rows; r++) {
        const uint64_t hash = hash_row(other, r, d->cells[0]);
        shared += d->rows[find(d, other, r, hash)] != NO_ROW;
    }
    return shared;
}

/* Range, zeros and missing cells. scratch: [columns]. */
static void add_cells(const sml_dataset *data, float *scratch, sml_data_profile *p)
{
    const size_t columns = data->view.columns;
    uint64_t filled = 0;
    float minimum = INFINITY, maximum = -INFINITY;
    for (size_t r = 0; r < data->view.rows; r++) {
        const sml__cells cells = sml__dataset_cells(data, sml__dataset_place(data, r), scratch);
        if (cells.n < columns) { /* the others are 0 */
            minimum = minimum > 0 ? 0 : minimum;
            maximum = maximum < 0 ? 0 : maximum;
        }
        for (size_t i = 0; i < cells.n; i++) {
            const float x = cells.values[i]; /* comparisons with NaN are false */
            minimum = x < minimum ? x : minimum;
            maximum = x > maximum ? x : maximum;
            filled += x != 0;
            p->missing += isnan(x) != 0;
        }
    }
    const int has_values = minimum <= maximum;
    p->density = (double)filled / ((double)data->view.rows * (double)columns);
    p->minimum = has_values ? (double)minimum : (double)NAN;
    p->maximum = has_values ? (double)maximum : (double)NAN;
}

static sml_status count_classes(sml_ctx *ctx, const sml_dataset *data, sml_data_profile *p)
{
    if (data->view.task != SML_TASK_CLASSIFICATION) {
        return SML_OK;
    }
    p->class_counts =
        sml__alloc(ctx, data->view.outputs, sizeof *p->class_counts, "counts of classes");
    for (size_t r = 0; p->class_counts != NULL && r < data->view.rows; r++) {
        p->class_counts[sml_dataset_label(data, r)]++;
    }
    return p->class_counts != NULL ? SML_OK : SML_NO_MEMORY;
}

sml_status sml_dataset_profile(sml_ctx *ctx, const sml_dataset *data, const sml_dataset *other,
                               sml_data_profile *profile)
{
    distinct d;
    *profile = (sml_data_profile){.rows = data->view.rows};
    if (other != NULL && other->view.columns != data->view.columns) {
        return sml__fail(ctx, SML_BAD_SHAPE, "%s has %zu columns, %s has %zu: no row is shared",
                         data->name, data->view.columns, other->name, other->view.columns);
    }
    sml_status status = distinct_create(ctx, data, &d);
    if (status == SML_OK) {
        status = count_classes(ctx, data, profile);
    }
    if (status == SML_OK) {
        add_cells(data, d.cells[0], profile);
        profile->duplicate_rows = add_rows(&d);
        profile->shared_rows = other != NULL ? count_shared(&d, other) : 0;
        status = sml__dataset_status(ctx, data);
    }
    if (status == SML_OK && other != NULL) {
        status = sml__dataset_status(ctx, other);
    }
    distinct_free(&d);
    return status;
}

void sml_data_profile_clear(sml_data_profile *profile)
{
    sml__free(profile->class_counts);
    *profile = (sml_data_profile){0};
}
