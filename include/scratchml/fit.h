/* What a fit is given and what it reports: callbacks, options, records of epochs. */
#ifndef SCRATCHML_FIT_H
#define SCRATCHML_FIT_H

#include <scratchml/base.h>
#include <scratchml/data.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sml_watch;

/* What the progress callback sees after every batch. */
typedef struct sml_progress {
    uint64_t epoch, epochs; /* epoch counts from 1 */
    uint64_t step, steps;   /* batch within the epoch, from 1 */
    uint64_t samples;       /* samples seen since the start of the fit */
    double loss;            /* mean over the epoch so far */
    double seconds;         /* since the start of the fit */
} sml_progress;

/* Called by the thread that called fit, between two batches. It may predict and evaluate with the
 * model that is being fitted, through a context of its own. Return non-zero to cancel: the fit ends
 * after this batch with SML_CANCELLED and the model keeps the parameters it has. */
typedef int (*sml_progress_fn)(void *user, const sml_progress *progress);

/* One epoch of a fit. NaN stands for what was not computed. */
typedef struct sml_epoch_record {
    uint64_t epoch;        /* from 1 */
    double loss, accuracy; /* training, as it went: with dropout, while the parameters moved */
    double validation_loss, validation_accuracy; /* after the epoch; NaN where there is none */
    double validation_metric;                    /* what early_stopping watches */
    double learning_rate;                        /* of the last step */
    double gradient_norm; /* after the epoch, of the mean loss of its first batch (of up to 256
                             rows), without dropout and penalties */
    double seconds;       /* since the start of the fit, resumed parts included */
} sml_epoch_record;

/* Called after every epoch by the thread that called fit; where it resumes, first for the epochs of
 * the checkpoint. accuracy and gradient_norm are computed for its sake only. */
typedef void (*sml_epoch_fn)(void *user, const sml_epoch_record *record);

typedef enum sml_fit_end {
    SML_FIT_FINISHED, /* all epochs, or until_epoch */
    SML_FIT_CANCELLED,
    SML_FIT_DIVERGED,
    SML_FIT_STOPPED_EARLY,
    SML_FIT_OUT_OF_TIME
} sml_fit_end;

/* Rows with a category that the training rows of a model did not have. */
typedef struct sml_unknown_rows {
    uint64_t rows;
    char column[64], category[64]; /* of the first one, cut where they are longer; "": none */
} sml_unknown_rows;

typedef struct sml_fit_report {
    uint64_t epochs;  /* completed */
    uint64_t steps;   /* updates made */
    uint64_t samples; /* samples seen, all epochs */
    double loss; /* mean training loss of the last epoch, penalties left out; NaN before a batch */
    double seconds; /* wall time of the fit */
    sml_fit_end ended;
    uint64_t best_epoch;         /* from 1, by early_stopping's metric; 0: none */
    double best_score;           /* that metric, on the validation rows */
    uint64_t resumed_at;         /* the step of the checkpoint that the fit went on from; 0: none */
    uint64_t checkpoints;        /* written */
    uint64_t failed_checkpoints; /* not written: the text of the last is the context's error */
    sml_unknown_rows validation_unknown; /* whose unknown categories count as zeros */
} sml_fit_report;

typedef struct sml_fit_options {
    sml_progress_fn progress; /* NULL: none */
    void *user;               /* passed to progress and epoch */
    int warm_start;           /* 1: go on from the parameters the model has; 0: initialise */

    /* Rows to score after every epoch; of the training set's shape, borrowed. NULL: the share of
     * the training rows that the setting validation says. */
    const sml_dataset *validation;
    sml_epoch_fn epoch; /* NULL: none */

    /* A file that holds the whole state of the training, written as sml_model_save writes: after
     * each multiple of checkpoint_steps, and where checkpoint_seconds have passed; both 0: at the
     * end of every epoch. Also at the end of the fit, unless it diverged. That one cannot be
     * written does not end the fit. NULL: none. */
    const char *checkpoint;
    uint64_t checkpoint_steps;
    double checkpoint_seconds;
    int resume; /* 1: go on from checkpoint, where the file is there. The model that a resumed fit
                   gives has the bytes of one that was never interrupted */

    /* What sml_dataset_split kept apart of the data before: noted in the receipt, also in that of a
     * checkpoint, for sml_model_open_data to find. Share 0: nothing. */
    uint64_t split_seed;
    double split_share;

    /* End after so many epochs, as a run of `epochs` would be there; 0: all. After so many seconds,
     * 0: none: the result then depends on the machine. */
    uint64_t until_epoch;
    double time_budget;

    /* What the library itself lets look on while the model trains; it changes no bit of the
     * result. NULL: nothing. */
    const struct sml_watch *watch;
} sml_fit_options;

#ifdef __cplusplus
}
#endif

#endif
