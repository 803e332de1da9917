/* The preprocessing of a model, for `info`. */
#ifndef CLI_INFO_COLUMNS_H
#define CLI_INFO_COLUMNS_H

#include "document.h"
#include "terminal.h"

#include <scratchml/model.h>

/* A table of the raw columns, and the target; nothing for a model without preprocessing. */
void print_columns(const sml_model *model, const terminal *out);

/* What training made of the targets, a line each; nothing where they stayed as they are. */
void print_target_scales(const sml_model *model);

/* The same; empty arrays, and null. */
json_t *columns_document(const sml_model *model);
json_t *target_scales_document(const sml_model *model);
json_t *target_document(const sml_model *model);

#endif
