#include "files.h"

#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MOST = 16 };

typedef char path_text[PATH_MAX];

/* "a/b" of "a/b/c", "." of "c", "/" of "/c". */
static void folder_of(const char *path, path_text out)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash != NULL ? (size_t)(slash - path) : 0;
    if (slash == NULL) {
        snprintf(out, PATH_MAX, ".");
    } else {
        snprintf(out, PATH_MAX, "%.*s", (int)(length > 0 ? length : 1), path);
    }
}

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Where a path leads whose file is not there yet: through links, of which the last may dangle. */
static void follow(const char *path, path_text out)
{
    snprintf(out, PATH_MAX, "%s", path);
    for (int i = 0; i < LINKS_MOST; i++) {
        path_text target, folder;
        const ssize_t n = readlink(out, target, sizeof target - 1);
        if (n <= 0) {
            return;
        }
        target[n] = '\0';
        folder_of(out, folder);
        const size_t room = target[0] != '/' ? strlen(folder) + 1 : 0;
        if (room + (size_t)n >= PATH_MAX) {
            return;
        }
        memmove(out + room, target, (size_t)n + 1);
        if (room > 0) {
            memcpy(out, folder, room - 1);
            out[room - 1] = '/';
        }
    }
}

static int is_one(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* stat; "-" is standard input. */
static int facts_of(const char *path, struct stat *facts)
{
    return strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, facts) : stat(path, facts);
}

int is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    path_text end_a, end_b, folder_a, folder_b;
    const int a_is_there = facts_of(a, &x) == 0, b_is_there = facts_of(b, &y) == 0;
    if (a_is_there && b_is_there) {
        return S_ISREG(x.st_mode) && is_one(&x, &y);
    }
    if (a_is_there || b_is_there) {
        return 0;
    }
    follow(a, end_a);
    follow(b, end_b);
    folder_of(end_a, folder_a);
    folder_of(end_b, folder_b);
    if (stat(folder_a, &x) != 0 || stat(folder_b, &y) != 0) {
        return strcmp(end_a, end_b) == 0;
    }
    return strcmp(name_in(end_a), name_in(end_b)) == 0 && is_one(&x, &y);
}

/* Whether the name is that of a file which a folder of data is read from. */
static int is_named_as_data(const char *path)
{
    static const char *const endings[] = {"-ubyte", "-ubyte.gz", ".png", ".jpg", ".jpeg"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t n = strlen(endings[i]);
        if (length >= n && strcasecmp(path + length - n, endings[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether path is a file of data somewhere below the folder. */
static int is_below(const char *path, const char *folder)
{
    struct stat wanted, found;
    path_text above;
    char *real = realpath(path, NULL);
    int is_found = 0;
    if (real != NULL && is_named_as_data(real) && stat(folder, &wanted) == 0 &&
        S_ISDIR(wanted.st_mode)) {
        snprintf(above, sizeof above, "%s", real);
        while (!is_found && strcmp(above, "/") != 0) {
            path_text next;
            folder_of(above, next);
            memcpy(above, next, sizeof above);
            is_found = stat(above, &found) == 0 && is_one(&wanted, &found);
        }
    }
    free(real);
    return is_found;
}

/* The file of targets of an NPY file, beside it or as it stands. */
static int is_target(const session *s, const char *path, const char *data)
{
    path_text beside, folder;
    const options *o = &s->options;
    const char *target = option_exists(o, "target") ? option_text(o, "target") : "";
    if (target[0] == '\0') {
        return 0;
    }
    folder_of(data, folder);
    const int n = snprintf(beside, sizeof beside, "%s/%s", folder, target);
    struct stat facts;
    return (stat(target, &facts) == 0 && is_same_file(path, target)) ||
           (n < (int)sizeof beside && stat(beside, &facts) == 0 && is_same_file(path, beside));
}

/* Whether path is of a data set that is known by name. */
static int is_of_catalog(const session *s, const char *path, const char *data)
{
    path_text folder;
    const int n = snprintf(folder, sizeof folder, "%s/%s", sml_ctx_data_dir(s->ctx), data);
    return n < (int)sizeof folder && is_below(path, folder);
}

static int is_in_catalog(const char *data)
{
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        if (strcmp(entry->name, data) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_read(const session *s, const char *path, const char *data)
{
    struct stat facts;
    if (is_in_catalog(data)) {
        return is_of_catalog(s, path, data);
    }
    return (facts_of(data, &facts) == 0 && is_same_file(path, data)) || is_below(path, data) ||
           is_target(s, path, data);
}

int check_written(const session *s, const char *data, const named_path *written, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = written[i].path;
        if (is_read(s, path, data)) {
            return fail_usage(s->program,
                              "%s: %s is read as data and would be lost; choose "
                              "another file",
                              written[i].option, printable(path).text);
        }
        for (size_t j = 0; j < i; j++) {
            if (is_same_file(path, written[j].path)) {
                return fail_usage(s->program, "%s and %s name the same file, %s", written[j].option,
                                  written[i].option, printable(path).text);
            }
        }
    }
    return 0;
}

int check_kept(const session *s, const named_path *written, const char *what, const char *path)
{
    return path != NULL && is_same_file(written->path, path)
               ? fail_usage(s->program, "%s: %s is the %s's file; choose another", written->option,
                            printable(written->path).text, what)
               : 0;
}

int check_report(const session *s)
{
    const options *o = &s->options;
    if (!option_given(o, "html")) {
        return 0;
    }
    const named_path report = {"--html", option_text(o, "html")};
    const int has_checkpoint = option_exists(o, "checkpoint") && option_given(o, "checkpoint");
    const char *checkpoint = has_checkpoint ? option_text(o, "checkpoint") : NULL;
    int code = check_kept(s, &report, "model", o->operands[0]);
    code = code == 0 ? check_kept(s, &report, "checkpoint", checkpoint) : code;
    return code == 0 ? check_written(s, o->operands[1], &report, 1) : code;
}
