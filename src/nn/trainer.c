/* Mini-batch gradient descent: in every epoch the samples are shuffled, and for each batch of m
 *   forward, loss, backward:  g = ∂/∂θ (1/m) Σ_s C_s          (network.c)
 *   penalties and clipping:   g ← g + l2 W + l1 sign W, then g ← g · min(1, c / ‖g‖)
 *   update                                                     (optimizers/)
 * Each number has one owner and each sum one order, whatever the size of the team. */
#include "nn/trainer.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "data/rows.h"
#include "data/sparse_rows.h"

#include <math.h>
#include <string.h>

enum {
    SHARE_GRAIN = 64,  /* floats: shares of flat arrays are cut at whole cache lines */
    NORM_BLOCK = 4096, /* floats whose squares are added up by one owner */
};

/* PyTorch's clip_grad_norm_ adds this to the norm. */
static const double CLIP_EPSILON = 1e-6;

typedef struct training {
    sml_ctx *ctx;
    sml__network *network;
    const sml_dataset *data;
    const sml__training_settings *settings;
    const sml_fit_options *options;
    sml_fit_report *report;          /* brought up to date after every batch */
    sml__sparse rows;                /* data's, where it is bytes */
    float values[256];               /* what the bytes stand for */
    const sml__sparse *sparse;       /* &rows where they are mostly zero, or NULL */
    sml__augmentation *augmentation; /* of the rows that are trained on, or NULL */
    sml__workspace workspace;
    int members;         /* of the team */
    int is_folded;       /* the backward pass takes the step: no gradient is written or read */
    float *gradient;     /* [n_parameters]; not used where the step is folded */
    float *state[2];     /* [n_parameters] each, as many as the optimiser keeps */
    float *last_good;    /* [n_values] at the end of the last good epoch */
    double *block_norms; /* [n_parameters / NORM_BLOCK, rounded up] */
    uint32_t *order;     /* [rows]: their places in the arrays of the data set */

    /* Where training is. Rank 0 moves on between two waits of the team. */
    uint32_t epoch;      /* from 0 */
    size_t first, batch; /* the batch: order[first … first + batch - 1] */
    double batch_loss;   /* Σ_s C_s over the batch */
    double epoch_loss;   /* Σ_s C_s over the epoch so far */
    double started;      /* seconds */
    sml_status status;
} training;

/* The epoch for shuffling and dropout: a warm start draws what comes after the epochs before it. */
static uint32_t epoch_number(const training *t)
{
    return t->settings->epochs_before + t->epoch;
}

/* Copies the member's own rows of the pass into the workspace: features as float32 unless they are
 * sparse, targets as rows. augmentation: NULL, or that of the training. */
static void gather(training *t, size_t first, size_t rows, const sml__augmentation *augmentation,
                   sml__member member)
{
    const sml__network *network = t->network;
    const sml__range own = sml__own_rows(rows, member);
    const size_t stride = sml__row_stride(network->n_in);
    if (augmentation != NULL) {
        sml__augmented_gather(t->data, augmentation, epoch_number(t), first + own.begin,
                              member.rank, t->order + first + own.begin, own.end - own.begin,
                              t->workspace.input + own.begin * stride, stride);
    } else if (t->sparse == NULL) {
        sml__dataset_gather(t->data, t->order + first + own.begin, 0, own.end - own.begin,
                            t->workspace.input + own.begin * stride, stride);
    }
    for (size_t r = own.begin; r < own.end; r++) {
        sml__dataset_targets_at(t->data, t->order[first + r],
                                t->workspace.target + r * network->n_out);
    }
}

/* Loss and gradient of `batch` samples from `first` on, in passes of at most SML__PASS_ROWS rows.
 */
static void differentiate(training *t, size_t first, size_t batch, sml__member member)
{
    for (size_t done = 0; done < batch; done += t->workspace.rows) {
        const size_t left = batch - done;
        const sml__pass_settings pass = {
            .rows = left < t->workspace.rows ? left : t->workspace.rows,
            .batch = batch,
            .accumulate = done > 0,
            .training = 1,
            .seed = t->settings->seed,
            .epoch = epoch_number(t),
            .first = first + done,
            .label_smoothing = t->settings->label_smoothing,
            .sparse = t->sparse,
            .order = t->order + first + done,
            .upcoming = t->data->view.rows - first - done,
            .learning_rate = t->is_folded ? t->settings->update.learning_rate : 0,
        };
        if (done > 0) {
            sml__team_wait(member); /* the others still read what the last pass left */
        }
        gather(t, first + done, pass.rows, t->augmentation, member);
        sml__network_forward(t->network, &t->workspace, &pass, member);
        sml__network_loss(t->network, &t->workspace, &pass, member);
        sml__network_backward(t->network, &t->workspace, &pass,
                              t->is_folded ? t->network->parameters : t->gradient, member);
        for (size_t r = 0; member.rank == 0 && r < pass.rows; r++) {
            t->batch_loss += t->workspace.losses[r];
        }
    }
}

/* g ← g + l2 w + l1 sign w, for the weights of each dense layer; sign 0 = 0. */
static void penalise(training *t, sml__member member)
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

/* min(1, c / ‖g‖), the norm over all parameters. Every member adds up the same blocks in the same
 * order and so gets the same bits. Pascanu et al., "On the difficulty of training recurrent neural
 * networks", 2013. */
static double clipping(training *t, sml__member member)
{
    const size_t n = t->network->n_parameters, blocks = (n + NORM_BLOCK - 1) / NORM_BLOCK;
    const sml__range own = sml__share(blocks, 1, member.rank, member.size);
    for (size_t b = own.begin; b < own.end; b++) {
        const size_t end = (b + 1) * NORM_BLOCK < n ? (b + 1) * NORM_BLOCK : n;
        double sum = 0;
        for (size_t i = b * NORM_BLOCK; i < end; i++) {
            sum += (double)t->gradient[i] * (double)t->gradient[i];
        }
        t->block_norms[b] = sum;
    }
    sml__team_wait(member);
    double sum = 0;
    for (size_t b = 0; b < blocks; b++) {
        sum += t->block_norms[b];
    }
    const double scale = t->settings->clip_norm / (sqrt(sum) + CLIP_EPSILON);
    return scale < 1.0 ? scale : 1.0;
}

static void update(training *t, double gradient_scale, uint64_t number, sml__member member)
{
    const sml__range own =
        sml__share(t->network->n_parameters, SHARE_GRAIN, member.rank, member.size);
    sml__update step = t->settings->update;
    step.n = own.end - own.begin;
    step.theta = t->network->parameters + own.begin;
    step.gradient = t->gradient + own.begin;
    step.gradient_scale = gradient_scale;
    step.step = number;
    for (int s = 0; s < t->settings->optimizer->n_states; s++) {
        step.state[s] = t->state[s] + own.begin;
    }
    t->settings->optimizer->update(&step);
}

static int all_finite(const float *values, size_t n)
{
    float sum = 0; /* x - x is 0 for a finite x, NaN otherwise */
    for (size_t i = 0; i < n; i++) {
        sum += values[i] - values[i];
    }
    return sum == 0;
}

/* Puts the last good parameters back. update: the number, from 1, of the one that showed it. */
static sml_status diverged(training *t, uint64_t update)
{
    const size_t rows = t->data->view.rows, batch_size = t->settings->batch_size;
    const uint64_t steps = rows / batch_size + (rows % batch_size != 0);
    const unsigned long long step = (update - 1) % steps + 1;
    memcpy(t->network->parameters, t->last_good, t->network->n_values * sizeof(float));
    return sml__fail(t->ctx, SML_DIVERGED,
                     "training diverged: the loss is no longer finite in epoch %u, step %llu "
                     "(update %llu); try a smaller learning_rate than %g, or clip_norm=1",
                     t->epoch + 1, step, (unsigned long long)update,
                     t->settings->update.learning_rate);
}

/* Whether the parameters are finite, and the losses that they give for some rows. */
static int is_sound(training *t)
{
    const size_t rows = t->workspace.rows;
    const sml__pass_settings pass = {
        .rows = rows, .batch = rows, .sparse = t->sparse, .order = t->order, .upcoming = rows};
    if (!all_finite(t->network->parameters, t->network->n_values)) {
        return 0;
    }
    gather(t, 0, rows, NULL, SML__ALONE);
    sml__network_forward(t->network, &t->workspace, &pass, SML__ALONE);
    sml__network_loss(t->network, &t->workspace, &pass, SML__ALONE);
    int sound = 1;
    for (size_t r = 0; r < rows; r++) {
        sound = sound && isfinite(t->workspace.losses[r]);
    }
    return sound;
}

static sml_status report_progress(training *t)
{
    const size_t rows = t->data->view.rows, batch_size = t->settings->batch_size;
    if (t->options->progress == NULL) {
        return SML_OK;
    }
    const sml_progress progress = {
        .epoch = t->epoch + 1,
        .epochs = t->settings->epochs,
        .step = t->first / batch_size + 1,
        .steps = rows / batch_size + (rows % batch_size != 0),
        .samples = t->report->samples,
        .loss = t->report->loss,
        .seconds = sml__seconds_now() - t->started,
    };
    if (t->options->progress(t->options->user, &progress) == 0) {
        return SML_OK;
    }
    return sml__fail(t->ctx, SML_CANCELLED, "cancelled in epoch %u, step %llu", t->epoch + 1,
                     (unsigned long long)progress.step);
}

/* The batch that begins at row `first` of the order. */
static void choose_batch(training *t, size_t first)
{
    const size_t left = t->data->view.rows - first;
    t->first = first;
    t->batch = left < t->settings->batch_size ? left : t->settings->batch_size;
    t->batch_loss = 0;
}

/* After a batch: is all well, and what comes next? */
static void account_for_batch(training *t)
{
    if (!isfinite(t->batch_loss)) {
        t->status = diverged(t, t->report->steps + 1);
        return;
    }
    t->status = sml__dataset_status(t->ctx, t->data);
    if (t->status != SML_OK) {
        return;
    }
    t->epoch_loss += t->batch_loss;
    t->report->steps++;
    t->report->samples += t->batch;
    t->report->loss = t->epoch_loss / (double)(t->first + t->batch);
    t->status = report_progress(t);
    choose_batch(t, t->first + t->batch);
}

/* One batch, as every member of the team runs it. When rank 0 accounts for it, and perhaps calls
 * back, all parameters have taken their step. */
static void train_batch(training *t, sml__member member)
{
    const size_t first = t->first, batch = t->batch;
    const uint64_t number = t->report->steps + 1;
    differentiate(t, first, batch, member);
    if (!t->is_folded) {
        sml__team_wait(member);
        if (t->settings->l1 > 0 || t->settings->l2 > 0) {
            penalise(t, member);
        }
        update(t, t->settings->clip_norm > 0 ? clipping(t, member) : 1.0, number, member);
    }
    sml__team_wait(member);
    if (member.rank == 0) {
        account_for_batch(t);
    }
    sml__team_wait(member);
}

/* All batches of an epoch, as every member of the team runs them. */
static void train_batches(void *argument, sml__member member)
{
    training *t = argument;
    while (t->status == SML_OK && t->first < t->data->view.rows) {
        train_batch(t, member);
    }
}

/* One epoch over the shuffled samples. What it leaves is kept only when it is sound. */
static sml_status train_epoch(training *t)
{
    sml__random random;
    sml__random_init(&random, t->settings->seed, SML__SHUFFLE, epoch_number(t), 0);
    sml__random_permutation(&random, t->order, t->data->view.rows);
    sml__dataset_map_order(t->data, t->order, t->data->view.rows);
    t->epoch_loss = 0;
    choose_batch(t, 0);
    sml__team_run(t->members, train_batches, t);
    if (t->status != SML_DIVERGED && !is_sound(t)) {
        t->status = diverged(t, t->report->steps);
    }
    if (t->status != SML_DIVERGED && t->first == t->data->view.rows) {
        memcpy(t->last_good, t->network->parameters, t->network->n_values * sizeof(float));
        t->report->epochs++;
    }
    return t->status;
}

/* Gradient, a copy of the parameters and the optimiser's state; the rows of a pass through all
 * layers, with deltas for those that have their own; and the lists of a sparse batch. */
static double bytes_needed(const training *t, size_t pass_rows)
{
    const double arrays = (t->is_folded ? 1.0 : 2.0) + t->settings->optimizer->n_states;
    double kept = 0;
    double widths = (double)(sml__row_stride(t->network->n_in) + t->network->n_out);
    for (size_t l = 0; l < t->network->n_layers; l++) {
        const double width = (double)sml__row_stride(t->network->layers[l].n_out);
        widths += sml__has_own_deltas(t->network, l) ? 2 * width : width;
        kept += (double)sml__stats_count(&t->network->layers[l], pass_rows);
    }
    const double lists =
        t->sparse != NULL ? 4.0 * (double)sml__sparse_room(pass_rows, t->network->n_in) : 0;
    return lists + sizeof(double) * kept +
           sizeof(float) * (arrays * (double)t->network->n_parameters + (double)pass_rows * widths);
}

/* Skips the zeros of the data where that pays: the first layer reads its inputs themselves, and
 * they are mostly zero. The choice is made from the data and the batch size alone. */
static void find_zeros(training *t, size_t pass_rows)
{
    const sml_data_view *view = &t->data->view;
    if (t->augmentation == NULL && view->bytes != NULL && t->network->layers[0].type->has_units &&
        pass_rows <= SML__SPARSE_ROWS && sml__is_sparse(t->data, 0, view->rows)) {
        t->rows = sml__sparse_view(t->data, 0, t->values);
        t->sparse = &t->rows;
    }
}

static sml_status allocate(training *t)
{
    sml_ctx *ctx = t->ctx;
    const size_t n = t->network->n_parameters, rows = t->data->view.rows;
    const size_t batch = t->settings->batch_size < rows ? t->settings->batch_size : rows;
    const size_t pass_rows = sml__pass_rows(t->network, batch);
    sml_status status = sml__augmentation_create(ctx, t->data, &t->settings->augment,
                                                 t->settings->seed, t->members, &t->augmentation);
    if (status != SML_OK) {
        return status;
    }
    find_zeros(t, pass_rows);
    status = sml__batch_check(ctx, t->network, batch);
    if (status == SML_OK) {
        status = sml__memory_check(ctx, bytes_needed(t, pass_rows), "training");
    }
    if (status == SML_OK) {
        status = sml__workspace_create(ctx, t->network, pass_rows, t->members, 1, t->sparse != NULL,
                                       &t->workspace);
    }
    if (status != SML_OK) {
        return status;
    }
    t->gradient = sml__alloc(ctx, t->is_folded ? 0 : n, sizeof(float), "gradients");
    t->last_good = sml__alloc(ctx, t->network->n_values, sizeof(float), "a copy of the parameters");
    t->block_norms = sml__alloc(ctx, n / NORM_BLOCK + 1, sizeof(double), "norms");
    t->order = sml__alloc(ctx, rows, sizeof(uint32_t), "the order of the samples");
    int complete =
        t->gradient != NULL && t->last_good != NULL && t->block_norms != NULL && t->order != NULL;
    for (int s = 0; complete && s < t->settings->optimizer->n_states; s++) {
        t->state[s] = sml__alloc(ctx, n, sizeof(float), "the optimiser's state");
        complete = t->state[s] != NULL;
    }
    return complete ? SML_OK : SML_NO_MEMORY;
}

static void release(training *t)
{
    sml__workspace_free(&t->workspace, t->network);
    sml__augmentation_free(t->augmentation);
    sml__free(t->gradient);
    sml__free(t->last_good);
    sml__free(t->block_norms);
    sml__free(t->order);
    sml__free(t->state[0]);
    sml__free(t->state[1]);
}

/* Plain gradient descent on a batch that comes in one pass needs no gradient in memory. */
static int can_fold(const sml__training_settings *settings, size_t batch)
{
    return settings->optimizer->is_plain && settings->update.learning_rate != 0 &&
           settings->update.weight_decay == 0 && settings->l1 == 0 && settings->l2 == 0 &&
           settings->clip_norm == 0 && batch <= SML__PASS_ROWS;
}

sml_status sml__train(sml_ctx *ctx, sml__network *network, const sml_dataset *data,
                      const sml__training_settings *settings, const sml_fit_options *options,
                      sml_fit_report *report)
{
    const size_t batch =
        settings->batch_size < data->view.rows ? settings->batch_size : data->view.rows;
    training t = {
        .ctx = ctx,
        .network = network,
        .data = data,
        .settings = settings,
        .options = options,
        .report = report,
        .members = sml__team_size(ctx, (double)batch * sml__network_flops(network)),
        .started = sml__seconds_now(),
    };
    report->loss = (double)NAN; /* until a batch is done */
    t.is_folded = can_fold(settings, batch);
    t.status = allocate(&t);
    if (t.status == SML_OK) {
        memcpy(t.last_good, network->parameters, network->n_values * sizeof(float));
    }
    for (; t.status == SML_OK && t.epoch < settings->epochs; t.epoch++) {
        train_epoch(&t);
    }
    report->seconds = sml__seconds_now() - t.started;
    release(&t);
    return t.status;
}
