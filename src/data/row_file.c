#include "data/row_file.h"

#include "base/context.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double MEBIBYTE = 1048576.0;

sml_status sml__row_file_create(sml_ctx *ctx, const char *of, sml__row_file *file)
{
    static const char name[] = "/scratchml-rows-XXXXXX";
    const char *chosen = getenv("TMPDIR");
    const char *folder = chosen != NULL && chosen[0] != '\0' ? chosen : "/var/tmp";
    const size_t size = strlen(folder) + sizeof name;
    *file = (sml__row_file){.fd = -1, .of = of, .folder = sml__copy_text(ctx, folder)};
    char *path = file->folder != NULL ? sml__alloc(ctx, size, 1, "a path") : NULL;
    if (path == NULL) {
        return SML_NO_MEMORY;
    }
    snprintf(path, size, "%s%s", folder, name);
    file->fd = mkstemp(path);
    sml_status status = SML_OK;
    if (file->fd < 0) {
        status = sml__fail_errno(ctx, SML_IO, errno,
                                 "%s: larger than the memory for features, and no file for its "
                                 "rows can be made in %s; set TMPDIR to another folder",
                                 of, folder);
    } else {
        unlink(path);
        fcntl(file->fd, F_SETFD, FD_CLOEXEC);
    }
    sml__free(path);
    return status;
}

sml_status sml__row_file_append(sml_ctx *ctx, sml__row_file *file, const void *bytes, size_t n,
                                double total)
{
    const char *at = bytes;
    for (size_t left = n; left > 0;) {
        const ssize_t done = pwrite(file->fd, at, left, (off_t)file->written);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return sml__fail_errno(ctx, SML_IO, done < 0 ? errno : ENOSPC,
                                   "%s: its rows take about %.0f MiB in %s, where %.0f MiB could "
                                   "be written; make room there, or set TMPDIR to another folder",
                                   file->of, total / MEBIBYTE + 1, file->folder,
                                   (double)file->written / MEBIBYTE);
        }
        at += done;
        left -= (size_t)done;
        file->written += (uint64_t)done;
    }
    return SML_OK;
}

void sml__row_file_close(sml__row_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    sml__free(file->folder);
    *file = (sml__row_file){.fd = -1};
}
