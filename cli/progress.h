/* Progress on stderr: one redrawn line on a terminal, elsewhere a plain line an epoch. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "command.h"

typedef enum progress_work { PROGRESS_TRAINING, PROGRESS_CHECK } progress_work;

typedef struct progress {
    const terminal *err;
    progress_work work;
    enum { PROGRESS_SILENT, PROGRESS_LINES, PROGRESS_REDRAWN } mode;
    sml_progress last;
    int has_records;         /* progress_epoch will be called after each epoch */
    sml_epoch_record record; /* of the last epoch; epoch 0: none yet */
    double started_at;       /* seconds of a clock that only goes forward */
    double drawn_at;         /* seconds after the start; negative: not yet */
    size_t drawn_width;
} progress;

/* Also starts to watch for Ctrl-C. End with progress_end. */
void progress_start(progress *p, const session *s, progress_work work);

/* An sml_progress_fn; user is the progress. Non-zero once Ctrl-C has arrived. */
int progress_update(void *user, const sml_progress *now);

/* An epoch has ended, and has validation figures. For a progress whose has_records is set. */
void progress_epoch(progress *p, const sml_epoch_record *record);

/* Leaves the cursor on a line of its own. keep: with the last line above it. */
void progress_end(progress *p, int keep);

#endif
