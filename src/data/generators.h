/* Data sets made from a formula and a seed: they need no file and no network. */
#ifndef SML_DATA_GENERATORS_H
#define SML_DATA_GENERATORS_H

#include "base/random.h"

#include <scratchml/data.h>

/* Draws row r: its features x[columns], and its class (returned) or its target y[1]. */
typedef int32_t (*sml__draw)(sml__random *random, size_t r, float *x, float *y);

typedef struct sml__generator {
    sml_catalog_entry entry;
    sml_task task;
    size_t columns, outputs;
    uint32_t lane; /* of SML__GENERATE: keeps the random numbers of two generators apart */
    sml__draw draw;
} sml__generator;

/* generators_plane.c */
int32_t sml__draw_spirals(sml__random *random, size_t r, float *x, float *y);
int32_t sml__draw_moons(sml__random *random, size_t r, float *x, float *y);
int32_t sml__draw_circles(sml__random *random, size_t r, float *x, float *y);
int32_t sml__draw_blobs(sml__random *random, size_t r, float *x, float *y);
int32_t sml__draw_xor(sml__random *random, size_t r, float *x, float *y);
int32_t sml__draw_separable(sml__random *random, size_t r, float *x, float *y);

/* Generator index, or NULL past the end. */
const sml__generator *sml__generator_at(size_t index);

/* Draws the split: the training and test rows come from independent sequences of the seed.
 * Errors: SML_NO_MEMORY. */
sml_status sml__generate(sml_ctx *ctx, const sml__generator *generator, const char *split,
                         uint64_t seed, sml_dataset **out);

#endif
