#include "explain/trace_cells.h"

#include "data/prepare/pipeline.h"

#include <math.h>

int sml__trace_has_cells(const sml_trace *trace)
{
    const sml__pipeline *pipeline = trace->model->pipeline;
    return pipeline != NULL && pipeline->schema != NULL && pipeline->schema->has_names;
}

/* Data without names of its own holds the model's numbers. */
static const char *name_in_data(const sml_trace *trace, size_t position,
                                const sml_model_column_facts *facts, float raw)
{
    if (!(raw >= 0)) {
        return NULL;
    }
    if (trace->selected->schema != NULL) {
        return sml_dataset_category(trace->selected, position, (size_t)raw);
    }
    return raw < (float)facts->n_categories ? facts->categories[(size_t)raw] : NULL;
}

static void read_category(const sml_trace *trace, size_t column, size_t position,
                          sml__trace_cell *cell)
{
    const sml__pipeline *pipeline = trace->model->pipeline;
    int64_t code = -1;
    cell->category = name_in_data(trace, position, &cell->facts, cell->raw);
    if (!isnan(cell->raw)) {
        code = sml__pipeline_category(pipeline, trace->prepared->binding, column, cell->raw);
    } else if (!isnan(cell->facts.fill)) {
        code = (int64_t)cell->facts.fill;
    }
    cell->filled = code >= 0 ? (double)code : (double)NAN;
    cell->filled_category = code >= 0 ? cell->facts.categories[code] : NULL;
}

sml__trace_cell sml__trace_cell_at(const sml_trace *trace, size_t r, size_t column)
{
    const sml__pipeline *pipeline = trace->model->pipeline;
    const size_t *positions = trace->prepared->binding->positions;
    const size_t position = positions != NULL ? positions[column] : column;
    sml__trace_cell cell = {.at = pipeline->columns[column].at};
    sml_model_column(NULL, trace->model, column, &cell.facts);
    cell.raw = trace->raw[r * trace->selected->view.columns + position];
    cell.is_scaled = !cell.facts.is_categorical || pipeline->is_ordinal;
    if (cell.facts.is_categorical) {
        read_category(trace, column, position, &cell);
    } else {
        cell.filled = isnan(cell.raw) ? cell.facts.fill : (double)cell.raw;
    }
    return cell;
}
