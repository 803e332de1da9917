/* Names of the catalog. */
#ifndef SML_DATA_CATALOG_H
#define SML_DATA_CATALOG_H

#include "data/generators.h"
#include "data/idx_sets.h"

enum { SML__CATALOG_MAX = 16 };

/* The set behind a name, or NULL. */
const sml__idx_set *sml__catalog_idx_set(const char *name);
const sml__generator *sml__catalog_generator(const char *name);

/* The names of all entries; returns how many. */
size_t sml__catalog_names(const char *names[SML__CATALOG_MAX]);

#endif
