/* The space of a search: hyper-parameters and the values that each may take. */
#ifndef SML_STUDY_SPACE_H
#define SML_STUDY_SPACE_H

#include <scratchml/model.h>

enum { SML__POINTS_MAX = 10000 }; /* values of one hyper-parameter, combinations of a grid */

/* One hyper-parameter: a list of texts, or a range. */
typedef struct sml__dimension {
    const sml_parameter *parameter;
    char *text;          /* owned; holds the listed values */
    const char **values; /* [n]; n is 0 for a range */
    size_t n;
    double low, high;
    int is_log, is_whole;
} sml__dimension;

typedef struct sml__space {
    const sml_model *like; /* its table is asked */
    size_t n;
    sml__dimension *dimensions;
} sml__space;

/* Reads "NAME=VALUES" elements; every bound and every listed value is checked against the table of
 * hyper-parameters. Free with sml__space_free, also after a failure.
 * Errors: SML_BAD_ARGUMENT, SML_UNKNOWN_NAME, SML_NO_MEMORY. */
sml_status sml__space_read(sml_ctx *ctx, const sml_model *like, const char *const *elements,
                           size_t n, sml__space *space);
void sml__space_free(sml__space *space);

/* How many combinations there are. Errors: SML_BAD_ARGUMENT (a range that is not finite, too many).
 */
sml_status sml__space_count(sml_ctx *ctx, const sml__space *space, size_t *count);

/* The same; 0 where the space has no end, or more than SML__POINTS_MAX combinations. */
size_t sml__space_points(const sml__space *space);

/* "hidden=64 learning_rate=0.01" of trial i, drawn by chance or number i of the grid, whose last
 * hyper-parameter moves fastest. sml__free it; NULL with an error in ctx. */
char *sml__space_draw(sml_ctx *ctx, const sml__space *space, uint64_t seed, size_t trial);
char *sml__space_point(sml_ctx *ctx, const sml__space *space, size_t trial);

#endif
