/* Windows and selections: data sets that have some rows of another one. */
#include "data/dataset.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"

#include <string.h>

sml_status sml__dataset_borrow(sml_ctx *ctx, const sml_dataset *data, size_t n, sml_dataset **out)
{
    sml_dataset *part = sml__alloc(ctx, 1, sizeof *part, "a part of a data set");
    *out = part;
    if (part == NULL) {
        return SML_NO_MEMORY;
    }
    *part = *data;
    memset(part->owned, 0, sizeof part->owned);
    part->owned_schema = NULL;
    part->owned_store = NULL;
    part->owned_whole = NULL;
    part->owned_binding = NULL;
    part->borrows_names = 1;
    part->view.name = part->name;
    part->view.rows = n;
    return SML_OK;
}

/* Moves the start of a view down by some rows. Entries of compressed rows stay where they are. */
static void advance(sml_data_view *view, size_t rows)
{
    view->features = view->features != NULL ? view->features + rows * view->row_stride : NULL;
    view->bytes = view->bytes != NULL ? view->bytes + rows * view->row_stride : NULL;
    view->row_starts = view->row_starts != NULL ? view->row_starts + rows : NULL;
    view->labels = view->labels != NULL ? view->labels + rows : NULL;
    view->targets = view->targets != NULL ? view->targets + rows * view->outputs : NULL;
    view->weights = view->weights != NULL ? view->weights + rows : NULL;
}

sml_status sml_dataset_rows(sml_ctx *ctx, const sml_dataset *data, size_t first, size_t count,
                            sml_dataset **out)
{
    *out = NULL;
    const sml_data_view *all = &data->view;
    if (count == 0 || first >= all->rows || count > all->rows - first) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: %zu rows from row %zu were asked for; it has rows 0…%zu", data->name,
                         count, first, all->rows - 1);
    }
    sml_status status = sml__dataset_borrow(ctx, data, count, out);
    if (status == SML_OK && data->selection != NULL) {
        (*out)->selection += first;
    } else if (status == SML_OK) {
        advance(&(*out)->view, first);
        (*out)->origin += first;
        (*out)->store_at += data->store != NULL ? first * data->store->row_bytes : 0;
    }
    return status;
}

sml_status sml__dataset_adopt_selection(sml_ctx *ctx, const sml_dataset *data, uint32_t *rows,
                                        size_t n, sml_dataset **out)
{
    sml_status status = sml__dataset_borrow(ctx, data, n, out);
    if (status != SML_OK) {
        sml__free(rows);
        return status;
    }
    sml__dataset_map_order(data, rows, n);
    (*out)->owned[0] = rows;
    (*out)->selection = rows;
    return SML_OK;
}

sml_status sml_dataset_select(sml_ctx *ctx, const sml_dataset *data, const uint32_t *rows, size_t n,
                              sml_dataset **out)
{
    *out = NULL;
    if (n == 0 || n > UINT32_MAX) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: %zu rows were asked for; 1…%u can be",
                         data->name, n, UINT32_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= data->view.rows) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "%s: row %u was asked for at place %zu of the list (counted from 0); "
                             "it has rows 0…%zu",
                             data->name, rows[i], i, data->view.rows - 1);
        }
    }
    uint32_t *list = sml__alloc_to_fill(ctx, n * sizeof *list, "a list of rows");
    if (list == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(list, rows, n * sizeof *list);
    return sml__dataset_adopt_selection(ctx, data, list, n, out);
}
