#include "nn/engine_gradient.h"

#include "data/rows.h"

#include <math.h>

sml_status sml__engine_gradient(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                                double label_smoothing, float *gradient, double *loss)
{
    const size_t rows = data->view.rows, pass_rows = rows < SML__PASS_ROWS ? rows : SML__PASS_ROWS;
    const sml__csr_extent extent = sml__csr_extent_of(data);
    const uint32_t *order = data->selection;
    const int is_compressed = sml__reads_compressed(network, &extent, pass_rows);
    const sml__workspace_plan plan = {
        .rows = pass_rows,
        .members = 1,
        .with_deltas = SML__DELTAS,
        .is_compressed = is_compressed,
        .entries = sml__csr_entries(&extent, pass_rows),
    };
    sml__workspace workspace;
    sml_status status = sml__workspace_create(ctx, network, &plan, &workspace);
    if (status != SML_OK) {
        return status;
    }
    double sum = 0;
    for (size_t first = 0; first < rows; first += workspace.rows) {
        sml__csr csr;
        sml__pass_settings pass = {
            .rows = rows - first < workspace.rows ? rows - first : workspace.rows,
            .batch = rows,
            .accumulate = first > 0,
            .first = first,
            .label_smoothing = label_smoothing,
        };
        if (is_compressed) {
            csr = sml__csr_view(data, order != NULL ? 0 : first);
            pass.csr = &csr;
            pass.order = order != NULL ? order + first : NULL;
        } else {
            sml__dataset_gather(data, NULL, first, pass.rows, workspace.input,
                                sml__row_stride(network->n_in));
        }
        for (size_t r = 0; r < pass.rows; r++) {
            sml_dataset_targets(data, first + r, workspace.target + r * network->n_out);
        }
        sml__network_forward(network, &workspace, &pass, SML__ALONE);
        sml__network_loss(network, &workspace, &pass, SML__ALONE);
        for (size_t r = 0; r < pass.rows; r++) {
            sum += workspace.losses[r];
        }
        sml__network_backward(network, &workspace, &pass, gradient, SML__ALONE);
    }
    *loss = sum / (double)rows;
    sml__workspace_free(&workspace, network);
    return SML_OK;
}

static double tensor_error(const float *engine, const double *twin, size_t n)
{
    double largest = 0, difference = 0;
    for (size_t i = 0; i < n; i++) {
        const double gap = fabs((double)engine[i] - twin[i]);
        largest = fmax(largest, fabs(twin[i]));
        difference = isnan(gap) ? (double)INFINITY : fmax(difference, gap);
    }
    return largest > 0 ? difference / largest : difference;
}

double sml__engine_error(const sml__network *network, const float *gradient, const sml__twin *twin)
{
    double error = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer *layer = &network->layers[l];
        if (layer->type->gradient != NULL) {
            const size_t w = layer->weight, b = layer->bias;
            error = fmax(error,
                         tensor_error(gradient + w, twin->gradient + w, sml__weight_count(layer)));
            error = fmax(error, tensor_error(gradient + b, twin->gradient + b, layer->n_out));
        }
    }
    return error;
}
