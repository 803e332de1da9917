/* Classes whose names are numbers: label values to the numbers 0…n-1 that the engine counts with.
 */
#ifndef SML_DATA_READERS_CLASSES_H
#define SML_DATA_READERS_CLASSES_H

#include <scratchml/data.h>

typedef struct sml__class {
    double value;
    int32_t number;
} sml__class;

typedef struct sml__classes {
    size_t n;
    sml__class *sorted;       /* [n] by value */
    size_t outputs;           /* n, and those of a model's classes whose names are no numbers */
    const char *const *names; /* [outputs] by number; NULL where each name is the number itself */
    void *owned_names;
} sml__classes;

/* The distinct of values[n], sorted upwards; or those of a model, options->classes, where it has
 * them. Free with sml__classes_free, also on failure.
 * Errors: SML_BAD_DATA (a value that is not finite, more than 2^24 classes), SML_NO_MEMORY. */
sml_status sml__classes_find(sml_ctx *ctx, const char *path, const double *values, size_t n,
                             const sml_data_options *options, sml__classes *classes);

/* The numbers of values[n], for sml__free. Errors: SML_BAD_DATA (a value that is no class: its row,
 * from 0, is named), SML_NO_MEMORY. */
sml_status sml__classes_number(sml_ctx *ctx, const char *path, const sml__classes *classes,
                               const double *values, size_t n, int32_t **labels);

void sml__classes_free(sml__classes *classes);

/* Whether all of values[n] are whole numbers. */
int sml__are_whole(const double *values, size_t n);

#endif
