/* Dense layer, derived in docs/network.md:
 *   forward    Z = A Wᵀ + 1 bᵀ           [rows, n_out]
 *   backward   dA = δ W                  [rows, n_in]
 *              dWᵀ = (1/m) Aᵀ δ          [n_in, n_out]
 *              db = (1/m) Σ_s δ^(s)      [n_out]
 * W is kept input-major, as Wᵀ[n_in, n_out]: the products forward and for dW then read contiguous
 * rows, and a column of the batch meets one row of weights. Inputs that are mostly zero come as
 * sparse or as compressed rows; the products are then those of math/simd/sparse.c and csr.c, with
 * the same bits. */
#include "base/threads.h"
#include "math/csr.h"
#include "math/gemm.h"
#include "math/isa.h"
#include "math/vector_products.h"
#include "nn/layer.h"

enum { BIASES_AT_ONCE = 64 };

extern sml__gemm_kernel ISA(gemm), ISA(dot_product), ISA(outer_product);
extern sml__step_kernel ISA(step_of_one);
extern sml__sparse_forward_kernel ISA(sparse_forward);
extern sml__sparse_gradient_kernel ISA(sparse_gradient);
extern sml__csr_forward_kernel ISA(csr_forward);
extern sml__csr_gradient_kernel ISA(csr_gradient);

static void forward_sparse(const sml__pass *pass, const sml__sparse *rows)
{
    const sml__sparse_product product = {
        .x = rows,
        .order = pass->order,
        .upcoming = pass->upcoming,
        .ahead = pass->ahead,
        .m = pass->rows,
        .n = pass->n_out,
        .w = (float *)pass->weight,
        .stride = pass->stride,
        .start = pass->bias,
        .z = pass->output,
        .z_row = pass->out_row,
        .entries = pass->entries,
    };
    ISA(sparse_forward)(&product, pass->rank, pass->size);
}

static void forward_compressed(const sml__pass *pass)
{
    const sml__csr_product product = {
        .x = pass->csr,
        .order = pass->order,
        .m = pass->rows,
        .n = pass->n_out,
        .columns = pass->n_in,
        .w = (float *)pass->weight,
        .stride = pass->stride,
        .start = pass->bias,
        .z = pass->output,
        .z_row = pass->out_row,
    };
    ISA(csr_forward)(&product, pass->rank, pass->size);
}

/* A single unit: zᵀ = wᵀ Xᵀ + b is a row of as many columns as there are samples, and a vector of
 * them is summed at once; the sums run as they do in the other product. */
static void forward_to_one(const sml__pass *pass)
{
    const sml__gemm product = {
        .m = 1,
        .n = pass->rows,
        .k = pass->n_in,
        .a = pass->weight,
        .a_row = pass->n_in,
        .a_column = 1,
        .b = pass->input,
        .b_row = 1,
        .b_column = pass->in_row,
        .b_width = pass->rows,
        .c = pass->output,
        .c_row = pass->rows,
        .c_width = pass->rows,
        .alpha = 1.0F,
        .accumulate = 1,
    };
    for (size_t s = 0; s < pass->rows; s++) {
        pass->output[s] = pass->bias[0];
    }
    ISA(gemm)(&product, pass->rank, pass->size, pass->scratch);
}

static void forward(const sml__pass *pass)
{
    if (pass->sparse != NULL) {
        forward_sparse(pass, pass->sparse);
        return;
    }
    if (pass->csr != NULL) {
        forward_compressed(pass);
        return;
    }
    /* For one sample no tile pays; and half of what a ReLU gives is zero. */
    if (pass->is_single && pass->n_in <= SML__SPARSE_COLUMNS_MAX) {
        const sml__sparse row = {.columns = pass->n_in, .floats = pass->input};
        forward_sparse(pass, &row);
        return;
    }
    if (pass->n_out == 1 && pass->size == 1) {
        forward_to_one(pass);
        return;
    }
    const sml__gemm product = {
        .m = pass->rows,
        .n = pass->n_out,
        .k = pass->n_in,
        .a = pass->input,
        .a_row = pass->in_row,
        .a_column = 1,
        .b = pass->weight,
        .b_row = pass->stride,
        .b_column = 1,
        .b_width = pass->stride,
        .c = pass->output,
        .c_row = pass->out_row,
        .c_width = pass->out_row,
        .alpha = 1.0F,
        .start = pass->bias,
    };
    ISA(gemm)(&product, pass->rank, pass->size, pass->scratch);
}

/* dA = δ W. */
static void backward(const sml__pass *pass)
{
    const sml__gemm product = {
        .m = pass->rows,
        .n = pass->n_in,
        .k = pass->is_single ? pass->stride : pass->n_out, /* dot products like whole vectors */
        .a = pass->d_output,
        .a_row = pass->out_row,
        .a_column = 1,
        .b = pass->weight,
        .b_row = 1,
        .b_column = pass->stride,
        .b_width = pass->n_in,
        .c = pass->d_input,
        .c_row = pass->in_row,
        .c_width = pass->in_row,
        .alpha = 1.0F,
    };
    if (pass->is_single) {
        ISA(dot_product)(&product, pass->rank, pass->size, pass->scratch);
    } else {
        ISA(gemm)(&product, pass->rank, pass->size, pass->scratch);
    }
}

static void gradient_of_weight_sparse(const sml__pass *pass)
{
    const sml__sparse_product product = {
        .x = pass->sparse,
        .order = pass->order,
        .upcoming = pass->upcoming,
        .m = pass->rows,
        .n = pass->n_out,
        .w = pass->d_weight,
        .stride = pass->stride,
        .delta = pass->d_output,
        .delta_row = pass->out_row,
        .entries = pass->entries,
        .alpha = pass->mean,
        .accumulate = pass->accumulate,
    };
    ISA(sparse_gradient)(&product, pass->rank, pass->size, pass->scratch);
}

static void gradient_of_weight_compressed(const sml__pass *pass)
{
    const sml__csr_product product = {
        .x = pass->csr,
        .order = pass->order,
        .m = pass->rows,
        .n = pass->n_out,
        .columns = pass->n_in,
        .w = pass->d_weight,
        .stride = pass->stride,
        .delta = pass->d_output,
        .delta_row = pass->out_row,
        .alpha = pass->mean,
        .accumulate = pass->accumulate,
        .chains = pass->chains,
    };
    ISA(csr_gradient)(&product, pass->rank, pass->size);
}

/* A single unit: dW = (1/m) δᵀ A is a row, as long as the input's. */
static void gradient_of_one_unit(const sml__pass *pass)
{
    const sml__gemm product = {
        .m = 1,
        .n = pass->n_in,
        .k = pass->rows,
        .a = pass->d_output,
        .a_row = pass->rows,
        .a_column = 1,
        .b = pass->input,
        .b_row = pass->in_row,
        .b_column = 1,
        .b_width = pass->n_in,
        .c = pass->d_weight,
        .c_row = pass->n_in,
        .c_width = pass->n_in,
        .alpha = pass->mean,
        .accumulate = pass->accumulate,
    };
    ISA(gemm)(&product, pass->rank, pass->size, pass->scratch);
}

/* dWᵀ = (1/m) Aᵀ δ. */
static void gradient_of_weight(const sml__pass *pass)
{
    if (pass->sparse != NULL) {
        gradient_of_weight_sparse(pass);
        return;
    }
    if (pass->csr != NULL) {
        gradient_of_weight_compressed(pass);
        return;
    }
    if (pass->n_out == 1 && !pass->is_single) {
        gradient_of_one_unit(pass);
        return;
    }
    const sml__gemm product = {
        .m = pass->n_in,
        .n = pass->n_out,
        .k = pass->rows,
        .a = pass->input,
        .a_row = 1,
        .a_column = pass->in_row,
        .b = pass->d_output,
        .b_row = pass->out_row,
        .b_column = 1,
        .b_width = pass->out_row,
        .c = pass->d_weight,
        .c_row = pass->stride,
        .c_width = pass->stride,
        .alpha = pass->mean,
        .accumulate = pass->accumulate,
    };
    if (pass->is_single && pass->accumulate) {
        ISA(outer_product)(&product, pass->rank, pass->size, pass->scratch);
    } else {
        ISA(gemm)(&product, pass->rank, pass->size, pass->scratch);
    }
}

/* db = (1/m) Σ_s δ^(s), added up in double; a member owns some columns. */
static void gradient_of_bias(const sml__pass *pass)
{
    const sml__range own = sml__share(pass->n_out, VECTOR_FLOATS, pass->rank, pass->size);
    for (size_t first = own.begin; first < own.end; first += BIASES_AT_ONCE) {
        const size_t left = own.end - first;
        const size_t n = left < BIASES_AT_ONCE ? left : BIASES_AT_ONCE;
        double sums[BIASES_AT_ONCE] = {0};
        for (size_t s = 0; s < pass->rows; s++) {
            const float *delta = pass->d_output + s * pass->out_row + first;
            for (size_t j = 0; j < n; j++) {
                sums[j] += (double)delta[j];
            }
        }
        for (size_t j = 0; j < n; j++) {
            const float base = pass->accumulate ? pass->d_bias[first + j] : 0.0F;
            pass->d_bias[first + j] = base + (float)((double)pass->mean * sums[j]);
        }
    }
}

/* Backward and gradient of a single sample, whose step is folded in. */
static void step_of_one(const sml__pass *pass)
{
    const sml__step step = {
        .n_in = pass->n_in,
        .w = pass->d_weight,
        .stride = pass->stride,
        .input = pass->input,
        .delta = pass->d_output,
        .d_input = pass->d_input,
        .alpha = pass->mean,
        .zero_stops = pass->zero_stops,
    };
    ISA(step_of_one)(&step);
    gradient_of_bias(pass);
}

static void gradient(const sml__pass *pass)
{
    gradient_of_weight(pass);
    gradient_of_bias(pass);
}

extern const sml__layer_type ISA(dense_layer);
const sml__layer_type ISA(dense_layer) = {
    .name = "dense",
    .has_units = 1,
    .initial = "glorot",
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .step_of_one = step_of_one,
};
