/* What the search for suspect labels shares with the doctor. */
#ifndef SML_EXPLAIN_SUSPECTS_H
#define SML_EXPLAIN_SUSPECTS_H

#include <scratchml/mistakes.h>

/* A new model with the settings of like that stops before it knows its rows by heart. */
sml_status sml__stopping_model(sml_ctx *ctx, const sml_model *like, sml_model **out);

#endif
