/* libFuzzer target: no bytes make the loader of checkpoints crash, leak, or give a state of the
 * training that its limits forbid. As for fuzz_safetensors, fuzz builds skip the checksum. */
#include "base/context.h"
#include "model/checkpoint_file.h"
#include "model/model_file.h"
#include "nn/training_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void read_state(sml_ctx *ctx, const sml__safetensors *file)
{
    static const sml__training_limits limits = {.epochs = 9, .rows = 30, .batch_size = 8};
    json_t *training = NULL;
    sml__training_state state;
    if (sml__metadata_json(ctx, "input", file->metadata, "training", &training) != SML_OK) {
        return;
    }
    if (sml__training_state_of_json(ctx, "input", training, &limits, &state) == SML_OK &&
        (state.epoch > limits.epochs || state.first > limits.rows)) {
        __builtin_trap();
    }
    json_decref(training);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_ctx_options options = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    sml_model *model = NULL;
    sml__safetensors file = {0};
    if (sml_ctx_create(&options, &ctx) != SML_OK) {
        return 0;
    }
    if (sml__checkpoint_parse(ctx, "input", input, size, &file, &model) == SML_OK) {
        read_state(ctx, &file);
    }
    sml__safetensors_free(&file);
    sml_model_free(model);
    sml_ctx_free(ctx);
    return 0;
}
