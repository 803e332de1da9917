/* The epochs of a training, as files that are rewritten while it goes on: a table of numbers
 * (--history) and a picture (--curve). */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include "command.h"

typedef struct history {
    session session;             /* with a context of its own: the fit has the other */
    const char *table, *picture; /* paths; NULL: none */
    const char *title;           /* of the picture */
    sml_epoch_record *records;   /* [n] */
    size_t n, room;
    double written_at, took; /* seconds of the last writing; took 0: none yet */
    int code;                /* exit code of the first that failed; 0: none did */
} history;

/* What --history and --curve ask for; checks that both can be written. Returns 0 or the exit code
 * after a message. End with history_free. */
int history_create(history *h, const session *s, const char *title);
void history_free(history *h);

/* Whether there is anything to write. */
int history_is_wanted(const history *h);

/* One more epoch. The files follow at once, unless epochs are so short that writing would take more
 * than a twentieth of the time. */
void history_add(history *h, const sml_epoch_record *record);

/* Writes the files as they stay. best_epoch: 0 for none. Returns 0 or the exit code after a
 * message. */
int history_finish(history *h, uint64_t best_epoch);

#endif
