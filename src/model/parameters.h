/* Hyper-parameters: texts checked against their rows of the parameter table. */
#ifndef SML_MODEL_PARAMETERS_H
#define SML_MODEL_PARAMETERS_H

#include <scratchml/model.h>

/* A longer text of a single setting is refused. */
enum { SML__SETTING_MAX = 1024 };

/* Checks text against the type and range of a parameter. *canonical is the one text of its value
 * (sml__free it): integers without a plus sign or leading zeros, reals with the fewest digits that
 * read back the same. *value is the number; NaN for "auto", choices and lists.
 * Errors: SML_BAD_ARGUMENT, SML_UNKNOWN_NAME (a choice), SML_NO_MEMORY. */
sml_status sml__parameter_check(sml_ctx *ctx, const sml_parameter *parameter, const char *text,
                                char **canonical, double *value);

/* Row of the parameter called name; n where there is none. */
size_t sml__parameter_index(const sml_parameter *parameters, size_t n, const char *name);

/* The same, with SML_UNKNOWN_NAME and the nearest name where there is none. */
sml_status sml__parameter_find(sml_ctx *ctx, const sml_parameter *parameters, size_t n,
                               const char *name, size_t *index);

/* Sets every "name=value" of a text; they are separated by spaces. On failure some are set. */
sml_status sml__settings_parse(sml_ctx *ctx, sml_model *model, const char *text);

#endif
