/* Memory: checked sizes, cache-line alignment, one text for "out of memory". */
#ifndef SML_BASE_MEMORY_H
#define SML_BASE_MEMORY_H

#include <scratchml/base.h>

/* count * size zeroed bytes, 64-byte aligned. NULL, with an error in ctx that names what, when
 * the product overflows or memory is out. Free with sml__free. count 0 gives one element. */
void *sml__alloc(sml_ctx *ctx, size_t count, size_t size, const char *what);

/* size bytes for what is written in full at once, such as a file's contents: as sml__alloc, but
 * their values are not set, and large ones lie in huge pages where the system has them. */
void *sml__alloc_to_fill(sml_ctx *ctx, size_t size, const char *what);

/* SML_NO_MEMORY where `bytes` are more than is left (base/available.h). Linux would grant them, and
 * end the process when they are touched. */
sml_status sml__memory_check(sml_ctx *ctx, double bytes, const char *what);

void sml__free(void *memory);

/* A copy of text; NULL with an error in ctx. Free with sml__free. */
char *sml__copy_text(sml_ctx *ctx, const char *text);

/* *product = a * b; 0 when it does not fit. */
int sml__multiply(size_t a, size_t b, size_t *product);

#endif
