#include "study/rungs.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char TEMPORARY[] = "scratchml-search-XXXXXX";

static sml_status make_temporary(sml_ctx *ctx, sml__rungs *out)
{
    const char *chosen = getenv("TMPDIR");
    const char *parent = chosen != NULL && chosen[0] != '\0' ? chosen : "/tmp";
    const size_t size = strlen(parent) + sizeof TEMPORARY + 1;
    out->folder = sml__alloc(ctx, size, 1, "a path");
    if (out->folder == NULL) {
        return SML_NO_MEMORY;
    }
    snprintf(out->folder, size, "%s/%s", parent, TEMPORARY);
    if (mkdtemp(out->folder) == NULL) {
        const int failure = errno;
        sml__free(out->folder);
        out->folder = NULL;
        return sml__fail_errno(ctx, SML_IO, failure,
                               "%s: cannot make a folder for checkpoints; set TMPDIR", parent);
    }
    out->is_temporary = 1;
    return SML_OK;
}

sml_status sml__rungs_open(sml_ctx *ctx, const char *journal, sml__rungs *out)
{
    *out = (sml__rungs){0};
    if (journal == NULL) {
        return make_temporary(ctx, out);
    }
    out->folder = sml__copy_text(ctx, journal);
    return out->folder != NULL ? SML_OK : SML_NO_MEMORY;
}

void sml__rungs_close(sml__rungs *rungs)
{
    if (rungs->is_temporary) {
        rmdir(rungs->folder);
    }
    sml__free(rungs->folder);
    *rungs = (sml__rungs){0};
}

char *sml__rungs_path(sml_ctx *ctx, const sml__rungs *rungs, size_t trial)
{
    const size_t size = strlen(rungs->folder) + 48;
    char *path = sml__alloc(ctx, size, 1, "a path");
    if (path != NULL) {
        snprintf(path, size, "%s/trial-%zu.checkpoint", rungs->folder, trial);
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
