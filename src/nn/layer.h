/* What a layer is to the network: two functions on a batch in float32, and the same formula in
 * double, from which the gradient check is built. */
#ifndef SML_NN_LAYER_H
#define SML_NN_LAYER_H

#include "math/csr.h"
#include "math/sparse.h"

#include <stddef.h>
#include <stdint.h>

/* Running statistics of a unit of batch norm: mean and variance. */
enum { SML__BUFFERS = 2 };

/* One layer's part in a pass over some rows. All members of a team call with the same pass but
 * their own rank and scratch; each writes its own share of the outputs. */
typedef struct sml__pass {
    int rank, size;
    size_t rows;    /* samples in this pass */
    int is_single;  /* the pass of the whole team has one */
    int zero_stops; /* of the layer that gives the input */
    size_t n_in, n_out;
    size_t in_row, out_row; /* floats from a row to the next of inputs and outputs */
    const float *input;     /* [rows, n_in] */
    float *output;          /* [rows, n_out] */
    const float *weight;   /* [n_in, n_out]: input-major, Wᵀ of the formulas; norms: γ [n_out] */
    size_t stride;         /* floats from one row of weight to the next; zeros fill it up */
    const float *bias;     /* [n_out]; norms: β */
    const float *d_output; /* [rows, n_out]: ∂C_s/∂output of each sample s */
    float *d_input;        /* [rows, n_in]; NULL where nobody needs it; may be d_output */
    float *d_weight;       /* as weight: mean over the batch */
    float *d_bias;         /* [n_out] */
    float mean;            /* 1/m; -η/m where the step is folded into the gradient */
    int accumulate;        /* add to d_weight and d_bias, which may be the parameters themselves */
    double value;          /* the layer's one setting */
    int training;          /* dropout acts */
    uint32_t key[2];       /* the seed, for dropout */
    uint32_t epoch, lane;
    uint64_t first; /* number of this pass's first sample within the epoch */
    float *scratch; /* [SML__GEMM_SCRATCH] of this member */

    /* Norms. What the forward pass finds out is kept for the backward pass. */
    double *stats;    /* [column_stats of the type, n_out] or [rows, row_stats]; NULL: not kept */
    size_t row_stats; /* of the type */
    float *running[SML__BUFFERS]; /* [n_out] each: running mean and variance, moved by a training
                                     pass */

    /* Where the input is mostly zero: its rows, which then stand for `input`; one of the two, or
     * both NULL: dense. */
    const sml__sparse *sparse;
    const sml__csr *csr;
    const uint32_t *order;         /* [upcoming]: row s is row order[s] of them */
    size_t upcoming;               /* ≥ rows: what comes after them can be fetched ahead */
    size_t ahead;                  /* from a row to the one in its place in the next pass */
    uint32_t *entries;             /* with sparse; of the whole team */
    const sml__csr_chains *chains; /* with csr; of the whole team */
} sml__pass;

/* One row of a norm in double, as it is outside training. */
typedef struct sml__norm_row {
    size_t n;
    double value;                        /* the layer's one setting */
    const double *input;                 /* [n] z */
    const double *running[SML__BUFFERS]; /* [n] each, or NULL */
} sml__norm_row;

typedef struct sml__layer_type {
    const char *name;
    int has_units;           /* dense: it chooses its width and has a matrix of weights */
    int by_columns;          /* in training a unit needs all rows of the batch at once */
    int has_buffers;         /* running statistics, SML__BUFFERS numbers for each unit */
    int column_stats;        /* numbers that a unit keeps from the forward pass, */
    int row_stats;           /* or a row */
    int has_kink;            /* f or f' jumps at z = 0 */
    int is_random;           /* dropout: what it does in training is drawn */
    double minimum, maximum; /* of value */
    int zero_stops;          /* activations: f(z) = 0 only where f'(z) = 0, so no δ passes there */
    const char *initial;     /* initialisation that suits weights before it: "he", "glorot" */
    void (*forward)(const sml__pass *pass);
    void (*backward)(const sml__pass *pass); /* d_input from d_output */
    void (*gradient)(const sml__pass *pass); /* d_weight and d_bias; NULL without parameters */
    /* Both at once, for one sample and one thread, where d_weight is weight itself. */
    void (*step_of_one)(const sml__pass *pass);
    double (*f)(double z, double value);     /* activations: a = f(z), else NULL */
    double (*slope)(double z, double value); /* f'(z) */
    /* Norms: x̂[n], and δ of the input from g = γ ⊙ δ of the output. */
    void (*normalise)(const sml__norm_row *row, double *normalised);
    void (*norm_backward)(const sml__norm_row *row, const double *g, double *d_input);
} sml__layer_type;

#endif
