/* What the fuzz targets of the readers share: the bytes as a file in memory, opened by one reader.
 * A data set that was accepted is read to its last value. */
#ifndef TESTS_FUZZ_READER_H
#define TESTS_FUZZ_READER_H

#include "base/memory.h"
#include "data/readers/reader.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static inline void open_and_read(const sml__reader *reader, const char *path, const uint8_t *bytes,
                                 size_t size, const sml_data_options *options)
{
    static const sml_ctx_options one_thread = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    sml_dataset *data = NULL;
    if (sml_ctx_create(&one_thread, &ctx) != SML_OK) {
        return;
    }
    sml__input file = {path, sml__alloc(ctx, size, 1, "input"), size};
    if (file.bytes != NULL) {
        memcpy(file.bytes, bytes, size);
        (void)reader->recognise(&file, options);
        if (reader->open(ctx, &file, options, &data) == SML_OK) {
            char digest[65];
            sml_dataset_sha256(ctx, data, digest);
        } else if (data != NULL || sml_ctx_error(ctx)[0] == '\0') {
            __builtin_trap(); /* a refusal gives a reason and no data set */
        }
    }
    sml_dataset_free(data);
    sml__free(file.bytes);
    sml_ctx_free(ctx);
}

#endif
