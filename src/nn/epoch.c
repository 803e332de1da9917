/* An epoch and what comes after it: whether it left a sound network, how that does on the
 * validation rows, and whether to go on. */
#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/threads.h"
#include "data/rows.h"
#include "nn/inference.h"
#include "nn/training.h"
#include "nn/watch.h"

#include <math.h>
#include <string.h>

/* An update of a parameter moves its numbers through the core, in the time of so many operations
 * of a product. */
static const double FLOPS_OF_UPDATE = 30;

void sml__training_state_init(sml__training_state *state)
{
    *state = (sml__training_state){
        .loss = (double)NAN,
        .plateau = {.best = (double)INFINITY, .factor = 1.0},
    };
}

double sml__training_seconds(const sml__training *t)
{
    return t->state->elapsed + sml__seconds_now() - t->started;
}

/* With the running statistics of batch norm, which lie behind them. */
static void copy_parameters(const sml__training *t, float *to, const float *from)
{
    memcpy(to, from, t->network->n_values * sizeof(float));
}

static int all_finite(const float *values, size_t n)
{
    float sum = 0; /* x - x is 0 for a finite x, NaN otherwise */
    for (size_t i = 0; i < n; i++) {
        sum += values[i] - values[i];
    }
    return sum == 0;
}

sml_status sml__training_diverged(sml__training *t, uint64_t update)
{
    const size_t rows = t->data->view.rows, batch_size = t->settings->batch_size;
    const uint64_t steps = rows / batch_size + (rows % batch_size != 0);
    const unsigned long long step = (update - 1) % steps + 1;
    copy_parameters(t, t->network->parameters, t->last_good);
    t->diverged_at = update;
    return sml__fail(t->ctx, SML_DIVERGED,
                     "training diverged: the loss is no longer finite in epoch %llu, step %llu "
                     "(update %llu); try a smaller learning_rate than %g, or clip_norm=1",
                     (unsigned long long)t->state->epoch + 1, step, (unsigned long long)update,
                     t->learning_rate);
}

sml__pass_settings sml__training_check(sml__training *t)
{
    const size_t rows = t->workspace.rows;
    const sml__pass_settings pass = {
        .rows = rows,
        .batch = rows,
        .sparse = t->sparse,
        .csr = t->csr,
        .order = sml__training_order(t, 0),
        .upcoming = rows,
    };
    sml__training_gather(t, 0, rows, NULL, SML__ALONE);
    sml__network_forward(t->network, &t->workspace, &pass, SML__ALONE);
    sml__network_loss(t->network, &t->workspace, &pass, SML__ALONE);
    return pass;
}

/* Whether the parameters are finite, and the losses that they give for some rows. */
static int is_sound(sml__training *t)
{
    if (!all_finite(t->network->parameters, t->network->n_values)) {
        return 0;
    }
    const size_t rows = sml__training_check(t).rows;
    int sound = 1;
    for (size_t r = 0; r < rows; r++) {
        sound = sound && isfinite(t->workspace.losses[r]);
    }
    return sound;
}

void sml__training_checkpoint(sml__training *t)
{
    sml__training_state state = *t->state;
    const sml__training_view now = {
        .state = &state,
        .parameters = t->network->parameters,
        .optimizer = {t->optimizer[0], t->optimizer[1]},
        .last_good = t->last_good,
        .best = state.stopping.best_epoch > 0 ? t->best : NULL,
    };
    if (t->checkpointing == NULL || t->checkpointing->write == NULL ||
        !all_finite(now.parameters, t->network->n_values)) {
        return;
    }
    state.elapsed = sml__training_seconds(t);
    if (t->checkpointing->write(t->checkpointing->user, &now) == SML_OK) {
        t->report->checkpoints++;
    } else {
        t->report->failed_checkpoints++;
    }
    t->last_checkpoint = sml__seconds_now();
}

static sml_status restore(sml__training *t)
{
    const sml__training_view into = {
        .state = t->state,
        .parameters = t->network->parameters,
        .optimizer = {t->optimizer[0], t->optimizer[1]},
        .last_good = t->last_good,
        .best = t->best,
    };
    if (t->checkpointing == NULL || t->checkpointing->restore == NULL) {
        return SML_OK;
    }
    const sml_status status = t->checkpointing->restore(t->checkpointing->user, &into);
    t->report->resumed_at = t->state->steps;
    for (size_t i = 0; t->options->epoch != NULL && i < t->state->n_history; i++) {
        t->options->epoch(t->options->user, &t->state->history[i]);
    }
    return status;
}

/* ‖∂C/∂θ‖ over the first rows of the epoch's order, for who watches. It goes to an array of its
 * own, so that asking for it changes no bit of the run. */
static double gradient_norm(sml__training *t)
{
    const size_t rows = t->workspace.rows;
    if (t->probe == NULL) {
        return (double)NAN;
    }
    const sml__pass_settings pass = {
        .rows = rows,
        .batch = rows,
        .batch_weight = sml__training_weigh(t, 0, rows),
        .weights = t->weights,
        .label_smoothing = t->settings->label_smoothing,
        .sparse = t->sparse,
        .csr = t->csr,
        .order = sml__training_order(t, 0),
        .upcoming = rows,
    };
    if (!(pass.batch_weight > 0)) {
        return (double)NAN;
    }
    sml__training_gather(t, 0, rows, NULL, SML__ALONE);
    sml__network_forward(t->network, &t->workspace, &pass, SML__ALONE);
    sml__network_loss(t->network, &t->workspace, &pass, SML__ALONE);
    sml__network_backward(t->network, &t->workspace, &pass, t->probe, SML__ALONE);
    return sml__training_norm(t, t->probe);
}

/* What the schedule and early stopping learn from an epoch. */
static void see(sml__training *t, const sml_epoch_record *record)
{
    const sml__training_settings *settings = t->settings;
    sml__training_state *state = t->state;
    if (settings->rates.schedule != NULL && settings->rates.schedule->watches_loss) {
        sml__plateau_see(&state->plateau, &settings->rates,
                         t->options->validation != NULL ? record->validation_loss : record->loss);
    }
    if (settings->stopping != NULL &&
        sml__stopping_see(&state->stopping, settings->stopping, settings->min_change, record->epoch,
                          record->validation_metric)) {
        copy_parameters(t, t->best, t->network->parameters);
    }
}

static void record_epoch(sml__training *t, const sml_epoch_record *record)
{
    sml__training_state *state = t->state;
    if (state->n_history < state->history_room) {
        state->history[state->n_history++] = *record;
    }
    if (t->options->epoch != NULL) {
        t->options->epoch(t->options->user, record);
    }
}

static void begin_epoch(sml__training *t)
{
    sml__training_state *state = t->state;
    state->first = 0;
    state->hits = 0;
    state->epoch_loss = 0;
    state->epoch_weight = 0;
}

/* After all batches of an epoch that left a sound network. */
static void end_epoch(sml__training *t)
{
    sml__training_state *state = t->state;
    const sml__checkpointing *c = t->checkpointing;
    sml_epoch_record record = {
        .epoch = state->epoch + 1,
        .loss = state->loss,
        .accuracy = t->hit != NULL ? (double)state->hits / (double)t->data->view.rows : (double)NAN,
        .learning_rate = t->learning_rate,
        .gradient_norm = gradient_norm(t),
    };
    t->status = sml__training_validate(t, &record);
    if (t->status != SML_OK) {
        return;
    }
    copy_parameters(t, t->last_good, t->network->parameters);
    record.seconds = sml__training_seconds(t);
    see(t, &record);
    if (t->options->watch != NULL) {
        t->options->watch->epoch(t->options->watch->user, t, &record);
    }
    record_epoch(t, &record);
    state->epoch++;
    begin_epoch(t);
    if (c != NULL && c->steps == 0 && !(c->seconds > 0)) {
        sml__training_checkpoint(t);
    }
}

void sml__training_rows(const sml__training *t, uint32_t *rows)
{
    sml__random random;
    sml__random_init(&random, t->settings->seed, SML__SHUFFLE, sml__training_epoch_number(t), 0);
    sml__random_permutation(&random, rows, t->data->view.rows);
}

void sml__training_shuffle(sml__training *t)
{
    sml__training_rows(t, t->order);
    sml__dataset_map_order(t->data, t->order, t->data->view.rows);
}

/* One epoch over the shuffled samples, or the rest of one. What it leaves is kept only when it is
 * sound. */
static void train_epoch(sml__training *t)
{
    sml__training_state *state = t->state;
    sml__training_shuffle(t);
    sml__training_choose_batch(t, state->first);
    sml__team_run(t->members, sml__training_batches, t);
    if (t->status != SML_DIVERGED && !is_sound(t)) {
        t->status = sml__training_diverged(t, state->steps);
    }
    if (t->status == SML_OK && state->first == t->data->view.rows) {
        end_epoch(t);
    }
}

static int has_stopped_early(const sml__training *t)
{
    return t->settings->stopping != NULL && t->state->stopping.waited >= t->settings->patience;
}

/* Epochs until the end, as it is known before. */
static uint64_t last_epoch(const sml__training *t)
{
    const uint64_t until = t->options->until_epoch, epochs = t->settings->epochs;
    return until > 0 && until < epochs ? until : epochs;
}

/* How a fit ended that nothing ended early from outside. */
static sml_fit_end ending(const sml__training *t)
{
    if (has_stopped_early(t)) {
        return SML_FIT_STOPPED_EARLY;
    }
    return t->state->epoch < last_epoch(t) ? SML_FIT_OUT_OF_TIME : SML_FIT_FINISHED;
}

static void fill_report(const sml__training *t)
{
    const sml__training_state *state = t->state;
    sml_fit_report *report = t->report;
    /* Somebody may cancel after the last batch of an epoch, which is whole then. */
    const int is_whole = t->status == SML_CANCELLED && state->first == t->data->view.rows;
    report->epochs = state->epoch + (is_whole ? 1 : 0);
    report->steps = state->steps;
    report->samples = state->samples;
    report->loss = state->loss;
    report->seconds = sml__training_seconds(t);
    report->ended = ending(t);
    report->best_epoch = state->stopping.best_epoch;
    report->best_score = report->best_epoch > 0 ? state->stopping.best : (double)NAN;
}

/* The last checkpoint comes before the best parameters are put back: a run that is killed between
 * the two resumes to the same end. */
static void finish(sml__training *t)
{
    if (t->status == SML_OK || t->status == SML_CANCELLED) {
        sml__training_checkpoint(t);
    }
    fill_report(t);
    if (t->status == SML_OK && t->best != NULL && t->state->stopping.best_epoch > 0) {
        copy_parameters(t, t->network->parameters, t->best);
    }
}

/* Operations of a batch that a team can share. Augmentation is shared by rows, so that a batch
 * which one member takes whole gains nothing there. Where few inputs are read, the optimiser, which
 * visits every parameter, may be most of the work. */
static double shared_flops(const sml__network *network, const sml_dataset *data,
                           const sml__training_settings *settings, const sml__csr_extent *extent,
                           size_t batch)
{
    const sml__range first_half = sml__own_rows(batch, (sml__member){.rank = 0, .size = 2});
    const int is_compressed = sml__reads_compressed(network, extent, batch);
    const double visits = is_compressed && !settings->optimizer->is_plain
                              ? FLOPS_OF_UPDATE * (double)network->n_parameters
                              : 0;
    return (double)batch * sml__network_flops(network, is_compressed ? extent->density : 1.0) +
           visits +
           2.0 * (double)(batch - first_half.end) *
               sml__augmentation_flops(data, &settings->augment);
}

sml_status sml__train(sml_ctx *ctx, sml__network *network, const sml_dataset *data,
                      const sml__training_settings *settings, const sml_fit_options *options,
                      const sml__checkpointing *checkpointing, sml__training_state *state,
                      sml_fit_report *report)
{
    const size_t rows = data->view.rows;
    const size_t batch = settings->batch_size < rows ? settings->batch_size : rows;
    const sml__csr_extent extent = sml__csr_extent_of(data);
    sml__training t = {
        .ctx = ctx,
        .network = network,
        .data = data,
        .settings = settings,
        .options = options,
        .checkpointing = checkpointing,
        .report = report,
        .state = state,
        .extent = extent,
        .members = sml__team_size(ctx, shared_flops(network, data, settings, &extent, batch)),
        .started = sml__seconds_now(),
        .last_checkpoint = sml__seconds_now(),
    };
    sml__training_state_init(state);
    t.status = sml__training_allocate(&t);
    if (t.status == SML_OK) {
        t.status = sml__training_check_weights(&t);
    }
    if (t.status == SML_OK) {
        copy_parameters(&t, t.last_good, network->parameters);
        t.status = restore(&t);
    }
    const int has_begun = t.status == SML_OK;
    const struct sml_watch *watch = has_begun ? options->watch : NULL;
    if (watch != NULL) {
        watch->began(watch->user, &t);
    }
    while (t.status == SML_OK && !t.is_out_of_time && state->epoch < last_epoch(&t) &&
           !has_stopped_early(&t)) {
        train_epoch(&t);
    }
    if (t.status == SML_DIVERGED && sml__dataset_recheck(ctx, data) != SML_OK) {
        t.status = SML_IO;
    }
    if (watch != NULL && t.status == SML_DIVERGED) {
        watch->diverged(watch->user, &t, t.diverged_at);
    }
    if (has_begun) {
        finish(&t);
    }
    if (watch != NULL) {
        watch->ended(watch->user, &t);
    }
    sml__training_release(&t);
    return t.status;
}
