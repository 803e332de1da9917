/* Rows with other targets than the data has: what the answer should be. */
#include "base/memory.h"
#include "data/rows.h"
#include "explain/trace.h"

#include <string.h>

/* The raw rows, their weights and the targets in memory of their own. */
typedef struct copies {
    float *features, *targets, *weights;
    sml_schema *schema;
} copies;

static sml_status copy_rows(sml_ctx *ctx, const sml_trace *trace, const float *targets, copies *out)
{
    const sml_data_view *view = &trace->selected->view;
    const size_t outputs = trace->original->n_out;
    out->features = sml__alloc(ctx, trace->rows * view->columns, sizeof(float), "rows");
    out->targets = sml__alloc(ctx, trace->rows * outputs, sizeof(float), "targets");
    out->weights = sml__alloc(ctx, trace->rows, sizeof(float), "weights");
    if (out->features == NULL || out->targets == NULL || out->weights == NULL) {
        return SML_NO_MEMORY;
    }
    sml__dataset_gather(trace->selected, NULL, 0, trace->rows, out->features, view->columns);
    memcpy(out->targets, targets, trace->rows * outputs * sizeof(float));
    for (size_t r = 0; r < trace->rows; r++) {
        out->weights[r] = sml_dataset_weight(trace->selected, r);
    }
    return trace->selected->schema != NULL
               ? sml__schema_copy(ctx, trace->selected->schema, &out->schema)
               : SML_OK;
}

sml_status sml__trace_set_targets(sml_ctx *ctx, sml_trace *trace, const float *targets)
{
    copies made = {0};
    sml_dataset *rows = NULL;
    const sml_data_view *old = &trace->selected->view;
    sml_status status = copy_rows(ctx, trace, targets, &made);
    if (status != SML_OK) {
        sml__free(made.features);
        sml__free(made.targets);
        sml__free(made.weights);
        return status;
    }
    const sml_data_view view = {.name = trace->selected->name,
                                .rows = trace->rows,
                                .columns = old->columns,
                                .features = made.features,
                                .height = old->height,
                                .width = old->width,
                                .task = sml_model_task(trace->model),
                                .outputs = trace->original->n_out,
                                .targets = made.targets,
                                .weights = old->weights != NULL ? made.weights : NULL};
    void *const blocks[] = {made.features, made.targets, made.weights};
    status = sml__dataset_adopt_table(ctx, &view, made.schema, blocks, 3, &rows);
    if (status == SML_OK) {
        sml__dataset_set_split(rows, trace->selected->split);
        sml_dataset_free(trace->selected);
        trace->selected = rows;
    }
    return status;
}
