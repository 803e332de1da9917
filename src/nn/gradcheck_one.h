/* The check of one parameter: its derivative by the chain rule, by differences and by the engine.
 */
#ifndef SML_NN_GRADCHECK_ONE_H
#define SML_NN_GRADCHECK_ONE_H

#include "nn/gradcheck.h"
#include "nn/parameter_name.h"
#include "nn/twin.h"

typedef struct sml__checking {
    sml__twin twin;
    const sml__penalties *penalties;
    double loss;    /* C at θ */
    double *steps;  /* [n_layers]: the largest step of an output of each layer */
    float *engine;  /* [n_parameters] the engine's gradient, without penalties */
    double *memory; /* [members, 2 * widest] */
    size_t widest;
} sml__checking;

/* Forward and backward of the twin, backward of the engine. penalties must outlive it. End it also
 * after a failure. Errors: SML_NO_MEMORY, and what reading rows may meet. */
sml_status sml__checking_begin(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, int members, sml__checking *out);
void sml__checking_end(sml__checking *check);

/* Where a function has no derivative, or one that jumps. */
typedef enum sml__kink_kind {
    SML__NO_KINK,
    SML__KINK_OF_LAYER,
    SML__KINK_OF_LOSS,
    SML__KINK_OF_PENALTY
} sml__kink_kind;

typedef struct sml__kink {
    sml__kink_kind kind;
    size_t layer, unit, sample; /* of the network; of the loss: the output; row of the data */
} sml__kink;

/* "relu of layers.1 unit 4, sample 2"; empty where there is none. */
enum { SML__KINK_TEXT = 96 };
void sml__kink_text(const sml__network *network, const sml__kink *kink, char text[SML__KINK_TEXT]);

typedef struct sml__finding {
    sml__parameter parameter;
    double value, analytic, numeric, engine; /* θ; the three derivatives, penalties included */
    double error, step;                      /* relative, NaN at a kink; h */
    sml__kink kink;                          /* the first between the four points */
} sml__finding;

/* memory: [2 * widest] of this member. */
void sml__check_parameter(const sml__checking *check, sml__parameter p, double *memory,
                          sml__finding *found);

#endif
