#include "base/memory.h"

#include "base/context.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

int sml__multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

void *sml__alloc(sml_ctx *ctx, size_t count, size_t size, const char *what)
{
    size_t bytes = 0;
    if (!sml__multiply(count > 0 ? count : 1, size, &bytes) || bytes > SIZE_MAX - CACHE_LINE) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s needs %zu × %zu bytes", what, count, size);
        return NULL;
    }
    size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *memory = aligned_alloc(CACHE_LINE, rounded);
    if (memory == NULL) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %s needs %zu bytes", what, bytes);
        return NULL;
    }
    return memset(memory, 0, rounded);
}

void sml__free(void *memory)
{
    free(memory);
}

char *sml__copy_text(sml_ctx *ctx, const char *text)
{
    size_t length = strlen(text) + 1;
    char *copy = sml__alloc(ctx, length, 1, "a text");
    return copy != NULL ? memcpy(copy, text, length) : NULL;
}
