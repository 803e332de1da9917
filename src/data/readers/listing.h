/* What a folder holds, in an order that does not depend on the file system. */
#ifndef SML_DATA_READERS_LISTING_H
#define SML_DATA_READERS_LISTING_H

#include <scratchml/base.h>

typedef struct sml__listing {
    char **names; /* [n]: sorted by value where all are whole numbers, else by their bytes */
    size_t n, room;
} sml__listing;

/* Lists the folders and the files in a folder, but for those that desktops leave behind: names that
 * start with '.', Thumbs.db, desktop.ini. Both are for sml__listing_free, also on failure.
 * Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__list_folder(sml_ctx *ctx, const char *folder, sml__listing *folders,
                            sml__listing *files);

int sml__listing_has(const sml__listing *listing, const char *name);

void sml__listing_free(sml__listing *listing);

#endif
