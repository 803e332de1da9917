/* What the tests of this folder share: a context, a folder to write into, and IDX files. */
#ifndef TESTS_DATA_SUPPORT_H
#define TESTS_DATA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/file.h"
#include "data/process.h"

#include <scratchml/data.h>

/* A context whose data folder is a new temporary one: the state of every test. */
static inline int set_up(void **state)
{
    const char *parent = getenv("TMPDIR");
    char folder[512];
    sml_ctx *ctx = NULL;
    snprintf(folder, sizeof folder, "%s/scratchml-test-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    const sml_ctx_options options = {1, folder};
    int failed = sml_ctx_create(&options, &ctx) != SML_OK;
    *state = ctx;
    return failed;
}

static inline int tear_down(void **state)
{
    sml_ctx *ctx = *state;
    sml__remove_tree(sml_ctx_data_dir(ctx));
    sml_ctx_free(ctx);
    return 0;
}

/* "<data folder>/<name>" in a buffer of the caller. */
static inline const char *path_in(const sml_ctx *ctx, const char *name, char path[1024])
{
    snprintf(path, 1024, "%s/%s", sml_ctx_data_dir(ctx), name);
    return path;
}

/* Writes a file into the data folder, creating folders on the way. */
static inline void write_file(sml_ctx *ctx, const char *name, const void *bytes, size_t length)
{
    char path[1024], folder[1024];
    snprintf(folder, sizeof folder, "%s", path_in(ctx, name, path));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(sml__directory_create(ctx, folder), SML_OK);
    const sml__piece piece = {bytes, length};
    assert_int_equal(sml__file_write(ctx, path, &piece, 1), SML_OK);
}

static inline void assert_error_parts(const sml_ctx *ctx, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(sml_ctx_error(ctx), texts[i]) == NULL) {
            fail_msg("'%s' is not in: %s", texts[i], sml_ctx_error(ctx));
        }
    }
}

/* The last error must contain each of the texts. */
#define assert_error_has(ctx, ...)                                                                 \
    assert_error_parts(ctx, (const char *const[]){__VA_ARGS__},                                    \
                       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline void put_big_endian(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (unsigned char)(value >> (24 - 8 * i));
    }
}

/* An IDX file of rows pictures of height × width with the values i mod 251; returns its length. */
static inline size_t make_images(unsigned char *out, uint32_t rows, uint32_t height, uint32_t width)
{
    const uint32_t header[] = {0x00000803, rows, height, width};
    for (size_t i = 0; i < 4; i++) {
        put_big_endian(out + 4 * i, header[i]);
    }
    size_t count = (size_t)rows * height * width;
    for (size_t i = 0; i < count; i++) {
        out[16 + i] = (unsigned char)(i % 251);
    }
    return 16 + count;
}

/* An IDX file of labels; returns its length. */
static inline size_t make_labels(unsigned char *out, const char *labels, uint32_t n)
{
    put_big_endian(out, 0x00000801);
    put_big_endian(out + 4, n);
    memcpy(out + 8, labels, n);
    return 8 + n;
}

#endif
