#include "study/rungs.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 10 };

static const char TEMPORARY[] = "scratchml-search-XXXXXX", TRIAL[] = "trial-";

/* The folder, locked; -1 where it is not ours, somebody holds it, or it is gone. */
static int lock_folder(int parent, const char *path)
{
    struct stat facts;
    const int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &facts) == 0 && facts.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &facts) == 0 && facts.st_nlink > 0) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* Removes the files of trials, whole or half-written. */
static void empty_folder(int folder)
{
    const int again = dup(folder);
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;
    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (strncmp(entry->d_name, TRIAL, sizeof TRIAL - 1) == 0) {
            unlinkat(folder, entry->d_name, 0);
        }
    }
    if (list != NULL) {
        closedir(list);
    } else if (again >= 0) {
        close(again);
    }
}

/* The folders of searches whose process was killed: nobody holds their lock. */
static void sweep(const char *parent)
{
    DIR *list = opendir(parent);
    const struct dirent *entry;
    while (list != NULL && (entry = readdir(list)) != NULL) {
        const char *name = entry->d_name;
        if (strlen(name) != sizeof TEMPORARY - 1 ||
            strncmp(name, TEMPORARY, sizeof TEMPORARY - 7) != 0) {
            continue;
        }
        const int fd = lock_folder(dirfd(list), name);
        if (fd >= 0) {
            empty_folder(fd);
            unlinkat(dirfd(list), name, AT_REMOVEDIR);
            close(fd);
        }
    }
    if (list != NULL) {
        closedir(list);
    }
}

static sml_status make_temporary(sml_ctx *ctx, sml__rungs *out)
{
    const char *chosen = getenv("TMPDIR");
    const char *parent = chosen != NULL && chosen[0] != '\0' ? chosen : "/tmp";
    const size_t size = strlen(parent) + sizeof TEMPORARY + 1;
    out->folder = sml__alloc(ctx, size, 1, "a path");
    if (out->folder == NULL) {
        return SML_NO_MEMORY;
    }
    sweep(parent);
    /* Another search may sweep the folder before it is locked: then the next one. */
    for (int attempt = 0; attempt < ATTEMPTS && out->lock < 0; attempt++) {
        snprintf(out->folder, size, "%s/%s", parent, TEMPORARY);
        if (mkdtemp(out->folder) == NULL) {
            break;
        }
        out->lock = lock_folder(AT_FDCWD, out->folder);
    }
    if (out->lock < 0) {
        const int failure = errno;
        sml__free(out->folder);
        out->folder = NULL;
        return sml__fail_errno(ctx, SML_IO, failure,
                               "%s: cannot make a folder for checkpoints; set TMPDIR", parent);
    }
    return SML_OK;
}

sml_status sml__rungs_open(sml_ctx *ctx, const char *journal, sml__rungs *out)
{
    *out = (sml__rungs){.lock = -1};
    if (journal == NULL) {
        return make_temporary(ctx, out);
    }
    out->folder = sml__copy_text(ctx, journal);
    return out->folder != NULL ? SML_OK : SML_NO_MEMORY;
}

void sml__rungs_close(sml__rungs *rungs)
{
    if (rungs->folder != NULL && rungs->lock >= 0) {
        empty_folder(rungs->lock);
        rmdir(rungs->folder);
        close(rungs->lock);
    }
    sml__free(rungs->folder);
    *rungs = (sml__rungs){.lock = -1};
}

char *sml__rungs_path(sml_ctx *ctx, const sml__rungs *rungs, size_t trial)
{
    const size_t size = strlen(rungs->folder) + 48;
    char *path = sml__alloc(ctx, size, 1, "a path");
    if (path != NULL) {
        snprintf(path, size, "%s/%s%zu.checkpoint", rungs->folder, TRIAL, trial);
    }
    return path;
}

void sml__rungs_remove(sml_ctx *ctx, const sml__rungs *rungs, size_t trial)
{
    char *path = rungs->folder != NULL ? sml__rungs_path(ctx, rungs, trial) : NULL;
    if (path != NULL) {
        sml__file_sweep(ctx, path);
        unlink(path);
    }
    sml__free(path);
}
