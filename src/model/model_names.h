/* Names and shapes of a model that model.c and the model file share. */
#ifndef SML_MODEL_MODEL_NAMES_H
#define SML_MODEL_MODEL_NAMES_H

#include "model/algorithm.h"

/* Copies names[outputs] into a model that has none; where names is NULL, numbers serve.
 * The model is unchanged on failure. Errors: SML_NO_MEMORY. */
sml_status sml__model_set_names(sml_ctx *ctx, sml_model *model, const char *const *names,
                                size_t outputs);

/* Frees the names, of which there are model->outputs. */
void sml__model_free_names(sml_model *model);

/* The number of elements of a tensor of a model, which is in memory: it cannot overflow. */
size_t sml__tensor_elements(const sml_tensor_facts *facts);

/* Whether a text occurs twice in list[n]. -1: out of memory. */
int sml__has_twins(sml_ctx *ctx, const char *const *list, size_t n);

#endif
