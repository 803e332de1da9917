#include "explain/replay.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

/* As for looks: a large network is not kept twice. */
static const double BYTES_MAX = 256.0 * 1024 * 1024;

void sml__snapshot_create(sml_ctx *ctx, sml__snapshot *s, const sml__training *t)
{
    const size_t n = t->network->n_parameters;
    const int states = t->settings->optimizer->n_states;
    const double bytes =
        sizeof(float) * ((double)t->network->n_values + (double)states * (double)n);
    memset(s, 0, sizeof *s);
    if (bytes > BYTES_MAX || sml__memory_check(ctx, bytes, "a copy of a training") != SML_OK) {
        return;
    }
    s->parameters =
        sml__alloc_to_fill(ctx, t->network->n_values * sizeof(float), "a copy of a training");
    int complete = s->parameters != NULL;
    for (int i = 0; complete && i < states; i++) {
        s->optimizer[i] = sml__alloc_to_fill(ctx, n * sizeof(float), "a copy of a training");
        complete = s->optimizer[i] != NULL;
    }
    if (!complete) {
        sml__snapshot_free(s);
    }
}

void sml__snapshot_free(sml__snapshot *s)
{
    sml__free(s->parameters);
    sml__free(s->optimizer[0]);
    sml__free(s->optimizer[1]);
    memset(s, 0, sizeof *s);
}

void sml__snapshot_take(sml__snapshot *s, const sml__training *t, int ended)
{
    if (s->parameters == NULL) {
        return;
    }
    memcpy(s->parameters, t->network->parameters, t->network->n_values * sizeof(float));
    for (int i = 0; i < t->settings->optimizer->n_states; i++) {
        memcpy(s->optimizer[i], t->optimizer[i], t->network->n_parameters * sizeof(float));
    }
    s->state = *t->state;
    s->n_factors = 0;
    if (ended) {
        s->state.epoch++;
        s->state.first = 0;
    }
}

void sml__snapshot_pass(sml__snapshot *s, const sml__training *t)
{
    if (s->n_factors < SML__FACTORS) {
        s->factors[s->n_factors++] = t->state->plateau.factor;
    }
}

sml_status sml__replay_open(sml_ctx *ctx, sml__replay *r, const sml__training *t,
                            const sml__snapshot *from)
{
    const size_t bytes = t->network->n_values * sizeof(float);
    memset(r, 0, sizeof *r);
    if (from->parameters == NULL || from->n_factors == SML__FACTORS) {
        return SML_NOT_FOUND;
    }
    r->from = from;
    r->settings = *t->settings;
    r->settings.stopping = NULL; /* nothing is scored */
    r->network = *t->network;
    r->network.parameters = sml__alloc(ctx, bytes, 1, "parameters of a replay");
    sml__training_state_init(&r->state);
    r->t = (sml__training){
        .ctx = ctx,
        .network = &r->network,
        .data = t->data,
        .settings = &r->settings,
        .options = &r->options,
        .report = &r->report,
        .state = &r->state,
        .extent = t->extent,
        .members = 1,
    };
    if (r->network.parameters == NULL) {
        return SML_NO_MEMORY;
    }
    const sml_status status = sml__training_allocate(&r->t);
    if (status != SML_OK) {
        return status;
    }
    sml_epoch_record *history = r->state.history;
    r->state = from->state;
    r->state.history = history;
    memcpy(r->network.parameters, from->parameters, bytes);
    for (int i = 0; i < r->settings.optimizer->n_states; i++) {
        memcpy(r->t.optimizer[i], from->optimizer[i], r->network.n_parameters * sizeof(float));
    }
    sml__training_shuffle(&r->t);
    sml__training_choose_batch(&r->t, (size_t)r->state.first);
    return SML_OK;
}

void sml__replay_close(sml__replay *r)
{
    if (r->t.network != NULL) {
        sml__training_release(&r->t);
    }
    sml__free(r->state.history);
    sml__free(r->network.parameters);
    memset(r, 0, sizeof *r);
}

void sml__replay_step(sml__replay *r)
{
    sml__training_step(&r->t, r->state.steps + 1, SML__ALONE);
}

/* What depends on the epoch: its order, and what the schedule made of the one before. */
static void begin_epoch(sml__replay *r)
{
    const size_t passed = (size_t)(r->state.epoch - r->from->state.epoch);
    r->state.epoch++;
    r->state.first = 0;
    if (passed < r->from->n_factors) {
        r->state.plateau.factor = r->from->factors[passed];
    }
    sml__training_shuffle(&r->t);
}

void sml__replay_advance(sml__replay *r)
{
    r->state.steps++;
    r->state.samples += r->t.batch;
    r->state.first += r->t.batch;
    if (r->state.first >= r->t.data->view.rows) {
        begin_epoch(r);
    }
    sml__training_choose_batch(&r->t, (size_t)r->state.first);
}

int64_t sml__replay_row(sml__replay *r, size_t place)
{
    uint32_t *rows = sml__alloc(r->t.ctx, r->t.data->view.rows, sizeof *rows, "the order of rows");
    int64_t row = -1;
    if (rows != NULL) {
        sml__training_rows(&r->t, rows);
        row = (int64_t)rows[place];
    }
    sml__free(rows);
    return row;
}

sml__pass_settings sml__replay_forward(sml__replay *r, size_t done)
{
    sml__training *t = &r->t;
    const size_t first = (size_t)r->state.first + done, left = t->batch - done;
    const sml__pass_settings pass = {
        .rows = left < t->workspace.rows ? left : t->workspace.rows,
        .batch = t->batch,
        .weights = t->weights != NULL ? t->weights + done : NULL,
        .batch_weight = t->batch_weight,
        .training = 1,
        .seed = t->settings->seed,
        .epoch = sml__training_epoch_number(t),
        .first = first,
        .label_smoothing = t->settings->label_smoothing,
        .sparse = t->sparse,
        .csr = t->csr,
        .order = sml__training_order(t, first),
        .upcoming =
            sml__training_upcoming(t, first, left < t->workspace.rows ? left : t->workspace.rows),
    };
    sml__training_gather(t, first, pass.rows, t->augmentation, SML__ALONE);
    sml__network_forward(t->network, &t->workspace, &pass, SML__ALONE);
    sml__network_loss(t->network, &t->workspace, &pass, SML__ALONE);
    return pass;
}

sml__pass_settings sml__replay_check(sml__replay *r)
{
    r->state.first = 0;
    return sml__training_check(&r->t);
}
