/* Layers that act on each number alone: a = f(z), ∂C/∂z = ∂C/∂a · f'(z). The loops are the same for
 * all of them; a layer's own file gives f and f'. */
#ifndef SML_NN_LAYERS_ELEMENTWISE_H
#define SML_NN_LAYERS_ELEMENTWISE_H

#include "base/threads.h"
#include "math/isa.h"
#include "nn/layer.h"

/* Shares are cut at whole cache lines, so a number is in a vector or in the loop's tail whatever
 * the size of the team. */
enum { SML__ELEMENTWISE_GRAIN = 64 };

/* The file that includes this defines them, for one number; they are inlined into the loops. */
SML__INLINE float f(float z, float value);
SML__INLINE float slope(float z, float value);

/* output = f(input), for this member's share, what lies between the rows included. */
static void forward(const sml__pass *pass)
{
    const sml__range range =
        sml__share(pass->rows * pass->in_row, SML__ELEMENTWISE_GRAIN, pass->rank, pass->size);
    const float value = (float)pass->value;
    const float *z = pass->input;
    float *a = pass->output;
#pragma omp simd
    for (size_t i = range.begin; i < range.end; i++) {
        a[i] = f(z[i], value);
    }
}

/* d_input = d_output · f'(input), for this member's share. */
static void backward(const sml__pass *pass)
{
    const sml__range range =
        sml__share(pass->rows * pass->in_row, SML__ELEMENTWISE_GRAIN, pass->rank, pass->size);
    const float value = (float)pass->value;
    const float *z = pass->input, *d_a = pass->d_output;
    float *d_z = pass->d_input;
#pragma omp simd
    for (size_t i = range.begin; i < range.end; i++) {
        d_z[i] = d_a[i] * slope(z[i], value);
    }
}

#endif
