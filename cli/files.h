/* Files that a command writes must not be those that it reads. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "command.h"

/* A path and the option that gave it. */
typedef struct named_path {
    const char *option; /* "--output" */
    const char *path;
} named_path;

/* Whether two paths lead to one file, also through links, or would. Only files on a disk count. */
int is_same_file(const char *a, const char *b);

/* Before anything is read for long: whether one of written[n] is another one of them, or a file of
 * DATA, its folder or its targets. Returns 0, or the exit code after a message. */
int check_written(const session *s, const char *data, const named_path *written, size_t n);

/* The same for the file of another input, called "model" or "checkpoint"; path NULL: there is none.
 */
int check_kept(const session *s, const named_path *written, const char *what, const char *path);

/* Both for a command whose operands are MODEL and DATA, and which may have --html and --checkpoint.
 */
int check_report(const session *s);

#endif
