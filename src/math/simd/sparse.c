/* Rows that are mostly zero against dense matrices. A zero costs nothing, forward or in the
 * gradient.
 *
 *   forward    z_s = b + Σ_i x_si w_i: one multiply-add of a row of W for each non-zero of row s
 *   gradient   w_i ← alpha Σ_s x_si δ_s + …: one of a row of Δ for each non-zero of column i
 *
 *         columns of X                    n             The non-zeros of two rows, or of two
 *      ┌────┬────┬────┬────┐       ┌──────┬──────┐      columns of the batch, are listed once, a
 *    m │    │▒▒▒▒│    │    │       │ ▒▒▒▒ │      │ ◀─┐  place where either has one. A loop over
 *      └────┴────┴────┴────┘       ├──────┼──────┤   │  a list keeps up to eight vectors of sums
 *             BLOCK                │      │      │   │  for each, a group of columns of W (or Δ),
 *                                  └──────┴──────┘   │  in registers: one visit of a row of W
 *                                    group         BLOCK serves both.
 *
 * A pair costs multiply-adds with zeros, half as many again forward (pixels of two digits) and a
 * sixth in the gradient (neighbouring pixels), and saves half of the loads, which are what binds.
 *
 * Forward takes all rows of the batch through one block of W before the next: 128 rows × 8 vectors
 * of 16 floats are 64 KiB, about L1, and come from L2 once a batch. For the gradient, 16 columns of
 * the batch at a time are transposed, bytes as they are; each row of W is read and written once. */
#include "math/sparse.h"

#include "base/threads.h"
#include "math/gemm.h"
#include "math/isa.h"
#include "math/simd/non_zeros.h"
#include "math/simd/row_sums.h"
#include "math/simd/transpose.h"

#include <string.h>

enum {
    BLOCK = 128,           /* rows of W that are visited for all rows of a batch in turn */
    ROWS = 128,            /* of a batch, whose sums wait in L2 between two blocks */
    TILE = SML__BYTE_ROWS, /* columns that are transposed at once */
    CACHE_LINE = 64,
    FLOATS_AHEAD = 1536 /* about two rows of 784: so long does memory take to answer */
};

enum { GROUP_OF_BATCH = (int)SML__SPARSE_ROWS * (int)SML__GROUP * (int)VECTOR_FLOATS };
_Static_assert((int)GROUP_OF_BATCH <= (int)SML__GEMM_SCRATCH, "scratch holds a group of Δ");

extern sml__sparse_forward_kernel ISA(sparse_forward);
extern sml__sparse_gradient_kernel ISA(sparse_gradient);

/* Whether rows of W, and of Z, end within a vector. */
static int is_sliver(const sml__sparse_product *product)
{
    return product->stride % VECTOR_FLOATS != 0;
}

/* Two, where a list of two has bits for every place. */
static size_t rows_in_list(const sml__sparse_product *product)
{
    return product->x->columns <= SML__PAIR_COLUMNS_MAX && !is_sliver(product) ? SML__PAIR : 1;
}

/* Where row s of the batch begins in X, in numbers. */
static size_t place_of(const sml__sparse_product *product, size_t s)
{
    return (product->order != NULL ? product->order[s] : s) * product->x->stride;
}

static const void *row_at(const sml__sparse_product *product, size_t s)
{
    const sml__sparse *x = product->x;
    const size_t at = place_of(product, s);
    return x->bytes != NULL ? (const void *)(x->bytes + at) : (const void *)(x->floats + at);
}

/* What an entry holds of the row that is number r in its list. */
SML__INLINE float value_of(const float *values, uint32_t entry, int r)
{
    return values[entry >> 8 * r & 255];
}

/* narrow: X is bytes, not floats. together: the rows that share the list, 1 or 2.
 * z_r = from_r + Σ x_ri w_i over the entries below column `end`, with the sums in registers.
 * Returns the first entry that is not. */
SML__INLINE const uint32_t *add_block(const sml__sparse_product *product, int narrow, int together,
                                      int vectors, const void *const *rows, const uint32_t *entry,
                                      size_t end, const float *w, const float *from,
                                      size_t from_row, float *z)
{
    const unsigned bits = sml__place_bits(together);
    const size_t stride = product->stride;
    const float *values = product->x->values;
    const uint32_t last = (uint32_t)end << bits;
    sml__vector sums[SML__PAIR][SML__GROUP];
#pragma GCC unroll 2
    for (int r = 0; r < together; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = *((const sml__vector *)(from + (size_t)r * from_row) + v);
        }
    }
    for (; *entry < last; entry++) {
        const size_t k = *entry >> bits;
        const sml__vector *w_row = (const sml__vector *)(w + k * stride);
        float value[SML__PAIR];
        SML__IN_ONE_REGISTER(w_row);
#pragma GCC unroll 2
        for (int r = 0; r < together; r++) {
            value[r] = narrow ? value_of(values, *entry, r) : ((const float *)rows[r])[k];
        }
        sml__add_row(together, vectors, sums, value, w_row);
    }
#pragma GCC unroll 2
    for (int r = 0; r < together; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            *((sml__vector *)(z + (size_t)r * product->z_row) + v) = sums[r][v];
        }
    }
    return entry;
}

/* Fetches a block of the row that takes this one's place in the next batch: the order is shuffled,
 * so no hardware foresees it; and while a block is multiplied, memory has nothing else to do. */
SML__INLINE void prefetch_block(const sml__sparse_product *product, int narrow, size_t s,
                                size_t begin)
{
    const size_t size = narrow ? sizeof(uint8_t) : sizeof(float);
    if (s + product->ahead < product->upcoming) {
        const char *next = row_at(product, s + product->ahead);
        for (size_t at = 0; at < BLOCK * size; at += CACHE_LINE) {
            __builtin_prefetch(next + begin * size + at, 0, 2);
        }
    }
}

/* z[group] of rows first…first+count-1 of the batch, block by block of W. */
SML__INLINE void forward_group(const sml__sparse_product *product, int narrow, int vectors,
                               size_t j, size_t first, size_t count, const uint32_t *const *lists)
{
    const uint32_t *entry[ROWS];
    const size_t columns = product->x->columns, step = rows_in_list(product);
    const float *w = product->w + j;
    memcpy(entry, lists, count * sizeof entry[0]);
    const size_t block = count == 1 ? columns : BLOCK; /* a row alone shares nothing */
    for (size_t begin = 0; begin < columns; begin += block) {
        const size_t end = columns - begin < block ? columns : begin + block;
        for (size_t s = 0; s < count; s += step) {
            float *z = product->z + (first + s) * product->z_row + j;
            const float *from = begin == 0 ? product->start + j : z;
            const size_t from_row = begin == 0 ? 0 : product->z_row;
            const int is_pair = step == SML__PAIR && count - s > 1;
            const void *rows[] = {row_at(product, first + s),
                                  row_at(product, first + s + (size_t)is_pair)};
            if (j == 0) {
                prefetch_block(product, narrow, first + s, begin);
                prefetch_block(product, narrow, first + s + 1, begin);
            }
#define ADD_BLOCK(together)                                                                        \
    add_block(product, narrow, together, vectors, rows, entry[s], end, w, from, from_row, z)
            entry[s] = is_pair ? ADD_BLOCK(SML__PAIR) : ADD_BLOCK(1);
        }
    }
}

/* The same for rows of W and Z that are less than a vector. */
static void forward_slivers(const sml__sparse_product *product, size_t first, size_t count,
                            const uint32_t *const *lists)
{
    for (size_t s = 0; s < count; s++) {
        const float *floats = row_at(product, first + s);
        const uint32_t *entry = lists[s];
        float *z = product->z + (first + s) * product->z_row;
        memcpy(z, product->start, product->n * sizeof(float));
        for (; *entry != UINT32_MAX; entry++) {
            const size_t k = *entry >> 8;
            const float value =
                product->x->bytes != NULL ? value_of(product->x->values, *entry, 0) : floats[k];
            for (size_t j = 0; j < product->n; j++) {
                z[j] += value * product->w[k * product->stride + j];
            }
        }
    }
}

/* The non-zeros of some rows, list behind list, each closed by an entry that is no column.
 * lists[s]: where that of row s of them begins. Two rows have one list, that of the first. */
SML__INLINE void list_rows(const sml__sparse_product *product, int narrow, sml__range rows,
                           uint32_t *entries, const uint32_t **lists)
{
    const size_t columns = product->x->columns, step = rows_in_list(product);
    const size_t ahead = product->m > 1 ? FLOATS_AHEAD : 0; /* rows of floats lie in order */
    for (size_t s = rows.begin; s < rows.end; s += step) {
        const int is_pair = step == SML__PAIR && rows.end - s > 1;
        const void *listed[] = {row_at(product, s), row_at(product, s + (size_t)is_pair)};
        const size_t count = is_pair ? sml__list(narrow, SML__PAIR, listed, columns, ahead, entries)
                                     : sml__list(narrow, 1, listed, columns, ahead, entries);
        lists[s - rows.begin] = lists[s - rows.begin + (size_t)is_pair] = entries;
        entries[count] = UINT32_MAX;
        entries += count + 1;
    }
}

SML__INLINE void forward_columns(const sml__sparse_product *product, int narrow, sml__range rows,
                                 sml__range columns, uint32_t *entries)
{
    const uint32_t *all_lists[SML__SPARSE_ROWS];
    list_rows(product, narrow, rows, entries, all_lists);
    for (size_t s = rows.begin; s < rows.end; s += ROWS) {
        const size_t count = rows.end - s < ROWS ? rows.end - s : ROWS;
        const uint32_t *const *lists = all_lists + (s - rows.begin);
        if (is_sliver(product)) { /* it cannot be shared: the first member takes it */
            if (columns.begin == 0 && columns.end > 0) {
                forward_slivers(product, s, count, lists);
            }
            continue;
        }
        for (size_t j = columns.begin; j < columns.end; j += SML__GROUP * VECTOR_FLOATS) {
            const sml__column_group group = sml__group_at(j, columns.end);
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

/* Whether sums begin with what W holds: the dense product's do where it multiplies by nothing. */
static int runs_on(const sml__sparse_product *product)
{
    return product->accumulate && product->alpha == 1.0F;
}

SML__INLINE void start_row(const sml__sparse_product *product, int vectors, sml__vector *sums,
                           const float *w)
{
    _Alignas(CACHE_LINE) float whole[SML__GROUP * VECTOR_FLOATS];
    const int on = runs_on(product);
    if (on && is_sliver(product)) {
        memset(whole, 0, sizeof whole);
        memcpy(whole, w, product->n * sizeof(float));
        w = whole;
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[v] = on ? *((const sml__vector *)w + v) : (sml__vector){0};
    }
}

/* w = alpha · sums + (w or 0). */
SML__INLINE void store_row(const sml__sparse_product *product, int vectors, const sml__vector *sums,
                           float *w)
{
    const int on = runs_on(product), accumulate = product->accumulate;
    if (is_sliver(product)) {
        for (size_t k = 0; k < product->n; k++) {
            const float base = accumulate ? w[k] : 0.0F;
            const float sum = sums[k / VECTOR_FLOATS][k % VECTOR_FLOATS];
            w[k] = on ? sum : product->alpha * sum + base;
        }
        return;
    }
    const sml__vector alpha = (sml__vector){0} + product->alpha;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        const sml__vector base = accumulate ? *((const sml__vector *)w + v) : (sml__vector){0};
        *((sml__vector *)w + v) = on ? sums[v] : sml__multiply_add(alpha, sums[v], base);
    }
}

/* w_i[group] of a pair of columns, of which `columns` exist, from their entries. delta: rows of
 * `vectors` vectors. */
SML__INLINE void gradient_group(const sml__sparse_product *product, int vectors, size_t columns,
                                const float *delta, const uint32_t *entry, float *w)
{
    const float *values = product->x->values;
    sml__vector sums[SML__PAIR][SML__GROUP];
    start_row(product, vectors, sums[0], w);
    start_row(product, vectors, sums[1], columns > 1 ? w + product->stride : w);
    for (; *entry != UINT32_MAX; entry++) {
        const size_t s = *entry >> sml__place_bits(SML__PAIR);
        const sml__vector *row = (const sml__vector *)delta + (size_t)vectors * s;
        const float value[] = {value_of(values, *entry, 0), value_of(values, *entry, 1)};
        SML__IN_ONE_REGISTER(row);
        sml__add_row(SML__PAIR, vectors, sums, value, row);
    }
    store_row(product, vectors, sums[0], w);
    if (columns > 1) {
        store_row(product, vectors, sums[1], w + product->stride);
    }
}

/* w_i[group] + alpha x_i δ[group] for the entries of a single row, with δ in registers. */
SML__INLINE void add_to_rows(const sml__sparse_product *product, int vectors, const float *delta,
                             size_t j, size_t begin, const uint32_t *entries, size_t count)
{
    const float *values = product->x->values;
    const sml__vector alpha = (sml__vector){0} + product->alpha;
    sml__vector d[SML__GROUP];
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
        const void *row = bytes + i;
        const size_t count = sml__list(1, 1, &row, left < BLOCK ? left : BLOCK, 0, entries);
        if (is_sliver(product)) {
            add_to_slivers(product, i, entries, count);
            continue;
        }
        for (size_t j = 0; j < product->n; j += SML__GROUP * VECTOR_FLOATS) {
            const sml__column_group group = sml__group_at(j, product->n);
            float delta[SML__GROUP * VECTOR_FLOATS] = {0};
            memcpy(delta, product->delta + j, group.columns * sizeof(float));
#define ADD_TO_ROWS(constant) add_to_rows(product, constant, delta, j, i, entries, count)
            SML__WITH_CONSTANT(group.vectors, ADD_TO_ROWS)
        }
    }
}

/* One group of columns of Δ as rows of whole vectors, zeros at the right: where n is a power of
 * two, its rows would meet in a few sets of L1. */
static void pack_delta(const sml__sparse_product *product, const sml__column_group *group,
                       float *packed)
{
    const size_t width = group->vectors * VECTOR_FLOATS;
    for (size_t s = 0; s < product->m; s++) {
        memset(packed + (s + 1) * width - VECTOR_FLOATS, 0, sizeof(sml__vector));
        memcpy(packed + s * width, product->delta + s * product->delta_row + group->j,
               group->columns * sizeof(float));
    }
}

/* The non-zeros of own columns of the batch, pair by pair, each list closed by an entry that is no
 * row. Behind the last column are zeros. */
static void list_columns(const sml__sparse_product *product, sml__range own)
{
    const size_t room = sml__sparse_row_room(product->m);
    for (size_t i = own.begin; i < own.end; i += TILE) {
        _Alignas(CACHE_LINE) uint8_t tile[TILE][SML__SPARSE_ROWS];
        transpose_tile(product, i, tile);
        for (size_t c = 0; c < TILE && i + c < own.end; c += SML__PAIR) {
            uint32_t *list = product->entries + (i + c) * room;
            const void *listed[] = {tile[c], tile[c + 1]};
            list[sml__list(1, SML__PAIR, listed, product->m, 0, list)] = UINT32_MAX;
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
    for (size_t j = 0; j < product->n; j += SML__GROUP * VECTOR_FLOATS) {
        const sml__column_group group = sml__group_at(j, product->n);
        pack_delta(product, &group, scratch);
        for (size_t i = own.begin; i < own.end; i += SML__PAIR) {
            const uint32_t *list = product->entries + i * room;
            float *w = product->w + i * product->stride + j;
#define GRADIENT_GROUP(constant) gradient_group(product, constant, own.end - i, scratch, list, w)
            SML__WITH_CONSTANT(group.vectors, GRADIENT_GROUP)
        }
    }
}
