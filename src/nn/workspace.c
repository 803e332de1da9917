#include "nn/network.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

static size_t widest(const sml__network *network)
{
    size_t width = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        width = layer->n_out > width ? layer->n_out : width;
    }
    return width;
}

/* [rows, width] floats, zero, to the last of a row's stride; NULL with an error in ctx. */
static float *allocate_rows(sml_ctx *ctx, size_t rows, size_t width, const char *what)
{
    size_t count = 0;
    if (!sml__multiply(rows, sml__row_stride(width), &count)) {
        count = SIZE_MAX; /* sml__alloc refuses and says so */
    }
    return sml__alloc(ctx, count, sizeof(float), what);
}

/* count elements that are written before they are read: a prediction would else spend a thirtieth
 * of its time on zeroing what it does not touch. */
static void *allocate_scratch(sml_ctx *ctx, size_t count, size_t size, const char *what)
{
    size_t bytes = 0;
    if (!sml__multiply(count, size, &bytes)) {
        bytes = SIZE_MAX; /* refused likewise */
    }
    return sml__alloc_to_fill(ctx, bytes, what);
}

static int allocate_outputs(sml_ctx *ctx, const sml__network *network, sml__workspace *workspace)
{
    workspace->outputs =
        sml__alloc(ctx, network->n_layers, sizeof *workspace->outputs, "a list of layers");
    for (size_t l = 0; workspace->outputs != NULL && l < network->n_layers; l++) {
        workspace->outputs[l] =
            allocate_rows(ctx, workspace->rows, network->layers[l].n_out, "a layer's outputs");
        if (workspace->outputs[l] == NULL) {
            return 0;
        }
    }
    return workspace->outputs != NULL;
}

int sml__has_own_deltas(const sml__network *network, size_t l)
{
    return l == 0 || network->layers[l].type->gradient != NULL;
}

size_t sml__stats_count(const sml__layer *layer, size_t rows)
{
    return (size_t)layer->type->column_stats * layer->n_out + (size_t)layer->type->row_stats * rows;
}

static int allocate_stats(sml_ctx *ctx, const sml__network *network, sml__workspace *workspace)
{
    workspace->stats =
        sml__alloc(ctx, network->n_layers, sizeof *workspace->stats, "a list of layers");
    for (size_t l = 0; workspace->stats != NULL && l < network->n_layers; l++) {
        const size_t count = sml__stats_count(&network->layers[l], workspace->rows);
        if (count > 0) {
            workspace->stats[l] = sml__alloc(ctx, count, sizeof(double), "statistics of a batch");
            if (workspace->stats[l] == NULL) {
                return 0;
            }
        }
    }
    return workspace->stats != NULL;
}

static int allocate_deltas(sml_ctx *ctx, const sml__network *network, sml__workspace *workspace)
{
    workspace->deltas =
        sml__alloc(ctx, network->n_layers, sizeof *workspace->deltas, "a list of layers");
    for (size_t l = 0; workspace->deltas != NULL && l < network->n_layers; l++) {
        workspace->deltas[l] =
            workspace->all_deltas || sml__has_own_deltas(network, l)
                ? allocate_rows(ctx, workspace->rows, network->layers[l].n_out, "deltas")
                : workspace->deltas[l - 1];
        if (workspace->deltas[l] == NULL) {
            return 0;
        }
    }
    return workspace->deltas != NULL;
}

/* Any row alone is a list for each member; with_entries: all rows of the input at once, and all its
 * columns for a gradient. */
static size_t entries_of(const sml__network *network, const sml__workspace_plan *plan)
{
    const size_t rows = plan->rows;
    const size_t n_in = network->n_in, width = widest(network) > n_in ? widest(network) : n_in;
    const size_t alone = (size_t)plan->members * sml__sparse_row_room(width);
    size_t all = plan->with_entries ? rows * sml__sparse_row_room(n_in) : 0;
    if (plan->with_entries && plan->with_deltas) {
        all = sml__sparse_room(rows, n_in);
    }
    return all > alone ? all : alone;
}

int sml__reads_compressed(const sml__network *network, const sml__csr_extent *extent, size_t rows)
{
    return extent->is_sparse && network->layers[0].type->has_units &&
           sml__csr_entries(extent, rows) <= SML__CSR_ENTRIES_MAX;
}

static int allocate_chains(sml_ctx *ctx, const sml__network *network,
                           const sml__workspace_plan *plan, sml__csr_chains *chains)
{
    size_t links = 0;
    chains->room = sml__csr_room(plan->entries);
    if (!sml__multiply((size_t)plan->members, chains->room, &links)) {
        links = SIZE_MAX;
    }
    chains->heads = sml__alloc(ctx, network->n_in, sizeof *chains->heads, "chains of entries");
    chains->links = allocate_scratch(ctx, links, sizeof *chains->links, "chains of entries");
    return chains->heads != NULL && chains->links != NULL;
}

/* What the first layer reads: rows of floats, unless it reads compressed rows where they lie. */
static int allocate_input(sml_ctx *ctx, const sml__network *network,
                          const sml__workspace_plan *plan, sml__workspace *workspace)
{
    if (plan->is_compressed) {
        return !plan->with_deltas || allocate_chains(ctx, network, plan, &workspace->chains);
    }
    workspace->input = allocate_scratch(
        ctx, plan->rows, sml__row_stride(network->n_in) * sizeof(float), "a batch of inputs");
    return workspace->input != NULL;
}

sml_status sml__workspace_create(sml_ctx *ctx, const sml__network *network,
                                 const sml__workspace_plan *plan, sml__workspace *out)
{
    const size_t rows = plan->rows;
    memset(out, 0, sizeof *out);
    out->rows = rows;
    out->all_deltas = plan->with_deltas == SML__ALL_DELTAS;
    out->target = allocate_rows(ctx, rows, network->n_out, "a batch of targets");
    out->losses = sml__alloc(ctx, rows, sizeof(double), "a batch of losses");
    out->scratch = allocate_scratch(ctx, (size_t)plan->members, SML__GEMM_SCRATCH * sizeof(float),
                                    "packed panels");
    int complete = out->target != NULL && out->losses != NULL && out->scratch != NULL &&
                   allocate_input(ctx, network, plan, out) && allocate_outputs(ctx, network, out);
    if (complete) {
        out->entries = allocate_scratch(ctx, entries_of(network, plan), sizeof *out->entries,
                                        "lists of non-zeros");
        complete = out->entries != NULL;
    }
    if (complete && plan->with_deltas) {
        complete = allocate_deltas(ctx, network, out) && allocate_stats(ctx, network, out);
    }
    if (!complete) {
        sml__workspace_free(out, network);
        return SML_NO_MEMORY;
    }
    return SML_OK;
}

void sml__workspace_free(sml__workspace *workspace, const sml__network *network)
{
    for (size_t l = 0; workspace->outputs != NULL && l < network->n_layers; l++) {
        sml__free(workspace->outputs[l]);
    }
    sml__free(workspace->outputs);
    sml__free(workspace->input);
    sml__free(workspace->target);
    sml__free(workspace->losses);
    sml__free(workspace->scratch);
    sml__free(workspace->entries);
    sml__free(workspace->chains.heads);
    sml__free(workspace->chains.links);
    for (size_t l = 0; workspace->deltas != NULL && l < network->n_layers; l++) {
        if (workspace->all_deltas || sml__has_own_deltas(network, l)) {
            sml__free(workspace->deltas[l]);
        }
    }
    sml__free(workspace->deltas);
    for (size_t l = 0; workspace->stats != NULL && l < network->n_layers; l++) {
        sml__free(workspace->stats[l]);
    }
    sml__free(workspace->stats);
    memset(workspace, 0, sizeof *workspace);
}
