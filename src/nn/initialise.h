/* Initial weights. */
#ifndef SML_NN_INITIALISE_H
#define SML_NN_INITIALISE_H

#include "nn/network.h"

/* Draws all weights by the scheme "he", "glorot", "lecun", or "auto": for each dense layer the one
 * that suits the activation after it; "equal" draws none and makes them 1 / n_in. Biases become
 * zero; norms begin with γ = 1, β = 0, running means 0 and running variances 1. */
void sml__initialise(sml__network *network, const char *scheme, uint64_t seed);

/* Σ w² of dense layer l as "auto" draws it, in the mean. */
double sml__initial_square(const sml__network *network, size_t l);

#endif
