#include "data/sparse_rows.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/threads.h"

enum { COLUMNS_MAX = 65536 };

typedef struct packing {
    const sml_data_view *view;
    sml__sparse *sparse;
} packing;

static void count_rows(void *argument, sml__member member)
{
    const packing *p = argument;
    const sml__range own = sml__share(p->view->rows, 1, member.rank, member.size);
    for (size_t r = own.begin; r < own.end; r++) {
        const uint8_t *row = p->view->bytes + r * p->view->row_stride;
        uint32_t count = 0;
        for (size_t c = 0; c < p->view->columns; c++) {
            count += row[c] != 0;
        }
        p->sparse->start[r + 1] = count;
    }
}

/* Writes every number, and moves on only behind a non-zero: no branch to guess wrong. */
static void fill_rows(void *argument, sml__member member)
{
    const packing *p = argument;
    const sml__range own = sml__share(p->view->rows, 1, member.rank, member.size);
    for (size_t r = own.begin; r < own.end; r++) {
        const uint8_t *row = p->view->bytes + r * p->view->row_stride;
        const size_t end = p->sparse->start[r + 1];
        size_t at = p->sparse->start[r];
        for (size_t c = 0; c < p->view->columns && at < end; c++) {
            p->sparse->column[at] = (uint16_t)c;
            p->sparse->byte[at] = row[c];
            at += row[c] != 0;
        }
    }
}

/* Counts become offsets. Returns the number of all entries. */
static size_t add_up(sml__sparse *sparse)
{
    for (size_t r = 0; r < sparse->rows; r++) {
        const size_t count = sparse->start[r + 1];
        sparse->longest = count > sparse->longest ? count : sparse->longest;
        sparse->start[r + 1] = sparse->start[r] + count;
    }
    return sparse->start[sparse->rows];
}

static sml_status pack(sml_ctx *ctx, packing *p, double max_density, int *is_sparse)
{
    const double cells = (double)p->view->rows * (double)p->view->columns;
    sml__sparse *sparse = p->sparse;
    sparse->rows = p->view->rows;
    sparse->columns = p->view->columns;
    sparse->start = sml__alloc(ctx, sparse->rows + 1, sizeof *sparse->start, "sparse rows");
    if (sparse->start == NULL) {
        return SML_NO_MEMORY;
    }
    sml__team_run(ctx->threads, count_rows, p);
    const size_t entries = add_up(sparse);
    *is_sparse = (double)entries <= max_density * cells;
    if (!*is_sparse) {
        return SML_OK;
    }
    sparse->column = sml__alloc(ctx, entries, sizeof *sparse->column, "sparse rows");
    sparse->byte = sml__alloc(ctx, entries, sizeof *sparse->byte, "sparse rows");
    if (sparse->column == NULL || sparse->byte == NULL) {
        return SML_NO_MEMORY;
    }
    for (int b = 0; b < 256; b++) {
        sparse->values[b] = (float)b * p->view->scale;
    }
    sml__team_run(ctx->threads, fill_rows, p);
    return SML_OK;
}

sml_status sml__sparse_create(sml_ctx *ctx, const sml_dataset *data, double max_density,
                              sml__sparse **out)
{
    packing p = {&data->view, NULL};
    int is_sparse = 0;
    *out = NULL;
    if (data->view.bytes == NULL || data->view.columns > COLUMNS_MAX) {
        return SML_OK;
    }
    p.sparse = sml__alloc(ctx, 1, sizeof *p.sparse, "sparse rows");
    if (p.sparse == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = pack(ctx, &p, max_density, &is_sparse);
    if (status != SML_OK || !is_sparse) {
        sml__sparse_free(p.sparse);
        return status;
    }
    *out = p.sparse;
    return SML_OK;
}

void sml__sparse_free(sml__sparse *sparse)
{
    if (sparse != NULL) {
        sml__free(sparse->start);
        sml__free(sparse->column);
        sml__free(sparse->byte);
        sml__free(sparse);
    }
}
