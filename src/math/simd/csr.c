/* Compressed rows against dense matrices. What a row does not list costs nothing, forward or in the
 * gradient.
 *
 *   forward    z_s = b + Σ_i x_si w_i: one multiply-add of a row of W for each entry of row s
 *   gradient   w_i ← w_i + alpha Σ_s x_si δ_s: one of a row of Δ for each entry of column i
 *
 *   heads            links                         The gradient wants the entries of the batch by
 *   ┌───┐   ┌────┐   ┌────┐                        column. They are chained, last row first, so
 * i │ ●─┼──▶│ s₁ │──▶│ s₂ │──▶ 0                   that a chain goes through the rows upwards, as
 *   ├───┤   └────┘   └────┘                        the sums of the dense product do. That costs a
 *   │ 0 │                                          visit of each entry, however many columns there
 *   └───┘                                          are, and needs no sorting.
 *
 * Blocks of 16 columns are dealt out to the members: low numbers often are the frequent words, and
 * would all be in one half. */
#include "math/csr.h"

#include "base/threads.h"
#include "math/gemm.h"
#include "math/isa.h"
#include "math/simd/row_sums.h"

#include <string.h>

enum { OWNED = 16 }; /* columns of a block: whole cache lines of heads, and of narrow rows of W */

/* 2³² over the golden ratio: its multiples modulo 2³² lie evenly between each other. Knuth, "The
 * Art of Computer Programming" 3, 6.4. */
static const uint32_t GOLDEN = 2654435769U;

extern sml__csr_forward_kernel ISA(csr_forward);
extern sml__csr_gradient_kernel ISA(csr_gradient);

/* Whether rows of W, of Z and of Δ end within a vector. */
static int is_sliver(const sml__csr_product *product)
{
    return product->stride % VECTOR_FLOATS != 0;
}

/* The entries of row s of the batch. */
static sml__range entries_of(const sml__csr_product *product, size_t s)
{
    const size_t *start = product->x->starts + (product->order != NULL ? product->order[s] : s);
    const sml__range entries = {start[0], start[1]};
    return entries;
}

/* z_s[group] for some rows, with the sums in registers. */
SML__INLINE void forward_group(const sml__csr_product *product, int vectors, size_t j,
                               sml__range rows)
{
    const sml__csr *x = product->x;
    for (size_t s = rows.begin; s < rows.end; s++) {
        const sml__range entries = entries_of(product, s);
        sml__vector sums[SML__PAIR][SML__GROUP];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            sums[0][v] = *((const sml__vector *)(product->start + j) + v);
        }
        for (size_t e = entries.begin; e < entries.end; e++) {
            const float *w = product->w + x->columns[e] * product->stride + j;
            sml__add_row(1, vectors, sums, &x->values[e], (const sml__vector *)w);
        }
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            *((sml__vector *)(product->z + s * product->z_row + j) + v) = sums[0][v];
        }
    }
}

/* The same for rows of W and Z that are less than a vector. */
static void forward_slivers(const sml__csr_product *product, sml__range rows)
{
    const sml__csr *x = product->x;
    for (size_t s = rows.begin; s < rows.end; s++) {
        const sml__range entries = entries_of(product, s);
        float *z = product->z + s * product->z_row;
        memcpy(z, product->start, product->n * sizeof(float));
        for (size_t e = entries.begin; e < entries.end; e++) {
            const float *w = product->w + x->columns[e] * product->stride;
            for (size_t j = 0; j < product->n; j++) {
                z[j] += x->values[e] * w[j];
            }
        }
    }
}

void ISA(csr_forward)(const sml__csr_product *product, int rank, int size)
{
    const sml__range rows = sml__share(product->m, 1, rank, size);
    if (is_sliver(product)) {
        forward_slivers(product, rows);
        return;
    }
    for (size_t j = 0; j < product->n; j += SML__GROUP * VECTOR_FLOATS) {
        const sml__column_group group = sml__group_at(j, product->n);
#define FORWARD_GROUP(constant) forward_group(product, constant, j, rows)
        SML__WITH_CONSTANT(group.vectors, FORWARD_GROUP)
    }
}

/* The member whose column it is. A division would take longer than the rest of the entry's way into
 * the list. */
SML__INLINE uint32_t owner_of(uint32_t column, int size)
{
    return (uint32_t)((uint64_t)(column / OWNED * GOLDEN) * (uint64_t)size >> 32);
}

/* The entries of own columns in some rows, last row first, as links from 1 on. Returns their
 * number. */
static uint32_t list_own(const sml__csr_product *product, sml__range rows, int rank, int size,
                         sml__csr_link *links)
{
    const sml__csr *x = product->x;
    uint32_t count = 0;
    for (size_t s = rows.end; s-- > rows.begin;) {
        const sml__range entries = entries_of(product, s);
        for (size_t e = entries.begin; e < entries.end; e++) { /* no branch to guess wrong */
            const uint32_t column = x->columns[e];
            links[count + 1] = (sml__csr_link){column, (uint32_t)s, x->values[e], 0};
            count += owner_of(column, size) == (uint32_t)rank;
        }
    }
    return count;
}

static void chain(uint32_t *heads, sml__csr_link *links, uint32_t count)
{
    for (uint32_t k = 1; k <= count; k++) {
        links[k].next = heads[links[k].column];
        heads[links[k].column] = k;
    }
}

/* Whether sums begin with what W holds: the dense product's do where it multiplies by nothing. */
static int runs_on(const sml__csr_product *product)
{
    return product->alpha == 1.0F && product->m > 1;
}

/* w_i[group] of the column whose chain begins at link k. */
SML__INLINE void gradient_group(const sml__csr_product *product, int vectors, size_t j,
                                const sml__csr_link *links, uint32_t k)
{
    const sml__vector alpha = (sml__vector){0} + product->alpha;
    const int on = runs_on(product);
    sml__vector *w = (sml__vector *)(product->w + links[k].column * product->stride + j);
    sml__vector sums[SML__PAIR][SML__GROUP];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        sums[0][v] = on ? w[v] : (sml__vector){0};
    }
    for (; k != 0; k = links[k].next) {
        const float *delta = product->delta + links[k].row * product->delta_row + j;
        sml__add_row(1, vectors, sums, &links[k].value, (const sml__vector *)delta);
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        w[v] = on ? sums[0][v] : sml__multiply_add(alpha, sums[0][v], w[v]);
    }
}

/* The same for a row of W that is less than a vector. */
static void gradient_sliver(const sml__csr_product *product, const sml__csr_link *links,
                            uint32_t first)
{
    float *w = product->w + links[first].column * product->stride;
    for (size_t j = 0; j < product->n; j++) {
        float sum = runs_on(product) ? w[j] : 0.0F;
        for (uint32_t k = first; k != 0; k = links[k].next) {
            sum += links[k].value * product->delta[links[k].row * product->delta_row + j];
        }
        w[j] = runs_on(product) ? sum : product->alpha * sum + w[j];
    }
}

static void gradient_of_column(const sml__csr_product *product, const sml__csr_link *links,
                               uint32_t k)
{
    if (is_sliver(product)) {
        gradient_sliver(product, links, k);
        return;
    }
    for (size_t j = 0; j < product->n; j += SML__GROUP * VECTOR_FLOATS) {
        const sml__column_group group = sml__group_at(j, product->n);
#define GRADIENT_GROUP(constant) gradient_group(product, constant, j, links, k)
        SML__WITH_CONSTANT(group.vectors, GRADIENT_GROUP)
    }
}

static void clear_own(const sml__csr_product *product, int rank, int size)
{
    for (size_t i = 0; i < product->columns; i += OWNED) {
        const size_t left = product->columns - i, count = left < OWNED ? left : OWNED;
        if (owner_of((uint32_t)i, size) == (uint32_t)rank) {
            memset(product->w + i * product->stride, 0, count * product->stride * sizeof(float));
        }
    }
}

void ISA(csr_gradient)(const sml__csr_product *product, int rank, int size)
{
    const sml__csr_chains *chains = product->chains;
    sml__csr_link *links = chains->links + (size_t)rank * chains->room;
    if (!product->accumulate) {
        clear_own(product, rank, size);
    }
    /* In stretches, as the dense product adds its sums to C. */
    for (size_t s = 0; s < product->m; s += SML__GEMM_DEPTH) {
        const size_t left = product->m - s;
        const sml__range rows = {s, s + (left < SML__GEMM_DEPTH ? left : SML__GEMM_DEPTH)};
        const uint32_t count = list_own(product, rows, rank, size, links);
        chain(chains->heads, links, count);
        for (uint32_t k = count; k > 0; k--) { /* a chain begins at the last of its links */
            if (chains->heads[links[k].column] == k) {
                chains->heads[links[k].column] = 0;
                gradient_of_column(product, links, k);
            }
        }
    }
}
