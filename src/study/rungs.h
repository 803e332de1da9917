/* The checkpoints of a search's trials: what a rung leaves, the next one goes on from. */
#ifndef SML_STUDY_RUNGS_H
#define SML_STUDY_RUNGS_H

#include <scratchml/base.h>

typedef struct sml__rungs {
    char *folder; /* NULL: no checkpoints */
    int lock;     /* of a temporary folder, which goes at the end; -1: the folder is a journal's */
} sml__rungs;

/* In the folder of a journal, or where that is NULL in a new one below $TMPDIR or /tmp, from where
 * those that killed searches left are removed. Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__rungs_open(sml_ctx *ctx, const char *journal, sml__rungs *out);

/* Removes a temporary folder and the checkpoints in it. */
void sml__rungs_close(sml__rungs *rungs);

/* The file of a trial; sml__free it. NULL with an error in ctx. */
char *sml__rungs_path(sml_ctx *ctx, const sml__rungs *rungs, size_t trial);

/* Removes the file of a trial, where there is one. */
void sml__rungs_remove(sml_ctx *ctx, const sml__rungs *rungs, size_t trial);

#endif
