/* What a loss is to the network: it takes logits, adds the output function that belongs to it, and
 * gives the loss of a sample and its derivative. C is the mean of the samples' losses. */
#ifndef SML_NN_LOSS_H
#define SML_NN_LOSS_H

#include <scratchml/data.h>

typedef struct sml__loss {
    const char *name;
    sml_task task;
    /* 1 where the value lies on a kink between z and another z' for the same target. */
    int (*crosses)(double z, double other, double target); /* NULL: smooth */
    /* The loss C_s of one sample from logits z[n] and target y[n]; delta[n] = ∂C_s/∂z, apart from
     * z, or NULL. */
    double (*row)(const float *z, const float *y, size_t n, double smoothing, float *delta);
    /* The same in double: the reference twin. */
    double (*row_f64)(const double *z, const double *y, size_t n, double smoothing, double *delta);
    /* The prediction from logits: out[n] may be z. */
    void (*output)(const float *z, size_t n, float *out);
} sml__loss;

#endif
