/* Scores of every row. As in a prediction of all rows, blocks of them are taken by the members of a
 * team as they get done; a block's numbers do not depend on who took it. */
#include "base/context.h"
#include "base/memory.h"
#include "base/threads.h"
#include "data/rows.h"
#include "explain/gradient_norms.h"
#include "model/prepare_model.h"
#include "nn/inference.h"
#include "nn/mlp.h"
#include "nn/mlp_settings.h"

#include <math.h>
#include <scratchml/mistakes.h>
#include <stdatomic.h>

enum { BLOCK_ROWS = 64 };

/* What a member needs for its passes. */
typedef struct member_memory {
    sml__workspace workspace;
    float *outputs;  /* [n_out] */
    double *scratch; /* of the norms */
    float *input;    /* [n_in] a row of compressed numbers that are not held as float32 */
} member_memory;

typedef struct scoring {
    const sml__network *network;
    const sml_dataset *data; /* behind the pipeline */
    double label_smoothing;
    int with_gradients, is_compressed;
    size_t blocks;
    atomic_size_t taken;
    member_memory *memory; /* [members] */
    sml_sample_score *out; /* [rows] */
} scoring;

static sml_sample_score judge(const scoring *run, size_t row, const float *target, const float *z,
                              const float *outputs)
{
    const size_t n = run->network->n_out;
    const sml_task task = run->network->loss->task;
    sml_sample_score one = {.row = (uint32_t)row,
                            .label = sml_dataset_label(run->data, row),
                            .predicted = -1,
                            .probability = NAN,
                            .own = NAN,
                            .gradient_norm = (double)NAN,
                            .suspect_of = -1,
                            .margin = (double)NAN};
    double square = 0;
    for (size_t k = 0; k < n; k++) {
        const double gap = (double)outputs[k] - (double)target[k];
        square += gap * gap;
    }
    one.residual = sqrt(square);
    if (task == SML_TASK_CLASSIFICATION) {
        one.predicted = (int32_t)sml_argmax(outputs, n);
        one.probability = outputs[one.predicted];
        one.own = outputs[one.label];
        one.is_mistake = one.predicted != one.label;
    } else if (task == SML_TASK_MULTILABEL) {
        one.is_mistake = !sml__is_hit(task, z, target, n);
    }
    return one;
}

/* ‖x‖² of a row, from where the first layer reads it. */
static double input_square(const scoring *run, member_memory *memory, size_t row, size_t within)
{
    const size_t n = run->network->n_in;
    sml__cells cells = {.values = memory->workspace.input + within * sml__row_stride(n), .n = n};
    double sum = 0;
    if (run->is_compressed) {
        cells = sml__dataset_cells(run->data, sml__dataset_place(run->data, row), memory->input);
    }
    for (size_t i = 0; i < cells.n; i++) {
        sum += (double)cells.values[i] * (double)cells.values[i];
    }
    return sum;
}

/* csr: where compressed rows are put for the pass. */
static void run_pass(const scoring *run, sml__workspace *workspace, sml__pass_settings *pass,
                     sml__csr *csr)
{
    const uint32_t *order = run->data->selection;
    const size_t first = (size_t)pass->first;
    if (run->is_compressed) {
        *csr = sml__csr_view(run->data, order != NULL ? 0 : first);
        pass->csr = csr;
        pass->order = order != NULL ? order + first : NULL;
    } else {
        sml__dataset_gather(run->data, NULL, first, pass->rows, workspace->input,
                            sml__row_stride(run->network->n_in));
    }
    for (size_t r = 0; r < pass->rows; r++) {
        sml_dataset_targets(run->data, first + r, workspace->target + r * run->network->n_out);
    }
    sml__network_forward(run->network, workspace, pass, SML__ALONE);
    sml__network_loss(run->network, workspace, pass, SML__ALONE);
    if (run->with_gradients) {
        sml__network_backward_layers(run->network, workspace, pass, NULL, 0, run->network->n_layers,
                                     SML__ALONE);
    }
}

static void score_block(const scoring *run, member_memory *memory, size_t block)
{
    sml__workspace *workspace = &memory->workspace;
    const size_t rows = run->data->view.rows, first = block * workspace->rows;
    const size_t n = run->network->n_out, stride = sml__row_stride(n);
    const size_t count = rows - first < workspace->rows ? rows - first : workspace->rows;
    sml__pass_settings pass = {.rows = count,
                               .batch = count,
                               .first = first,
                               .upcoming = rows - first,
                               .label_smoothing = run->label_smoothing};
    sml__csr csr;
    run_pass(run, workspace, &pass, &csr);
    for (size_t r = 0; r < count; r++) {
        const float *z = workspace->outputs[run->network->n_layers - 1] + r * stride;
        sml_sample_score *one = &run->out[first + r];
        run->network->loss->output(z, n, memory->outputs);
        *one = judge(run, first + r, workspace->target + r * n, z, memory->outputs);
        one->loss = workspace->losses[r];
        if (run->with_gradients) {
            one->gradient_norm =
                sml__gradient_norm(run->network, workspace, r,
                                   input_square(run, memory, first + r, r), memory->scratch);
        }
    }
}

static void score_share(void *argument, sml__member member)
{
    scoring *run = argument;
    size_t block;
    while ((block = atomic_fetch_add(&run->taken, 1)) < run->blocks) {
        score_block(run, &run->memory[member.rank], block);
    }
}

static sml_status take_memory(sml_ctx *ctx, const scoring *run, size_t rows,
                              const sml__csr_extent *extent, member_memory *memory)
{
    const sml__network *network = run->network;
    const sml__workspace_plan plan = {
        .rows = rows,
        .members = 1,
        .with_deltas = run->with_gradients ? SML__DELTAS : SML__NO_DELTAS,
        .is_compressed = run->is_compressed,
        .entries = sml__csr_entries(extent, rows),
    };
    memory->outputs = sml__alloc(ctx, network->n_out, sizeof(float), "predictions");
    memory->scratch =
        sml__alloc(ctx, sml__gradient_norm_scratch(network), sizeof(double), "a row of a norm");
    memory->input = sml__alloc(ctx, run->is_compressed ? network->n_in : 1, sizeof(float), "a row");
    if (memory->outputs == NULL || memory->scratch == NULL || memory->input == NULL) {
        return SML_NO_MEMORY;
    }
    return sml__workspace_create(ctx, network, &plan, &memory->workspace);
}

static void free_memory(const scoring *run, int members)
{
    for (int i = 0; run->memory != NULL && i < members; i++) {
        sml__workspace_free(&run->memory[i].workspace, run->network);
        sml__free(run->memory[i].outputs);
        sml__free(run->memory[i].scratch);
        sml__free(run->memory[i].input);
    }
    sml__free(run->memory);
}

static sml_status score_all(sml_ctx *ctx, scoring *run)
{
    const size_t rows = run->data->view.rows, block_rows = rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
    const sml__csr_extent extent = sml__csr_extent_of(run->data);
    run->blocks = (rows + block_rows - 1) / block_rows;
    run->is_compressed = sml__reads_compressed(run->network, &extent, block_rows);
    const double density = run->is_compressed ? extent.density : 1.0;
    const int wanted =
        sml__team_size(ctx, (double)rows * sml__network_flops(run->network, density) / 3.0);
    const int members = (size_t)wanted < run->blocks ? wanted : (int)run->blocks;
    run->memory = sml__alloc(ctx, (size_t)members, sizeof *run->memory, "workspaces");
    sml_status status = run->memory != NULL ? SML_OK : SML_NO_MEMORY;
    for (int i = 0; i < members && status == SML_OK; i++) {
        status = take_memory(ctx, run, block_rows, &extent, &run->memory[i]);
    }
    if (status == SML_OK) {
        sml__team_run(members, score_share, run);
        status = sml__dataset_status(ctx, run->data);
    }
    free_memory(run, members);
    return status;
}

static const sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    return mlp != NULL ? mlp->network : NULL;
}

static sml_status check(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, size_t rows)
{
    if (rows != data->view.rows) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "mistakes: room for %zu rows; %s has %zu", rows,
                         data->name, data->view.rows);
    }
    if (data->view.task == SML_TASK_NONE) {
        return sml__fail(ctx, SML_BAD_DATA, "%s: no labels or targets; mistakes need some",
                         data->name);
    }
    return sml__model_check_targets(ctx, model, data);
}

sml_status sml_model_scores_each(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                 int with_gradients, sml_sample_score *out, size_t rows)
{
    sml_dataset *own = NULL;
    sml__training_settings settings;
    scoring run = {.network = network_of(model), .with_gradients = with_gradients, .out = out};
    if (run.network == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "mistakes: the model is not a fitted network; fit or load one");
    }
    sml_status status = check(ctx, model, data, rows);
    if (status == SML_OK) {
        status = sml__model_data(ctx, model, data, &own, &run.data);
    }
    if (status == SML_OK) {
        status = sml__mlp_training(ctx, model, run.network->loss, &settings);
    }
    if (status == SML_OK) {
        run.label_smoothing = settings.label_smoothing;
        status = score_all(ctx, &run);
    }
    sml_dataset_free(own);
    return status;
}
