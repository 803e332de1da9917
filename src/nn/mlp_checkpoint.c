#include "nn/mlp_checkpoint.h"

#include "base/context.h"
#include "base/memory.h"
#include "nn/training_json.h"

#include <stdio.h>
#include <string.h>

/* Arrays of parameters in a checkpoint: what stands before the names of the model's tensors. */
enum { PARAMETERS, OPTIMIZER_0, OPTIMIZER_1, LAST_GOOD, BEST, GROUPS };

static const char *const PREFIXES[GROUPS] = {"", "optimizer.0.", "optimizer.1.", "last_good.",
                                             "best."};

enum { NAME_MAX_LENGTH = SML__TENSOR_NAME + 16 };

typedef char array_name[NAME_MAX_LENGTH];

/* The arrays of a view that a file has: the last good parameters are the parameters themselves at
 * the start of an epoch. */
static void list_groups(const sml__training_view *view, float *groups[GROUPS])
{
    groups[PARAMETERS] = view->parameters;
    groups[OPTIMIZER_0] = view->optimizer[0];
    groups[OPTIMIZER_1] = view->optimizer[1];
    groups[LAST_GOOD] = view->state->first > 0 ? view->last_good : NULL;
    groups[BEST] = view->state->stopping.best_epoch > 0 ? view->best : NULL;
}

static size_t elements(const sml_tensor_facts *facts)
{
    return facts->shape[0] * (facts->rank == 2 ? facts->shape[1] : 1);
}

static size_t count_tensors(const sml_model *model, size_t *numbers)
{
    sml_tensor_facts facts;
    size_t n = 0;
    *numbers = 0;
    for (; model->algorithm->tensor(model, n, &facts) == SML_OK; n++) {
        *numbers += elements(&facts);
    }
    return n;
}

/* The arrays of one checkpoint on their way to the file. */
typedef struct outgoing {
    sml__named_array *arrays; /* [n] */
    array_name *names;        /* [n] */
    float *values;            /* of all of them */
    double *history;
    size_t n;
} outgoing;

static void release(outgoing *out)
{
    sml__free(out->arrays);
    sml__free(out->names);
    sml__free(out->values);
    sml__free(out->history);
}

/* Room for every array that there may be, and the history. */
static sml_status allocate(sml_ctx *ctx, const sml_model *model, size_t epochs, outgoing *out)
{
    static const char what[] = "a checkpoint";
    size_t numbers = 0, tensors = count_tensors(model, &numbers);
    out->arrays = sml__alloc(ctx, GROUPS * tensors + 1, sizeof *out->arrays, what);
    out->names = sml__alloc(ctx, GROUPS * tensors, sizeof *out->names, what);
    out->values = sml__alloc(ctx, GROUPS * numbers, sizeof(float), what);
    out->history = sml__alloc(ctx, epochs, SML__RECORD_NUMBERS * sizeof(double), what);
    return out->arrays != NULL && out->names != NULL && out->values != NULL && out->history != NULL
               ? SML_OK
               : SML_NO_MEMORY;
}

/* Whether a group has a tensor: optimisers keep nothing about running statistics. */
static int has_tensor(const sml_model *model, int group, size_t index)
{
    return (group != OPTIMIZER_0 && group != OPTIMIZER_1) || !sml__mlp_is_buffer(model, index);
}

/* Adds one array of parameters, tensor by tensor; returns where its values end. */
static float *add_group(const sml_model *model, int group, const float *flat, float *values,
                        outgoing *out)
{
    const char *prefix = PREFIXES[group];
    sml_tensor_facts facts;
    for (size_t i = 0; model->algorithm->tensor(model, i, &facts) == SML_OK; i++) {
        if (!has_tensor(model, group, i)) {
            continue;
        }
        sml__named_array *array = &out->arrays[out->n];
        snprintf(out->names[out->n], sizeof out->names[out->n], "%s%s", prefix, facts.name);
        *array = (sml__named_array){out->names[out->n], "F32", facts.rank, {0}, values};
        memcpy(array->shape, facts.shape, sizeof array->shape);
        sml__mlp_copy_out(model, i, flat, values);
        values += elements(&facts);
        out->n++;
    }
    return values;
}

static void add_history(const sml__training_state *state, outgoing *out)
{
    if (state->n_history == 0) {
        return;
    }
    for (size_t i = 0; i < state->n_history; i++) {
        sml__record_to_numbers(&state->history[i], out->history + i * SML__RECORD_NUMBERS);
    }
    out->arrays[out->n++] = (sml__named_array){
        "history", "F64", 2, {state->n_history, SML__RECORD_NUMBERS}, out->history};
}

/* What the receipt of the model would say. */
static sml_fit_report report_of(const sml__training_state *state)
{
    const sml_fit_report report = {
        .epochs = state->epoch,
        .steps = state->steps,
        .loss = state->loss,
        .ended = SML_FIT_CANCELLED,
        .best_epoch = state->stopping.best_epoch,
        .best_score = state->stopping.best,
    };
    return report;
}

static sml_status write_checkpoint(void *user, const sml__training_view *now)
{
    const sml__mlp_checkpoint *c = user;
    outgoing out = {0};
    float *groups[GROUPS];
    const sml_fit_report so_far = report_of(now->state);
    json_t *training = sml__training_state_json(c->ctx, now->state);
    sml_status status =
        training != NULL ? allocate(c->ctx, c->model, now->state->n_history, &out) : SML_NO_MEMORY;
    if (status == SML_OK) {
        float *values = out.values;
        list_groups(now, groups);
        for (int g = 0; g < GROUPS; g++) {
            if (groups[g] != NULL) {
                values = add_group(c->model, g, groups[g], values, &out);
            }
        }
        add_history(now->state, &out);
        status =
            sml__checkpoint_save(c->ctx, c->model, c->path, &so_far, training, out.arrays, out.n);
    }
    json_decref(training);
    release(&out);
    return status;
}

/* The file's entry for a tensor of the model in a group; NULL where it is not there. */
static const sml__tensor_entry *find(const sml__mlp_checkpoint *c, int group,
                                     const sml_tensor_facts *facts)
{
    array_name name;
    snprintf(name, sizeof name, "%s%s", PREFIXES[group], facts->name);
    return sml__checkpoint_array(&c->file, name, "F32", facts->rank, facts->shape);
}

/* Which groups the file must have. */
static int must_have(const sml__mlp_checkpoint *c, int group)
{
    switch (group) {
    case PARAMETERS:
        return 1;
    case LAST_GOOD:
        return c->state.first > 0;
    case BEST:
        return c->state.stopping.best_epoch > 0;
    default:
        return group - OPTIMIZER_0 < c->n_states;
    }
}

static const sml__tensor_entry *find_history(const sml__mlp_checkpoint *c)
{
    const size_t shape[2] = {c->state.n_history, SML__RECORD_NUMBERS};
    return sml__checkpoint_array(&c->file, "history", "F64", 2, shape);
}

static sml_status check_arrays(const sml__mlp_checkpoint *c)
{
    sml_tensor_facts facts;
    for (int g = 0; g < GROUPS; g++) {
        for (size_t i = 0;
             must_have(c, g) && c->model->algorithm->tensor(c->model, i, &facts) == SML_OK; i++) {
            if (has_tensor(c->model, g, i) && find(c, g, &facts) == NULL) {
                return sml__fail(c->ctx, SML_BAD_FILE,
                                 "%s: array '%s%s' is missing or has another shape", c->path,
                                 PREFIXES[g], facts.name);
            }
        }
    }
    if (c->state.n_history > 0 && find_history(c) == NULL) {
        return sml__fail(c->ctx, SML_BAD_FILE,
                         "%s: array 'history' is missing or has another shape", c->path);
    }
    return SML_OK;
}

/* One group of the file into an array of parameters. scratch has room for the largest tensor. */
static void read_group(const sml__mlp_checkpoint *c, int group, float *flat, float *scratch)
{
    sml_tensor_facts facts;
    for (size_t i = 0; c->model->algorithm->tensor(c->model, i, &facts) == SML_OK; i++) {
        if (!has_tensor(c->model, group, i)) {
            continue;
        }
        const sml__tensor_entry *entry = find(c, group, &facts);
        memcpy(scratch, entry->bytes, entry->end - entry->begin);
        sml__mlp_copy_in(c->model, i, scratch, flat);
    }
}

static void read_history(const sml__mlp_checkpoint *c, sml__training_state *state)
{
    const sml__tensor_entry *entry = state->n_history > 0 ? find_history(c) : NULL;
    for (size_t i = 0; i < state->n_history; i++) {
        double numbers[SML__RECORD_NUMBERS];
        memcpy(numbers, (const char *)entry->bytes + i * sizeof numbers, sizeof numbers);
        sml__record_of_numbers(numbers, &state->history[i]);
    }
}

static sml_status restore(void *user, const sml__training_view *into)
{
    sml__mlp_checkpoint *c = user;
    size_t numbers = 0;
    float *groups[GROUPS];
    sml__training_state *state = into->state;
    sml_epoch_record *history = state->history;
    const size_t room = state->history_room;
    count_tensors(c->model, &numbers);
    float *scratch = sml__alloc(c->ctx, numbers, sizeof(float), "a checkpoint");
    if (scratch == NULL) {
        return SML_NO_MEMORY;
    }
    *state = c->state;
    state->history = history;
    state->history_room = room;
    list_groups(into, groups);
    for (int g = 0; g < GROUPS; g++) {
        if (groups[g] != NULL) {
            read_group(c, g, groups[g], scratch);
        }
    }
    if (groups[LAST_GOOD] == NULL) {
        read_group(c, PARAMETERS, into->last_good, scratch);
    }
    read_history(c, state);
    sml__free(scratch);
    sml__checkpoint_free(&c->file);
    return SML_OK;
}

/* Reads the checkpoint to go on from; where there is none, training begins at the start. */
static sml_status open_old(sml__mlp_checkpoint *c, const sml_dataset *train,
                           const sml__training_settings *settings)
{
    sml_status status = sml__checkpoint_load(c->ctx, c->path, &c->file);
    if (status == SML_NOT_FOUND) {
        return SML_OK;
    }
    if (status == SML_OK) {
        status = sml__checkpoint_match(c->ctx, c->path, &c->file, c->model);
    }
    if (status == SML_OK) {
        const sml__training_limits limits = {settings->epochs, train->view.rows,
                                             settings->batch_size};
        status = sml__training_state_of_json(c->ctx, c->path, c->file.training, &limits, &c->state);
    }
    c->how.restore = restore;
    return status == SML_OK ? check_arrays(c) : status;
}

sml_status sml__mlp_checkpoint_open(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                                    const sml__training_settings *settings,
                                    const sml_fit_options *options, sml__mlp_checkpoint *out)
{
    *out = (sml__mlp_checkpoint){
        .ctx = ctx,
        .model = model,
        .path = options->checkpoint,
        .n_states = settings->optimizer->n_states,
        .how =
            {
                .write = write_checkpoint,
                .user = out,
                .steps = options->checkpoint_steps,
                .seconds = options->checkpoint_seconds,
            },
    };
    if (out->path == NULL) {
        return SML_OK;
    }
    sml__file_sweep(ctx, out->path);
    const sml_status status = sml__file_check(ctx, out->path);
    return status == SML_OK && options->resume ? open_old(out, train, settings) : status;
}

void sml__mlp_checkpoint_close(sml__mlp_checkpoint *checkpoint)
{
    sml__checkpoint_free(&checkpoint->file);
}

static sml_status other_model(const sml__mlp_checkpoint *c, const char *what)
{
    return sml__fail(c->ctx, SML_BAD_ARGUMENT,
                     "%s: the checkpoint has %s than the model; take the checkpoint itself for the "
                     "model",
                     c->path, what);
}

/* Whether all of the model's tensors are in the file, with the same bits. values: room for the
 * largest of them. */
static int has_parameters(const sml__mlp_checkpoint *c, float *values)
{
    const sml__mlp *mlp = c->model->state;
    sml_tensor_facts facts;
    int same = 1;
    for (size_t i = 0; same && c->model->algorithm->tensor(c->model, i, &facts) == SML_OK; i++) {
        const sml__tensor_entry *entry = find(c, PARAMETERS, &facts);
        sml__mlp_copy_out(c->model, i, mlp->network->parameters, values);
        same = entry != NULL && memcmp(values, entry->bytes, entry->end - entry->begin) == 0;
    }
    return same;
}

static sml_status read_states(const sml__mlp_checkpoint *c, float *scratch, float *const *state,
                              uint64_t *steps)
{
    const json_t *taken = json_object_get(c->file.training, "steps");
    const char *optimizer = sml__setting_text(c->model, "optimizer");
    if (strcmp(optimizer, sml__setting_text(c->file.model, "optimizer")) != 0) {
        return other_model(c, "another optimizer");
    }
    if (!has_parameters(c, scratch)) {
        return other_model(c, "other parameters");
    }
    sml_status status = check_arrays(c);
    if (status == SML_OK && (!json_is_integer(taken) || json_integer_value(taken) < 0)) {
        status = sml__fail(c->ctx, SML_BAD_FILE, "%s: training: steps is not a count", c->path);
    }
    if (status == SML_OK) {
        *steps = (uint64_t)json_integer_value(taken);
        for (int s = 0; s < c->n_states; s++) {
            read_group(c, OPTIMIZER_0 + s, state[s], scratch);
        }
    }
    return status;
}

sml_status sml__mlp_checkpoint_states(sml_ctx *ctx, const char *path, const sml_model *model,
                                      int n_states, float *const *state, uint64_t *steps)
{
    sml__mlp_checkpoint c = {.ctx = ctx, .model = model, .path = path, .n_states = n_states};
    size_t numbers = 0;
    sml_status status = sml__checkpoint_load(ctx, path, &c.file);
    count_tensors(model, &numbers);
    float *scratch = sml__alloc(ctx, numbers, sizeof(float), "a checkpoint");
    if (status == SML_OK) {
        status = scratch != NULL ? read_states(&c, scratch, state, steps) : SML_NO_MEMORY;
    }
    sml__free(scratch);
    sml__checkpoint_free(&c.file);
    return status;
}
