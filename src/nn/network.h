/* A network as numbers: layers, one flat array of parameters, and passes over rows of data. */
#ifndef SML_NN_NETWORK_H
#define SML_NN_NETWORK_H

#include "base/threads.h"
#include "data/sparse_rows.h"
#include "nn/registry.h"

#include <scratchml/network.h>

/* Rows that go through the network at once: 256 rows of 784 floats fill most of a 1 MiB L2.
 * A larger batch comes in several passes that add up, so memory does not grow with it. */
enum { SML__PASS_ROWS = 256 };

/* A network with batch norm takes a batch in one pass, whatever its size; the memory of a pass
 * grows with it. */
enum { SML__WHOLE_BATCH_MAX = 8192 };

typedef struct sml__layer {
    const sml__layer_type *type;
    double value;
    size_t n_in, n_out;
    /* Where the parameters begin in the flat array. Dense layers: Wᵀ has n_in rows of n_out floats,
     * `stride` apart: whole vectors, so that kernels need no edge; what lies between is zero.
     * Norms: γ and β, n_out floats each. */
    size_t weight, bias, stride;
    size_t buffers[SML__BUFFERS]; /* where the running mean and variance begin in it */
} sml__layer;

/* The tensors lie one after the other in `parameters`, each at a multiple of 16 floats (64 bytes);
 * the gaps stay zero, so that the optimiser and the clipping can run over the whole array. Behind
 * the parameters lie the buffers, the running statistics of batch norm: no gradient and no
 * optimiser touches them, but a training pass does. Whoever keeps a network to bring it back later
 * copies n_values floats. */
typedef struct sml__network {
    size_t n_in, n_out;
    size_t n_layers;
    sml__layer *layers; /* [n_layers] */
    const sml__loss *loss;
    size_t n_parameters; /* gaps included */
    size_t n_values;     /* parameters and buffers */
    float *parameters;   /* [n_values] */
} sml__network;

/* Builds the layers that specs[n] describe on n_in inputs, parameters zero. The types must be
 * known, units positive. Refuses more than max_parameters numbers in its tensors (SML_BAD_SHAPE)
 * before it allocates. Free with sml__network_free. */
sml_status sml__network_create(sml_ctx *ctx, const sml_layer *specs, size_t n, size_t n_in,
                               const sml__loss *loss, size_t max_parameters, sml__network **out);
void sml__network_free(sml__network *network);

/* Checks specs[n] on their own: known types, units, values in range, the last layer dense. */
sml_status sml__layers_check(sml_ctx *ctx, const sml_layer *specs, size_t n);

/* What has a gradient: weights, biases, γ and β, without the gaps. */
size_t sml__network_parameter_count(const sml__network *network);

/* Weights of a layer that has parameters, gaps included: n_in · stride, or n_out for a norm. */
size_t sml__weight_count(const sml__layer *layer);

/* Rows of the passes that a batch is trained in: at most SML__PASS_ROWS, or all of them. */
size_t sml__pass_rows(const sml__network *network, size_t batch);

/* Refuses a batch of training that is more than a pass may hold (SML_BAD_ARGUMENT). */
sml_status sml__batch_check(sml_ctx *ctx, const sml__network *network, size_t batch);

/* Floats from one row of `width` numbers to the next, in weights and in activations: whole vectors,
 * but for fewer than 8 numbers, which have no gaps. The rest of a row is zero in weights and
 * deltas; in outputs it is f(0). Kernels then need no care for the edge. */
size_t sml__row_stride(size_t width);

/* The memory of a pass over up to `rows` rows, for a team of up to `members`. */
typedef struct sml__workspace {
    size_t rows;
    int all_deltas;  /* every layer has deltas of its own */
    float *input;    /* [rows, n_in], rows sml__row_stride(n_in) apart */
    float *target;   /* [rows, n_out] */
    float **outputs; /* [n_layers] of [rows, n_out of the layer], rows sml__row_stride(n_out) apart;
                      * the last holds the logits */
    float **deltas; /* [n_layers], as outputs: ∂C_s/∂output; a layer without parameters shares its
                     * input's. NULL without a backward pass */
    double **stats;    /* [n_layers], what a norm keeps for its backward pass; NULL without one */
    double *losses;    /* [rows] */
    float *scratch;    /* [members, SML__GEMM_SCRATCH] */
    uint32_t *entries; /* lists of non-zeros */
    sml__csr_chains chains; /* of compressed rows */
} sml__workspace;

/* What a workspace keeps of a backward pass. For training a layer without parameters shares the
 * deltas of its input, which it overwrites; who wants to look at ∂C/∂a of every layer afterwards
 * asks for all. The numbers are the same. */
enum { SML__NO_DELTAS, SML__DELTAS, SML__ALL_DELTAS };

typedef struct sml__workspace_plan {
    size_t rows;
    int members;
    int with_deltas;   /* one of the above */
    int with_entries;  /* for inputs that are mostly zero */
    int is_compressed; /* the first layer reads compressed rows: there is no input */
    size_t entries;    /* of compressed rows, in a pass; with deltas */
} sml__workspace_plan;

sml_status sml__workspace_create(sml_ctx *ctx, const sml__network *network,
                                 const sml__workspace_plan *plan, sml__workspace *out);
void sml__workspace_free(sml__workspace *workspace, const sml__network *network);

/* Whether layer l has deltas of its own in training: its gradient is computed after all deltas, so
 * it still needs those of its output. */
int sml__has_own_deltas(const sml__network *network, size_t l);

/* Numbers that layer l keeps from a forward pass of so many rows. */
size_t sml__stats_count(const sml__layer *layer, size_t rows);

/* 1 where the first layer reads compressed rows of a data set as they lie, in passes of so many
 * rows. */
int sml__reads_compressed(const sml__network *network, const sml__csr_extent *extent, size_t rows);

/* What all layers of one pass share. */
typedef struct sml__pass_settings {
    size_t rows;
    size_t batch;         /* m: all rows of the batch, of which this pass may be a part */
    const float *weights; /* [rows] w_s; NULL: 1 each */
    double batch_weight;  /* Σ_s w_s over the batch, with weights */
    int accumulate;
    int training;
    uint64_t seed;
    uint32_t epoch;
    uint64_t first; /* number of the first sample within the epoch */
    double label_smoothing;
    const float *input; /* not NULL: the rows are here, input_row floats apart, not in the
                         * workspace */
    size_t input_row;
    const sml__sparse
        *sparse;           /* not NULL: the first layer, a dense one, reads these rows instead */
    const sml__csr *csr;   /* or these. A team needs an order, then */
    const uint32_t *order; /* [upcoming] of them, the rows of this pass first; NULL: as they lie */
    size_t upcoming;
    int is_folded; /* plain gradient descent with learning_rate, folded into the backward pass */
    double learning_rate;
} sml__pass_settings;

/* The rows of a pass that a member owns: it gathers them, and takes them through the layers that go
 * row by row. */
sml__range sml__own_rows(size_t rows, sml__member member);

/* Forward from the input that the settings name to the logits. Called by every member of the team,
 * which has gathered its own rows; afterwards it may read the logits of its own rows. In training
 * the pass moves the running statistics of batch norm. */
void sml__network_forward(const sml__network *network, sml__workspace *workspace,
                          const sml__pass_settings *settings, sml__member member);

/* Layers first … end - 1 of it alone, from what the layer before them has put out. */
void sml__network_forward_layers(const sml__network *network, sml__workspace *workspace,
                                 const sml__pass_settings *settings, size_t first, size_t end,
                                 sml__member member);

/* Loss of each own row, times its weight, into workspace->losses, and its derivative by the logits
 * into the last of the deltas. */
void sml__network_loss(const sml__network *network, sml__workspace *workspace,
                       const sml__pass_settings *settings, sml__member member);

/* Backward from the last of the deltas to gradient[n_parameters], the weighted mean over the batch:
 * first δ through all layers, then the gradients, each member its part. The losses of all rows can
 * be read afterwards; the gradient only after another wait. Where the step is folded, `gradient` is
 * the network's own parameters, and they take their step at once, θ ← θ - η g: a layer's only after
 * δ has gone back through its old weights. */
void sml__network_backward(const sml__network *network, sml__workspace *workspace,
                           const sml__pass_settings *settings, float *gradient, sml__member member);

/* Its two parts, which it calls one after the other with a wait between them. δ back through layers
 * end - 1 … first, of which those down to the lowest one with parameters have no part in it:
 * nothing asks for ∂C/∂x. gradient may be NULL where no step is folded. */
void sml__network_backward_layers(const sml__network *network, sml__workspace *workspace,
                                  const sml__pass_settings *settings, float *gradient, size_t first,
                                  size_t end, sml__member member);
/* And the gradients from all the deltas. */
void sml__network_gradients(const sml__network *network, sml__workspace *workspace,
                            const sml__pass_settings *settings, float *gradient,
                            sml__member member);

/* Floating-point operations of forward and backward for one row: 6 a weight, 2 less for those of
 * the first layer, which needs no ∂C/∂x; and of these a share, where it skips zeros. */
double sml__network_flops(const sml__network *network, double density);

/* The largest team worth its waiting for work of so many operations. The size of the team never
 * changes a result. */
int sml__team_size(const sml_ctx *ctx, double flops);

#endif
