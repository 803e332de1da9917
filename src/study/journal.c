#include "study/journal.h"

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The largest journal that is read: some hundred thousand lines. */
static const size_t JOURNAL_MAX = (size_t)64 << 20;

static char *path_in(sml_ctx *ctx, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = sml__alloc(ctx, size, 1, "a path");
    if (path != NULL) {
        snprintf(path, size, "%s/%s", folder, name);
    }
    return path;
}

/* The first member that is not the same in both objects. */
static const char *first_difference(json_t *plan, const json_t *found)
{
    const char *key;
    json_t *value;
    json_object_foreach(plan, key, value)
    {
        if (!json_equal(value, json_object_get(found, key))) {
            return key;
        }
    }
    return "a member that is not known here";
}

static sml_status compare_plan(sml_ctx *ctx, const char *path, json_t *plan,
                               const unsigned char *bytes, size_t length)
{
    sml__json_error error = {0};
    json_t *found = NULL;
    sml_status status = sml__json_read(ctx, (const char *)bytes, length, &error, &found);
    if (status == SML_BAD_FILE) {
        return sml__fail(ctx, status, "%s: offset %zu: %s", path, error.position, error.reason);
    }
    if (status == SML_OK && !json_equal(plan, found)) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT,
                           "%s: the journal is of another search: %s differs; choose another "
                           "folder, or search as it says there",
                           path, first_difference(plan, found));
    }
    json_decref(found);
    return status;
}

/* Writes the plan, or holds it against the one that is there. */
static sml_status settle_plan(sml_ctx *ctx, const char *path, json_t *plan)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    sml_status status = sml__file_read(ctx, path, JOURNAL_MAX, &bytes, &length);
    if (status == SML_OK) {
        status = compare_plan(ctx, path, plan, bytes, length);
        sml__free(bytes);
        return status;
    }
    if (status != SML_NOT_FOUND) {
        return status;
    }
    char *text = sml__json_write(ctx, plan);
    if (text == NULL) {
        return SML_NO_MEMORY;
    }
    const sml__piece pieces[] = {{text, strlen(text)}, {"\n", 1}};
    status = sml__file_write(ctx, path, pieces, 2);
    sml__free(text);
    return status;
}

/* A lock of the whole file; it ends with the process. */
static sml_status lock(sml_ctx *ctx, const sml__journal *journal)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(journal->fd, F_SETLK, &whole) == 0) {
        return SML_OK;
    }
    if (errno == EACCES || errno == EAGAIN) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: another search is at work in this journal",
                         journal->path);
    }
    return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot lock", journal->path);
}

/* Cuts off what stands behind the last newline: a line that was not written to its end. */
static sml_status cut_torn_line(sml_ctx *ctx, const sml__journal *journal)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    sml_status status = sml__file_read(ctx, journal->path, JOURNAL_MAX, &bytes, &length);
    if (status != SML_OK) {
        return status;
    }
    size_t whole = length;
    while (whole > 0 && bytes[whole - 1] != '\n') {
        whole--;
    }
    sml__free(bytes);
    if (whole < length && ftruncate(journal->fd, (off_t)whole) != 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot cut its last line", journal->path);
    }
    return SML_OK;
}

sml_status sml__journal_open(sml_ctx *ctx, const char *folder, json_t *plan, sml__journal *journal)
{
    *journal = (sml__journal){.fd = -1};
    sml_status status = sml__directory_create(ctx, folder);
    char *plan_path = status == SML_OK ? path_in(ctx, folder, "plan.json") : NULL;
    journal->path = status == SML_OK ? path_in(ctx, folder, "results.jsonl") : NULL;
    if (status == SML_OK && (plan_path == NULL || journal->path == NULL)) {
        status = SML_NO_MEMORY;
    }
    if (status == SML_OK) {
        status = settle_plan(ctx, plan_path, plan);
    }
    if (status == SML_OK) {
        journal->fd = open(journal->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        status = journal->fd >= 0
                     ? lock(ctx, journal)
                     : sml__fail_errno(ctx, SML_IO, errno, "%s: cannot open", journal->path);
    }
    if (status == SML_OK) {
        status = cut_torn_line(ctx, journal);
    }
    sml__free(plan_path);
    if (status != SML_OK) {
        sml__journal_close(journal);
    }
    return status;
}

void sml__journal_close(sml__journal *journal)
{
    if (journal->fd >= 0) {
        close(journal->fd);
    }
    sml__free(journal->path);
    *journal = (sml__journal){.fd = -1};
}

/* null stands for "none". */
static json_t *figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static double value_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int read_count(const json_t *object, const char *key, uint64_t *count)
{
    const json_t *value = json_object_get(object, key);
    *count = json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

/* 0 where it is no result. */
static int read_row(const json_t *object, sml_study_row *row)
{
    uint64_t trial, rung;
    const char *ended = json_string_value(json_object_get(object, "ended"));
    if (!read_count(object, "trial", &trial) || !read_count(object, "rung", &rung) ||
        !read_count(object, "epochs", &row->epochs) || ended == NULL ||
        (strcmp(ended, "finished") != 0 && strcmp(ended, "diverged") != 0)) {
        return 0;
    }
    row->trial = (size_t)trial;
    row->rung = (size_t)rung;
    row->metric = value_of(object, "metric");
    row->accuracy = value_of(object, "accuracy");
    row->loss = value_of(object, "loss");
    row->seconds = value_of(object, "seconds");
    row->status = strcmp(ended, "diverged") == 0 ? SML_DIVERGED : SML_OK;
    return 1;
}

sml_status sml__journal_read(sml_ctx *ctx, const sml__journal *journal,
                             sml_status (*take)(void *user, const sml_study_row *row), void *user)
{
    unsigned char *bytes = NULL;
    size_t length = 0, line = 0;
    sml_status status = sml__file_read(ctx, journal->path, JOURNAL_MAX, &bytes, &length);
    for (size_t begin = 0, end; status == SML_OK && begin < length; begin = end + 1) {
        sml__json_error error = {"no result of a training", 0};
        sml_study_row row = {0};
        json_t *object = NULL;
        for (end = begin; end < length && bytes[end] != '\n'; end++) {
        }
        line++;
        status = sml__json_read(ctx, (const char *)bytes + begin, end - begin, &error, &object);
        if (status == SML_BAD_FILE || (status == SML_OK && !read_row(object, &row))) {
            status = sml__fail(ctx, SML_BAD_FILE, "%s:%zu: %s", journal->path, line, error.reason);
        }
        json_decref(object);
        if (status == SML_OK) {
            status = take(user, &row);
        }
    }
    sml__free(bytes);
    return status;
}

static json_t *row_document(const sml_study_row *row)
{
    return json_pack(
        "{s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:s}", "trial", (json_int_t)row->trial, "rung",
        (json_int_t)row->rung, "epochs", (json_int_t)row->epochs, "ended",
        row->status == SML_DIVERGED ? "diverged" : "finished", "metric", figure(row->metric),
        "accuracy", figure(row->accuracy), "loss", figure(row->loss), "seconds",
        figure(row->seconds), "settings", row->settings != NULL ? row->settings : "");
}

sml_status sml__journal_add(sml_ctx *ctx, const sml__journal *journal, const sml_study_row *row)
{
    json_t *object = row_document(row);
    char *text = object != NULL ? sml__json_write(ctx, object) : NULL;
    json_decref(object);
    if (text == NULL) {
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: a line of the journal");
    }
    const size_t length = strlen(text);
    text[length] = '\n'; /* in place of the zero: one write, so that lines do not mix */
    const ssize_t written = write(journal->fd, text, length + 1);
    const int failure = written != (ssize_t)(length + 1) ? (written < 0 ? errno : ENOSPC)
                        : fsync(journal->fd) != 0        ? errno
                                                         : 0;
    sml__free(text);
    return failure == 0 ? SML_OK
                        : sml__fail_errno(ctx, SML_IO, failure, "%s: cannot write", journal->path);
}
