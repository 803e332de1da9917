#include "base/context.h"

#include "base/memory.h"
#include "base/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 1024 };

static sml_status fail_with(sml_ctx *ctx, sml_status status, const char *format, va_list arguments)
{
    if (ctx != NULL) {
        vsnprintf(ctx->error, sizeof ctx->error, format, arguments);
    }
    return status;
}

sml_status sml__fail(sml_ctx *ctx, sml_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_with(ctx, status, format, arguments);
    va_end(arguments);
    return status;
}

sml_status sml__fail_errno(sml_ctx *ctx, sml_status status, int error_number, const char *format,
                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_with(ctx, status, format, arguments);
    va_end(arguments);
    if (ctx != NULL) {
        size_t used = strlen(ctx->error);
        snprintf(ctx->error + used, sizeof ctx->error - used, ": %s",
                 strerror_l(error_number, ctx->numbers));
    }
    return status;
}

/* "<folder>/scratchml", or NULL when folder is unset or relative (XDG Base Directory 0.8). */
static char *cache_below(sml_ctx *ctx, const char *folder, const char *middle)
{
    if (folder == NULL || folder[0] != '/') {
        return NULL;
    }
    size_t length = strlen(folder) + strlen(middle) + sizeof "/scratchml";
    char *path = sml__alloc(ctx, length, 1, "a path");
    if (path != NULL) {
        snprintf(path, length, "%s%s/scratchml", folder, middle);
    }
    return path;
}

static char *default_data_dir(sml_ctx *ctx)
{
    const char *chosen = getenv("SCRATCHML_DATA");
    if (chosen != NULL && chosen[0] != '\0') {
        return sml__copy_text(ctx, chosen);
    }
    char *path = cache_below(ctx, getenv("XDG_CACHE_HOME"), "");
    if (path == NULL) {
        path = cache_below(ctx, getenv("HOME"), "/.cache");
    }
    return path != NULL ? path : sml__copy_text(ctx, "scratchml-data");
}

sml_status sml_ctx_create(const sml_ctx_options *options, sml_ctx **out)
{
    const sml_ctx_options defaults = {0, NULL};
    if (options == NULL) {
        options = &defaults;
    }
    *out = NULL;
    if (options->threads < 0 || options->threads > THREADS_MAX) {
        return SML_BAD_ARGUMENT;
    }
    sml_ctx *ctx = sml__alloc(NULL, 1, sizeof *ctx, "a context");
    if (ctx == NULL) {
        return SML_NO_MEMORY;
    }
    ctx->threads = options->threads > 0 ? options->threads : sml__available_cores();
    ctx->numbers = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    ctx->data_dir =
        options->data_dir != NULL ? sml__copy_text(ctx, options->data_dir) : default_data_dir(ctx);
    if (ctx->numbers == (locale_t)0 || ctx->data_dir == NULL) {
        sml_ctx_free(ctx);
        return SML_NO_MEMORY;
    }
    *out = ctx;
    return SML_OK;
}

void sml_ctx_free(sml_ctx *ctx)
{
    if (ctx == NULL) {
        return;
    }
    if (ctx->numbers != (locale_t)0) {
        freelocale(ctx->numbers);
    }
    sml__free(ctx->data_dir);
    sml__free(ctx);
}

const char *sml_ctx_error(const sml_ctx *ctx)
{
    return ctx != NULL ? ctx->error : "no context: out of memory, or threads outside 0…1024";
}

int sml_ctx_threads(const sml_ctx *ctx)
{
    return ctx->threads;
}

const char *sml_ctx_data_dir(const sml_ctx *ctx)
{
    return ctx->data_dir;
}
