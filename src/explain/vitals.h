/* What a training shows of itself to who looks on: the losses of its batches, and from time to time
 * a look at its network through a few rows of its data. */
#ifndef SML_EXPLAIN_VITALS_H
#define SML_EXPLAIN_VITALS_H

#include "nn/watch.h"

enum {
    SML__WINDOWS = 64,        /* parts of a training whose losses are kept */
    SML__LOOK_ROWS = 64,      /* rows of a look, evenly spaced */
    SML__LOOK_EVERY = 200,    /* samples trained on for each row looked at: a look costs about as
                                 much a row as training, so this bounds its share by 1/200 */
    SML__CONFIRM_ROWS = 4096, /* to be sure of a suspicion */
    SML__NORMS = 64           /* gradient norms that are kept */
};

/* Losses of some batches in a row. */
typedef struct sml__window {
    double sum, largest;
    uint64_t n;
} sml__window;

/* The whole training in at most SML__WINDOWS windows: where they are full, neighbours merge. */
typedef struct sml__windows {
    sml__window at[SML__WINDOWS];
    size_t n;
    uint64_t length, batches; /* batches of a window; of all */
    double first;             /* mean loss of the first batch */
} sml__windows;

void sml__windows_add(sml__windows *windows, double loss);
/* Mean losses: of window i; of windows first … end - 1; of the first sixteenth of the training, of
 * its last eighth, of its best eighth; the largest of a window. NaN without a batch. */
double sml__window_mean(const sml__windows *windows, size_t i);
double sml__windows_mean(const sml__windows *windows, size_t first, size_t end);
double sml__windows_start(const sml__windows *windows);
double sml__windows_end(const sml__windows *windows);
double sml__windows_best(const sml__windows *windows);
double sml__windows_peak(const sml__windows *windows);

/* A dense layer and what follows it until the next one. */
typedef struct sml__stage {
    size_t dense, end;        /* network layers dense … end - 1 */
    size_t activation;        /* of them; end where there is none */
    size_t block, gate_block; /* the N of layers.N that these two belong to */
    size_t units;
    int can_die; /* the activation is 0 on a half line, and passes no gradient there */
} sml__stage;

/* A stage at one look. */
typedef struct sml__pulse {
    double gradient, weights,
        moved; /* ‖∂C/∂θ‖, ‖θ‖, ‖Δθ‖ since the last look: weights and biases */
    double delta;  /* root mean square of ∂C_s/∂z */
    double output; /* the same of what it puts out */
    size_t dead;   /* units that are closed for every row */
} sml__pulse;

typedef struct sml__look {
    uint64_t epoch, step;            /* whole ones so far */
    double loss;                     /* mean over its rows */
    double gradient, weights, moved; /* of all parameters */
    double logit, spread; /* root mean square of logits, and of their deviation over rows */
    sml__pulse *stages;   /* [n_stages] */
} sml__look;

typedef struct sml__vitals {
    sml__windows windows;
    size_t n_stages;
    sml__stage *stages; /* NULL: no memory, or the network is too large to be looked at */
    sml__look first, before, last; /* the first look, the last one and the one before it */
    uint64_t looks, samples;       /* how many; samples trained on at the last */
    double moved;                  /* Σ ‖Δθ‖ between looks */
    double norms[SML__NORMS];      /* [n_norms] gradients of looks, thinned out evenly */
    size_t n_norms;
    uint64_t norm_every;
    size_t rows;        /* of a look */
    sml__pulse *pulses; /* those of the three looks */
    uint32_t *places;   /* [SML__LOOK_ROWS] */
    float *gradient;    /* [n_parameters] */
    float *parameters;  /* [n_parameters] at the last look */
    sml__workspace workspace;
} sml__vitals;

/* For a training that begins, which is looked at first. Free with sml__vitals_free. Without the
 * memory for looks there are windows only. */
void sml__vitals_begin(sml_ctx *ctx, sml__vitals *vitals, const sml__training *t);
void sml__vitals_free(sml__vitals *vitals, const sml__training *t);

/* Whether it can look at the network. */
int sml__vitals_can_look(const sml__vitals *vitals);

/* Looks at the network as it is; due: only where the training has gone on far enough. */
void sml__vitals_look(sml__vitals *vitals, const sml__training *t, int due);

/* Mean ‖a‖² of what a stage was given at the last look or glance. */
double sml__vitals_input(const sml__vitals *vitals, const sml__training *t, size_t stage);

/* The same forward only: closed units of each stage into dead[n_stages]. */
void sml__vitals_glance(sml__vitals *vitals, const sml__training *t, size_t *dead);

/* The median gradient of the looks before the last. */
double sml__vitals_usual_gradient(const sml__vitals *vitals);

/* What a look sees forward, on up to SML__CONFIRM_ROWS rows. */
typedef struct sml__census {
    size_t rows;
    double loss;          /* mean */
    double same, right;   /* of classes: shares of rows that get the commonest answer, and the right
                             one; NaN for other tasks */
    double logit, spread; /* as of a look */
    size_t *dead;         /* [n_stages]; the caller's */
} sml__census;

/* 0 without memory. */
int sml__vitals_count(sml_ctx *ctx, sml__vitals *vitals, const sml__training *t,
                      sml__census *census);

/* Standard error of the mean loss of up to SML__CONFIRM_ROWS rows of data; NaN without memory. */
double sml__vitals_error(sml_ctx *ctx, sml__vitals *vitals, const sml__training *t,
                         const sml_dataset *data);

/* Mean loss of the best answer that is the same for every row, on up to SML__CONFIRM_ROWS rows, as
 * training weighs them; NaN without memory. */
double sml__constant_loss(sml_ctx *ctx, const sml__training *t);

#endif
