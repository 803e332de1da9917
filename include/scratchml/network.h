/* Fully connected networks, built layer by layer, and their gradient check. */
#ifndef SCRATCHML_NETWORK_H
#define SCRATCHML_NETWORK_H

#include <scratchml/base.h>
#include <scratchml/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A layer as a plain value. Dense layers have units; others keep the width of their input. Norms
 * have a scale γ and a shift β for each unit; batch norm also has running statistics. */
typedef struct sml_layer {
    const char *type; /* a name of the layer registry: "dense", "relu", … */
    size_t units;     /* dense: outputs */
    double value;     /* the layer's one setting: dropout rate, slope, alpha, see below */
} sml_layer;

static inline sml_layer sml_layer_of(const char *type, size_t units, double value)
{
    sml_layer layer;
    layer.type = type;
    layer.units = units;
    layer.value = value;
    return layer;
}

#define sml_dense(units)      sml_layer_of("dense", (units), 0.0)
#define sml_identity()        sml_layer_of("identity", 0, 0.0)
#define sml_relu()            sml_layer_of("relu", 0, 0.0)
#define sml_leaky_relu(slope) sml_layer_of("leaky_relu", 0, (slope))
#define sml_elu(alpha)        sml_layer_of("elu", 0, (alpha))
#define sml_gelu()            sml_layer_of("gelu", 0, 0.0)
#define sml_silu()            sml_layer_of("silu", 0, 0.0)
#define sml_sigmoid()         sml_layer_of("sigmoid", 0, 0.0)
#define sml_tanh()            sml_layer_of("tanh", 0, 0.0)
#define sml_softplus()        sml_layer_of("softplus", 0, 0.0)
#define sml_dropout(rate)     sml_layer_of("dropout", 0, (rate))

/* Batch norm; its value is the share of a batch's statistics that enters the running ones. It needs
 * whole batches: batch_size, or all rows if they are fewer, is then at most 8192. */
#define sml_batch_norm() sml_layer_of("batch_norm", 0, 0.1)
/* Layer norm; its value is ε, added to the variance. */
#define sml_layer_norm() sml_layer_of("layer_norm", 0, 1e-5)

/* Creates an mlp from a list of layers, the last one dense: it gives the logits, and the loss adds
 * softmax, sigmoid or identity. settings as for sml_model_create; hidden, normalization,
 * activation and dropout are refused, since the list says them. The layers are copied. Free with
 * sml_model_free. Errors: SML_UNKNOWN_NAME, SML_BAD_SHAPE, SML_BAD_ARGUMENT, SML_NO_MEMORY. */
SML_API sml_status sml_network_create(sml_ctx *ctx, const sml_layer *layers, size_t n_layers,
                                      const char *settings, sml_model **out);

/* Layer index of an mlp; type is NULL past the end. After the first fit the list is complete. */
SML_API sml_layer sml_network_layer(const sml_model *model, size_t index);

/* The result of a gradient check. The relative error of a parameter with analytic gradient a and
 * numeric gradient n is |a - n| / max(|a|, |n|, 1e-5 max(1, C)), with the loss C; below that the
 * quotient's own rounding would be all that is measured. */
typedef struct sml_gradient_check {
    double max_relative_error; /* analytic against central differences, both in double */
    double max_engine_error;   /* the engine's float32 gradient against the analytic one,
                                  max |difference| / max |gradient| of its tensor */
    uint64_t parameters_checked;
    uint64_t kinks_skipped;   /* parameters whose difference crossed a kink (ReLU at 0, …) */
    char worst_parameter[64]; /* "layers.0.weight[13,407]" */
    double worst_analytic, worst_numeric;
} sml_gradient_check;

/* Checks every parameter of a fitted or initialised network on the rows of data, taken as one
 * batch: dropout off, batch norm with its running statistics, penalties of the settings included.
 * Cost grows with rows × parameters; a few rows are enough. progress may be NULL; epochs is then 1
 * and step counts parameters. Errors: SML_BAD_ARGUMENT (not a network, never fitted),
 * SML_BAD_SHAPE, SML_NO_MEMORY, SML_CANCELLED. */
SML_API sml_status sml_network_check(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                                     sml_progress_fn progress, void *user,
                                     sml_gradient_check *result);

/* One parameter: its derivative by the chain rule and by differences in double, and the engine's,
 * penalties included in all three. */
typedef struct sml_parameter_check {
    char name[64]; /* "layers.0.weight[13,407]" */
    double value;
    double analytic, numeric, engine;
    double relative_error; /* as above, of analytic and numeric; NaN at a kink */
    double step;           /* h of the differences */
    int crossed;           /* 1: a kink lies between the four points, numeric says nothing */
    char kink[96];         /* the first, "relu of layers.1 unit 4, sample 2"; empty */
} sml_parameter_check;

/* Checks that one, by its name. Errors: as above, SML_BAD_ARGUMENT also for a name that the network
 * does not have. */
SML_API sml_status sml_network_check_parameter(sml_ctx *ctx, const sml_model *model,
                                               const sml_dataset *data, const char *name,
                                               sml_parameter_check *out);

/* Called for each parameter, in their order, by the calling thread; a result other than 0 cancels.
 */
typedef int (*sml_parameter_check_fn)(void *user, const sml_parameter_check *one);

/* As sml_network_check, and each is called with user as progress is; either may be NULL. */
SML_API sml_status sml_network_check_each(sml_ctx *ctx, const sml_model *model,
                                          const sml_dataset *data, sml_parameter_check_fn each,
                                          sml_progress_fn progress, void *user,
                                          sml_gradient_check *result);

#ifdef __cplusplus
}
#endif

#endif
