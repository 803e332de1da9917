/* The values of an array: order of bytes, order of indices, and their numbers. */
#include "data/readers/npy.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { TILE = 32 }; /* rows and columns that are transposed at once: both sides stay in L1 */

static void swap_bytes(unsigned char *values, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char *value = values + i * size;
        for (size_t b = 0; b < size / 2; b++) {
            const unsigned char kept = value[b];
            value[b] = value[size - 1 - b];
            value[size - 1 - b] = kept;
        }
    }
}

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
    switch (npy->size) {
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
    if (npy->is_swapped) {
        swap_bytes(values, npy->count, npy->size);
        npy->is_swapped = 0;
    }
    if (npy->is_fortran && npy->rank > 1) {
        unsigned char *ordered = sml__alloc_to_fill(ctx, npy->count * npy->size, array->path);
        if (ordered == NULL) {
            return SML_NO_MEMORY;
        }
        reorder_any(npy, values, ordered);
        sml__free(array->bytes);
        array->bytes = ordered;
        npy->begin = 0;
    }
    if (npy->begin % npy->size != 0) { /* other writers than NumPy need not align the values */
        memmove(array->bytes, values, npy->count * npy->size);
        npy->begin = 0;
    }
    npy->is_fortran = 0;
    return SML_OK;
}

/* IEEE 754 binary16: sign 1, exponent 5 (bias 15), fraction 10. */
static float half_to_float(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    float value = 0.0f;
    if (exponent == 31) {
        value = fraction == 0 ? INFINITY : NAN;
    } else if (exponent == 0) {
        value = ldexpf((float)fraction, -24);
    } else {
        value = ldexpf((float)(1024 + fraction), exponent - 25);
    }
    return half >> 15 != 0 ? -value : value;
}

static double signed_value(const void *values, size_t size, size_t i)
{
    switch (size) {
    case 1:
        return ((const int8_t *)values)[i];
    case 2:
        return ((const int16_t *)values)[i];
    case 4:
        return ((const int32_t *)values)[i];
    default:
        return (double)((const int64_t *)values)[i];
    }
}

static double unsigned_value(const void *values, size_t size, size_t i)
{
    switch (size) {
    case 1:
        return ((const uint8_t *)values)[i];
    case 2:
        return ((const uint16_t *)values)[i];
    case 4:
        return ((const uint32_t *)values)[i];
    default:
        return (double)((const uint64_t *)values)[i];
    }
}

double sml__array_value(const sml__array *array, size_t i)
{
    const void *values = array->bytes + array->npy.begin;
    const size_t size = array->npy.size;
    switch (array->npy.kind) {
    case 'b':
        return ((const uint8_t *)values)[i] != 0;
    case 'i':
        return signed_value(values, size, i);
    case 'u':
        return unsigned_value(values, size, i);
    default:
        return size == 2   ? (double)half_to_float(((const uint16_t *)values)[i])
               : size == 4 ? (double)((const float *)values)[i]
                           : ((const double *)values)[i];
    }
}

void sml__array_to_floats(const sml__array *array, float *out)
{
    const size_t n = array->npy.count;
    if (array->npy.kind == 'f' && array->npy.size == 8) { /* NumPy's default, so the common one */
        const double *values = (const double *)(const void *)(array->bytes + array->npy.begin);
        for (size_t i = 0; i < n; i++) {
            out[i] = (float)values[i];
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)sml__array_value(array, i);
    }
}
