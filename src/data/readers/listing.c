#include "data/readers/listing.h"

#include "base/context.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST_ROOM = 16, DIGITS_MAX = 18 };

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_value(const void *a, const void *b)
{
    const unsigned long long x = strtoull(*(char *const *)a, NULL, 10);
    const unsigned long long y = strtoull(*(char *const *)b, NULL, 10);
    return x != y ? (x > y) - (x < y) : by_bytes(a, b);
}

static void sort(sml__listing *listing)
{
    int are_numbers = 1;
    for (size_t i = 0; i < listing->n; i++) {
        const size_t length = strlen(listing->names[i]);
        are_numbers &= length <= DIGITS_MAX && strspn(listing->names[i], "0123456789") == length;
    }
    if (listing->n > 1) {
        qsort(listing->names, listing->n, sizeof *listing->names,
              are_numbers ? by_value : by_bytes);
    }
}

static sml_status add(sml_ctx *ctx, sml__listing *listing, const char *name)
{
    if (listing->n == listing->room) {
        const size_t room = listing->room > 0 ? 2 * listing->room : FIRST_ROOM;
        char **names = sml__alloc(ctx, room, sizeof *names, "a list of files");
        if (names == NULL) {
            return SML_NO_MEMORY;
        }
        if (listing->n > 0) {
            memcpy(names, listing->names, listing->n * sizeof *names);
        }
        sml__free(listing->names);
        listing->names = names;
        listing->room = room;
    }
    char *copy = sml__copy_text(ctx, name);
    if (copy == NULL) {
        return SML_NO_MEMORY;
    }
    listing->names[listing->n++] = copy;
    return SML_OK;
}

static int is_left_behind(const char *name)
{
    return name[0] == '.' || strcmp(name, "Thumbs.db") == 0 || strcmp(name, "desktop.ini") == 0;
}

static sml_status list_open(sml_ctx *ctx, DIR *directory, const char *folder, sml__listing *folders,
                            sml__listing *files)
{
    sml_status status = SML_OK;
    struct stat facts;
    errno = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL && status == SML_OK;
         entry = readdir(directory)) {
        if (!is_left_behind(entry->d_name)) {
            if (fstatat(dirfd(directory), entry->d_name, &facts, 0) != 0) {
                return sml__fail_errno(ctx, SML_IO, errno, "%s/%s: cannot read", folder,
                                       entry->d_name);
            }
            status = add(ctx, S_ISDIR(facts.st_mode) ? folders : files, entry->d_name);
        }
        errno = 0; /* readdir tells a failure from the end by it */
    }
    return status == SML_OK && errno != 0
               ? sml__fail_errno(ctx, SML_IO, errno, "%s: cannot list the folder", folder)
               : status;
}

sml_status sml__list_folder(sml_ctx *ctx, const char *folder, sml__listing *folders,
                            sml__listing *files)
{
    *folders = (sml__listing){0};
    *files = (sml__listing){0};
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot open the folder", folder);
    }
    sml_status status = list_open(ctx, directory, folder, folders, files);
    closedir(directory);
    sort(folders);
    sort(files);
    return status;
}

int sml__listing_has(const sml__listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->n; i++) {
        if (strcmp(listing->names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

void sml__listing_free(sml__listing *listing)
{
    for (size_t i = 0; i < listing->n; i++) {
        sml__free(listing->names[i]);
    }
    sml__free(listing->names);
    *listing = (sml__listing){0};
}
