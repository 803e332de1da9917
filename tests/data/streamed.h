/* What the tests of rows on disk share: the same rows, and the same models, as from memory. */
#ifndef TESTS_DATA_STREAMED_H
#define TESTS_DATA_STREAMED_H

#include "support.h"

#include "base/memory.h"

#include <scratchml.h>

enum { OUTPUTS_MAX = 1 << 16 };

#define OK(ctx, call)                                                                              \
    do {                                                                                           \
        const sml_status status_ = (call);                                                         \
        if (status_ != SML_OK) {                                                                   \
            fail_msg("%s: %s: %s", #call, sml_status_text(status_), sml_ctx_error(ctx));           \
        }                                                                                          \
    } while (0)

/* The digest has all: shape, features, targets, weights, columns and their categories. */
static inline void assert_same_rows(sml_ctx *ctx, const sml_dataset *found,
                                    const sml_dataset *expected)
{
    sml_dataset_facts facts;
    char digest[65], wanted[65];
    sml_dataset_describe(expected, &facts);
    float *x = malloc(facts.columns * sizeof *x), *y = malloc(facts.columns * sizeof *y);
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_features(found, r, x);
        sml_dataset_features(expected, r, y);
        assert_memory_equal(x, y, facts.columns * sizeof *x);
        assert_int_equal(sml_dataset_label(found, r), sml_dataset_label(expected, r));
    }
    OK(ctx, sml_dataset_sha256(ctx, found, digest));
    OK(ctx, sml_dataset_sha256(ctx, expected, wanted));
    assert_string_equal(digest, wanted);
    free(x);
    free(y);
}

/* The bytes of the model's file, and what it predicts of its data, which is freed. */
typedef struct outcome {
    unsigned char *file;
    size_t length;
    float outputs[OUTPUTS_MAX];
    sml_scores scores;
} outcome;

static inline outcome *train(sml_ctx *main_ctx, sml_dataset *data, const char *settings,
                             int threads)
{
    char path[1024];
    const sml_ctx_options options = {threads, NULL};
    sml_ctx *ctx = NULL;
    sml_model *model = NULL;
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    assert_true(facts.rows * facts.outputs <= OUTPUTS_MAX);
    outcome *o = calloc(1, sizeof *o);
    assert_int_equal(sml_ctx_create(&options, &ctx), SML_OK);
    OK(ctx, sml_model_create(ctx, "mlp", settings, &model));
    OK(ctx, sml_model_fit(ctx, model, data));
    OK(ctx, sml_model_predict(ctx, model, data, o->outputs, facts.rows * facts.outputs));
    OK(ctx, sml_model_evaluate(ctx, model, data, &o->scores));
    OK(ctx, sml_model_save(ctx, model, path_in(main_ctx, "model.safetensors", path)));
    OK(ctx, sml__file_read(ctx, path, 1 << 28, &o->file, &o->length));
    sml_model_free(model);
    sml_ctx_free(ctx);
    sml_dataset_free(data);
    return o;
}

static inline void free_outcome(outcome *o)
{
    sml__free(o->file);
    free(o);
}

/* Both data sets, which are freed, give the same model to the bit. */
static inline void assert_same_models(sml_ctx *ctx, sml_dataset *streamed, sml_dataset *loaded,
                                      const char *settings, int threads)
{
    outcome *found = train(ctx, streamed, settings, threads);
    outcome *expected = train(ctx, loaded, settings, 1);
    assert_int_equal(found->length, expected->length);
    assert_memory_equal(found->file, expected->file, expected->length);
    assert_memory_equal(found->outputs, expected->outputs, sizeof expected->outputs);
    assert_true(found->scores.loss == expected->scores.loss);
    free_outcome(found);
    free_outcome(expected);
}

#endif
