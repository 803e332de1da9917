/* Commands that are advised: what the command line said, once more. */
#ifndef CLI_AGAIN_H
#define CLI_AGAIN_H

#include "buffer.h"
#include "command.h"

/* " --name value", for each time that the option was given. */
void again_option(buffer *b, const option_state *state);

/* The same of those named that the command has and that were given. */
void again_named(buffer *b, const options *o, const char *const *names, size_t n);

/* The same of the settings, and of what DATA is and how it is cut: what makes a training. */
void again_training(buffer *b, const options *o);

/* "scratchml explain MODEL DATA" with the operands of a command that has these two, and all that it
 * was told of the data. */
void again_start(buffer *b, const session *s, const char *name);

#endif
