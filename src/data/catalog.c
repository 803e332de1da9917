/* The data sets known by name: sets of IDX files (idx_sets.c), then generators (generators.c). */
#include "data/catalog.h"

#include <string.h>

const sml_catalog_entry *sml_catalog(size_t index)
{
    size_t sets = 0;
    while (sml__idx_set_at(sets) != NULL) {
        sets++;
    }
    if (index < sets) {
        return &sml__idx_set_at(index)->entry;
    }
    const sml__generator *generator = sml__generator_at(index - sets);
    return generator != NULL ? &generator->entry : NULL;
}

const sml__idx_set *sml__catalog_idx_set(const char *name)
{
    const sml__idx_set *set = NULL;
    for (size_t i = 0; (set = sml__idx_set_at(i)) != NULL; i++) {
        if (strcmp(set->entry.name, name) == 0) {
            break;
        }
    }
    return set;
}

const sml__generator *sml__catalog_generator(const char *name)
{
    const sml__generator *generator = NULL;
    for (size_t i = 0; (generator = sml__generator_at(i)) != NULL; i++) {
        if (strcmp(generator->entry.name, name) == 0) {
            break;
        }
    }
    return generator;
}

size_t sml__catalog_names(const char *names[SML__CATALOG_MAX])
{
    size_t n = 0;
    for (; n < SML__CATALOG_MAX && sml_catalog(n) != NULL; n++) {
        names[n] = sml_catalog(n)->name;
    }
    return n;
}
