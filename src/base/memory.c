#include "base/memory.h"

#include "base/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CACHE_LINE = 64 };

int sml__multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

void *sml__alloc(sml_ctx *ctx, size_t count, size_t size, const char *what)
{
    size_t bytes = 0;
    if (!sml__multiply(count > 0 ? count : 1, size, &bytes) || bytes > SIZE_MAX - CACHE_LINE) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %zu × %zu bytes for %s", count, size, what);
        return NULL;
    }
    size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *memory = aligned_alloc(CACHE_LINE, rounded);
    if (memory == NULL) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
        return NULL;
    }
    return memset(memory, 0, rounded);
}

/* What programs may still take, by Linux's own estimate; all of the memory elsewhere. */
static double available_bytes(void)
{
    double kibibytes = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");
    while (file != NULL && kibibytes == 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "MemAvailable:", 13) == 0) {
            kibibytes = (double)strtoull(line + 13, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kibibytes > 0 ? 1024 * kibibytes
                         : (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

sml_status sml__memory_check(sml_ctx *ctx, double bytes, const char *what)
{
    static const double SMALL = 1e8; /* not worth a look */
    const double available = bytes > SMALL ? available_bytes() : bytes;
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
