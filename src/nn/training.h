/* A training at work, as its files share it: trainer.c a batch, epoch.c an epoch and the whole,
 * validation.c the validation rows, training_memory.c the arrays. */
#ifndef SML_NN_TRAINING_H
#define SML_NN_TRAINING_H

#include "data/sparse_rows.h"
#include "nn/trainer.h"

#include <scratchml/metrics.h>

enum { SML__NORM_BLOCK = 4096 }; /* floats whose squares are added up by one owner */

typedef struct sml__training {
    sml_ctx *ctx;
    sml__network *network;
    const sml_dataset *data;
    const sml__training_settings *settings;
    const sml_fit_options *options;
    const sml__checkpointing *checkpointing; /* NULL: none */
    sml_fit_report *report;
    sml__sparse rows;          /* data's, where it is bytes */
    float values[256];         /* what the bytes stand for */
    const sml__sparse *sparse; /* &rows where they are mostly zero, or NULL */
    uint32_t *staged;          /* [rows of a pass] 0, 1, …: rows is the workspace's input, to
                                  which the bytes of a store are read; NULL: rows is data's */
    sml__csr_extent extent;    /* of data, where it is compressed rows */
    sml__csr compressed;       /* those rows */
    const sml__csr *csr;       /* &compressed where that pays, or NULL */
    sml__augmentation *augmentation; /* of the rows that are trained on, or NULL */
    sml__workspace workspace;
    int members;         /* of the team */
    int is_folded;       /* the backward pass takes the step: no gradient is written or read */
    float *gradient;     /* [n_parameters]; not used where the step is folded */
    float *optimizer[2]; /* [n_parameters] each, as many as the optimiser keeps */
    float *last_good;    /* [n_values] at the end of the last good epoch */
    float *best;         /* [n_values] of the best epoch; NULL without early stopping */
    float *probe;        /* [n_parameters] a gradient to look at; NULL where nobody asks for one */
    uint8_t *hit;        /* [rows of a pass] predicted right; NULL likewise */
    float *weights;      /* [batch] how much its rows count; NULL: 1 each */
    sml_predictions judged; /* the validation rows, for a metric that reads outputs; n is 0 else */
    float *outputs;         /* its arrays, owned: predicted */
    int32_t *true_labels;   /* labels */
    float *true_targets;    /* or targets */
    double *block_norms;    /* [n_parameters / SML__NORM_BLOCK, rounded up] */
    uint32_t *order;        /* [rows]: their places in the arrays of the data set */

    /* Where training is. Rank 0 moves on between two waits of the team. */
    sml__training_state *state;
    size_t batch;          /* the batch: order[state->first … state->first + batch - 1] */
    double batch_weight;   /* Σ_s w_s over it */
    double learning_rate;  /* of its step */
    double gradient_scale; /* what clipping multiplied its gradient by, once it was taken */
    double batch_loss;     /* Σ_s w_s C_s */
    uint64_t batch_hits;
    double started;         /* seconds */
    double last_checkpoint; /* seconds */
    int is_out_of_time;
    sml_status status;
    uint64_t diverged_at; /* with SML_DIVERGED: the update that showed it, from 1 */
} sml__training;

/* trainer.c */

/* The epoch for shuffling and dropout: a warm start draws what comes after the epochs before it. */
uint32_t sml__training_epoch_number(const sml__training *t);

/* Where the rows of a pass from `first` on lie in t->rows, and how many come in this order. */
const uint32_t *sml__training_order(const sml__training *t, size_t first);
size_t sml__training_upcoming(const sml__training *t, size_t first, size_t rows);

/* Copies the member's own rows of the pass into the workspace: features as float32 unless they are
 * sparse, targets as rows. augmentation: NULL, or that of the training. */
void sml__training_gather(sml__training *t, size_t first, size_t rows,
                          const sml__augmentation *augmentation, sml__member member);

/* The weights of rows order[first … first + n - 1] into t->weights; returns their sum. */
double sml__training_weigh(sml__training *t, size_t first, size_t n);

/* Refuses rows that all weigh 0, as a part of a data set may: SML_BAD_DATA. */
sml_status sml__training_check_weights(const sml__training *t);

/* The batch that begins at row `first` of the order. */
void sml__training_choose_batch(sml__training *t, size_t first);

/* The step of that batch, as every member of the team runs it: gradient, penalties, clipping and
 * update number `number`, from 1. Other members may read the parameters after another wait. Rows
 * that weigh nothing in sum have no mean: there is no step then. */
void sml__training_step(sml__training *t, uint64_t number, sml__member member);

/* All batches that are left of an epoch, as every member of the team runs them. t is a
 * sml__training. */
void sml__training_batches(void *t, sml__member member);

/* ‖values‖ of all parameters. */
double sml__training_norm(const sml__training *t, const float *values);

/* epoch.c */

/* The rows of the epoch in the order in which it takes them, rows[view.rows]. */
void sml__training_rows(const sml__training *t, uint32_t *rows);

/* Their places in the arrays of the data set into t->order. */
void sml__training_shuffle(sml__training *t);

/* Puts the last good parameters back. update: the number, from 1, of the one that showed it. */
sml_status sml__training_diverged(sml__training *t, uint64_t update);

/* The pass over the first rows of the order, by which the end of an epoch sees whether the network
 * is sound: forward, and losses. By one thread. */
sml__pass_settings sml__training_check(sml__training *t);

/* Seconds since the start of the fit, resumed parts included. */
double sml__training_seconds(const sml__training *t);

/* Writes a checkpoint of where training is, unless the parameters are broken. */
void sml__training_checkpoint(sml__training *t);

/* validation.c */

/* Takes the arrays of judged where the metric of early stopping needs them, and fills in what is
 * true of the validation rows. Errors: SML_NO_MEMORY, and what reading rows may meet. */
sml_status sml__training_judge(sml__training *t);
void sml__training_judge_end(sml__training *t);

/* Scores of the validation rows, where there are some; NaN where there are none. */
sml_status sml__training_validate(sml__training *t, sml_epoch_record *record);

/* training_memory.c */

/* Also decides on folding and on sparse rows. Free with sml__training_release, also after a
 * failure. */
sml_status sml__training_allocate(sml__training *t);
void sml__training_release(sml__training *t);

#endif
