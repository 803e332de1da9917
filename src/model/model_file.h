/* The model file: safetensors, with everything but the tensors as texts in __metadata__:
 *   format          "scratchml"
 *   format_version  "1", or "2" where there is preprocessing: older readers would misread the model
 *   algorithm       "mlp"
 *   settings        JSON object of texts, the hyper-parameters of the last fit
 *   structure       JSON of the algorithm's own
 *   task, inputs, outputs, height, width
 *   class_names     JSON list of texts, where there are names
 *   preprocessing   JSON, where raw rows are prepared: see prepare_model.h
 *   receipt         JSON object
 *   sha256          of the whole file, with these 64 digits taken as '0': every changed bit shows
 * All tensors are F32. */
#ifndef SML_MODEL_MODEL_FILE_H
#define SML_MODEL_MODEL_FILE_H

#include "base/file.h"
#include "model/algorithm.h"

#define SML__FORMAT          "scratchml"
#define SML__FORMAT_PLAIN    "1"
#define SML__FORMAT_PREPARED "2"

enum { SML__DIGEST = 64 };

/* What stands before the digits of the checksum. It occurs once in a file: inside a JSON text the
 * quotation marks would be escaped. */
#define SML__DIGEST_KEY "\"sha256\":\""

/* Where the 64 digits of the checksum start in the first n bytes of a file; NULL where they are
 * not. */
const unsigned char *sml__digest_find(const unsigned char *bytes, size_t n);

/* Checksum of pieces, with the digits, which lie in the first one, taken as '0'. */
void sml__digest_compute(const sml__piece *pieces, size_t n, const unsigned char *digits,
                         char out[SML__DIGEST + 1]);

/* Reads a model from the bytes of its file; path is for messages only.
 * Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__model_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                            size_t length, sml_model **out);

#endif
