/* The gradient that an optimiser sees: clipped, and with PyTorch's coupled weight decay λ,
 *   g = c ∂C/∂θ + λ θ. */
#ifndef SML_NN_OPTIMIZERS_GRADIENT_H
#define SML_NN_OPTIMIZERS_GRADIENT_H

#include "math/isa.h"
#include "nn/optimizer.h"

SML__INLINE float sml__decayed_gradient(const sml__update *update, size_t i)
{
    return (float)update->gradient_scale * update->gradient[i] +
           (float)update->weight_decay * update->theta[i];
}

SML__INLINE double sml__decayed_gradient_f64(const sml__update *how, double gradient, double theta)
{
    return how->gradient_scale * gradient + how->weight_decay * theta;
}

#endif
