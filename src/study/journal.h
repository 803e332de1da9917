/* The folder of a search: plan.json says what is searched, results.jsonl has a line for each
 * finished training. A line is appended and synced before anything builds on it. */
#ifndef SML_STUDY_JOURNAL_H
#define SML_STUDY_JOURNAL_H

#include "model/json.h"
#include "study/runner.h"

typedef struct sml__journal {
    char *path; /* of results.jsonl */
    int fd;     /* -1: closed */
} sml__journal;

/* Opens or makes the folder for this plan (borrowed), and locks it against other searches. A last
 * line that a kill left without its end is cut off.
 * Errors: SML_BAD_ARGUMENT (the folder is of another plan: the first member that differs is named;
 * or in use), SML_IO, SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__journal_open(sml_ctx *ctx, const char *folder, json_t *plan, sml__journal *journal);
void sml__journal_close(sml__journal *journal);

/* Calls take for every result that is there; trial, rung, epochs, metric, accuracy, loss, seconds
 * and status of the row are set. Errors: SML_BAD_FILE (line), SML_NO_MEMORY, and those of take. */
sml_status sml__journal_read(sml_ctx *ctx, const sml__journal *journal,
                             sml_status (*take)(void *user, const sml_study_row *row), void *user);

/* Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__journal_add(sml_ctx *ctx, const sml__journal *journal, const sml_study_row *row);

#endif
