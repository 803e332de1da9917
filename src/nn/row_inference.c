#include "nn/row_inference.h"

#include "base/memory.h"
#include "base/threads.h"

#include <string.h>

enum { CACHE_LINE = 64 };

struct sml__row_inference {
    const sml__network *network;
    sml__workspace workspace;
};

sml_status sml__row_inference_create(sml_ctx *ctx, const sml__network *network,
                                     sml__row_inference **out)
{
    *out = NULL;
    sml__row_inference *run = sml__alloc(ctx, 1, sizeof *run, "a row's inference");
    if (run == NULL) {
        return SML_NO_MEMORY;
    }
    run->network = network;
    const sml__workspace_plan plan = {.rows = 1, .members = 1};
    const sml_status status = sml__workspace_create(ctx, network, &plan, &run->workspace);
    if (status != SML_OK) {
        sml__free(run);
        return status;
    }
    *out = run;
    return SML_OK;
}

void sml__row_inference_run(sml__row_inference *run, const float *features, float *outputs)
{
    const sml__network *network = run->network;
    sml__pass_settings pass = {.rows = 1, .batch = 1};
    for (size_t i = 0; i < network->n_in; i += CACHE_LINE / sizeof(float)) {
        __builtin_prefetch(features + i); /* all at once: the hardware would ask line by line */
    }
    if (network->layers[0].type->has_units) { /* it reads no further than the last input */
        pass.input = features;
        pass.input_row = network->n_in;
    } else {
        memcpy(run->workspace.input, features, network->n_in * sizeof(float));
    }
    sml__network_forward(network, &run->workspace, &pass, SML__ALONE);
    network->loss->output(run->workspace.outputs[network->n_layers - 1], network->n_out, outputs);
}

void sml__row_inference_free(sml__row_inference *run)
{
    if (run != NULL) {
        sml__workspace_free(&run->workspace, run->network);
        sml__free(run);
    }
}
