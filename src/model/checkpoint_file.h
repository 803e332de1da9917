/* The file of a checkpoint: what a model file would say of the model that is being fitted, its
 * tensors, the state of its training as JSON, and further arrays. */
#ifndef SML_MODEL_CHECKPOINT_FILE_H
#define SML_MODEL_CHECKPOINT_FILE_H

#include "model/model_file.h"

/* An array to be written. name and values are borrowed. */
typedef struct sml__named_array {
    const char *name, *dtype; /* "layers.0.weight", "F32" */
    size_t rank, shape[2];
    const void *values;
} sml__named_array;

/* Writes arrays[n], the model's tensors among them, as sml_model_save writes. The model is being
 * fitted (model->fitting); so_far is what its receipt would say now. training is borrowed.
 * Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__checkpoint_save(sml_ctx *ctx, const sml_model *model, const char *path,
                                const sml_fit_report *so_far, json_t *training,
                                const sml__named_array *arrays, size_t n);

/* A checkpoint that was read: the model as it was, with the settings and the receipt of the fit. */
typedef struct sml__checkpoint {
    unsigned char *bytes;  /* of the file */
    sml__safetensors file; /* points into bytes; entries are sorted by name */
    json_t *training;      /* an object */
    sml_model *model;
} sml__checkpoint;

/* Reads and verifies a file as sml_model_load does. Free with sml__checkpoint_free, also after a
 * failure. Errors: SML_NOT_FOUND, SML_IO, SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__checkpoint_load(sml_ctx *ctx, const char *path, sml__checkpoint *out);
void sml__checkpoint_free(sml__checkpoint *checkpoint);

/* The array of that name; NULL where there is none of that dtype and shape. Its bytes may lie at
 * any address. */
const sml__tensor_entry *sml__checkpoint_array(const sml__checkpoint *checkpoint, const char *name,
                                               const char *dtype, size_t rank, const size_t *shape);

/* Whether a fit of model, which is about to begin, is the one that the checkpoint is from: same
 * library, settings, structure, shapes, rows and seed. Errors: SML_BAD_ARGUMENT, naming what is
 * different. */
sml_status sml__checkpoint_match(sml_ctx *ctx, const char *path, const sml__checkpoint *checkpoint,
                                 const sml_model *model);

#endif
