/* The values of an array: order of bytes, order of indices, and their numbers. */
#include "data/readers/npy.h"

#include "base/memory.h"

#include <string.h>

enum { TILE = 32 }; /* rows and columns that are transposed at once: both sides stay in L1 */

/* Where, counted in columns of n values, the C-order column c of a Fortran array lies: its indices
 * (j₁, …) behind the row, the first of which runs fastest there and slowest here. */
static size_t fortran_column(const sml__npy *npy, size_t c)
{
    size_t columns = npy->count / npy->shape[0], place = 0;
    for (size_t d = npy->rank; d-- > 1;) {
        columns /= npy->shape[d];
        place += c % npy->shape[d] * columns;
        c /= npy->shape[d];
    }
    return place;
}

/* out[r, c] = in[fortran_column(c), r], elements of size bytes, a constant where this is inlined.
 */
static inline void reorder(const sml__npy *npy, const unsigned char *in, unsigned char *out,
                           size_t size)
{
    const size_t rows = npy->shape[0], columns = npy->count / rows;
    for (size_t first = 0; first < columns; first += TILE) {
        const size_t n = columns - first < TILE ? columns - first : TILE;
        size_t place[TILE];
        for (size_t c = 0; c < n; c++) {
            place[c] = fortran_column(npy, first + c) * rows;
        }
        for (size_t row = 0; row < rows; row += TILE) {
            const size_t end = rows - row < TILE ? rows : row + TILE;
            for (size_t c = 0; c < n; c++) {
                for (size_t r = row; r < end; r++) {
                    memcpy(out + (r * columns + first + c) * size, in + (place[c] + r) * size,
                           size);
                }
            }
        }
    }
}

static void reorder_any(const sml__npy *npy, const unsigned char *in, unsigned char *out)
{
    switch (npy->element.size) {
    case 1:
        reorder(npy, in, out, 1);
        break;
    case 2:
        reorder(npy, in, out, 2);
        break;
    case 4:
        reorder(npy, in, out, 4);
        break;
    default:
        reorder(npy, in, out, 8);
    }
}

sml_status sml__array_settle(sml_ctx *ctx, sml__array *array)
{
    sml__npy *npy = &array->npy;
    unsigned char *values = array->bytes + npy->begin;
    if (npy->element.is_swapped) {
        sml__elements_swap(values, npy->count, npy->element.size);
        npy->element.is_swapped = 0;
    }
    if (npy->is_fortran && npy->rank > 1) {
        unsigned char *ordered =
            sml__alloc_to_fill(ctx, npy->count * npy->element.size, array->path);
        if (ordered == NULL) {
            return SML_NO_MEMORY;
        }
        reorder_any(npy, values, ordered);
        sml__free(array->bytes);
        array->bytes = ordered;
        npy->begin = 0;
    }
    if (npy->begin % npy->element.size !=
        0) { /* other writers than NumPy need not align the values */
        memmove(array->bytes, values, npy->count * npy->element.size);
        npy->begin = 0;
    }
    npy->is_fortran = 0;
    return SML_OK;
}

double sml__array_value(const sml__array *array, size_t i)
{
    return sml__element_value(array->npy.element, array->bytes + array->npy.begin, i);
}

void sml__array_to_floats(const sml__array *array, float *out)
{
    sml__elements_to_floats(array->npy.element, array->bytes + array->npy.begin, array->npy.count,
                            out);
}
