/* libFuzzer target: a table that comes in pieces, its rows in a file, is the table that is read
 * whole, or is refused with the same words. The first byte chooses the options, the second the size
 * of the pieces, the rest is the file. */
#include "base/memory.h"
#include "data/readers/csv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* A piece is a 64th of the memory: csv_pieces.c. */
enum { PIECES_OF_MEMORY = 64, PIECE_LEAST = 256, PIECE_STEP = 16 };

/* What came of opening the bytes one way. */
typedef struct outcome {
    sml_ctx *ctx;
    sml_dataset *data;
    sml_status status;
} outcome;

static outcome open_whole(const uint8_t *bytes, size_t length, const sml_data_options *options)
{
    const sml_ctx_options one_thread = {1, "/nowhere"};
    outcome o = {.status = SML_NO_MEMORY};
    sml__input input = {"input.csv", sml__alloc(NULL, length, 1, "input"), length};
    if (input.bytes != NULL && sml_ctx_create(&one_thread, &o.ctx) == SML_OK) {
        memcpy(input.bytes, bytes, length);
        sml__csv_reader.recognise(&input, options);
        o.status = sml__csv_reader.open(o.ctx, &input, options, &o.data);
    }
    sml__free(input.bytes);
    return o;
}

static outcome open_streamed(const uint8_t *bytes, size_t length, const sml_data_options *options)
{
    const sml_ctx_options one_thread = {1, "/nowhere"};
    const size_t head = length < SML__HEAD_BYTES ? length : SML__HEAD_BYTES;
    outcome o = {.status = SML_NO_MEMORY};
    sml__large_input input = {.head = {"input.csv", sml__alloc(NULL, head, 1, "input"), head},
                              .fd = memfd_create("input", 0),
                              .length = length};
    if (input.head.bytes != NULL && input.fd >= 0 &&
        write(input.fd, bytes, length) == (ssize_t)length &&
        sml_ctx_create(&one_thread, &o.ctx) == SML_OK) {
        memcpy(input.head.bytes, bytes, head);
        sml__csv_reader.recognise(&input.head, options);
        o.status = sml__csv_reader.open_large(o.ctx, &input, options, &o.data);
    }
    if (input.fd >= 0) {
        close(input.fd);
    }
    sml__free(input.head.bytes);
    return o;
}

static void compare_outcomes(const outcome *whole, const outcome *streamed)
{
    char digests[2][65] = {"", ""};
    if (whole->status != streamed->status ||
        strcmp(sml_ctx_error(whole->ctx), sml_ctx_error(streamed->ctx)) != 0) {
        __builtin_trap();
    }
    if (whole->status != SML_OK) {
        return;
    }
    if (sml_dataset_sha256(whole->ctx, whole->data, digests[0]) != SML_OK ||
        sml_dataset_sha256(streamed->ctx, streamed->data, digests[1]) != SML_OK ||
        strcmp(digests[0], digests[1]) != 0 || streamed->data->store == NULL) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const sml_task tasks[] = {SML_TASK_NONE, SML_TASK_CLASSIFICATION, SML_TASK_REGRESSION,
                                     SML_TASK_NONE};
    if (size < 3) {
        return 0;
    }
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0); /* for the file of rows */
    }
    const unsigned kind = input[0];
    const sml_data_options options = {
        .target = kind & 1 ? "#1" : (kind & 2 ? "y" : NULL),
        .task = kind & 3 ? tasks[kind >> 2 & 3] : SML_TASK_NONE,
        .weight = kind & 16 ? "#2" : NULL,
        .categorical = kind & 32 ? "#3" : NULL,
        .decimal = kind & 64 ? ',' : 0,
        .header = kind & 128 ? -1 : 0,
        .memory = (uint64_t)PIECES_OF_MEMORY * (PIECE_LEAST + PIECE_STEP * (unsigned)input[1]),
    };
    const outcome whole = open_whole(input + 2, size - 2, &options);
    const outcome streamed = open_streamed(input + 2, size - 2, &options);
    if (whole.ctx != NULL && streamed.ctx != NULL) {
        compare_outcomes(&whole, &streamed);
    }
    sml_dataset_free(whole.data);
    sml_dataset_free(streamed.data);
    sml_ctx_free(whole.ctx);
    sml_ctx_free(streamed.ctx);
    return 0;
}
