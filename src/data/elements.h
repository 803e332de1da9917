/* Numbers as files hold them: truth values, whole numbers and floats of 1 to 8 bytes. */
#ifndef SML_DATA_ELEMENTS_H
#define SML_DATA_ELEMENTS_H

#include <stddef.h>

typedef struct sml__element {
    char kind;      /* 'b' truth values, 'i' signed, 'u' unsigned, 'f' floats */
    size_t size;    /* bytes: 1, 2, 4, 8 */
    int is_swapped; /* big-endian */
} sml__element;

/* Whether a data set keeps such elements as the bytes that they are. */
static inline int sml__element_is_byte(sml__element element)
{
    return element.size == 1 && element.kind != 'i';
}

/* Reverses the bytes of each of n elements. */
void sml__elements_swap(unsigned char *bytes, size_t n, size_t size);

/* Element i in the host's order of bytes, at any address. */
double sml__element_value(sml__element element, const unsigned char *bytes, size_t i);

/* out[n]: the elements, in the host's order of bytes, rounded to double and then to float32. */
void sml__elements_to_floats(sml__element element, const unsigned char *bytes, size_t n,
                             float *out);

#endif
