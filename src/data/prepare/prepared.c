/* A raw data set behind a pipeline: rows are computed as they are asked for. */
#include "data/prepare/pipeline.h"

#include "data/rows.h"

sml_status sml__dataset_prepared(sml_ctx *ctx, const sml_dataset *raw,
                                 const sml__pipeline *pipeline, sml_dataset **out)
{
    sml__binding *binding = NULL;
    *out = NULL;
    sml_status status = sml__pipeline_bind(ctx, pipeline, raw, &binding);
    if (status != SML_OK) {
        return status;
    }
    sml_dataset *data = NULL;
    status = sml__dataset_borrow(ctx, raw, raw->view.rows, &data);
    if (status != SML_OK) {
        sml__binding_free(binding);
        return status;
    }
    const int are_pictures = pipeline->n_out == raw->view.columns;
    data->raw = raw;
    data->pipeline = pipeline;
    data->binding = binding;
    data->owned_binding = binding;
    data->view.features = NULL; /* so that nobody reads raw rows as prepared ones */
    data->view.bytes = NULL;
    data->view.row_starts = NULL;
    data->view.columns = pipeline->n_out;
    data->view.height = are_pictures ? raw->view.height : 0;
    data->view.width = are_pictures ? raw->view.width : 0;
    *out = data;
    return SML_OK;
}

/* Columns in another order are read where they lie: bind let only float32 rows through. Others go
 * to the end of their prepared row, and are prepared in place. */
void sml__prepared_gather(const sml_dataset *data, const uint32_t *order, size_t first, size_t n,
                          float *out, size_t stride)
{
    const sml__pipeline *pipeline = data->pipeline;
    const sml_data_view *raw = &data->raw->view;
    const int is_in_order = data->binding->positions == NULL;
    float *tail = out + (pipeline->n_out - pipeline->n_raw);
    if (is_in_order) {
        sml__dataset_gather(data->raw, order, first, n, tail, stride);
    }
    for (size_t i = 0; i < n; i++) {
        const size_t row = order != NULL ? order[i] : sml__dataset_place(data->raw, first + i);
        const float *cells =
            is_in_order ? tail + i * stride : raw->features + row * raw->row_stride;
        sml__pipeline_apply(pipeline, data->binding, cells, out + i * stride);
    }
}
