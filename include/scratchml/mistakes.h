/* What a model gets wrong, and whether it is the model that is wrong: losses and gradients of every
 * row, and labels that do not look right. */
#ifndef SCRATCHML_MISTAKES_H
#define SCRATCHML_MISTAKES_H

#include <scratchml/base.h>
#include <scratchml/data.h>
#include <scratchml/model.h>
#include <scratchml/study.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a model makes of one row. NaN, or -1, stands for what the task does not have. */
typedef struct sml_sample_score {
    uint32_t row;
    int32_t label, predicted; /* classes; -1 for tasks without */
    float probability, own;   /* of the predicted class; of the label's */
    int is_mistake;           /* another class, or labels not all right; 0 for regression */
    double residual;          /* √Σ_k (prediction_k - target_k)², in the units of the data */
    double loss;              /* C_s, label smoothing included, weights not; as a trace of it: of
                                 scaled targets where the model scales them */
    double gradient_norm;     /* ‖∂C_s/∂θ‖ over all parameters; NaN where not asked for */
    int32_t suspect_of;       /* the class that the label might be; -1: none, or not judged */
    double margin;            /* p(label) - p(suspect_of) < 0; NaN without */
} sml_sample_score;

/* Scores every row of data, which has targets; out[rows]. A network takes its rows as it predicts
 * them. Of a dense layer, whose gradient for one row is the outer product δ aᵀ, the norm is
 * ‖δ‖ √(‖a‖² + 1) with that of its bias, so no gradient is computed (Goodfellow 2015); that takes
 * about half of a training step for each row. The numbers do not depend on how many threads there
 * are. Errors: SML_BAD_ARGUMENT (never fitted, not a network, another number of rows), SML_BAD_DATA
 * (no targets), SML_BAD_SHAPE, SML_NO_MEMORY. */
SML_API sml_status sml_model_scores_each(sml_ctx *ctx, const sml_model *model,
                                         const sml_dataset *data, int with_gradients,
                                         sml_sample_score *out, size_t rows);

typedef struct sml_label_summary {
    uint64_t judged;   /* rows that have a label */
    uint64_t suspects; /* of them */
    double agreement;  /* share of the judged rows whose likeliest class is the label */
} sml_label_summary;

/* Labels that look wrong (confident learning: Northcutt, Jiang, Chuang 2021), by probabilities
 * p[rows, classes] of a model that has not seen the rows. The threshold of a class is 3/4 of the
 * mean of p_k over the rows labelled k; a class without rows has none. A row is suspect of the
 * class k of largest p_k, other than its label's, that reaches its threshold, if p_k is above p of
 * the label. Sets suspect_of and margin of scores[rows] from p and labels, -1 for rows without;
 * nothing else is read or written. Errors: SML_BAD_ARGUMENT (fewer than two classes, a label that
 * is none). */
SML_API sml_status sml_suspect_labels(sml_ctx *ctx, const float *p, const int32_t *labels,
                                      size_t rows, size_t classes, sml_sample_score *scores,
                                      sml_label_summary *summary);

/* The outputs of every row, out[rows * outputs], each by a model that has not seen it: one of
 * `folds` trained with the settings of `like` on the others' folds (sml_dataset_fold with the
 * seed). Unless like stops early by itself, these models do, by the loss on a tenth of their rows:
 * what learns wrong labels by heart cannot tell them. Fewer folds are taken where a class has fewer
 * rows. study: row, cancelled and user count; NULL: nobody asks. The same numbers for any number of
 * threads. Errors: as of sml_cross_validate; SML_BAD_ARGUMENT (a class with one row, another
 * length), SML_DIVERGED (a training had no result). */
SML_API sml_status sml_held_out_predictions(sml_ctx *ctx, const sml_model *like,
                                            const sml_dataset *data, size_t folds, uint64_t seed,
                                            const sml_study *study, float *out, size_t length);

#ifdef __cplusplus
}
#endif

#endif
