#include "data/elements.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

void sml__elements_swap(unsigned char *bytes, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char *value = bytes + i * size;
        for (size_t b = 0; b < size / 2; b++) {
            const unsigned char kept = value[b];
            value[b] = value[size - 1 - b];
            value[size - 1 - b] = kept;
        }
    }
}

/* IEEE 754 binary16: sign 1, exponent 5 (bias 15), fraction 10. */
static double half_to_double(uint16_t half)
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
    return (double)(half >> 15 != 0 ? -value : value);
}

static inline double truth(uint8_t value)
{
    return value != 0;
}

/* How a type is read: one element as a double, or many as float32. */
typedef struct reader {
    double (*value)(const unsigned char *bytes, size_t i);
    void (*to_floats)(const unsigned char *bytes, size_t n, float *out);
} reader;

/* A reader of elements of a C type, at any address, that stand for convert(element). */
#define READER(name, type, convert)                                                                \
    static inline double name##_value(const unsigned char *bytes, size_t i)                        \
    {                                                                                              \
        type element;                                                                              \
        memcpy(&element, bytes + i * sizeof element, sizeof element);                              \
        return convert(element);                                                                   \
    }                                                                                              \
    static void name##_to_floats(const unsigned char *bytes, size_t n, float *out)                 \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            out[i] = (float)name##_value(bytes, i);                                                \
        }                                                                                          \
    }                                                                                              \
    static const reader name = {name##_value, name##_to_floats};

READER(bools, uint8_t, truth)
READER(signed_1, int8_t, (double))
READER(signed_2, int16_t, (double))
READER(signed_4, int32_t, (double))
READER(signed_8, int64_t, (double))
READER(unsigned_1, uint8_t, (double))
READER(unsigned_2, uint16_t, (double))
READER(unsigned_4, uint32_t, (double))
READER(unsigned_8, uint64_t, (double))
READER(float_2, uint16_t, half_to_double)
READER(float_4, float, (double))
READER(float_8, double, (double))

static const reader *reader_of(sml__element element)
{
    static const reader *const of_size[][4] = {
        {&signed_1, &signed_2, &signed_4, &signed_8},
        {&unsigned_1, &unsigned_2, &unsigned_4, &unsigned_8},
        {NULL, &float_2, &float_4, &float_8},
    };
    const size_t kind = element.kind == 'i' ? 0 : (element.kind == 'u' ? 1 : 2);
    return element.kind == 'b' ? &bools : of_size[kind][element.size == 8 ? 3 : element.size / 2];
}

double sml__element_value(sml__element element, const unsigned char *bytes, size_t i)
{
    return reader_of(element)->value(bytes, i);
}

void sml__elements_to_floats(sml__element element, const unsigned char *bytes, size_t n, float *out)
{
    reader_of(element)->to_floats(bytes, n, out);
}
