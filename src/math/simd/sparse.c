/* Rows that are mostly zero against dense matrices. A zero costs nothing, forward or in the
 * gradient.
 *
 *   forward    z_s = b + Σ_i x_si w_i: one multiply-add of a row of W for each non-zero of row s
 *   gradient   w_i ← alpha Σ_s x_si δ_s + …: one of a row of Δ for each non-zero of column i
 *
 *         columns of X                    n             The non-zeros of a row, or of a column
 *      ┌────┬────┬────┬────┐       ┌──────┬──────┐      of the batch, are listed once. A loop
 *    m │    │▒▒▒▒│    │    │       │ ▒▒▒▒ │      │ ◀─┐  over a list keeps up to eight vectors
 *      └────┴────┴────┴────┘       ├──────┼──────┤   │  of sums, a group of columns of W (or
 *             BLOCK                │      │      │   │  Δ), in registers.
 *                                  └──────┴──────┘   │
 *                                    group         BLOCK rows of W
 *
 * Forward takes all rows of the batch through one block of W before the next: 128 rows × 8 vectors
 * of 16 floats are 64 KiB, about L1, and come from L2 once a batch. For the gradient, 16 columns of
 * the batch at a time are transposed, bytes as they are; each row of W is read and written once. */
#include "math/sparse.h"

#include "base/threads.h"
#include "math/gemm.h"
#include "math/isa.h"
#include "math/simd/non_zeros.h"
#include "math/simd/transpose.h"

#include <string.h>

enum {
    GROUP = 8,             /* vectors of sums: two FMA pipes of latency 4 */
    BLOCK = 128,           /* rows of W that are visited for all rows of a batch in turn */
    ROWS = 128,            /* of a batch, whose sums wait in L2 between two blocks */
    TILE = SML__BYTE_ROWS, /* columns that are transposed at once */
    CACHE_LINE = 64,
    FLOATS_AHEAD = 1536 /* about two rows of 784: so long does memory take to answer */
};

enum { GROUP_OF_BATCH = (int)SML__SPARSE_ROWS * (int)GROUP * (int)VECTOR_FLOATS };
_Static_assert((int)GROUP_OF_BATCH <= (int)SML__GEMM_SCRATCH, "scratch holds a group of Δ");

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

/* Whether rows of W, and of Z, end within a vector. */
static int is_sliver(const sml__sparse_product *product)
{
    return product->stride % VECTOR_FLOATS != 0;
}

/* One row of X. Which of the two is not NULL is a constant where this is inlined. */
typedef struct x_row {
    const uint8_t *bytes;
    const float *floats;
    const float *values; /* [256] what the bytes stand for */
} x_row;

/* Where row s of the batch begins in X, in numbers. */
static size_t place_of(const sml__sparse_product *product, size_t s)
{
    return (product->order != NULL ? product->order[s] : s) * product->x->stride;
}

static x_row row_at(const sml__sparse_product *product, size_t s)
{
    const sml__sparse *x = product->x;
    const size_t at = place_of(product, s);
    const x_row row = {x->bytes != NULL ? x->bytes + at : NULL,
                       x->floats != NULL ? x->floats + at : NULL, x->values};
    return row;
}

/* narrow: X is bytes, not floats.
 * z = from + Σ x_i w_i over the entries below `end`, with the sums in `vectors` registers. Returns
 * the first entry that is not. */
SML__INLINE const uint32_t *add_block(const sml__sparse_product *product, int narrow, int vectors,
                                      x_row row, const uint32_t *entry, uint32_t end,
                                      const float *w, const float *from, float *z)
{
    const size_t stride = product->stride;
    sml__vector sums[GROUP];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = *((const sml__vector *)from + v);
    }
    for (; *entry < end; entry++) {
        const size_t k = *entry >> 8;
        const float value = narrow ? row.values[*entry & 255] : row.floats[k];
        const sml__vector *w_row = (const sml__vector *)(w + k * stride);
        SML__IN_ONE_REGISTER(w_row);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[v] += value * w_row[v];
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        *((sml__vector *)z + v) = sums[v];
    }
    return entry;
}

/* Fetches a block of the row that takes this one's place in the next batch: the order is shuffled,
 * so no hardware foresees it. */
SML__INLINE void prefetch_block(const sml__sparse_product *product, size_t s, size_t begin)
{
    if (s + product->ahead < product->upcoming) {
        const uint8_t *next = product->x->bytes + place_of(product, s + product->ahead) + begin;
        __builtin_prefetch(next, 0, 2);
        __builtin_prefetch(next + CACHE_LINE, 0, 2);
    }
}

/* z[group] of rows first…first+count-1 of the batch, block by block of W. */
SML__INLINE void forward_group(const sml__sparse_product *product, int narrow, int vectors,
                               size_t j, size_t first, size_t count, const uint32_t *entries)
{
    const uint32_t *entry[ROWS];
    const size_t columns = product->x->columns;
    for (size_t s = 0; s < count; s++) {
        entry[s] = entries + s * sml__sparse_row_room(columns);
    }
    const size_t block = count == 1 ? columns : BLOCK; /* a row alone shares nothing */
    for (size_t begin = 0; begin < columns; begin += block) {
        const size_t end = columns - begin < block ? columns : begin + block;
        for (size_t s = 0; s < count; s++) {
            float *z = product->z + (first + s) * product->z_row + j;
            if (narrow && j == 0) {
                prefetch_block(product, first + s, begin);
            }
            entry[s] = add_block(product, narrow, vectors, row_at(product, first + s), entry[s],
                                 (uint32_t)end << 8, product->w + j,
                                 begin == 0 ? product->start + j : z, z);
        }
    }
}

/* The same for rows of W and Z that are less than a vector. */
static void forward_slivers(const sml__sparse_product *product, size_t first, size_t count,
                            const uint32_t *entries)
{
    for (size_t s = 0; s < count; s++) {
        const x_row row = row_at(product, first + s);
        const uint32_t *entry = entries + s * sml__sparse_row_room(product->x->columns);
        float *z = product->z + (first + s) * product->z_row;
        memcpy(z, product->start, product->n * sizeof(float));
        for (; *entry != UINT32_MAX; entry++) {
            const size_t k = *entry >> 8;
            const float value = row.bytes != NULL ? row.values[*entry & 255] : row.floats[k];
            for (size_t j = 0; j < product->n; j++) {
                z[j] += value * product->w[k * product->stride + j];
            }
        }
    }
}

/* The non-zeros of some rows, each list closed by an entry that is no column. */
static void list_rows(const sml__sparse_product *product, int narrow, sml__range rows,
                      uint32_t *entries)
{
    const size_t columns = product->x->columns;
    const size_t ahead = product->m > 1 ? FLOATS_AHEAD : 0; /* rows of floats lie in order */
    for (size_t s = rows.begin; s < rows.end; s++, entries += sml__sparse_row_room(columns)) {
        const x_row row = row_at(product, s);
        const size_t count = narrow ? sml__list_bytes(row.bytes, columns, entries)
                                    : sml__list_floats(row.floats, columns, ahead, entries);
        entries[count] = UINT32_MAX;
    }
}

SML__INLINE void forward_columns(const sml__sparse_product *product, int narrow, sml__range rows,
                                 sml__range columns, uint32_t *entries)
{
    const size_t room = sml__sparse_row_room(product->x->columns);
    list_rows(product, narrow, rows, entries);
    for (size_t s = rows.begin; s < rows.end; s += ROWS) {
        const size_t count = rows.end - s < ROWS ? rows.end - s : ROWS;
        const uint32_t *lists = entries + (s - rows.begin) * room;
        if (is_sliver(product)) { /* it cannot be shared: the first member takes it */
            if (columns.begin == 0 && columns.end > 0) {
                forward_slivers(product, s, count, lists);
            }
            continue;
        }
        for (size_t j = columns.begin; j < columns.end; j += GROUP * VECTOR_FLOATS) {
            const column_group group = group_at(j, columns.end);
#define FORWARD_GROUP(constant) forward_group(product, narrow, constant, j, s, count, lists)
            SML__WITH_CONSTANT(group.vectors, FORWARD_GROUP)
        }
    }
}

/* Members share the rows, or for a single row its columns, each with a list of its own. */
void ISA(sparse_forward)(const sml__sparse_product *product, int rank, int size)
{
    const int alone = product->m == 1;
    const sml__range all_rows = {0, product->m}, all_columns = {0, product->n};
    const sml__range rows = alone ? all_rows : sml__share(product->m, 1, rank, size);
    const sml__range columns =
        alone ? sml__share(product->n, VECTOR_FLOATS, rank, size) : all_columns;
    const size_t list = alone ? (size_t)rank : rows.begin;
    uint32_t *entries = product->entries + list * sml__sparse_row_room(product->x->columns);
    if (product->x->bytes != NULL) {
        forward_columns(product, 1, rows, columns, entries);
    } else {
        forward_columns(product, 0, rows, columns, entries);
    }
}

/* Columns i…i+15 of the batch: tile[c][s] = byte i + c of row s, zero where there is none. */
static void transpose_tile(const sml__sparse_product *product, size_t i,
                           uint8_t tile[TILE][SML__SPARSE_ROWS])
{
    const size_t left = product->x->columns - i, width = left < TILE ? left : TILE;
    for (size_t s = 0; s < product->m; s += TILE) {
        sml__bytes rows[TILE] = {{0}};
        for (size_t r = 0; r < TILE && s + r < product->m; r++) {
            const uint8_t *bytes = product->x->bytes + place_of(product, s + r) + i;
            if (width == TILE) {
                rows[r] = *(const sml__bytes *)bytes;
            } else {
                memcpy(&rows[r], bytes, width);
            }
        }
        sml__transpose_bytes(rows);
        for (size_t c = 0; c < TILE; c++) {
            memcpy(tile[c] + s, &rows[c], sizeof rows[c]);
        }
    }
}

/* w = alpha · sums + (w or 0). */
SML__INLINE void store_row(const sml__sparse_product *product, int vectors, const sml__vector *sums,
                           float *w)
{
    if (is_sliver(product)) {
        for (size_t k = 0; k < product->n; k++) {
            const float base = product->accumulate ? w[k] : 0.0F;
            w[k] = product->alpha * sums[k / VECTOR_FLOATS][k % VECTOR_FLOATS] + base;
        }
        return;
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        const sml__vector base =
            product->accumulate ? *((const sml__vector *)w + v) : (sml__vector){0};
        *((sml__vector *)w + v) = product->alpha * sums[v] + base;
    }
}

/* w_i[group] from the entries of column i. delta: rows of `vectors` vectors. */
SML__INLINE void gradient_group(const sml__sparse_product *product, int vectors, const float *delta,
                                const uint32_t *entry, float *w)
{
    sml__vector sums[GROUP];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = (sml__vector){0};
    }
    for (; *entry != UINT32_MAX; entry++) {
        const float value = product->x->values[*entry & 255];
        const sml__vector *row = (const sml__vector *)delta + (size_t)vectors * (*entry >> 8);
        SML__IN_ONE_REGISTER(row);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[v] += value * row[v];
        }
    }
    store_row(product, vectors, sums, w);
}

/* w_i[group] + alpha x_i δ[group] for the entries of a single row, with δ in registers. */
SML__INLINE void add_to_rows(const sml__sparse_product *product, int vectors, const float *delta,
                             size_t j, size_t begin, const uint32_t *entries, size_t count)
{
    const float *values = product->x->values;
    const sml__vector alpha = (sml__vector){0} + product->alpha;
    sml__vector d[GROUP];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        d[v] = *((const sml__vector *)delta + v);
    }
    for (size_t e = 0; e < count; e++) {
        const float value = values[entries[e] & 255];
        sml__vector *w =
            (sml__vector *)(product->w + (begin + (entries[e] >> 8)) * product->stride + j);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            w[v] += alpha * (value * d[v]);
        }
    }
}

/* The same for rows of W that are less than a vector. */
static void add_to_slivers(const sml__sparse_product *product, size_t begin,
                           const uint32_t *entries, size_t count)
{
    for (size_t e = 0; e < count; e++) {
        const float value = product->x->values[entries[e] & 255];
        float *w = product->w + (begin + (entries[e] >> 8)) * product->stride;
        for (size_t j = 0; j < product->n; j++) {
            w[j] += product->alpha * (value * product->delta[j]);
        }
    }
}

/* A single row: no row of W is touched but those of its non-zeros. */
static void gradient_of_one(const sml__sparse_product *product, sml__range own)
{
    const uint8_t *bytes = product->x->bytes + place_of(product, 0);
    for (size_t i = own.begin; i < own.end; i += BLOCK) {
        uint32_t entries[BLOCK + 16];
        const size_t left = own.end - i;
        const size_t count = sml__list_bytes(bytes + i, left < BLOCK ? left : BLOCK, entries);
        if (is_sliver(product)) {
            add_to_slivers(product, i, entries, count);
            continue;
        }
        for (size_t j = 0; j < product->n; j += GROUP * VECTOR_FLOATS) {
            const column_group group = group_at(j, product->n);
            float delta[GROUP * VECTOR_FLOATS] = {0};
            memcpy(delta, product->delta + j, group.columns * sizeof(float));
#define ADD_TO_ROWS(constant) add_to_rows(product, constant, delta, j, i, entries, count)
            SML__WITH_CONSTANT(group.vectors, ADD_TO_ROWS)
        }
    }
}

/* One group of columns of Δ as rows of whole vectors, zeros at the right: where n is a power of
 * two, its rows would meet in a few sets of L1. */
static void pack_delta(const sml__sparse_product *product, const column_group *group, float *packed)
{
    const size_t width = group->vectors * VECTOR_FLOATS;
    for (size_t s = 0; s < product->m; s++) {
        memset(packed + (s + 1) * width - VECTOR_FLOATS, 0, sizeof(sml__vector));
        memcpy(packed + s * width, product->delta + s * product->delta_row + group->j,
               group->columns * sizeof(float));
    }
}

/* The non-zeros of own columns of the batch, each list closed by an entry that is no row. */
static void list_columns(const sml__sparse_product *product, sml__range own)
{
    const size_t room = sml__sparse_row_room(product->m);
    for (size_t i = own.begin; i < own.end; i += TILE) {
        _Alignas(CACHE_LINE) uint8_t tile[TILE][SML__SPARSE_ROWS];
        transpose_tile(product, i, tile);
        for (size_t c = i; c < i + TILE && c < own.end; c++) {
            uint32_t *entries = product->entries + c * room;
            entries[sml__list_bytes(tile[c - i], product->m, entries)] = UINT32_MAX;
        }
    }
}

void ISA(sparse_gradient)(const sml__sparse_product *product, int rank, int size, float *scratch)
{
    const sml__range own = sml__share(product->x->columns, TILE, rank, size);
    const size_t room = sml__sparse_row_room(product->m);
    if (product->m == 1 && product->accumulate) {
        gradient_of_one(product, own);
        return;
    }
    list_columns(product, own);
    for (size_t j = 0; j < product->n; j += GROUP * VECTOR_FLOATS) {
        const column_group group = group_at(j, product->n);
        pack_delta(product, &group, scratch);
        for (size_t i = own.begin; i < own.end; i++) {
            const uint32_t *entries = product->entries + i * room;
            float *w = product->w + i * product->stride + j;
#define GRADIENT_GROUP(constant) gradient_group(product, constant, scratch, entries, w)
            SML__WITH_CONSTANT(group.vectors, GRADIENT_GROUP)
        }
    }
}
