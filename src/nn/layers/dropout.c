/* Inverted dropout with rate p = value, in training only: a = z · k / (1 - p), where k is 1 with
 * probability 1 - p and 0 otherwise; ∂C/∂z = ∂C/∂a · k / (1 - p). Elsewhere a = z.
 * Srivastava et al., "Dropout", 2014.
 *
 * k is a function of seed, epoch, layer, sample and unit, drawn by Philox, so the backward pass and
 * any team of threads see the same mask without storing it. */
#include "base/random.h"
#include "base/threads.h"
#include "math/isa.h"
#include "nn/layer.h"

#include <string.h>

enum { DRAWS = 4, BLOCKS = 64 }; /* numbers in a Philox block, and blocks drawn at a time */

/* draws[DRAWS * n] for blocks first…first+n-1 of a sample. */
static void draw(const sml__pass *pass, uint64_t sample, size_t first, size_t n, uint32_t *draws)
{
#pragma omp simd
    for (size_t block = 0; block < n; block++) {
        const uint32_t counter[4] = {(uint32_t)sample, (uint32_t)(first + block), pass->epoch,
                                     (uint32_t)SML__DROPOUT + 16 * pass->lane};
        sml__philox(counter, pass->key, draws + DRAWS * block);
    }
}

/* to[r, j] = from[r, j] · k / (1 - p), for this member's rows. */
static void apply(const sml__pass *pass, const float *from, float *to)
{
    const sml__range own = sml__share(pass->rows, 1, pass->rank, pass->size);
    const size_t n = pass->n_in, row = pass->in_row;
    const uint32_t dropped = (uint32_t)(pass->value * 0x1p32); /* draws below it are dropped */
    const float scale = (float)(1.0 / (1.0 - pass->value));
    for (size_t r = own.begin; r < own.end; r++) {
        for (size_t j = 0; j < n; j += DRAWS * BLOCKS) {
            const size_t columns = n - j < DRAWS * BLOCKS ? n - j : DRAWS * BLOCKS;
            uint32_t draws[DRAWS * BLOCKS];
            draw(pass, pass->first + r, j / DRAWS, (columns + DRAWS - 1) / DRAWS, draws);
#pragma omp simd
            for (size_t k = 0; k < columns; k++) {
                const float value = from[r * row + j + k];
                to[r * row + j + k] = draws[k] >= dropped ? scale * value : 0.0F;
            }
        }
    }
}

/* Outside training: a = z, ∂C/∂z = ∂C/∂a. */
static void copy(const sml__pass *pass, const float *from, float *to)
{
    const sml__range own = sml__share(pass->rows, 1, pass->rank, pass->size);
    memcpy(to + own.begin * pass->in_row, from + own.begin * pass->in_row,
           (own.end - own.begin) * pass->in_row * sizeof(float));
}

static void forward(const sml__pass *pass)
{
    if (pass->training) {
        apply(pass, pass->input, pass->output);
    } else {
        copy(pass, pass->input, pass->output);
    }
}

static void backward(const sml__pass *pass)
{
    if (pass->training) {
        apply(pass, pass->d_output, pass->d_input);
    } else if (pass->d_input != pass->d_output) { /* in training's workspaces it is the same */
        copy(pass, pass->d_output, pass->d_input);
    }
}

extern const sml__layer_type ISA(dropout_layer);
const sml__layer_type ISA(dropout_layer) = {
    .name = "dropout",
    .maximum = 0.99,
    .initial = NULL,
    .is_random = 1,
    .forward = forward,
    .backward = backward,
};
