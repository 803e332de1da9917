/* What several test programs share: cmocka's includes, contexts and random data sets. */
#ifndef SML_TESTS_SUPPORT_H
#define SML_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "nn/network.h"

#include <math.h>
#include <scratchml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(ctx, call)                                                                       \
    do {                                                                                           \
        const sml_status status_ = (call);                                                         \
        if (status_ != SML_OK) {                                                                   \
            fail_msg("%s: %s: %s", #call, sml_status_text(status_), sml_ctx_error(ctx));           \
        }                                                                                          \
    } while (0)

static inline sml_ctx *new_context(int threads)
{
    const sml_ctx_options options = {threads, NULL};
    sml_ctx *ctx = NULL;
    assert_int_equal(sml_ctx_create(&options, &ctx), SML_OK);
    return ctx;
}

/* A data set of random rows and targets that suit a task, with the memory it borrows. */
typedef struct test_data {
    float *features, *targets;
    sml_dataset *data;
} test_data;

static inline void random_targets(sml__random *random, sml_task task, float *y, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        y[k] = task == SML_TASK_REGRESSION   ? 2.0F * (float)sml__random_normal(random)
               : task == SML_TASK_MULTILABEL ? (float)sml__random_below(random, 2)
                                             : 0.0F;
    }
    if (task == SML_TASK_CLASSIFICATION) { /* soft labels: two classes share the weight */
        const float share = (float)sml__random_below(random, 5) / 4.0F;
        const size_t first = sml__random_below(random, (uint32_t)n);
        y[first] = share;
        y[(first + 1) % n] += 1.0F - share;
    }
}

static inline test_data new_test_data(sml_ctx *ctx, sml_task task, size_t rows, size_t columns,
                                      size_t outputs, uint64_t seed)
{
    test_data made = {calloc(rows * columns, sizeof(float)), calloc(rows * outputs, sizeof(float)),
                      NULL};
    sml__random random;
    sml__random_init(&random, seed, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < rows * columns; i++) {
        made.features[i] = (float)sml__random_normal(&random);
    }
    for (size_t r = 0; r < rows; r++) {
        random_targets(&random, task, made.targets + r * outputs, outputs);
    }
    const sml_data_view view = {.rows = rows,
                                .columns = columns,
                                .features = made.features,
                                .task = task,
                                .outputs = outputs,
                                .targets = made.targets};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &made.data));
    return made;
}

static inline void free_test_data(test_data made)
{
    sml_dataset_free(made.data);
    free(made.features);
    free(made.targets);
}

/* n numbers, normally distributed; free them. */
static inline float *normal_floats(sml__random *random, size_t n)
{
    float *values = malloc((n > 0 ? n : 1) * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)sml__random_normal(random);
    }
    return values;
}

/* The same as rows of `width` numbers, `stride` apart, with zeros between. */
static inline float *normal_rows(sml__random *random, size_t rows, size_t width, size_t stride)
{
    float *values = normal_floats(random, rows * stride);
    for (size_t i = 0; i < rows * stride; i++) {
        values[i] = i % stride < width ? values[i] : 0;
    }
    return values;
}

/* All tensors of a model, one after the other; free them. */
static inline float *parameters_of(sml_ctx *ctx, const sml_model *model, size_t *length)
{
    sml_tensor_facts facts;
    float *values = NULL;
    *length = 0;
    for (size_t i = 0; sml_model_tensor(NULL, model, i, &facts) == SML_OK; i++) {
        const size_t n = facts.shape[0] * (facts.rank == 2 ? facts.shape[1] : 1);
        values = realloc(values, (*length + n) * sizeof(float));
        assert_ok(ctx, sml_model_tensor_values(ctx, model, i, values + *length, n));
        *length += n;
    }
    return values;
}

/* A layer type of one instruction set. */
static inline const sml__layer_type *layer_type_of(sml__isa isa, const char *name)
{
    const sml__kit *kit = sml__kit_for(isa);
    for (size_t i = 0; i < SML__LAYERS; i++) {
        if (strcmp(kit->layers[i]->name, name) == 0) {
            return kit->layers[i];
        }
    }
    fail_msg("no layer %s", name);
    return NULL;
}

/* Makes the network run on one instruction set's layers and loss. */
static inline void use_instruction_set(sml__network *network, sml__isa isa)
{
    const sml__kit *kit = sml__kit_for(isa);
    for (size_t l = 0; l < network->n_layers; l++) {
        network->layers[l].type = layer_type_of(isa, network->layers[l].type->name);
    }
    for (size_t i = 0; i < SML__LOSSES; i++) {
        if (strcmp(kit->losses[i]->name, network->loss->name) == 0) {
            network->loss = kit->losses[i];
        }
    }
}

static inline void assert_near(double found, double expected, double relative, double absolute,
                               const char *what, size_t index)
{
    const double gap = fabs(found - expected);
    if (!(gap <= relative * fabs(expected) + absolute)) {
        fail_msg("%s[%zu]: %.9g, expected %.9g", what, index, found, expected);
    }
}

#endif
