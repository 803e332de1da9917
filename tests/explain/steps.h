/* Models, and traces of their training rows, to take steps on. */
#ifndef SML_TESTS_EXPLAIN_STEPS_H
#define SML_TESTS_EXPLAIN_STEPS_H

#include "support.h"

#include "explain/trace.h"
#include "nn/mlp.h"
#include "nn/training.h"

enum { ROWS = 40, INPUTS = 6, OUTPUTS = 3 };

static inline sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

typedef enum shape { PLAIN, SMOOTH, NORMS, DROPOUT } shape;

static inline sml_model *new_model(sml_ctx *ctx, shape which, const char *settings,
                                   const sml_dataset *data)
{
    static const sml_layer plain[] = {{"dense", 17, 0}, {"relu", 0, 0}, {"dense", OUTPUTS, 0}},
                           smooth[] = {{"dense", 9, 0}, {"tanh", 0, 0}, {"dense", OUTPUTS, 0}},
                           norms[] = {{"dense", 17, 0},     {"batch_norm", 0, 0.1},  {"relu", 0, 0},
                                      {"dense", 9, 0},      {"layer_norm", 0, 1e-5}, {"gelu", 0, 0},
                                      {"dense", OUTPUTS, 0}},
                           dropout[] = {{"dropout", 0, 0.2},
                                        {"dense", 17, 0},
                                        {"relu", 0, 0},
                                        {"dropout", 0, 0.5},
                                        {"dense", OUTPUTS, 0}};
    static const sml_layer *const lists[] = {plain, smooth, norms, dropout};
    static const size_t counts[] = {3, 3, 7, 5};
    sml_model *model = NULL;
    assert_ok(ctx, sml_network_create(ctx, lists[which], counts[which], settings, &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    return model;
}

/* rows[n] in the order in which epoch `epoch` of the model's training takes them. */
static inline void order_of_epoch(const sml_trace *trace, const sml_dataset *data, uint32_t epoch,
                                  uint32_t *rows)
{
    sml__training_settings settings = trace->settings;
    sml__training_state state = {0};
    const sml__training t = {.settings = &settings, .data = data, .state = &state};
    settings.epochs_before = epoch;
    sml__training_rows(&t, rows);
}

static inline sml_trace *traced(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                const uint32_t *rows, size_t n, sml_trace_options options)
{
    sml_trace *trace = NULL;
    options.samples = rows;
    options.n = n;
    assert_ok(ctx, sml_trace_create(ctx, model, data, &options, &trace));
    return trace;
}

/* The first n rows of data in the order of that epoch. */
static inline sml_trace *traced_in_order(sml_ctx *ctx, const sml_model *model,
                                         const sml_dataset *data, size_t n,
                                         sml_trace_options options)
{
    uint32_t rows[ROWS] = {0};
    sml_trace *first = traced(ctx, model, data, rows, 1, options);
    order_of_epoch(first, data, options.epoch, rows);
    sml_trace_free(first);
    return traced(ctx, model, data, rows, n, options);
}

static inline void refused(sml_ctx *ctx, sml_status found, sml_status wanted, const char *text)
{
    assert_int_equal(found, wanted);
    if (strstr(sml_ctx_error(ctx), text) == NULL) {
        fail_msg("'%s' does not say '%s'", sml_ctx_error(ctx), text);
    }
}

#endif
