/* The context, statuses and version: what every other header stands on. */
#ifndef SCRATCHML_BASE_H
#define SCRATCHML_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCRATCHML_VERSION_MAJOR 0
#define SCRATCHML_VERSION_MINOR 1
#define SCRATCHML_VERSION_PATCH 0

#if defined(__GNUC__)
#define SML_API __attribute__((visibility("default")))
#else
#define SML_API
#endif

/* Every status: enumerator, and the short text that sml_status_text returns. */
#define SML_STATUS_TABLE(X)                                                                        \
    X(SML_OK, "ok")                                                                                \
    X(SML_NO_MEMORY, "out of memory")                                                              \
    X(SML_BAD_ARGUMENT, "bad argument")                                                            \
    X(SML_UNKNOWN_NAME, "unknown name")                                                            \
    X(SML_BAD_SHAPE, "shapes do not fit")                                                          \
    X(SML_BAD_DATA, "bad data")                                                                    \
    X(SML_BAD_FILE, "damaged or foreign file")                                                     \
    X(SML_IO, "input or output failed")                                                            \
    X(SML_NOT_FOUND, "not found")                                                                  \
    X(SML_DIVERGED, "training diverged")                                                           \
    X(SML_CANCELLED, "cancelled")

typedef enum sml_status {
#define SML_STATUS_ENUMERATOR(name, text) name,
    SML_STATUS_TABLE(SML_STATUS_ENUMERATOR)
#undef SML_STATUS_ENUMERATOR
} sml_status;

/* A context carries the settings of one caller and the text of its last error.
 * Use one context per thread; a model or data set may be read through several.
 * A child of fork() must use threads = 1 where its parent has trained or predicted with more: the
 * threads of OpenMP do not live on in the child, and a call would wait for them for ever. */
typedef struct sml_ctx sml_ctx;

typedef struct sml_ctx_options {
    int threads;          /* threads a call may use; 0: one for each available core */
    const char *data_dir; /* where fetched data sets lie; NULL: $SCRATCHML_DATA, then
                             $XDG_CACHE_HOME/scratchml, then $HOME/.cache/scratchml, and
                             without a home ./scratchml-data */
} sml_ctx_options;

/* Creates a context. options may be NULL for the defaults. The strings are copied.
 * Errors: SML_NO_MEMORY, SML_BAD_ARGUMENT (threads outside 0…1024). Free with sml_ctx_free. */
SML_API sml_status sml_ctx_create(const sml_ctx_options *options, sml_ctx **out);

/* Frees a context. NULL is legal. */
SML_API void sml_ctx_free(sml_ctx *ctx);

/* The full text of the last error in this context; "" if there was none. Never NULL.
 * With ctx == NULL it says that no context could be created. Valid until the next call. */
SML_API const char *sml_ctx_error(const sml_ctx *ctx);

/* The number of threads that calls through this context may use, at least 1. */
SML_API int sml_ctx_threads(const sml_ctx *ctx);

/* The folder that holds fetched data sets. Owned by the context. */
SML_API const char *sml_ctx_data_dir(const sml_ctx *ctx);

/* A few words for a status, such as "out of memory". Never NULL. */
SML_API const char *sml_status_text(sml_status status);

/* The version of the library that runs, such as "0.1.0". */
SML_API const char *scratchml_version(void);

/* The instruction set whose kernels run on this processor: "avx512", "avx2" or "plain". */
SML_API const char *scratchml_instruction_set(void);

/* The one of names[n] that word is nearest to, when it is near enough to be a slip of the hand (at
 * most 1 + length / 3 letters inserted, left out, changed, or swapped); otherwise NULL. */
SML_API const char *sml_nearest_name(const char *word, const char *const *names, size_t n);

/* Writes a whole file: to a temporary one beside it, synced, then renamed, so that a reader sees
 * the old file or the new one. After a failure the old one is whole. Errors: SML_IO. */
SML_API sml_status sml_write_file(sml_ctx *ctx, const char *path, const void *bytes, size_t length);

/* Frees a text that a function of the library has given away. NULL is legal. */
SML_API void sml_text_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
