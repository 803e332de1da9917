#include "base/context.h"
#include "base/memory.h"
#include "model/algorithm.h"

struct sml_predictor {
    const sml__algorithm *algorithm;
    void *state;
    const sml__pipeline *pipeline; /* the model's */
    float *row;                    /* [inputs] behind it */
    const sml__target_scaling *target_scaling;
};

sml_status sml_predictor_create(sml_ctx *ctx, const sml_model *model, sml_predictor **out)
{
    *out = NULL;
    if (model->inputs == 0) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "predictor: the model was never fitted; fit or load one");
    }
    sml_predictor *predictor = sml__alloc(ctx, 1, sizeof *predictor, "a predictor");
    if (predictor == NULL) {
        return SML_NO_MEMORY;
    }
    predictor->algorithm = model->algorithm;
    predictor->pipeline = model->pipeline;
    predictor->target_scaling = model->target_scaling;
    sml_status status = SML_OK;
    if (model->pipeline != NULL) {
        predictor->row = sml__alloc(ctx, model->inputs, sizeof(float), "a prepared row");
        status = predictor->row != NULL ? SML_OK : SML_NO_MEMORY;
    }
    if (status == SML_OK) {
        status = model->algorithm->predictor_open(ctx, model, &predictor->state);
    }
    if (status != SML_OK) {
        sml__free(predictor->row);
        sml__free(predictor);
        return status;
    }
    *out = predictor;
    return SML_OK;
}

void sml_predictor_run(sml_predictor *predictor, const float *features, float *outputs)
{
    if (predictor->pipeline != NULL) {
        sml__pipeline_apply(predictor->pipeline, NULL, features, predictor->row);
        features = predictor->row;
    }
    predictor->algorithm->predictor_run(predictor->state, features, outputs);
    sml__targets_restore(predictor->target_scaling, 1, outputs);
}

void sml_predictor_free(sml_predictor *predictor)
{
    if (predictor != NULL) {
        predictor->algorithm->predictor_close(predictor->state);
        sml__free(predictor->row);
        sml__free(predictor);
    }
}
