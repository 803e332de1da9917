/* A step of training on the copy of a trace, by the trainer's own function, and back. */
#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"
#include "explain/trace.h"
#include "nn/mlp_checkpoint.h"
#include "nn/training.h"

#include <string.h>

static int n_states(const sml_trace *trace)
{
    return trace->settings.optimizer->n_states;
}

sml_status sml__trace_take_state(sml_ctx *ctx, sml_trace *trace, const char *checkpoint)
{
    trace->is_fresh = checkpoint == NULL;
    for (int s = 0; s < n_states(trace); s++) {
        trace->state[s] =
            sml__alloc(ctx, trace->network.n_parameters, sizeof(float), "the optimiser's state");
        if (trace->state[s] == NULL) {
            return SML_NO_MEMORY;
        }
    }
    return checkpoint != NULL
               ? sml__mlp_checkpoint_states(ctx, checkpoint, trace->model, n_states(trace),
                                            trace->state, &trace->steps)
               : SML_OK;
}

static void free_step(sml__trace_step *step)
{
    if (step != NULL) {
        sml__free(step->parameters);
        sml__free(step->state[0]);
        sml__free(step->state[1]);
        sml__free(step->gradient);
        sml__free(step->sizes);
        sml__free(step);
    }
}

void sml__trace_forget_steps(sml_trace *trace)
{
    while (trace->last_step != NULL) {
        sml__trace_step *step = trace->last_step;
        trace->last_step = step->earlier;
        free_step(step);
    }
}

int sml__trace_differs_in_training(const sml__network *network)
{
    int differs = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        differs |= network->layers[l].type->is_random || network->layers[l].type->has_buffers;
    }
    return differs;
}

static sml_status check_step(sml_ctx *ctx, const sml_trace *trace)
{
    if (trace->ready->view.task == SML_TASK_NONE || !(trace->batch_weight > 0)) {
        return sml__fail(ctx, SML_BAD_DATA,
                         "a step of training: the rows have no targets, or weigh nothing");
    }
    for (size_t i = 0; i < trace->n_edits; i++) {
        if (trace->edits[i].facts.kind != SML_EDIT_SET) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "a step of training: %s was edited; training knows of no such thing",
                             trace->edits[i].facts.name);
        }
    }
    if (!trace->training && sml__trace_differs_in_training(&trace->network)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "a step of training: with dropout or batch norm the trace must be one of "
                         "training, not of evaluation");
    }
    return SML_OK;
}

/* Everything that a step changes, as it is now. NULL: no memory. */
static sml__trace_step *keep(sml_ctx *ctx, const sml_trace *trace)
{
    static const char what[] = "what a step is to leave behind it";
    const size_t n = trace->network.n_parameters, all = trace->network.n_values;
    sml__trace_step *step = sml__alloc(ctx, 1, sizeof *step, what);
    if (step == NULL ||
        sml__memory_check(ctx, sizeof(float) * ((double)all + (2.0 + n_states(trace)) * (double)n),
                          what) != SML_OK) {
        sml__free(step);
        return NULL;
    }
    step->parameters = sml__alloc(ctx, all, sizeof(float), what);
    step->gradient = sml__alloc(ctx, n, sizeof(float), what);
    step->sizes = sml__trace_sizes(ctx, trace);
    int complete = step->parameters != NULL && step->gradient != NULL && step->sizes != NULL;
    for (int s = 0; s < n_states(trace); s++) {
        step->state[s] = sml__alloc(ctx, n, sizeof(float), what);
        complete = complete && step->state[s] != NULL;
    }
    if (!complete) {
        free_step(step);
        return NULL;
    }
    memcpy(step->parameters, trace->network.parameters, n * sizeof(float));
    memcpy(step->parameters + n, trace->running, (all - n) * sizeof(float));
    memcpy(step->gradient, trace->gradient, n * sizeof(float));
    for (int s = 0; s < n_states(trace); s++) {
        memcpy(step->state[s], trace->state[s], n * sizeof(float));
    }
    step->earlier = trace->last_step;
    step->facts.optimizer = trace->settings.optimizer->name;
    step->facts.learning_rate = trace->settings.update.learning_rate;
    step->facts.epsilon = trace->settings.update.epsilon;
    step->facts.weight_decay = trace->settings.update.weight_decay;
    step->facts.step = trace->steps + 1;
    step->facts.is_fresh = trace->is_fresh && trace->steps == 0;
    step->facts.loss_before = trace->loss;
    return step;
}

/* Parameters and state of before a step. */
static void put_back(sml_trace *trace, const sml__trace_step *step)
{
    const size_t n = trace->network.n_parameters, all = trace->network.n_values;
    memcpy(trace->network.parameters, step->parameters, n * sizeof(float));
    memcpy(trace->running, step->parameters + n, (all - n) * sizeof(float));
    for (int s = 0; s < n_states(trace); s++) {
        memcpy(trace->state[s], step->state[s], n * sizeof(float));
    }
    trace->steps = step->facts.step - 1;
    trace->last_step = step->earlier;
}

/* A training of this one batch, at the epoch of the trace, without augmentation and schedule. */
static sml__training_settings settings_of_step(const sml_trace *trace)
{
    sml__training_settings settings = trace->settings;
    const sml__augment_settings as_they_are = {0};
    settings.epochs = 1;
    settings.epochs_before = trace->epoch;
    settings.batch_size = trace->rows;
    settings.augment = as_they_are;
    settings.rates.schedule = NULL;
    settings.stopping = NULL;
    return settings;
}

static void copy_states(const sml_trace *trace, float *const *from, float *const *to)
{
    for (int s = 0; s < n_states(trace); s++) {
        memcpy(to[s], from[s], trace->network.n_parameters * sizeof(float));
    }
}

static sml_status run_trainer(sml_ctx *ctx, sml_trace *trace, sml__trace_step *step)
{
    const size_t n = trace->network.n_parameters, buffers = trace->network.n_values - n;
    const sml__training_settings settings = settings_of_step(trace);
    const sml_fit_options none = {0};
    sml__training_state state;
    sml__training t = {
        .ctx = ctx,
        .network = &trace->network,
        .data = trace->ready,
        .settings = &settings,
        .options = &none,
        .state = &state,
        .extent = sml__csr_extent_of(trace->ready),
        .members = 1,
    };
    sml__training_state_init(&state);
    sml_status status = sml__training_allocate(&t);
    if (status == SML_OK) {
        for (size_t r = 0; r < trace->rows; r++) {
            t.order[r] = (uint32_t)r;
        }
        sml__dataset_map_order(trace->ready, t.order, trace->rows);
        memcpy(trace->network.parameters + n, trace->running, buffers * sizeof(float));
        copy_states(trace, trace->state, t.optimizer);
        sml__training_choose_batch(&t, 0);
        t.gradient_scale = 1;
        sml__training_step(&t, step->facts.step, SML__ALONE);
        copy_states(trace, t.optimizer, trace->state);
        memcpy(trace->running, trace->network.parameters + n, buffers * sizeof(float));
        step->facts.is_folded = t.is_folded;
        step->facts.clip_factor = t.gradient_scale;
        step->facts.gradient_norm =
            sml__training_norm(&t, t.is_folded ? step->gradient : t.gradient);
        status = sml__dataset_status(ctx, trace->ready);
    }
    sml__training_release(&t);
    sml__free(state.history);
    return status;
}

sml_status sml_trace_step(sml_ctx *ctx, sml_trace *trace, sml_step_facts *out)
{
    sml_status status = check_step(ctx, trace);
    if (status != SML_OK) {
        return status;
    }
    sml__trace_step *step = keep(ctx, trace);
    if (step == NULL) {
        return SML_NO_MEMORY;
    }
    status = run_trainer(ctx, trace, step);
    if (status == SML_OK) {
        trace->last_step = step;
        trace->steps = step->facts.step;
        status = sml__trace_run(ctx, trace);
    }
    if (status == SML_OK) {
        status = sml__trace_measure_step(ctx, trace, step);
    }
    if (status != SML_OK) {
        put_back(trace, step);
        free_step(step);
        sml__trace_run(NULL, trace); /* the error is told already */
        return status;
    }
    if (out != NULL) {
        *out = step->facts;
    }
    return SML_OK;
}

const sml_step_facts *sml_trace_step_taken(const sml_trace *trace)
{
    return trace->last_step != NULL ? &trace->last_step->facts : NULL;
}

sml_status sml_trace_undo(sml_ctx *ctx, sml_trace *trace)
{
    sml__trace_step *step = trace->last_step;
    if (step == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "undo: no step was taken");
    }
    put_back(trace, step);
    free_step(step);
    return sml__trace_run(ctx, trace);
}
