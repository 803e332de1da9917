/* The rows are cut into blocks of BLOCK_ROWS; a member of the team takes whole blocks through
 * all layers on its own, a few at a time as it gets done, so nobody waits; a block's numbers do not
 * depend on who took it. */
#include "nn/inference.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/threads.h"
#include "data/rows.h"
#include "data/sparse_rows.h"

#include <math.h>
#include <scratchml/metrics.h>
#include <stdatomic.h>
#include <string.h>

/* Rows that pass through the network together: enough to use each weight often while it is in L1,
 * few enough that their numbers stay in L2. */
enum { BLOCK_ROWS = 64 };

/* Blocks that a member takes at once: the next one is fetched ahead. */
enum { BLOCKS_TAKEN = 4 };

typedef struct inference {
    const sml__network *network;
    const sml_dataset *data;
    int is_compressed;          /* its rows, and the first layer reads them as they lie */
    sml__workspace *workspaces; /* [members] */
    size_t blocks;
    atomic_size_t taken;  /* blocks that a member has taken so far */
    float *outputs;       /* [rows, n_out], or NULL */
    double *block_losses; /* [blocks], or NULL */
    uint64_t *block_hits; /* [blocks], or NULL */
} inference;

/* Outputs from logits, to where the caller wants them. */
static void write_outputs(const inference *run, const float *logits, size_t first, size_t rows)
{
    const size_t n = run->network->n_out, stride = sml__row_stride(n);
    for (size_t r = 0; r < rows; r++) {
        run->network->loss->output(logits + r * stride, n, run->outputs + (first + r) * n);
    }
}

int sml__is_hit(sml_task task, const float *logits, const float *target, size_t n)
{
    if (task == SML_TASK_CLASSIFICATION) {
        return sml_argmax(logits, n) == sml_argmax(target, n);
    }
    int hit = 1;
    for (size_t k = 0; k < n; k++) {
        hit = hit && (logits[k] > 0) == (target[k] > 0.5F);
    }
    return hit;
}

static void score_block(const inference *run, sml__workspace *workspace, const float *logits,
                        size_t block, const sml__pass_settings *pass)
{
    const size_t n = run->network->n_out, stride = sml__row_stride(n);
    const size_t first = (size_t)pass->first;
    for (size_t r = 0; r < pass->rows; r++) {
        sml_dataset_targets(run->data, first + r, workspace->target + r * n);
    }
    sml__network_loss(run->network, workspace, pass, SML__ALONE);
    for (size_t r = 0; r < pass->rows; r++) {
        run->block_losses[block] += workspace->losses[r];
        run->block_hits[block] += (uint64_t)sml__is_hit(
            run->network->loss->task, logits + r * stride, workspace->target + r * n, n);
    }
}

/* Rows as the products of sparse rows see them. */
typedef struct sparse_rows {
    sml__sparse sparse;
    float values[256];
    sml__csr csr;
} sparse_rows;

/* Where the rows of a block are read: as they lie where they are mostly zero or float32, otherwise
 * gathered into the workspace; bytes of a store that are mostly zero are, as bytes. */
static void find_input(const inference *run, sml__workspace *workspace, sml__pass_settings *pass,
                       sparse_rows *rows)
{
    const sml_data_view *view = &run->data->view;
    const size_t first = (size_t)pass->first;
    const uint32_t *order = run->data->selection != NULL ? run->data->selection + first : NULL;
    const int is_dense_layer = run->network->layers[0].type->has_units;
    if (run->is_compressed) {
        rows->csr = sml__csr_view(run->data, order != NULL ? 0 : first);
        pass->csr = &rows->csr;
        pass->order = order;
    } else if (is_dense_layer && sml__is_staged(run->data) &&
               sml__is_sparse(run->data, first, pass->rows)) {
        const size_t stride = sml__row_stride(run->network->n_in) * sizeof(float);
        sml__dataset_gather_bytes(run->data, NULL, first, pass->rows, (uint8_t *)workspace->input,
                                  stride);
        rows->sparse = sml__sparse_staged(run->data, workspace->input, stride, rows->values);
        pass->sparse = &rows->sparse;
        pass->upcoming = pass->rows;
    } else if (is_dense_layer && sml__is_sparse(run->data, first, pass->rows)) {
        rows->sparse = sml__sparse_view(run->data, order != NULL ? 0 : first, rows->values);
        pass->sparse = &rows->sparse;
        pass->order = order;
    } else if (is_dense_layer && view->features != NULL && order == NULL) {
        pass->input = view->features + first * view->row_stride;
        pass->input_row = view->row_stride;
    } else {
        sml__dataset_gather(run->data, NULL, first, pass->rows, workspace->input,
                            sml__row_stride(run->network->n_in));
    }
}

static void infer_block(const inference *run, sml__workspace *workspace, size_t block)
{
    const size_t rows = run->data->view.rows, first = block * workspace->rows;
    sml__pass_settings pass = {
        .rows = rows - first < workspace->rows ? rows - first : workspace->rows,
        .batch = rows,
        .first = first,
        .upcoming = rows - first,
    };
    sparse_rows sparse;
    const float *logits = workspace->outputs[run->network->n_layers - 1];
    find_input(run, workspace, &pass, &sparse);
    sml__network_forward(run->network, workspace, &pass, SML__ALONE);
    if (run->block_losses != NULL) {
        score_block(run, workspace, logits, block, &pass);
    }
    if (run->outputs != NULL) {
        write_outputs(run, logits, first, pass.rows);
    }
}

static void infer_share(void *argument, sml__member member)
{
    inference *run = argument;
    size_t block;
    while ((block = atomic_fetch_add(&run->taken, BLOCKS_TAKEN)) < run->blocks) {
        const size_t left = run->blocks - block,
                     end = block + (left < BLOCKS_TAKEN ? left : BLOCKS_TAKEN);
        for (; block < end; block++) {
            infer_block(run, &run->workspaces[member.rank], block);
        }
    }
}

static sml_status infer(sml_ctx *ctx, inference *run)
{
    const size_t rows = run->data->view.rows;
    const size_t block_rows = rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
    const sml__csr_extent extent = sml__csr_extent_of(run->data);
    run->is_compressed = sml__reads_compressed(run->network, &extent, block_rows);
    const double density = run->is_compressed ? extent.density : 1.0;
    const double flops = (double)rows * sml__network_flops(run->network, density) / 3.0;
    const int wanted = sml__team_size(ctx, flops);
    const int members = (size_t)wanted < run->blocks ? wanted : (int)run->blocks;
    /* The input of a block, and its lists of non-zeros. */
    const double bytes =
        run->is_compressed ? 0 : 8.0 * members * (double)block_rows * (double)run->network->n_in;
    const sml__workspace_plan plan = {
        .rows = block_rows,
        .members = 1,
        .with_entries = !run->is_compressed && run->network->n_in <= SML__SPARSE_COLUMNS_MAX,
        .is_compressed = run->is_compressed,
    };
    sml_status status = sml__memory_check(ctx, bytes, "a forward pass");
    if (status != SML_OK) {
        return status;
    }
    run->workspaces = sml__alloc(ctx, (size_t)members, sizeof *run->workspaces, "workspaces");
    if (run->workspaces == NULL) {
        return SML_NO_MEMORY;
    }
    for (int i = 0; i < members && status == SML_OK; i++) {
        status = sml__workspace_create(ctx, run->network, &plan, &run->workspaces[i]);
    }
    if (status == SML_OK) {
        sml__team_run(members, infer_share, run);
        status = sml__dataset_status(ctx, run->data);
    }
    for (int i = 0; i < members; i++) {
        sml__workspace_free(&run->workspaces[i], run->network);
    }
    sml__free(run->workspaces);
    return status;
}

static size_t blocks_of(const sml_dataset *data)
{
    return (data->view.rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

sml_status sml__network_predict(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                float *outputs)
{
    inference run = {
        .network = network, .data = data, .blocks = blocks_of(data), .outputs = outputs};
    return infer(ctx, &run);
}

sml_status sml__network_evaluate(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                 float *outputs, sml_scores *scores)
{
    inference run = {
        .network = network, .data = data, .blocks = blocks_of(data), .outputs = outputs};
    run.block_losses = sml__alloc(ctx, run.blocks, sizeof(double), "losses");
    run.block_hits = sml__alloc(ctx, run.blocks, sizeof(uint64_t), "hits");
    sml_status status = SML_NO_MEMORY;
    if (run.block_losses != NULL && run.block_hits != NULL) {
        status = infer(ctx, &run);
    }
    if (status == SML_OK) {
        double loss = 0;
        uint64_t hits = 0;
        for (size_t b = 0; b < run.blocks; b++) {
            loss += run.block_losses[b];
            hits += run.block_hits[b];
        }
        const double rows = (double)data->view.rows;
        scores->samples = data->view.rows;
        scores->loss = loss / rows;
        scores->accuracy =
            network->loss->task == SML_TASK_REGRESSION ? (double)NAN : (double)hits / rows;
    }
    sml__free(run.block_losses);
    sml__free(run.block_hits);
    return status;
}
