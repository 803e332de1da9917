/* Progress of many trainings on stderr: a redrawn line on a terminal, elsewhere a line each. */
#ifndef CLI_STUDY_PROGRESS_H
#define CLI_STUDY_PROGRESS_H

#include "command.h"

typedef struct study_progress {
    const terminal *err;
    const char *metric;
    size_t done, all;
    enum { STUDY_SILENT, STUDY_LINES, STUDY_REDRAWN } mode;
    double started_at;
    int is_quiet;
    size_t drawn_width;
} study_progress;

/* Also starts to watch for Ctrl-C. */
void study_progress_start(study_progress *p, const session *s, const char *metric, size_t all);
void study_progress_end(study_progress *p);

/* The two functions of sml_study; user is the study_progress. */
int study_progress_row(void *user, const sml_study_row *row);
int study_progress_cancelled(void *user);

/* As sml_study.note: a line of its own. */
void study_progress_note(void *user, const char *text);

#endif
