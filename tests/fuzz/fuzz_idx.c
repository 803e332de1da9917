/* libFuzzer target: no bytes, plain or packed, make the IDX reader crash, leak or believe a length.
 * The first byte chooses the door. */
#include "base/memory.h"
#include "data/idx.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* A file as sml_dataset_open hands it over: in memory that the reader takes. */
static void open_file(sml_ctx *ctx, const uint8_t *bytes, size_t length)
{
    sml_dataset *data = NULL;
    unsigned char *own = sml__alloc(ctx, length, 1, "input");
    if (own == NULL) {
        return;
    }
    memcpy(own, bytes, length);
    if (sml__idx_open_bytes(ctx, "input", own, length, &data) == SML_OK) {
        char digest[65]; /* reads every value */
        sml_dataset_sha256(ctx, data, digest);
    }
    sml_dataset_free(data);
}

static void parse(sml_ctx *ctx, const uint8_t *bytes, size_t length)
{
    sml__idx idx;
    if (sml__idx_parse(ctx, "input", bytes, length, &idx) == SML_OK &&
        idx.values + idx.count != bytes + length) {
        __builtin_trap();
    }
}

static void unpack(sml_ctx *ctx, const uint8_t *bytes, size_t length)
{
    unsigned char *plain = NULL;
    size_t plain_length = 0;
    if (sml__idx_unpack(ctx, "input", bytes, length, &plain, &plain_length) == SML_OK) {
        parse(ctx, plain, plain_length);
    }
    sml__free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_ctx_options options = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    if (size == 0 || sml_ctx_create(&options, &ctx) != SML_OK) {
        return 0;
    }
    switch (input[0] % 3) {
    case 0:
        parse(ctx, input + 1, size - 1);
        break;
    case 1:
        unpack(ctx, input + 1, size - 1);
        break;
    default:
        open_file(ctx, input + 1, size - 1);
    }
    sml_ctx_free(ctx);
    return 0;
}
