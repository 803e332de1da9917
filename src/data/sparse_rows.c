#include "data/sparse_rows.h"

#include "base/context.h"
#include "base/threads.h"

#include <stdatomic.h>

typedef struct counting {
    const sml_data_view *view;
    atomic_ullong non_zeros;
} counting;

static void count_rows(void *argument, sml__member member)
{
    counting *c = argument;
    const sml__range own = sml__share(c->view->rows, 1, member.rank, member.size);
    uint64_t total = 0;
    for (size_t r = own.begin; r < own.end; r++) {
        const uint8_t *row = c->view->bytes + r * c->view->row_stride;
        uint32_t count = 0;
        for (size_t i = 0; i < c->view->columns; i++) {
            count += row[i] != 0;
        }
        total += count;
    }
    atomic_fetch_add(&c->non_zeros, total);
}

void sml__sparse_view(sml_ctx *ctx, const sml_dataset *data, double max_density, sml__sparse *out,
                      int *is_sparse)
{
    const sml_data_view *view = &data->view;
    counting c = {.view = view};
    *is_sparse = 0;
    if (view->bytes == NULL) {
        return;
    }
    sml__team_run(ctx->threads, count_rows, &c);
    const double cells = (double)view->rows * (double)view->columns;
    *is_sparse = (double)atomic_load(&c.non_zeros) <= max_density * cells;
    *out = (sml__sparse){
        .columns = view->columns, .stride = view->row_stride, .bytes = view->bytes};
    for (int b = 0; b < 256; b++) {
        out->values[b] = (float)b * view->scale;
    }
}
