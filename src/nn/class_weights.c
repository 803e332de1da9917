#include "nn/class_weights.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "model/parameters.h"

/* Rows of each class: counts[outputs], zero before. */
static void count_rows(const sml_dataset *train, uint64_t *counts)
{
    for (size_t r = 0; r < train->view.rows; r++) {
        counts[sml_dataset_label(train, r)]++;
    }
}

static void balance(const sml_dataset *train, const uint64_t *counts, double *weights)
{
    double classes = 0;
    for (size_t k = 0; k < train->view.outputs; k++) {
        classes += counts[k] > 0;
    }
    for (size_t k = 0; k < train->view.outputs; k++) {
        weights[k] = counts[k] > 0 ? (double)train->view.rows / (classes * (double)counts[k]) : 0;
    }
}

static sml_status check_labels(sml_ctx *ctx, const sml_dataset *train)
{
    if (train->view.labels != NULL) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "class_weight: %s has no labels, one class a row; set class_weight=none",
                     train->name);
}

/* The weights of the setting, and whether some row weighs anything. */
static sml_status find(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                       uint64_t *counts, double *weights)
{
    const size_t outputs = train->view.outputs;
    count_rows(train, counts);
    if (sml__setting_is(model, "class_weight", "balanced")) {
        balance(train, counts, weights);
        return SML_OK;
    }
    const size_t n = sml__setting_reals(ctx, model, "class_weight", weights, outputs);
    if (n != outputs) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "class_weight: %zu weights, %s has %zu classes", n,
                         train->name, outputs);
    }
    for (size_t k = 0; k < outputs; k++) {
        if (weights[k] > 0 && counts[k] > 0) {
            return SML_OK;
        }
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT, "class_weight: no row of %s would count", train->name);
}

sml_status sml__class_weights(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                              float **out)
{
    const size_t outputs = train->view.outputs;
    *out = NULL;
    if (sml__setting_is(model, "class_weight", "none")) {
        return SML_OK;
    }
    uint64_t *counts = sml__alloc(ctx, outputs, sizeof *counts, "class weights");
    double *weights = sml__alloc(ctx, outputs, sizeof *weights, "class weights");
    float *rounded = sml__alloc(ctx, outputs, sizeof *rounded, "class weights");
    sml_status status =
        counts != NULL && weights != NULL && rounded != NULL ? SML_OK : SML_NO_MEMORY;
    status = status == SML_OK ? check_labels(ctx, train) : status;
    status = status == SML_OK ? find(ctx, model, train, counts, weights) : status;
    for (size_t k = 0; status == SML_OK && k < outputs; k++) {
        rounded[k] = (float)weights[k];
    }
    sml__free(counts);
    sml__free(weights);
    if (status != SML_OK) {
        sml__free(rounded);
        return status;
    }
    *out = rounded;
    return SML_OK;
}
