/* Hyper-parameters of the command line. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "command.h"

/* Gives the model the settings that were given as options. Returns 0, or the exit code after a
 * message. */
int apply_settings(const session *s, sml_model *model);

/* Early stopping needs rows to score: where no option says how many, the model gets a tenth.
 * Returns 0, or the exit code after a message. */
int keep_validation_rows(const session *s, sml_model *model);

#endif
