/* Bytes as floats, as a data set's pixels become a batch. */
#ifndef SML_MATH_WIDEN_H
#define SML_MATH_WIDEN_H

#include <stddef.h>
#include <stdint.h>

/* out[i] = scale · bytes[i], i < n. */
typedef void sml__widen_kernel(const uint8_t *bytes, size_t n, float scale, float *out);

#endif
