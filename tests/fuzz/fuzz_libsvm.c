/* libFuzzer target: no text makes the LIBSVM reader crash, leak, or give rows that are not CSR. */
#include "reader.h"

#include "data/readers/libsvm.h"

static void check_row(const sml_data_view *view, size_t r)
{
    if (view->row_starts[r] > view->row_starts[r + 1]) {
        __builtin_trap();
    }
    for (size_t i = view->row_starts[r]; i < view->row_starts[r + 1]; i++) {
        const int ascends =
            i == view->row_starts[r] || view->column_indices[i - 1] < view->column_indices[i];
        if (view->column_indices[i] >= view->columns || !ascends || view->values[i] == 0.0f) {
            __builtin_trap();
        }
    }
    if (view->labels != NULL && (view->labels[r] < 0 || (size_t)view->labels[r] >= view->outputs)) {
        __builtin_trap();
    }
}

static void parse_from(sml_ctx *ctx, const uint8_t *input, size_t size, sml_index_base base)
{
    const sml_data_options options = {.split = "train", .index_base = base};
    sml__libsvm parsed;
    if (sml__libsvm_parse(ctx, "in.svm", (const char *)input, size, &options, &parsed) == SML_OK) {
        for (size_t r = 0; r < parsed.view.rows; r++) {
            check_row(&parsed.view, r);
        }
        if (base != SML_INDEX_AUTO && parsed.base != base) {
            __builtin_trap();
        }
    }
    sml__libsvm_free(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_data_options options = {.split = "train"};
    const sml_ctx_options one_thread = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    if (sml_ctx_create(&one_thread, &ctx) != SML_OK) {
        return 0;
    }
    parse_from(ctx, input, size, SML_INDEX_AUTO);
    parse_from(ctx, input, size, SML_INDEX_FROM_0);
    parse_from(ctx, input, size, SML_INDEX_FROM_1);
    sml_ctx_free(ctx);
    open_and_read(&sml__libsvm_reader, "in.txt", input, size, &options);
    return 0;
}
