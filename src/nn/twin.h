/* The reference twin of the engine: the same network in double precision, one sample at a time, in
 * loops that read like docs/network.md. The gradient check and the tests stand on it. */
#ifndef SML_NN_TWIN_H
#define SML_NN_TWIN_H

#include "nn/network.h"

typedef struct sml__twin {
    const sml__network *network; /* shapes, layers and loss; its parameters are not read */
    size_t rows;
    double *parameters;  /* [n_values], laid out as the network's */
    double *input;       /* [rows, n_in] */
    double *target;      /* [rows, n_out] */
    double **outputs;    /* [n_layers] of [rows, n_out of the layer], after sml__twin_forward */
    double **normalised; /* [n_layers], as outputs: x̂ of norms, NULL for other layers */
    double *losses;      /* [rows] C_s */
    double *gradient;    /* [n_parameters] ∂C/∂θ, after sml__twin_backward */
    double *delta[2];    /* [widest layer] */
    double label_smoothing;
} sml__twin;

/* Copies the network's parameters and all rows of data. Free with sml__twin_free. */
sml_status sml__twin_create(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                            double label_smoothing, sml__twin *out);
void sml__twin_free(sml__twin *twin);

/* Outputs of all layers and the loss of each row; dropout is off, batch norm has its running
 * statistics. Returns C = (1/m) Σ C_s. */
double sml__twin_forward(sml__twin *twin);

/* The gradient of C by the chain rule, after a forward pass. */
void sml__twin_backward(sml__twin *twin);

/* z[n_out] = W a + b of dense layer l, for one sample. */
void sml__twin_dense(const sml__twin *twin, const sml__layer *layer, const double *a, double *z);

/* normalised[n] = x̂ and out[n] = γ x̂ + β of a norm, for one sample; they may be one array. */
void sml__twin_norm(const sml__twin *twin, const sml__layer *layer, const double *z,
                    double *normalised, double *out);

#endif
