/* How long a training on a small file is, where nobody said. */
#ifndef CLI_LENGTH_H
#define CLI_LENGTH_H

#include "command.h"

/* Of files: without --batch-size a batch is a tenth of the rows, in 8…128; without --epochs there
 * are as many as make 1,000 steps, in 10…1,000. So the defaults hold from 12,673 rows on, and for
 * every data set known by name. Tells what it chose. data is what the command line called train.
 * Returns 0, or the exit code after a message. */
int settle_length(const session *s, sml_model *model, const char *data, const sml_dataset *train);

#endif
