/* Mini-batch gradient descent: in every epoch the samples are shuffled, and for each batch
 *   forward, loss, backward:  g = ∂/∂θ Σ_s w_s C_s / Σ_s w_s   (network.c)
 *   penalties and clipping:   g ← g + l2 W + l1 sign W, then g ← g · min(1, c / ‖g‖)
 *   update                                                      (optimizers/)
 * Each number has one owner and each sum one order, whatever the size of the team. */
#include "nn/trainer.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/threads.h"
#include "data/rows.h"
#include "nn/inference.h"
#include "nn/training.h"
#include "nn/watch.h"

#include <math.h>

enum { SHARE_GRAIN = 64 }; /* floats: shares of flat arrays are cut at whole cache lines */

/* PyTorch's clip_grad_norm_ adds this to the norm. */
static const double CLIP_EPSILON = 1e-6;

uint32_t sml__training_epoch_number(const sml__training *t)
{
    return t->settings->epochs_before + (uint32_t)t->state->epoch;
}

const uint32_t *sml__training_order(const sml__training *t, size_t first)
{
    return t->staged != NULL ? t->staged : t->order + first;
}

size_t sml__training_upcoming(const sml__training *t, size_t first, size_t rows)
{
    return t->staged != NULL ? rows : t->data->view.rows - first;
}

void sml__training_gather(sml__training *t, size_t first, size_t rows,
                          const sml__augmentation *augmentation, sml__member member)
{
    const sml__network *network = t->network;
    const sml__range own = sml__own_rows(rows, member);
    const size_t stride = sml__row_stride(network->n_in);
    if (augmentation != NULL) {
        sml__augmented_gather(t->data, augmentation, sml__training_epoch_number(t),
                              first + own.begin, member.rank, t->order + first + own.begin,
                              own.end - own.begin, t->workspace.input + own.begin * stride, stride);
    } else if (t->sparse == NULL && t->csr == NULL) {
        sml__dataset_gather(t->data, t->order + first + own.begin, 0, own.end - own.begin,
                            t->workspace.input + own.begin * stride, stride);
    } else if (t->staged != NULL) {
        sml__dataset_gather_bytes(t->data, t->order + first + own.begin, 0, own.end - own.begin,
                                  (uint8_t *)(t->workspace.input + own.begin * stride),
                                  stride * sizeof(float));
    }
    for (size_t r = own.begin; r < own.end; r++) {
        sml__dataset_targets_at(t->data, t->order[first + r],
                                t->workspace.target + r * network->n_out);
    }
}

/* Which of the member's own rows are predicted right. */
static void note_hits(sml__training *t, size_t rows, sml__member member)
{
    const sml__network *network = t->network;
    const sml__range own = sml__own_rows(rows, member);
    const size_t n = network->n_out, stride = sml__row_stride(n);
    const float *logits = t->workspace.outputs[network->n_layers - 1];
    for (size_t r = own.begin; r < own.end; r++) {
        t->hit[r] = (uint8_t)sml__is_hit(network->loss->task, logits + r * stride,
                                         t->workspace.target + r * n, n);
    }
}

/* Adds what the rows of a pass gave to the sums of the batch. */
static void add_up(sml__training *t, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        t->batch_loss += t->workspace.losses[r];
    }
    for (size_t r = 0; t->hit != NULL && r < rows; r++) {
        t->batch_hits += t->hit[r];
    }
}

/* Loss and gradient of `batch` samples from `first` on, in passes of at most SML__PASS_ROWS rows.
 */
static void differentiate(sml__training *t, size_t first, size_t batch, sml__member member)
{
    for (size_t done = 0; done < batch; done += t->workspace.rows) {
        const size_t left = batch - done;
        const size_t rows = left < t->workspace.rows ? left : t->workspace.rows;
        const sml__pass_settings pass = {
            .rows = rows,
            .batch = batch,
            .weights = t->weights != NULL ? t->weights + done : NULL,
            .batch_weight = t->batch_weight,
            .accumulate = done > 0,
            .training = 1,
            .seed = t->settings->seed,
            .epoch = sml__training_epoch_number(t),
            .first = first + done,
            .label_smoothing = t->settings->label_smoothing,
            .sparse = t->sparse,
            .csr = t->csr,
            .order = sml__training_order(t, first + done),
            .upcoming = sml__training_upcoming(t, first + done, rows),
            .is_folded = t->is_folded,
            .learning_rate = t->learning_rate,
        };
        if (done > 0) {
            sml__team_wait(member); /* the others still read what the last pass left */
        }
        sml__training_gather(t, first + done, pass.rows, t->augmentation, member);
        sml__network_forward(t->network, &t->workspace, &pass, member);
        sml__network_loss(t->network, &t->workspace, &pass, member);
        if (t->hit != NULL) {
            note_hits(t, pass.rows, member);
        }
        sml__network_backward(t->network, &t->workspace, &pass,
                              t->is_folded ? t->network->parameters : t->gradient, member);
        if (member.rank == 0) {
            add_up(t, pass.rows);
        }
    }
}

/* g ← g + l2 w + l1 sign w, for the weights of each dense layer; sign 0 = 0. */
static void penalise(sml__training *t, sml__member member)
{
    const float l1 = (float)t->settings->l1, l2 = (float)t->settings->l2;
    for (size_t l = 0; l < t->network->n_layers; l++) {
        const sml__layer *layer = &t->network->layers[l];
        if (!layer->type->has_units) {
            continue;
        }
        const sml__range own =
            sml__share(layer->n_in * layer->stride, SHARE_GRAIN, member.rank, member.size);
        const float *w = t->network->parameters + layer->weight;
        float *g = t->gradient + layer->weight;
        for (size_t i = own.begin; i < own.end; i++) {
            const float sign = (float)((w[i] > 0) - (w[i] < 0));
            g[i] += l2 * w[i] + l1 * sign;
        }
    }
    sml__team_wait(member);
}

/* Squares of the blocks that belong to a member. */
static void add_squares(const sml__training *t, const float *values, sml__member member)
{
    const size_t n = t->network->n_parameters, blocks = (n + SML__NORM_BLOCK - 1) / SML__NORM_BLOCK;
    const sml__range own = sml__share(blocks, 1, member.rank, member.size);
    for (size_t b = own.begin; b < own.end; b++) {
        const size_t end = (b + 1) * SML__NORM_BLOCK < n ? (b + 1) * SML__NORM_BLOCK : n;
        double sum = 0;
        for (size_t i = b * SML__NORM_BLOCK; i < end; i++) {
            sum += (double)values[i] * (double)values[i];
        }
        t->block_norms[b] = sum;
    }
}

/* √ of the sum of all blocks. Every member adds up the same blocks in the same order and so gets
 * the same bits. */
static double norm_of_blocks(const sml__training *t)
{
    const size_t n = t->network->n_parameters, blocks = (n + SML__NORM_BLOCK - 1) / SML__NORM_BLOCK;
    double sum = 0;
    for (size_t b = 0; b < blocks; b++) {
        sum += t->block_norms[b];
    }
    return sqrt(sum);
}

double sml__training_norm(const sml__training *t, const float *values)
{
    add_squares(t, values, SML__ALONE);
    return norm_of_blocks(t);
}

/* min(1, c / ‖g‖), the norm over all parameters. Pascanu et al., "On the difficulty of training
 * recurrent neural networks", 2013. */
static double clipping(sml__training *t, sml__member member)
{
    add_squares(t, t->gradient, member);
    sml__team_wait(member);
    const double scale = t->settings->clip_norm / (norm_of_blocks(t) + CLIP_EPSILON);
    return scale < 1.0 ? scale : 1.0;
}

static void update(sml__training *t, double gradient_scale, uint64_t number, sml__member member)
{
    const sml__range own =
        sml__share(t->network->n_parameters, SHARE_GRAIN, member.rank, member.size);
    sml__update step = t->settings->update;
    step.n = own.end - own.begin;
    step.theta = t->network->parameters + own.begin;
    step.gradient = t->gradient + own.begin;
    step.gradient_scale = gradient_scale;
    step.learning_rate = t->learning_rate;
    step.step = number;
    for (int s = 0; s < t->settings->optimizer->n_states; s++) {
        step.state[s] = t->optimizer[s] + own.begin;
    }
    t->settings->optimizer->update(&step);
}

static uint64_t steps_of_epoch(const sml__training *t)
{
    const size_t rows = t->data->view.rows, batch_size = t->settings->batch_size;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the settings' table has 1 as the least */
    return rows / batch_size + (rows % batch_size != 0);
}

static sml_status report_progress(sml__training *t)
{
    const sml__training_state *state = t->state;
    if (t->options->progress == NULL) {
        return SML_OK;
    }
    const sml_progress progress = {
        .epoch = state->epoch + 1,
        .epochs = t->settings->epochs,
        .step = state->first / t->settings->batch_size + 1,
        .steps = steps_of_epoch(t),
        .samples = state->samples,
        .loss = state->loss,
        .seconds = sml__training_seconds(t),
    };
    if (t->options->progress(t->options->user, &progress) == 0) {
        return SML_OK;
    }
    return sml__fail(t->ctx, SML_CANCELLED, "cancelled in epoch %llu, step %llu",
                     (unsigned long long)progress.epoch, (unsigned long long)progress.step);
}

/* What the row at a place counts: its own weight times that of its class. */
static float weight_at(const sml__training *t, size_t place)
{
    const float *class_weights = t->settings->class_weights;
    const float weight = sml__dataset_weight_at(t->data, place);
    return class_weights != NULL ? weight * class_weights[sml__dataset_label_at(t->data, place)]
                                 : weight;
}

double sml__training_weigh(sml__training *t, size_t first, size_t n)
{
    double sum = 0;
    if (t->weights == NULL) {
        return (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        t->weights[i] = weight_at(t, t->order[first + i]);
        sum += (double)t->weights[i];
    }
    return sum;
}

sml_status sml__training_check_weights(const sml__training *t)
{
    const size_t rows = t->data->view.rows;
    size_t r = 0;
    while (t->weights != NULL && r < rows && weight_at(t, sml__dataset_place(t->data, r)) == 0) {
        r++;
    }
    if (r < rows) {
        return SML_OK;
    }
    return sml__fail(t->ctx, SML_BAD_DATA,
                     "%s: all %zu rows that are left to train on weigh 0; choose other weights, "
                     "class_weight, seed or share of rows to keep apart",
                     t->data->name, rows);
}

/* η of a step, counted from 0. */
static double rate_of(const sml__training *t, uint64_t step)
{
    const sml__training_state *state = t->state;
    const sml__schedule_place place = {
        .step = step,
        .steps = t->settings->epochs * steps_of_epoch(t),
        .epoch = state->epoch,
        .factor = state->plateau.factor,
    };
    return t->settings->rates.schedule != NULL ? sml__learning_rate(&t->settings->rates, &place)
                                               : t->settings->update.learning_rate;
}

void sml__training_choose_batch(sml__training *t, size_t first)
{
    const size_t left = t->data->view.rows - first;
    t->state->first = first;
    t->batch = left < t->settings->batch_size ? left : t->settings->batch_size;
    t->batch_weight = sml__training_weigh(t, first, t->batch);
    t->batch_loss = 0;
    t->batch_hits = 0;
    /* After the last batch it stays that of the last step, also where a checkpoint begins there. */
    t->learning_rate = rate_of(t, t->state->steps - (left == 0));
}

/* Whether a checkpoint is due within an epoch. */
static int is_due(const sml__training *t)
{
    const sml__checkpointing *c = t->checkpointing;
    if (c == NULL) {
        return 0;
    }
    return (c->steps > 0 && t->state->steps % c->steps == 0) ||
           (c->seconds > 0 && sml__seconds_now() - t->last_checkpoint >= c->seconds);
}

/* After a batch: is all well, and what comes next? */
static void account_for_batch(sml__training *t)
{
    sml__training_state *state = t->state;
    if (t->options->watch != NULL) {
        t->options->watch->batch(t->options->watch->user, t);
    }
    if (!isfinite(t->batch_loss)) {
        t->status = sml__training_diverged(t, state->steps + 1);
        return;
    }
    t->status = sml__dataset_status(t->ctx, t->data);
    if (t->status != SML_OK) {
        return;
    }
    state->epoch_loss += t->batch_loss;
    state->epoch_weight += t->batch_weight;
    state->hits += t->batch_hits;
    state->steps++;
    state->samples += t->batch;
    state->loss = state->epoch_loss / state->epoch_weight;
    t->status = report_progress(t);
    sml__training_choose_batch(t, state->first + t->batch);
    const double budget = t->options->time_budget;
    t->is_out_of_time = budget > 0 && sml__training_seconds(t) >= budget;
    if (t->status == SML_OK && is_due(t)) {
        sml__training_checkpoint(t);
    }
}

void sml__training_step(sml__training *t, uint64_t number, sml__member member)
{
    const int has_step = t->batch_weight > 0;
    if (has_step) {
        differentiate(t, t->state->first, t->batch, member);
    }
    if (has_step && !t->is_folded) {
        sml__team_wait(member);
        if (t->settings->l1 > 0 || t->settings->l2 > 0) {
            penalise(t, member);
        }
        const double scale = t->settings->clip_norm > 0 ? clipping(t, member) : 1.0;
        update(t, scale, number, member);
        if (member.rank == 0) {
            t->gradient_scale = scale;
        }
    }
}

/* One batch, as every member of the team runs it. When rank 0 accounts for it, and perhaps calls
 * back, all parameters have taken their step. */
static void train_batch(sml__training *t, sml__member member)
{
    sml__training_step(t, t->state->steps + 1, member);
    sml__team_wait(member);
    if (member.rank == 0) {
        account_for_batch(t);
    }
    sml__team_wait(member);
}

void sml__training_batches(void *argument, sml__member member)
{
    sml__training *t = argument;
    while (t->status == SML_OK && !t->is_out_of_time && t->state->first < t->data->view.rows) {
        train_batch(t, member);
    }
}
