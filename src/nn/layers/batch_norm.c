/* Batch normalisation, derived in docs/network.md. Training, unit j, a batch of m rows:
 *   μ_j = (1/m) Σ_s z_sj      v_j = (1/m) Σ_s (z_sj - μ_j)²      r_j = 1 / √(v_j + ε)
 *   x̂_sj = (z_sj - μ_j) r_j   a_sj = γ_j x̂_sj + β_j
 *   μ̃ ← (1-ρ) μ̃ + ρ μ         ṽ ← (1-ρ) ṽ + ρ v m/(m-1)          ρ = value
 *   dγ_j = (1/m) Σ_s δ_sj x̂_sj    dβ_j = (1/m) Σ_s δ_sj
 *   δⁱⁿ_sj = γ_j r_j (δ_sj - (1/m) Σ_t δ_tj - x̂_sj (1/m) Σ_t δ_tj x̂_tj)
 * Elsewhere, and for a batch of one row, whose variance says nothing: μ̃ and ṽ stand for μ and v and
 * are constants, so δⁱⁿ = γ r̃ δ. Ioffe, Szegedy, 2015; ε, ρ and m/(m-1) as in PyTorch.
 *
 * A member owns columns and takes the whole batch through them, in row order: the statistics are
 * those of the batch, exactly, and the same for any team. */
#include "nn/layers/norm.h"

#include <math.h>

static const double EPSILON = 1e-5;

enum { MEAN, FACTOR, DELTA_SUM, PRODUCT_SUM, STATS };

static int uses_batch(const sml__pass *pass)
{
    return pass->training && !pass->is_single;
}

/* Column statistic `which` of unit `first` and those after it. */
SML__INLINE double *stats_of(const sml__pass *pass, int which, size_t first)
{
    return pass->stats + (size_t)which * pass->n_out + first;
}

/* sums[halves · HALF] = Σ_s (z_s - center)^power, power 1 or 2, rows upwards. */
SML__INLINE void sum_rows(const sml__pass *pass, size_t first, size_t halves, size_t n,
                          const sml__wide *center, int power, double *sums)
{
    sml__wide sum[HALVES] = {{0}};
    for (size_t s = 0; s < pass->rows; s++) {
        const float *z = pass->input + s * pass->in_row + first;
        for (size_t h = 0; h < halves; h++) {
            const sml__wide gap = widen(load_half(z + h * HALF, n)) - center[h];
            if (power == 1) {
                sum[h] += gap;
            } else {
                sum[h] += gap * gap;
            }
        }
    }
    memcpy(sums, sum, halves * sizeof *sum);
}

/* Mean and factor of the batch, and the running statistics. */
SML__INLINE void find_statistics(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    const size_t columns = halves == 1 ? n : BLOCK;
    const double m = (double)pass->rows, rho = pass->value;
    sml__wide center[HALVES] = {{0}};
    double mean[BLOCK], variance[BLOCK], factor[BLOCK];
    float *running_mean = pass->running[0] + first, *running_variance = pass->running[1] + first;
    sum_rows(pass, first, halves, n, center, 1, mean);
    for (size_t j = 0; j < halves * HALF; j++) {
        mean[j] /= m;
    }
    memcpy(center, mean, halves * sizeof *center);
    sum_rows(pass, first, halves, n, center, 2, variance);
    for (size_t j = 0; j < halves * HALF; j++) {
        factor[j] = 1.0 / sqrt(variance[j] / m + EPSILON);
    }
    memcpy(stats_of(pass, MEAN, first), mean, columns * sizeof *mean);
    memcpy(stats_of(pass, FACTOR, first), factor, columns * sizeof *factor);
    for (size_t j = 0; j < columns; j++) {
        running_mean[j] = (float)((1 - rho) * (double)running_mean[j] + rho * mean[j]);
        running_variance[j] =
            (float)((1 - rho) * (double)running_variance[j] + rho * variance[j] / (m - 1));
    }
}

/* What a block's columns are normalised with, in float32. */
typedef struct constants {
    sml__half mean[HALVES], factor[HALVES];
} constants;

SML__INLINE constants constants_of(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    const size_t columns = halves == 1 ? n : BLOCK;
    const int batch = uses_batch(pass);
    float mean[BLOCK] = {0}, factor[BLOCK] = {0};
    constants found = {{{0}}, {{0}}};
    if (batch) {
        const double *means = stats_of(pass, MEAN, first);
        const double *factors = stats_of(pass, FACTOR, first);
        for (size_t j = 0; j < columns; j++) {
            mean[j] = (float)means[j];
            factor[j] = (float)factors[j];
        }
    } else {
        const float *variance = pass->running[1] + first;
        memcpy(mean, pass->running[0] + first, columns * sizeof(float));
        for (size_t j = 0; j < columns; j++) {
            factor[j] = (float)(1.0 / sqrt((double)variance[j] + EPSILON));
        }
    }
    memcpy(found.mean, mean, sizeof found.mean);
    memcpy(found.factor, factor, sizeof found.factor);
    return found;
}

/* a = γ x̂ + β. */
SML__INLINE void normalise_block(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    const constants c = constants_of(pass, first, halves, n);
    sml__half scale[HALVES] = {{0}}, shift[HALVES] = {{0}};
    for (size_t h = 0; h < halves; h++) {
        scale[h] = c.factor[h] * load_half(pass->weight + first + h * HALF, n);
        shift[h] = load_half(pass->bias + first + h * HALF, n);
    }
    for (size_t s = 0; s < pass->rows; s++) {
        const float *z = pass->input + s * pass->in_row + first;
        float *a = pass->output + s * pass->out_row + first;
        for (size_t h = 0; h < halves; h++) {
            const sml__half gap = load_half(z + h * HALF, n) - c.mean[h];
            store_half(a + h * HALF, gap * scale[h] + shift[h], n);
        }
    }
}

SML__INLINE void forward_block(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    if (uses_batch(pass)) {
        find_statistics(pass, first, halves, n);
    }
    normalise_block(pass, first, halves, n);
}

static void forward(const sml__pass *pass)
{
#define FORWARD(first, halves, n) forward_block(pass, first, halves, n)
    EACH_BLOCK(own_columns(pass), FORWARD);
}

/* Σ_s δ_s and Σ_s δ_s x̂_s, each [halves · HALF]. */
SML__INLINE void sum_deltas(const sml__pass *pass, size_t first, size_t halves, size_t n,
                            double *delta_sums, double *product_sums)
{
    const constants c = constants_of(pass, first, halves, n);
    sml__wide sums[HALVES] = {{0}}, products[HALVES] = {{0}};
    for (size_t s = 0; s < pass->rows; s++) {
        const float *z = pass->input + s * pass->in_row + first;
        const float *delta = pass->d_output + s * pass->out_row + first;
        for (size_t h = 0; h < halves; h++) {
            const sml__wide d = widen(load_half(delta + h * HALF, n));
            const sml__half gap = load_half(z + h * HALF, n) - c.mean[h];
            sums[h] += d;
            products[h] += d * widen(gap * c.factor[h]);
        }
    }
    memcpy(delta_sums, sums, halves * sizeof *sums);
    memcpy(product_sums, products, halves * sizeof *products);
}

/* δⁱⁿ = γ r (δ - of_delta - x̂ of_product), the last two (1/m) Σ δ and (1/m) Σ δ x̂, or 0. */
SML__INLINE void write_deltas(const sml__pass *pass, size_t first, size_t halves, size_t n,
                              const sml__half *of_delta, const sml__half *of_product)
{
    const constants c = constants_of(pass, first, halves, n);
    sml__half scale[HALVES] = {{0}}, product[HALVES] = {{0}};
    for (size_t h = 0; h < halves; h++) {
        scale[h] = c.factor[h] * load_half(pass->weight + first + h * HALF, n);
        product[h] = c.factor[h] * of_product[h];
    }
    for (size_t s = 0; s < pass->rows; s++) {
        const float *z = pass->input + s * pass->in_row + first;
        const float *delta = pass->d_output + s * pass->out_row + first;
        float *d_z = pass->d_input + s * pass->in_row + first;
        for (size_t h = 0; h < halves; h++) {
            const sml__half d = load_half(delta + h * HALF, n) - of_delta[h];
            const sml__half gap = load_half(z + h * HALF, n) - c.mean[h];
            store_half(d_z + h * HALF, scale[h] * (d - gap * product[h]), n);
        }
    }
}

SML__INLINE void backward_block(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    const size_t columns = halves == 1 ? n : BLOCK;
    double sums[BLOCK] = {0}, products[BLOCK] = {0};
    float of_delta[BLOCK] = {0}, of_product[BLOCK] = {0};
    if (uses_batch(pass)) {
        sum_deltas(pass, first, halves, n, sums, products);
        memcpy(stats_of(pass, DELTA_SUM, first), sums, columns * sizeof *sums);
        memcpy(stats_of(pass, PRODUCT_SUM, first), products, columns * sizeof *products);
    }
    for (size_t j = 0; j < columns; j++) {
        of_delta[j] = (float)(sums[j] / (double)pass->rows);
        of_product[j] = (float)(products[j] / (double)pass->rows);
    }
    write_deltas(pass, first, halves, n, (const sml__half *)of_delta,
                 (const sml__half *)of_product);
}

static void backward(const sml__pass *pass)
{
#define BACKWARD(first, halves, n) backward_block(pass, first, halves, n)
    EACH_BLOCK(own_columns(pass), BACKWARD);
}

/* The sums are there already where the backward pass needed them. */
SML__INLINE void gradient_block(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    const size_t columns = halves == 1 ? n : BLOCK;
    double sums[BLOCK], products[BLOCK];
    if (uses_batch(pass) && pass->d_input != NULL) {
        write_gradient(pass, first, columns, stats_of(pass, DELTA_SUM, first),
                       stats_of(pass, PRODUCT_SUM, first));
    } else {
        sum_deltas(pass, first, halves, n, sums, products);
        write_gradient(pass, first, columns, sums, products);
    }
}

static void gradient(const sml__pass *pass)
{
#define GRADIENT(first, halves, n) gradient_block(pass, first, halves, n)
    EACH_BLOCK(own_columns(pass), GRADIENT);
}

/* δ goes back through the old γ before γ takes its step. */
static void step_of_one(const sml__pass *pass)
{
    backward(pass);
    gradient(pass);
}

static double factor_f64(const sml__norm_row *row, size_t j)
{
    return 1.0 / sqrt(row->running[1][j] + EPSILON);
}

static void normalise(const sml__norm_row *row, double *normalised)
{
    for (size_t j = 0; j < row->n; j++) {
        normalised[j] = (row->input[j] - row->running[0][j]) * factor_f64(row, j);
    }
}

static void norm_backward(const sml__norm_row *row, const double *g, double *d_input)
{
    for (size_t j = 0; j < row->n; j++) {
        d_input[j] = g[j] * factor_f64(row, j);
    }
}

extern const sml__layer_type ISA(batch_norm_layer);
const sml__layer_type ISA(batch_norm_layer) = {
    .name = "batch_norm",
    .by_columns = 1,
    .has_buffers = 1,
    .column_stats = STATS,
    .maximum = 1,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .step_of_one = step_of_one,
    .normalise = normalise,
    .norm_backward = norm_backward,
};
