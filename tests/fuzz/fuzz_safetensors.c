/* libFuzzer target: no bytes make the model loader crash, leak, or ask for memory that the file's
 * size does not justify. libFuzzer's convention is that fuzz builds define
 * FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION: only then the loader skips its checksum, which would
 * keep every mutation from what lies behind it. */
#include "model/model_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* A model that was accepted can be used: its tensors are read through the public door. */
static void read_tensors(sml_ctx *ctx, const sml_model *model)
{
    sml_tensor_facts facts;
    for (size_t i = 0; sml_model_tensor(ctx, model, i, &facts) == SML_OK; i++) {
        size_t elements = facts.rank > 0 ? facts.shape[0] : 1;
        elements *= facts.rank > 1 ? facts.shape[1] : 1;
        float *values = malloc((elements > 0 ? elements : 1) * sizeof *values);
        if (values == NULL || sml_model_tensor_values(ctx, model, i, values, elements) != SML_OK) {
            __builtin_trap();
        }
        free(values);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_ctx_options options = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    sml_model *model = NULL;
    if (sml_ctx_create(&options, &ctx) != SML_OK) {
        return 0;
    }
    if (sml__model_parse(ctx, "input", input, size, &model) == SML_OK) {
        read_tensors(ctx, model);
    }
    sml_model_free(model);
    sml_ctx_free(ctx);
    return 0;
}
