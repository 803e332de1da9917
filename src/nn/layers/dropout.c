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

enum { DRAWS = 4 }; /* numbers in a Philox block */

/* to[r, j] = from[r, j] · k / (1 - p), for this member's rows. */
static void apply(const sml__pass *pass, const float *from, float *to)
{
    const sml__range own = sml__share(pass->rows, 1, pass->rank, pass->size);
    const double keep = 1.0 - pass->value;
    const uint32_t dropped = (uint32_t)(pass->value * 0x1p32); /* draws below it are dropped */
    const float scale = pass->training ? (float)(1.0 / keep) : 1.0F;
    for (size_t r = own.begin; r < own.end; r++) {
        const uint64_t sample = pass->first + r;
        for (size_t j = 0; j < pass->n_in; j += DRAWS) {
            const uint32_t counter[4] = {(uint32_t)sample, (uint32_t)(j / DRAWS), pass->epoch,
                                         (uint32_t)SML__DROPOUT + 16 * pass->lane};
            uint32_t draws[DRAWS];
            sml__philox(counter, pass->key, draws);
            for (size_t d = 0; d < DRAWS && j + d < pass->n_in; d++) {
                const size_t i = r * pass->n_in + j + d;
                const int kept = !pass->training || draws[d] >= dropped;
                to[i] = kept ? scale * from[i] : 0.0F;
            }
        }
    }
}

static void forward(const sml__pass *pass)
{
    apply(pass, pass->input, pass->output);
}

static void backward(const sml__pass *pass)
{
    apply(pass, pass->d_output, pass->d_input);
}

extern const sml__layer_type ISA(dropout_layer);
const sml__layer_type ISA(dropout_layer) = {
    .name = "dropout",
    .maximum = 0.99,
    .initial = NULL,
    .forward = forward,
    .backward = backward,
};
