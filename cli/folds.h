/* train --seeds and train --folds: the same training several times, and how its scores spread. */
#ifndef CLI_FOLDS_H
#define CLI_FOLDS_H

#include "command.h"

extern const option_row option_seeds, option_folds, option_metric;

/* Whether the command line asks for one. */
int is_study(const session *s);

/* Runs it and prints its table. test may be NULL. Returns 0, or the exit code after a message. */
int run_study(const session *s, const sml_model *model, const sml_dataset *train,
              const sml_dataset *test);

#endif
