/* What a training lacks that came to little. It is held against trainings with one setting changed:
 * that a network learns its rows better says nothing, since a larger one learns noise by heart, so
 * all train on four fifths of the rows and are scored on the last one. */
#include "explain/trials.h"

#include "base/memory.h"
#include "model/algorithm.h"
#include "model/parameters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_OUT_LEAST = 20, /* rows, to speak of a mean and its error */
    STEPS_LEAST = 30,    /* of a training, or it has only just begun */
    LONGER = 10,         /* times the epochs, as rates are ten times as large */
    WIDER = 4,           /* times the units */
    LARGER_MOST = 5,     /* rates, a power of ten apart */
    UNITS_MOST = 1024
};

/* HELD_OUT: of the rows. LITTLE: of the constant loss, what is left at last. GAIN: a held-out loss
 * must be so much smaller, by so many standard errors. RATE_GAIN: of the constant loss, what a
 * learning rate must gain on a smaller one in a short trial. SURE: a probability of 0 costs as much
 * as this one, which float32 tells from 0 beside 1. NO_BETTER: of the constant loss, what is no
 * better. */
static const double HELD_OUT = 0.2, LITTLE = 0.5, GAIN = 0.1, ERRORS = 3, RATE_GAIN = 0.1,
                    SURE = 1e-7, NO_BETTER = 0.98;

/* A setting that may be what is lacking. */
typedef struct change {
    const char *code;  /* of the finding; NULL: none */
    char setting[512]; /* "hidden=512,512" */
} change;

/* The held-out rows, and how they fare. */
typedef struct judge {
    sml_ctx *ctx;
    sml_doctor *doctor;
    const sml_model *like;
    sml_dataset *parts[2]; /* to train on, and to score */
    size_t rows;           /* scored */
    /* [rows] losses: of the settings as they are, of those that are tried, of the best so far */
    double *own, *tried, *best;
    double own_loss, best_loss; /* means */
    double by_time;             /* what more epochs gain of them */
    change found;               /* the best so far */
} judge;

static int has_ended(sml_status status)
{
    return status == SML_NO_MEMORY || status == SML_CANCELLED;
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
    }
    return sum / (double)n;
}

/* Whether losses are smaller than others of the same rows, by more than chance. */
static int is_gain(const double *losses, const double *others, size_t n)
{
    const double gain = mean_of(others, n) - mean_of(losses, n);
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double gap = others[i] - losses[i] - gain;
        squares += gap * gap;
    }
    const double error = sqrt(squares / ((double)n * (double)(n - 1)));
    return gain >= GAIN * mean_of(others, n) && gain >= ERRORS * error;
}

/* Cross-entropy of classes, squared error of all else. */
static double loss_of(sml_task task, const float *p, const float *y, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        const double gap = (double)p[k] - (double)y[k];
        sum += task == SML_TASK_CLASSIFICATION ? -(double)y[k] * log(fmax((double)p[k], SURE))
                                               : gap * gap;
    }
    return sum;
}

static sml_status score(const judge *j, const sml_model *model, double *losses)
{
    const size_t n = sml_model_outputs(model);
    float *p = sml__alloc(j->ctx, j->rows, n * sizeof *p, "predictions");
    float *y = sml__alloc(j->ctx, n, sizeof *y, "targets");
    sml_status status = p != NULL && y != NULL ? SML_OK : SML_NO_MEMORY;
    if (status == SML_OK) {
        status = sml_model_predict(j->ctx, model, j->parts[1], p, j->rows * n);
    }
    for (size_t r = 0; r < j->rows && status == SML_OK; r++) {
        sml_dataset_targets(j->parts[1], r, y);
        losses[r] = loss_of(j->parts[1]->view.task, p + r * n, y, n);
    }
    sml__free(y);
    sml__free(p);
    return status;
}

/* Trains with a setting changed, and scores the held-out rows; *told is 0 where it cannot be
 * trained or diverges. */
static sml_status try_setting(const judge *j, const char *setting, double *losses, int *told)
{
    char settings[560];
    sml_model *model = NULL;
    sml__verdict verdict;
    snprintf(settings, sizeof settings, "unknown=zeros %s", setting);
    const sml__trial trial = {.settings = settings, .train = j->parts[0]};
    sml_status status = sml__try(j->ctx, j->doctor, j->like, &trial, &verdict, &model);
    if (status == SML_OK && model != NULL) {
        status = score(j, model, losses);
    }
    *told = status == SML_OK && model != NULL;
    sml_model_free(model);
    return has_ended(status) ? status : SML_OK;
}

static void take(judge *j, const change *tried)
{
    double *spare = j->best;
    j->best = j->tried;
    j->tried = spare;
    j->best_loss = mean_of(j->best, j->rows);
    j->found = *tried;
}

/* A change must gain on what is the best so far, and twice what more epochs gain: else the training
 * is not ill, but unfinished. */
static sml_status try_change(judge *j, const change *tried)
{
    int told = 0;
    const sml_status status = try_setting(j, tried->setting, j->tried, &told);
    if (status == SML_OK && told && is_gain(j->tried, j->best, j->rows) &&
        j->own_loss - mean_of(j->tried, j->rows) >= 2 * j->by_time) {
        take(j, tried);
    }
    return status;
}

static void close_judge(judge *j)
{
    sml_dataset_free(j->parts[0]);
    sml_dataset_free(j->parts[1]);
    sml__free(j->own);
    sml__free(j->tried);
    sml__free(j->best);
}

/* *told is 0 where nothing can be said: too few rows, or they cannot be trained on. */
static sml_status open_judge(judge *j, int *told)
{
    const uint64_t seed = (uint64_t)sml__setting_integer(j->like, "seed");
    sml_status status =
        sml_dataset_split(j->ctx, j->doctor->examination->train, seed, &HELD_OUT, 1, j->parts);
    *told = 0;
    if (status != SML_OK || j->parts[1] == NULL || j->parts[1]->view.rows < HELD_OUT_LEAST) {
        return status;
    }
    j->rows = j->parts[1]->view.rows;
    j->own = sml__alloc(j->ctx, j->rows, sizeof *j->own, "losses");
    j->tried = sml__alloc(j->ctx, j->rows, sizeof *j->tried, "losses");
    j->best = sml__alloc(j->ctx, j->rows, sizeof *j->best, "losses");
    if (j->own == NULL || j->tried == NULL || j->best == NULL) {
        return SML_NO_MEMORY;
    }
    status = try_setting(j, "", j->own, told);
    if (status == SML_OK && *told) {
        memcpy(j->best, j->own, j->rows * sizeof *j->own);
        j->own_loss = j->best_loss = mean_of(j->own, j->rows);
    }
    return status;
}

/* ---- what may be lacking ---- */

/* Where the loss still falls, more epochs may be all that is; not where the weights hardly moved,
 * or where all these epochs came to no more than a constant answer. */
static sml_status try_longer(judge *j)
{
    change longer = {0};
    int told = 0;
    snprintf(longer.setting, sizeof longer.setting, "epochs=%lld",
             (long long)sml__setting_integer(j->like, "epochs") * LONGER);
    if (j->doctor->is_at_rest ||
        j->doctor->outcome.end >= NO_BETTER * j->doctor->outcome.constant ||
        sml__doctor_find(j->doctor, "learning_rate_too_small") != NULL) {
        return SML_OK;
    }
    const sml_status status = try_setting(j, longer.setting, j->tried, &told);
    if (status == SML_OK && told && is_gain(j->tried, j->own, j->rows)) {
        take(j, &longer);
        j->by_time = j->own_loss - j->best_loss;
    }
    return status;
}

/* Where gradients vanished before the first step. */
static sml_status try_passing(judge *j)
{
    change passing = {.code = "vanishing_gradients"};
    if (j->doctor->vanishing_remedy == NULL) {
        return SML_OK;
    }
    snprintf(passing.setting, sizeof passing.setting, "%s", j->doctor->vanishing_remedy);
    return try_change(j, &passing);
}

static sml_status try_scaling(judge *j)
{
    static const change scaling = {.code = "unscaled_inputs", .setting = "scaling=standard"};
    return sml__is_scaled(j->doctor, j->like) ? SML_OK : try_change(j, &scaling);
}

/* How many powers of ten a rate is larger that comes far in short trials: the least that no later
 * one gets much further than; 0: none. */
static sml_status find_larger_rate(const judge *j, int *powers)
{
    const uint64_t steps = sml__short_steps(j->doctor, j->like);
    sml__verdict best = {0}, one;
    sml_status status = SML_OK;
    *powers = 0;
    for (int i = 1; i <= LARGER_MOST && j->doctor->rate > 0 && !has_ended(status); i++) {
        status = sml__try_rate(j->ctx, j->doctor, j->like, j->doctor->rate * pow(10, i), "", steps,
                               &one);
        if (status == SML_OK && sml__has_learned(&one) &&
            (*powers == 0 || one.end < best.end - RATE_GAIN * one.constant)) {
            best = one;
            *powers = i;
        }
    }
    return has_ended(status) ? status : SML_OK;
}

/* That rate, and smaller ones, since what comes far at once may learn rows by heart later; until
 * one has gained and the next does not. */
static sml_status try_larger_rate(judge *j)
{
    static const change usual = {.code = "learning_rate_too_small",
                                 .setting = "learning_rate=auto"};
    int powers = 0, has_gained = 0;
    if (j->doctor->rate == 0) {
        return try_change(j, &usual);
    }
    sml_status status = find_larger_rate(j, &powers);
    for (int i = powers; i > 0 && status == SML_OK; i--) {
        change larger = {.code = "learning_rate_too_small"};
        const double loss = j->best_loss;
        sml__rate_setting(j->doctor, j->doctor->rate * pow(10, i), larger.setting);
        status = try_change(j, &larger);
        if (has_gained && j->best_loss == loss) {
            break;
        }
        has_gained = has_gained || j->best_loss != loss;
    }
    return status;
}

/* Four times as many units in every hidden layer, and one layer more. */
static sml_status try_larger_network(judge *j)
{
    change larger = {.code = "underfitting"};
    const char *at = sml_model_get(j->like, "hidden");
    size_t used = (size_t)snprintf(larger.setting, sizeof larger.setting, "hidden=");
    unsigned long units = 8;
    while (*at != '\0' && used + 24 < sizeof larger.setting) {
        char *end;
        units = strtoul(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
        units =
            WIDER * units < UNITS_MOST ? WIDER * units : (units > UNITS_MOST ? units : UNITS_MOST);
        used +=
            (size_t)snprintf(larger.setting + used, sizeof larger.setting - used, "%lu,", units);
    }
    snprintf(larger.setting + used, sizeof larger.setting - used, "%lu", units);
    return try_change(j, &larger);
}

/* ---- what is told ---- */

static const struct {
    const char *code, *title, *text, *reason;
} TEXTS[] = {
    {"vanishing_gradients", "hardly any gradient reached the first layers when training began",
     "They begin to learn late, or not at all: the gradient came to them with less than a "
     "thousandth of its size.",
     "gradients keep their size on the way to the first layer then"},
    {"unscaled_inputs", "the network learns better from scaled inputs",
     "Inputs go into the network as they are, and it came to little.",
     "the gradient of a weight carries its input as a factor; scaled, one learning rate suits all "
     "of them"},
    {"learning_rate_too_small", "with a larger learning rate it comes much further",
     "It came to little in all its epochs.", "larger steps come further in the same time"},
    {"underfitting", "the network is too small for what there is to learn",
     "A larger network answers rows better that it was not trained on, even where this one is "
     "given as much work.",
     "more units bend the answer in more places"},
};

static void tell(const judge *j)
{
    sml_doctor *doctor = j->doctor;
    sml__finding *f = sml__doctor_find(doctor, j->found.code);
    size_t i = 0;
    while (strcmp(TEXTS[i].code, j->found.code) != 0) {
        i++;
    }
    if (f == NULL) {
        f = sml__doctor_add(doctor, j->found.code, SML_FINDING_WARNING);
        sml__finding_say(doctor, f, SML__TITLE, "%s", TEXTS[i].title);
        sml__finding_say(doctor, f, SML__TEXT, "%s", TEXTS[i].text);
        sml__finding_show(doctor, f, doctor->outcome.constant, "",
                          "loss of the best constant answer");
        sml__finding_show(doctor, f, doctor->outcome.end, "", "loss at last");
    }
    char unit[40];
    snprintf(unit, sizeof unit, "on %zu rows", j->rows);
    sml__finding_show(doctor, f, j->own_loss, unit, "held-out loss");
    sml__finding_show(doctor, f, j->best_loss, unit, "tried %.40s: held-out loss",
                      j->found.setting);
    f->remedy[0] = '\0';
    f->reason[0] = '\0';
    sml__finding_say(doctor, f, SML__REMEDY, "%s", j->found.setting);
    sml__finding_say(doctor, f, SML__REASON,
                     "%s: trained on the same four fifths of the rows, its loss on the last fifth "
                     "was %.0f%% of what it is now",
                     TEXTS[i].reason, 100 * j->best_loss / j->own_loss);
    f->shown.is_tried = 1;
}

/* What is known to keep a training from learning, or to make held-out rows worthless. */
static int is_explained(const sml_doctor *doctor)
{
    static const char *const codes[] = {"unscaled_inputs", "learning_rate_too_large",
                                        "equal_weights",   "exploding_gradients",
                                        "dead_relu",       "duplicates"};
    int n = 0;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        n += sml__doctor_found(doctor, codes[i], SML_FINDING_WARNING);
    }
    return n > 0;
}

sml_status sml__find_what_is_lacking(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model)
{
    static sml_status (*const steps[])(judge *) = {try_longer, try_passing, try_scaling,
                                                   try_larger_rate, try_larger_network};
    judge j = {.ctx = ctx, .doctor = doctor, .like = model};
    int told = 0;
    const sml__outcome *outcome = &doctor->outcome;
    if (!(outcome->constant > 0 && outcome->end > LITTLE * outcome->constant) ||
        outcome->steps < STEPS_LEAST || is_explained(doctor)) {
        return SML_OK;
    }
    sml_status status = open_judge(&j, &told);
    for (size_t i = 0; told && i < sizeof steps / sizeof steps[0] && status == SML_OK; i++) {
        status = steps[i](&j);
        status = has_ended(status) ? status : SML_OK;
    }
    sml__finding *small = sml__doctor_find(doctor, "learning_rate_too_small");
    if (status == SML_OK && told && small != NULL &&
        (j.found.code == NULL || strcmp(j.found.code, "learning_rate_too_small") != 0)) {
        sml__doctor_drop(doctor, small);
    }
    if (status == SML_OK && j.found.code != NULL) {
        tell(&j);
    }
    close_judge(&j);
    return status;
}

static sml_status compare_scaled(judge *j, int *does, int *does_not)
{
    int told = 0;
    sml_status status = open_judge(j, &told);
    if (status == SML_OK && told) {
        status = try_setting(j, "scaling=standard", j->tried, &told);
    }
    if (status == SML_OK && told) {
        *does = mean_of(j->tried, j->rows) <= (1 - GAIN) * j->own_loss;
        *does_not = !*does;
    }
    return status;
}

sml_status sml__prove_scaling(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model)
{
    sml__finding *f = sml__doctor_find(doctor, "unscaled_inputs");
    judge j = {.ctx = ctx, .doctor = doctor, .like = model};
    int does = 0, does_not = 0;
    if (f == NULL || strcmp(f->remedy, "scaling=standard") != 0 ||
        !(doctor->outcome.constant > 0)) {
        return SML_OK;
    }
    const sml_status status = compare_scaled(&j, &does, &does_not);
    close_judge(&j);
    if (does || does_not) {
        f->shown.is_tried = does;
        f->shown.severity = does ? SML_FINDING_WARNING : SML_FINDING_NOTE;
        sml__finding_say(doctor, f, SML__REASON, "; tried, %s",
                         does ? "it learns better" : "it learns no better here");
    }
    return has_ended(status) ? status : SML_OK;
}
