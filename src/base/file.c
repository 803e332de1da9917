#include "base/file.h"

#include "base/context.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to length bytes; fewer only at the end of the file. -1 on failure. */
static ssize_t read_fully(int fd, unsigned char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = read(fd, bytes + done, length - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static sml_status read_open_file(sml_ctx *ctx, int fd, const char *path, size_t limit,
                                 unsigned char **bytes, size_t *length)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot read", path);
    }
    if (!S_ISREG(facts.st_mode)) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: not a regular file", path);
    }
    if ((uintmax_t)facts.st_size > limit) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: %jd bytes, at most %zu are accepted", path,
                         (intmax_t)facts.st_size, limit);
    }
    size_t size = (size_t)facts.st_size;
    unsigned char *memory = sml__alloc_to_fill(ctx, size, path);
    if (memory == NULL) {
        return SML_NO_MEMORY;
    }
    ssize_t got = read_fully(fd, memory, size);
    if (got < 0 || (size_t)got != size) {
        sml_status status = got < 0 ? sml__fail_errno(ctx, SML_IO, errno, "%s: cannot read", path)
                                    : sml__fail(ctx, SML_IO, "%s: it shrank while read", path);
        sml__free(memory);
        return status;
    }
    *bytes = memory;
    *length = size;
    return SML_OK;
}

ssize_t sml__file_read_at(int fd, uint64_t at, void *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t got = pread(fd, (char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)done;
}

sml_status sml__file_read(sml_ctx *ctx, const char *path, size_t limit, unsigned char **bytes,
                          size_t *length)
{
    *bytes = NULL;
    *length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return sml__fail_errno(ctx, errno == ENOENT ? SML_NOT_FOUND : SML_IO, errno,
                               "%s: cannot open", path);
    }
    sml_status status = read_open_file(ctx, fd, path, limit, bytes, length);
    close(fd);
    return status;
}

/* Writes all of a piece; -1 with errno on failure. */
static int write_fully(int fd, const sml__piece *piece)
{
    const unsigned char *bytes = piece->bytes;
    size_t done = 0;
    while (done < piece->length) {
        ssize_t n = write(fd, bytes + done, piece->length - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        done += (size_t)n;
    }
    return 0;
}

/* The file that a write replaces. */
typedef struct target {
    char path[PATH_MAX];
    int mode; /* its permission bits; -1 where it is not there yet */
} target;

/* Sets permissions, writes, syncs and closes; -1 with errno of the first failure. */
static int fill_and_close(int fd, int mode, const sml__piece *pieces, size_t n)
{
    int failure = mode >= 0 && fchmod(fd, (mode_t)mode) != 0 ? errno : 0;
    for (size_t i = 0; i < n && failure == 0; i++) {
        failure = write_fully(fd, &pieces[i]) != 0 ? errno : 0;
    }
    if (failure == 0 && fsync(fd) != 0) {
        failure = errno;
    }
    if (close(fd) != 0 && failure == 0) {
        failure = errno;
    }
    errno = failure;
    return failure != 0 ? -1 : 0;
}

/* Makes a rename durable: syncs the directory that holds path. */
static int sync_directory_of(const char *path, char *scratch)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(scratch, path, length);
    scratch[length] = '\0';
    const char *directory = slash == NULL ? "." : (length == 0 ? "/" : scratch);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int failure = fsync(fd) != 0 ? errno : 0;
    close(fd);
    errno = failure;
    return failure != 0 ? -1 : 0;
}

/* Locks a new file, so that no sweep takes it for one that was left behind. 0 where a sweep was
 * faster and has removed it. File systems without locks have no sweeps either. */
static int claim(int fd)
{
    struct stat facts;
    return flock(fd, LOCK_EX) != 0 || fstat(fd, &facts) != 0 || facts.st_nlink > 0;
}

/* Creates a file of a new name beside path, open for writing; the name is left in temporary. */
static int create_beside(const char *path, char *temporary, size_t size)
{
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), attempt);
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) {
            return -1;
        }
        if (fd >= 0 && claim(fd)) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return -1;
}

/* Whether name is that of a temporary file beside `base`: base.PID-N.tmp */
static int is_temporary(const char *name, const char *base)
{
    static const char digits[] = "0123456789";
    const size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || name[length] != '.') {
        return 0;
    }
    const char *pid = name + length + 1, *dash = pid + strspn(pid, digits);
    const char *end = dash + 1 + (*dash == '-' ? strspn(dash + 1, digits) : 0);
    return dash > pid && *dash == '-' && end > dash + 1 && strcmp(end, ".tmp") == 0;
}

/* Removes a temporary file that nobody holds a lock on. */
static void sweep_one(int directory, const char *name)
{
    const int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(directory, name, 0);
    }
    close(fd);
}

static sml_status find_old(sml_ctx *ctx, const char *path, const struct stat *facts, target *old)
{
    if (!S_ISREG(facts->st_mode)) {
        return sml__fail(ctx, SML_IO, "%s: cannot write: not a regular file", path);
    }
    if (realpath(path, old->path) == NULL || access(old->path, W_OK) != 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot write", path);
    }
    old->mode = (int)(facts->st_mode & 07777);
    return SML_OK;
}

static sml_status find_target(sml_ctx *ctx, const char *path, target *file)
{
    struct stat facts;
    if (stat(path, &facts) == 0) {
        return find_old(ctx, path, &facts, file);
    }
    if (lstat(path, &facts) == 0) {
        return sml__fail(ctx, SML_IO, "%s: cannot write: a link to nothing; remove it", path);
    }
    if (strlen(path) >= sizeof file->path) {
        return sml__fail_errno(ctx, SML_IO, ENAMETOOLONG, "%s: cannot write", path);
    }
    memcpy(file->path, path, strlen(path) + 1);
    return SML_OK;
}

sml_status sml__file_write(sml_ctx *ctx, const char *path, const sml__piece *pieces, size_t n)
{
    target file = {.mode = -1};
    char temporary[PATH_MAX + 48];
    sml_status status = find_target(ctx, path, &file);
    if (status != SML_OK) {
        return status;
    }
    int fd = create_beside(file.path, temporary, sizeof temporary);
    if (fd < 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot write", path);
    }
    if (fill_and_close(fd, file.mode, pieces, n) != 0 || rename(temporary, file.path) != 0) {
        status = sml__fail_errno(ctx, SML_IO, errno, "%s: cannot write", path);
        unlink(temporary);
    } else if (sync_directory_of(file.path, temporary) != 0) {
        status = sml__fail_errno(ctx, SML_IO, errno, "%s: cannot sync its directory", path);
    }
    return status;
}

sml_status sml_write_file(sml_ctx *ctx, const char *path, const void *bytes, size_t length)
{
    const sml__piece piece = {bytes, length};
    return sml__file_write(ctx, path, &piece, 1);
}

void sml__file_sweep(sml_ctx *ctx, const char *path)
{
    target file = {.mode = -1};
    if (find_target(ctx, path, &file) != SML_OK) {
        return;
    }
    char *slash = strrchr(file.path, '/');
    const char *base = slash != NULL ? slash + 1 : file.path;
    char folder[PATH_MAX + 2] = ".";
    if (slash != NULL) {
        snprintf(folder, sizeof folder, "%.*s/", (int)(slash - file.path), file.path);
    }
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (is_temporary(entry->d_name, base)) {
            sweep_one(dirfd(directory), entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
}

sml_status sml__file_check(sml_ctx *ctx, const char *path)
{
    target file = {.mode = -1};
    char temporary[PATH_MAX + 48];
    sml_status status = find_target(ctx, path, &file);
    if (status != SML_OK) {
        return status;
    }
    int fd = create_beside(file.path, temporary, sizeof temporary);
    if (fd < 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot write", path);
    }
    close(fd);
    unlink(temporary);
    return SML_OK;
}

sml_status sml__directory_create(sml_ctx *ctx, const char *path)
{
    char *partial = sml__copy_text(ctx, path);
    if (partial == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = SML_OK;
    for (char *slash = partial; status == SML_OK && slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
        if (mkdir(partial, 0777) != 0 && errno != EEXIST) {
            status = sml__fail_errno(ctx, SML_IO, errno, "%s: cannot create the folder", partial);
        }
        if (slash != NULL) {
            *slash = '/';
        }
    }
    sml__free(partial);
    return status;
}
