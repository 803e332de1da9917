#include "base/memory.h"

#include "base/available.h"
#include "base/context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CACHE_LINE = 64,
    HUGE_PAGE = 2 << 20,
    HUGE_PAGES_FROM = 8 << 20 /* bytes: the last page is a small part of it */
};

void sml_text_free(char *text)
{
    sml__free(text);
}

int sml__multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* count * size, checked, in whole cache lines; 0 with an error in ctx where it does not fit. */
static size_t checked_size(sml_ctx *ctx, size_t count, size_t size, const char *what)
{
    size_t bytes = 0;
    if (!sml__multiply(count > 0 ? count : 1, size, &bytes) || bytes > SIZE_MAX - HUGE_PAGE) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %zu × %zu bytes for %s", count, size, what);
        return 0;
    }
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static void *allocate(sml_ctx *ctx, size_t alignment, size_t bytes, const char *what)
{
    void *memory = aligned_alloc(alignment, bytes);
    if (memory == NULL) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
    }
    return memory;
}

void *sml__alloc(sml_ctx *ctx, size_t count, size_t size, const char *what)
{
    const size_t bytes = checked_size(ctx, count, size, what);
    void *memory = bytes > 0 ? allocate(ctx, CACHE_LINE, bytes, what) : NULL;
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

void *sml__alloc_to_fill(sml_ctx *ctx, size_t size, const char *what)
{
    const size_t bytes = checked_size(ctx, 1, size > 0 ? size : 1, what);
    if (bytes < HUGE_PAGES_FROM) {
        return bytes > 0 ? allocate(ctx, CACHE_LINE, bytes, what) : NULL;
    }
    const size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = allocate(ctx, HUGE_PAGE, rounded, what);
#if defined(MADV_HUGEPAGE)
    if (memory != NULL) {
        madvise(memory, rounded, MADV_HUGEPAGE); /* a wish: refused, nothing is lost but time */
    }
#endif
    return memory;
}

sml_status sml__memory_check(sml_ctx *ctx, double bytes, const char *what)
{
    static const double SMALL = 1e8; /* not worth a look */
    const double available = bytes > SMALL ? sml__memory_available() : bytes;
    if (bytes <= available) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_NO_MEMORY, "out of memory: %.3g GB for %s, %.3g GB are available",
                     bytes / 1e9, what, available / 1e9);
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
