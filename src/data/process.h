/* What fetching needs of the system: another program, and a folder to throw away. */
#ifndef SML_DATA_PROCESS_H
#define SML_DATA_PROCESS_H

#include <stddef.h>

/* Runs arguments[0], found on PATH, without a shell and with an empty standard input; its output
 * goes to the file log. Returns 1 when it ended with 0; otherwise 0, and reason says why in a line:
 * "not installed", or the exit code and the first line of the log. */
int sml__run_program(char *const arguments[], const char *log, char *reason, size_t size);

/* Removes a file, or a folder with all that is in it, as far as it can. Links are not followed. */
void sml__remove_tree(const char *path);

#endif
