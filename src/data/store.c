#include "data/store.h"

#include "base/context.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

sml_status sml__store_create(sml_ctx *ctx, int fd, const char *path, uint64_t begin,
                             size_t row_bytes, sml__store **out)
{
    sml__store *store = sml__alloc(ctx, 1, sizeof *store, "a store");
    *out = NULL;
    if (store == NULL) {
        close(fd);
        return SML_NO_MEMORY;
    }
    store->fd = fd;
    store->begin = begin;
    store->row_bytes = row_bytes;
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
    size_t done = 0;
    while (done < n) {
        const ssize_t got =
            pread(store->fd, (char *)out + done, n - done, (off_t)(at + (uint64_t)done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            keep_failure(store, got < 0 ? errno : SML__SHORTER, at + done);
            memset((char *)out + done, 0, n - done);
            return;
        }
        done += (size_t)got;
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
