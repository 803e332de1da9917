/* What fetching needs of the system: another program, and a folder to throw away. */
#ifndef SML_DATA_PROCESS_H
#define SML_DATA_PROCESS_H

#include <scratchml/base.h>

/* Runs arguments[0], found on PATH, without a shell and with an empty standard input; its output
 * goes to the file log. SML_OK when it ended with 0; SML_CANCELLED when SIGINT or SIGTERM ended it;
 * otherwise SML_NOT_FOUND, and reason says why in a line: "not installed", or the exit code and the
 * first line of the log. */
sml_status sml__run_program(char *const arguments[], const char *log, char *reason, size_t size);

/* Removes a file, or a folder with all that is in it, as far as it can. Links are not followed. */
void sml__remove_tree(const char *path);

#endif
