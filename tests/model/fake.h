/* What the tests of the model room share: an algorithm of a few lines, and checks of error texts.
 * The algorithm predicts the mean of the targets; its tensors are "mean" [outputs] and "table"
 * [outputs, inputs], which is zero. Its setting "outcome" makes fit end in other ways. */
#ifndef SML_TESTS_MODEL_FAKE_H
#define SML_TESTS_MODEL_FAKE_H

#include "support.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "model/algorithm.h"

#define assert_error(ctx, part)                                                                    \
    do {                                                                                           \
        if (strstr(sml_ctx_error(ctx), (part)) == NULL) {                                          \
            fail_msg("'%s' is not in: %s", (part), sml_ctx_error(ctx));                            \
        }                                                                                          \
    } while (0)

static const sml_parameter fake_parameters[] = {
    {"rounds", SML_PARAMETER_INTEGER, "3", 0, 1000, NULL, "epochs"},
    {"learning_rate", SML_PARAMETER_REAL, "auto", 0, 10, NULL, "step"},
    {"decay", SML_PARAMETER_REAL, "0.5", -1, 1, NULL, "decay"},
    {"outcome", SML_PARAMETER_CHOICE, "ok", 0, 0, "ok|cancelled|diverged|refused", "of the fit"},
    {"hidden", SML_PARAMETER_INTEGERS, "8,4", 1, 100, NULL, "widths"},
    {"seed", SML_PARAMETER_INTEGER, "42", 0, 9007199254740991.0, NULL, "seed"},
};

static inline void fake_free_state(sml_model *model)
{
    sml__free(model->state);
    model->state = NULL;
}

static inline sml_status fake_fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train,
                                  const sml_fit_options *options, sml_fit_report *report)
{
    (void)options;
    if (sml__setting_is(model, "outcome", "refused")) {
        return sml__fail(ctx, SML_BAD_DATA, "refused, as it was asked for");
    }
    float *mean = sml__alloc(ctx, model->outputs, sizeof *mean, "a mean");
    float *row = sml__alloc(ctx, model->outputs, sizeof *row, "a row");
    for (size_t r = 0; r < train->view.rows; r++) {
        sml_dataset_targets(train, r, row);
        for (size_t k = 0; k < model->outputs; k++) {
            mean[k] += row[k] / (float)train->view.rows;
        }
    }
    sml__free(row);
    fake_free_state(model);
    model->state = mean;
    report->epochs = (uint64_t)sml__setting_integer(model, "rounds");
    report->steps = 2 * report->epochs;
    report->loss = sml__setting_is(model, "outcome", "diverged") ? (double)NAN : 0.25;
    if (sml__setting_is(model, "outcome", "ok")) {
        return SML_OK;
    }
    int cancelled = sml__setting_is(model, "outcome", "cancelled");
    return sml__fail(ctx, cancelled ? SML_CANCELLED : SML_DIVERGED, "ended early");
}

static inline sml_status fake_predict(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                      float *outputs)
{
    (void)ctx;
    for (size_t r = 0; r < data->view.rows; r++) {
        memcpy(outputs + r * model->outputs, model->state, model->outputs * sizeof *outputs);
    }
    return SML_OK;
}

static inline sml_status fake_evaluate(sml_ctx *ctx, const sml_model *model,
                                       const sml_dataset *data, sml_scores *scores)
{
    (void)ctx;
    (void)model;
    *scores = (sml_scores){0.5, 0.125, data->view.rows};
    return SML_OK;
}

static inline json_t *fake_structure(sml_ctx *ctx, const sml_model *model)
{
    (void)ctx;
    (void)model;
    return json_null();
}

static inline sml_status fake_rebuild(sml_ctx *ctx, sml_model *model, const json_t *structure,
                                      size_t max_parameters)
{
    (void)structure;
    if (model->outputs > max_parameters) {
        return sml__fail(ctx, SML_BAD_FILE, "too large");
    }
    model->state = sml__alloc(ctx, model->outputs, sizeof(float), "a mean");
    return model->state != NULL ? SML_OK : SML_NO_MEMORY;
}

static inline sml_status fake_tensor(const sml_model *model, size_t index, sml_tensor_facts *facts)
{
    const sml_tensor_facts all[] = {{"mean", 1, {model->outputs, 0}},
                                    {"table", 2, {model->outputs, model->inputs}}};
    if (index >= 2) {
        return SML_NOT_FOUND;
    }
    *facts = all[index];
    return SML_OK;
}

static inline void fake_export(const sml_model *model, size_t index, float *values)
{
    if (index == 0) {
        memcpy(values, model->state, model->outputs * sizeof *values);
    } else {
        memset(values, 0, model->outputs * model->inputs * sizeof *values);
    }
}

static inline sml_status fake_import(sml_ctx *ctx, sml_model *model, size_t index,
                                     const float *values)
{
    (void)ctx;
    if (index == 0) {
        memcpy(model->state, values, model->outputs * sizeof *values);
    }
    return SML_OK;
}

static const sml__algorithm fake = {
    .name = "fake",
    .help = "the mean of the targets",
    .parameters = fake_parameters,
    .n_parameters = sizeof fake_parameters / sizeof fake_parameters[0],
    .free_state = fake_free_state,
    .fit = fake_fit,
    .predict = fake_predict,
    .evaluate = fake_evaluate,
    .structure = fake_structure,
    .rebuild = fake_rebuild,
    .tensor = fake_tensor,
    .tensor_export = fake_export,
    .tensor_import = fake_import,
};

static inline sml_model *new_fake(sml_ctx *ctx, const char *settings)
{
    sml_model *model = NULL;
    assert_ok(ctx, sml__model_create(ctx, &fake, settings, &model));
    return model;
}

/* The state of every test: a context for one thread. */
static inline int set_up(void **state)
{
    *state = new_context(1);
    return 0;
}

static inline int tear_down(void **state)
{
    sml_ctx_free(*state);
    return 0;
}

#endif
