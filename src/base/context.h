/* The context behind sml_ctx, and the one way to report an error. */
#ifndef SML_BASE_CONTEXT_H
#define SML_BASE_CONTEXT_H

#include <locale.h>
#include <scratchml/base.h>
#include <stdarg.h>

struct sml_ctx {
    int threads;
    char *data_dir;
    locale_t numbers; /* the "C" locale: decimals are points whatever the host program set */
    char error[1024];
};

/* Puts a formatted text into the context and returns status, so that a caller can write
 * `return sml__fail(ctx, SML_BAD_FILE, "%s: …", path);`. ctx may be NULL. */
sml_status sml__fail(sml_ctx *ctx, sml_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, and adds ": " and the text of errno. */
sml_status sml__fail_errno(sml_ctx *ctx, sml_status status, int error_number, const char *format,
                           ...) __attribute__((format(printf, 4, 5)));

#endif
