#include "data/store.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "math/kernels.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 4096,    /* bytes of a row that are read at once, onto the stack */
    SKIPPED_ROWS = 8 /* at most so many places from a row of a run to the next */
};

sml_status sml__store_create(sml_ctx *ctx, int fd, const char *path, uint64_t begin,
                             sml__element element, size_t columns, sml__store **out)
{
    sml__store *store = sml__alloc(ctx, 1, sizeof *store, "a store");
    *out = NULL;
    if (store == NULL) {
        close(fd);
        return SML_NO_MEMORY;
    }
    store->fd = fd;
    store->begin = begin;
    store->element = element;
    store->row_bytes = columns * element.size;
    store->path = sml__copy_text(ctx, path);
    if (store->path == NULL) {
        sml__store_free(store);
        return SML_NO_MEMORY;
    }
    *out = store;
    return SML_OK;
}

void sml__store_free(sml__store *store)
{
    if (store == NULL) {
        return;
    }
    close(store->fd);
    sml__free(store->path);
    sml__free(store);
}

/* Keeps the first failure only. The place is written first: who sees the failure sees it, too, but
 * for a second failure at the same moment, whose place is as true. */
static void keep_failure(sml__store *store, int failure, uint64_t at)
{
    int none = 0;
    if (atomic_load(&store->failure) == 0) {
        atomic_store(&store->failed_at, at);
        atomic_compare_exchange_strong(&store->failure, &none, failure);
    }
}

void sml__store_read(sml__store *store, uint64_t at, void *out, size_t n)
{
    const ssize_t got = sml__file_read_at(store->fd, at, out, n);
    if (got != (ssize_t)n) {
        keep_failure(store, got < 0 ? errno : SML__SHORTER, at + (uint64_t)(got < 0 ? 0 : got));
        memset(out, 0, n);
    }
}

size_t sml__store_run(const sml__store *store, const uint32_t *order, size_t n)
{
    const size_t fit = SML__SPAN / store->row_bytes;
    size_t run = 1;
    if (order == NULL) {
        return fit == 0 ? 1 : (fit < n ? fit : n);
    }
    while (run < n && order[run] > order[run - 1] && order[run] - order[run - 1] <= SKIPPED_ROWS &&
           order[run] - order[0] < fit) {
        run++;
    }
    return run;
}

static int is_host_float(sml__element element)
{
    return element.kind == 'f' && element.size == sizeof(float) && !element.is_swapped;
}

void sml__store_convert(const sml__store *store, unsigned char *elements, size_t n, float scale,
                        float *out)
{
    const sml__element element = store->element;
    if (sml__element_is_byte(element)) {
        sml__kernels_for(sml__isa_best())->widen(elements, n, scale, out);
    } else if (is_host_float(element)) {
        memcpy(out, elements, n * sizeof *out);
    } else {
        if (element.is_swapped) {
            sml__elements_swap(elements, n, element.size);
        }
        sml__elements_to_floats(element, elements, n, out);
    }
}

void sml__store_floats(sml__store *store, uint64_t at, size_t n, float scale, float *out)
{
    const size_t size = store->element.size;
    unsigned char piece[PIECE];
    if (is_host_float(store->element)) {
        sml__store_read(store, at, out, n * sizeof *out);
        return;
    }
    for (size_t i = 0; i < n; i += PIECE / size) {
        const size_t left = n - i, fit = PIECE / size, count = left < fit ? left : fit;
        sml__store_read(store, at + i * size, piece, count * size);
        sml__store_convert(store, piece, count, scale, out + i);
    }
}

sml_status sml__store_status(sml_ctx *ctx, sml__store *store)
{
    const int failure = atomic_load(&store->failure);
    const unsigned long long at = atomic_load(&store->failed_at);
    if (failure == 0) {
        return SML_OK;
    }
    if (failure == SML__SHORTER) {
        return sml__fail(ctx, SML_IO,
                         "%s: it ends before byte %llu, which it had when it was opened; do not "
                         "change a file while it is read",
                         store->path, at);
    }
    return sml__fail_errno(ctx, SML_IO, failure, "%s: cannot read at byte %llu", store->path, at);
}
