/* Layer normalisation, derived in docs/network.md. Row s, over its n units:
 *   μ_s = (1/n) Σ_j z_sj      v_s = (1/n) Σ_j (z_sj - μ_s)²      r_s = 1 / √(v_s + ε)
 *   x̂_sj = (z_sj - μ_s) r_s   a_sj = γ_j x̂_sj + β_j              ε = value
 *   dγ_j = (1/m) Σ_s δ_sj x̂_sj    dβ_j = (1/m) Σ_s δ_sj
 *   δⁱⁿ_sj = r_s (g_sj - (1/n) Σ_i g_si - x̂_sj (1/n) Σ_i g_si x̂_si),   g = γ ⊙ δ
 * The same in training and elsewhere. Ba, Kiros, Hinton, 2016. */
#include "nn/layers/norm.h"

#include <math.h>

enum { MEAN, FACTOR, STATS };

/* The parts of a row that a member takes are blocks of columns, all of them. */
static sml__range all_columns(const sml__pass *pass)
{
    const sml__range all = {0, pass->n_out};
    return all;
}

/* Numbers beyond the n of a vector, made 0. */
SML__INLINE sml__wide first_of(sml__wide v, size_t n)
{
    for (size_t lane = n; lane < HALF; lane++) {
        v[lane] = 0;
    }
    return v;
}

/* The lanes of a row's sums, added up in one order. */
SML__INLINE double total(const sml__wide *sums)
{
    const sml__wide lanes = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    double sum = 0;
    for (size_t lane = 0; lane < HALF; lane++) {
        sum += lanes[lane];
    }
    return sum;
}

_Static_assert(HALVES == 4, "total adds four vectors");

/* Σ_j (z_j - center)^power, power 1 or 2. */
SML__INLINE double sum_row(const sml__pass *pass, const float *z, double center, int power)
{
    sml__wide sums[HALVES] = {{0}};
#define ADD(first, halves, n)                                                                      \
    for (size_t h = 0; h < (halves); h++) {                                                        \
        const sml__wide gap =                                                                      \
            first_of(widen(load_half(z + (first) + h * HALF, (n))) - center, (n));                 \
        if (power == 1) {                                                                          \
            sums[h] += gap;                                                                        \
        } else {                                                                                   \
            sums[h] += gap * gap;                                                                  \
        }                                                                                          \
    }
    EACH_BLOCK(all_columns(pass), ADD);
    return total(sums);
}

static void forward_row(const sml__pass *pass, size_t s)
{
    const float *z = pass->input + s * pass->in_row, *gamma = pass->weight, *beta = pass->bias;
    float *a = pass->output + s * pass->out_row;
    const double n = (double)pass->n_out, mean = sum_row(pass, z, 0, 1) / n;
    const double factor = 1.0 / sqrt(sum_row(pass, z, mean, 2) / n + pass->value);
    const float mu = (float)mean, r = (float)factor;
    if (pass->stats != NULL) {
        pass->stats[s * STATS + MEAN] = mean;
        pass->stats[s * STATS + FACTOR] = factor;
    }
#pragma omp simd
    for (size_t j = 0; j < pass->n_out; j++) {
        a[j] = gamma[j] * ((z[j] - mu) * r) + beta[j];
    }
}

static void forward(const sml__pass *pass)
{
    const sml__range own = sml__share(pass->rows, 1, pass->rank, pass->size);
    for (size_t s = own.begin; s < own.end; s++) {
        forward_row(pass, s);
    }
}

static void backward_row(const sml__pass *pass, size_t s)
{
    const float *z = pass->input + s * pass->in_row, *gamma = pass->weight;
    const float *delta = pass->d_output + s * pass->out_row;
    float *d_z = pass->d_input + s * pass->in_row;
    const float mu = (float)pass->stats[s * STATS + MEAN];
    const float r = (float)pass->stats[s * STATS + FACTOR];
    sml__wide sums[HALVES] = {{0}}, products[HALVES] = {{0}};
#define ADD_PRODUCTS(first, halves, n)                                                             \
    for (size_t h = 0; h < (halves); h++) {                                                        \
        const size_t j = (first) + h * HALF;                                                       \
        const sml__wide g = widen(load_half(gamma + j, (n)) * load_half(delta + j, (n)));          \
        sums[h] += g;                                                                              \
        products[h] += g * widen((load_half(z + j, (n)) - mu) * r);                                \
    }
    EACH_BLOCK(all_columns(pass), ADD_PRODUCTS);
    const float of_g = (float)(total(sums) / (double)pass->n_out);
    const float of_product = (float)(total(products) / (double)pass->n_out);
#pragma omp simd
    for (size_t j = 0; j < pass->n_out; j++) {
        d_z[j] = r * (gamma[j] * delta[j] - of_g - (z[j] - mu) * r * of_product);
    }
}

static void backward(const sml__pass *pass)
{
    const sml__range own = sml__share(pass->rows, 1, pass->rank, pass->size);
    for (size_t s = own.begin; s < own.end; s++) {
        backward_row(pass, s);
    }
}

/* dγ and dβ of a block of columns: sums over rows upwards. */
SML__INLINE void gradient_block(const sml__pass *pass, size_t first, size_t halves, size_t n)
{
    sml__wide sums[HALVES] = {{0}}, products[HALVES] = {{0}};
    for (size_t s = 0; s < pass->rows; s++) {
        const float *z = pass->input + s * pass->in_row + first;
        const float *delta = pass->d_output + s * pass->out_row + first;
        const float mu = (float)pass->stats[s * STATS + MEAN];
        const float r = (float)pass->stats[s * STATS + FACTOR];
        for (size_t h = 0; h < halves; h++) {
            const sml__wide d = widen(load_half(delta + h * HALF, n));
            sums[h] += d;
            products[h] += d * widen((load_half(z + h * HALF, n) - mu) * r);
        }
    }
    write_gradient(pass, first, halves == 1 ? n : BLOCK, (const double *)sums,
                   (const double *)products);
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

/* x̂ of the row; returns r. */
static double normalise_f64(const sml__norm_row *row, double *normalised)
{
    const double n = (double)row->n;
    double mean = 0, variance = 0;
    for (size_t j = 0; j < row->n; j++) {
        mean += row->input[j] / n;
    }
    for (size_t j = 0; j < row->n; j++) {
        normalised[j] = row->input[j] - mean;
        variance += normalised[j] * normalised[j] / n;
    }
    const double factor = 1.0 / sqrt(variance + row->value);
    for (size_t j = 0; j < row->n; j++) {
        normalised[j] *= factor;
    }
    return factor;
}

static void normalise(const sml__norm_row *row, double *normalised)
{
    normalise_f64(row, normalised);
}

/* d_input holds x̂ until each of its numbers is replaced. */
static void norm_backward(const sml__norm_row *row, const double *g, double *d_input)
{
    const double n = (double)row->n, factor = normalise_f64(row, d_input);
    double of_g = 0, of_product = 0;
    for (size_t j = 0; j < row->n; j++) {
        of_g += g[j] / n;
        of_product += g[j] * d_input[j] / n;
    }
    for (size_t j = 0; j < row->n; j++) {
        d_input[j] = factor * (g[j] - of_g - d_input[j] * of_product);
    }
}

extern const sml__layer_type ISA(layer_norm_layer);
const sml__layer_type ISA(layer_norm_layer) = {
    .name = "layer_norm",
    .row_stats = STATS,
    .minimum = 1e-12,
    .maximum = 1,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .step_of_one = step_of_one,
    .normalise = normalise,
    .norm_backward = norm_backward,
};
