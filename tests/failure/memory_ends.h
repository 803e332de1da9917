/* Memory ends at a call that the test chooses. The linker's --wrap (tests/CMakeLists.txt) leads the
 * calls of our own objects here. For one test program: it defines what it declares. */
#ifndef TESTS_FAILURE_MEMORY_ENDS_H
#define TESTS_FAILURE_MEMORY_ENDS_H

#include <stddef.h>

static long countdown; /* the call that brings it to 0 fails; 0: all work */
static int struck;

static int strikes(void)
{
    if (countdown == 0 || --countdown != 0) {
        return 0;
    }
    struck = 1;
    return 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    return strikes() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return strikes() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return strikes() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return strikes() ? NULL : __real_aligned_alloc(alignment, size);
}

#endif
