/* The norm of the gradient of one row, from what a pass over several rows leaves behind. */
#ifndef SML_EXPLAIN_GRADIENT_NORMS_H
#define SML_EXPLAIN_GRADIENT_NORMS_H

#include "nn/network.h"

/* Doubles of scratch that it needs. */
size_t sml__gradient_norm_scratch(const sml__network *network);

/* ‖∂C_s/∂θ‖ over all parameters, of row `row` of a workspace with deltas, after
 * sml__network_backward_layers outside training. With δ of a layer's output and its input a:
 *   dense:  ‖δ aᵀ‖² + ‖δ‖² = ‖δ‖² (‖a‖² + 1)
 *   norms:  Σ_j (δ_j x̂_j)² + Σ_j δ_j²
 * input_square is ‖x‖² of the row, which need not be in the workspace. */
double sml__gradient_norm(const sml__network *network, const sml__workspace *workspace, size_t row,
                          double input_square, double *scratch);

#endif
