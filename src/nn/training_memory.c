/* The arrays of a training, all taken before the first epoch. */
#include "base/context.h"
#include "base/memory.h"
#include "nn/training.h"

/* Whether somebody asks for what only a reader needs: accuracy and gradient norm of each epoch. */
static int is_watched(const sml__training *t)
{
    return t->options->epoch != NULL;
}

static int keeps_best(const sml__training *t)
{
    return t->settings->stopping != NULL;
}

static int has_weights(const sml__training *t)
{
    return t->data->view.weights != NULL || t->settings->class_weights != NULL;
}

/* Gradients, copies of the parameters and the optimiser's state; the rows of a pass through all
 * layers, with deltas for those that have their own; and the lists of a sparse batch. */
static double bytes_needed(const sml__training *t, size_t pass_rows)
{
    const double arrays = (t->is_folded ? 1.0 : 2.0) + t->settings->optimizer->n_states +
                          (is_watched(t) ? 1.0 : 0.0) + (keeps_best(t) ? 1.0 : 0.0);
    double kept = 0;
    double widths = (double)t->network->n_out;
    widths += t->csr != NULL ? 0 : (double)sml__row_stride(t->network->n_in);
    for (size_t l = 0; l < t->network->n_layers; l++) {
        const double width = (double)sml__row_stride(t->network->layers[l].n_out);
        widths += sml__has_own_deltas(t->network, l) ? 2 * width : width;
        kept += (double)sml__stats_count(&t->network->layers[l], pass_rows);
    }
    double lists = 0;
    if (t->sparse != NULL) {
        lists = sizeof(uint32_t) * (double)sml__sparse_room(pass_rows, t->network->n_in);
    } else if (t->csr != NULL) {
        lists = sizeof(sml__csr_link) * (double)t->members *
                    (double)sml__csr_entries(&t->extent, pass_rows) +
                sizeof(uint32_t) * (double)t->network->n_in;
    }
    return lists + sizeof(double) * kept +
           sizeof(float) * (arrays * (double)t->network->n_parameters + (double)pass_rows * widths);
}

/* Skips the zeros of the data where that pays: the first layer reads its inputs themselves, and
 * they are mostly zero. The choice is made from the data and the batch size alone. */
static void find_zeros(sml__training *t, size_t pass_rows)
{
    const sml_data_view *view = &t->data->view;
    const int are_bytes = view->bytes != NULL || sml__is_staged(t->data);
    if (t->augmentation == NULL && are_bytes && t->network->layers[0].type->has_units &&
        pass_rows <= SML__SPARSE_ROWS && sml__is_sparse(t->data, 0, view->rows)) {
        t->sparse = &t->rows;
    }
    if (t->augmentation == NULL && sml__reads_compressed(t->network, &t->extent, pass_rows)) {
        t->compressed = sml__csr_view(t->data, 0);
        t->csr = &t->compressed;
    }
}

/* Where t->sparse is: in the data, or where the workspace has its inputs, in rows as far apart. */
static sml_status place_rows(sml__training *t, size_t pass_rows)
{
    const size_t stride = sml__row_stride(t->network->n_in) * sizeof(float);
    if (t->sparse == NULL) {
        return SML_OK;
    }
    if (!sml__is_staged(t->data)) {
        t->rows = sml__sparse_view(t->data, 0, t->values);
        return SML_OK;
    }
    t->rows = sml__sparse_staged(t->data, t->workspace.input, stride, t->values);
    t->staged = sml__alloc(t->ctx, pass_rows, sizeof *t->staged, "the rows of a pass");
    for (size_t r = 0; t->staged != NULL && r < pass_rows; r++) {
        t->staged[r] = (uint32_t)r;
    }
    return t->staged != NULL ? SML_OK : SML_NO_MEMORY;
}

/* Plain gradient descent on a batch that comes in one pass needs no gradient in memory. */
static int can_fold(const sml__training_settings *settings, size_t batch)
{
    return settings->optimizer->is_plain && settings->update.learning_rate != 0 &&
           settings->update.weight_decay == 0 && settings->l1 == 0 && settings->l2 == 0 &&
           settings->clip_norm == 0 && batch <= SML__PASS_ROWS;
}

/* An array of parameters where it is wanted; 0 where there is no memory for it. */
static int take(sml__training *t, int wanted, size_t n, float **array, const char *what)
{
    if (wanted) {
        *array = sml__alloc(t->ctx, n, sizeof(float), what);
    }
    return !wanted || *array != NULL;
}

static int take_parameters(sml__training *t)
{
    const size_t n = t->network->n_parameters, all = t->network->n_values;
    int complete = take(t, !t->is_folded, n, &t->gradient, "gradients") &&
                   take(t, 1, all, &t->last_good, "a copy of the parameters") &&
                   take(t, keeps_best(t), all, &t->best, "the best parameters") &&
                   take(t, is_watched(t), n, &t->probe, "gradients");
    for (int s = 0; complete && s < t->settings->optimizer->n_states; s++) {
        complete = take(t, 1, n, &t->optimizer[s], "the optimiser's state");
    }
    return complete;
}

static int take_history(sml__training *t)
{
    sml__training_state *state = t->state;
    const uint64_t epochs = t->settings->epochs;
    state->history_room = epochs < SML__HISTORY_MAX ? (size_t)epochs : SML__HISTORY_MAX;
    state->history =
        sml__alloc(t->ctx, state->history_room, sizeof *state->history, "the history of a fit");
    return state->history != NULL;
}

static int take_rows(sml__training *t, size_t batch, size_t pass_rows)
{
    sml_ctx *ctx = t->ctx;
    t->block_norms =
        sml__alloc(ctx, t->network->n_parameters / SML__NORM_BLOCK + 1, sizeof(double), "norms");
    t->order = sml__alloc(ctx, t->data->view.rows, sizeof(uint32_t), "the order of the samples");
    if (has_weights(t)) {
        t->weights = sml__alloc(ctx, batch, sizeof(float), "weights");
    }
    if (is_watched(t) && t->network->loss->task != SML_TASK_REGRESSION) {
        t->hit = sml__alloc(ctx, pass_rows, 1, "hits");
    }
    return t->block_norms != NULL && t->order != NULL && (!has_weights(t) || t->weights != NULL) &&
           (!is_watched(t) || t->network->loss->task == SML_TASK_REGRESSION || t->hit != NULL);
}

sml_status sml__training_allocate(sml__training *t)
{
    const size_t rows = t->data->view.rows;
    const size_t batch = t->settings->batch_size < rows ? t->settings->batch_size : rows;
    const size_t pass_rows = sml__pass_rows(t->network, batch);
    t->is_folded = can_fold(t->settings, batch);
    sml_status status = sml__augmentation_create(t->ctx, t->data, &t->settings->augment,
                                                 t->settings->seed, t->members, &t->augmentation);
    if (status == SML_OK) {
        status = sml__batch_check(t->ctx, t->network, batch);
    }
    if (status != SML_OK) {
        return status;
    }
    find_zeros(t, pass_rows);
    status = sml__memory_check(t->ctx, bytes_needed(t, pass_rows), "training");
    if (status == SML_OK) {
        const sml__workspace_plan plan = {
            .rows = pass_rows,
            .members = t->members,
            .with_deltas = SML__DELTAS,
            .with_entries = t->sparse != NULL,
            .is_compressed = t->csr != NULL,
            .entries = sml__csr_entries(&t->extent, pass_rows),
        };
        status = sml__workspace_create(t->ctx, t->network, &plan, &t->workspace);
    }
    status = status == SML_OK ? place_rows(t, pass_rows) : status;
    if (status != SML_OK) {
        return status;
    }
    if (!take_parameters(t) || !take_rows(t, batch, pass_rows) || !take_history(t)) {
        return SML_NO_MEMORY;
    }
    return sml__training_judge(t);
}

void sml__training_release(sml__training *t)
{
    sml__workspace_free(&t->workspace, t->network);
    sml__augmentation_free(t->augmentation);
    sml__free(t->gradient);
    sml__free(t->last_good);
    sml__free(t->best);
    sml__free(t->probe);
    sml__free(t->hit);
    sml__free(t->weights);
    sml__training_judge_end(t);
    sml__free(t->block_norms);
    sml__free(t->order);
    sml__free(t->staged);
    sml__free(t->optimizer[0]);
    sml__free(t->optimizer[1]);
}
