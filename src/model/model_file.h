/* The model file: safetensors, with everything but the tensors as texts in __metadata__:
 *   format          "scratchml"
 *   format_version  "1", "2" where there is preprocessing, or "3" where targets are scaled, with
 *                   preprocessing or without: older readers would misread the model
 *   algorithm       "mlp"
 *   settings        JSON object of texts, the hyper-parameters of the last fit
 *   structure       JSON of the algorithm's own
 *   task, inputs, outputs, height, width
 *   index_base      "0" or "1", where the model was trained on LIBSVM text: what its indices count
 *                   from
 *   class_names     JSON list of texts, where there are names
 *   preprocessing   JSON, where raw rows are prepared: see prepare_model.h
 *   target_scaling  JSON, where the targets of a regression are scaled: see prepare_model.h
 *   receipt         JSON object
 *   sha256          of the whole file, with these 64 digits taken as '0': every changed bit shows
 * All tensors are F32.
 * A checkpoint is the same with the format "scratchml-checkpoint", one more text, training (JSON),
 * and more tensors beside the model's. */
#ifndef SML_MODEL_MODEL_FILE_H
#define SML_MODEL_MODEL_FILE_H

#include "base/file.h"
#include "model/algorithm.h"
#include "model/safetensors.h"

#define SML__FORMAT          "scratchml"
#define SML__FORMAT_PLAIN    "1"
#define SML__FORMAT_PREPARED "2"
#define SML__FORMAT_SCALED   "3"
#define SML__CHECKPOINT      "scratchml-checkpoint"

enum { SML__DIGEST = 64 };

/* A longer file is not written, and refused before memory is asked for. */
#define SML__MODEL_FILE_MAX ((size_t)1 << 34)

/* What stands before the digits of the checksum. It occurs once in a file: inside a JSON text the
 * quotation marks would be escaped. */
#define SML__DIGEST_KEY "\"sha256\":\""

/* Where the 64 digits of the checksum start in the first n bytes of a file; NULL where they are
 * not. */
const unsigned char *sml__digest_find(const unsigned char *bytes, size_t n);

/* Checksum of pieces, with the digits, which lie in the first one, taken as '0'. */
void sml__digest_compute(const sml__piece *pieces, size_t n, const unsigned char *digits,
                         char out[SML__DIGEST + 1]);

/* Puts the checksum into header[length], what comes before data[n], and writes all of it. */
sml_status sml__model_write(sml_ctx *ctx, const char *path, unsigned char *header, size_t length,
                            const sml__piece *data, size_t n);

/* The texts of __metadata__, a new reference; settings and receipt are those of the model or of its
 * fit. NULL with an error in ctx. */
json_t *sml__model_metadata(sml_ctx *ctx, const sml_model *model, const char *format,
                            json_t *settings, json_t *receipt);

/* Whether the file that sml_model_save writes can be read again: what the model remembers of
 * columns and classes has to fit its header. To be asked before a training. Errors: SML_BAD_DATA,
 * naming the data; SML_NO_MEMORY. */
sml_status sml__model_check_metadata(sml_ctx *ctx, const sml_model *model, const char *data);

/* Puts json into metadata as text and lets go of it. -1 on failure, also for NULL. */
int sml__metadata_put(sml_ctx *ctx, json_t *metadata, const char *key, json_t *json);

/* Reads what is under key of metadata as JSON, a new reference. Errors: SML_BAD_FILE (missing, or
 * no JSON), SML_NO_MEMORY. */
sml_status sml__metadata_json(sml_ctx *ctx, const char *path, const json_t *metadata,
                              const char *key, json_t **json);

/* Reads the model of a checkpoint; file keeps the other tensors, sorted by name. Free it with
 * sml__safetensors_free, also after a failure. */
sml_status sml__checkpoint_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                                 size_t length, sml__safetensors *file, sml_model **out);

/* Reads a model from the bytes of its file; path is for messages only.
 * Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__model_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                            size_t length, sml_model **out);

#endif
